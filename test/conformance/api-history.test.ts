// Reading the journal as stretches of time, and what a question about a month costs.
import assert from "node:assert/strict";
import process from "node:process";
import { describe, test } from "node:test";
import { IngressWorld, endpointSettings, ingressSettings } from "../support/ingress-world.ts";
import { VirtualClock } from "../support/virtual-clock.ts";
import { ApiSite } from "../support/api-site.ts";
import type { MinuteOfChecks } from "../../src/store/checks-table.ts";
import { HistoryReader } from "../../src/store/reader.ts";
import { openMemoryStore } from "../../src/store/open-store.ts";
import type { Store } from "../../src/store/store.ts";
import { Tally } from "../../src/store/tally.ts";
import { historyOf, historyQuestion } from "../../src/web/api/history.ts";
import type { JournalEntry, Rollups } from "../../src/core/history.ts";
import { RunHistory } from "../../src/web/api/run-history.ts";
import { availabilityPercent, downTimes, servedOf } from "../../src/web/api/outages.ts";
import type { History } from "../../src/web/api/schema/history.ts";

const record = "ingress.example.com";

describe("down times", () => {
  const range = { fromMs: 1_000, untilMs: 2_000 };
  const changes = (...pairs: readonly (readonly [atWallMs: number, from: string, to: string])[]): JournalEntry[] =>
    pairs
      .map(([atWallMs, from, to], index) => ({
        id: index + 1,
        atWallMs,
        atMs: 0,
        fact: { kind: "endpoint-health-changed", from, to, reason: `${from} to ${to}` },
      }))
      .toReversed();
  const up = -Infinity;

  for (const [what, entries, endedMs, expected] of [
    ["none", changes([500, "unknown", "up"]), up, []],
    [
      "one, recovering included",
      changes([1_100, "up", "down"], [1_200, "down", "recovering"], [1_300, "recovering", "up"]),
      up,
      [[1_100, 1_300]],
    ],
    ["one from before the range", changes([500, "up", "down"], [1_300, "down", "up"]), up, [[1_000, 1_300]]],
    ["one that was over before it", changes([500, "up", "down"], [900, "down", "up"]), up, []],
    ["one whose beginning is not known", changes([1_300, "down", "up"]), up, [[1_000, 1_300]]],
    ["one that lasts", changes([1_900, "up", "down"]), undefined, [[1_900, 2_000]]],
    ["one that a new check ended", changes([1_200, "up", "down"]), 1_500, [[1_200, 1_500]]],
    [
      "one across a restart",
      changes([1_200, "up", "down"], [1_400, "unknown", "down"], [1_500, "down", "up"]),
      up,
      [[1_200, 1_500]],
    ],
    ["suspicion is none", changes([1_200, "up", "suspect"], [1_300, "suspect", "up"]), up, []],
  ] as const) {
    test(what, () => {
      const found = downTimes(entries, range, endedMs);
      assert.deepEqual(
        found.map(({ fromMs, untilMs }) => [fromMs, untilMs]),
        expected,
      );
    });
  }

  test("count only where checks were made", () => {
    const down = [
      { fromMs: 100, untilMs: 200, reason: "", isOver: true },
      { fromMs: 350, untilMs: 900, reason: "", isOver: true },
    ];
    assert.equal(availabilityPercent(down, []), undefined);
    const covered = [
      { fromMs: 0, untilMs: 400 },
      { fromMs: 1_000, untilMs: 1_600 },
    ];
    assert.equal(availabilityPercent(down, covered), 85);
  });

  test("who served before the first entry is known from it", () => {
    const selection = (primary: string) => ({ primary, sticky: [], why: `because of ${primary}` });
    const fact = { kind: "selection-changed", from: selection("cable"), to: selection("mobile"), why: "cable is down" };
    assert.deepEqual(
      servedOf([{ id: 1, atWallMs: 1_400, atMs: 0, fact }], range).map(({ from, until, primary, why }) => [
        Date.parse(from),
        until === undefined ? undefined : Date.parse(until),
        primary,
        why,
      ]),
      [
        [1_000, 1_400, "cable", "because of cable"],
        [1_400, undefined, "mobile", "cable is down"],
      ],
    );
  });
});

describe("a month", () => {
  const days = 30;
  const hours = days * 24;

  /** A month of history, with checks and the beginning of an outage of 30 minutes every so many hours. */
  function fill(
    store: Store,
    clock: VirtualClock,
    names: readonly string[],
    { checkedHours, outageHours }: { readonly checkedHours: number; readonly outageHours: number },
  ): void {
    const startMinute = Math.floor(clock.wallMs() / 60_000) - days * 24 * 60;
    let id = store.newestEntryId();
    for (let hour = 0; hour < hours; hour += checkedHours) {
      const minute = startMinute + hour * 60;
      const fallen = hour % outageHours === 0 ? names : [];
      store.record({
        checks: names.map((endpoint) => {
          const address = "192.0.2.1";
          return { ingress: record, endpoint, address, startMinute: minute, tally: tallyOf(hour) };
        }),
        entries: fallen.flatMap((endpoint) =>
          (["down", "up"] as const).map((to) => {
            const from = to === "up" ? "down" : "up";
            const fact = { kind: "endpoint-health-changed", ingress: record, endpoint, from, to, reason: "timeout" };
            id += 1;
            return { id, atWallMs: (minute + (to === "up" ? 30 : 0)) * 60_000, atMs: 0, fact };
          }),
        ),
      });
    }
  }

  /** A store with a month of checks and outages of so many endpoints, and what asks it. */
  function filled(endpoints: number): (endpoint: number | undefined) => History {
    const clock = new VirtualClock({ wallMs: Date.UTC(2026, 0, 31) });
    const store = openMemoryStore({ clock, onWarning: (message) => assert.fail(message) });
    const names = Array.from({ length: endpoints }, (_, index) => `endpoint-${index}`);
    fill(store, clock, names, { checkedHours: 3, outageHours: 3 });
    const reader = new HistoryReader(store.readingPlace.location);
    const world = new IngressWorld(() => undefined);
    world.start(
      ingressSettings(
        record,
        names.map((name) => endpointSettings(name)),
      ),
    );
    const run = new RunHistory(clock);
    const now = { nowMs: world.nowMs, wallMs: clock.wallMs() };
    return (endpoint) => {
      const ingress = world.ingress();
      const asked = endpoint === undefined ? undefined : ingress.endpoints[endpoint];
      const question = historyQuestion({ ingress, endpoint: asked, range: "30d" }, run, now);
      return historyOf({ journal: reader, rollups: reader }, question);
    };
  }

  test("of one endpoint among fifty costs no more than of one alone, and little of either", async () => {
    const [one, fifty] = [filled(1), filled(50)];
    const history = fifty(25);
    assert.equal(history.startSeconds.length, hours);
    assert.equal(history.endpoints[0]?.outages.length, hours / 3);
    assert.equal(history.endpoints[0]?.availabilityPercent, 50);
    assert.equal(history.endpoints[0]?.coveredFrom, history.from);
    const [alone, among] = [await cpuMsOf(() => one(0)), await cpuMsOf(() => fifty(25))];
    assert.ok(among < 3 * alone + 5, `${among} ms of CPU among fifty, ${alone} ms alone`);
    assert.ok(among < 50, `${among} ms of CPU`);
    // Without series, all of them.
    const all = fifty(undefined);
    assert.equal(all.endpoints.length, 50);
    assert.equal(all.isWhole, false, "so many outages are not all told");
    const [untold] = all.endpoints;
    assert.ok((untold?.coveredFrom ?? "") > all.from, "what is not told is not claimed to be known");
    assert.ok((untold?.coveredFrom ?? "") <= (untold?.outages[0]?.from ?? ""));
    assert.ok((await cpuMsOf(() => fifty(undefined))) < 75 * alone + 50);
  });

  test("of all fifty, with checks in every hour, is one quick answer", async () => {
    const clock = new VirtualClock({ wallMs: Date.UTC(2026, 0, 31) });
    const store = openMemoryStore({ clock, onWarning: (message) => assert.fail(message) });
    const names = Array.from({ length: 50 }, (_, index) => `endpoint-${index}`);
    fill(store, clock, names, { checkedHours: 1, outageHours: 24 });
    await using site = await ApiSite.start({ clock, store });
    site.world.start(
      ingressSettings(
        record,
        names.map((name) => endpointSettings(name)),
      ),
    );
    const path = `/api/v1/history?ingress=${record}&range=30d`;
    const { endpoints, from, isWhole } = await site.json<History>(path);
    assert.ok(isWhole);
    assert.deepEqual(
      endpoints.map(({ name, availabilityPercent: percent, coveredFrom, outages }) => [
        name,
        percent,
        coveredFrom,
        outages.length,
      ]),
      names.map((name) => [name, Math.round(100_000 * (1 - 0.5 / 24)) / 1_000, from, days]),
    );
    const cpuMs = await cpuMsOf(() => site.get(path));
    assert.ok(cpuMs < 50, `${cpuMs} ms of CPU`);
    assert.deepEqual(site.bugs, []);
  });

  test("says the same of what is covered as the rows of checks, one by one, do", async () => {
    const clock = new VirtualClock({ wallMs: Date.UTC(2026, 0, 31, 12, 17, 23, 456) });
    const store = openMemoryStore({ clock, onWarning: (message) => assert.fail(message) });
    const nowMinute = Math.floor(clock.wallMs() / 60_000);
    const checks = ["cable", "mobile", "idle"].flatMap((endpoint, at) =>
      ["192.0.2.1", "192.0.2.2", "2001:db8::1"].flatMap((address, which) =>
        // From before the range until now, with gaps; the addresses take turns, and some hours prove nothing.
        Array.from({ length: 1_500 }, (_, index): MinuteOfChecks => {
          const startMinute = nowMinute - Math.floor((index * index) / 50) - index - 7 * which;
          const isProof = endpoint !== "idle" && (Math.floor(startMinute / 60) + at + which) % 5 < 2;
          return { ingress: record, endpoint, address, startMinute, tally: tallyOf(index, isProof) };
        }),
      ),
    );
    const entries = Array.from({ length: 120 }, (_, index): JournalEntry => {
      const [from, to] = index % 2 === 0 ? ["up", "down"] : ["down", "up"];
      const fact = { kind: "endpoint-health-changed", ingress: record, endpoint: "cable", from, to, reason: "timeout" };
      return { id: index + 1, atWallMs: clock.wallMs() - (120 - index) * 12_345_678, atMs: 0, fact };
    });
    store.record({ checks, entries });
    const reader = new HistoryReader(store.readingPlace.location);
    const rowByRow: Rollups = {
      rollups: (query) => reader.rollups(query),
      coveredStarts: (query) => {
        const proofs = reader.rollups(query).filter(({ count, inconclusive }) => count > inconclusive);
        return [...new Set(proofs.map(({ startWallMs }) => startWallMs))].toSorted((a, b) => a - b);
      },
    };
    const world = new IngressWorld(() => undefined);
    world.start(
      ingressSettings(
        record,
        ["cable", "mobile", "idle"].map((name) => endpointSettings(name)),
      ),
    );
    const ingress = world.ingress();
    const now = { nowMs: world.nowMs, wallMs: clock.wallMs() };
    const run = new RunHistory(clock);
    for (const range of ["1h", "24h", "7d", "30d"] as const) {
      for (const endpoint of [undefined, ...ingress.endpoints]) {
        const question = historyQuestion({ ingress, endpoint, range }, run, now);
        const history = historyOf({ journal: reader, rollups: reader }, question);
        const expected = historyOf({ journal: reader, rollups: rowByRow }, question);
        assert.deepEqual(history, expected, range);
      }
    }
    // Where no series are asked for, the rows are not read at all: of many endpoints they would take long.
    const rollups: Rollups = {
      rollups: () => assert.fail("rows were read"),
      coveredStarts: (query) => reader.coveredStarts(query),
    };
    const question = historyQuestion({ ingress, endpoint: undefined, range: "30d" }, run, now);
    const month = historyOf({ journal: reader, rollups }, question);
    const [cable, mobile, idle] = month.endpoints.map(({ availabilityPercent: percent }) => percent);
    assert.ok(cable !== undefined && cable > 10 && cable < 90, String(cable));
    assert.equal(mobile, 100);
    assert.equal(idle, undefined, "what proves nothing covers nothing");
  });
});

function tallyOf(hour: number, isProof = true): Tally {
  const tally = new Tally();
  for (let check = 0; check < 4; check += 1) {
    const base = { startedMs: 0, endedMs: 20 + check * 5 + (hour % 13), vantage: "local", phases: {}, detail: "" };
    if (!isProof) tally.observe({ ...base, kind: "inconclusive", reason: "local" });
    else tally.observe(check === 3 ? { ...base, kind: "failed", reason: "timeout" } : { ...base, kind: "ok" });
  }
  return tally;
}

/** The CPU time of an action in milliseconds, with its answer as JSON: the best of several, as others use the machine too. */
async function cpuMsOf(action: () => unknown): Promise<number> {
  let leastMs = Infinity;
  for (let run = 0; run < 7; run += 1) {
    const before = process.cpuUsage();
    JSON.stringify(await action());
    const { user, system } = process.cpuUsage(before);
    leastMs = Math.min(leastMs, (user + system) / 1_000);
  }
  return leastMs;
}
