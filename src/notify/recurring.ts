// Something that comes and goes, such as an endpoint's outages, and how much of it people are told: the first few times
// all of it, then at most so many times an hour, and in the end always the state that it came to rest in.
import { hourMs } from "../core/units.ts";

/** Tellings of one thing within an hour. */
const mostPerHour = 6;

/** What to tell of a change. */
export interface Telling<Status> {
  readonly was: Status;
  /** How long it was that; missing when it changed more often than people were told. */
  readonly wasForMs?: number;
  /** Nothing more is told before this time. */
  readonly quietUntilMs?: number;
}

/** Follows one thing that changes between a few states. */
export class Recurring<Status extends string> {
  #status: Status;
  #sinceMs: number;
  #told: Status;
  /** Whether people know of every change up to now. */
  #isAllTold = true;
  #tellings: number[] = [];

  constructor(status: Status, sinceMs: number) {
    this.#status = status;
    this.#told = status;
    this.#sinceMs = sinceMs;
  }

  /** Takes note of the status at `nowMs`, and gives what to tell of it now, if anything. */
  observe(status: Status, nowMs: number): Telling<Status> | undefined {
    const was = this.#status;
    const wasForMs = nowMs - this.#sinceMs;
    const hasChanged = status !== was;
    if (hasChanged) {
      this.#status = status;
      this.#sinceMs = nowMs;
    }
    if (status === this.#told) {
      // It went and came back unseen: nothing to tell, and durations told later would leave that out.
      if (hasChanged) this.#isAllTold = false;
      return undefined;
    }
    this.#tellings = this.#tellings.filter((atMs) => atMs > nowMs - hourMs);
    if (this.#tellings.length >= mostPerHour) return undefined;
    this.#tellings.push(nowMs);
    const telling = { was: this.#told, ...(hasChanged && this.#isAllTold ? { wasForMs } : {}) };
    this.#told = status;
    this.#isAllTold = true;
    const [oldestMs] = this.#tellings;
    if (this.#tellings.length < mostPerHour || oldestMs === undefined) return telling;
    return { ...telling, quietUntilMs: oldestMs + hourMs };
  }

  /** Takes note of a status that people learn in another way, or that is not worth a message. */
  noteAsTold(status: Status, nowMs: number): void {
    if (status !== this.#status) this.#sinceMs = nowMs;
    this.#status = status;
    this.#told = status;
    this.#isAllTold = true;
  }

  /** Whether people were last told this status. */
  isTold(status: Status): boolean {
    return this.#told === status;
  }

  /** How long the present status has lasted. */
  ageMs(nowMs: number): number {
    return nowMs - this.#sinceMs;
  }

  /** When `observe` should be called again though nothing changes; `undefined` when there is nothing to tell then. */
  get wakeAtMs(): number | undefined {
    const [oldestMs] = this.#tellings;
    return this.#status === this.#told || oldestMs === undefined ? undefined : oldestMs + hourMs;
  }
}
