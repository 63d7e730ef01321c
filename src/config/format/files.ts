// Reads the configuration file and the files of secrets: bounded, as UTF-8, and with failures in plain words. Takes regular
// files, and what the program was given open (/dev/stdin, a process substitution); nothing that is read can hold it up.
import { closeSync, constants, fstatSync, openSync, readlinkSync, readSync, statSync, type Stats } from "node:fs";
import { isUtf8 } from "node:buffer";
import { plain } from "../../lib/text.ts";
import type { Place } from "./problem.ts";

/** No file is read beyond this; a configuration is a few kilobytes. */
export const largestFileBytes = 64 * 1_024;

/** Gives the bytes of a file, at least the first `largestFileBytes + 1` of them. Throws what Node throws. */
export type ReadFile = (path: string) => Uint8Array;

export type FileText =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "unreadable"; readonly reason: string; readonly place?: Place };

/** The text of a file, or why there is none. The reason never names the file: its name may be a misplaced secret. */
export function readText(path: string, readFile: ReadFile): FileText {
  try {
    return decode(readFile(path));
  } catch (error) {
    return { kind: "unreadable", reason: reasonOf(error) };
  }
}

/** Text from the bytes of a file; a byte order mark is dropped. */
export function decode(bytes: Uint8Array): FileText {
  if (bytes.length > largestFileBytes) {
    return { kind: "unreadable", reason: `it is larger than ${largestFileBytes / 1_024} kB: is it the right file?` };
  }
  if (isUtf8(bytes)) return { kind: "text", text: new TextDecoder().decode(bytes) };
  return { kind: "unreadable", reason: "it is not UTF-8 text: save it as UTF-8", place: placeOfBadByte(bytes) };
}

/** What the program was given open, under the names that shells use for it. */
const givenOpen = /^\/(?:dev\/stdin|dev\/fd\/\d+|proc\/self\/fd\/\d+)$/;

/** How long the writer of a pipe may take at the start. */
const longestPipeMs = 10_000;
const pipePauseMs = 10;

/** A pipe says what it says only once: it is remembered for every later load. */
const fromPipes = new Map<string, Uint8Array>();

/**
 * Reads from the file system. Waits for nothing but a pipe that the program was given, and for that only once, so that a
 * daemon can load its configuration again.
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
      const bytes = readAll(file, longestPipeMs / pipePauseMs);
      fromPipes.set(path, bytes);
      return bytes;
    }
    assertRegular(status);
    return readAll(file, 0);
  } finally {
    closeSync(file);
  }
};

/** All of it, or as much as is read of any file. `pauses`: how often it may have nothing to say. */
function readAll(file: number, pauses: number): Uint8Array {
  const buffer = new Uint8Array(largestFileBytes + 1);
  const patience = { pauses };
  let length = 0;
  for (;;) {
    const count = readSome(file, buffer, length, patience);
    length += count;
    if (count === 0 || length === buffer.length) return buffer.subarray(0, length);
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

/** Not a file as it should be. `kind` is in words. */
class NoRegularFile extends Error {
  override readonly name = "NoRegularFile";
  readonly code = "ENOTFILE";
  readonly kind: string;

  constructor(kind: string) {
    super(kind);
    this.kind = kind;
  }
}

function assertRegular(status: Stats): void {
  if (status.isFile()) return;
  if (status.isDirectory()) throw new NoRegularFile("it is a folder: name the file in it");
  const kind = status.isFIFO() ? "a named pipe" : status.isSocket() ? "a socket" : "a device";
  throw new NoRegularFile(`it is ${kind}: name a regular file`);
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}

/** Failures that say nothing of the file: they may be over in a moment. */
const passing = new Set(["EMFILE", "ENFILE", "ENOMEM", "EIO", "EAGAIN", "EINTR", "ESTALE", "ETIMEDOUT"]);

/** Whether reading may succeed in a moment, with the file as it is. */
export function isPassingFailure(error: unknown): boolean {
  return passing.has(codeOf(error) ?? "");
}

/** The path is there, but it is a symbolic link to nothing. */
class DanglingLink extends Error {
  override readonly name = "DanglingLink";
  readonly code = "ENOENT";
  readonly target: string;

  constructor(target: string) {
    super(`a link to ${target}, which does not exist`);
    this.target = target;
  }
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

function reasonOf(error: unknown): string {
  if (error instanceof DanglingLink) return `it is a link to ${plain(error.target, 200)}, which does not exist`;
  if (error instanceof NoRegularFile) return error.kind;
  const code = codeOf(error) ?? "unknown error";
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return "there is no such file";
    case "EACCES":
    case "EPERM":
      return "this user may not read it: check its owner and its permissions";
    case "EAGAIN":
      return "reading it took too long";
    case "EMFILE":
    case "ENFILE":
      return `too many files are open (${code}): raise the limit of open files`;
    case "ERR_INVALID_ARG_VALUE":
      return "its name is not valid";
    case "ENAMETOOLONG":
      return "its name is too long";
    default:
      return `it cannot be read (${plain(code, 40)})`;
  }
}

function placeOfBadByte(bytes: Uint8Array): Place {
  let start = 0;
  for (let line = 1; ; line++) {
    const end = bytes.indexOf(0x0a, start);
    const part = bytes.subarray(start, end < 0 ? bytes.length : end);
    if (!isUtf8(part) || end < 0) {
      return { line, column: Math.max(0, new TextDecoder().decode(part).indexOf("\u{FFFD}")) + 1 };
    }
    start = end + 1;
  }
}
