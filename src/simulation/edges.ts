// The edge of the emulated Cloudflare's network: a few authoritative servers of the zone, each of which gets every
// change of a record after a delay of its own. Clients' resolvers ask them, and so does the daemon after it has
// written.
import type { CloudflareApi } from "../emulation/cloudflare/api.ts";
import { answerQuestion, type AnswerRecord, type DnsAnswer } from "../emulation/dns/answer.ts";
import { EdgeView } from "../emulation/dns/zones.ts";
import type { ZoneState } from "../emulation/cloudflare/zone.ts";
import type { Reply } from "../dns/exchange.ts";
import type { DnsRecord, Question } from "../dns/wire.ts";
import type { Random } from "../lib/clock.ts";
import type { EdgeTrouble } from "./faults.ts";
import { between, streamOf } from "./random.ts";
import type { SimulatedTime } from "./time.ts";

/** An edge in order has every change within this time. */
export const slowestEdgeMs = 4_000;

/** The zone's servers by name, as resolvers know them. */
export const nameServers: ReadonlyMap<string, readonly string[]> = new Map([
  ["ada.ns.cloudflare.com", ["192.0.32.1", "192.0.32.2"]],
  ["bob.ns.cloudflare.com", ["192.0.33.1", "192.0.33.2"]],
]);

/** How long a resolver remembers that there is no record: the SOA minimum of Cloudflare's zones. */
export const negativeTtlSeconds = 1_800;

/** How long a resolver remembers that a server could not tell (RFC 9520 allows five minutes at most). */
const failureTtlSeconds = 30;

/** A slow edge takes this long to answer, give or take. */
const slowAnswerMs = 1_200;

export interface EdgeParts {
  readonly seed: number;
  readonly time: SimulatedTime;
  readonly api: CloudflareApi;
  /** Hears when an edge shows something new. */
  readonly onShown: (edge: Edge, zone: ZoneState) => void;
}

/** One authoritative server, as the daemon and some of the clients reach it. */
export class Edge {
  readonly index: number;
  readonly address: string;
  readonly view: EdgeView;
  readonly troubles = new Set<EdgeTrouble>();
  readonly #time: SimulatedTime;
  /** Until then no change arrives. */
  #stuckUntilMs = -Infinity;

  constructor(index: number, address: string, { seed, time, api, onShown }: EdgeParts) {
    this.index = index;
    this.address = address;
    this.#time = time;
    const random = streamOf(seed, `edge ${index}`);
    const delayMs = (): number => Math.max(0, this.#stuckUntilMs - time.nowMs()) + between(random, 200, slowestEdgeMs);
    this.view = new EdgeView(api, { clock: time, delayMs, onShown: (zone) => onShown(this, zone) });
  }

  /** Lets something be wrong for a while. */
  afflict(trouble: EdgeTrouble, forMs: number): void {
    this.troubles.add(trouble);
    if (trouble.how === "stuck") this.#stuckUntilMs = Math.max(this.#stuckUntilMs, this.#time.nowMs() + forMs);
    this.#time.setTimer(forMs, () => this.troubles.delete(trouble));
  }

  /** The answer, and how long it takes; never when `afterMs` is infinite. */
  answer(question: Question, random: Random): { readonly reply: Reply; readonly afterMs: number } {
    let afterMs = between(random, 5, 40);
    for (const { how } of this.troubles) {
      if (how === "silent") return { reply: { kind: "silent", detail: "did not answer" }, afterMs: Infinity };
      if (how === "slow") afterMs += slowAnswerMs * (0.5 + random());
    }
    const { rcode, isAuthoritative, answers } = this.#find(question);
    const reply: Reply = {
      kind: "answered",
      rcode,
      isAuthoritative,
      answers: answers.flatMap(readable),
      isReferral: false,
    };
    return { reply, afterMs };
  }

  /** What it shows of a name, at once and whatever is wrong with it: some other server of the zone is never far. */
  look(question: { readonly name: string; readonly type: "A" | "AAAA" }): Learned {
    const { rcode, answers } = this.#find(question);
    if (rcode !== "NOERROR" && rcode !== "NXDOMAIN") return { contents: [], ttlSeconds: failureTtlSeconds, rcode };
    if (answers.length === 0) return { contents: [], ttlSeconds: negativeTtlSeconds, rcode };
    const addresses = answers.filter(({ type }) => type === question.type);
    const ttlSeconds = Math.min(...answers.map(({ ttl }) => ttl));
    const found = addresses.length > 0 ? addresses : answers.slice(-1);
    return { contents: found.flatMap(({ data }) => (typeof data === "string" ? data : [])), ttlSeconds, rcode };
  }

  #find(question: { readonly name: string; readonly type: string }): DnsAnswer {
    return answerQuestion(this.view.zones(), question, { isFlattening: true, negativeTtlSeconds });
  }
}

/** What a resolver learns that asks an edge on behalf of clients. */
export interface Learned {
  /** Addresses, or the host outside of the zone that an alias leads to; empty for none. */
  readonly contents: readonly string[];
  readonly ttlSeconds: number;
  readonly rcode: string;
}

/** All edges of the zone. */
export function edgesOf(parts: EdgeParts): readonly Edge[] {
  return [...nameServers.values()].flat().map((address, index) => new Edge(index, address, parts));
}

function readable(record: AnswerRecord): DnsRecord[] {
  if (record.type !== "A" && record.type !== "AAAA" && record.type !== "CNAME" && record.type !== "NS") return [];
  return [{ name: record.name, type: record.type, ttlSeconds: record.ttl, data: record.data }];
}
