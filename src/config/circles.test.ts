// Records that lead to each other, in files of any size.
import assert from "node:assert/strict";
import { test } from "node:test";
import { reportCircles } from "./circles.ts";

/** The paths that are reported for records and the hosts of their endpoints. */
function reported(targets: readonly (readonly [record: string, ...hosts: readonly string[]])[]): readonly string[] {
  const paths: string[] = [];
  const ingresses = targets.map(([record, ...hosts]) => ({
    record,
    endpoints: hosts.map((host) => ({ target: { kind: "host" as const, host } })),
  }));
  reportCircles(ingresses, (path) => paths.push(path));
  return paths;
}

test("what closes a circle is reported, and what leads to it or away from it is not", () => {
  assert.deepEqual(
    reported([
      ["a", "b"],
      ["b", "a"],
    ]),
    ["ingresses[1].endpoints[0].target"],
  );
  assert.deepEqual(reported([["x", "a"], ["a", "b"], ["b", "c", "y"], ["c", "z", "a"], ["y"], ["z", "y"]]), [
    "ingresses[3].endpoints[1].target",
  ]);
  assert.deepEqual(
    reported([
      ["a", "a"],
      ["b", "a"],
      ["c", "b", "a"],
    ]),
    [],
  );
});

test("a chain of 100,000 records in any order is no circle, and a ring of them is one", () => {
  const chain = Array.from({ length: 100_000 }, (_, index) => [`r${index}`, `r${index + 1}`] as const);
  assert.deepEqual(reported(chain), []);
  assert.deepEqual(reported(chain.toReversed()), []);
  assert.deepEqual(reported([...chain, ["r100000", "r0"]]), ["ingresses[100000].endpoints[0].target"]);
});
