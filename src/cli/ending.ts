// How a person ends a command that would go on: Ctrl-C, a signal, or the key q.

/** Until it is disposed of, these end the command in order instead of the process. */
export class Ending implements Disposable {
  readonly #controller = new AbortController();
  readonly #end = (): void => this.#controller.abort();
  readonly #onKey = (key: Buffer): void => {
    // Without line mode Ctrl-C comes as a character.
    if (["q", "Q", "\u0003", "\u001B"].includes(key.toString())) this.#end();
  };

  /** `keys`: takes the keyboard, for a command that has the screen to itself. */
  constructor({ keys = false }: { keys?: boolean } = {}) {
    process.once("SIGINT", this.#end).once("SIGTERM", this.#end);
    if (keys && process.stdin.isTTY) process.stdin.setRawMode(true).on("data", this.#onKey).resume();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    process.off("SIGINT", this.#end).off("SIGTERM", this.#end);
    if (!process.stdin.isRaw) return;
    process.stdin.off("data", this.#onKey).setRawMode(false).pause();
  }
}
