// The files of the store: made so that nobody else can read them, and moved aside when they are of no use.
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { StoreError } from "./trouble.ts";

/** More files that were moved aside than this are not kept: the oldest go. */
const mostBroken = 3;

/** What SQLite keeps beside a database. They go first: left beside a new one, they would be taken for its own. */
const companions = ["-wal", "-shm", "-journal"];

/**
 * Makes sure of the folder, and of a file that only its owner can read. Returns whether the file is new. Throws a
 * StoreError for what is no file: a link leads elsewhere, and a pipe is waited for.
 */
export function prepareFile(path: string): boolean {
  makeFolder(dirname(path));
  const isNew = createFile(path);
  const kind = kindOf(path);
  if (kind !== "file") throw new StoreError("foreign", `it is ${kind}`);
  for (const companion of companions) moveOddAside(path + companion);
  keepToOwner(path);
  // Said here it is plainer than in the words of SQLite.
  accessSync(path, constants.R_OK | constants.W_OK);
  return isNew;
}

/** What is at a path, links not followed. */
export function kindOf(path: string): "file" | "nothing" | "a link" | "a folder" | "no file" {
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (status === undefined) return "nothing";
  if (status.isFile()) return "file";
  if (status.isSymbolicLink()) return "a link";
  return status.isDirectory() ? "a folder" : "no file";
}

/** SQLite would follow a link that lies in the place of one of its own files, or wait for a pipe. */
function moveOddAside(companion: string): void {
  const kind = kindOf(companion);
  if (kind !== "file" && kind !== "nothing") renameSync(companion, `${companion}.broken`);
}

/**
 * Makes the folder and those above it. Not by `recursive: true`: where a file system takes no folders, such as /proc,
 * Node tries for ever.
 */
function makeFolder(folder: string): void {
  if (existsSync(folder) && statSync(folder).isDirectory()) return;
  const above = dirname(folder);
  if (above !== folder) makeFolder(above);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    // Somebody else may have been faster.
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) throw error;
  }
}

/** What tells a file from another one that is put in its place; `undefined` where there is none. */
export function fileIdOf(path: string): string | undefined {
  const status = statSync(path, { throwIfNoEntry: false, bigint: true });
  return status === undefined ? undefined : `${status.dev}:${status.ino}`;
}

/** Moves a database and its companions aside, beside where they were. Returns its new path. */
export function moveAside(path: string, wallMs: number): string {
  const time = new Date(wallMs).toISOString().replaceAll(/[:.]/g, "-");
  let target = `${path}.broken-${time}`;
  for (let count = 2; existsSync(target); count += 1) target = `${path}.broken-${time}-${count}`;
  for (const companion of companions) {
    if (kindOf(path + companion) !== "nothing") renameSync(path + companion, target + companion);
  }
  renameSync(path, target);
  forgetOldest(path, target);
  return target;
}

/** An existing file is never opened here: closing it would end every lock that this process holds on it. */
function createFile(path: string): boolean {
  try {
    closeSync(openSync(path, "wx", 0o600));
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

function keepToOwner(path: string): void {
  const status = lstatSync(path);
  // With another name beside it, it may be a file of others.
  if (status.nlink > 1 || (status.mode & 0o077) === 0) return;
  try {
    chmodSync(path, status.mode & 0o700);
  } catch {
    // Some drives know no owners: nothing can be kept from anybody there, and nothing secret is in the file.
  }
}

/** By their names, which hold the time. What was just moved stays, whatever the clock says. */
function forgetOldest(path: string, target: string): void {
  const folder = dirname(path);
  const databases = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.startsWith(`${basename(path)}.broken-`))
    .map(({ name }) => name)
    .filter((name) => name !== basename(target) && !companions.some((companion) => name.endsWith(companion)));
  for (const name of databases.toSorted().slice(0, 1 - mostBroken)) {
    for (const companion of ["", ...companions]) rmSync(join(folder, name + companion), { force: true });
  }
}
