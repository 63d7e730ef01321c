// Files of older versions: opened with all they hold, step by step, each step whole or not at all.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { opened, temporaryFolder } from "../../test/support/state-folder.ts";
import { ChecksTable } from "./checks-table.ts";
import { applicationId, migrate, migrations, ownerOf, versionOf } from "./schema.ts";

const versionOne = readFileSync(join(import.meta.dirname, "../../test/fixtures/state-version-1.sql"), "utf8");
const wallMs = Date.UTC(2026, 0, 1);

test("a file of version 1 opens with all it holds", (t) => {
  const folder = temporaryFolder(t);
  {
    using database = new DatabaseSync(join(folder, "ccs.db"));
    database.exec(versionOne);
  }
  using kept = opened(folder);
  const { store } = kept;
  assert.deepEqual(kept.warnings, []);
  assert.equal(store.load()?.ingresses[0]?.selection?.primary, "cable");
  assert.equal(store.load()?.ingresses[0]?.addresses[0]?.addresses[1]?.text, "2001:db8::1");
  assert.deepEqual(
    store
      .outboxStore()
      .list("telegram")
      .map(({ id, headline }) => [id, headline]),
    [
      ["m1", "ingress.example.com: mobile → cable"],
      ["m2", "It's fine"],
    ],
  );
  assert.deepEqual(store.journalSince(0), [
    { id: 1, atWallMs: wallMs, atMs: 1.5, fact: { kind: "config-applied", generation: 1 } },
    { id: 2, atWallMs: wallMs + 5, atMs: 6.5, fact: { kind: "ingress-added", ingress: "ingress.example.com" } },
  ]);
  const query = { ingress: "ingress.example.com", endpoint: "cable", fromWallMs: wallMs, toWallMs: wallMs + 1 };
  for (const resolution of ["minute", "hour", "day"] as const) {
    const [rollup, ...others] = store.rollups({ ...query, resolution });
    assert.deepEqual(others, []);
    const { p50Ms = 0, ...exact } = rollup ?? {};
    assert.ok(Math.abs(p50Ms - 30) < 0.6);
    const expected = {
      address: "192.0.2.1",
      startWallMs: wallMs,
      count: 5,
      failures: 1,
      inconclusive: 0,
      p95Ms: 250,
      maxMs: 250,
    };
    assert.deepEqual(exact, expected);
    assert.deepEqual(store.coveredStarts({ ...query, resolution }), [wallMs]);
    const addresses = { known: [], newest: 1 };
    assert.equal(store.rollups({ ...query, resolution, addresses }).length, 1);
  }
});

test("what checks proved in a file of version 2 is known without its addresses, and which of them are the newest", () => {
  using database = new DatabaseSync(":memory:");
  migrate(database, migrations.slice(0, 2));
  const hour = 480_000;
  const rows: readonly (readonly [series: number, span: number, startMinute: number, count: number, open: number])[] = [
    [1, 1, hour * 60, 4, 0],
    [1, 1, hour * 60 + 59, 4, 3],
    // Nothing was found out in this one …
    [1, 1, hour * 60 + 30, 4, 4],
    // … and the same minute counts once for both addresses.
    [2, 1, hour * 60, 1, 0],
    [1, 60, hour * 60, 12, 7],
    [2, 60, (hour - 500) * 60, 9, 0],
    [3, 60, (hour - 600) * 60, 9, 9],
  ];
  for (const id of [1, 2, 3]) database.exec(`INSERT INTO series VALUES (${id}, 'a.example.com', 'cable', 'x${id}')`);
  for (const row of rows) {
    database.exec(`INSERT INTO checks VALUES (${row.slice(0, 4).join()}, 0, ${row[4]}, NULL, NULL, NULL, x'')`);
  }
  migrate(database);
  const checks = new ChecksTable(database);
  const all = { ingress: "a.example.com", endpoint: "cable", fromWallMs: 0, toWallMs: 1e14 };
  const minutes = (resolution: "minute" | "hour"): number[] =>
    checks.coveredStarts({ ...all, resolution }).map((startMs) => startMs / 60_000);
  assert.deepEqual(minutes("minute"), [hour * 60, hour * 60 + 59]);
  assert.deepEqual(minutes("hour"), [(hour - 500) * 60, hour * 60]);
  const newest = checks.query({ ...all, resolution: "hour", addresses: { known: [], newest: 2 } });
  assert.deepEqual([...new Set(newest.map(({ address }) => address))], ["x1", "x2"]);
});

test("the first step still leads to what version 1 was", () => {
  using now = new DatabaseSync(":memory:");
  migrate(now, migrations.slice(0, 1));
  using then = new DatabaseSync(":memory:");
  then.exec(versionOne);
  assert.deepEqual(schemaOf(now), schemaOf(then));
  assert.equal(versionOf(then), 1);
});

test("steps are taken once each, in order, from where the file is", () => {
  using database = new DatabaseSync(":memory:");
  const steps = [
    "CREATE TABLE trace (step)",
    "INSERT INTO trace VALUES (2)",
    "INSERT INTO trace VALUES (3); INSERT INTO trace VALUES (3.5)",
  ];
  migrate(database, steps.slice(0, 2));
  assert.equal(versionOf(database), 2);
  migrate(database, steps);
  migrate(database, steps);
  assert.equal(versionOf(database), 3);
  assert.equal(ownerOf(database), "us");
  assert.deepEqual(
    database
      .prepare("SELECT step FROM trace ORDER BY step")
      .all()
      .map((row) => row["step"]),
    [2, 3, 3.5],
  );
});

test("a step that fails leaves the file as it was before it", () => {
  using database = new DatabaseSync(":memory:");
  const steps = ["CREATE TABLE first (x)", "CREATE TABLE second (x); INSERT INTO nowhere VALUES (1)"];
  assert.throws(() => migrate(database, steps), /no such table: nowhere/);
  assert.equal(versionOf(database), 1);
  assert.deepEqual(
    schemaOf(database).map(({ name }) => name),
    ["first"],
  );
});

test("files are told apart by their mark", () => {
  using empty = new DatabaseSync(":memory:");
  assert.equal(ownerOf(empty), "nobody");
  using foreign = new DatabaseSync(":memory:");
  foreign.exec("CREATE TABLE bookmarks (url)");
  assert.equal(ownerOf(foreign), "others");
  using marked = new DatabaseSync(":memory:");
  marked.exec("PRAGMA user_version = 1");
  assert.equal(ownerOf(marked), "others");
  using ours = new DatabaseSync(":memory:");
  ours.exec(`PRAGMA application_id = ${applicationId}`);
  assert.equal(ownerOf(ours), "us");
});

function schemaOf(database: DatabaseSync): readonly { readonly name: string; readonly sql: string }[] {
  return database
    .prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
    .all()
    .map((row) => ({ name: String(row["name"]), sql: String(row["sql"]).replaceAll(/\s+/g, " ") }));
}
