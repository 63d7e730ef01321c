// The journal as it was when a question was asked: what the store has, and what was not written yet.
import {
  isAskedFor,
  isOfKind,
  type EarlierJournal,
  type Journal,
  type JournalEntry,
  type JournalQuery,
  type KindQuery,
} from "../core/history.ts";
import type { Recorder } from "../store/recorder.ts";
import type { Store } from "../store/store.ts";
import type { Unwritten } from "../web/api/archive.ts";

export class LiveHistory implements Journal {
  /** What the store has of it. */
  readonly #written: Journal;
  readonly #unwritten: Unwritten;

  constructor(written: Journal, unwritten: Unwritten) {
    this.#written = written;
    this.#unwritten = unwritten;
  }

  entries(query: JournalQuery): readonly JournalEntry[] {
    const { beforeId = Infinity, limit } = query;
    const newest = this.#newest(({ id, fact }) => id < beforeId && isAskedFor(fact, query)).slice(0, limit);
    return this.#completed(newest, query, (rest) => this.#written.entries(rest));
  }

  entriesOf(query: KindQuery): readonly JournalEntry[] {
    const { beforeId = Infinity, limit } = query;
    const newest = this.#newest(({ id, fact }) => id < beforeId && isOfKind(fact, query)).slice(0, limit);
    return this.#completed(newest, query, (rest) => this.#written.entriesOf(rest));
  }

  oldest(): JournalEntry | undefined {
    return this.#written.oldest() ?? this.#unwritten.entries[0];
  }

  /** What was not written when the question was asked may be by now, and is not told twice. */
  #completed<Query extends { readonly beforeId?: number | undefined; readonly limit: number }>(
    newest: readonly JournalEntry[],
    query: Query,
    read: (rest: Query) => readonly JournalEntry[],
  ): readonly JournalEntry[] {
    const { beforeId = Infinity, limit } = query;
    if (newest.length >= limit) return newest;
    const before = Math.min(beforeId, this.#unwritten.fromId, Number.MAX_SAFE_INTEGER);
    return [...newest, ...read({ ...query, beforeId: before, limit: limit - newest.length })];
  }

  #newest(isWanted: (entry: JournalEntry) => boolean): readonly JournalEntry[] {
    return this.#unwritten.entries.filter(isWanted).toReversed();
  }
}

/** What the daemon itself reads when it starts. */
export function earlierJournal(store: Store, recorder: Pick<Recorder, "waiting" | "newestId">): EarlierJournal {
  const written: Journal = {
    entries: (query) => store.journal(query),
    entriesOf: (query) => store.journalOf(query),
    oldest: () => store.oldestEntry(),
  };
  return {
    entriesOf: (query) => new LiveHistory(written, { entries: recorder.waiting, fromId: Infinity }).entriesOf(query),
    newest: (limit) => store.journal({ limit }).toReversed(),
    newestId: () => recorder.newestId,
  };
}
