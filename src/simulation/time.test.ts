// The clock of a process in the simulated world.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ProcessClock, SimulatedTime } from "./time.ts";

for (const [title, sleeps, missedMs] of [
  ["one sleep", [[10_000, 60_000]], 60_000],
  [
    "a sleep within another one",
    [
      [10_000, 60_000],
      [20_000, 12_000],
    ],
    60_000,
  ],
  [
    "a sleep that outlasts the one it begins in",
    [
      [10_000, 60_000],
      [50_000, 60_000],
    ],
    100_000,
  ],
] as const) {
  test(`${title}: its monotonic clock stands still for as long, and never goes back`, async () => {
    const time = new SimulatedTime();
    const clock = new ProcessClock(time);
    for (const [atMs, forMs] of sleeps) time.at(atMs, () => clock.sleep(forMs));
    let seenMs = 0;
    const look = (): void => {
      assert.ok(clock.nowMs() >= seenMs, `${clock.nowMs()} comes after ${seenMs}`);
      seenMs = clock.nowMs();
      clock.setTimer(1_000, look);
    };
    look();
    await time.runUntil(300_000);
    assert.equal(clock.nowMs(), 300_000 - missedMs);
  });
}

test("what is set to happen during a sleep is due as long after it as it was meant to be", async () => {
  const time = new SimulatedTime();
  const clock = new ProcessClock(time);
  const firedMs: number[] = [];
  time.at(10_000, () => clock.sleep(60_000));
  // As the end of the process, which is asked for from outside.
  time.at(50_000, () => clock.setTimer(5_000, () => firedMs.push(time.nowMs())));
  await time.runUntil(300_000);
  assert.deepEqual(firedMs, [75_000]);
});
