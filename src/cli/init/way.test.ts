// The ways to run ccs as they are offered on different machines.
import assert from "node:assert/strict";
import { test } from "node:test";
import { waysOn } from "./way.ts";

test("what works on this machine comes first, and what does not says so", () => {
  const offered = (hasSystemd: boolean, hasDocker: boolean): readonly string[] =>
    waysOn({ hasSystemd, hasDocker }).map(
      ({ value, hint }) => `${value}${hint?.startsWith("on another") === true ? " (not here)" : ""}`,
    );
  assert.deepEqual(offered(true, true), ["service", "docker", "manual"]);
  assert.deepEqual(offered(true, false), ["service", "manual", "docker (not here)"]);
  assert.deepEqual(offered(false, true), ["manual", "docker", "service (not here)"]);
  assert.deepEqual(offered(false, false), ["manual", "service (not here)", "docker (not here)"]);
});
