// The budget of calls: never more than promised in any window, never long without a call, and a share for decisions.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { propertyRuns } from "../../test/support/property-runs.ts";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import { CallGate, type Purpose } from "./gate.ts";

const minuteMs = 60_000;

/** Makes as many calls as the gate lets through for this long. Resolves to their times. */
async function callAlways(
  gate: CallGate,
  clock: VirtualClock,
  forMs: number,
  purpose: Purpose = "routine",
): Promise<number[]> {
  const endMs = clock.nowMs() + forMs;
  const times: number[] = [];
  while (clock.nowMs() < endMs) {
    const atMs = gate.enter(purpose);
    if (atMs === undefined) times.push(clock.nowMs());
    else await clock.advance(atMs - clock.nowMs());
  }
  return times;
}

function mostWithin(times: readonly number[], windowMs: number): number {
  return Math.max(0, ...times.map((first) => times.filter((atMs) => atMs >= first && atMs < first + windowMs).length));
}

describe("the budget", () => {
  for (const [ingresses, purpose] of [
    [1, "routine"],
    [1, "follow-up"],
    [1, "decision"],
    [20, "routine"],
    [20, "decision"],
    [200, "decision"],
    [2_000, "routine"],
    [2_000, "decision"],
  ] as const) {
    test(`of ${ingresses} ingresses is never exceeded by calls for: ${purpose}`, async () => {
      const clock = new VirtualClock({ nowMs: 1_000 });
      const gate = new CallGate(clock, ingresses);
      const times = await callAlways(gate, clock, 30 * minuteMs, purpose);
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
      purpose: fc.constantFrom<Purpose>("decision", "follow-up", "routine"),
      ingresses: fc.option(fc.integer({ min: 1, max: 30 })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
        const clock = new VirtualClock();
        const gate = new CallGate(clock, 30);
        const times: number[] = [];
        for (const { waitMs, calls, purpose, ingresses } of steps) {
          await clock.advance(waitMs);
          if (ingresses !== null) gate.share(ingresses);
          for (let call = 0; call < calls; call += 1) {
            const { remaining } = gate.budget;
            const isLet = gate.enter(purpose) === undefined;
            if (purpose === "decision") assert.equal(isLet, remaining > 0);
            if (isLet) times.push(clock.nowMs());
          }
        }
        assert.ok(mostWithin(times, 5 * minuteMs) <= 160);
        assert.ok(mostWithin(times, 6_000) <= 40);
      }),
      { numRuns: propertyRuns(60) },
    );
  });

  test("spent by routine leaves enough for what decisions wait for, and those leave enough for decisions", async () => {
    const clock = new VirtualClock();
    const gate = new CallGate(clock, 1);
    await callAlways(gate, clock, 10 * minuteMs);
    while (gate.enter("routine") === undefined);
    for (let call = 0; call < 15; call += 1) assert.equal(gate.enter("follow-up"), undefined);
    while (gate.enter("follow-up") === undefined);
    assert.ok(gate.budget.remaining >= 15, String(gate.budget.remaining));
    for (let call = 0; call < 15; call += 1) assert.equal(gate.enter("decision"), undefined);
  });

  test("of six seconds leaves enough for each as well", async () => {
    const clock = new VirtualClock();
    const gate = new CallGate(clock, 200);
    for (let call = 0; call < 16; call += 1) assert.equal(gate.enter("routine"), undefined);
    assert.equal(gate.enter("routine"), 6_000);
    for (let call = 0; call < 12; call += 1) assert.equal(gate.enter("follow-up"), undefined);
    assert.equal(gate.enter("follow-up"), 6_000);
    for (let call = 0; call < 12; call += 1) assert.equal(gate.enter("decision"), undefined);
    assert.equal(gate.budget.remaining, 0);
    assert.equal(gate.enter("decision"), 6_000);
  });

  test("is no way past a closed gate", async () => {
    const clock = new VirtualClock();
    const gate = new CallGate(clock);
    gate.closeUntil(20_000);
    gate.closeUntil(10_000);
    assert.equal(gate.enter("decision"), 20_000);
    await clock.advance(20_000);
    assert.equal(gate.enter("routine"), undefined);
  });
});
