// The newest entries of the journal, in memory: what a client of the stream missed is told without asking the store.
import type { EarlierJournal, JournalEntry } from "../../core/history.ts";
import { mostEvents } from "./schema/events.ts";

export class RecentEntries {
  readonly #entries: JournalEntry[];
  readonly #earlierNewestId: number;

  /** `earlier`: what happened before now. */
  constructor(earlier: EarlierJournal) {
    this.#earlierNewestId = earlier.newestId();
    this.#entries = [...earlier.newest(mostEvents)];
  }

  /** The id of the newest entry; 0 without any. */
  get newestId(): number {
    return this.#entries.at(-1)?.id ?? this.#earlierNewestId;
  }

  add(entry: JournalEntry): void {
    this.#entries.push(entry);
    if (this.#entries.length > mostEvents) this.#entries.shift();
  }

  /** All entries after an id, oldest first; `undefined` when some of them are not here. */
  since(id: number): readonly JournalEntry[] | undefined {
    if (id === this.newestId) return [];
    const first = this.#entries.findIndex((entry) => entry.id > id);
    return this.#entries[first]?.id === id + 1 ? this.#entries.slice(first) : undefined;
  }
}
