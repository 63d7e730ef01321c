// What the daemon costs while nothing happens.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pass } from "node:timers/promises";
import { startWorld } from "../../src/emulation/world.ts";
import { startDaemon } from "../support/daemon-process.ts";
import { costBetween, costOf } from "../support/process-cost.ts";
import { configOf } from "../support/world-config.ts";
import { untilBothUp } from "../support/world-daemon.ts";

/** Two were counted: one beat a second, and what checks take. Anything periodic that is faster takes several more. */
const mostPerSecond = 4;

test("a daemon that waits is woken up a few times a second", { skip: process.platform !== "linux" }, async () => {
  await using world = await startWorld();
  const usual = { interval: "15s", fastInterval: "100ms", timeout: "5s" };
  await using daemon = startDaemon({ config: configOf(world, () => {}, usual) });
  await untilBothUp(daemon);
  await daemon.until("it is ready", async () => (await daemon.get("/readyz")).status === 200);
  // What a start leaves behind is over by then: a connection that is kept for a while, and the first tidying.
  await pass(6_000);
  const [before, startedMs] = [costOf(daemon.pid), performance.now()];
  await pass(10_000);
  const { wakeUps } = costBetween(before, costOf(daemon.pid));
  const perSecond = wakeUps / ((performance.now() - startedMs) / 1_000);
  assert.ok(perSecond <= mostPerSecond, `${perSecond.toFixed(1)} wake-ups a second`);
});
