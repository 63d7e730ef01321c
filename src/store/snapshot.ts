// History read beside a running daemon. The daemon keeps its file to itself (see home.ts), so what is read is a copy,
// made without a lock and without a trace in the state folder.
import { closeSync, copyFileSync, mkdtempSync, openSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { messageOf } from "../lib/text.ts";
import { ChecksTable } from "./checks-table.ts";
import type { JournalEntry, Rollup, RollupQuery } from "../core/history.ts";
import { JournalTable } from "./journal-table.ts";
import { migrate, migrations, ownerOf, versionOf } from "./schema.ts";
import { kindOf } from "./paths.ts";
import { StoreError, troubleOf } from "./trouble.ts";

/** What happened, as it stood at the moment of the copy. Disposing of it removes the copy. */
export interface Snapshot extends Disposable {
  readonly kind: "opened";
  /** As in `Store`. */
  rollups(query: RollupQuery): readonly Rollup[];
  /** All entries of the journal that can be read, oldest first. */
  journal(): readonly JournalEntry[];
}

/** `missing`: nothing was kept there yet. `unusable`: something else is in the way. `message` is for people. */
export type SnapshotResult = Snapshot | { readonly kind: "missing" | "unusable"; readonly message: string };

/** The log may begin again while we copy; that it does so again and again is unlikely. */
const mostTries = 5;

/** A log has this much before its first entry, and none of it stays the same when the log begins again. */
const walHeaderBytes = 32;

/** Copies the history of a state folder. Never waits, and never keeps the daemon waiting. */
export function openSnapshot(folder: string): SnapshotResult {
  const path = join(folder, "ccs.db");
  const place = makePlace();
  if (typeof place !== "string") return place;
  const cleaner = (): void => rmSync(place, { recursive: true, force: true });
  try {
    const kind = kindOf(path);
    // A pipe would be waited for, and a link may lead anywhere.
    if (kind !== "file" && kind !== "nothing") throw new StoreError("foreign", `it is ${kind}`);
    const copy = join(place, "ccs.db");
    copyWhole(path, copy);
    const database = new DatabaseSync(copy);
    try {
      return readerOf(database, path, cleaner);
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (error) {
    cleaner();
    if (isMissing(error)) {
      return { kind: "missing", message: `there is no history in ${folder}: \`ccs run\` keeps it there while it runs` };
    }
    if (troubleOf(error) === undefined) throw error;
    return { kind: "unusable", message: `the history in ${path} cannot be read (${messageOf(error)})` };
  }
}

/** A folder for the copy, or why there is none. */
function makePlace(): string | Exclude<SnapshotResult, Snapshot> {
  try {
    return mkdtempSync(join(tmpdir(), "ccs-history-"));
  } catch (error) {
    if (troubleOf(error) === undefined) throw error;
    const message = `the history cannot be copied to ${tmpdir()} (${messageOf(error)}): set TMPDIR to a folder that can be written`;
    return { kind: "unusable", message };
  }
}

function readerOf(database: DatabaseSync, path: string, cleaner: () => void): Snapshot {
  if (ownerOf(database) !== "us") throw new StoreError("foreign", `${path} was not written by ccs`);
  if (versionOf(database) > migrations.length)
    throw new StoreError("foreign", "it was written by a newer version of ccs: update ccs");
  migrate(database);
  const checks = new ChecksTable(database);
  const journal = new JournalTable(database);
  return {
    kind: "opened",
    rollups: (query) => checks.query(query),
    journal: () => journal.all(),
    [Symbol.dispose]: () => {
      database.close();
      cleaner();
    },
  };
}

/**
 * The database and its log, as they were at one moment. The database goes first: what a checkpoint writes to it
 * meanwhile stands in the log too, as long as that does not begin again. What the daemon appends meanwhile ends in an
 * entry that is not whole, which SQLite passes over.
 */
function copyWhole(path: string, copy: string): void {
  for (let tries = 1; tries <= mostTries; tries += 1) {
    const before = walHeader(path);
    copyFileSync(path, copy);
    rmSync(`${copy}-wal`, { force: true });
    if (before !== undefined && !copyIfThere(`${path}-wal`, `${copy}-wal`)) continue;
    if (walHeader(path) === before) return;
  }
  throw new StoreError("busy", "it changes too fast to be copied");
}

function copyIfThere(from: string, to: string): boolean {
  try {
    copyFileSync(from, to);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** The head of the log as text; `undefined` without a log. */
function walHeader(path: string): string | undefined {
  try {
    const file = openSync(`${path}-wal`, "r");
    try {
      const bytes = Buffer.alloc(walHeaderBytes);
      return bytes.subarray(0, readSync(file, bytes, 0, walHeaderBytes, 0)).toString("hex");
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
