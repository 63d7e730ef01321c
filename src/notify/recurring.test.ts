import assert from "node:assert/strict";
import { test } from "node:test";
import { Recurring } from "./recurring.ts";

const minuteMs = 60_000;

function upSinceZero(): Recurring<"up" | "down"> {
  return new Recurring<"up" | "down">("up", 0);
}

test("tells every change, and how long the status before lasted", () => {
  const recurring = upSinceZero();
  assert.equal(recurring.observe("up", 1 * minuteMs), undefined);
  assert.deepEqual(recurring.observe("down", 2 * minuteMs), { was: "up", wasForMs: 2 * minuteMs });
  assert.equal(recurring.observe("down", 3 * minuteMs), undefined);
  assert.deepEqual(recurring.observe("up", 5 * minuteMs), { was: "down", wasForMs: 3 * minuteMs });
  assert.equal(recurring.wakeAtMs, undefined);
});

test("after six tellings within an hour only the state that it came to rest in is told", () => {
  const recurring = upSinceZero();
  const told = Array.from({ length: 10 }, (_, index) =>
    recurring.observe(index % 2 === 0 ? "down" : "up", (index + 1) * minuteMs),
  );
  assert.deepEqual(
    told.map((telling) => telling !== undefined),
    [true, true, true, true, true, true, false, false, false, false],
  );
  assert.equal(told[5]?.quietUntilMs, 61 * minuteMs);
  assert.equal(told[4]?.quietUntilMs, undefined);
  assert.equal(recurring.wakeAtMs, undefined, "people were told that it is up, and so it is");
  assert.equal(recurring.observe("down", 11 * minuteMs), undefined);
  assert.equal(recurring.wakeAtMs, 61 * minuteMs);
  assert.equal(recurring.observe("down", 61 * minuteMs - 1), undefined);
  const late = recurring.observe("down", 61 * minuteMs);
  assert.equal(late?.was, "up");
  assert.equal(late?.wasForMs, undefined, "it was down and up in between");
});

test("claims no duration when it came and went unseen", () => {
  const recurring = upSinceZero();
  for (let minute = 1; minute <= 8; minute += 1) recurring.observe(minute % 2 === 0 ? "up" : "down", minute * minuteMs);
  assert.deepEqual(Object.keys(recurring.observe("down", 70 * minuteMs) ?? {}), ["was"]);
});

test("what people learn in another way is neither told again nor counted", () => {
  const recurring = upSinceZero();
  for (let minute = 1; minute <= 20; minute += 1)
    recurring.noteAsTold(minute % 2 === 0 ? "up" : "down", minute * minuteMs);
  assert.equal(recurring.observe("up", 21 * minuteMs), undefined);
  assert.deepEqual(recurring.observe("down", 25 * minuteMs), { was: "up", wasForMs: 5 * minuteMs });
  assert.ok(recurring.isTold("down"));
  assert.equal(recurring.ageMs(26 * minuteMs), minuteMs);
});
