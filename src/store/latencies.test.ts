// The figures of a dashboard are only worth something if they are right: quantiles against the plain definition.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { propertyRuns } from "../../test/support/property-runs.ts";
import { share } from "../../test/support/share.ts";
import { Latencies } from "./latencies.ts";

const numRuns = propertyRuns(300);

const latencyOf = fc.oneof(
  share,
  share.map((part) => part * 100),
  share.map((part) => part * 60_000),
  fc.constantFrom(0, 0.1, 1, 5_000, 86_400_000),
);
const latenciesOf = fc.array(latencyOf, { minLength: 1, maxLength: 200 });

/** The nearest-rank definition, over all values. */
function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil(part * sorted.length)) - 1] ?? NaN;
}

function of(values: readonly number[]): Latencies {
  const latencies = new Latencies();
  for (const value of values) latencies.add(value);
  return latencies;
}

function assertNear(actual: number | undefined, expected: number): void {
  assert.ok(actual !== undefined);
  const tolerance = Math.max(0.1, expected * 0.02);
  assert.ok(Math.abs(actual - expected) <= tolerance * 1.000_001, `${actual} is not near ${expected}`);
}

test("quantiles are within 2 % or 0.1 ms of the truth", () => {
  fc.assert(
    fc.property(latenciesOf, fc.constantFrom(0, 0.5, 0.95, 0.99, 1), (values, part) => {
      assertNear(of(values).quantileMs(part), quantile(values, part));
    }),
    { numRuns },
  );
});

test("merging, in whatever portions, is the same as having added all to one", () => {
  fc.assert(
    fc.property(fc.array(fc.array(latencyOf, { maxLength: 30 }), { maxLength: 10 }), (portions) => {
      const merged = new Latencies();
      for (const portion of portions) merged.merge(of(portion));
      const whole = of(portions.flat());
      assert.deepEqual(merged.encode(), whole.encode());
      assert.equal(merged.count, portions.flat().length);
      for (const part of [0.5, 0.95]) assert.equal(merged.quantileMs(part), whole.quantileMs(part));
    }),
    { numRuns },
  );
});

test("what was encoded is decoded, and takes two or three bytes for each bucket in use", () => {
  fc.assert(
    fc.property(latenciesOf, (values) => {
      const latencies = of(values);
      const bytes = latencies.encode();
      const decoded = Latencies.decode(bytes);
      assert.ok(decoded !== undefined);
      assert.deepEqual(decoded.encode(), bytes);
      assert.equal(decoded.count, values.length);
      assert.equal(decoded.quantileMs(0.95), latencies.quantileMs(0.95));
      const buckets = new Set(values.map((value) => of([value]).encode().join())).size;
      assert.ok(bytes.length <= 4 * buckets);
    }),
    { numRuns },
  );
});

test("any bytes decode to something sound or to nothing", () => {
  let sound = 0;
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
      const decoded = Latencies.decode(bytes);
      if (decoded === undefined) return;
      sound += 1;
      assert.ok(Number.isSafeInteger(decoded.count));
      for (const part of [0.5, 0.95]) assert.ok(Number.isFinite(decoded.quantileMs(part) ?? 0));
      assert.deepEqual(Latencies.decode(decoded.encode())?.encode(), decoded.encode());
    }),
    { numRuns },
  );
  assert.ok(sound > 0);
});

test("nothing has no quantiles", () => {
  assert.equal(new Latencies().quantileMs(0.5), undefined);
  assert.equal(new Latencies().encode().length, 0);
  assert.equal(Latencies.decode(new Uint8Array())?.count, 0);
});
