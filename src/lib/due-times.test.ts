import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DueTimes } from "./due-times.ts";

test("tells what is due as a search through all would", () => {
  const steps = fc.array(
    fc.record({ key: fc.constantFrom("a", "b", "c", "d"), atMs: fc.option(fc.nat(20), { nil: undefined }) }),
    { maxLength: 80 },
  );
  fc.assert(
    fc.property(steps, fc.nat(20), (changes, nowMs) => {
      const times = new DueTimes();
      const plain = new Map<string, number>();
      for (const { key, atMs } of changes) {
        times.set(key, atMs);
        if (atMs === undefined) plain.delete(key);
        else plain.set(key, atMs);
        const due = [...plain].filter(([, dueMs]) => dueMs <= nowMs).map(([name]) => name);
        assert.deepEqual([...times.dueBy(nowMs)].toSorted(), due.toSorted());
        assert.deepEqual([...times.dueBy(nowMs)].toSorted(), due.toSorted(), "they stay due");
        assert.equal(times.firstMs, plain.size === 0 ? undefined : Math.min(...plain.values()));
      }
    }),
  );
});
