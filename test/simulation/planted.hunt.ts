// Every defect that was known is planted, one at a time, and the simulator has to see it. What it cannot see proves nothing
// about the rest.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { plantedBugs, PlantedTree } from "./planted.ts";

const root = join(import.meta.dirname, "../..");

for (const bug of plantedBugs) {
  test(`sees it when ${bug.name}`, { timeout: 60_000 }, async () => {
    using tree = new PlantedTree(bug, root);
    const seen: string[] = [];
    // The seed that found it, and a few more: the way to the defect may have moved.
    for (const seed of [bug.seed, ...Array.from({ length: 12 }, (_, index) => 1 + index)]) {
      const { violations } = await tree.simulate(seed);
      if (violations.some(({ invariant }) => bug.breaks.includes(invariant))) return;
      seen.push(...violations.map(({ invariant, what }) => `${seed}: ${invariant}: ${what}`));
    }
    assert.fail(`nobody noticed that ${bug.name}; seen: ${seen.join("; ") || "nothing"}`);
  });
}

test("there are enough of them", () => {
  assert.ok(plantedBugs.length >= 15);
});
