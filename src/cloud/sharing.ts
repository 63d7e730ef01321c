// Which names share requests. What becomes due in a zone while a request for it is under way goes together in the next
// one; what is due alone goes alone, as if there were no others.
import type { Attempt, AttemptOutcome, Candidate } from "./attempt.ts";
import type { SharingMeans } from "./shared.ts";
import { ZoneQueue } from "./zone-queue.ts";

/** A machine that has something to send. */
export interface Passenger {
  /** What it would send now, by the newest state; `undefined`: nothing is due. */
  readonly candidate: Candidate | undefined;
  /** Starts what is due, or sleeps until something is. */
  consider(): void;
  /**
   * Sends it with requests of its own. Resolves to whether they succeeded; a number: the gate is closed for it until
   * this time.
   */
  goAlone(candidate: Candidate): Promise<boolean> | number;
  /** Begins an attempt that a request for several is to serve. Each that is begun is ended by `end`. */
  begin(candidate: Candidate): Attempt;
  /** Nothing happens where the attempt has ended already. */
  end(attempt: Attempt, outcome: AttemptOutcome): void;
}

export class Sharing {
  readonly #shared: SharingMeans;
  readonly #queues = new Map<string, ZoneQueue>();
  /** The queue in which a machine waits. */
  readonly #places = new Map<Passenger, ZoneQueue>();
  #gathering = 0;
  /** With one ingress there is nobody to share with. */
  isOn = false;

  constructor(shared: SharingMeans) {
    this.#shared = shared;
  }

  /** Takes in a machine of which something is due. `false`: it is to go alone, now. */
  take(passenger: Passenger, { step, name, purpose }: Candidate): boolean {
    this.leave(passenger);
    const zone = this.#shared.provider.shared?.zoneOf(name);
    if (!this.isOn || this.#shared.provider.shared === undefined) return false;
    // Nobody writes before the zone is known.
    if (zone === undefined && step.kind === "write") return false;
    // No write to a mix shares a batch with one to an ingress: it can wait, and fails by itself.
    const key = JSON.stringify([step.kind, name.mixOf !== undefined, zone]);
    const queue = this.#queues.get(key) ?? new ZoneQueue(this.#shared, this, step.kind, zone);
    this.#queues.set(key, queue);
    this.#places.set(passenger, queue);
    queue.join(passenger, purpose);
    if (this.#gathering === 0) queue.depart();
    return true;
  }

  /** It waits no longer. */
  leave(passenger: Passenger): void {
    this.#places.get(passenger)?.leave(passenger);
    this.#places.delete(passenger);
  }

  /** The machine has ended. */
  forget(passenger: Passenger): void {
    this.#places.delete(passenger);
    for (const queue of this.#queues.values()) queue.forget(passenger);
  }

  /** What becomes due during `work` goes together. */
  gather(work: () => void): void {
    this.#gathering += 1;
    try {
      work();
    } finally {
      this.#gathering -= 1;
      if (this.#gathering === 0) for (const queue of this.#queues.values()) queue.depart();
    }
  }

  /** Forgets who waits: for another provider, or at the end. */
  clear(): void {
    for (const queue of this.#queues.values()) queue.close();
    this.#queues.clear();
    this.#places.clear();
  }
}
