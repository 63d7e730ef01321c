// An ingress that is taken out of the configuration while it points to its mix, by a real daemon over a real state folder.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { describe, test, type TestContext } from "node:test";
import { mixName, startWorld, type World } from "../../src/emulation/world.ts";
import { commitAfter } from "../support/commits.ts";
import { startDaemon, type DaemonOptions } from "../support/daemon-process.ts";
import { eventually } from "../support/eventually.ts";
import { configOf, partsOf } from "../support/world-config.ts";
import { contents, ownFolder, untilBothUp } from "../support/world-daemon.ts";

const tempo = { sticky: "10m", reconcile: "1s" };

/** The same lines under another name, so that nothing of the ingress is left in the file. */
const elsewhere = (world: World): DaemonOptions["config"] =>
  configOf(
    world,
    (config) => {
      partsOf(config).ingress.record = "other.example.com";
    },
    tempo,
  );

/** A daemon in this folder has led the ingress to its mix, and was killed there. */
async function killedInTheMix(world: World, t: TestContext): Promise<string> {
  const folder = ownFolder(t);
  await using daemon = startDaemon({ config: configOf(world, undefined, tempo), folder });
  const place = { cloudflare: world.cloudflare, daemon };
  await untilBothUp(daemon);
  await commitAfter(place, () => world.cable.server.behave({ kind: "refuse" }));
  await commitAfter(place, () => world.cable.server.behave({ kind: "ok" }));
  assert.deepEqual(contents(world), [mixName]);
  await daemon.stop("SIGKILL");
  return folder;
}

describe("an ingress that leaves its mix", { concurrency: 2 }, () => {
  test("while no daemon runs is pointed to its primary at the next start, and the mix stays for those who know of it", async (t) => {
    await using world = await startWorld();
    const folder = await killedInTheMix(world, t);
    const before = world.cloudflare.recordsAt(mixName).map(({ content }) => content);
    await using daemon = startDaemon({ config: elsewhere(world), folder });
    await eventually("cable", () => contents(world)[0] === world.cable.host);
    assert.deepEqual(
      world.cloudflare.recordsAt(mixName).map(({ content }) => content),
      before,
    );
    await daemon.untilLogged(/^written: CNAME primary\.example\.com/);
  });

  test("by a reload amid trouble with Cloudflare, and a kill after that, is pointed to its primary all the same", async (t) => {
    await using world = await startWorld();
    const folder = await killedInTheMix(world, t);
    {
      await using daemon = startDaemon({ config: configOf(world, undefined, tempo), folder });
      await untilBothUp(daemon);
      world.cloudflare.faults.always({ kind: "unavailable" });
      const next = elsewhere(world);
      writeFileSync(daemon.configPath, typeof next === "string" ? next : next(folder));
      await daemon.untilLogged(/^no longer configured: its record is changed from its mix to cable/);
      await daemon.stop("SIGKILL");
    }
    assert.deepEqual(contents(world), [mixName]);
    world.cloudflare.faults.clear();
    await using again = startDaemon({ config: elsewhere(world), folder });
    await eventually("cable", () => contents(world)[0] === world.cable.host);
    assert.equal((await again.stop()).code, 0);
  });
});
