// A name is only what people call an endpoint: another one moves no record.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startWorld } from "../../src/emulation/world.ts";
import { startDaemon } from "../support/daemon-process.ts";
import { eventually } from "../support/eventually.ts";
import { configOf } from "../support/world-config.ts";
import { untilBothUp } from "../support/world-daemon.ts";

test("the active endpoint gets another name, then both swap theirs: no write, and their health stays", async () => {
  await using world = await startWorld();
  await using daemon = startDaemon({ config: configOf(world) });
  await untilBothUp(daemon);
  const upOf = (name: string) => daemon.metric(`ccs_endpoint_up{ingress="ingress.example.com",endpoint="${name}"}`);
  const selected = (name: string) =>
    daemon.metric(`ccs_endpoint_selected{ingress="ingress.example.com",endpoint="${name}",role="primary"}`);
  daemon.rewriteConfig((text) => text.replace("name: cable", "name: fibre"));
  daemon.send("SIGHUP");
  await eventually("the new name", async () => (await upOf("fibre")) === 1);
  assert.equal(await selected("fibre"), 1);
  daemon.rewriteConfig((text) =>
    text
      .replace("name: fibre", "name: other")
      .replace("name: mobile", "name: fibre")
      .replace("name: other", "name: mobile"),
  );
  daemon.send("SIGHUP");
  await eventually("the swapped names", async () => (await selected("mobile")) === 1);
  assert.deepEqual([await upOf("mobile"), await upOf("fibre")], [1, 1]);
  const { connections } = world.cable.server.counts;
  await eventually("more checks", () => world.cable.server.counts.connections > connections + 3);
  assert.equal(world.cloudflare.counts.writes, 0);
  assert.equal(world.records[0]?.content, world.cable.host);
});
