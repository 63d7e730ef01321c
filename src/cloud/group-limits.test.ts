// How groups are split, and how they grow again.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { propertyRuns } from "../../test/support/property-runs.ts";
import { GroupLimits } from "./group-limits.ts";

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** Sends all in the largest groups that are allowed until each is done or was refused alone. */
function sendAll(limits: GroupLimits<number>, members: readonly number[], isBad: (member: number) => boolean) {
  const groups: number[][] = [];
  const refused: number[] = [];
  const done = new Set<number>();
  for (let waiting = members; waiting.length > 0; waiting = waiting.filter((one) => !done.has(one))) {
    const most = Math.max(...waiting.map((one) => limits.mostWith(one)));
    const group = waiting.filter((one) => limits.mostWith(one) === most).slice(0, most);
    groups.push(group);
    if (!group.some(isBad)) limits.succeeded(group);
    else if (group.length > 1) limits.split(group);
    else refused.push(...group);
    if (!group.some(isBad) || group.length === 1) for (const one of group) done.add(one);
  }
  return { groups, refused };
}

test("a refused group is split until those that are refused are alone, with few requests", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 200 }),
      fc.uniqueArray(fc.nat({ max: 199 }), { maxLength: 4 }),
      (size, bad) => {
        const members = upTo(size);
        const expected = bad.filter((one) => one < size).toSorted((a, b) => a - b);
        const { groups, refused } = sendAll(new GroupLimits(), members, (one) => bad.includes(one));
        assert.deepEqual(
          refused.toSorted((a, b) => a - b),
          expected,
        );
        const most = 1 + 2 * expected.length * Math.ceil(Math.log2(size));
        assert.ok(groups.length <= most, `${groups.length} requests for ${expected.length} of ${size}`);
      },
    ),
    { numRuns: propertyRuns(200) },
  );
});

test("one that was refused alone goes alone until it succeeds, whatever others do", () => {
  const limits = new GroupLimits<number>();
  limits.isolate(0);
  limits.succeeded(upTo(100).slice(1));
  assert.equal(limits.mostWith(0), 1);
  limits.succeeded([0]);
  assert.equal(limits.mostWith(0), Infinity);
});

test("groups that had no answer get smaller, and grow again with every success", () => {
  const limits = new GroupLimits<number>();
  for (let size = 200; size > 1; size = limits.mostWith(0)) limits.shrink(upTo(size));
  assert.equal(limits.mostWith(0), 1);
  limits.succeeded([150]);
  assert.equal(limits.mostWith(0), 2);
  limits.succeeded([151, 152]);
  assert.equal(limits.mostWith(0), 4);
});
