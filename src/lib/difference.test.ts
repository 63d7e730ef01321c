// A document and its difference make the next document, whatever they are.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { differenceBetween, withDifference } from "./difference.ts";

test("a difference names what changed, and nothing else", () => {
  const before = { at: 1, list: [{ a: 1, b: 2 }, { a: 3 }], gone: 1, same: { deep: [1, 2] } };
  const after = { at: 2, list: [{ a: 1, b: 2 }, { a: 4 }], same: { deep: [1, 2] }, more: [1] };
  assert.deepEqual(differenceBetween(before, after), { at: 2, list: { 1: { a: 4 } }, gone: null, more: [1] });
  assert.equal(differenceBetween(before, structuredClone(before)), undefined);
  assert.deepEqual(differenceBetween({ a: [1, 2] }, { a: [1] }), { a: [1] });
  assert.deepEqual(differenceBetween({ a: 1, b: undefined }, { a: undefined, b: undefined }), { a: null });
});

test("what did not change stays the same object", () => {
  const before = { list: [{ a: 1 }, { a: 2 }], other: { b: 1 } };
  const after = withDifference(before, { list: { 1: { a: 3 } } }) as typeof before;
  assert.equal(after.list[0], before.list[0]);
  assert.equal(after.other, before.other);
  assert.deepEqual(after, { list: [{ a: 1 }, { a: 3 }], other: { b: 1 } });
});

/** A key has one kind of value, as in a document with a schema. */
const { node } = fc.letrec<{ node: Readonly<Record<string, unknown>> }>((tie) => ({
  node: fc.record(
    {
      text: fc.string(),
      count: fc.integer(),
      list: fc.array(fc.integer({ max: 3 }), { maxLength: 4 }),
      lists: fc.array(fc.array(fc.constantFrom(null, 1, 2)), { maxLength: 2 }),
      sections: fc.array(tie("node"), { maxLength: 3 }),
      section: tie("node"),
      __proto: fc.boolean(),
    },
    { requiredKeys: [] },
  ),
}));

test("of any two documents, the first and the difference make the second", () => {
  fc.assert(
    fc.property(node, node, (before, after) => {
      const difference = differenceBetween(before, after);
      const sent: unknown = difference === undefined ? {} : JSON.parse(JSON.stringify(difference));
      assert.deepEqual(withDifference(before, sent), JSON.parse(JSON.stringify(after)));
    }),
    { numRuns: Number(process.env["CCS_PROPERTY_RUNS"] ?? 1_000) },
  );
});
