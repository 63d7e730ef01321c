// One server often stands behind all lines. When it restarts, all endpoints fail and come back within moments of each
// other, in any order: the record stays where it is, also where modems answer for the lines meanwhile.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startWorld } from "../../src/emulation/world.ts";
import { commitAfter } from "../support/commits.ts";
import { startDaemon, type DaemonProcess } from "../support/daemon-process.ts";
import { eventually } from "../support/eventually.ts";
import { configOf } from "../support/world-config.ts";
import { untilBothUp } from "../support/world-daemon.ts";

describe("an outage of all endpoints", { concurrency: 3 }, () => {
  for (const kind of ["refuse", "hang"] as const) {
    test(`in which they all ${kind} ends without a switch, whoever is back first`, async () => {
      await using world = await startWorld();
      const { cable, mobile } = world;
      // The reference host answers all the time.
      await using daemon = startDaemon({ config: configOf(world, undefined, { timeout: "1s" }) });
      await untilBothUp(daemon);
      for (const [first, second] of [
        [mobile, cable],
        [cable, mobile],
        [mobile, cable],
      ] as const) {
        await Promise.all([cable, mobile].map(({ server }) => server.behave({ kind })));
        await untilAll(daemon, 0);
        const { requests } = first.server.counts;
        await first.server.behave({ kind: "ok" });
        await eventually("its first answer", () => first.server.counts.requests > requests);
        await second.server.behave({ kind: "ok" });
        await untilAll(daemon, 1);
      }
      assert.equal(world.cloudflare.counts.writes, 0);
      assert.equal(world.records[0]?.content, cable.host);
    });
  }

  test("ends with the one that works where the active one stays down", async () => {
    await using world = await startWorld();
    const { cable, mobile } = world;
    await using daemon = startDaemon({ config: configOf(world) });
    await untilBothUp(daemon);
    await Promise.all([cable, mobile].map(({ server }) => server.behave({ kind: "refuse" })));
    await untilAll(daemon, 0);
    await commitAfter({ cloudflare: world.cloudflare, daemon }, () => mobile.server.behave({ kind: "ok" }));
    assert.equal(world.records[0]?.content, mobile.host);
  });
});

/** Waits until both endpoints are down (0), or both up (1). */
async function untilAll(daemon: DaemonProcess, isUp: 0 | 1): Promise<void> {
  const upOf = (endpoint: string) =>
    daemon.metric(`ccs_endpoint_up{ingress="ingress.example.com",endpoint="${endpoint}"}`);
  await eventually(`both ${isUp === 1 ? "up" : "down"}`, async () => {
    const ups = await Promise.all([upOf("cable"), upOf("mobile")]);
    return ups.every((up) => up === isUp);
  });
}
