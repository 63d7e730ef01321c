// Rows as arrays instead of objects: they are read three times as fast.
import type { StatementSync } from "node:sqlite";

/** Makes a statement give its rows as arrays. */
export function asArrays(statement: StatementSync): StatementSync {
  statement.setReturnArrays(true);
  return statement;
}
