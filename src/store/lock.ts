// One daemon to a state folder. The lock ends with its process, however that ends, so there is nothing to clean up.
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { messageOf } from "../lib/text.ts";
import { kindOf, moveAside, prepareFile } from "./paths.ts";
import { troubleOf } from "./trouble.ts";

/** A state folder that is ours until it is disposed of. */
export interface StateLock extends Disposable {
  readonly kind: "held";
  /** For people: what had to be moved out of the way. */
  readonly warning?: string;
}

/** `locked`: another process holds it. `unavailable`: the folder takes no lock, nor files, probably. */
export type LockResult = StateLock | { readonly kind: "locked" | "unavailable"; readonly message: string };

/** Takes the lock of a state folder, which is created where it is missing. Never waits. */
export function lockState(folder: string, wallMs: number): LockResult {
  const path = join(folder, "ccs.lock");
  try {
    prepareFile(path);
    return hold(path);
  } catch (error) {
    switch (troubleOf(error)) {
      case undefined:
        throw error;
      case "busy":
        return {
          kind: "locked",
          message: `Another ccs already keeps its state in ${folder}. Stop it first, or give this one its own state_dir.`,
        };
      case "foreign":
      case "torn":
        return afterMovingAside(path, wallMs, error);
      default:
        return unavailable(error);
    }
  }
}

/**
 * Whether another process holds the lock of this folder now. Changes nothing; `undefined` when that cannot be known.
 */
export function isStateLocked(folder: string): boolean | undefined {
  const path = join(folder, "ccs.lock");
  const kind = kindOf(path);
  if (kind === "nothing") return false;
  // Opening a pipe would wait for a program that writes to it.
  if (kind !== "file") return undefined;
  try {
    using database = new DatabaseSync(path, { readOnly: true });
    database.exec("SELECT count(*) FROM sqlite_schema");
    return false;
  } catch (error) {
    return troubleOf(error) === "busy" ? true : undefined;
  }
}

/** Held by a transaction on an empty database, which never writes to it. */
function hold(path: string): StateLock {
  const database = new DatabaseSync(path);
  try {
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    throw error;
  }
  return { kind: "held", [Symbol.dispose]: () => database[Symbol.dispose]() };
}

/** Another program's file in the place of the lock. */
function afterMovingAside(path: string, wallMs: number, cause: unknown): LockResult {
  try {
    const aside = moveAside(path, wallMs);
    prepareFile(path);
    return { ...hold(path), warning: `${path} was not created by ccs. It was moved to ${aside}.` };
  } catch (error) {
    if (troubleOf(error) === undefined) throw error;
    return unavailable(cause);
  }
}

function unavailable(error: unknown): LockResult {
  return { kind: "unavailable", message: messageOf(error) };
}
