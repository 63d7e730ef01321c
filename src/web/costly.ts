// What is the same for all who ask, and takes a while to make: it is made anew when asked for, but so rarely that the
// making takes no more than a part of the time, however many ask.
import type { Clock } from "../lib/clock.ts";

/** What takes no longer than this is made for everybody who asks. */
const cheapMs = 5;
/** After the making so many times as long has to pass. */
const restFactor = 4;

interface Newest<Made> {
  readonly made: Promise<Made>;
  /** Missing while it is made. */
  done?: { readonly atMs: number; readonly tookMs: number };
}

export class Costly<Made> {
  readonly #clock: Clock;
  readonly #make: () => Made | Promise<Made>;
  #newest: Newest<Made> | undefined;

  constructor(clock: Clock, make: () => Made | Promise<Made>) {
    this.#clock = clock;
    this.#make = make;
  }

  /** Rejects with what the making throws. */
  get(): Promise<Made> {
    const startedMs = this.#clock.nowMs();
    if (this.#newest !== undefined && this.#isFresh(this.#newest.done, startedMs)) return this.#newest.made;
    const newest: Newest<Made> = { made: (async () => this.#make())() };
    this.#newest = newest;
    const forget = (): void => {
      if (this.#newest === newest) this.#newest = undefined;
    };
    newest.made.then(() => {
      const atMs = this.#clock.nowMs();
      newest.done = { atMs, tookMs: atMs - startedMs };
    }, forget);
    return newest.made;
  }

  /** What was made until now is out of date. */
  forget(): void {
    this.#newest = undefined;
  }

  #isFresh(done: Newest<Made>["done"], nowMs: number): boolean {
    if (done === undefined) return true;
    return done.tookMs > cheapMs && nowMs < done.atMs + restFactor * done.tookMs;
  }
}
