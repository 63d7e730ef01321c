// The machine that the daemon runs on, as seen by one run of the daemon: its connection to the internet, and through it
// the network ports that the daemon is given. Once the process was killed, nothing it waits for ever comes.
import { isWithin } from "../checks/certificate-path.ts";
import { checkKind } from "../checks/registry.ts";
import type { Address, CheckSettings, CheckTask, Family, Sighting, Validity } from "../core/model.ts";
import type { Exchange } from "../dns/exchange.ts";
import { judgingWallMs } from "../core/time/time.ts";
import { canonicalName } from "../dns/wire.ts";
import type { Random } from "../lib/clock.ts";
import type { Anchor, Reach } from "../probe/anchors.ts";
import type { ProbeOptions } from "../core/probing.ts";
import type { ProbeResult } from "../checks/verdict.ts";
import type { Edge } from "./edges.ts";
import type { LinkTrouble } from "./faults.ts";
import { familyOf, type Internet, type Visit } from "./internet.ts";
import { between } from "./random.ts";
import type { Resolver } from "./resolvers.ts";
import type { ProcessClock, SimulatedTime } from "./time.ts";

/** The connection of the machine, in each family. It outlives the daemon's runs. */
export class Link {
  readonly troubles = new Set<{ readonly how: LinkTrouble; readonly family?: Family | undefined }>();
  /** Whether anchors are out of reach though everything else works. */
  areAnchorsSilent = false;
  readonly #time: SimulatedTime;

  constructor(time: SimulatedTime) {
    this.#time = time;
  }

  afflict(trouble: { readonly how: LinkTrouble; readonly family?: Family | undefined }, forMs: number): void {
    this.troubles.add(trouble);
    this.#time.setTimer(forMs, () => this.troubles.delete(trouble));
  }

  /** What is wrong with it in this family now. */
  troubleIn(family: Family): LinkTrouble | undefined {
    for (const trouble of this.troubles) {
      if (trouble.family === undefined || trouble.family === family) return trouble.how;
    }
    return undefined;
  }

  /** For services that can be reached in both families: what is wrong when neither works. */
  get trouble(): LinkTrouble | undefined {
    const ipv4 = this.troubleIn("ipv4");
    return ipv4 === undefined ? undefined : this.troubleIn("ipv6") && ipv4;
  }
}

export interface MonitorParts {
  readonly time: SimulatedTime;
  readonly clock: ProcessClock;
  readonly internet: Internet;
  readonly link: Link;
  readonly resolvers: readonly Resolver[];
  /** The zone's authoritative servers. */
  readonly edges: readonly Edge[];
  /** When the certificates of all sites are valid; `undefined` where they are not checked. */
  readonly certificates?: Validity | undefined;
  /** Chances of the network. */
  readonly random: Random;
  /** Chances on the way to the authoritative servers. */
  readonly edgeRandom: Random;
  /**
   * Is told about every probe that ended; `isGenuine`: what it saw is what the site did, and no trouble of the
   * monitor's own.
   */
  readonly onProbe?: (address: Address, seen: Sighting, isGenuine: boolean) => void;
  readonly onReach?: (anchor: Anchor, isReached: boolean) => void;
}

export class Monitor {
  readonly #parts: MonitorParts;
  /** Probes that have not ended yet, by address. */
  readonly #underWay = new Map<string, number>();
  /** The most that any one address ever had of them at once. */
  mostOfOneAddress = 0;

  constructor(parts: MonitorParts) {
    this.#parts = parts;
  }

  readonly exchange: Exchange = (server, { name, type }, { timeoutMs, signal, isRecursive }) => {
    const { link, resolvers, edges, random, edgeRandom } = this.#parts;
    const resolver = resolvers.find(({ habits }) => habits.server === server);
    // Who is configured as a name server, and unknown here, is one of the zone's all the same.
    const edge = edges.find(({ address }) => address === server) ?? (isRecursive ? undefined : edges[0]);
    const trouble = link.troubleIn("ipv4");
    if (trouble === "no-route") return Promise.resolve({ kind: "local", detail: "could not be asked (no route)" });
    const silence = { kind: "silent", detail: "did not answer" } as const;
    const question = { name: canonicalName(name), type };
    const answer = edge?.answer(question, edgeRandom) ?? resolver?.answer(question, random);
    if (answer === undefined) throw new Error(`nobody at ${server} to ask for ${name}`);
    const { reply, afterMs } = answer;
    // What is asked at one moment is answered as things stand then.
    const isLost = trouble !== undefined || afterMs >= timeoutMs;
    return this.#later(isLost ? timeoutMs : afterMs, signal, () => (isLost ? silence : reply), silence);
  };

  readonly probe = (check: CheckSettings, address: Address, options: ProbeOptions): Promise<Sighting> => {
    const { clock, time, internet, link, random, onProbe } = this.#parts;
    const { timeoutMs, signal } = options;
    const startedMs = clock.nowMs();
    const startedWorldMs = time.nowMs();
    /** What was found at the other end; missing while nothing got there. */
    let visit: Visit | undefined;
    let wasCut = false;
    const { promise, resolve } = Promise.withResolvers<Sighting>();
    let cancel: (() => void) | undefined;
    this.#count(address.text, 1);
    const finish = (verdict: ProbeResult): void => {
      this.#count(address.text, -1);
      cancel?.();
      signal.removeEventListener("abort", abort);
      const seen: Sighting = { startedMs, endedMs: clock.nowMs(), phases: {}, ...verdict };
      // An answer is an answer, whatever became of the connection before it came.
      const isSilence = seen.kind === "failed" && seen.reason === "timeout";
      // Who takes most of the time that there is has a part in it when that is not enough.
      const wasServed = visit?.kind === "ok" && visit.afterMs < timeoutMs / 2;
      const isInvalid =
        seen.kind === "inconclusive" && seen.validity !== undefined && !isWithin(seen.validity, time.wallMs());
      const isGenuine = isInvalid || (seen.kind === "failed" && !wasServed && !(wasCut && isSilence));
      onProbe?.(address, seen, seen.kind === "ok" || isGenuine);
      resolve(seen);
    };
    const abort = (): void => finish({ kind: "inconclusive", reason: "local", detail: "cancelled" });
    const timedOut = (): void => {
      if (visit?.kind === "ok" && visit.afterMs > timeoutMs) visit = silence;
      // As the real probe does: what took far too long says that this machine was held up.
      const isLate = clock.nowMs() - startedMs > timeoutMs + Math.max(250, timeoutMs / 2);
      finish(isLate ? { ...held } : { kind: "failed", reason: "timeout", detail: "no answer in time" });
    };
    const waitInVain = (): void => {
      cancel = clock.setTimer(startedMs + timeoutMs - clock.nowMs(), () => {
        noteCut();
        timedOut();
      });
    };
    const noteCut = (): void => {
      // Connections do not survive a sleep, nor the loss of the link.
      wasCut ||= link.troubleIn(address.family) !== undefined || clock.wokeAtMs > startedWorldMs;
    };
    /**
     * As the real probe judges a certificate: by the time that something vouches for, else by this machine's wall
     * clock.
     */
    const objection = (found: Visit, { vouchedWallMs }: ProbeOptions): ProbeResult | undefined => {
      const { certificates } = this.#parts;
      if (certificates === undefined || found.kind === "refused") return undefined;
      const { validity = certificates } = found;
      const wallMs = judgingWallMs(vouchedWallMs, clock.wallMs());
      return checkKind(check.what.kind).fake.objectionTo(check.what, { validity, wallMs });
    };
    const attempt = (number: number): void => {
      if (link.troubleIn(address.family) === "no-route") return finish({ ...unrouted });
      noteCut();
      const isCut = link.troubleIn(address.family) !== undefined;
      if (!isCut) visit = internet.visit(address.text, "monitor", random);
      const nextMs = retransmitsMs[number];
      const found = visit;
      if (isCut || found === undefined || found.isLost === true) {
        if (nextMs === undefined || nextMs >= timeoutMs) return waitInVain();
        cancel = clock.setTimer(startedMs + nextMs - clock.nowMs(), () => attempt(number + 1));
        return;
      }
      if (clock.nowMs() - startedMs + found.afterMs >= timeoutMs) return waitInVain();
      cancel = clock.setTimer(found.afterMs, () => {
        noteCut();
        if (wasCut && link.troubleIn(address.family) !== undefined) waitInVain();
        else finish(objection(found, options) ?? verdictOf(found, check.what));
      });
    };
    signal.addEventListener("abort", abort, { once: true });
    attempt(0);
    return promise;
  };

  readonly reach: Reach = (anchor, signal) => {
    const { link, random, onReach } = this.#parts;
    const trouble = link.troubleIn(anchor.address.family);
    const report = (isReached: boolean): boolean => {
      onReach?.(anchor, isReached);
      return isReached;
    };
    if (trouble === "no-route") return this.#later(0.1, signal, () => report(false), false);
    const isSilent = trouble !== undefined || link.areAnchorsSilent;
    const afterMs = between(random, 10, 40);
    return this.#later(isSilent ? 130_000 : afterMs, signal, () => report(!isSilent), false);
  };

  /** Probes that have not ended yet. */
  get probesUnderWay(): number {
    return this.#underWay.values().reduce((sum, count) => sum + count, 0);
  }

  #count(address: string, change: 1 | -1): void {
    const count = (this.#underWay.get(address) ?? 0) + change;
    this.#underWay.set(address, count);
    this.mostOfOneAddress = Math.max(this.mostOfOneAddress, count);
  }

  /** Resolves after a while, or with `given` when the signal fires before. */
  #later<Value>(afterMs: number, signal: AbortSignal | undefined, value: () => Value, given: Value): Promise<Value> {
    const { promise, resolve } = Promise.withResolvers<Value>();
    const abort = (): void => {
      cancel();
      resolve(given);
    };
    const cancel = this.#parts.clock.setTimer(afterMs, () => {
      signal?.removeEventListener("abort", abort);
      resolve(value());
    });
    signal?.addEventListener("abort", abort, { once: true });
    return promise;
  }
}

/** When a kernel repeats what opens a connection and was not answered. */
const retransmitsMs = [1_000, 3_000, 7_000];

const held = { kind: "inconclusive", reason: "late", detail: "the monitor was suspended or too busy" } as const;
const unrouted = { kind: "inconclusive", reason: "no-route", detail: "no route" } as const;

const silence: Visit = { kind: "timeout", afterMs: Infinity };

function verdictOf(visit: Visit, task: CheckTask): ProbeResult {
  const { fake } = checkKind(task.kind);
  switch (visit.kind) {
    case "ok":
    case "marker":
      return fake.answer(task, { kind: visit.kind });
    case "status":
      return fake.answer(task, { kind: "status", status: visit.status ?? 500 });
    case "refused":
      return { kind: "failed", reason: "refused", detail: "connection refused" };
    case "timeout":
      return { kind: "failed", reason: "timeout", detail: "no answer in time" };
    default:
      return visit.kind satisfies never;
  }
}

export { familyOf };
