// However and whenever the daemon is told to end, it does so at once and with 0, and leaves no write half done.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { writes } from "../../src/emulation/cloudflare/faults.ts";
import { ingressName, startWorld } from "../../src/emulation/world.ts";
import { startDaemon } from "../support/daemon-process.ts";
import { eventually } from "../support/eventually.ts";
import { configOf } from "../support/world-config.ts";

/** What is under way takes 15 s and more: whoever waits for it is seen. */
const atOnceMs = 5_000;

describe("ending", { concurrency: 4 }, () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    test(`${signal} ends it with 0 and a line in the log, the record as it was`, async () => {
      await using world = await startWorld();
      await using daemon = startDaemon({ config: configOf(world) });
      await daemon.untilLogged(/^cable is up/);
      const { code, signal: killedBy, tookMs } = await daemon.stop(signal);
      assert.deepEqual([code, killedBy], [0, null]);
      assert.ok(tookMs < atOnceMs, `${tookMs} ms`);
      assert.equal(daemon.log.at(-1)?.signal, signal);
      assert.deepEqual([daemon.stderr, daemon.strayLines], ["", []]);
      assert.equal(world.cloudflare.counts.writes, 0);
      assert.equal(world.records.length, 1);
    });
  }

  test("in the middle of probes that hang", async () => {
    await using world = await startWorld();
    await using daemon = startDaemon({ config: configOf(world, () => {}, { timeout: "60s" }) });
    await daemon.untilLogged(/^cable is up/);
    const { counts } = world.cable.server;
    await world.cable.server.behave({ kind: "hang" });
    const before = counts.connections;
    await eventually("a probe that hangs", () => counts.connections > before);
    const { code, tookMs } = await daemon.stop();
    assert.equal(code, 0);
    assert.ok(tookMs < atOnceMs, `${tookMs} ms`);
  });

  test("in the middle of a write: the write ends, and is one", async () => {
    await using world = await startWorld();
    await using daemon = startDaemon({ config: configOf(world) });
    await daemon.untilLogged(/^cable is up/);
    await daemon.untilLogged(/^mobile is up/);
    world.cloudflare.faults.next({ kind: "delay", beforeCommitMs: 500 }, writes);
    await world.cable.server.behave({ kind: "refuse" });
    await eventually("a write under way", () => world.cloudflare.counts.writes === 1);
    const { code, tookMs } = await daemon.stop();
    assert.equal(code, 0);
    assert.ok(tookMs < atOnceMs, `${tookMs} ms`);
    assert.equal(world.records[0]?.content, world.mobile.host);
    assert.equal(world.cloudflare.counts.writes, 1);
    assert.equal(world.cloudflare.recordsOverTime(ingressName).length, 2);
    assert.equal(daemon.logged(/^written: CNAME secondary/).length, 1);
  });

  test("in the middle of a write that Cloudflare never answers", async () => {
    await using world = await startWorld();
    await using daemon = startDaemon({ config: configOf(world) });
    await daemon.untilLogged(/^cable is up/);
    await daemon.untilLogged(/^mobile is up/);
    world.cloudflare.faults.always({ kind: "silent" });
    await world.cable.server.behave({ kind: "refuse" });
    await eventually("a write under way", () => world.cloudflare.counts.writes === 1);
    const { code, tookMs } = await daemon.stop();
    assert.equal(code, 0);
    assert.ok(tookMs < 2 * atOnceMs, `${tookMs} ms`);
    assert.equal(world.cloudflare.counts.writes, 1);
  });

  test("in the middle of a read that Cloudflare never answers, before anything is known", async () => {
    await using world = await startWorld();
    world.cloudflare.faults.always({ kind: "silent" });
    await using daemon = startDaemon({ config: configOf(world) });
    await daemon.untilLogged(/^listening/);
    await eventually("a read under way", () => world.cloudflare.counts.reads === 1);
    const { code, tookMs } = await daemon.stop();
    assert.equal(code, 0);
    assert.ok(tookMs < atOnceMs, `${tookMs} ms`);
  });

  test("while Telegram hangs on a message", async () => {
    await using world = await startWorld();
    world.telegram.faults.always({ kind: "hang" });
    await using daemon = startDaemon({ config: configOf(world) });
    await daemon.untilLogged(/^mobile is up/);
    await eventually("a message under way", () => world.telegram.calls.length > 0);
    const { code, tookMs } = await daemon.stop();
    assert.equal(code, 0);
    assert.ok(tookMs < 2 * atOnceMs, `${tookMs} ms`);
  });

  test("while somebody keeps a connection to its web server open", async () => {
    await using world = await startWorld();
    await using daemon = startDaemon({ config: configOf(world) });
    // fetch keeps the connection for the next request.
    assert.equal((await daemon.get("/healthz")).status, 200);
    const { code, tookMs } = await daemon.stop();
    assert.equal(code, 0);
    assert.ok(tookMs < atOnceMs, `${tookMs} ms`);
  });
});
