// What was seen, rebuilt from counts and changes of health.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { addressEvents } from "./addresses.ts";
import { reconstruct, type RecordedMinute, type RecordedTurn } from "./reconstruct.ts";

const minuteMs = 60_000;
const address = "192.0.2.1";

function minute(number: number, count: number, failures = 0, inconclusive = 0): RecordedMinute {
  return { address, startWallMs: number * minuteMs, count, failures, inconclusive };
}

function turn(atWallMs: number, isOk: boolean): RecordedTurn {
  return { address, atWallMs, isOk, reason: isOk ? "answers again" : "timeout" };
}

test("a quiet minute is as many oks, evenly apart", () => {
  const seen = reconstruct([minute(0, 4)], []);
  assert.deepEqual(
    seen.map(({ atWallMs, kind }) => [atWallMs, kind]),
    [
      [7_500, "ok"],
      [22_500, "ok"],
      [37_500, "ok"],
      [52_500, "ok"],
    ],
  );
});

test("what changed the health stands at its true time, and failures where the health was in doubt", () => {
  const seen = reconstruct([minute(0, 6, 3), minute(1, 4, 2)], [turn(31_234, false), turn(90_000, true)]);
  const kinds = seen.map(({ atWallMs, kind }) => `${atWallMs / 1_000} ${kind}`);
  assert.deepEqual(kinds, [
    "5 ok",
    "15 ok",
    "25 ok",
    "31.234 failed",
    "45 failed",
    "55 failed",
    "67.5 failed",
    "75 failed",
    "90 ok",
    "97.5 ok",
  ]);
  assert.equal(seen.find(({ kind }) => kind === "failed")?.detail, "timeout");
});

test("without a word in the journal failures are spread evenly", () => {
  const kinds = reconstruct([minute(0, 6, 2, 1)], []).map(({ kind }) => kind);
  const failed = kinds.flatMap((kind, index) => (kind === "failed" ? [index] : []));
  assert.deepEqual(failed, [2, 5]);
});

test("the counts of every minute stay what they were, whatever the journal says", () => {
  const turns = fc.array(fc.record({ atWallMs: fc.integer({ min: 0, max: 5 * minuteMs }), isOk: fc.boolean() }));
  const counts = fc.array(fc.tuple(fc.nat(20), fc.nat(20), fc.nat(20)), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(counts, turns, (minutes, changes) => {
      const recorded = minutes.map(([oks, failures, inconclusive], index) =>
        minute(index, oks + failures + inconclusive, failures, inconclusive),
      );
      const sorted = changes.toSorted((a, b) => a.atWallMs - b.atWallMs);
      const seen = reconstruct(
        recorded,
        sorted.map(({ atWallMs, isOk }) => turn(atWallMs, isOk)),
      );
      for (const { startWallMs, count, failures, inconclusive } of recorded) {
        const own = seen.filter(({ atWallMs }) => atWallMs >= startWallMs && atWallMs < startWallMs + minuteMs);
        assert.deepEqual(
          [
            own.length,
            own.filter(({ kind }) => kind === "failed").length,
            own.filter(({ kind }) => kind === "inconclusive").length,
          ],
          [count, failures, inconclusive],
        );
      }
      assert.deepEqual(
        seen,
        seen.toSorted((a, b) => a.atWallMs - b.atWallMs),
      );
    }),
  );
});

test("addresses come and go with their checks", () => {
  const at = (text: string, minutes: number) => ({
    address: text,
    atWallMs: minutes * minuteMs,
    kind: "ok" as const,
    detail: "",
  });
  const seen = [
    at("192.0.2.1", 0),
    at("192.0.2.2", 1),
    at("192.0.2.1", 5),
    ...[6, 12, 17].map((time) => at("192.0.2.2", time)),
  ];
  assert.deepEqual(addressEvents(seen), [
    { atWallMs: 0, addresses: ["192.0.2.1", "192.0.2.2"] },
    { atWallMs: 17 * minuteMs, addresses: ["192.0.2.2"] },
  ]);
  assert.deepEqual(addressEvents([]), []);
});
