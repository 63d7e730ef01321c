// What `systemctl status` shows, over the core at work.
import assert from "node:assert/strict";
import { test } from "node:test";
import { endpointSettings, ingressSettings, IngressWorld, publishedRecord } from "../../test/support/ingress-world.ts";
import { statusText } from "./status-text.ts";

const record = "ingress.example.com";

function worldOf(...records: readonly string[]): IngressWorld {
  const world = new IngressWorld(() => undefined);
  const endpoints = [endpointSettings("cable", { priority: 1 }), endpointSettings("mobile", { stickyMs: 600_000 })];
  world.start(...records.map((each) => ingressSettings(each, endpoints)));
  return world;
}

function bothUp(world: IngressWorld, ...records: readonly string[]): void {
  world.resolveAll();
  for (const each of records) {
    world.read([publishedRecord("CNAME", "cable.example.com")], each);
    for (const endpoint of ["cable", "mobile"]) world.observe(endpoint, "ok", 2, each);
  }
}

test("says which endpoint is active through a failover, an outage, a failback and a mix", () => {
  const world = worldOf(record);
  assert.equal(statusText(world.state), `${record}: waiting for the first results`);
  world.fail({ during: "read" });
  assert.equal(statusText(world.state), `${record}: its records are unknown, Cloudflare fails`);
  bothUp(world, record);
  assert.equal(statusText(world.state), `${record}: cable is active`);
  world.cloud = "silent";
  world.observe("cable", "timeout");
  assert.equal(statusText(world.state), `${record}: mobile was selected, and is not in the record yet`);
  world.fail();
  assert.equal(
    statusText(world.state),
    `${record}: mobile was selected, and is not in the record yet: Cloudflare fails`,
  );
  world.cloud = "works";
  world.write();
  assert.equal(statusText(world.state), `${record}: mobile is active`);
  world.observe("mobile", "timeout");
  assert.equal(statusText(world.state), `${record}: all endpoints are down, the record stays at mobile`);
  world.observe("mobile", "ok");
  world.observe("cable", "ok");
  for (let count = 0; count < 100; count++) {
    world.pass(3_000);
    world.observe("mobile", "ok", 1);
    world.observe("cable", "ok", 1);
  }
  assert.equal(statusText(world.state), `${record}: cable is active, mobile also published`);
});

test("says that the machine appears to be offline, and that a configuration was rejected", () => {
  const world = worldOf(record);
  bothUp(world, record);
  world.anchors = "silent";
  world.observe("cable", "timeout", 3);
  world.pass(60_000);
  world.dispatch({ kind: "anchors-tried", family: "ipv4", asked: 3, answered: 0, endedMs: world.nowMs });
  world.dispatch({ kind: "config-rejected", problems: ["config.yml:1:1: no"] });
  assert.equal(
    statusText(world.state),
    `${record}: cable is active; this machine appears to be offline (IPv4); ` +
      "the new configuration was rejected, the previous one is in force",
  );
});

test("names three ingresses at most, those in trouble first, on one bounded line", () => {
  const names = ["a", "b", "c", "d", "e"].map((label) => `${label}.example.com`);
  const world = worldOf(...names);
  bothUp(world, ...names);
  for (const endpoint of ["cable", "mobile"]) world.observe(endpoint, "timeout", 2, "d.example.com");
  assert.equal(
    statusText(world.state),
    "d.example.com: all endpoints are down, the record stays at mobile; a.example.com: cable is active; " +
      "b.example.com: cable is active; and 2 more",
  );
  const long = worldOf(`${"x".repeat(63)}.${"y".repeat(63)}.${"z".repeat(63)}.example.com`, ...names);
  assert.ok(statusText(long.state).length <= 400);
});
