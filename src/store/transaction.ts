// Several changes as one: all of them, or none.
import type { DatabaseSync } from "node:sqlite";

/**
 * `FULL`: on the disk when the call returns. `NORMAL`: in the hands of the operating system, so that only a power cut
 * can undo it, and never in part.
 */
export type Durability = "FULL" | "NORMAL";

/** Runs `action` in a transaction. When it throws nothing has changed. */
export function inTransaction<Result>(database: DatabaseSync, durability: Durability, action: () => Result): Result {
  database.exec(`PRAGMA synchronous = ${durability}; BEGIN IMMEDIATE`);
  try {
    const result = action();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    // SQLite has rolled back by itself after the graver errors.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}
