// The daemon as it is, on virtual time, against the nemesis: remembered seeds and fresh ones, with every invariant that the
// observer knows. A failure prints the command that shows it, and the faults that suffice.
import assert from "node:assert/strict";
import { test } from "node:test";
import regressions from "./regressions.json" with { type: "json" };
import { shrink } from "./shrink.ts";
import { simulateApart } from "./apart.ts";
import type { Outcome } from "./simulate.ts";

/** A longer hunt sets these in the environment. */
const freshHours = Number(process.env["CCS_SIMULATED_HOURS"] ?? 10);
/** The gate plays the same seeds every time; a hunt begins elsewhere. */
const firstSeed = Number(process.env["CCS_SIMULATION_SEED"] ?? 101);

test("remembered seeds hold the invariants", { timeout: 120_000 }, async () => {
  for (const { seed } of regressions) await mustHold(seed);
});

test("the same seed leaves the same trace", { timeout: 60_000 }, async () => {
  for (const seed of [20]) {
    const [first, second] = [await simulateApart(seed), await simulateApart(seed)];
    assert.equal(first.trace, second.trace, `seed ${seed} went two ways`);
    assert.notEqual(first.trace, (await simulateApart(seed + 1)).trace);
  }
});

test("fresh seeds hold the invariants", { timeout: 600_000 }, async () => {
  const total = { hours: 0, failovers: 0, returns: 0, outages: 0, blindness: 0, crashes: 0, mixes: 0, emptyMs: 0 };
  for (let seed = firstSeed; total.hours < freshHours; seed += 1) {
    const { hours, emptyMs, seen } = await mustHold(seed);
    total.hours += hours;
    total.emptyMs += emptyMs;
    for (const kind of ["failovers", "returns", "outages", "blindness", "crashes", "mixes"] as const) {
      total[kind] += seen[kind];
    }
  }
  assert.equal(total.emptyMs, 0, "milliseconds without a record");
  // A nemesis that never made anything happen would prove nothing. A short run may miss a kind by chance.
  const { emptyMs: _, ...happened } = total;
  for (const [kind, count] of Object.entries(happened)) {
    assert.ok(count > 0 || freshHours < 200, `no ${kind} in ${freshHours} hours`);
  }
});

async function mustHold(seed: number): Promise<Outcome> {
  const outcome = await simulateApart(seed);
  const [first] = outcome.violations;
  if (first === undefined) return outcome;
  const only = (await shrink(seed, first.invariant)).join(",");
  const { invariant, atMs, what } = first;
  assert.fail(
    `seed ${seed} at ${(atMs / 1_000).toFixed(3)} s breaks invariant ${invariant}: ${what}\n` +
      `npm run simulate -- --seed ${seed} --only ${only} --tell`,
  );
}
