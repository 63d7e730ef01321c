// What goes wrong with a database file, in our words.

/**
 * Why the file could not be read or written: `torn` its content is not valid, `foreign` it is no database,
 * `read-only` it may not be written, `busy` another program holds it, `full` no room is left, `io` anything else that
 * the file system refuses. `odd`: its content is not what our statements expect, so that it is damaged, or they are
 * wrong.
 */
export type StoreTrouble = "torn" | "foreign" | "read-only" | "busy" | "full" | "io" | "odd";

/** The store could not do what it was asked to. Worth another try later. */
export class StoreError extends Error {
  readonly trouble: StoreTrouble;

  constructor(trouble: StoreTrouble, message: string, options?: ErrorOptions) {
    super(message, options);
    this.trouble = trouble;
  }
}

/**
 * SQLite's primary result codes (https://www.sqlite.org/rescode.html), those that are not plainly an internal error.
 */
const troubles: Readonly<Record<number, StoreTrouble>> = {
  // A table or column that is not there.
  1: "odd",
  3: "read-only",
  5: "busy",
  6: "busy",
  7: "io",
  8: "read-only",
  10: "io",
  11: "torn",
  13: "full",
  14: "io",
  15: "busy",
  18: "odd",
  // Constraint and type: rows that cannot stand beside each other.
  19: "odd",
  20: "odd",
  22: "io",
  24: "torn",
  26: "foreign",
};

/** What kind of trouble an error of `node:sqlite` or `node:fs` is; `undefined` when it is an internal error. */
export function troubleOf(error: unknown): StoreTrouble | undefined {
  if (error instanceof StoreError) return error.trouble;
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  switch (error.code) {
    case "ERR_SQLITE_ERROR":
      // The extended code holds the primary one in its low byte.
      return "errcode" in error && typeof error.errcode === "number" ? troubles[error.errcode & 0xff] : undefined;
    // A number that we never write.
    case "ERR_OUT_OF_RANGE":
      return "odd";
    case "ENOSPC":
    case "EDQUOT":
      return "full";
    case "EROFS":
    case "EACCES":
    case "EPERM":
      return "read-only";
    default:
      return "syscall" in error ? "io" : undefined;
  }
}
