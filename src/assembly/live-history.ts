// The journal as it is at this moment: what the store has, and what the recorder has not written yet.
import {
  isAskedFor,
  isOfKind,
  mostEntries,
  type JournalEntry,
  type JournalQuery,
  type KindQuery,
} from "../store/journal-table.ts";
import type { Recorder } from "../store/recorder.ts";
import type { Store } from "../store/store.ts";
import type { Journal, Rollup, RollupQuery, Rollups } from "../web/api/journal.ts";

export class LiveHistory implements Journal, Rollups {
  readonly #store: Store;
  readonly #recorder: Recorder;

  constructor(store: Store, recorder: Recorder) {
    this.#store = store;
    this.#recorder = recorder;
  }

  entries(query: JournalQuery): readonly JournalEntry[] {
    const { beforeId = Infinity, limit } = query;
    const waiting = this.#waiting(({ id, fact }) => id < beforeId && isAskedFor(fact, query)).slice(0, limit);
    return [...waiting, ...this.#store.journal({ ...query, limit: limit - waiting.length })];
  }

  entriesOf(query: KindQuery): readonly JournalEntry[] {
    const waiting = this.#waiting(({ fact }) => isOfKind(fact, query)).slice(0, query.limit);
    return [...waiting, ...this.#store.journalOf({ ...query, limit: query.limit - waiting.length })];
  }

  entriesSince(id: number): readonly JournalEntry[] {
    const waiting = this.#recorder.waiting.filter((entry) => entry.id > id);
    return [...this.#store.journalSince(id), ...waiting].slice(0, mostEntries);
  }

  oldest(): JournalEntry | undefined {
    return this.#store.oldestEntry() ?? this.#recorder.waiting[0];
  }

  newestId(): number {
    return this.#recorder.newestId;
  }

  rollups(query: RollupQuery): readonly Rollup[] {
    return this.#store.rollups(query);
  }

  coveredStarts(query: RollupQuery): readonly number[] {
    return this.#store.coveredStarts(query);
  }

  /** What is not written yet, newest first. */
  #waiting(isWanted: (entry: JournalEntry) => boolean): readonly JournalEntry[] {
    return this.#recorder.waiting.filter(isWanted).toReversed();
  }
}
