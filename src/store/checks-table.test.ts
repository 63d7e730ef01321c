// What the table of checks remembers of its rows so as not to read them: never more than they say.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Observation } from "../core/model.ts";
import { opened, temporaryFolder } from "../../test/support/state-folder.ts";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import type { MinuteOfChecks } from "./checks-table.ts";
import { openMemoryStore } from "./open-store.ts";
import type { Store } from "./store.ts";
import { Tally } from "./tally.ts";

const ingress = "a.example.com";
const endpoint = "cable";
const minuteMs = 60_000;
const dayMinutes = 1_440;
const everything = { ingress, endpoint, fromWallMs: 0, toWallMs: 1e13 };
const kinds = fc.constantFrom("ok", "failed", "inconclusive", "inconclusive", "inconclusive");

test("a transaction that failed leaves nothing behind, neither counts nor addresses", (t) => {
  using kept = opened(temporaryFolder(t));
  const { store } = kept;
  add(store, checks("192.0.2.1", 100));
  const wrong = checks("192.0.2.3", 100);
  wrong.tally.count = 0.5;
  const batch = [checks("192.0.2.1", 100), checks("192.0.2.1", 101), checks("192.0.2.2", 100), wrong];
  assert.throws(() => add(store, ...batch), /datatype|REAL/);
  assert.deepEqual(countsOf(store, "minute"), { "192.0.2.1 100": 1 });
  add(store, checks("192.0.2.1", 101), checks("192.0.2.2", 100), checks("192.0.2.1", 100));
  assert.deepEqual(countsOf(store, "minute"), { "192.0.2.1 100": 2, "192.0.2.1 101": 1, "192.0.2.2 100": 1 });
  assert.deepEqual(countsOf(store, "hour"), { "192.0.2.1 60": 3, "192.0.2.2 60": 1 });
});

test("an address whose history was dropped begins anew", (t) => {
  const clock = new VirtualClock({ wallMs: 200 * dayMinutes * minuteMs });
  using kept = opened(temporaryFolder(t), { clock, limits: { historyMs: 10 * dayMinutes * minuteMs } });
  const { store } = kept;
  const old = 150 * dayMinutes + 7;
  add(store, checks("192.0.2.1", old));
  store.tidy();
  assert.deepEqual(countsOf(store, "hour"), {});
  // The very minute that was open, and another one.
  add(store, checks("192.0.2.1", old), checks("192.0.2.1", old + 60));
  assert.deepEqual(countsOf(store, "minute"), { [`192.0.2.1 ${old}`]: 1, [`192.0.2.1 ${old + 60}`]: 1 });
  assert.deepEqual(countsOf(store, "hour"), { [`192.0.2.1 ${old - 7}`]: 1, [`192.0.2.1 ${old + 53}`]: 1 });
});

test("a clock that is set back adds to what is there, and so does the time that comes again", (t) => {
  const folder = temporaryFolder(t);
  const minutes = [100, 40, 41, 100, 99, 130, 40, 130, 131];
  {
    using kept = opened(folder);
    for (const minute of minutes) add(kept.store, checks("192.0.2.1", minute));
  }
  // A restart in the past.
  using kept = opened(folder);
  for (const minute of [41, 100, 101, 131]) add(kept.store, checks("192.0.2.1", minute));
  const expected = { 40: 2, 41: 2, 99: 1, 100: 3, 101: 1, 130: 2, 131: 2 };
  const named = Object.entries(expected).map(([minute, count]) => [`192.0.2.1 ${minute}`, count]);
  assert.deepEqual(countsOf(kept.store, "minute"), Object.fromEntries(named));
  assert.deepEqual(countsOf(kept.store, "hour"), { "192.0.2.1 0": 4, "192.0.2.1 60": 5, "192.0.2.1 120": 4 });
});

test("what is covered is what the rows, one by one, say", () => {
  const period = { minute: minuteMs, hour: 60 * minuteMs, day: dayMinutes * minuteMs };
  const time = fc.integer({ min: 0, max: 5_000 * minuteMs });
  const checked = fc.record({ address: fc.constantFrom("192.0.2.1", "192.0.2.2"), minute: fc.nat(5_000), kind: kinds });
  const resolutions = fc.constantFrom("minute", "hour", "day");
  fc.assert(
    fc.property(fc.array(checked, { maxLength: 30 }), time, time, resolutions, (minutes, one, other, resolution) => {
      using store = openMemoryStore({ clock: new VirtualClock(), onWarning: (message) => assert.fail(message) });
      add(store, ...minutes.map(({ address, minute, kind }) => checks(address, minute, kind)));
      const [fromWallMs, toWallMs] = [Math.min(one, other), Math.max(one, other) + 1];
      const query = { ingress, endpoint, fromWallMs, toWallMs, resolution };
      const proofs = store.rollups(query).filter(({ count, inconclusive }) => count > inconclusive);
      const starts = [...new Set(proofs.map(({ startWallMs }) => startWallMs))].toSorted((a, b) => a - b);
      assert.deepEqual(store.coveredStarts(query), starts);
      assert.ok(starts.every((startMs) => startMs < toWallMs && startMs + period[resolution] > fromWallMs));
    }),
  );
});

function add(store: Store, ...batch: readonly MinuteOfChecks[]): void {
  store.record({ entries: [], checks: batch });
}

/** One check, that was ok unless told otherwise. */
function checks(address: string, startMinute: number, kind: Observation["kind"] = "ok"): MinuteOfChecks {
  const tally = new Tally();
  const seen = { startedMs: 0, endedMs: 20, vantage: "local", phases: {}, detail: "" };
  if (kind === "ok") tally.observe({ ...seen, kind });
  else if (kind === "failed") tally.observe({ ...seen, kind, reason: "timeout" });
  else tally.observe({ ...seen, kind, reason: "local" });
  return { ingress, endpoint, address, startMinute, tally };
}

/** How many checks there were, by address and first minute. */
function countsOf(store: Store, resolution: "minute" | "hour"): Record<string, number> {
  const rollups = store.rollups({ ...everything, resolution });
  return Object.fromEntries(
    rollups.map(({ address, startWallMs, count }) => [`${address} ${startWallMs / minuteMs}`, count]),
  );
}
