// What survives a restart, and what happened, as everybody else sees it. A store that fails costs history, never the
// daemon.
import type { JournalEntry, JournalQuery, KindQuery, Rollup, RollupQuery } from "../core/history.ts";
import type { OutboxStore } from "../core/message.ts";
import type { Clock } from "../lib/clock.ts";
import type { MinuteOfChecks } from "./checks-table.ts";
import type { PlaceWatch } from "./place.ts";
import type { Saved } from "./saved.ts";

/** What is kept, and how much of it at most. */
export interface Store extends Disposable {
  /** The file; missing where none is available and everything is in memory. */
  readonly path: string | undefined;
  /** Where other threads of this process read what is kept. */
  readonly readingPlace: ReadingPlace;
  /**
   * A reader found what it read damaged. The file is looked at, and replaced if that is so. Returns why it cannot be
   * read, if that is known.
   */
  hearOfDamage(why: string): string | undefined;
  /** False from a failure until all that should have been written is. */
  readonly isKeepingUp: boolean;
  /** What an earlier life left behind, if anything. What of it is not valid is left out with a warning. */
  load(): Saved | undefined;
  /** Replaces what is saved. It is on the disk when the call returns. Throws a StoreError when that fails. */
  save(saved: Saved): void;
  /** Adds to history in one transaction, and replaces what is saved if given. Throws a StoreError when that fails. */
  record(batch: Batch): void;
  /**
   * Drops what is too old or too much, a little at a time: call it every hour or so. Throws a StoreError when that
   * fails.
   */
  tidy(): void;
  /** Entries of the journal before an id (or the newest), newest first, at most 1,000. */
  journal(query: JournalQuery): readonly JournalEntry[];
  /** Entries of one kind, newest first, at most 1,000; without an endpoint, those about the ingress as a whole. */
  journalOf(query: KindQuery): readonly JournalEntry[];
  /** Entries of the journal after an id, oldest first, at most 1,000. */
  journalSince(id: number): readonly JournalEntry[];
  oldestEntry(): JournalEntry | undefined;
  /** The id of the journal's newest entry; 0 without any. */
  newestEntryId(): number;
  /** Checks of an endpoint, for each of its addresses and each period that has any, in this order. */
  rollups(query: RollupQuery): readonly Rollup[];
  /** Starts of the periods, since 1970, in which a check of any address proved something: each once, in order. */
  coveredStarts(query: RollupQuery): readonly number[];
  /** Where messages wait until they are sent. */
  outboxStore(): OutboxStore;
}

/** See `HistoryReader`. */
export interface ReadingPlace {
  readonly location: string;
  /** Another number means another database, though its location may be the same. */
  readonly generation: number;
}

/** What happened since the last batch. */
export interface Batch {
  readonly saved?: Saved;
  readonly entries: readonly JournalEntry[];
  readonly checks: readonly MinuteOfChecks[];
}

/** How much history is kept. */
export interface Limits {
  readonly historyMs: number;
  readonly journalEntries: number;
  /** Rows of rolled-up checks, at about 50 bytes. */
  readonly checkRows: number;
}

export interface StoreOptions {
  /** The folder of the state; created where it is missing. */
  readonly folder: string;
  readonly clock: Clock;
  /** Hears, in a sentence or two for people, of trouble: once when it begins, once when it ends. */
  readonly onWarning: (message: string) => void;
  readonly limits?: Partial<Limits>;
  /** Looks after the folder while the store is open; without it, the files are taken to stay where they are. */
  readonly watch?: PlaceWatch;
}

/** `locked`: another process uses the folder, and `message` says so to people. */
export type Opening =
  | { readonly kind: "opened"; readonly store: Store }
  | { readonly kind: "locked"; readonly message: string };
