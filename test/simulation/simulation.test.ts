// The daemon as it is, on virtual time, against the nemesis: remembered seeds and fresh ones, with every invariant that the
// observer knows. A failure prints the command that shows it, and the faults that suffice.
import assert from "node:assert/strict";
import { constants, setPriority } from "node:os";
import { test } from "node:test";
import regressions from "./regressions.json" with { type: "json" };
import type { Fault } from "../../src/simulation/faults.ts";
import { scenarioOf } from "./scenario.ts";
import kept from "./selections.json" with { type: "json" };
import { shrink } from "./shrink.ts";
import { simulate, type Outcome } from "./simulate.ts";
import { seedsFor, simulateAll, usualThreads } from "./threads.ts";

// It only computes: tests that wait for a daemon come first.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

/** CI plays 2,000 hours; a longer hunt sets these in the environment. */
const freshHours = Number(process.env["CCS_SIMULATED_HOURS"] ?? 75);
/** The gate plays the same seeds every time; a hunt begins elsewhere. */
const firstSeed = Number(process.env["CCS_SIMULATION_SEED"] ?? 101);
/** Whatever the machine: threads of their own leave the cores to whoever else needs them. */
const threads = Math.min(2, usualThreads);

test("remembered seeds hold the invariants", { timeout: 600_000 }, async () => {
  for await (const outcome of simulateAll(
    regressions.map(({ seed }) => seed),
    threads,
  ))
    await mustHold(outcome);
});

test("the same seed leaves the same trace, whichever thread plays it", { timeout: 300_000 }, async () => {
  const traces: string[] = [];
  for await (const { trace } of simulateAll([20, 20, 21, 20], 2)) traces.push(trace);
  const [first, second, other, third] = traces;
  assert.deepEqual([second, third], [first, first], "seed 20 went two ways");
  assert.notEqual(first, other);
});

test("a wall clock that is set by years, and a configuration that is refused, change no decision", async () => {
  const cases: readonly [seed: number, isWithout: (fault: Fault) => boolean][] = [
    [40, ({ kind }) => kind === "wall-jump"],
    [334, (fault) => fault.kind === "reload" && fault.what === "invalid"],
  ];
  for (const [seed, isWithout] of cases) {
    const { faults } = scenarioOf(seed);
    const others = [...faults.keys()].filter((index) => !faults.slice(index, index + 1).some(isWithout));
    assert.ok(others.length < faults.length, `seed ${seed} has no such fault`);
    const whole = await simulate(seed);
    const without = await simulate(seed, { only: others });
    assert.ok(whole.seen.failovers > 0 && whole.seen.writes > 1, `seed ${seed} decides nothing`);
    assert.equal(without.decisions, whole.decisions, `seed ${seed} went another way`);
  }
});

test("fresh seeds hold the invariants, and select whom they always did", { timeout: 600_000 }, async () => {
  const total = { failovers: 0, returns: 0, outages: 0, blindness: 0, crashes: 0, mixes: 0, emptyMs: 0 };
  for await (const outcome of simulateAll(seedsFor(firstSeed, freshHours), threads)) {
    await mustHold(outcome);
    selectsAsKept(outcome);
    total.emptyMs += outcome.emptyMs;
    for (const kind of ["failovers", "returns", "outages", "blindness", "crashes", "mixes"] as const) {
      total[kind] += outcome.seen[kind];
    }
  }
  assert.equal(total.emptyMs, 0, "milliseconds without a record");
  // A nemesis that never made anything happen would prove nothing. A short run may miss a kind by chance.
  const { emptyMs: _, ...happened } = total;
  for (const [kind, count] of Object.entries(happened)) {
    assert.ok(count > 0 || freshHours < 150, `no ${kind} in ${freshHours} hours`);
  }
});

/** Among the seeds of which that is kept. */
function selectsAsKept({ seed, selections }: Outcome): void {
  const before = new Map(Object.entries(kept)).get(String(seed));
  const advice = "npm run simulate -- --seed N --tell shows it; if that is meant, npm run selections keeps it";
  assert.equal(selections, before ?? selections, `seed ${seed} selects others, or for other reasons: ${advice}`);
}

async function mustHold({ seed, violations }: Outcome): Promise<void> {
  const [first] = violations;
  if (first === undefined) return;
  const only = (await shrink(seed, first.invariant)).join(",");
  const { invariant, atMs, what } = first;
  assert.fail(
    `seed ${seed} at ${(atMs / 1_000).toFixed(3)} s breaks invariant ${invariant}: ${what}\n` +
      `npm run simulate -- --seed ${seed} --only ${only} --tell`,
  );
}
