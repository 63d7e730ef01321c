// A status made of what was known of the last one says the same as one made anew, and costs what changed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiSite } from "../../../test/support/api-site.ts";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import type { Clock } from "../../lib/clock.ts";
import { nowOf } from "./dates.ts";
import { RunHistory } from "./run-history.ts";
import { statusOf, type DaemonFacts } from "./status.ts";
import { StatusMaker } from "./status-maker.ts";

const facts: DaemonFacts = {
  version: "1.0.0",
  queuedNotifications: () => new Map(),
  statePath: () => undefined,
  isKeepingUp: () => true,
  hasToken: () => false,
};

test("it says the same as one that is made anew, whatever happened and however long ago", async () => {
  const clock = new VirtualClock();
  await using site = await ApiSite.start({ clock });
  site.settle();
  const run = new RunHistory(clock);
  const maker = new StatusMaker({ clock, run, facts });
  const assertSame = (when: string): void =>
    assert.deepEqual(maker.make(site.world.state), statusOf(site.world.state, run, facts, nowOf(clock)), when);
  // What is told as coming is over some day, though nothing changes.
  for (let round = 0; round < 80; round += 1) {
    await clock.advance(10_000);
    assertSame(`quiet round ${round}`);
  }
  for (let round = 0; round < 300; round += 1) {
    if (round % 3 === 0) site.world.observe("cable", round % 60 < 30 ? "timeout" : "ok", 1);
    if (round % 7 === 0) site.world.observe("mobile", round % 80 < 40 ? "ok" : "timeout", 1);
    await clock.advance(round * 37);
    assertSame(`round ${round}`);
  }
});

test("what did not change is the same object, though the two clocks are never read at once", async () => {
  let reading = 0;
  const wobbly: Clock = {
    nowMs: () => 1_000.25 + reading / 10,
    wallMs: () => 1_700_000_000_000 + ((reading += 7) % 13),
    setTimer: () => () => undefined,
  };
  await using site = await ApiSite.start();
  site.settle();
  const maker = new StatusMaker({ clock: wobbly, run: new RunHistory(wobbly), facts });
  const [first] = maker.make(site.world.state).ingresses;
  for (let round = 0; round < 20; round += 1) assert.equal(maker.make(site.world.state).ingresses[0], first);
  site.world.observe("cable", "ok", 1);
  const [second] = maker.make(site.world.state).ingresses;
  assert.notEqual(second, first);
  assert.equal(second?.selection?.since, first?.selection?.since);
});
