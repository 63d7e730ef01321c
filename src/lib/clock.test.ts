import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import { untilBeat } from "./clock.ts";

test("whatever waits for a beat is woken up at the same moment", async () => {
  const clock = new VirtualClock({ nowMs: 123.4 });
  const moments: number[] = [];
  const beat = (periodMs: number): void => {
    clock.setTimer(untilBeat(clock, periodMs), () => {
      moments.push(Math.floor(clock.nowMs()));
      beat(periodMs);
    });
  };
  beat(1_000);
  await clock.advance(333);
  beat(1_000);
  await clock.advance(333);
  beat(2_000);
  await clock.advance(60_000);
  assert.deepEqual([moments.length, new Set(moments).size], [60 + 60 + 30, 60]);
});

test("a beat is at least half a period away, and at most one and a half", () => {
  for (const [nowMs, waitMs] of [
    [0, 1_000],
    [1, 999],
    [500, 500],
    [501, 1_499],
    [999.9, 1_001],
  ] as const)
    assert.equal(untilBeat(new VirtualClock({ nowMs }), 1_000), waitMs);
});
