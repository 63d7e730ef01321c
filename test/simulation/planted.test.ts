// Known defects are planted all over the program, one at a time: the simulator has to see it, or the test that is named. What
// cannot be seen proves nothing about the rest. `npm test` plants one in each room, `npm run planted` all of them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { oneOfEachRoom, roomOf } from "./planted/bug.ts";
import { bugsForTests, plantedBugs } from "./planted/bugs.ts";
import { assertApplies } from "./planted/plant.ts";
import { Player, type Broken } from "./planted/player.ts";
import type { Story } from "./planted/story.ts";
import { testsWith, type Result } from "./planted/tested.ts";

// It only computes: tests that wait for a daemon come first.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

const root = join(import.meta.dirname, "../..");
const isWhole = process.env["PLANT_ALL"] === "1";
const forSimulator = isWhole ? plantedBugs : oneOfEachRoom(plantedBugs);
const forTests = isWhole ? bugsForTests : oneOfEachRoom(bugsForTests);

const player = new Player();
after(() => player[Symbol.asyncDispose]());

/** What the tree as it is makes of a story. Some defects share theirs. */
const played = new Map<Story, Promise<Broken | undefined>>();
function withoutPatch(story: Story): Promise<Broken | undefined> {
  const known = played.get(story) ?? player.play(story);
  played.set(story, known);
  return known;
}

describe("the simulator sees it", () => {
  for (const { name, story, breaks, ...patch } of forSimulator) {
    test(`when ${name}`, { timeout: 60_000 }, async (t) => {
      assert.equal(await withoutPatch(story), undefined, "the story breaks something without the patch");
      const broken = await player.play(story, patch);
      assert.ok(broken !== undefined, `nobody noticed that ${name}`);
      const told = `invariant ${broken.invariant}: ${broken.what}`;
      t.diagnostic(told);
      assert.ok(breaks.includes(broken.invariant), `seen for another reason: ${told}`);
    });
  }
});

/** What the tests that are wanted say of the tree as it is: those of one file are run together, and once. */
const tested = new Map<string, Promise<readonly Result[]>>();
function testedWithoutPatch(file: string): Promise<readonly Result[]> {
  const names = forTests.map((bug) => bug.test).flatMap(([other, name]) => (other === file ? [name] : []));
  const known = tested.get(file) ?? testsWith(file, [...new Set(names)]);
  tested.set(file, known);
  return known;
}

describe("a test sees it", { concurrency: 2 }, () => {
  for (const {
    name,
    test: [file, wanted],
    ...patch
  } of forTests) {
    test(`when ${name}`, { timeout: 300_000 }, async (t) => {
      const before = (await testedWithoutPatch(file)).find((result) => result.name === wanted);
      assert.equal(before?.trouble, "", `"${wanted}" fails without the defect`);
      const [result] = await testsWith(file, [wanted], patch);
      assert.equal(result?.isPassed, false, `"${wanted}" in ${file} passes, though ${name}`);
      t.diagnostic(result.trouble.replaceAll(/\s+/g, " ").slice(0, 400));
    });
  }
});

test("every defect still has its place in the source", () => {
  const stale = [...plantedBugs, ...bugsForTests].flatMap((bug) => {
    try {
      assertApplies(bug);
      return [];
    } catch (error) {
      return [`"${bug.name}": ${(error as Error).message}`];
    }
  });
  assert.equal(stale.length, 0, `${stale.length} planted defects are out of date:\n${stale.join("\n")}`);
});

test("every defect names a test that there is", () => {
  const missing = bugsForTests.filter(
    ({ test: [file, wanted] }) => !mayHold(readFileSync(join(root, file), "utf8"), wanted),
  );
  assert.deepEqual(
    missing.map(({ name, test: [file, wanted] }) => `"${name}": no test "${wanted}" in ${file}`),
    [],
  );
});

/** Whether the text has this title as it is, or a template of titles that it may be made by. */
function mayHold(text: string, title: string): boolean {
  if (text.includes(title)) return true;
  const templates = [...text.matchAll(/\btest\(\s*`([^`]*)`/g)].map(([, template = ""]) => template);
  return templates.some((template) => {
    const parts = template.split(/\$\{(?:[^{}]|\{[^{}]*\})*\}/).map((part) => RegExp.escape(part));
    return new RegExp(`^${parts.join(".*")}$`).test(title);
  });
}

test("no two defects are the same, and there are enough of them everywhere", () => {
  const bugs = [...plantedBugs, ...bugsForTests];
  assert.equal(new Set(bugs.map(({ name }) => name)).size, bugs.length);
  assert.equal(new Set(bugs.map(({ file, from, to }) => `${file} ${from} ${to}`)).size, bugs.length);
  assert.ok(bugs.length >= 120);
  const rooms = new Set(bugs.map(roomOf));
  for (const room of [
    "core",
    "cloud",
    "dns",
    "checks",
    "probe",
    "notify",
    "store",
    "config",
    "web",
    "assembly",
    "runtime",
    "channels",
    "cli",
  ]) {
    assert.ok(rooms.has(room), `nothing is planted in ${room}`);
  }
});
