// Watches one endpoint: round after round, in the rhythm that its state asks for, until it is stopped.
import { asItCounts } from "../core/evidence/address.ts";
import type { EndpointRef, EndpointState, Event, IngressState, Resolution } from "../core/model.ts";
import { forbiddenNames, withoutOwnNames } from "../core/records/own-names.ts";
import { probeIntervalMs, type Attention } from "../core/evidence/rhythm.ts";
import { answersSinceMs } from "../core/selection/same-addresses.ts";
import { isAnswerFromBefore, nameLostSinceMs } from "../core/selection/trial.ts";
import type { Random } from "../lib/clock.ts";
import type { Resolve } from "../core/look-up.ts";
import { Round, type RoundPorts, type ProbeLimits } from "./round.ts";

export interface WatchPorts extends RoundPorts {
  readonly random: Random;
  readonly dispatch: (event: Event) => void;
  /** Called before each round. */
  readonly onRound?: () => void;
}

/** Without a check an endpoint is only looked up: at the end of its TTL, within these bounds; failures more often. */
const leastLookUpMs = 5_000;
const mostLookUpMs = 300_000;
/** The first phase of those look-ups. */
const firstLookUpMs = 1_000;
/** However many failures it takes to be down, one address that hangs must leave room for all others. */
const mostAtOnce = 64;
/** Jitter only shortens a wait, by up to this share of it. */
const jitter = 0.1;

/** The newest round, which the wait for the next one is counted from. */
interface RoundProgress {
  /** Nothing is left in it but silence, which holds up nothing. */
  isSettled: boolean;
  /** From when on the next round is waited for, by each address. */
  readonly fromMs: Map<string, number>;
  /** The addresses whose probes in it have not ended. */
  readonly begun: Set<string>;
}

/** What is watched, as it is believed to be now. */
export interface WatchedEndpoint {
  readonly ingress: IngressState;
  readonly endpoint: EndpointState;
  readonly attention: Attention;
}

export class Watch {
  readonly revision: number;
  readonly #ports: WatchPorts;
  readonly #limits: ProbeLimits;
  readonly #own: () => ReadonlySet<string>;
  readonly #stopping = new AbortController();
  #ingress: IngressState;
  #endpoint: EndpointState;
  #attention: Attention;
  /** Rounds with a probe under way: the newest, and those in which there was no answer when a later one began. */
  readonly #rounds = new Set<Promise<void>>();
  #newest: RoundProgress;
  /** How many probes of each address are under way. */
  readonly #underWay = new Map<string, number>();
  /** A wait lasts this share of the interval wanted at the moment. */
  #waitShare: number;
  #cancelWait: (() => void) | undefined;
  #dueMs: number | undefined;
  /** The newest answer led back to one of our names. */
  #isLedBack = false;
  /** The newest answer that was reported. */
  #reported: Resolution | undefined;

  constructor(
    ports: WatchPorts,
    limits: ProbeLimits,
    /** All names that we write, as they are now. */
    own: () => ReadonlySet<string>,
    { ingress, endpoint, attention }: WatchedEndpoint,
  ) {
    this.#own = own;
    this.revision = endpoint.revision;
    this.#ports = ports;
    this.#limits = limits;
    this.#ingress = ingress;
    this.#endpoint = endpoint;
    this.#attention = attention;
    this.#newest = { isSettled: true, fromMs: new Map([["", ports.clock.nowMs()]]), begun: new Set() };
    // Endpoints that start together shall not be probed in step.
    this.#waitShare = ports.random();
    this.#wait();
  }

  /** Takes in what is believed now, and waits shorter or longer accordingly. */
  follow({ ingress, endpoint, attention }: WatchedEndpoint): void {
    this.#ingress = ingress;
    this.#endpoint = endpoint;
    this.#attention = attention;
    this.#wait();
  }

  /** Ends everything at once; nothing is reported any more. Resolves when the last connection has been let go. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#cancelWait?.();
    await Promise.all(this.#rounds);
  }

  #wait(): void {
    const dueMs = this.#nextMs();
    if (this.#stopping.signal.aborted || dueMs === this.#dueMs) return;
    this.#cancelWait?.();
    this.#dueMs = dueMs;
    if (dueMs === undefined) return;
    this.#cancelWait = this.#ports.clock.setTimer(dueMs - this.#ports.clock.nowMs(), () => this.#begin());
  }

  readonly #resolve: Resolve = async (host, resolvers, options) => {
    // An answer that led back is not kept: whether it has been mended is seen by the next one.
    const notBeforeMs = this.#isLedBack ? this.#ports.clock.nowMs() : this.#answersSinceMs();
    const asked = { ...options, ...(notBeforeMs !== undefined && { notBeforeMs }) };
    const answer = await this.#ports.resolve(host, resolvers, asked);
    const own = forbiddenNames(this.#own(), this.#ingress.settings, this.#endpoint.settings.target);
    const judged = withoutOwnNames(answer, this.#endpoint, own);
    this.#isLedBack = judged !== answer;
    return judged;
  };

  /** From when on an answer may be used again; `undefined` where any may be. */
  #answersSinceMs(): number | undefined {
    const [ownMs, lostMs] = [answersSinceMs, nameLostSinceMs].map((since) => since(this.#ingress, this.#endpoint));
    return ownMs === undefined || lostMs === undefined ? (ownMs ?? lostMs) : Math.max(ownMs, lostMs);
  }

  /** When the next round is due; `undefined` while it waits for this one, or when there is nothing to do. */
  #nextMs(): number | undefined {
    const intervalMs = this.#intervalMs();
    if (!this.#newest.isSettled || intervalMs === undefined || !this.#hasRoom()) return undefined;
    return Math.max(...this.#newest.fromMs.values()) + this.#waitShare * intervalMs;
  }

  #begin(): void {
    const round: RoundProgress = { isSettled: false, fromMs: new Map(), begun: new Set() };
    this.#newest = round;
    this.#dueMs = undefined;
    const performed = this.#performSafely(round).finally(() => this.#rounds.delete(performed));
    this.#rounds.add(performed);
  }

  /** Never rejects: an internal error costs a round. */
  async #performSafely(round: RoundProgress): Promise<void> {
    try {
      this.#ports.onRound?.();
      await this.#performRound(round);
    } catch (error) {
      this.#ports.onBug?.(error);
    }
    for (const text of round.begun) this.#count(text, -1);
    this.#settle(round);
  }

  async #performRound(round: RoundProgress): Promise<void> {
    const ref: EndpointRef = {
      ingress: this.#ingress.settings.id,
      endpoint: this.#endpoint.settings.name,
      revision: this.revision,
    };
    await new Round({
      settings: this.#endpoint.settings,
      ports: { ...this.#ports, resolve: this.#resolve },
      limits: this.#limits,
      listener: {
        addresses: () => this.#endpoint.addresses,
        resolved: (resolution) => {
          // Addresses from a cache are no news; anything else counts each time.
          if (resolution === this.#reported && resolution.kind === "addresses") return;
          this.#reported = resolution;
          this.#ports.dispatch({ kind: "resolved", resolution, ...ref });
        },
        mayProbe: ({ text }) => {
          if (!this.#hasRoomFor(text)) return false;
          this.#count(text, 1);
          round.begun.add(text);
          return true;
        },
        stalled: ({ text }, startedMs) => {
          round.fromMs.set(text, startedMs);
          this.#ports.dispatch({ kind: "probe-stalled", address: text, startedMs, ...ref });
        },
        probed: ({ text }, seen) => {
          round.begun.delete(text);
          this.#count(text, -1);
          const observation = asItCounts(
            seen,
            this.#endpoint.addresses.find((known) => known.text === text),
          );
          // However long a failure took, the next probe begins in the rhythm.
          const { kind, startedMs } = observation;
          round.fromMs.set(text, kind === "failed" ? startedMs : this.#ports.clock.nowMs());
          this.#ports.dispatch({ kind: "probed", address: text, observation, ...ref });
          this.#wait();
        },
        settled: () => this.#settle(round),
      },
      signal: this.#stopping.signal,
    }).perform();
  }

  /** The wait for the next round begins. */
  #settle(round: RoundProgress): void {
    if (round.isSettled) return;
    round.isSettled = true;
    if (round.fromMs.size === 0) round.fromMs.set("", this.#ports.clock.nowMs());
    this.#waitShare = 1 - jitter * this.#ports.random();
    this.#wait();
  }

  /** Whether a round would do anything: some address has room for one more probe, or none is known yet. */
  #hasRoom(): boolean {
    const { addresses } = this.#endpoint;
    return addresses.length === 0 || addresses.some(({ text }) => this.#hasRoomFor(text));
  }

  /** More probes than it takes to be down would tell nothing new. */
  #hasRoomFor(address: string): boolean {
    const fall = this.#endpoint.settings.check?.fall ?? 1;
    return (this.#underWay.get(address) ?? 0) < Math.min(fall, mostAtOnce);
  }

  #count(address: string, change: 1 | -1): void {
    const count = (this.#underWay.get(address) ?? 0) + change;
    if (count === 0) this.#underWay.delete(address);
    else this.#underWay.set(address, count);
  }

  /** The full wait before the next round; `undefined` when there is nothing to do. */
  #intervalMs(): number | undefined {
    const { target, check } = this.#endpoint.settings;
    if (check !== undefined) return probeIntervalMs(this.#ingress, this.#endpoint, this.#attention);
    if (target.kind === "addresses") return undefined;
    if (this.#reported === undefined) return firstLookUpMs;
    if (isAnswerFromBefore(this.#ingress, this.#endpoint)) return 0;
    if (this.#reported.kind !== "addresses") return leastLookUpMs;
    return Math.min(mostLookUpMs, Math.max(leastLookUpMs, this.#reported.ttlSeconds * 1_000));
  }
}
