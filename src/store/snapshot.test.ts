// History read beside a daemon that keeps its file to itself.
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { systemClock } from "../runtime/node/clock.ts";
import { openSnapshot, type Snapshot } from "./snapshot.ts";
import { openStore, type Store } from "./store.ts";
import { Tally } from "./tally.ts";

const root = mkdtempSync(join(tmpdir(), "ccs-snapshot-"));
after(() => rmSync(root, { recursive: true, force: true }));

let folders = 0;
function folderOf(): string {
  return join(root, String((folders += 1)));
}

function open(folder: string): Store {
  const opening = openStore({ folder, clock: systemClock, onWarning: (message) => assert.fail(message) });
  assert.equal(opening.kind, "opened");
  return opening.store;
}

function opened(folder: string): Snapshot {
  const snapshot = openSnapshot(folder);
  assert.ok(snapshot.kind === "opened", snapshot.kind);
  return snapshot;
}

function write(store: Store, id: number): void {
  const tally = new Tally();
  tally.observe({ kind: "ok", startedMs: 0, endedMs: 10, vantage: "local", phases: {}, detail: "" });
  store.record({
    entries: [{ id, atWallMs: id, atMs: id, fact: { kind: "ingress-added", ingress: "a.example.com" } }],
    checks: [{ ingress: "a.example.com", endpoint: "cable", address: "192.0.2.1", startMinute: id, tally }],
  });
}

const query = {
  ingress: "a.example.com",
  endpoint: "cable",
  fromWallMs: 0,
  toWallMs: 3_000 * 60_000,
  resolution: "minute",
} as const;

test("reads what a store in use has written, again and again, and leaves no trace", () => {
  const folder = folderOf();
  using store = open(folder);
  const isMine = (name: string): boolean => name.startsWith("ccs-history-");
  const before = readdirSync(tmpdir()).filter(isMine).length;
  // Enough for the log to be written back and to begin anew on the way.
  for (let id = 1; id <= 1_500; id += 1) {
    write(store, id);
    if (id % 300 !== 0) continue;
    using snapshot = opened(folder);
    assert.deepEqual([snapshot.journal().length, snapshot.rollups(query).length], [id, id]);
  }
  assert.equal(readdirSync(tmpdir()).filter(isMine).length, before);
  assert.deepEqual(readdirSync(folder).toSorted(), ["ccs.db", "ccs.db-wal", "ccs.lock"]);
});

test("reads what a store that was closed has left", () => {
  const folder = folderOf();
  {
    using store = open(folder);
    write(store, 7);
  }
  using snapshot = opened(folder);
  assert.deepEqual(
    snapshot.journal().map(({ id }) => id),
    [7],
  );
});

test("goes on behind entries that make no sense, however many they are", () => {
  const folder = folderOf();
  {
    using store = open(folder);
    for (let id = 1; id <= 3_000; id += 1) write(store, id);
  }
  {
    using database = new DatabaseSync(join(folder, "ccs.db"));
    database.exec("UPDATE journal SET json = '{' WHERE id BETWEEN 2 AND 2900");
  }
  using snapshot = opened(folder);
  const expected = [1, ...Array.from({ length: 100 }, (_, index) => 2_901 + index)];
  assert.deepEqual(
    snapshot.journal().map(({ id }) => id),
    expected,
  );
});

test("says so where there is nothing, or something else", () => {
  const missing = openSnapshot(folderOf());
  assert.ok(missing.kind === "missing");
  assert.match(missing.message, /there is no history in .*ccs run/);

  const folder = mkdtempSync(join(root, "foreign-"));
  writeFileSync(join(folder, "ccs.db"), "this is a letter to my aunt, and no database at all, however long it is");
  const foreign = openSnapshot(folder);
  assert.ok(foreign.kind === "unusable");
  assert.match(foreign.message, /cannot be read/);

  const nonsense = folderOf();
  open(nonsense)[Symbol.dispose]();
  {
    using database = new DatabaseSync(join(nonsense, "ccs.db"));
    database.exec("PRAGMA user_version = -2000000000");
  }
  const damaged = openSnapshot(nonsense);
  assert.ok(damaged.kind === "unusable");
  assert.match(damaged.message, /cannot be read \(its version is not valid\)/);
});

test("says so where there is no place for a copy", (t) => {
  const folder = folderOf();
  open(folder)[Symbol.dispose]();
  const before = process.env["TMPDIR"];
  t.after(() => {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
  });
  const nowhere = join(root, "nowhere");
  process.env["TMPDIR"] = nowhere;
  const snapshot = openSnapshot(folder);
  assert.ok(snapshot.kind === "unusable", snapshot.kind);
  assert.match(snapshot.message, /^the history cannot be copied to .*nowhere \(ENOENT.*\): set TMPDIR to a folder/);
});
