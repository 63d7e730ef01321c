// That asking several servers always comes to an end; what they make of the answers is in resolver.test.ts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../runtime/node/clock.ts";
import { findAnswer } from "./panel.ts";

test("an internal error over an answer ends the look-up", { timeout: 10_000 }, async () => {
  const ask = (): Promise<never> => Promise.resolve(undefined as never);
  const finding = findAnswer({ clock: systemClock, servers: ["192.0.2.53:53"], options: { timeoutMs: 1_000 }, ask });
  await assert.rejects(finding, TypeError);
});
