// What is read of the configuration file and of the files of secrets: bounded, as UTF-8, and with failures in plain
// words.
import { isUtf8 } from "node:buffer";
import { plain } from "../../lib/text.ts";
import type { Place } from "./problem.ts";

/** The most of a file with a secret, a certificate, or the like. */
const largestFileBytes = 64 * 1_024;

/** The most of a configuration: 10,000 endpoints with all their keys take 3 MB. */
export const largestConfigBytes = 8 * 1_024 * 1_024;

/**
 * Gives the bytes of a file, at least the first `largestConfigBytes + 1` of them. Throws what Node throws, or an error
 * below.
 */
export type ReadFile = (path: string) => Uint8Array;

/** Gives the names of what is in a folder. Throws what Node throws. */
export type ListFolder = (path: string) => readonly string[];

/** Where there are no files. */
export const noFiles: ReadFile = () => {
  throw Object.assign(new Error("there are no files here"), { code: "ENOENT" });
};

export const noFolders: ListFolder = () => {
  throw Object.assign(new Error("there are no folders here"), { code: "ENOENT" });
};

export type FileText =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "unreadable"; readonly reason: string; readonly place?: Place };

/** The text of a file, or why there is none. The reason never names the file: its name may be a misplaced secret. */
export function readText(path: string, readFile: ReadFile, largestBytes = largestFileBytes): FileText {
  try {
    return decode(readFile(path), largestBytes);
  } catch (error) {
    return { kind: "unreadable", reason: reasonOf(error) };
  }
}

/** Text from the bytes of a file; a byte order mark is dropped. */
export function decode(bytes: Uint8Array, largestBytes = largestFileBytes): FileText {
  if (bytes.length > largestBytes) {
    const kilobytes = largestBytes / 1_024;
    const size = kilobytes < 1_024 ? `${kilobytes} kB` : `${kilobytes / 1_024} MB`;
    return { kind: "unreadable", reason: `it is larger than ${size}: is it the right file?` };
  }
  if (isUtf8(bytes)) return { kind: "text", text: new TextDecoder().decode(bytes) };
  return { kind: "unreadable", reason: "it is not UTF-8 text: save it as UTF-8", place: placeOfBadByte(bytes) };
}

/** Not a file as it should be. `kind` is in words. */
export class NoRegularFile extends Error {
  override readonly name = "NoRegularFile";
  readonly code = "ENOTFILE";
  readonly kind: string;

  constructor(kind: string) {
    super(kind);
    this.kind = kind;
  }
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}

/** Failures that say nothing of the file: they may be over in a moment. */
const passing = new Set(["EMFILE", "ENFILE", "ENOMEM", "EIO", "EAGAIN", "EINTR", "ESTALE", "ETIMEDOUT"]);

/** Whether reading may succeed in a moment, with the file as it is. */
export function isPassingFailure(error: unknown): boolean {
  return passing.has(codeOf(error) ?? "");
}

/** The path is there, but it is a symbolic link to nothing. */
export class DanglingLink extends Error {
  override readonly name = "DanglingLink";
  readonly code = "ENOENT";
  readonly target: string;

  constructor(target: string) {
    super(`a link to ${target}, which does not exist`);
    this.target = target;
  }
}

/** Why something cannot be read, in plain words. */
export function reasonOf(error: unknown): string {
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
