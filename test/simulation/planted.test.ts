// Every defect that was known is planted, one at a time, and the simulator has to see it, or a test where the simulated world
// ends. What cannot be seen proves nothing about the rest.
import assert from "node:assert/strict";
import { constants, setPriority } from "node:os";
import { after, test } from "node:test";
import { bugsForTests, plantedBugs } from "./planted/bugs.ts";
import { Player, type Broken } from "./planted/player.ts";
import type { Story } from "./planted/story.ts";
import { testWith } from "./planted/tested.ts";

// It only computes: tests that wait for a daemon come first.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

const player = new Player();
after(() => player[Symbol.asyncDispose]());

/** What the tree as it is makes of a story. Some defects share theirs. */
const played = new Map<Story, Promise<Broken | undefined>>();
function withoutPatch(story: Story): Promise<Broken | undefined> {
  const known = played.get(story) ?? player.play(story);
  played.set(story, known);
  return known;
}

for (const { name, story, breaks, ...patch } of plantedBugs) {
  test(`sees it when ${name}`, { timeout: 60_000 }, async (t) => {
    assert.equal(await withoutPatch(story), undefined, "the story breaks something without the patch");
    const broken = await player.play(story, patch);
    assert.ok(broken !== undefined, `nobody noticed that ${name}`);
    const told = `invariant ${broken.invariant}: ${broken.what}`;
    t.diagnostic(told);
    assert.ok(breaks.includes(broken.invariant), `seen for another reason: ${told}`);
  });
}

for (const {
  name,
  test: [file, wanted],
  ...patch
} of bugsForTests) {
  test(`a test sees it when ${name}`, { timeout: 60_000 }, async () => {
    const failed = await testWith(patch, file, wanted);
    assert.ok(failed.includes(wanted), `${file} passes, though ${name}`);
  });
}

test("no two defects are the same, and there are enough of them", () => {
  const names = [...plantedBugs, ...bugsForTests].map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  assert.ok(names.length >= 25);
});
