import assert from "node:assert/strict";
import { test } from "node:test";
import { createProgram } from "../../src/main.ts";
import { everyCommand } from "../../src/cli/outlines.ts";

test("the help of all commands says the same when none of them is loaded", async () => {
  const run = (): Promise<void> => Promise.resolve();
  const outlined = await createProgram(run, new Map(everyCommand.map((name) => [name, "outline"])));
  const whole = await createProgram(run);
  assert.equal(outlined.helpInformation(), whole.helpInformation());
});
