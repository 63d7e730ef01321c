// Follows the state and makes the published records what they should be: one small machine per ingress, none of which
// waits for another, behind one gate per token. Learns nothing by itself that is not reported back as an event.
import { mixesOf } from "../core/records/mix.ts";
import { findManaged } from "../core/find.ts";
import type { Event, IngressState, State } from "../core/model.ts";
import type { IngressChange } from "../core/overview/ingresses.ts";
import { NamesInForce } from "../core/overview/names-in-force.ts";
import { placesWhere } from "../core/overview/overview.ts";
import { type Clock, type Random, sleep } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { CallGate, type CallBudget } from "./gate.ts";
import { IngressReconciler } from "./ingress-reconciler.ts";
import { mixLane, ownLane, type Lane } from "./lane.ts";
import type { RecordProvider } from "./provider.ts";
import type { Due, Shared } from "./shared.ts";
import { Sharing } from "./sharing.ts";
import { Tracer } from "./tracer.ts";

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
 * The ingress whose records are read sooner because an answer has to tell the time: one that waits for it, else the
 * first.
 */
function seekerOf({ ingresses, overview, time }: State): IngressState | undefined {
  if (time.sought === undefined) return undefined;
  const [waiting = 0] = placesWhere(overview, ({ undatedSinceMs }) => undatedSinceMs < Infinity);
  return ingresses[waiting];
}

/** A `Follower` of the daemon's state. */
export class Reconciler implements AsyncDisposable {
  readonly #shared: Shared;
  readonly #tracer: Tracer;
  /** One for each name of each ingress. */
  readonly #machines = new Map<string, IngressReconciler>();
  readonly #lanes = new Map<string, Lane>();
  readonly #names = new NamesInForce();
  /** The machines of names that are gone, until they have let go of what is under way. */
  readonly #released = new Set<string>();
  #isClosed = false;
  #generation = 0;
  #leaving = 0;
  #seeker: string | undefined;
  #ingresses = 1;

  constructor({ clock, random, provider, dispatch, onBug, log, writes }: ReconcilerOptions) {
    const gate = new CallGate(clock);
    const isHeld = writes === "off";
    const shared = { clock, random, dispatch, onBug, log, provider, gate, isHeld, due: new Set<Due>() };
    this.#shared = Object.assign(shared, { sharing: new Sharing(shared) });
    this.#tracer = new Tracer(this.#shared);
  }

  follow(state: State, changes: readonly IngressChange[]): void {
    if (this.#isClosed) return;
    this.#tracer.follow(state, changes);
    this.#shareBudget(state.ingresses.length);
    this.#shared.sharing.isOn = state.ingresses.length > 1;
    this.#shared.sharing.gather(() => this.#followAll(state, changes));
  }

  #followAll(state: State, changes: readonly IngressChange[]): void {
    for (const { after } of changes) this.#followIngress(after, state.generation);
    for (const ingress of state.leaving) this.#followIngress(ingress, state.generation);
    this.#seek(state);
    if (this.#generation !== state.generation || this.#leaving !== state.leaving.length) {
      this.#release(this.#names.keepOnly((id) => findManaged(state, id) !== undefined));
    }
    this.#generation = state.generation;
    this.#leaving = state.leaving.length;
    this.#letGo();
  }

  #followIngress(ingress: IngressState, generation: number): void {
    const mixes = mixesOf(ingress).map(({ record }) => this.#laneOf(record));
    const keys = [ownLane, ...mixes].map((lane) => this.#followName(ingress, lane, generation));
    for (const key of keys) this.#released.delete(key);
    this.#release(this.#names.replace(ingress.settings.id, keys));
  }

  /** Has the records of one ingress read sooner, whose answer tells the time, and of no other. */
  #seek(state: State): void {
    const seeker = seekerOf(state)?.settings.id;
    if (this.#seeker !== seeker && this.#seeker !== undefined) this.#machines.get(this.#seeker)?.seek(undefined);
    if (seeker !== undefined) this.#machines.get(seeker)?.seek(state.time.sought?.youngerThanMs);
    this.#seeker = seeker;
  }

  #release(keys: readonly string[]): void {
    for (const key of keys) this.#released.add(key);
  }

  /** Ends the machines of names that are gone. */
  #letGo(): void {
    for (const key of this.#released) {
      const machine = this.#machines.get(key);
      machine?.follow(undefined, this.#generation);
      // One with a write under way is kept, so that the same ingress, should it return, waits for its end.
      if (machine?.isBusy === true) continue;
      if (machine !== undefined) this.#shared.sharing.forget(machine);
      this.#machines.delete(key);
      this.#released.delete(key);
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
    this.#forEach((machine) => machine.consider());
  }

  /** Continues with another token or another API: everything is read again, at once. A write under way may end. */
  replaceProvider(provider: RecordProvider): void {
    this.#shared.provider = provider;
    this.#shared.gate = new CallGate(this.#shared.clock, this.#ingresses);
    this.#shared.sharing.clear();
    this.startOver();
  }

  /** Reads everything again, at once, and tries what waits for another try. */
  startOver(): void {
    this.#forEach((machine) => machine.startOver());
  }

  #forEach(action: (machine: IngressReconciler) => void): void {
    this.#shared.sharing.gather(() => {
      for (const machine of this.#machines.values()) action(machine);
    });
  }

  /** Starts nothing more, gives up what is being read, and lets writes end for a moment. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#tracer.close();
    this.#shared.sharing.clear();
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
