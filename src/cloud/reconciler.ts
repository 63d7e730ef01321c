// Follows the state and makes the published records what they should be: one small machine per ingress, none of which
// waits for another, behind one gate per token. Learns nothing by itself that is not reported back as an event.
import { mixesOf } from "../core/records/mix.ts";
import type { Event, IngressState, State } from "../core/model.ts";
import { type Clock, type Random, sleep } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { CallGate, type CallBudget } from "./gate.ts";
import { IngressReconciler } from "./ingress-reconciler.ts";
import { mixLane, ownLane, type Lane } from "./lane.ts";
import type { RecordProvider } from "./provider.ts";
import { Tracer } from "./tracer.ts";
import type { Shared } from "./shared.ts";

export interface ReconcilerOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly provider: RecordProvider;
  /** Takes `records-read`, `records-written` and `cloud-failed`. */
  readonly dispatch: (event: Event) => void;
  /** Is told about internal errors. Whatever was under way is tried again, as after a transient failure. */
  readonly onBug: (error: unknown) => void;
  readonly log?: Log;
  /** `off`: only read, until `releaseWrites()`. */
  readonly writes?: "on" | "off";
}

/** How long the end waits for a write to be answered, so that its outcome is known. */
const closingGraceMs = 2_000;

/**
 * The ingress whose records are read sooner because an answer has to tell the time: one that waits for it, else the first.
 */
function seekerOf({ ingresses, time }: State): IngressState | undefined {
  if (time.sought === undefined) return undefined;
  return ingresses.find(waitsForTime) ?? ingresses[0];
}

function waitsForTime({ endpoints }: IngressState): boolean {
  return endpoints.some(({ addresses }) => addresses.some(({ undated }) => undated.length > 0));
}

/** A `Follower` of the daemon's state. */
export class Reconciler implements AsyncDisposable {
  readonly #shared: Shared;
  readonly #tracer: Tracer;
  /** One for each name of each ingress. */
  readonly #machines = new Map<string, IngressReconciler>();
  readonly #lanes = new Map<string, Lane>();
  #isClosed = false;
  #ingresses = 1;

  constructor({ clock, random, provider, dispatch, onBug, log, writes }: ReconcilerOptions) {
    const gate = new CallGate(clock);
    this.#shared = {
      clock,
      random,
      dispatch,
      onBug,
      log,
      provider,
      gate,
      isHeld: writes === "off",
      due: new Set(),
    };
    this.#tracer = new Tracer(this.#shared);
  }

  follow(state: State): void {
    if (this.#isClosed) return;
    this.#tracer.follow(state);
    this.#shareBudget(state.ingresses.length);
    const present = new Set<string>();
    const seeker = seekerOf(state);
    for (const ingress of [...state.ingresses, ...state.leaving]) {
      const key = this.#followName(ingress, ownLane, state.generation);
      present.add(key);
      this.#machines.get(key)?.seek(ingress === seeker ? state.time.sought?.youngerThanMs : undefined);
      for (const { record } of mixesOf(ingress)) {
        present.add(this.#followName(ingress, this.#laneOf(record), state.generation));
      }
    }
    if (this.#machines.size === present.size) return;
    for (const [key, machine] of this.#machines) {
      if (present.has(key)) continue;
      machine.follow(undefined, state.generation);
      // One with a write under way is kept, so that the same ingress, should it return, waits for its end.
      if (!machine.isBusy) this.#machines.delete(key);
    }
  }

  /** Lets the machine of one name take in the newest state, and gives the key of the machine. */
  #followName(ingress: IngressState, lane: Lane, generation: number): string {
    const { id } = ingress.settings;
    const key = lane.mix === undefined ? id : `${id} ${lane.mix}`;
    const machine = this.#machines.get(key) ?? new IngressReconciler(id, lane, this.#shared);
    this.#machines.set(key, machine);
    machine.follow(ingress, generation);
    return key;
  }

  #laneOf(mix: string): Lane {
    const lane = this.#lanes.get(mix) ?? mixLane(mix);
    this.#lanes.set(mix, lane);
    return lane;
  }

  /** The calls that the token may still make. */
  get budget(): CallBudget {
    return this.#shared.gate.budget;
  }

  /** Whether writes are being held back. */
  get isHeld(): boolean {
    return this.#shared.isHeld;
  }

  /** From now on only reads. A write under way may end. */
  holdWrites(): void {
    this.#shared.isHeld = true;
  }

  /** From now on, writes what should be written. */
  releaseWrites(): void {
    this.#shared.isHeld = false;
    for (const machine of this.#machines.values()) machine.consider();
  }

  /** Continues with another token or another API: everything is read again, at once. A write under way may end. */
  replaceProvider(provider: RecordProvider): void {
    this.#shared.provider = provider;
    this.#shared.gate = new CallGate(this.#shared.clock, this.#ingresses);
    for (const machine of this.#machines.values()) machine.startOver();
  }

  /** Reads everything again, at once, and tries what waits for another try. */
  startOver(): void {
    for (const machine of this.#machines.values()) machine.startOver();
  }

  /** Starts nothing more, gives up what is being read, and lets writes end for a moment. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#tracer.close();
    const writes = [...this.#machines.values()].map((machine) => machine.close());
    const allEnded = new AbortController();
    void Promise.all(writes).then(() => allEnded.abort());
    await sleep(this.#shared.clock, closingGraceMs, allEnded.signal);
    for (const machine of this.#machines.values()) machine.abort();
  }

  #shareBudget(ingresses: number): void {
    if (ingresses === this.#ingresses) return;
    this.#ingresses = ingresses;
    this.#shared.gate.share(ingresses);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
