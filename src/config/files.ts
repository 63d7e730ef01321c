// Reads the configuration file and the files of secrets: bounded, as UTF-8, and with failures in plain words.
import { closeSync, openSync, readlinkSync, readSync } from "node:fs";
import { isUtf8 } from "node:buffer";
import { plain } from "../lib/text.ts";
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
    return { kind: "unreadable", reason: `it is larger than ${largestFileBytes / 1_024} kB: is it the right one?` };
  }
  if (isUtf8(bytes)) return { kind: "text", text: new TextDecoder().decode(bytes) };
  return { kind: "unreadable", reason: "it is not UTF-8 text: save it as UTF-8", place: placeOfBadByte(bytes) };
}

/** Reads from the file system; also what cannot be measured before, such as a pipe. */
export const readFromDisk: ReadFile = (path) => {
  const file = openFile(path);
  try {
    const buffer = new Uint8Array(largestFileBytes + 1);
    let length = 0;
    for (;;) {
      const count = readSync(file, buffer, length, buffer.length - length, null);
      length += count;
      if (count === 0 || length === buffer.length) return buffer.subarray(0, length);
    }
  } finally {
    closeSync(file);
  }
};

/** The path is there, but it is a symbolic link to nothing. */
class DanglingLink extends Error {
  override readonly name = "DanglingLink";
  readonly code = "ENOENT";
  readonly target: string;

  constructor(target: string) {
    super(`a link to ${target}, where there is no file`);
    this.target = target;
  }
}

function openFile(path: string): number {
  try {
    return openSync(path, "r");
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    const target = isMissing ? linkTargetOf(path) : undefined;
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
  if (error instanceof DanglingLink) return `it is a link to ${plain(error.target, 200)}, where there is no file`;
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return "there is no such file";
    case "EACCES":
    case "EPERM":
      return "this user may not read it: check its owner and its permissions";
    case "EISDIR":
      return "it is a folder: name the file in it";
    case "ERR_INVALID_ARG_VALUE":
      return "its name is not valid";
    case "ENAMETOOLONG":
      return "its name is too long";
    default:
      return `reading it fails (${plain(code, 40)})`;
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
