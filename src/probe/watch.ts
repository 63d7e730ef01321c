// Watches one endpoint: round after round, in the rhythm that its state asks for, until it is stopped.
import { asItCounts } from "../core/address.ts";
import type { EndpointRef, EndpointState, Event, IngressState, Resolution } from "../core/model.ts";
import { withoutOwnNames } from "../core/own-names.ts";
import { probeIntervalMs } from "../core/rhythm.ts";
import { answersSinceMs } from "../core/same-addresses.ts";
import type { Random } from "../lib/clock.ts";
import { performRound, type Resolve, type RoundPorts, type Traffic } from "./round.ts";

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
/** Jitter only shortens a wait, by up to this share of it. */
const jitter = 0.1;

export class Watch {
  readonly revision: number;
  readonly #ports: WatchPorts;
  readonly #traffic: Traffic;
  readonly #own: () => ReadonlySet<string>;
  readonly #stopping = new AbortController();
  #ingress: IngressState;
  #endpoint: EndpointState;
  #round: Promise<void> = Promise.resolve();
  #isInRound = false;
  /** A wait lasts `#waitShare` of the interval wanted at the moment, counted from `#waitFromMs`. */
  #waitFromMs: number;
  #waitShare: number;
  #cancelWait: (() => void) | undefined;
  #dueMs: number | undefined;
  /** The newest answer led back to a name of ours. */
  #isLedBack = false;
  /** The newest answer that was reported. */
  #reported: Resolution | undefined;

  constructor(
    ports: WatchPorts,
    traffic: Traffic,
    /** All names that we write, as they are now. */
    own: () => ReadonlySet<string>,
    ingress: IngressState,
    endpoint: EndpointState,
  ) {
    this.#own = own;
    this.revision = endpoint.revision;
    this.#ports = ports;
    this.#traffic = traffic;
    this.#ingress = ingress;
    this.#endpoint = endpoint;
    this.#waitFromMs = ports.clock.nowMs();
    // Endpoints that start together shall not be probed in step.
    this.#waitShare = ports.random();
    this.#wait();
  }

  /** Takes in what is believed now, and waits shorter or longer accordingly. */
  follow(ingress: IngressState, endpoint: EndpointState): void {
    this.#ingress = ingress;
    this.#endpoint = endpoint;
    if (!this.#isInRound) this.#wait();
  }

  /** Ends everything at once; nothing is reported any more. Resolves when the last connection has been let go. */
  stop(): Promise<void> {
    this.#stopping.abort();
    this.#cancelWait?.();
    return this.#round;
  }

  #wait(): void {
    const intervalMs = this.#intervalMs();
    const dueMs = intervalMs === undefined ? undefined : this.#waitFromMs + this.#waitShare * intervalMs;
    if (this.#stopping.signal.aborted || dueMs === this.#dueMs) return;
    this.#cancelWait?.();
    this.#dueMs = dueMs;
    if (dueMs === undefined) return;
    this.#cancelWait = this.#ports.clock.setTimer(dueMs - this.#ports.clock.nowMs(), () => {
      this.#round = this.#roundAndWait();
    });
  }

  readonly #resolve: Resolve = async (host, resolvers, options) => {
    // An answer that led back is not kept: whether it has been mended is seen by the next one.
    const notBeforeMs = this.#isLedBack ? this.#ports.clock.nowMs() : answersSinceMs(this.#ingress, this.#endpoint);
    const asked = { ...options, ...(notBeforeMs !== undefined && { notBeforeMs }) };
    const answer = await this.#ports.resolve(host, resolvers, asked);
    const judged = withoutOwnNames(answer, this.#endpoint, this.#own());
    this.#isLedBack = judged !== answer;
    return judged;
  };

  /** Never rejects: an internal error costs a round. */
  async #roundAndWait(): Promise<void> {
    this.#isInRound = true;
    try {
      this.#ports.onRound?.();
      await this.#performRound();
    } catch (error) {
      this.#ports.onBug?.(error);
    }
    this.#isInRound = false;
    this.#waitFromMs = this.#ports.clock.nowMs();
    this.#waitShare = 1 - jitter * this.#ports.random();
    this.#dueMs = undefined;
    this.#wait();
  }

  async #performRound(): Promise<void> {
    const ref: EndpointRef = {
      ingress: this.#ingress.settings.record,
      endpoint: this.#endpoint.settings.name,
      revision: this.revision,
    };
    await performRound(
      this.#endpoint.settings,
      { ...this.#ports, resolve: this.#resolve },
      this.#traffic,
      {
        addresses: () => this.#endpoint.addresses,
        resolved: (resolution) => {
          // Addresses from a cache are no news; anything else counts each time.
          if (resolution === this.#reported && resolution.kind === "addresses") return;
          this.#reported = resolution;
          this.#ports.dispatch({ kind: "resolved", resolution, ...ref });
        },
        stalled: (address) => {
          this.#ports.dispatch({ kind: "probe-stalled", address: address.text, ...ref });
        },
        probed: (address, observation) => {
          const known = this.#endpoint.addresses.find(({ text }) => text === address.text);
          const seen = asItCounts(observation, known);
          this.#ports.dispatch({ kind: "probed", address: address.text, observation: seen, ...ref });
        },
      },
      this.#stopping.signal,
    );
  }

  /** The full wait before the next round; `undefined` when there is nothing to do. */
  #intervalMs(): number | undefined {
    const { target, check } = this.#endpoint.settings;
    if (check !== undefined) return probeIntervalMs(this.#ingress, this.#endpoint);
    if (target.kind === "addresses") return undefined;
    if (this.#reported === undefined) return firstLookUpMs;
    if (this.#reported.kind !== "addresses") return leastLookUpMs;
    return Math.min(mostLookUpMs, Math.max(leastLookUpMs, this.#reported.ttlSeconds * 1_000));
  }
}
