// What the service manager is told, and when, on a clock of the test's own.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import type { State } from "../core/model.ts";
import { initialState } from "../core/step.ts";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import { ServiceManager } from "./manager.ts";

const watchdogMs = 120_000;

class Scene {
  readonly clock = new VirtualClock();
  readonly told: string[] = [];
  readonly troubles: string[] = [];
  isAlive = true;
  /** What is thrown at the sender. */
  failure: Error | undefined;
  /** Sending takes until this resolves. */
  held: Promise<void> | undefined;
  readonly manager: ServiceManager;

  constructor(options: { watchdogMs?: number } = { watchdogMs }) {
    this.manager = new ServiceManager({
      clock: this.clock,
      send: async (message) => {
        await this.held;
        if (this.failure !== undefined) throw this.failure;
        this.told.push([...message].map(([name, value]) => `${name}=${value}`).join(" "));
      },
      watchdogMs: options.watchdogMs,
      isAlive: () => this.isAlive,
      onTrouble: (message) => this.troubles.push(message),
    });
  }

  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms);
    await setImmediate();
  }

  /** A turn after which the newest configuration counts as rejected, or not: the shortest way to another status. */
  async hear(isRejected: boolean): Promise<void> {
    this.manager.hear({ facts: [{ kind: "config-rejected", problems: [] }], after: stateWith(isRejected) });
    await setImmediate();
  }
}

function stateWith(isRejected: boolean): State {
  return { ...initialState, ...(isRejected && { rejectedConfig: { problems: ["p"], atMs: 0 } }) };
}

const calm = "no ingress is configured";
const rejected = `${calm}; the new configuration was rejected, the previous one is in force`;

test("tells that it has started, and its status only when that changes", async () => {
  const scene = new Scene();
  await scene.hear(true);
  assert.deepEqual(scene.told, [], "nothing before the start");
  scene.manager.ready(initialState);
  await setImmediate();
  await scene.hear(false);
  await scene.hear(true);
  await scene.hear(true);
  await scene.hear(false);
  assert.deepEqual(scene.told, [`READY=1 STATUS=${calm}`, `STATUS=${rejected}`, `STATUS=${calm}`]);
});

test("tells that the loop turns at half of the watchdog's time, and not when it does not", async () => {
  const scene = new Scene();
  scene.manager.ready(initialState);
  await scene.advance(watchdogMs / 2 - 1);
  assert.equal(scene.told.length, 1);
  await scene.advance(1);
  assert.deepEqual(scene.told.slice(1), ["WATCHDOG=1"]);
  scene.isAlive = false;
  await scene.advance(watchdogMs);
  assert.deepEqual(scene.told.slice(1), ["WATCHDOG=1"]);
  assert.deepEqual(scene.troubles, ["the main loop is stuck: the service manager is left to restart ccs"]);
  scene.isAlive = true;
  await scene.advance(watchdogMs / 2);
  assert.equal(scene.told.length, 3);
});

test("starts no timer where no watchdog waits", async () => {
  const scene = new Scene({});
  scene.manager.ready(initialState);
  await setImmediate();
  assert.equal(scene.clock.pendingTimers, 0);
  assert.equal(scene.told.length, 1);
});

test("what cannot be told is logged once, tried again before the watchdog's time is over, and lost in nothing", async () => {
  const scene = new Scene();
  scene.failure = new Error("no way");
  scene.manager.ready(initialState);
  await scene.hear(true);
  await scene.advance(watchdogMs / 2 + 20_000);
  assert.deepEqual(scene.told, []);
  assert.deepEqual(scene.troubles, ["the service manager cannot be told how ccs does: no way"]);
  scene.failure = undefined;
  await scene.advance(5_000);
  assert.deepEqual(scene.told, [`READY=1 STATUS=${calm}`, `STATUS=${rejected} WATCHDOG=1`]);
  scene.failure = new Error("again");
  await scene.hear(false);
  assert.equal(scene.troubles.length, 2, "it had worked in between");
});

test("what changes while a message is on its way is told together, in the end state", async () => {
  const scene = new Scene();
  const { promise, resolve } = Promise.withResolvers<void>();
  scene.held = promise;
  scene.manager.ready(initialState);
  await scene.hear(true);
  await scene.hear(false);
  await scene.hear(true);
  await scene.advance(watchdogMs / 2);
  resolve();
  await setImmediate();
  assert.deepEqual(scene.told, [`READY=1 STATUS=${calm}`, `STATUS=${rejected} WATCHDOG=1`]);
});

test("a reload begins and is done in messages of their own; many at once are told as one", async () => {
  const scene = new Scene();
  let loads = 0;
  scene.manager.ready(initialState);
  for (let count = 0; count < 50; count++) scene.manager.reload(() => loads++);
  await setImmediate();
  assert.equal(loads, 50);
  assert.deepEqual(scene.told, [`READY=1 STATUS=${calm}`, "RELOADING=1", "READY=1"]);
});

test("the end is told, waits for that a second at most, and leaves nothing behind", async () => {
  const scene = new Scene();
  scene.manager.ready(initialState);
  await setImmediate();
  await scene.manager[Symbol.asyncDispose]();
  assert.deepEqual(scene.told.slice(1), ["STOPPING=1 STATUS=ending"]);
  assert.equal(scene.clock.pendingTimers, 0);

  const silent = new Scene();
  silent.held = new Promise(() => undefined);
  silent.manager.ready(initialState);
  const ended = silent.manager[Symbol.asyncDispose]();
  await silent.advance(1_000);
  await ended;
  assert.equal(silent.clock.pendingTimers, 0);

  const failing = new Scene();
  failing.failure = new Error("no way");
  failing.manager.ready(initialState);
  await setImmediate();
  await failing.manager[Symbol.asyncDispose]();
  assert.equal(failing.clock.pendingTimers, 0);
});
