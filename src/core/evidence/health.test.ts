import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { propertyRuns } from "../../../test/support/property-runs.ts";
import { afterFailure, afterOk, freshHealth } from "./health.ts";
import type { Health, Verdict } from "../model.ts";

/** Plays `results` (`+` ok, `-` failure), one a second, and gives the verdicts after each, from `from` on. */
function verdicts(results: string, thresholds: { rise: number; fall: number }, from: Verdict = "unknown"): string {
  let health: Health = freshHealth(0, from);
  return Array.from(results, (result, index) => {
    const nowMs = (index + 1) * 1_000;
    health = result === "+" ? afterOk(health, thresholds, nowMs) : afterFailure(health, "timeout", thresholds, nowMs);
    return letters[health.verdict];
  }).join("");
}

const letters = { unknown: "?", up: "U", suspect: "s", down: "D", recovering: "r" } as const;

const table: readonly [claim: string, from: Verdict, results: string, expected: string][] = [
  ["comes up after `rise` oks in a row", "unknown", "+++", "??U"],
  ["a failure between starts the count anew", "unknown", "++-+++", "?????U"],
  ["goes down unseen after `fall` failures in a row", "unknown", "---", "??D"],
  ["stays up through oks", "up", "++++", "UUUU"],
  ["is suspect from the first failure, down from the third", "up", "---", "ssD"],
  ["needs five oks in a row to be trusted again", "up", "-+++++", "sssssU"],
  ["four are not enough", "up", "-++++-", "ssssss"],
  ["six failures since it was last up are too many", "up", "--+--+--", "sssssssD"],
  ["five are not yet", "up", "--+--+-+++++", "sssssssssssU"],
  ["recovers step by step", "down", "+++", "rrU"],
  ["any failure while recovering is down", "down", "++-+++", "rrDrrU"],
  ["stays down through failures", "down", "-----", "DDDDD"],
  ["counters start anew once it is up", "down", "+++-+++++--", "rrUsssssUss"],
];

for (const [claim, from, results, expected] of table) {
  test(claim, () => assert.equal(verdicts(results, { rise: 3, fall: 3 }, from), expected));
}

test("rise and fall of one change at once", () => {
  assert.equal(verdicts("+-+-", { rise: 1, fall: 1 }), "UDUD");
});

test("a large rise also counts for suspicion", () => {
  assert.equal(verdicts("-+++++++", { rise: 7, fall: 3 }, "up"), "sssssssU");
});

test("up needs `rise` oks in a row right before it, and down `fall` failures or twice that since up", () => {
  const thresholds = fc.record({ rise: fc.integer({ min: 1, max: 6 }), fall: fc.integer({ min: 1, max: 6 }) });
  fc.assert(
    fc.property(
      thresholds,
      fc.string({ unit: fc.constantFrom("+", "-"), maxLength: 60 }),
      ({ rise, fall }, results) => {
        const seen = verdicts(results, { rise, fall });
        for (const [index, letter] of Array.from(seen).entries()) {
          const before = index === 0 ? "?" : seen[index - 1];
          const past = results.slice(0, index + 1);
          if (letter === "U" && before !== "U") assert.ok(past.endsWith("+".repeat(rise)), `${past} → up`);
          if (letter === "D" && (before === "U" || before === "s")) {
            const sinceUp = past.slice(seen.lastIndexOf("U", index) + 1);
            const failures = Array.from(sinceUp).filter((result) => result === "-").length;
            assert.ok(past.endsWith("-".repeat(fall)) || failures >= 2 * fall, `${past} → down`);
          }
        }
      },
    ),
    { numRuns: propertyRuns(500) },
  );
});

test("sinceMs is when the verdict came, not when it was last confirmed", () => {
  const thresholds = { rise: 3, fall: 3 };
  const suspect = afterFailure(freshHealth(0, "up"), "timeout", thresholds, 1_000);
  assert.equal(afterFailure(suspect, "timeout", thresholds, 2_000).sinceMs, 1_000);
  assert.equal(afterFailure(freshHealth(500, "down"), "timeout", thresholds, 2_000).sinceMs, 500);
});
