// A bounded number of things at once; later ones wait in line.

/** Runs tasks, at most `count` at a time, first come, first served. */
export class Slots {
  #free: number;
  /** A set keeps the order of arrival, and those who give up can leave it at once. */
  readonly #line = new Set<() => void>();

  constructor(count: number) {
    this.#free = count;
  }

  /** What `task` returns, or `undefined` when the signal fired before its turn came. */
  async run<Outcome>(signal: AbortSignal, task: () => Promise<Outcome>): Promise<Outcome | undefined> {
    if (!(await this.#enter(signal))) return undefined;
    try {
      return await task();
    } finally {
      this.#leave();
    }
  }

  #enter(signal: AbortSignal): Promise<boolean> | boolean {
    if (signal.aborted) return false;
    if (this.#free > 0) {
      this.#free -= 1;
      return true;
    }
    return new Promise((resolve) => {
      const finish = (isMyTurn: boolean): void => {
        this.#line.delete(take);
        signal.removeEventListener("abort", giveUp);
        resolve(isMyTurn);
      };
      const take = (): void => finish(true);
      const giveUp = (): void => finish(false);
      this.#line.add(take);
      signal.addEventListener("abort", giveUp, { once: true });
    });
  }

  /** The slot goes straight to the next in line, so that no other can slip in between. */
  #leave(): void {
    const [next] = this.#line;
    if (next === undefined) this.#free += 1;
    else next();
  }
}
