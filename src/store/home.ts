// Where the store lives: a file that was found fit, or memory where no file can be had. Never fails.
import { randomUUID } from "node:crypto";
import { closeSync, openSync } from "node:fs";
import { platform } from "node:os";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { messageOf, plain } from "../lib/text.ts";
import { ChecksTable } from "./checks-table.ts";
import { JournalTable } from "./journal-table.ts";
import type { JournalEntry } from "../core/history.ts";
import { OutboxTable, type OutboxRow } from "./outbox-table.ts";
import { fileIdOf, moveAside, prepareFile } from "./paths.ts";
import type { Saved } from "./saved.ts";
import { SavedTable } from "./saved-table.ts";
import { migrate, migrations, nonsenseVersion, ownerOf, versionOf } from "./schema.ts";
import { inTransaction } from "./transaction.ts";
import { StoreError, troubleOf, type StoreTrouble } from "./trouble.ts";

/** An open database of the present version. */
export interface Home {
  /** Missing for one in memory. */
  readonly path?: string;
  /** By this, other threads of this process open the same database; see reader.ts. */
  readonly location: string;
  /** Which file it is, wherever it stands by now; missing for one in memory. */
  readonly fileId?: string | undefined;
  readonly database: DatabaseSync;
  readonly tables: Tables;
  /** What its rows say of state and messages. */
  readonly left: Leftover;
  /** For people: what is not as it should be, and what that costs. */
  readonly warnings: readonly string[];
}

export interface Tables {
  readonly saved: SavedTable;
  readonly outbox: OutboxTable;
  readonly journal: JournalTable;
  readonly checks: ChecksTable;
}

/** What a home without a file leaves behind. */
export interface Leftover {
  readonly saved?: Saved | undefined;
  readonly messages: readonly OutboxRow[];
  /** Of the journal, newest first; those that a home has not yet are added to it. */
  readonly entries?: readonly JournalEntry[];
}

/**
 * Opens the file, or creates it. What is damaged or not ours is moved aside; where that is not possible, memory serves.
 */
export function openHome(path: string, wallMs: number): Home {
  try {
    const found = tryFile(path);
    switch (found.kind) {
      case "fit":
        return found.home;
      case "newer":
        return memoryHome(
          `${path} was written by a newer version of ccs. It is left as it is: update ccs, or set another state_dir.`,
        );
      case "broken":
        return beginAnew(path, wallMs, found);
      default:
        return found satisfies never;
    }
  } catch (error) {
    if (troubleOf(error) === undefined) throw error;
    return memoryHome(unusable(path, error));
  }
}

/**
 * Takes the place of a home whose file turned out damaged. What the store knows of its state and messages is passed on.
 */
export function replaceHome(home: Home, why: string, left: Leftover, wallMs: number): Home {
  if (home.path === undefined) return abandonHome(home, why, left);
  home.database.close();
  return beginAnew(home.path, wallMs, { why, left });
}

/** Takes the place of a home that cannot be trusted any more, in memory. */
export function abandonHome({ database, path }: Home, why: string, left: Leftover): Home {
  database.close();
  return withLeftover(memoryHome(`${path ?? "The state in memory"} keeps being damaged (${why}).`), left);
}

/**
 * A home at a path, for the state and the messages of one that was lost while we ran; `undefined` where none is
 * available.
 */
export function rebuildHome(path: string, left: Leftover, wallMs: number): Home | undefined {
  const home = openHome(path, wallMs);
  if (home.path === undefined) {
    home.database.close();
    return undefined;
  }
  try {
    return withLeftover(home, left);
  } catch (error) {
    if (troubleOf(error) === undefined) throw error;
    return undefined;
  }
}

/** A home that is forgotten with the process. */
export function memoryHome(...reasons: readonly string[]): Home {
  // Shared by the threads of this process, of which each names it anew.
  const location = `file:ccs-${randomUUID()}?mode=memory&cache=shared`;
  const database = new DatabaseSync(location);
  migrate(database);
  const cost =
    "What happens in this run is kept in memory only: history, overrides and unsent messages are lost when it ends.";
  return {
    location,
    database,
    tables: tablesOf(database),
    left: nothing,
    warnings: reasons.map((reason) => `${reason} ${cost}`),
  };
}

/** What SQLite finds wrong with the file, reading all of it; "ok" when nothing is. */
export function quickCheck(database: DatabaseSync): string {
  try {
    return plain(String(database.prepare("PRAGMA quick_check(1)").get()?.["quick_check"]));
  } catch (error) {
    const trouble = troubleOf(error);
    if (trouble === "torn" || trouble === "odd") return messageOf(error);
    throw error;
  }
}

export function unusable(path: string, error: unknown): string {
  return `Cannot keep state in ${path} (${messageOf(error)}). Make it writable for this user, or set another state_dir.`;
}

interface Broken {
  readonly why: string;
  readonly left: Leftover;
}

type Found =
  | { readonly kind: "fit"; readonly home: Home }
  | { readonly kind: "newer" }
  | ({ readonly kind: "broken" } & Broken);

/** Throws where the file system refuses. */
function tryFile(path: string): Found {
  const prepared = prepare(path);
  if (prepared.kind === "broken") return prepared;
  const { isNew } = prepared;
  const location = locationOf(path);
  const database = new DatabaseSync(location);
  let isKept = false;
  try {
    const found = examine(database, { path, location, isNew });
    isKept = found.kind === "fit";
    return found;
  } catch (error) {
    const trouble = troubleOf(error);
    if (!isBroken(trouble)) throw error;
    // Either the system forbids to write it, which is told, or its own header does, as none of our headers would.
    if (trouble === "read-only") closeSync(openSync(path, "r+"));
    // What failed may be a table of history alone.
    return { kind: "broken", why: messageOf(error), left: rescueFrom(database) };
  } finally {
    if (!isKept) database.close();
  }
}

/** What is no file at all is as broken as one that is not valid. */
function prepare(path: string): { readonly kind: "file"; readonly isNew: boolean } | (Found & { kind: "broken" }) {
  try {
    return { kind: "file", isNew: prepareFile(path) };
  } catch (error) {
    if (troubleOf(error) !== "foreign") throw error;
    return { kind: "broken", why: messageOf(error), left: nothing };
  }
}

function isBroken(trouble: StoreTrouble | undefined): boolean {
  return trouble === "torn" || trouble === "foreign" || trouble === "odd" || trouble === "read-only";
}

/**
 * The file as SQLite's `unix-excl` (https://www.sqlite.org/vfs.html) opens it: this process has it to itself, so that
 * no other can hold us up, while threads of it may read it. WAL then needs no shared memory, which network drives lack.
 */
function locationOf(path: string): string {
  return `${pathToFileURL(path).href}${platform() === "win32" ? "" : "?vfs=unix-excl"}`;
}

interface HomePlace {
  readonly path: string;
  readonly location: string;
  readonly isNew: boolean;
}

function examine(database: DatabaseSync, { path, location, isNew }: HomePlace): Found {
  database.exec("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON");
  const owner = ownerOf(database);
  if (owner === "others") return { kind: "broken", why: "a database of another program", left: nothing };
  if (owner === "us" && versionOf(database) > migrations.length) return { kind: "newer" };
  const isNonsense = owner === "us" && versionOf(database) < 1;
  const check = isNonsense ? nonsenseVersion : quickCheck(database);
  if (check !== "ok") return { kind: "broken", why: check, left: rescueFrom(database) };
  // Takes effect only before the first table.
  if (owner === "nobody") database.exec("PRAGMA auto_vacuum = INCREMENTAL");
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = ${mostWalBytes}`);
  migrate(database);
  const tables = tablesOf(database);
  // A file that cannot be written shows it at the first change, even of nothing.
  tables.outbox.remove("", "");
  const { saved, dropped } = tables.saved.load();
  const left = { saved, messages: tables.outbox.list() };
  const warnings = [
    ...(owner === "nobody" && !isNew ? [`${path} was empty: there is no earlier history.`] : []),
    ...(dropped.length > 0 ? [`${path} is partly unreadable. Left out: ${dropped.join(", ")}.`] : []),
  ];
  return { kind: "fit", home: { path, location, fileId: fileIdOf(path), database, tables, left, warnings } };
}

const nothing: Leftover = { messages: [] };

/** After a burst of writes the log beside the file shrinks to this again. */
const mostWalBytes = 4 * 1_024 * 1_024;

/** A new file in the place of a broken one; memory where there can be none. */
function beginAnew(path: string, wallMs: number, { why, left }: Broken): Home {
  try {
    const aside = moveAside(path, wallMs);
    const found = tryFile(path);
    if (found.kind !== "fit") throw new StoreError("io", "a new file has the same problem");
    const warning = `${path} is not a valid state file (${why}). It was moved to ${aside}, and a new one was started.`;
    return { ...withLeftover(found.home, left), warnings: [`${warning} Its history is lost${keptOf(left)}.`] };
  } catch (error) {
    if (troubleOf(error) === undefined) throw error;
    return withLeftover(memoryHome(unusable(path, error)), left);
  }
}

function keptOf({ saved, messages }: Leftover): string {
  if (saved !== undefined) return "; what it knew of selections, overrides and unsent messages is kept";
  return messages.length > 0 ? "; its unsent messages are kept" : "";
}

/** The same home, which says what is left of another. */
export function withLeftover(home: Home, left: Leftover): Home {
  const { database, tables } = home;
  try {
    inTransaction(database, "FULL", () => {
      if (left.saved !== undefined) tables.saved.replace(left.saved, undefined);
      tables.outbox.replace(left.messages);
      const newestId = tables.journal.newestId();
      for (const entry of left.entries ?? []) if (entry.id > newestId) tables.journal.add(entry);
    });
    return { ...home, left };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Reads what can be read. What it says is checked as everything that is read later. */
function rescueFrom(database: DatabaseSync): Leftover {
  return {
    saved: attempt(() => new SavedTable(database).load().saved),
    messages: attempt(() => new OutboxTable(database).list()) ?? [],
  };
}

function attempt<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch (error) {
    if (troubleOf(error) === undefined) throw error;
    return undefined;
  }
}

function tablesOf(database: DatabaseSync): Tables {
  return {
    saved: new SavedTable(database),
    outbox: new OutboxTable(database),
    journal: new JournalTable(database),
    checks: new ChecksTable(database),
  };
}
