// A terminal as a place to draw on: redrawn without flicker, and left as it was found however the process ends.
import type { WriteStream } from "node:tty";

const esc = "\u001B[";
/** Alternate screen on, cursor hidden, no wrapping. */
const enter = `${esc}?1049h${esc}?25l${esc}?7l${esc}2J`;
const leave = `${esc}?7h${esc}?25h${esc}?1049l`;

export class Screen implements Disposable {
  readonly #stream: WriteStream;
  readonly #onExit = (): void => this[Symbol.dispose]();
  #shown = "";
  #isOpen = true;

  constructor(stream: WriteStream) {
    this.#stream = stream;
    stream.write(enter);
    process.once("exit", this.#onExit);
    // Before the error is printed, or it would vanish with the screen.
    process.once("uncaughtExceptionMonitor", this.#onExit);
  }

  /** The last column stays free: some terminals erase what is in it together with the rest of the line. */
  get size(): { readonly columns: number; readonly rows: number } {
    return { columns: Math.max(1, this.#stream.columns - 1), rows: Math.max(1, this.#stream.rows) };
  }

  /** Shows these lines in the place of those before. Each must fit into the width, and all into the height. */
  draw(lines: readonly string[]): void {
    const frame = lines.map((line) => `${line}${esc}K`).join("\r\n");
    const { columns, rows } = this.size;
    const key = `${columns} ${rows} ${frame}`;
    // A slow terminal misses frames instead of falling behind.
    if (!this.#isOpen || key === this.#shown || this.#stream.writableNeedDrain) return;
    this.#shown = key;
    // Terminals that know synchronised output show the frame at once; others ignore that.
    this.#stream.write(`${esc}?2026h${esc}H${frame}${esc}J${esc}?2026l`);
  }

  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    process.off("exit", this.#onExit);
    process.off("uncaughtExceptionMonitor", this.#onExit);
    this.#stream.write(leave);
  }
}
