// How long one piece of work may take.
import type { Clock } from "./clock.ts";

/** Aborts `signal` after a time, or as soon as a signal of others does. Ends, and lets go of both, with its scope. */
export class Deadline implements Disposable {
  readonly #controller = new AbortController();
  readonly #others: readonly AbortSignal[];
  readonly #cancelTimer: () => void;
  readonly #abort = (): void => this.#controller.abort();
  #isPast = false;

  constructor(clock: Clock, afterMs: number, ...others: readonly (AbortSignal | undefined)[]) {
    this.#others = others.filter((other) => other !== undefined);
    this.#cancelTimer = clock.setTimer(afterMs, () => {
      this.#isPast = true;
      this.#abort();
    });
    for (const other of this.#others) {
      // Not AbortSignal.any: a signal that lives as long as the daemon would keep what was made of it.
      other.addEventListener("abort", this.#abort, { once: true });
      if (other.aborted) this.#abort();
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether the time is over, whatever others did. */
  get isPast(): boolean {
    return this.#isPast;
  }

  [Symbol.dispose](): void {
    this.#cancelTimer();
    for (const other of this.#others) other.removeEventListener("abort", this.#abort);
  }
}
