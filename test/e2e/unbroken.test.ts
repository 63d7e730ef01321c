// Nothing that is answered, thrown or not written ends the daemon: odd answers of the API are seen through, errors that
// nobody caught are reported, and only a core that takes nothing in any more is its end, in order and with 70.
import assert from "node:assert/strict";
import { openSync, closeSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { spawn } from "node:child_process";
import type { Oddity } from "../../src/emulation/cloudflare/odd.ts";
import { startWorld, type World } from "../../src/emulation/world.ts";
import { builtProgram, runCcs } from "../support/built-program.ts";
import { startDaemon } from "../support/daemon-process.ts";
import { eventually } from "../support/eventually.ts";
import { programWith } from "../support/patched-program.ts";
import { configOf } from "../support/world-config.ts";
import { contents, ownFolder, untilBothUp } from "../support/world-daemon.ts";

/** Whether the answers leave no doubt all the same. */
const oddities: readonly (readonly [how: Oddity, isSeenThrough: boolean])[] = [
  ["twice", true],
  ["repeated", true],
  ["company", true],
  ["fields", true],
  ["totals", true],
  ["nothing", false],
  ["hollow", false],
  ["shapeless", false],
];

describe("what must not end the daemon", { concurrency: 3 }, () => {
  for (const [how, isSeenThrough] of oddities) {
    test(`answers that are odd ("${how}"): ${isSeenThrough ? "failover, and back" : "not believed, and right in the end"}`, async () => {
      await using world = await startWorld();
      const { cable, mobile, cloudflare } = world;
      if (isSeenThrough) cloudflare.faults.always({ kind: "odd", how });
      await using daemon = startDaemon({ config: configOf(world) });
      await untilBothUp(daemon);
      await daemon.until("the first record", () => contents(world).join() === cable.host);
      cloudflare.faults.always({ kind: "odd", how });
      await cable.server.behave({ kind: "refuse" });
      await daemon.until("failover", () => contents(world).join() === mobile.host);
      if (!isSeenThrough) {
        await daemon.until(
          "it is told",
          async () => (await daemon.metric('ccs_ingress_in_sync{ingress="ingress.example.com"}')) === 0,
        );
        cloudflare.faults.clear();
      }
      await cable.server.behave({ kind: "ok" });
      await daemon.until("failback", () => contents(world).join() === cable.host);
      assert.equal(await daemon.metric("ccs_internal_errors_total"), 0);
      assert.deepEqual(daemon.logged(/internal error/), []);
      assert.equal(daemon.isRunning, true);
    });
  }

  test("errors that nobody caught are logged and counted, and the daemon goes on", async (t) => {
    await using world = await startWorld();
    const folder = ownFolder(t);
    const mark = join(folder, "now");
    const env = preloaded(
      folder,
      `
      const waiting = setInterval(() => {
        if (!require("node:fs").existsSync(${JSON.stringify(mark)})) return;
        clearInterval(waiting);
        setTimeout(() => { throw new Error("planted in a timer"); });
        setTimeout(() => void Promise.reject(new Error("planted in a promise")));
        setTimeout(() => new (require("node:events").EventEmitter)().emit("error", new Error("planted in an emitter")));
      }, 20);
    `,
    );
    await using daemon = startDaemon({ config: configOf(world), env });
    await daemon.untilLogged(/^listening on/);
    writeFileSync(mark, "");
    await daemon.untilLogged(/^internal error; please report it/, { count: 3 });
    await daemon.until("they are counted", async () => (await daemon.metric("ccs_internal_errors_total")) === 3);
    await untilBothUp(daemon);
    await world.cable.server.behave({ kind: "refuse" });
    await daemon.until("failover", () => contents(world).join() === world.mobile.host);
    assert.deepEqual((await daemon.stop()).code, 0);
  });

  test("errors without an end that nobody caught are borne: logged once a minute, told once", async (t) => {
    await using world = await startWorld();
    const folder = ownFolder(t);
    const env = preloaded(folder, `setInterval(() => { throw new Error("planted"); }, 20).unref();`);
    await using daemon = startDaemon({ config: configOf(world), env });
    await untilBothUp(daemon);
    await daemon.until("hundreds", async () => ((await daemon.metric("ccs_internal_errors_total")) ?? 0) > 200);
    await world.cable.server.behave({ kind: "refuse" });
    await daemon.until("failover", () => contents(world).join() === world.mobile.host);
    assert.equal(daemon.logged(/^internal error; please report it/).length, 1);
    await eventually("a message", () => told(world, /An internal error in ccs, which keeps running/).length === 1);
    assert.equal((await daemon.stop()).code, 0);
  });

  test("an event that breaks the core is dropped: nothing of it looks done, and all else goes on", async (t) => {
    await using world = await startWorld();
    const program = await programWith(
      {
        file: "src/core/step.ts",
        from: `case "override-set":`,
        to: `case "override-set": if (event.kind === "override-set") throw new Error("planted");`,
      },
      ownFolder(t),
    );
    await using daemon = startDaemon({ config: configOf(world), program });
    await untilBothUp(daemon);
    const pin = await runCcs(["pin", "mobile", "--config", daemon.configPath]);
    assert.notEqual(pin.code, 0);
    assert.match(pin.stderr, /internal error/);
    assert.deepEqual(contents(world), [world.cable.host]);
    await eventually("a message", () => told(world, /An internal error in ccs, which keeps running/).length === 1);
    await world.cable.server.behave({ kind: "refuse" });
    await daemon.until("failover", () => contents(world).join() === world.mobile.host);
    assert.equal((await daemon.stop()).code, 0);
  });

  test("a core that takes nothing in any more is the end: 70, with a message and everything saved", async (t) => {
    await using world = await startWorld();
    const program = await programWith(
      {
        file: "src/core/step.ts",
        from: `export function step(state: State, event: Event, nowMs: number): State {`,
        to: `export function step(state: State, event: Event, nowMs: number): State {
          if (state.ingresses.some(({ overrides }) => overrides.length > 0)) throw new Error("planted");`,
      },
      ownFolder(t),
    );
    await using daemon = startDaemon({ config: configOf(world), program });
    await untilBothUp(daemon);
    const pin = await runCcs(["pin", "mobile", "--for", "2h", "--config", daemon.configPath]);
    assert.equal(pin.code, 0, pin.stderr);
    await eventually("its end", () => !daemon.isRunning, { timeoutMs: 60_000 });
    assert.equal((await daemon.ended).code, 70);
    const fatal = daemon.logged(/^ccs ends because of an internal error: no event has been processed for .*: planted/);
    assert.equal(fatal.length, 1);
    assert.match(
      told(world, /ccs ends/).at(-1) ?? "",
      /ccs ends because of an internal error.*The records stay as they are/,
    );
    assert.deepEqual(contents(world), [world.mobile.host]);
    assert.ok(!existsSync(join(daemon.folder, "state/control.sock")), "it ended in order");
    // All that was decided is there for the next one, which has no such defect.
    await using next = startDaemon({ config: readFileSync(daemon.configPath, "utf8"), folder: daemon.folder });
    await next.untilLogged(/^mobile was pinned manually/);
  });

  test("a log that cannot be written ends nothing", { skip: !existsSync("/dev/full") }, async (t) => {
    await using world = await startWorld();
    const folder = ownFolder(t);
    const path = join(folder, "config.yml");
    writeFileSync(path, configOf(world)(folder));
    const full = openSync("/dev/full", "w");
    const child = spawn(process.execPath, [builtProgram(), "run", "--config", path], {
      stdio: ["ignore", full, "ignore"],
      env: { PATH: process.env["PATH"], HOME: folder },
    });
    closeSync(full);
    t.after(() => child.kill("SIGKILL"));
    await eventually("the first message", () => {
      assert.equal(child.exitCode, null, "it ended");
      return world.telegram.messages.length > 0;
    });
    await world.cable.server.behave({ kind: "refuse" });
    await eventually("failover", () => contents(world).join() === world.mobile.host);
  });
});

/** Its standard output is a pipe that is full already, and that nobody reads. */
const intoFullPipe = '{ head -c 65536 /dev/zero; exec "$1" "$2" run --config "$3" --log-level trace; } > >(sleep 60)';

test(
  "a log that nobody reads holds up nothing, and not the end either",
  { skip: process.platform !== "linux" },
  async (t) => {
    await using world = await startWorld();
    const folder = ownFolder(t);
    const path = join(folder, "config.yml");
    writeFileSync(path, configOf(world)(folder));
    const child = spawn("bash", ["-c", intoFullPipe, "bash", process.execPath, builtProgram(), path], {
      stdio: ["ignore", "ignore", "ignore"],
      env: { PATH: process.env["PATH"], HOME: folder },
    });
    t.after(() => child.kill("SIGKILL"));
    await eventually("the first message", () => world.telegram.messages.length > 0);
    await world.cable.server.behave({ kind: "refuse" });
    await eventually("failover", () => contents(world).join() === world.mobile.host);
    child.kill("SIGTERM");
    await eventually("its end", () => child.exitCode !== null);
    assert.equal(child.exitCode, 0);
  },
);

/** What people were told that says this, each on one line. */
function told({ telegram }: World, pattern: RegExp): readonly string[] {
  return telegram.messages
    .map(({ plainText }) => plainText.replaceAll(/\s+/g, " "))
    .filter((text) => pattern.test(text));
}

/** An environment in which the program runs this code first. */
function preloaded(folder: string, code: string): Readonly<Record<string, string>> {
  const path = join(folder, "planted.mjs");
  writeFileSync(
    path,
    `import { createRequire } from "node:module";\nconst require = createRequire(import.meta.url);\n${code}`,
  );
  return { NODE_OPTIONS: `--import ${pathToFileURL(path).href}` };
}
