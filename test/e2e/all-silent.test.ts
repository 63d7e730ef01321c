// Everything silent at once is more likely our own connection than everybody's: nothing is written, and whoever served
// goes on when it answers again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startWorld } from "../../src/emulation/world.ts";
import { startDaemon } from "../support/daemon-process.ts";
import { eventually } from "../support/eventually.ts";
import { closedAuthority } from "../support/ports.ts";
import { configOf, partsOf } from "../support/world-config.ts";

test("endpoints, resolver and anchors silent at once, and back again: no write", async () => {
  await using world = await startWorld();
  const { cable, mobile, dns } = world;
  const anchor = await closedAuthority();
  await using daemon = startDaemon({
    config: configOf(
      world,
      (config) => {
        config.anchors = [anchor];
        partsOf(config).mobile.sticky = "1s";
      },
      { timeout: "500ms", fall: 3 },
    ),
  });
  await daemon.untilLogged(/^cable is up/);
  await daemon.untilLogged(/^mobile is up/);
  await daemon.untilLogged(/^found: /);

  dns.faults.always({ kind: "silent" });
  await Promise.all([cable, mobile].map(({ server }) => server.behave({ kind: "hang" })));
  const probes = (): number[] => [cable, mobile].map(({ server }) => server.counts.connections);
  const untilProbed = async (times: number): Promise<void> => {
    const before = probes();
    const areEnough = (): boolean => probes().every((count, index) => count >= (before[index] ?? 0) + times);
    await eventually(`${times} probes more of each`, areEnough);
  };
  // Far more silence than would do for one endpoint alone.
  await untilProbed(8);
  assert.equal(world.cloudflare.counts.writes, 0);
  assert.equal(await daemon.metric('ccs_endpoint_up{ingress="ingress.example.com",endpoint="cable"}'), 1);

  dns.faults.clear();
  for (const { server } of [cable, mobile]) await server.behave({ kind: "ok" });
  await untilProbed(8);
  assert.equal(world.cloudflare.counts.writes, 0);
  assert.equal(daemon.logged(/^(?:cable|mobile) is down/).length, 0);
  assert.equal(daemon.logged(/^selected mobile/).length, 0);
  assert.equal(world.records[0]?.content, cable.host);
});
