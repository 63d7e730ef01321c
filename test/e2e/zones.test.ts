// Several ingresses in several zones in one daemon: each decides and writes for itself, and waits for no other.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { RequestFault } from "../../src/emulation/cloudflare/faults.ts";
import { commitInTimeAfter } from "../support/commits.ts";
import { startDaemon } from "../support/daemon-process.ts";
import { startFleet } from "../support/fleet.ts";

describe("two zones in one daemon", { concurrency: 4 }, () => {
  const troubles: readonly (readonly [what: string, fault: RequestFault])[] = [
    ["does not answer at all", { kind: "silent" }],
    ["fails every time", { kind: "unavailable", status: 503 }],
    ["takes its time", { kind: "delay", beforeCommitMs: 4_000 }],
  ];
  for (const [what, fault] of troubles) {
    test(`an API that ${what} for one zone delays no failover in the other`, async () => {
      await using fleet = await startFleet(["sick", "well"]);
      await using daemon = startDaemon({ config: fleet.config() });
      await daemon.untilLogged(/^cable is up/, { count: 2 });
      await daemon.untilLogged(/^mobile is up/, { count: 2 });
      const { zoneId, cable } = fleet.ship("sick");
      fleet.cloudflare.faults.always(fault, ({ path }) => path.includes(zoneId));
      await cable.behave({ kind: "refuse" });
      await daemon.until("the sick zone's trouble", () => fleet.writesFor("sick").length > 0);

      const { cloudflare } = fleet;
      await commitInTimeAfter({ cloudflare, daemon, zone: "well.example" }, () => {
        return fleet.ship("well").cable.behave({ kind: "refuse" });
      });
      assert.equal(fleet.recordsOf("well")[0]?.content, "mobile.well.example");
      assert.equal(fleet.writesFor("well").length, 1);
      assert.equal(fleet.commitsOf("sick"), 0);
    });
  }

  test("one line's end moves its own ingress and no other", async () => {
    await using fleet = await startFleet(["left", "middle", "right"]);
    await using daemon = startDaemon({ config: fleet.config() });
    await daemon.untilLogged(/^cable is up/, { count: 3 });
    await daemon.untilLogged(/^mobile is up/, { count: 3 });
    await fleet.ship("middle").cable.behave({ kind: "refuse" });
    await daemon.untilLogged(/^written: /);
    const { left, right } = { left: fleet.ship("left").cable, right: fleet.ship("right").cable };
    const [leftBefore, rightBefore] = [left.counts.requests, right.counts.requests];
    await daemon.until("more probes of the others", () => {
      return left.counts.requests > leftBefore + 3 && right.counts.requests > rightBefore + 3;
    });
    assert.deepEqual(
      fleet.ships.map(({ name }) => fleet.recordsOf(name).map(({ content }) => content)),
      [["cable.left.example"], ["mobile.middle.example"], ["cable.right.example"]],
    );
    assert.equal(fleet.cloudflare.counts.writes, 1);
  });
});
