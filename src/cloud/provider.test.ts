// The last guard lets through whatever plan the core can make, from whatever somebody else may have left at the name.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { propertyRuns } from "../../test/support/property-runs.ts";
import type { PublishedRecord, RecordContent, RecordSet } from "../core/model.ts";
import { isEmptyPlan, planBetween } from "../core/records/plan.ts";
import { MemoryProvider } from "../../test/support/memory-provider.ts";
import { assertSafe } from "./provider.ts";

const record = "ingress.example.com";

const addresses: fc.Arbitrary<RecordContent> = fc.oneof(
  fc.nat({ max: 4 }).map((n) => ({ type: "A", content: `192.0.2.${n}` }) as const),
  fc.nat({ max: 4 }).map((n) => ({ type: "AAAA", content: `2001:db8::${n + 1}` }) as const),
);
const contents: fc.Arbitrary<RecordContent[]> = fc.oneof(
  fc.nat({ max: 2 }).map((n) => [{ type: "CNAME", content: `way${n}.example.net` }] as const),
  {
    weight: 2,
    arbitrary: fc.uniqueArray(addresses, { minLength: 1, maxLength: 6, selector: ({ content }) => content }),
  },
) as fc.Arbitrary<RecordContent[]>;

const desired: fc.Arbitrary<RecordSet> = fc
  .record({ records: contents, ttlSeconds: fc.constantFrom(1, 60, 300), proxied: fc.boolean() })
  .map((set) => ({ ...set, ttlSeconds: set.proxied ? 1 : set.ttlSeconds }));

/** Records as others leave them: each with a TTL and a proxied flag of its own. */
const published: fc.Arbitrary<PublishedRecord[]> = fc
  .tuple(fc.option(contents, { nil: [] }), fc.array(fc.tuple(fc.constantFrom(1, 60, 3_600), fc.boolean())))
  .map(([records, settings]) =>
    records.map((content, index) => {
      const [ttlSeconds, proxied] = settings[index] ?? [60, false];
      return { ...content, id: `id${index}`, ttlSeconds: proxied ? 1 : ttlSeconds, proxied };
    }),
  );

/**
 * What is there, what is wanted, and what the servers may not show yet. Often that is just what is wanted, as when a
 * mix has only just been made and the other ones leave it.
 */
const changes = fc
  .tuple(published, desired, fc.array(fc.nat({ max: 5 }), { maxLength: 4 }), fc.constantFrom(false, true, true))
  .map(([known, wanted, numbers, isNewestWanted]) => {
    const unseen = numbers.map((number) => `id${number}`);
    const newest = known.filter(({ id }) => unseen.includes(id)).map(({ type, content }) => ({ type, content }));
    const records = isNewestWanted && newest.length > 0 ? newest : wanted.records;
    return { known, wanted: { ...wanted, records }, unseen };
  });

test("while servers may not show new records yet, one that they show stays or is patched", () => {
  let swaps = 0;
  fc.assert(
    fc.property(changes, ({ known, wanted, unseen }) => {
      const plan = planBetween(known, wanted, unseen);
      assertSafe(plan, known);
      const plain = planBetween(known, wanted);
      if (plan.patches.length > plain.patches.length) swaps += 1;
      const deleted = new Set(plan.deletes.map(({ id }) => id));
      const seen = known.filter(({ id }) => !unseen.includes(id));
      for (const type of new Set(seen.map((one) => one.type))) {
        if (!wanted.records.some((one) => one.type === type)) continue;
        assert(seen.some((one) => one.type === type && !deleted.has(one.id)));
      }
    }),
    { numRuns: propertyRuns(500) },
  );
  assert(swaps > 0);
});

test("every plan between what may be there and what may be wanted is safe, and leads there in one call", async () => {
  const kinds = new Set<string>();
  await fc.assert(
    fc.asyncProperty(changes, async ({ known, wanted, unseen }) => {
      const plan = planBetween(known, wanted, unseen);
      for (const [kind, list] of Object.entries<readonly unknown[]>({ ...plan })) if (list.length > 0) kinds.add(kind);
      assertSafe(plan, known);
      const provider = new MemoryProvider();
      provider.edit(() => known.map((one) => ({ ...one, name: record })));
      const call = { signal: new AbortController().signal, admit: async () => {} };
      const after = await provider.apply({ record }, plan, known, call);
      assert(isEmptyPlan(planBetween(after, wanted)));
      assert.deepEqual(await provider.list({ record }, call), after);
    }),
    { numRuns: propertyRuns(500) },
  );
  assert.deepEqual([...kinds].toSorted(), ["deletes", "patches", "posts"]);
});
