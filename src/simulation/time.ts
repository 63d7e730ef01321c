// Simulated time: one queue of timers for the whole world, and clocks over it for every process, each of which can be
// stopped, sent to sleep, set wrong, or killed.
import type { Clock } from "../lib/clock.ts";
import { DueHeap } from "./heap.ts";

interface Timer {
  readonly dueMs: number;
  readonly order: number;
  /** It is not awaited: the next timer may run right after it. */
  readonly isQuiet: boolean;
  /** Missing once cancelled. */
  callback: (() => void) | undefined;
}

/** How many timers run before the loop of Node gets its turn; each one still gets all its promises settled first. */
const batchSize = 512;

/** So many timers at one and the same moment: they are set for at once, again and again. */
const mostAtOnce = 50_000;

/** Something in the simulated world continues for ever without letting time pass. */
export class Standstill extends Error {
  override readonly name = "Standstill";
}

/** The time of the world. Nothing inside it can stop it or set it wrong. */
export class SimulatedTime implements Clock {
  readonly #timers = new DueHeap<Timer>();
  readonly #wallAtStartMs: number;
  #nowMs = 0;
  #order = 0;
  #isStopped = false;
  #atOnce = 0;

  constructor(wallAtStartMs: number = Date.UTC(2026, 0, 1)) {
    this.#wallAtStartMs = wallAtStartMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#wallAtStartMs + this.#nowMs;
  }

  setTimer(delayMs: number, callback: () => void): () => void {
    return this.#set(delayMs, callback, false);
  }

  /**
   * The same for a `callback` that only looks on: it settles no promise, so that what comes next need not wait for any.
   */
  setLook(delayMs: number, callback: () => void): void {
    this.#set(delayMs, callback, true);
  }

  #set(delayMs: number, callback: () => void, isQuiet: boolean): () => void {
    // Whole microseconds, and never too early: what waits for a moment would wait again for what is left of it.
    const wantedMs = delayMs > 0 ? Math.max(this.#nowMs + delayMs, this.#nowMs + 0.001) : this.#nowMs;
    const dueMs = Math.ceil(wantedMs * 1_000) / 1_000;
    const timer: Timer = { dueMs, order: this.#order++, isQuiet, callback };
    this.#timers.push(timer);
    return () => {
      timer.callback = undefined;
    };
  }

  /** Calls `callback` at this time, or at once when that has passed. */
  at(atMs: number, callback: () => void): () => void {
    return this.setTimer(atMs - this.#nowMs, callback);
  }

  /** Ends `runUntil` after the timer that is running now. */
  stop(): void {
    this.#isStopped = true;
  }

  /**
   * Lets time pass until `endMs`: every timer runs in order, and whatever it sets off (all promises that can settle)
   * has happened before the next. Node runs all promises between two immediates, so one immediate per timer is enough;
   * timers that only look on share that of the next one.
   */
  runUntil(endMs: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#isStopped = false;
    let waiting = 0;
    let isOver = false;
    const runNext = (): void => {
      waiting -= 1;
      if (isOver) return;
      try {
        const isDone = this.#isStopped || !this.#runNext(endMs);
        if (isDone) {
          isOver = true;
          if (!this.#isStopped) this.#nowMs = Math.max(this.#nowMs, endMs);
          return resolve();
        }
      } catch (error) {
        isOver = true;
        return reject(error);
      }
      if (waiting === 0) queue();
    };
    const queue = (): void => {
      waiting = batchSize;
      for (let count = 0; count < batchSize; count += 1) setImmediate(runNext);
    };
    queue();
    return promise;
  }

  /** Runs all timers up to one that a caller may wait for. False when there was none. */
  #runNext(endMs: number): boolean {
    for (let timer = this.#timers.first; timer !== undefined && timer.dueMs <= endMs; timer = this.#timers.first) {
      this.#timers.pop();
      const { callback } = timer;
      if (callback === undefined) continue;
      timer.callback = undefined;
      this.#atOnce = timer.dueMs > this.#nowMs ? 0 : this.#atOnce + 1;
      if (this.#atOnce > mostAtOnce) throw new Standstill(`time stands still at ${this.#nowMs} ms`);
      this.#nowMs = timer.dueMs;
      callback();
      if (!timer.isQuiet || this.#isStopped) return true;
    }
    return false;
  }
}

/** The clock of one process in that world. */
export class ProcessClock implements Clock {
  readonly #time: SimulatedTime;
  #wallAheadMs: number;
  /** What its monotonic clock has missed: the time before its start, and sleep. */
  #missedMs: number;
  /** While it stands still: when it continues. Before: when it last did. */
  #resumesAtMs = -Infinity;
  #wokeAtMs = -Infinity;
  /** World time at which the sleep began that lasts now. */
  #asleepSinceMs: number | undefined;
  #isKilled = false;
  /** Timers that have neither run nor been cancelled. */
  pending = 0;

  /** Monotonic time begins at zero with every process. */
  constructor(time: SimulatedTime, wallAheadMs = 0) {
    this.#time = time;
    this.#wallAheadMs = wallAheadMs;
    this.#missedMs = time.nowMs();
  }

  get isKilled(): boolean {
    return this.#isKilled;
  }

  /** How far the wall clock is ahead of the world's. */
  get wallAheadMs(): number {
    return this.#wallAheadMs;
  }

  /** World time at which it last continued after standing still, or will. */
  get resumesAtMs(): number {
    return this.#resumesAtMs;
  }

  /** World time at which it last woke up from sleep, or will: connections from before are dead. */
  get wokeAtMs(): number {
    return this.#wokeAtMs;
  }

  nowMs(): number {
    return (this.#asleepSinceMs ?? this.#time.nowMs()) - this.#missedMs;
  }

  wallMs(): number {
    return this.#time.wallMs() + this.#wallAheadMs;
  }

  setTimer(delayMs: number, callback: () => void): () => void {
    const dueMs = this.nowMs() + Math.max(0, delayMs);
    let cancel: () => void;
    let isPending = true;
    this.pending += 1;
    const settle = (): void => {
      if (isPending) this.pending -= 1;
      isPending = false;
    };
    const fire = (): void => {
      if (this.#isKilled) return;
      // Late timers run in their old order, one after the other, when the process goes on.
      if (this.#time.nowMs() < this.#resumesAtMs) cancel = this.#time.at(this.#resumesAtMs, fire);
      else if (this.nowMs() < dueMs - 0.01) cancel = this.#time.setTimer(dueMs - this.nowMs(), fire);
      else {
        settle();
        callback();
      }
    };
    cancel = this.#time.setTimer(delayMs, fire);
    return () => {
      settle();
      cancel();
    };
  }

  /** Runs nothing for this long; its clocks continue meanwhile (SIGSTOP, or a machine that is far too busy). */
  stop(forMs: number): void {
    this.#resumesAtMs = Math.max(this.#resumesAtMs, this.#time.nowMs() + forMs);
  }

  /**
   * Runs nothing for this long, and its monotonic clock stands still meanwhile (a laptop or a virtual machine asleep).
   */
  sleep(forMs: number): void {
    const nowMs = this.#time.nowMs();
    const wakesAtMs = nowMs + forMs;
    if (wakesAtMs <= this.#wokeAtMs) return;
    this.stop(forMs);
    this.#wokeAtMs = wakesAtMs;
    // A sleep that begins during another one makes that one longer.
    const sinceMs = this.#asleepSinceMs ?? nowMs;
    this.#asleepSinceMs = sinceMs;
    this.#time.setTimer(forMs, () => {
      if (this.#wokeAtMs !== wakesAtMs) return;
      this.#missedMs += wakesAtMs - sinceMs;
      this.#asleepSinceMs = undefined;
    });
  }

  /** Sets the wall clock. */
  jumpWall(byMs: number): void {
    this.#wallAheadMs += byMs;
  }

  /** Ends the process: no timer of it runs any more. */
  kill(): void {
    this.#isKilled = true;
  }
}
