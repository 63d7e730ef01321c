// Answers that many want are fetched once: a client that asks the same while it is fetched, or soon after, gets what
// the first one got.
import type { Clock } from "../../lib/clock.ts";
import type { ArchiveAnswer } from "../../web/api/archive.ts";

/** No chart moves faster, and hundreds of readers cost no more than one. */
const usualShareMs = 1_000;

/** So many answers, and this much of them, are kept. */
const mostKept = 64;
const mostBytes = 8 * 1_024 * 1_024;

interface Kept {
  readonly answer: Promise<ArchiveAnswer>;
  /** Missing while it is fetched. */
  done?: { readonly atMs: number; readonly bytes: number };
}

export class SharedAnswers {
  readonly #clock: Clock;
  readonly #shareMs: number;
  readonly #kept = new Map<string, Kept>();

  constructor(clock: Clock, shareMs = usualShareMs) {
    this.#clock = clock;
    this.#shareMs = shareMs;
  }

  get(key: string, fetch: () => Promise<ArchiveAnswer>): Promise<ArchiveAnswer> {
    const known = this.#kept.get(key);
    if (known !== undefined && (known.done === undefined || this.#clock.nowMs() - known.done.atMs < this.#shareMs)) {
      return known.answer;
    }
    const kept: Kept = { answer: fetch() };
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    void kept.answer.then((answer) => this.#settle(key, kept, answer));
    return kept.answer;
  }

  #settle(key: string, kept: Kept, answer: ArchiveAnswer): void {
    kept.done = { atMs: this.#clock.nowMs(), bytes: answer.kind === "document" ? answer.json.byteLength : 0 };
    // A refusal is worth asking again.
    if (answer.kind !== "document" && this.#kept.get(key) === kept) this.#kept.delete(key);
    let bytes = [...this.#kept.values()].reduce((sum, { done }) => sum + (done?.bytes ?? 0), 0);
    for (const [oldest, { done }] of this.#kept) {
      if (this.#kept.size <= mostKept && bytes <= mostBytes) break;
      if (done === undefined) continue;
      this.#kept.delete(oldest);
      bytes -= done.bytes;
    }
  }
}
