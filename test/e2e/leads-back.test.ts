// A wildcard that points at the ingress is the usual set-up at home. Where the own record of a target goes away, the
// wildcard answers for it with the addresses of whoever serves: its check passes, and the record would lead to itself.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startEndpoint } from "../../src/emulation/endpoint.ts";
import { ingressName, startWorld, type World } from "../../src/emulation/world.ts";
import { startDaemon, type DaemonProcess } from "../support/daemon-process.ts";
import { eventually } from "../support/eventually.ts";
import { configOf, partsOf } from "../support/world-config.ts";

describe("a target that leads back to the ingress", { concurrency: 3 }, () => {
  for (const isFlattening of [false, true]) {
    test(`by a wildcard is down, and comes back with a record of its own${isFlattening ? ", where no chain is to be seen" : ""}`, async () => {
      await using world = await startWorld({
        isFlattening,
        records: [{ type: "CNAME", name: ingressName, content: "secondary.example.com", ttl: 300 }],
      });
      const { cable, mobile } = world;
      world.cloudflare.hand.add({ type: "CNAME", name: "*.example.com", content: ingressName, ttl: 60 });
      remove(world, cable.host);
      // One port on both lines, as with any web server: cable's check passes through mobile.
      await using line = await startEndpoint({ host: cable.address, port: mobile.server.port });
      await using daemon = startDaemon({
        config: soon(world, (config) => {
          const parts = partsOf(config);
          if (parts.cable.check !== undefined) parts.cable.check.url = parts.mobile.check?.url ?? "";
        }),
      });
      await untilUp(daemon, "mobile", 1);
      await eventually("the verdict on cable", async () => (await statusOf(daemon, "cable"))?.verdict === "down");
      const reason = async (): Promise<string> => (await statusOf(daemon, "cable"))?.reason ?? "";
      assert.match(await reason(), /primary\.example\.com leads back to ingress\.example\.com/);
      assert.equal(line.counts.connections, 0);
      // The zone's own list, which is read a little later, knows more than the answer does.
      await eventually("the wildcard", async () => (await reason()).includes("by the wildcard record *.example.com"));
      assert.equal(world.cloudflare.counts.writes, 0);
      assert.equal(world.records[0]?.content, mobile.host);

      world.cloudflare.hand.add({ type: "A", name: cable.host, content: cable.address, ttl: 60 });
      await untilUp(daemon, "cable", 1);
      await eventually("the return", () => world.cloudflare.counts.writes > 0, { timeoutMs: 60_000 });
    });
  }

  test("over several names, a deeper wildcard and another ingress is down as well", async () => {
    await using world = await startWorld({
      records: [{ type: "CNAME", name: ingressName, content: "secondary.example.com", ttl: 300 }],
    });
    const { cable, mobile, cloudflare } = world;
    remove(world, cable.host);
    cloudflare.hand.add({ type: "CNAME", name: cable.host, content: "line.home.example.com", ttl: 60 });
    cloudflare.hand.add({ type: "CNAME", name: "*.home.example.com", content: "other.example.com", ttl: 60 });
    cloudflare.hand.add({ type: "CNAME", name: "other.example.com", content: mobile.host, ttl: 60 });
    await using daemon = startDaemon({
      config: soon(world, (config) => {
        const { ingress, mobile: second } = partsOf(config);
        config.ingresses = [ingress, structuredClone({ ...ingress, record: "other.example.com", endpoints: [second] })];
      }),
    });
    await eventually("the verdict on cable", async () => (await statusOf(daemon, "cable"))?.verdict === "down");
    assert.match((await statusOf(daemon, "cable"))?.reason ?? "", /leads back to other\.example\.com/);
    assert.equal(world.records[0]?.content, mobile.host);
  });

  test("the record of another ingress may be a target, wherever that one leads", async () => {
    await using world = await startWorld({
      records: [{ type: "CNAME", name: ingressName, content: "secondary.example.com", ttl: 300 }],
    });
    const { cable, cloudflare } = world;
    cloudflare.hand.add({
      type: "CNAME",
      name: "other.example.com",
      content: "third.example.com",
      ttl: 60,
    });
    cloudflare.hand.add({ type: "CNAME", name: "third.example.com", content: cable.host, ttl: 60 });
    await using daemon = startDaemon({
      config: soon(world, (config) => {
        const parts = partsOf(config);
        const withOne = (record: string, target: string) =>
          structuredClone({ ...parts.ingress, record, endpoints: [{ ...parts.cable, target }] });
        const others = [withOne("other.example.com", "third.example.com"), withOne("third.example.com", cable.host)];
        parts.cable.target = "other.example.com";
        config.ingresses = [parts.ingress, ...others];
      }),
    });
    await eventually("the way by two other ingresses", () => world.records[0]?.content === "other.example.com", {
      timeoutMs: 60_000,
    });
    assert.equal((await statusOf(daemon, "cable"))?.verdict, "up");
  });
});

function soon(world: World, edit: Parameters<typeof configOf>[1] = () => {}): ReturnType<typeof configOf> {
  return configOf(world, (config) => {
    partsOf(config).ingress.reconcile_interval = "10s";
    edit(config);
  });
}

function remove(world: World, name: string): void {
  for (const { id } of world.cloudflare.recordsAt(name)) world.cloudflare.hand.remove(id);
}

async function untilUp(daemon: DaemonProcess, name: string, isUp: 0 | 1): Promise<void> {
  const series = `ccs_endpoint_up{ingress="${ingressName}",endpoint="${name}"}`;
  await eventually(`${name} to be ${isUp}`, async () => (await daemon.metric(series)) === isUp, { timeoutMs: 60_000 });
}

interface EndpointPart {
  readonly name: string;
  readonly verdict: string;
  readonly reason: string;
}

async function statusOf(daemon: DaemonProcess, name: string): Promise<EndpointPart | undefined> {
  const { text } = await daemon.get("/api/v1/status");
  const { ingresses } = JSON.parse(text) as { ingresses: { record: string; endpoints: EndpointPart[] }[] };
  const ingress = ingresses.find(({ record }) => record === ingressName);
  return ingress?.endpoints.find((endpoint) => endpoint.name === name);
}
