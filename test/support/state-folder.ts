// Stores on real files: a folder for each test, openings that must succeed, and what a store said to people.
import assert from "node:assert/strict";
import { chmodSync, chownSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { TestContext } from "node:test";
import type { Clock } from "../../src/lib/clock.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { Limits, Store } from "../../src/store/store.ts";
import type { Message } from "../../src/core/message.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** A folder that is gone after the test. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "ccs-store-"));
  t.after(() => {
    chmodSync(folder, 0o700);
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

export interface OpenedStore extends Disposable {
  readonly store: Store;
  /** What people were told so far. */
  readonly warnings: readonly string[];
}

/** Opens the store of a folder; the test fails when another one has it. */
export function opened(folder: string, options: { clock?: Clock; limits?: Partial<Limits> } = {}): OpenedStore {
  const warnings: string[] = [];
  const opening = openStore({
    clock: new VirtualClock(),
    ...options,
    folder,
    onWarning: (message) => warnings.push(message),
  });
  assert.equal(opening.kind, "opened", `${folder} is locked`);
  const { store } = opening;
  return { store, warnings, [Symbol.dispose]: () => store[Symbol.dispose]() };
}

export function storedMessage(id: string): Message {
  const details = [["cable: ", { strong: "down" }, " ", { code: "timeout" }, { foreign: "status 503" }], []];
  return { id, importance: "high", atWallMs: 1_700_000_000_000, headline: `Message ${id}`, details };
}

/** Does something without the powers of root, for whom no file is read-only. Gives the folder to whom it does it as. */
export function asOrdinaryUser<Result>(folder: string, action: () => Result): Result {
  if (process.geteuid?.() !== 0) return action();
  const nobody = 65_534;
  chownSync(folder, nobody, nobody);
  process.seteuid?.(nobody);
  try {
    return action();
  } finally {
    process.seteuid?.(0);
  }
}
