// The budget of calls: never more than promised in any window, never long without a call, and a share for decisions.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { propertyRuns } from "../../test/support/property-runs.ts";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import { CallGate } from "./gate.ts";

const minuteMs = 60_000;

/** Makes as many calls as the gate lets through for this long. Resolves to their times. */
async function callAlways(gate: CallGate, clock: VirtualClock, forMs: number, isUrgent = false): Promise<number[]> {
  const endMs = clock.nowMs() + forMs;
  const times: number[] = [];
  while (clock.nowMs() < endMs) {
    const atMs = gate.enter(isUrgent);
    if (atMs === undefined) times.push(clock.nowMs());
    else await clock.advance(atMs - clock.nowMs());
  }
  return times;
}

function mostWithin(times: readonly number[], windowMs: number): number {
  return Math.max(0, ...times.map((first) => times.filter((atMs) => atMs >= first && atMs < first + windowMs).length));
}

describe("the budget", () => {
  for (const [ingresses, isUrgent] of [
    [1, false],
    [1, true],
    [20, false],
    [20, true],
    [200, true],
    [2_000, false],
    [2_000, true],
  ] as const) {
    test(`of ${ingresses} ingresses is never exceeded by ${isUrgent ? "decisions" : "looks"}`, async () => {
      const clock = new VirtualClock({ nowMs: 1_000 });
      const gate = new CallGate(clock, ingresses);
      const times = await callAlways(gate, clock, 30 * minuteMs, isUrgent);
      const most = Math.min(900, 100 + 2 * ingresses);
      assert.equal(gate.budget.limit, most);
      assert.ok(mostWithin(times, 5 * minuteMs) <= most, String(mostWithin(times, 5 * minuteMs)));
      assert.ok(mostWithin(times, 6_000) <= 40, String(mostWithin(times, 6_000)));
      // It is used, too: half of it comes back in five minutes.
      assert.ok(times.length >= (most / 2) * 5, String(times.length));
      const pausesMs = times.slice(1).map((atMs, index) => atMs - (times[index] ?? 0));
      assert.ok(Math.max(...pausesMs) <= 6_000, `${Math.max(...pausesMs)} ms without a call`);
    });
  }

  test("holds whoever calls when, and however many ingresses come and go", async () => {
    const step = fc.record({
      // Idleness must not save up more than there is.
      waitMs: fc.oneof(fc.integer({ min: 0, max: 20_000 }), fc.constantFrom(0, 6_000, 600_000)),
      calls: fc.integer({ min: 0, max: 60 }),
      isUrgent: fc.boolean(),
      ingresses: fc.option(fc.integer({ min: 1, max: 30 })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
        const clock = new VirtualClock();
        const gate = new CallGate(clock, 30);
        const times: number[] = [];
        for (const { waitMs, calls, isUrgent, ingresses } of steps) {
          await clock.advance(waitMs);
          if (ingresses !== null) gate.share(ingresses);
          for (let call = 0; call < calls; call += 1) {
            const { remaining } = gate.budget;
            const isLet = gate.enter(isUrgent) === undefined;
            if (isUrgent) assert.equal(isLet, remaining > 0);
            if (isLet) times.push(clock.nowMs());
          }
        }
        assert.ok(mostWithin(times, 5 * minuteMs) <= 160);
        assert.ok(mostWithin(times, 6_000) <= 40);
      }),
      { numRuns: propertyRuns(60) },
    );
  });

  test("spent by looks leaves enough for decisions", async () => {
    const clock = new VirtualClock();
    const gate = new CallGate(clock, 1);
    await callAlways(gate, clock, 10 * minuteMs);
    while (gate.enter(false) === undefined);
    assert.ok(gate.budget.remaining >= 15, String(gate.budget.remaining));
    for (let call = 0; call < 15; call += 1) assert.equal(gate.enter(true), undefined);
  });

  test("of six seconds leaves enough for decisions as well", async () => {
    const clock = new VirtualClock();
    const gate = new CallGate(clock, 200);
    for (let call = 0; call < 28; call += 1) assert.equal(gate.enter(false), undefined);
    assert.equal(gate.enter(false), 6_000);
    for (let call = 0; call < 12; call += 1) assert.equal(gate.enter(true), undefined);
    assert.equal(gate.budget.remaining, 0);
    assert.equal(gate.enter(true), 6_000);
  });

  test("is no way past a closed gate", async () => {
    const clock = new VirtualClock();
    const gate = new CallGate(clock);
    gate.closeUntil(20_000);
    gate.closeUntil(10_000);
    assert.equal(gate.enter(true), 20_000);
    await clock.advance(20_000);
    assert.equal(gate.enter(false), undefined);
  });
});
