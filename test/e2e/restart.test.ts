// What a restart leaves as it was: a mix goes on to its end, nothing is written without need, and what was not told yet
// is told. And one state folder belongs to one daemon.
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { startWorld } from "../../src/emulation/world.ts";
import { runCcs } from "../support/built-program.ts";
import { commitAfter } from "../support/commits.ts";
import { startDaemon } from "../support/daemon-process.ts";
import { eventually } from "../support/eventually.ts";
import { configOf } from "../support/world-config.ts";
import { contents, ownFolder, untilBothUp } from "../support/world-daemon.ts";

/** Long enough for a new start on a busy machine. */
const stickyMs = 10_000;

describe("restart", { concurrency: 3 }, () => {
  test("killed in the mix, it goes on to the mix's end and tells what was not told", async (t) => {
    await using world = await startWorld();
    const { cable, mobile, telegram } = world;
    const options = { config: configOf(world, undefined, { sticky: `${stickyMs}ms` }), folder: ownFolder(t) };
    let mixAtMs: number;
    {
      await using daemon = startDaemon(options);
      const place = { cloudflare: world.cloudflare, daemon };
      await untilBothUp(daemon);
      await eventually("the first message", () => telegram.messages.length > 0);
      telegram.faults.always({ kind: "server-error" });
      await commitAfter(place, () => cable.server.behave({ kind: "refuse" }));
      const { commit } = await commitAfter(place, () => cable.server.behave({ kind: "ok" }));
      mixAtMs = commit.atMs;
      // At once: before the answer of that write, most likely.
      assert.deepEqual((await daemon.stop("SIGKILL")).signal, "SIGKILL");
    }
    assert.equal(telegram.messages.length, 1);
    telegram.faults.clear();

    await using daemon = startDaemon(options);
    const { commit: end } = await commitAfter({ cloudflare: world.cloudflare, daemon });
    assert.deepEqual(contents(world), [cable.host]);
    const lastedMs = end.atMs - mixAtMs;
    assert.ok(lastedMs > stickyMs - 1_000, `the mix ended after ${lastedMs} ms`);
    assert.equal(world.cloudflare.counts.writes, 4, "failover, mix, the way to it, and its end");
    const told = await eventually("the end of the mix is told", () => {
      const texts = telegram.messages.map(({ plainText }) => plainText);
      return texts.some((text) => /now points to cable \(was cable and mobile\)/.test(text)) && texts;
    });
    const failover = told.findIndex((text) => /now points to mobile \(was cable\)/.test(text));
    const mix = told.findIndex((text) => /points to cable and mobile/.test(text));
    assert.ok(failover > 0 && mix > failover, told.join("\n\n"));
    assert.deepEqual(daemon.strayLines, []);
    assert.equal(mobile.server.behaviour.kind, "ok");
  });

  test("ended in order over a converged record, it writes nothing when it comes back", async (t) => {
    await using world = await startWorld();
    const options = { config: configOf(world), folder: ownFolder(t) };
    for (let life = 0; life < 2; life += 1) {
      await using daemon = startDaemon(options);
      await untilBothUp(daemon);
      await eventually("the record was read", async () => (await daemon.get("/readyz")).status === 200);
      assert.equal((await daemon.stop()).code, 0);
      assert.deepEqual([daemon.stderr, daemon.strayLines, daemon.logged(/internal error/)], ["", [], []]);
    }
    assert.equal(world.cloudflare.counts.writes, 0);
    // Who serves is no news after a restart that changed nothing.
    assert.equal(world.telegram.messages.filter(({ plainText }) => /now points/.test(plainText)).length, 0);
    const state = join(options.folder, "state");
    for (const name of readdirSync(state)) assert.equal(statSync(join(state, name)).mode & 0o077, 0, name);
  });

  test("a second daemon over the same state folder is refused, and so is run --once", async (t) => {
    await using world = await startWorld();
    const folder = ownFolder(t);
    const config = configOf(world);
    await using daemon = startDaemon({ config, folder });
    await untilBothUp(daemon);
    const path = join(folder, "config.yml");
    for (const args of [["run"], ["run", "--once"]]) {
      const { code, stdout, stderr } = await runCcs([...args, "--config", path]);
      assert.equal(code, 69, `${stdout}${stderr}`);
      assert.match(stderr, /^error: Another ccs already keeps its state in .*state\. Stop it first, or give this one/);
    }
    assert.equal(world.cloudflare.counts.writes, 0);
  });

  test("a state folder that is damaged, or cannot be had, costs a warning and no start", async (t) => {
    await using world = await startWorld();
    const [damaged, missing] = [ownFolder(t), ownFolder(t)];
    mkdirSync(join(damaged, "state"), { mode: 0o700 });
    writeFileSync(join(damaged, "state/ccs.db"), "This is no database. ".repeat(1_000));
    // A file stands where the folder should be.
    writeFileSync(join(missing, "state"), "");
    chmodSync(join(missing, "state"), 0o400);
    await Promise.all(
      (
        [
          [damaged, /ccs\.db is not a valid state file .*It was moved to .*broken/],
          [
            missing,
            /Cannot keep state in .*Make it writable for this user, or set another state_dir\..*in memory only/,
          ],
        ] as const
      ).map(async ([folder, warning]) => {
        await using daemon = startDaemon({ config: configOf(world), folder });
        await untilBothUp(daemon);
        assert.equal(daemon.logged(warning).length, 1, daemon.tail);
        assert.equal((await daemon.stop()).code, 0);
      }),
    );
    assert.equal(world.cloudflare.counts.writes, 0);
  });
});
