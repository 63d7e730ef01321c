// Opens the store: in the state folder, which belongs to one process at a time, or in memory.
import { join } from "node:path";
import { memoryHome, openHome, unusable } from "./home.ts";
import { lockState } from "./lock.ts";
import { SqliteStore } from "./sqlite-store.ts";
import type { Opening, Store, StoreOptions } from "./store.ts";

/**
 * Opens the store of a state folder, for this process alone. Whatever is wrong with the files, it gives a store that
 * works.
 */
export function openStore(options: StoreOptions): Opening {
  const { folder, clock, onWarning } = options;
  const path = join(folder, "ccs.db");
  const lock = lockState(folder, clock.wallMs());
  switch (lock.kind) {
    case "locked":
      return { kind: "locked", message: lock.message };
    case "unavailable":
      return { kind: "opened", store: new SqliteStore(memoryHome(unusable(path, lock.message)), options) };
    case "held":
      if (lock.warning !== undefined) onWarning(lock.warning);
      return { kind: "opened", store: new SqliteStore(openHome(path, clock.wallMs()), options, lock) };
    default:
      return lock satisfies never;
  }
}

/** A store that is forgotten with the process. */
export function openMemoryStore(options: Omit<StoreOptions, "folder">): Store {
  return new SqliteStore(memoryHome(), options);
}
