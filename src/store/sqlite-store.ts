// The store in one SQLite file. A file that fails costs history, never the daemon: what could not be written is told
// once, kept in memory and tried again.
import { messageOf } from "../lib/text.ts";
import type { JournalEntry, JournalQuery, KindQuery, Rollup, RollupQuery } from "../core/history.ts";
import {
  abandonHome,
  memoryHome,
  quickCheck,
  replaceHome,
  withLeftover,
  type Home,
  type Leftover,
  type Tables,
} from "./home.ts";
import { mostEntries, renameOf } from "./journal-table.ts";
import { fileIdOf } from "./paths.ts";
import { Folder } from "./place.ts";
import { DurableOutbox } from "./durable-outbox.ts";
import type { OutboxStore } from "../core/message.ts";
import type { Saved } from "./saved.ts";
import type { Batch, Limits, ReadingPlace, Store, StoreOptions } from "./store.ts";
import { inTransaction, type Durability } from "./transaction.ts";
import { StoreError, troubleOf, type StoreTrouble } from "./trouble.ts";

/** 90 days; some 100 MB at the very most. */
const usualLimits: Limits = { historyMs: 90 * 24 * 60 * 60_000, journalEntries: 100_000, checkRows: 1_000_000 };
/** In memory much less has to do. */
const memoryLimits: Limits = { ...usualLimits, journalEntries: 5_000, checkRows: 50_000 };

/** A file that turns out damaged more often than this is not replaced once more. */
const mostReplacements = 3;

export class SqliteStore implements Store {
  readonly #options: Omit<StoreOptions, "folder">;
  readonly #lock: Disposable | undefined;
  /** Looks after the folder, and holds its lock. */
  readonly #place: Folder | undefined;
  readonly #outbox: DurableOutbox;
  #home: Home;
  /** What the rows say. */
  #saved: Saved | undefined;
  #replacements = 0;
  /** Changes with every home. */
  #generation = 0;
  /** The trouble that people have been told of, until it is over. */
  #trouble: StoreTrouble | undefined;

  constructor(home: Home, options: Omit<StoreOptions, "folder"> & { readonly folder?: string }, lock?: Disposable) {
    this.#home = home;
    this.#options = options;
    this.#lock = lock;
    for (const warning of home.warnings) options.onWarning(warning);
    this.#saved = home.left.saved;
    this.#outbox = new DurableOutbox({
      rows: home.left.messages,
      change: (action) => this.#change("FULL", ({ outbox }) => action(outbox)),
      onWarning: options.onWarning,
    });
    const { folder, watch, clock, onWarning } = options;
    if (folder === undefined || watch === undefined) return;
    const isThere = home.path !== undefined;
    this.#place = new Folder({ folder, clock, onWarning, watch, lock, isThere, move: (open) => this.#moveTo(open) });
  }

  get path(): string | undefined {
    return this.#home.path;
  }

  get isKeepingUp(): boolean {
    return this.#trouble === undefined;
  }

  get readingPlace(): ReadingPlace {
    return { location: this.#home.location, generation: this.#generation };
  }

  hearOfDamage(why: string): string | undefined {
    const before = this.#generation;
    this.#place?.look();
    if (this.#generation !== before) return undefined;
    const { path, database, fileId } = this.#home;
    if (path !== undefined && fileIdOf(path) !== fileId) return `${path} was removed or replaced: restart ccs`;
    try {
      // What is in memory may be sound still.
      database.exec("PRAGMA shrink_memory");
      if (quickCheck(database) === "ok") return why;
    } catch (error) {
      if (!this.#isDamage(error)) return this.#toldError(error).message;
    }
    this.#replaceHome(why);
    return undefined;
  }

  /** Where it lives now: another one after damage. */
  get home(): Home {
    return this.#home;
  }

  load(): Saved | undefined {
    return this.#saved;
  }

  save(saved: Saved): void {
    this.#change("FULL", (tables) => tables.saved.replace(saved, this.#saved));
    this.#saved = saved;
  }

  record({ saved, entries, checks }: Batch): void {
    this.#change("NORMAL", (tables) => {
      if (saved !== undefined) tables.saved.replace(saved, this.#saved);
      for (const entry of entries) tables.journal.add(entry);
      tables.checks.rename(entries.flatMap(({ fact }) => renameOf(fact)));
      tables.checks.add(checks);
    });
    if (saved !== undefined) this.#saved = saved;
    // Only now is all on the disk that should be: a change that found room in between is no sign of an end.
    if (this.#outbox.catchUp()) this.#endTrouble();
  }

  tidy(): void {
    const { historyMs, journalEntries, checkRows } = this.#limits();
    const sinceWallMs = this.#options.clock.wallMs() - historyMs;
    this.#change("NORMAL", ({ journal, checks }) => {
      journal.trim(journalEntries, sinceWallMs);
      checks.trim(checkRows, sinceWallMs);
    });
    // Gives at most 4 MB back to the file system.
    this.#look(undefined, () => this.#home.database.exec("PRAGMA incremental_vacuum(1000)"));
  }

  journal(query: JournalQuery): readonly JournalEntry[] {
    return this.#look([], ({ journal }) => journal.query({ ...query, limit: limitOf(query.limit) }));
  }

  journalOf(query: KindQuery): readonly JournalEntry[] {
    return this.#look([], ({ journal }) => journal.ofKind({ ...query, limit: limitOf(query.limit) }));
  }

  oldestEntry(): JournalEntry | undefined {
    return this.#look(undefined, ({ journal }) => journal.oldest());
  }

  journalSince(id: number): readonly JournalEntry[] {
    return this.#look([], ({ journal }) => journal.since(id, mostEntries));
  }

  newestEntryId(): number {
    return this.#look(0, ({ journal }) => journal.newestId());
  }

  rollups(query: RollupQuery): readonly Rollup[] {
    return this.#look([], ({ checks }) => checks.query(query));
  }

  coveredStarts(query: RollupQuery): readonly number[] {
    return this.#look([], ({ checks }) => checks.coveredStarts(query));
  }

  outboxStore(): OutboxStore {
    return this.#outbox;
  }

  [Symbol.dispose](): void {
    this.#home.database[Symbol.dispose]();
    this.#place?.[Symbol.dispose]();
    this.#lock?.[Symbol.dispose]();
  }

  /** The folder is another one, or none is available for now: what is known goes with us. */
  #moveTo(open: (left: Leftover) => Home | undefined): "file" | "memory" {
    const left = { saved: this.#saved, messages: this.#outbox.rows, entries: this.#newestEntries() };
    if (this.path !== undefined) {
      // It may be the very file that is opened next.
      this.#home.database.close();
      this.#live(withLeftover(memoryHome(), left));
    }
    const home = open(left);
    if (home === undefined) return "memory";
    this.#home.database.close();
    this.#live(home);
    return "file";
  }

  /** As far as they can be read, from a file that has no name any more, say. */
  #newestEntries(): readonly JournalEntry[] {
    try {
      return this.#home.tables.journal.query({ limit: mostEntries });
    } catch {
      // History is worth less than all else that is moved.
      return [];
    }
  }

  #live(home: Home): void {
    this.#home = home;
    this.#generation += 1;
    for (const warning of home.warnings) this.#options.onWarning(warning);
  }

  /**
   * Changes the tables, all at once or not at all. Throws a StoreError when that fails, and sees to it that it is told.
   */
  #change<Result>(durability: Durability, action: (tables: Tables) => Result): Result {
    this.#place?.look();
    try {
      return this.#withSoundFile(({ database, tables }) => inTransaction(database, durability, () => action(tables)));
    } catch (error) {
      this.#home.tables.checks.recount();
      // The file is sound, so it must be the statement.
      throw troubleOf(error) === "odd" ? error : this.#toldError(error);
    }
  }

  /** Reads the tables. Where that fails, `fallback` has to do. */
  #look<Result>(fallback: Result, action: (tables: Tables) => Result): Result {
    try {
      return this.#withSoundFile(({ tables }) => action(tables));
    } catch (error) {
      this.#toldError(error);
      return fallback;
    }
  }

  /** A file that turns out damaged is replaced, and the action is tried once more. */
  #withSoundFile<Result>(action: (home: Home) => Result): Result {
    try {
      return action(this.#home);
    } catch (error) {
      if (!this.#isDamage(error)) throw error;
      this.#replaceHome(messageOf(error));
      return action(this.#home);
    }
  }

  #isDamage(error: unknown): boolean {
    switch (troubleOf(error)) {
      case "torn":
      case "foreign":
        return true;
      case "odd":
        return quickCheck(this.#home.database) !== "ok";
      default:
        return false;
    }
  }

  #replaceHome(why: string): void {
    this.#replacements += 1;
    const { clock } = this.#options;
    const left = { saved: this.#saved, messages: this.#outbox.rows };
    const home =
      this.#replacements > mostReplacements
        ? abandonHome(this.#home, why, left)
        : replaceHome(this.#home, why, left, clock.wallMs());
    this.#place?.remember();
    this.#live(home);
  }

  #limits(): Limits {
    return { ...(this.#home.path === undefined ? memoryLimits : usualLimits), ...this.#options.limits };
  }

  #where(): string {
    return this.#home.path ?? "The state in memory";
  }

  /** Tells people of trouble that is new, and gives it as a StoreError. An internal error is thrown as it is. */
  #toldError(error: unknown): StoreError {
    const trouble = troubleOf(error);
    if (trouble === undefined) throw error;
    const message = `${this.#where()} cannot be used now (${messageOf(error)})`;
    if (this.#trouble !== trouble) {
      const now = trouble === "full" ? "Make room on the disk" : "Check the drive";
      this.#options.onWarning(`${message}. State is kept in memory meanwhile, and saving is tried again. ${now}.`);
    }
    this.#trouble = trouble;
    return new StoreError(trouble, message, { cause: error });
  }

  #endTrouble(): void {
    if (this.#trouble === undefined) return;
    this.#trouble = undefined;
    this.#options.onWarning(`${this.#where()} can be written again.`);
  }
}

/** SQLite takes a negative limit for none. */
function limitOf(limit: number): number {
  return limit > 0 ? Math.min(Math.ceil(limit), mostEntries) : 0;
}
