// Files that are torn, foreign, too new, read-only or not files at all: they cost history, with a word to people, and
// never a start.
import assert from "node:assert/strict";
import {
  chmodSync,
  mkdirSync,
  openSync,
  closeSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import fc from "fast-check";
import { propertyRuns } from "../../test/support/property-runs.ts";
import { asOrdinaryUser, opened, storedMessage, temporaryFolder } from "../../test/support/state-folder.ts";
import { batchOf, savedOf } from "../../test/support/store-child.ts";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import { openHome } from "./home.ts";
import { moveAside } from "./paths.ts";
import { migrations } from "./schema.ts";
import { SqliteStore } from "./sqlite-store.ts";
import type { Limits, Store } from "./store.ts";
import { StoreError } from "./trouble.ts";

const numRuns = propertyRuns(100);
const brokenName = "ccs.db.broken-2026-01-01T00-00-00-000Z";

/** What each kind of folder costs. All of them start, and work. */
const cases: readonly {
  readonly what: string;
  readonly prepare: (folder: string) => void;
  readonly warning: RegExp;
  readonly keeps: "file" | "memory";
  /** Files that must be as they were, under this name. */
  readonly aside?: string;
  readonly untouched?: readonly string[];
}[] = [
  {
    what: "text in the place of the file",
    prepare: (folder) => writeFileSync(join(folder, "ccs.db"), "cloudflare:\n  token: none of ours\n".repeat(300)),
    warning:
      /^.*ccs\.db is not a valid state file \(file is not a database\)\. It was moved to .*broken-.*new one was started/,
    keeps: "file",
    aside: brokenName,
  },
  {
    what: "a few bytes in the place of the file",
    prepare: (folder) => writeFileSync(join(folder, "ccs.db"), "too little"),
    warning: /is not a valid state file/,
    keeps: "file",
    aside: brokenName,
  },
  {
    what: "an empty file",
    prepare: (folder) => writeFileSync(join(folder, "ccs.db"), ""),
    warning: /ccs\.db was empty: there is no earlier history/,
    keeps: "file",
  },
  {
    what: "another program's database",
    prepare: (folder) => {
      using database = new DatabaseSync(join(folder, "ccs.db"));
      database.exec("CREATE TABLE bookmarks (url TEXT); INSERT INTO bookmarks VALUES ('https://example.com')");
    },
    warning: /is not a valid state file \(a database of another program\)/,
    keeps: "file",
    aside: brokenName,
  },
  {
    what: "a file without its tables",
    prepare: (folder) => changeFile(folder, "DROP TABLE outbox"),
    warning: /is not a valid state file \(no such table: outbox\)/,
    keeps: "file",
    aside: brokenName,
  },
  {
    what: "a file whose header forbids to write it",
    prepare: (folder) => {
      opened(folder)[Symbol.dispose]();
      const file = openSync(join(folder, "ccs.db"), "r+");
      writeSync(file, Buffer.of(3), 0, 1, 18);
      closeSync(file);
    },
    warning: /is not a valid state file \(attempt to write a readonly database\)/,
    keeps: "file",
    aside: brokenName,
  },
  {
    what: "a file of a newer version",
    prepare: (folder) => changeFile(folder, `CREATE TABLE future (x); PRAGMA user_version = ${migrations.length + 1}`),
    warning: /^.*ccs\.db was written by a newer version of ccs\. It is left as it is: update ccs, .* in memory only/,
    keeps: "memory",
    untouched: ["ccs.db"],
  },
  // The version is four bytes of the header, like any others. Counted up from there, a start would take minutes.
  {
    what: "a file whose version is negative",
    prepare: (folder) => changeFile(folder, "PRAGMA user_version = -2000000000"),
    warning: /is not a valid state file \(its version is not valid\)/,
    keeps: "file",
    aside: brokenName,
  },
  {
    what: "a file whose version is 0 though it is ours",
    prepare: (folder) => changeFile(folder, "PRAGMA user_version = 0"),
    warning: /is not a valid state file \(its version is not valid\)/,
    keeps: "file",
    aside: brokenName,
  },
  {
    what: "a folder in the place of the file",
    prepare: (folder) => mkdirSync(join(folder, "ccs.db")),
    warning: /ccs\.db is not a valid state file \(it is a folder\)\. It was moved to .*ccs\.db\.broken-/,
    keeps: "file",
  },
  {
    what: "a link to nowhere in the place of the file",
    prepare: (folder) => symlinkSync("/nowhere/at/all", join(folder, "ccs.db")),
    warning: /ccs\.db is not a valid state file \(it is a link\)\. It was moved to .*ccs\.db\.broken-/,
    keeps: "file",
  },
  {
    what: "a folder in the place of the lock",
    prepare: (folder) => mkdirSync(join(folder, "ccs.lock")),
    warning: /ccs\.lock was not created by ccs\. It was moved to .*ccs\.lock\.broken-/,
    keeps: "file",
  },
  {
    what: "text in the place of the lock",
    prepare: (folder) => writeFileSync(join(folder, "ccs.lock"), "4711\n"),
    warning: /ccs\.lock was not created by ccs\. It was moved to .*ccs\.lock\.broken-/,
    keeps: "file",
  },
  {
    what: "a read-only file",
    prepare: (folder) => {
      opened(folder)[Symbol.dispose]();
      chmodSync(join(folder, "ccs.db"), 0o400);
    },
    warning: /^Cannot keep state in .*ccs\.db \((EACCES|disk I\/O error).*\. Make it writable/,
    keeps: "memory",
    untouched: ["ccs.db"],
  },
  {
    what: "a read-only folder with a file",
    prepare: (folder) => {
      opened(folder)[Symbol.dispose]();
      chmodSync(folder, 0o500);
    },
    warning: /^Cannot keep state in .*ccs\.db/,
    keeps: "memory",
    untouched: ["ccs.db"],
  },
  {
    what: "a read-only folder without anything",
    prepare: (folder) => chmodSync(folder, 0o500),
    warning: /^Cannot keep state in .*ccs\.db \(EACCES/,
    keeps: "memory",
  },
  {
    what: "a file that may not even be read",
    prepare: (folder) => {
      opened(folder)[Symbol.dispose]();
      chmodSync(join(folder, "ccs.db"), 0o000);
    },
    warning: /^Cannot keep state in .*ccs\.db \((EACCES|unable to open).*\. Make it writable/,
    keeps: "memory",
  },
];

for (const { what, prepare, warning, keeps, aside, untouched = [] } of cases) {
  test(`${what} costs history and never a start`, (t) => {
    const folder = temporaryFolder(t);
    asOrdinaryUser(folder, () => {
      prepare(folder);
      const before = readdirSync(folder).map((name) => ({ name, bytes: bytesOf(join(folder, name)) }));
      const bytesBefore = (name: string): Buffer | undefined => before.find((file) => file.name === name)?.bytes;
      {
        using kept = opened(folder);
        assert.equal(kept.warnings.length, 1, kept.warnings.join("\n"));
        assert.match(kept.warnings[0] ?? "", warning);
        assert.equal(kept.store.path === undefined ? "memory" : "file", keeps);
        assertWorks(kept.store);
        assert.equal(kept.warnings.length, 1, kept.warnings.join("\n"));
      }
      if (aside !== undefined) assert.deepEqual(bytesOf(join(folder, aside)), bytesBefore("ccs.db"));
      for (const name of untouched) assert.deepEqual(bytesOf(join(folder, name)), bytesBefore(name));
      if (keeps === "memory") return;
      using again = opened(folder);
      assert.deepEqual(again.warnings, []);
      assert.deepEqual(again.store.load(), savedOf(1));
    });
  });
}

test("a file in the place of the folder costs history and never a start", (t) => {
  const folder = join(temporaryFolder(t), "state");
  writeFileSync(folder, "not a folder");
  for (const path of [folder, join(folder, "deeper")]) {
    using kept = opened(path);
    assert.match(kept.warnings.join("\n"), /^Cannot keep state in .*ccs\.db \(E[A-Z]+/);
    assert.equal(kept.store.path, undefined);
    assertWorks(kept.store);
  }
  assert.equal(readFileSync(folder, "utf8"), "not a folder");
});

test("a place that takes no folders costs history and never a start, nor does it go on for ever", () => {
  // Linux's, where nobody can make anything.
  for (const folder of ["/proc/nowhere/ccs", "/proc/self/status/ccs"]) {
    using kept = opened(folder);
    assert.equal(kept.store.path, undefined);
    assert.match(kept.warnings.join("\n"), /^Cannot keep state in \/proc\/.*set another state_dir\./);
    assertWorks(kept.store);
  }
});

test("no more than three files that were moved aside are kept, the newest", (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, "ccs.db");
  for (const [round, second] of [0, 1, 1, 2, 2, 3].entries()) {
    for (const suffix of ["", "-wal"]) writeFileSync(path + suffix, `broken ${round}`);
    moveAside(path, second * 1_000);
  }
  const names = [
    "ccs.db.broken-1970-01-01T00-00-02-000Z",
    "ccs.db.broken-1970-01-01T00-00-02-000Z-2",
    "ccs.db.broken-1970-01-01T00-00-03-000Z",
  ];
  assert.deepEqual(readdirSync(folder).toSorted(), names.flatMap((name) => [name, `${name}-wal`]).toSorted());
  assert.deepEqual(
    names.map((name) => readFileSync(join(folder, name), "utf8")),
    ["broken 3", "broken 4", "broken 5"],
  );
  // A clock that was set back does not cost the newest.
  writeFileSync(path, "broken 6");
  assert.equal(readFileSync(moveAside(path, 0), "utf8"), "broken 6");
  assert.equal(readdirSync(folder).filter((name) => !name.endsWith("-wal")).length, 3);
});

test("the log of a file goes with it, so that the new file does not take it for its own", (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, "ccs.db");
  for (const suffix of ["", "-wal", "-journal"]) writeFileSync(path + suffix, suffix);
  assert.equal(moveAside(path, Date.UTC(2026, 0, 1)), join(folder, brokenName));
  assert.deepEqual(readdirSync(folder).toSorted(), [brokenName, `${brokenName}-journal`, `${brokenName}-wal`]);
});

test("what a damaged file still says of state and messages is kept", (t) => {
  const folder = temporaryFolder(t);
  fill(folder);
  const path = join(folder, "ccs.db");
  // A page of history, in the middle of many.
  damage(path, 4_096 * Math.floor(statSync(path).size / 4_096 / 2));
  using kept = opened(folder);
  assert.equal(kept.warnings.length, 1);
  assert.match(
    kept.warnings[0] ?? "",
    /Its history is lost; what it knew of selections, overrides and unsent messages is kept\.$/,
  );
  assert.deepEqual(kept.store.load(), savedOf(40));
  assert.deepEqual(kept.store.outboxStore().list("telegram"), ["39", "40"].map(storedMessage));
  assert.equal(kept.store.newestEntryId(), 0);
});

test("what a file with a nonsensical version says of state and messages is kept", (t) => {
  const folder = temporaryFolder(t);
  fill(folder);
  changeFile(folder, "PRAGMA user_version = -1");
  using kept = opened(folder);
  assert.match(kept.warnings.join("\n"), /overrides and unsent messages is kept\.$/);
  assert.deepEqual(kept.store.load(), savedOf(40));
  assert.deepEqual(kept.store.outboxStore().list("telegram"), ["39", "40"].map(storedMessage));
});

for (const { what, change } of [
  { what: "no table of checks", change: "DROP TABLE checks" },
  { what: "a journal that lacks a column", change: "ALTER TABLE journal DROP COLUMN at_ms" },
  { what: "a version that is behind its tables", change: "PRAGMA user_version = 1" },
]) {
  test(`what a file with ${what} says of state and messages is kept`, (t) => {
    const folder = temporaryFolder(t);
    fill(folder);
    changeFile(folder, change);
    using kept = opened(folder);
    assert.match(kept.warnings.join("\n"), /Its history is lost; .*overrides and unsent messages is kept\.$/);
    assert.deepEqual(kept.store.load(), savedOf(40));
    assert.deepEqual(kept.store.outboxStore().list("telegram"), ["39", "40"].map(storedMessage));
  });
}

test("messages are kept where the state has a number that nobody can read", (t) => {
  const folder = temporaryFolder(t);
  fill(folder);
  changeFile(folder, "UPDATE saved SET checksum = 9223372036854775807");
  using kept = opened(folder);
  assert.match(kept.warnings.join("\n"), /Its history is lost; its unsent messages are kept\.$/);
  assert.equal(kept.store.load(), undefined);
  assert.deepEqual(kept.store.outboxStore().list("telegram"), ["39", "40"].map(storedMessage));
});

test("a row whose bytes changed is left out with a word, the rest is kept", (t) => {
  const folder = temporaryFolder(t);
  {
    using kept = opened(folder);
    const [ingress] = savedOf(1).ingresses;
    assert.ok(ingress !== undefined);
    kept.store.save({ ingresses: [ingress, { ...ingress, record: "b.example.com" }] });
    for (const id of ["1", "2", "3"]) kept.store.outboxStore().append("telegram", storedMessage(id));
  }
  changeFile(folder, "UPDATE saved SET json = replace(json, 'pin', 'pen') WHERE ingress = 'b.example.com'");
  changeFile(folder, "UPDATE outbox SET json = '[]' WHERE id = '2'");
  {
    using kept = opened(folder);
    assert.equal(kept.warnings.length, 2);
    assert.match(kept.warnings[0] ?? "", /is partly unreadable. Left out: b\.example\.com \(wrong checksum\)/);
    assert.match(kept.warnings[1] ?? "", /^1 unsent message could not be understood/);
    assert.deepEqual(kept.store.load(), savedOf(1));
    assert.deepEqual(kept.store.outboxStore().list("telegram"), ["1", "3"].map(storedMessage));
    kept.store.save(savedOf(2));
    kept.store.outboxStore().append("telegram", storedMessage("4"));
  }
  using again = opened(folder);
  assert.deepEqual(again.warnings, []);
  assert.deepEqual(again.store.load(), savedOf(2));
  assert.deepEqual(again.store.outboxStore().list("telegram"), ["1", "3", "4"].map(storedMessage));
});

test("a file that is damaged while it is open is replaced, and nothing but history is lost", (t) => {
  const folder = temporaryFolder(t);
  fill(folder);
  const { store, warnings } = openedBare(folder);
  ruin(folder);
  // What is in memory would do for a while.
  store.home.database.exec("PRAGMA shrink_memory");
  store.outboxStore().append("telegram", storedMessage("41"));
  store.save(savedOf(41));
  store.record(batchOf(41));
  assert.equal(
    store.rollups({ ingress: "a.example.com", endpoint: "cable", fromWallMs: 0, toWallMs: 1e15, resolution: "hour" })
      .length,
    1,
  );
  assert.equal(warnings.length, 1, warnings.join("\n"));
  assert.match(warnings[0] ?? "", /ccs\.db is not a valid state file .* is kept\.$/);
  store[Symbol.dispose]();
  using again = opened(folder);
  assert.deepEqual(again.warnings, []);
  assert.deepEqual(again.store.load(), savedOf(41));
  assert.deepEqual(again.store.outboxStore().list("telegram"), ["39", "40", "41"].map(storedMessage));
});

test("a file that is damaged again and again is given up, and memory serves", (t) => {
  const folder = temporaryFolder(t);
  const { store, warnings } = openedBare(folder);
  for (let number = 1; number <= 6; number += 1) {
    store.outboxStore().append("telegram", storedMessage(String(number)));
    store.record(batchOf(number));
    if (store.path === undefined) continue;
    ruin(folder);
    store.home.database.exec("PRAGMA shrink_memory");
  }
  assert.equal(store.path, undefined);
  assert.equal(warnings.length, 4, warnings.join("\n"));
  assert.match(warnings.at(-1) ?? "", /keeps being damaged .* in memory only/);
  assert.equal(store.outboxStore().list("telegram").length, 6);
  assertWorks(store);
  store[Symbol.dispose]();
});

test("a full disk is told once, nothing is lost meanwhile, and all of it is written when there is room", (t) => {
  const folder = temporaryFolder(t);
  const { store, warnings } = openedBare(folder);
  const { database } = store.home;
  const outbox = store.outboxStore();
  outbox.append("telegram", storedMessage("old"));
  store.save(savedOf(1));
  assert.ok(store.isKeepingUp);
  database.exec("PRAGMA max_page_count = 1");
  const isFull = (error: unknown): boolean => error instanceof StoreError && error.trouble === "full";
  const big = { ...storedMessage("big"), headline: "x".repeat(10_000) };
  assert.throws(() => outbox.append("telegram", big), isFull);
  assert.throws(() => outbox.append("telegram", storedMessage("small")), isFull);
  const batch = { ...batchOf(1), entries: Array.from({ length: 20 }, (_, index) => batchOf(index + 1).entries).flat() };
  assert.throws(() => store.record(batch), isFull);
  assert.throws(() => store.record(batch), isFull);
  assert.deepEqual(
    outbox.list("telegram").map(({ id }) => id),
    ["old", "big", "small"],
  );
  assert.equal(warnings.length, 1, warnings.join("\n"));
  assert.match(warnings[0] ?? "", /cannot be used now \(database or disk is full\)\..* Make room on the disk\.$/);
  database.exec("PRAGMA max_page_count = 1000000");
  assert.ok(!store.isKeepingUp, "what was not taken waits");
  store.record(batch);
  assert.ok(store.isKeepingUp);
  assert.equal(warnings.length, 2);
  assert.match(warnings[1] ?? "", /can be written again\.$/);
  store[Symbol.dispose]();
  using again = opened(folder);
  assert.deepEqual(again.store.outboxStore().list("telegram"), [storedMessage("old"), big, storedMessage("small")]);
  assert.equal(again.store.newestEntryId(), 20);
  assert.equal(
    again.store.rollups({
      ingress: "a.example.com",
      endpoint: "cable",
      fromWallMs: 0,
      toWallMs: 1e15,
      resolution: "hour",
    })[0]?.count,
    1,
  );
});

test("what a full disk did not take does not count as history to be dropped", (t) => {
  const { store } = openedBare(temporaryFolder(t), { checkRows: 100 });
  const { database } = store.home;
  store.record(batchOf(1));
  const [check] = batchOf(2).checks;
  assert.ok(check !== undefined);
  const checks = Array.from({ length: 1_000 }, (_, index) => ({
    ...check,
    startMinute: check.startMinute + index + 1,
  }));
  database.exec("PRAGMA max_page_count = 1");
  assert.throws(() => store.record({ entries: [], checks }), StoreError);
  store.tidy();
  const query = { ingress: "a.example.com", endpoint: "cable", fromWallMs: 0, toWallMs: 1e15 };
  assert.equal(store.rollups({ ...query, resolution: "minute" }).length, 1);
  store[Symbol.dispose]();
});

test("messages and state are forced to the disk, history is left to the operating system", (t) => {
  const { store } = openedBare(temporaryFolder(t));
  const synchronous = (): unknown => store.home.database.prepare("PRAGMA synchronous").get()?.["synchronous"];
  const [normal, full] = [1, 2];
  store.record(batchOf(1));
  assert.equal(synchronous(), normal);
  store.outboxStore().append("telegram", storedMessage("1"));
  assert.equal(synchronous(), full);
  store.record(batchOf(2));
  assert.equal(synchronous(), normal);
  store.save(savedOf(1));
  assert.equal(synchronous(), full);
  store[Symbol.dispose]();
});

test("a message that was sent while the disk took nothing is not sent again after a restart", (t) => {
  const folder = temporaryFolder(t);
  const { store } = openedBare(folder);
  const { database } = store.home;
  const outbox = store.outboxStore();
  for (const id of ["1", "2"]) outbox.append("telegram", storedMessage(id));
  database.exec("PRAGMA query_only = ON");
  assert.throws(() => outbox.remove("telegram", ["1"]), StoreError);
  assert.throws(() => outbox.append("telegram", storedMessage("3")), StoreError);
  database.exec("PRAGMA query_only = OFF");
  outbox.append("telegram", storedMessage("4"));
  store[Symbol.dispose]();
  using again = opened(folder);
  assert.deepEqual(again.store.outboxStore().list("telegram"), ["2", "3", "4"].map(storedMessage));
});

test("cut off at any point, the file costs history at most", (t) => {
  const original = temporaryFolder(t);
  fill(original);
  const whole = readFileSync(join(original, "ccs.db"));
  const pages = whole.length / 4_096;
  const edges = [0, 1, 15, 16, 17, 99, 100, 101, 4_095, 4_096, 4_097, 8_192, Math.floor(pages / 2) * 4_096];
  const lengths = [...edges, ...edges.map((edge) => whole.length - edge), Math.floor(whole.length / 3)];
  for (const length of new Set(lengths)) {
    const folder = temporaryFolder(t);
    writeFileSync(join(folder, "ccs.db"), whole);
    truncateSync(join(folder, "ccs.db"), length);
    // The last bytes may be those of one entry, which nobody misses.
    survive(folder, length > whole.length - 4_096 ? 0 : 1);
  }
});

test("whatever bytes the file is made of, it costs history at most", (t) => {
  const original = temporaryFolder(t);
  fill(original);
  const whole = readFileSync(join(original, "ccs.db"));
  const placeOf = fc.oneof(
    fc.nat({ max: whole.length - 1 }),
    fc.nat({ max: 100 }),
    // The headers of pages.
    fc.nat({ max: whole.length / 4_096 - 1 }).chain((page) => fc.nat({ max: 20 }).map((byte) => page * 4_096 + byte)),
  );
  const flipsOf = fc.array(fc.tuple(placeOf, fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 30 });
  const overwriteOf = fc.record({ at: placeOf, bytes: fc.uint8Array({ minLength: 1, maxLength: 5_000 }) });
  let noticed = 0;
  fc.assert(
    fc.property(flipsOf, fc.option(overwriteOf, { freq: 3 }), (flips, overwrite) => {
      const bytes = Buffer.from(whole);
      for (const [place, mask] of flips) bytes[place] = (bytes[place] ?? 0) ^ mask;
      if (overwrite !== null) bytes.set(overwrite.bytes.subarray(0, bytes.length - overwrite.at), overwrite.at);
      const folder = temporaryFolder(t);
      writeFileSync(join(folder, "ccs.db"), bytes);
      noticed += survive(folder);
    }),
    // Hundreds of bytes are not worth shrinking.
    { numRuns, endOnFailure: true },
  );
  assert.ok(noticed > numRuns / 10, `only ${noticed} files were found damaged`);
});

/** Opens whatever stands there, works with it, and opens it again. Returns how much was told. */
function survive(folder: string, leastWarnings = 0): number {
  let warnings: number;
  {
    using kept = opened(folder);
    kept.store.load();
    kept.store.journal({ limit: 100 });
    kept.store.rollups({
      ingress: "a.example.com",
      endpoint: "cable",
      fromWallMs: 0,
      toWallMs: 1e15,
      resolution: "day",
    });
    assertWorks(kept.store);
    warnings = kept.warnings.length;
    assert.ok(warnings >= leastWarnings, "nothing was told");
    assert.ok(warnings <= 4, kept.warnings.join("\n"));
    if (kept.store.path === undefined) return warnings;
  }
  using again = opened(folder);
  if (again.warnings.length > 0) return warnings;
  assert.deepEqual(again.store.load(), savedOf(1));
  assert.deepEqual(again.store.outboxStore().list("mail").at(-1), storedMessage("new"));
  return warnings;
}

/** A store without the lock around it, so that a test can reach what is inside. */
function openedBare(
  folder: string,
  limits: Partial<Limits> = {},
): { readonly store: SqliteStore; readonly warnings: string[] } {
  const warnings: string[] = [];
  const home = openHome(join(folder, "ccs.db"), Date.UTC(2026, 0, 1));
  const onWarning = (message: string): void => void warnings.push(message);
  return { store: new SqliteStore(home, { clock: new VirtualClock(), onWarning, limits }), warnings };
}

/** Every kind of change, and that it is seen. */
function assertWorks(store: Store): void {
  store.save(savedOf(1));
  assert.deepEqual(store.load(), savedOf(1));
  store.outboxStore().append("mail", storedMessage("new"));
  assert.deepEqual(store.outboxStore().list("mail").at(-1), storedMessage("new"));
  const id = store.newestEntryId() + 1;
  store.record(batchOf(Math.min(id, 1e9)));
  assert.ok(store.journal({ limit: 1 }).length === 1);
  const query = {
    ingress: "a.example.com",
    endpoint: "cable",
    fromWallMs: 0,
    toWallMs: 1e15,
    resolution: "hour" as const,
  };
  assert.ok(store.rollups(query).length > 0);
  store.tidy();
}

/** A file of some size, cleanly closed. */
function fill(folder: string): void {
  using kept = opened(folder);
  for (let number = 1; number <= 40; number += 1) {
    kept.store.outboxStore().append("telegram", storedMessage(String(number)));
    kept.store.outboxStore().remove("telegram", [String(number - 2)]);
    kept.store.record({ ...batchOf(number), saved: savedOf(number) });
  }
}

function changeFile(folder: string, sql: string): void {
  opened(folder)[Symbol.dispose]();
  using database = new DatabaseSync(join(folder, "ccs.db"));
  database.exec(sql);
}

/** Overwrites the beginning of a page. */
function damage(path: string, at: number): void {
  const file = openSync(path, "r+");
  writeSync(file, Buffer.alloc(200, 0xee), 0, 200, at);
  closeSync(file);
}

/** Damages everything there is but the header. */
function ruin(folder: string): void {
  for (const name of ["ccs.db", "ccs.db-wal"]) {
    const path = join(folder, name);
    for (let at = name === "ccs.db" ? 4_096 : 32; at < statSync(path).size; at += 500) damage(path, at);
  }
}

function bytesOf(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
