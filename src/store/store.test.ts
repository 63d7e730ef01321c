// The store on real files: who may read them, who may open them, what comes back after a restart, and how much is kept.
import assert from "node:assert/strict";
import { chmodSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import fc from "fast-check";
import { propertyRuns } from "../../test/support/property-runs.ts";
import { opened, storedMessage, temporaryFolder } from "../../test/support/state-folder.ts";
import { share } from "../../test/support/share.ts";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import type { MinuteOfChecks } from "./checks-table.ts";
import type { JournalEntry } from "../core/history.ts";
import { memoryHome } from "./home.ts";
import { lockState } from "./lock.ts";
import type { DatedIngress } from "./saved.ts";
import { openMemoryStore, openStore } from "./open-store.ts";
import { SqliteStore } from "./sqlite-store.ts";
import { Tally } from "./tally.ts";

const numRuns = propertyRuns(60);
const minuteMs = 60_000;
const dayMs = 1_440 * minuteMs;
const ingress = "a.example.com";
const endpoint = "cable";

test("creates its folder and files for the owner alone", (t) => {
  const folder = join(temporaryFolder(t), "state", "ccs");
  using kept = opened(folder);
  kept.store.outboxStore().append("telegram", storedMessage("1"));
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  const files = readdirSync(folder).toSorted();
  assert.deepEqual(files, ["ccs.db", "ccs.db-wal", "ccs.lock"]);
  for (const file of files) assert.equal(statSync(join(folder, file)).mode & 0o777, 0o600, file);
  assert.deepEqual(kept.warnings, []);
});

test("takes the rights of others away from files that are there already", (t) => {
  const folder = temporaryFolder(t);
  opened(folder)[Symbol.dispose]();
  const files = ["ccs.db", "ccs.lock"].map((name) => join(folder, name));
  for (const file of files) chmodSync(file, 0o644);
  using kept = opened(folder);
  for (const file of files) assert.equal(statSync(file).mode & 0o777, 0o600, file);
  assert.deepEqual(kept.warnings, []);
});

test("what was saved is there after a restart, and only that", (t) => {
  const folder = temporaryFolder(t);
  const [a, b, c] = ["a.example.com", "b.example.com", "c.example.com"].map(dated);
  assert.ok(a && b && c);
  {
    using kept = opened(folder);
    assert.equal(kept.store.load(), undefined);
    kept.store.save({ ingresses: [a, b] });
  }
  {
    using kept = opened(folder);
    assert.deepEqual(kept.store.load(), { ingresses: [a, b] });
    const changed = { ...b, departures: [] };
    kept.store.save({ ingresses: [changed, c] });
    assert.deepEqual(kept.store.load(), { ingresses: [changed, c] });
    kept.store.record({ saved: { ingresses: [changed, { ...c, overrides: [] }] }, entries: [], checks: [] });
  }
  using kept = opened(folder);
  assert.deepEqual(kept.store.load()?.ingresses, [
    { ...b, departures: [] },
    { ...c, overrides: [] },
  ]);
  assert.deepEqual(kept.warnings, []);
});

test("of what is saved only the ingresses that changed are written", () => {
  const store = new SqliteStore(memoryHome(), { clock: new VirtualClock(), onWarning: unexpected });
  using _ = store;
  const changes = store.home.database.prepare("SELECT total_changes() AS count");
  const changed = (saved: readonly DatedIngress[]): number => {
    const before = Number(changes.get()?.["count"]);
    store.save({ ingresses: saved });
    return Number(changes.get()?.["count"]) - before;
  };
  const [a, b] = [dated("a.example.com"), dated("b.example.com")];
  assert.equal(changed([a, b]), 2);
  assert.equal(changed([a, b]), 0);
  assert.equal(changed([{ ...a, departures: [] }, b]), 1);
  assert.equal(changed([b]), 1, "the other one is gone");
});

test("only one process has a state folder, and the next gets it when the first is done", (t) => {
  const folder = temporaryFolder(t);
  {
    using first = opened(folder);
    assert.deepEqual(first.warnings, []);
    const second = openStore({ folder, clock: new VirtualClock(), onWarning: unexpected });
    assert.equal(second.kind, "locked");
    assert.match(second.kind === "locked" ? second.message : "", new RegExp(`^Another ccs .*${folder}.*state_dir`));
    assert.equal(lockState(folder, 0).kind, "locked");
  }
  {
    // `run --once` keeps no state, but takes the lock.
    const lock = lockState(folder, 0);
    assert.equal(lock.kind, "held");
    assert.equal(openStore({ folder, clock: new VirtualClock(), onWarning: unexpected }).kind, "locked");
    if (lock.kind === "held") lock[Symbol.dispose]();
  }
  opened(folder)[Symbol.dispose]();
});

test("messages wait in order, for each channel, until they are removed", (t) => {
  const folder = temporaryFolder(t);
  {
    using kept = opened(folder);
    const outbox = kept.store.outboxStore();
    for (const id of ["3", "1", "2"]) outbox.append("telegram", storedMessage(id));
    outbox.append("mail", storedMessage("1"));
    outbox.remove("telegram", ["1", "unknown"]);
    outbox.remove("nowhere", ["2"]);
    assert.deepEqual(outbox.list("telegram"), ["3", "2"].map(storedMessage));
  }
  using kept = opened(folder);
  const outbox = kept.store.outboxStore();
  assert.deepEqual(outbox.list("telegram"), ["3", "2"].map(storedMessage));
  assert.deepEqual(outbox.list("mail"), [storedMessage("1")]);
  assert.deepEqual(outbox.list("nowhere"), []);
  assert.deepEqual(kept.warnings, []);
});

test("the outbox is what a plain list would be, restarts included", (t) => {
  const idOf = fc.constantFrom("1", "2", "3", "4");
  const channelOf = fc.constantFrom("telegram", "mail");
  const moveOf = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("append" as const), channel: channelOf, id: idOf }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant("remove" as const), channel: channelOf, ids: fc.array(idOf) }),
    },
    { weight: 1, arbitrary: fc.constant({ kind: "restart" as const }) },
  );
  fc.assert(
    fc.property(fc.array(moveOf, { maxLength: 20 }), (moves) => {
      const folder = temporaryFolder(t);
      const model: { channel: string; id: string }[] = [];
      let kept = opened(folder);
      for (const move of moves) {
        const outbox = kept.store.outboxStore();
        if (move.kind === "append") {
          outbox.append(move.channel, storedMessage(move.id));
          const isKnown = model.some(({ channel, id }) => channel === move.channel && id === move.id);
          if (!isKnown) model.push(move);
        } else if (move.kind === "remove") {
          outbox.remove(move.channel, move.ids);
          const left = model.filter(
            ({ channel, id }) => channel !== move.channel || !(move.ids as readonly string[]).includes(id),
          );
          model.splice(0, model.length, ...left);
        } else {
          kept[Symbol.dispose]();
          kept = opened(folder);
        }
        for (const channel of ["telegram", "mail"]) {
          const expected = model.filter((row) => row.channel === channel).map(({ id }) => storedMessage(id));
          assert.deepEqual(kept.store.outboxStore().list(channel), expected);
        }
      }
      kept[Symbol.dispose]();
    }),
    { numRuns },
  );
});

test("the journal is read backwards from any entry, and forwards after any", (t) => {
  const folder = temporaryFolder(t);
  {
    using kept = opened(folder);
    assert.equal(kept.store.newestEntryId(), 0);
    kept.store.record({ entries: [1, 2, 3, 4, 5].map(entry), checks: [] });
    assert.equal(kept.store.newestEntryId(), 5);
  }
  using kept = opened(folder);
  const ids = (entries: readonly JournalEntry[]): number[] => entries.map(({ id }) => id);
  assert.deepEqual(ids(kept.store.journal({ limit: 3 })), [5, 4, 3]);
  assert.deepEqual(ids(kept.store.journal({ beforeId: 3, limit: 3 })), [2, 1]);
  assert.deepEqual(ids(kept.store.journalSince(3)), [4, 5]);
  assert.deepEqual(ids(kept.store.journalSince(99)), []);
  assert.deepEqual(kept.store.journalSince(4), [entry(5)]);
  assert.equal(kept.store.newestEntryId(), 5);
});

test("nobody gets more than 1,000 entries at once", () => {
  using store = openMemoryStore({ clock: new VirtualClock(), onWarning: () => undefined });
  store.record({ entries: Array.from({ length: 1_500 }, (_, index) => entry(index + 1)), checks: [] });
  assert.equal(store.journal({ limit: 1e9 }).length, 1_000);
  assert.equal(store.journalSince(0).length, 1_000);
  assert.equal(store.journalSince(0).at(-1)?.id, 1_000);
});

test("an endless fact is journalled without its details", () => {
  using store = openMemoryStore({ clock: new VirtualClock(), onWarning: () => undefined });
  const fact = { kind: "cloud-trouble-began", ingress, problem: "x".repeat(100_000) };
  store.record({ entries: [{ ...entry(1), fact }], checks: [] });
  assert.deepEqual(store.journalSince(0)[0]?.fact, { kind: "cloud-trouble-began", ingress });
});

test("roll-ups are what the checks of their period add up to", () => {
  const minuteOf = fc.record({
    address: fc.constantFrom("192.0.2.1", "2001:db8::1"),
    startMinute: fc.integer({ min: 0, max: 3 * 1_440 }),
    oks: fc.array(
      share.map((part) => part * 10_000),
      { maxLength: 5 },
    ),
    failures: fc.nat({ max: 3 }),
    inconclusive: fc.nat({ max: 2 }),
  });
  const rangeOf = fc.tuple(fc.integer({ min: 0, max: 3 * dayMs }), fc.integer({ min: 1, max: 3 * dayMs }));
  const batchesOf = fc.array(fc.array(minuteOf, { maxLength: 8 }), { maxLength: 6 });
  let compared = 0;
  fc.assert(
    fc.property(
      batchesOf,
      rangeOf,
      fc.constantFrom("minute", "hour", "day"),
      (batches, [fromWallMs, lengthMs], resolution) => {
        using store = openMemoryStore({ clock: new VirtualClock(), onWarning: unexpected });
        for (const batch of batches) {
          store.record({
            entries: [],
            checks: batch.map(({ address, startMinute, ...results }) => minute(address, startMinute, results)),
          });
        }
        const toWallMs = fromWallMs + lengthMs;
        const period = { minute: 1, hour: 60, day: 1_440 }[resolution];
        const groups = new Map<string, (typeof batches)[number]>();
        for (const results of batches.flat()) {
          const start = Math.floor(results.startMinute / period) * period;
          const isWithin = (start + period) * minuteMs > fromWallMs && start * minuteMs < toWallMs;
          const key = `${results.address} ${String(start).padStart(6, "0")}`;
          if (isWithin) groups.set(key, [...(groups.get(key) ?? []), results]);
        }
        const rollups = store.rollups({ ingress, endpoint, fromWallMs, toWallMs, resolution });
        const expected = [...groups.keys()].toSorted();
        assert.deepEqual(
          rollups.map(({ address, startWallMs }) => `${address} ${String(startWallMs / minuteMs).padStart(6, "0")}`),
          expected,
        );
        for (const [index, rollup] of rollups.entries()) {
          const group = groups.get(expected[index] ?? "") ?? [];
          const oks = group.flatMap((results) => results.oks).toSorted((a, b) => a - b);
          const failures = sum(group.map((results) => results.failures));
          const inconclusive = sum(group.map((results) => results.inconclusive));
          assert.deepEqual(
            [rollup.count, rollup.failures, rollup.inconclusive, rollup.maxMs],
            [oks.length + failures + inconclusive, failures, inconclusive, oks.at(-1)],
          );
          for (const [actual, part] of [
            [rollup.p50Ms, 0.5],
            [rollup.p95Ms, 0.95],
          ] as const) {
            const truth = oks[Math.ceil(part * oks.length) - 1];
            assert.equal(actual === undefined, truth === undefined);
            if (actual === undefined || truth === undefined) continue;
            assert.ok(Math.abs(actual - truth) <= Math.max(0.1, truth * 0.02) + 1e-6, `${actual} is not near ${truth}`);
            assert.ok(actual <= (rollup.maxMs ?? NaN));
          }
          compared += 1;
        }
      },
    ),
    { numRuns },
  );
  assert.ok(compared > numRuns, `only ${compared} roll-ups in all`);
});

test("one endpoint's checks are not another's", () => {
  using store = openMemoryStore({ clock: new VirtualClock(), onWarning: unexpected });
  const mine = minute("192.0.2.1", 5, { oks: [10], failures: 0, inconclusive: 0 });
  store.record({ entries: [], checks: [mine, { ...mine, endpoint: "mobile" }, { ...mine, ingress: "b.example.com" }] });
  const query = { fromWallMs: 0, toWallMs: dayMs, resolution: "minute" as const };
  assert.equal(store.rollups({ ...query, ingress, endpoint }).length, 1);
  assert.equal(store.rollups({ ...query, ingress, endpoint: "nobody" }).length, 0);
});

test("history is kept for its time and no longer, though a day of it at most goes at once", (t) => {
  const clock = new VirtualClock({ wallMs: 200 * dayMs });
  using kept = opened(temporaryFolder(t), { clock, limits: { historyMs: 10 * dayMs } });
  const days = Array.from({ length: 15 }, (_, index) => 185 + index);
  kept.store.record({
    entries: days.map((day, index) => ({ ...entry(index + 1), atWallMs: day * dayMs })),
    checks: days.map((day) => minute("192.0.2.1", day * 1_440, { oks: [1], failures: 0, inconclusive: 0 })),
  });
  const kindsOf = (resolution: "minute" | "hour"): number[] =>
    kept.store
      .rollups({ ingress, endpoint, fromWallMs: 0, toWallMs: 1e13, resolution })
      .map(({ startWallMs }) => startWallMs / dayMs);
  kept.store.tidy();
  assert.deepEqual(kindsOf("minute"), days.slice(1), "only the oldest day goes at first");
  for (let round = 0; round < 10; round += 1) kept.store.tidy();
  const recent = days.filter((day) => day >= 190);
  assert.deepEqual(kindsOf("minute"), recent);
  assert.deepEqual(kindsOf("hour"), recent);
  assert.deepEqual(
    kept.store.journalSince(0).map(({ atWallMs }) => atWallMs / dayMs),
    recent,
  );
});

test("a wall clock that is ten years ahead for an hour costs a day of history", (t) => {
  const clock = new VirtualClock({ wallMs: 1_000 * dayMs });
  using kept = opened(temporaryFolder(t), { clock });
  const days = Array.from({ length: 30 }, (_, index) => 970 + index);
  const checks = days.map((day) => minute("192.0.2.1", day * 1_440, { oks: [1], failures: 0, inconclusive: 0 }));
  kept.store.record({ entries: [], checks });
  clock.jumpWall(3_650 * dayMs);
  kept.store.tidy();
  clock.jumpWall(-3_650 * dayMs);
  kept.store.tidy();
  assert.equal(kept.store.rollups({ ingress, endpoint, fromWallMs: 0, toWallMs: 1e13, resolution: "hour" }).length, 29);
});

test("rows beyond the budget go, the oldest minutes first and hours last, and their space is given back", (t) => {
  const clock = new VirtualClock({ wallMs: 10 * dayMs });
  const folder = temporaryFolder(t);
  const limits = { checkRows: 500, journalEntries: 100 };
  using kept = opened(folder, { clock, limits });
  const addresses = ["192.0.2.1", "192.0.2.2"];
  const minutes = Array.from({ length: 3 * 1_440 }, (_, index) => 7 * 1_440 + index);
  const checks = minutes.flatMap((start) =>
    addresses.map((address) => minute(address, start, { oks: [5], failures: 1, inconclusive: 0 })),
  );
  kept.store.record({ entries: Array.from({ length: 9_000 }, (_, index) => entry(index + 1)), checks });
  const rowsOf = (resolution: "minute" | "hour"): number[] =>
    kept.store
      .rollups({ ingress, endpoint, fromWallMs: 0, toWallMs: 1e13, resolution })
      .map(({ startWallMs }) => startWallMs / minuteMs);
  const bytesBefore = statSync(join(folder, "ccs.db")).size + statSync(join(folder, "ccs.db-wal")).size;
  for (let round = 0; round < 4; round += 1) kept.store.tidy();
  const left = rowsOf("minute");
  assert.equal(rowsOf("hour").length, 2 * 3 * 24);
  assert.ok(left.length + 144 <= 500 && left.length + 144 > 500 - 2 * 60, `${left.length} minutes are left`);
  assert.deepEqual(new Set(left), new Set(minutes.slice(-left.length / 2)));
  assert.deepEqual(
    kept.store.journalSince(0).map(({ id }) => id),
    Array.from({ length: 100 }, (_, index) => 8_901 + index),
  );
  kept[Symbol.dispose]();
  assert.ok(statSync(join(folder, "ccs.db")).size < bytesBefore / 3);
});

test("the newest entry stays, so that no id is given twice", (t) => {
  const clock = new VirtualClock({ wallMs: 1_000 * dayMs });
  using kept = opened(temporaryFolder(t), { clock });
  kept.store.record({ entries: [1, 2, 3].map((id) => ({ ...entry(id), atWallMs: 0 })), checks: [] });
  kept.store.tidy();
  kept.store.tidy();
  assert.equal(kept.store.newestEntryId(), 3);
  assert.equal(kept.store.journalSince(0).length, 1);
});

test("addresses that have no history left are forgotten", (t) => {
  const folder = temporaryFolder(t);
  const kept = opened(folder, { clock: new VirtualClock({ wallMs: 200 * dayMs }), limits: { checkRows: 2 } });
  const results = { oks: [1], failures: 0, inconclusive: 0 };
  for (const day of [1, 2, 3]) {
    kept.store.record({ entries: [], checks: [minute(`192.0.2.${day}`, (190 + day) * 1_440, results)] });
  }
  kept.store.tidy();
  kept[Symbol.dispose]();
  using database = new DatabaseSync(join(folder, "ccs.db"));
  const addresses = database.prepare("SELECT address FROM series ORDER BY address").all();
  // Of the three only the hours are left, which is one row too many.
  assert.deepEqual(
    addresses.map((row) => row["address"]),
    ["192.0.2.2", "192.0.2.3"],
  );
});

test("a store in memory is a store like any other, and says nothing when it was asked for", () => {
  const warnings: string[] = [];
  using store = openMemoryStore({ clock: new VirtualClock(), onWarning: (message) => warnings.push(message) });
  store.save({ ingresses: [dated("a.example.com")] });
  store.outboxStore().append("telegram", storedMessage("1"));
  store.tidy();
  assert.equal(store.path, undefined);
  assert.deepEqual(store.load(), { ingresses: [dated("a.example.com")] });
  assert.deepEqual(warnings, []);
});

/** Everything that every part of a saved ingress can be. */
function dated(record: string): DatedIngress {
  return {
    id: undefined,
    record,
    savedWallMs: 1_000,
    selection: {
      primary: "cable",
      sticky: [{ endpoint: "mobile", untilWallMs: 2_000 }],
      reason: "return",
      why: "☃ \"'",
      sinceWallMs: undefined,
    },
    departures: [{ endpoint: "mobile", atWallMs: 500 }],
    overrides: [{ kind: "drain", endpoint: "mobile", untilWallMs: 9_000 }],
    addresses: [
      {
        endpoint: "mobile",
        target: "mobile.example.com",
        addresses: [{ text: "2001:db8::1", family: "ipv6", scope: "public" }],
        usableUntilWallMs: 3_000,
      },
    ],
    lastGood: { records: [{ type: "CNAME", content: "cable.example.com" }], ttlSeconds: 60, proxied: false },
    isOutage: undefined,
    endpoints: undefined,
    form: undefined,
    mixRecords: undefined,
    zone: undefined,
    ttl: undefined,
  };
}

function entry(id: number): JournalEntry {
  return { id, atWallMs: 10 * dayMs, atMs: id + 0.5, fact: { kind: "ingress-added", ingress, id } };
}

function minute(
  address: string,
  startMinute: number,
  { oks, failures, inconclusive }: { oks: readonly number[]; failures: number; inconclusive: number },
): MinuteOfChecks {
  const tally = new Tally();
  const seen = { startedMs: 0, vantage: "local", phases: {}, detail: "" };
  for (const endedMs of oks) tally.observe({ ...seen, endedMs, kind: "ok" });
  for (let count = 0; count < failures; count += 1) {
    tally.observe({ ...seen, endedMs: 9e9, kind: "failed", reason: "timeout" });
  }
  for (let count = 0; count < inconclusive; count += 1) {
    tally.observe({ ...seen, endedMs: 9e9, kind: "inconclusive", reason: "late" });
  }
  return { ingress, endpoint, address, startMinute, tally };
}

function unexpected(message: string): void {
  assert.equal(message, undefined);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
