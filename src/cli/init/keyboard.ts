// Reads the keyboard while ccs init tests something: Ctrl-C cancels, other keys are ignored.

/** Instead of a result. */
export const cancelled = Symbol("cancelled");

/**
 * Waits for `work`, or for Ctrl-C or Escape, whichever comes first; `show` shows meanwhile that something is waited
 * for. Nothing that is typed is shown.
 */
export async function doneOrCancelled<Result>(
  work: Promise<Result>,
  show: (either: Promise<Result | typeof cancelled>) => Promise<Result | typeof cancelled>,
): Promise<Result | typeof cancelled> {
  // Before anything is shown: what is typed at the first sight of it counts already.
  using keyboard = new Keyboard();
  return await show(Promise.race([work, keyboard.cancelled]));
}

class Keyboard implements Disposable {
  readonly #isCancelled = Promise.withResolvers<typeof cancelled>();
  readonly #onKey = (key: Buffer): void => {
    // Without line mode Ctrl-C comes as a character.
    if (["\u0003", "\u001B"].includes(key.toString())) this.#isCancelled.resolve(cancelled);
  };

  constructor() {
    process.stdin.setRawMode(true).on("data", this.#onKey).resume();
  }

  get cancelled(): Promise<typeof cancelled> {
    return this.#isCancelled.promise;
  }

  [Symbol.dispose](): void {
    process.stdin.off("data", this.#onKey).setRawMode(false).pause();
  }
}
