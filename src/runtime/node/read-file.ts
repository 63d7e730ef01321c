// Reads the configuration file and the files of secrets from the disk: regular files, and what the program was given
// open (/dev/stdin, a process substitution). Nothing that is read can hold the program up.
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  statSync,
  type Stats,
} from "node:fs";
import { codeOf, DanglingLink, largestConfigBytes, NoRegularFile, type ReadFile } from "../../config/format/files.ts";

/** What the program was given open, under the names that shells use for it. */
const givenOpen = /^\/(?:dev\/stdin|dev\/fd\/\d+|proc\/self\/fd\/\d+)$/;

/** How long the writer of a pipe may take at the start. */
const longestPipeMs = 10_000;
const pipePauseMs = 10;

/** A pipe says what it says only once: it is remembered for every later load. */
const fromPipes = new Map<string, Uint8Array>();

/**
 * Reads from the file system. Waits for nothing but a pipe that the program was given, and for that only once, so that
 * a daemon can load its configuration again.
 */
export const readFromDisk: ReadFile = (path) => {
  const known = fromPipes.get(path);
  if (known !== undefined) return known;
  const isGiven = givenOpen.test(path);
  // Before it is opened: some devices do things when they are.
  if (!isGiven) assertRegular(statusOf(path));
  // Never waits for somebody at the other end of a named pipe that took the place of the file.
  const file = openFile(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const status = fstatSync(file);
    if (isGiven && status.isFIFO()) {
      const bytes = readAll(file, status.size, longestPipeMs / pipePauseMs);
      fromPipes.set(path, bytes);
      return bytes;
    }
    assertRegular(status);
    return readAll(file, status.size, 0);
  } finally {
    closeSync(file);
  }
};

/** For all that loads a configuration from this machine. */
export const onDisk = {
  readFile: readFromDisk,
  listFolder: (path: string): readonly string[] => readdirSync(path),
};

/** What changes whenever a file is written, or another one takes its place. */
export interface FileStamp {
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly changedMs: number;
}

/** `undefined` for what is no regular file, or cannot be looked at. */
export function stampOnDisk(path: string): FileStamp | undefined {
  try {
    const status = statSync(path, { bigint: true });
    const { dev, ino, size, mtimeNs, ctimeNs } = status;
    if (!status.isFile()) return undefined;
    return { text: [dev, ino, size, mtimeNs, ctimeNs].join(), changedMs: Number(status.ctimeMs) };
  } catch {
    return undefined;
  }
}

/** What is made room for where the size is not known beforehand. */
const firstBytes = 4_096;

/**
 * All of it, or as much as is read of any file. `size`: how long it says that it is; room is made as it proves longer.
 * `pauses`: how often it may have nothing to say.
 */
function readAll(file: number, size: number, pauses: number): Uint8Array {
  const most = largestConfigBytes + 1;
  let buffer = new Uint8Array(Math.min(Math.max(size, firstBytes) + 1, most));
  const patience = { pauses };
  let length = 0;
  for (;;) {
    const count = readSome(file, buffer, length, patience);
    length += count;
    if (count === 0 || length === most) return buffer.subarray(0, length);
    if (length === buffer.length) {
      const larger = new Uint8Array(Math.min(2 * length, most));
      larger.set(buffer);
      buffer = larger;
    }
  }
}

function readSome(file: number, buffer: Uint8Array, offset: number, patience: { pauses: number }): number {
  for (;;) {
    try {
      return readSync(file, buffer, offset, buffer.length - offset, null);
    } catch (error) {
      if (codeOf(error) !== "EAGAIN" || patience.pauses <= 0) throw error;
      patience.pauses -= 1;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pipePauseMs);
    }
  }
}

function assertRegular(status: Stats): void {
  if (status.isFile()) return;
  if (status.isDirectory()) throw new NoRegularFile("it is a folder: name the file in it");
  const kind = status.isFIFO() ? "a named pipe" : status.isSocket() ? "a socket" : "a device";
  throw new NoRegularFile(`it is ${kind}: name a regular file`);
}

function statusOf(path: string): Stats {
  return orDangling(path, () => statSync(path));
}

function openFile(path: string, flags: number): number {
  return orDangling(path, () => openSync(path, flags));
}

function orDangling<Result>(path: string, look: () => Result): Result {
  try {
    return look();
  } catch (error) {
    const target = codeOf(error) === "ENOENT" ? linkTargetOf(path) : undefined;
    throw target === undefined ? error : new DanglingLink(target);
  }
}

function linkTargetOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
