// What a stranger can see of a world from outside: DNS over the wire, and at Cloudflare the write requests and every
// committed state. The story is measured by this alone, never by what the daemon says of itself.
import { createExchange } from "../dns/exchange.ts";
import type { Clock } from "../lib/clock.ts";
import { ingressName, type World } from "../emulation/world.ts";
import { contentText, ttlText } from "../core/words.ts";

/** A record as a DNS answer shows it. */
export interface SeenRecord {
  readonly type: "A" | "AAAA" | "CNAME";
  readonly content: string;
  readonly ttlSeconds: number;
}

/** What DNS says of the ingress: sorted by type and content, empty when it says that there is nothing. */
export type Sight = readonly SeenRecord[];

const askTimeoutMs = 1_000;

export class Witness implements Disposable {
  readonly #world: World;
  readonly #exchange: ReturnType<typeof createExchange>;
  readonly #stop: () => void;
  #emptyStates = 0;

  constructor(world: World, clock: Clock) {
    this.#world = world;
    this.#exchange = createExchange(clock);
    this.#stop = world.cloudflare.onCommit(({ zone: { records } }) => {
      if (!records.some(({ name, type }) => name === ingressName && isOurs(type))) this.#emptyStates += 1;
    });
  }

  /** Asks the world's DNS for the ingress. `undefined` when it gave no usable answer. */
  async ask(): Promise<Sight | undefined> {
    const replies = await Promise.all(
      (["A", "AAAA"] as const).map((type) =>
        this.#exchange(
          this.#world.dns.address,
          { name: ingressName, type },
          { timeoutMs: askTimeoutMs, isRecursive: false },
        ),
      ),
    );
    const found = new Map<string, SeenRecord>();
    for (const reply of replies) {
      if (reply.kind !== "answered" || (reply.rcode !== "NOERROR" && reply.rcode !== "NXDOMAIN")) return undefined;
      for (const { name, type, data, ttlSeconds } of reply.answers) {
        // An alias comes with the addresses that it leads to; they are not the ingress's own.
        if (name !== ingressName || !isOurs(type)) continue;
        found.set(`${type} ${data}`, { type, content: data, ttlSeconds });
      }
    }
    return sorted([...found.values()]);
  }

  /** Write requests that Cloudflare got since the world began, successful or not. */
  get writes(): number {
    return this.#world.cloudflare.counts.writes;
  }

  /** Committed states, since this witness came, in which the ingress had no record. */
  get emptyStates(): number {
    return this.#emptyStates;
  }

  [Symbol.dispose](): void {
    this.#stop();
  }
}

/** `A 127.0.0.2, A 127.0.0.3 (TTL 1 min)`. */
export function showSight(sight: Sight | undefined): string {
  if (sight === undefined) return "no answer";
  if (sight.length === 0) return "no record";
  return `${sight.map(contentText).join(", ")} (${showTtl(sight)})`;
}

/** `TTL 1 min`. */
export function showTtl(sight: Sight): string {
  return [...new Set(sight.map(({ ttlSeconds }) => ttlText(ttlSeconds)))].join(" and ");
}

export function isSameSight(a: Sight | undefined, b: Sight): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** The records in the order in which a `Sight` has them. */
export function sorted(records: readonly SeenRecord[]): Sight {
  const rank = ({ type, content }: SeenRecord): string => `${type} ${content}`;
  // Each written out anew, so that equal sights are equal as text too.
  return records
    .toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1))
    .map(({ type, content, ttlSeconds }) => ({ type, content, ttlSeconds }));
}

function isOurs(type: string): type is SeenRecord["type"] {
  return type === "A" || type === "AAAA" || type === "CNAME";
}
