// What clients learn of names in the simulated zone, edge by edge, and for how long they believe it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Secret } from "../lib/secret.ts";
import type { RecordDraft } from "../emulation/cloudflare/store.ts";
import { Clients } from "./clients.ts";
import { demoToken, SimulatedWorld } from "./world.ts";

const ingress = "ingress.example.com";
const minuteMs = 60_000;

function worldWith(
  records: readonly RecordDraft[],
  hosts: readonly string[] = ["one.example.net", "two.example.net"],
): SimulatedWorld {
  return new SimulatedWorld({
    seed: 1,
    config: {
      cloudflare: { token: new Secret(demoToken), apiUrl: "https://api.example.test/client/v4" },
      ingresses: [],
      notify: [],
      http: { host: "127.0.0.1", port: 0 },
      stateDir: "/nowhere",
      anchors: [],
    },
    sites: hosts.map((host) => ({ host, ipv4: 1, ipv6: 0, ttlSeconds: 60, isFixed: false })),
    resolvers: [{ server: "9.9.9.1:53", leastTtlSeconds: 1 }],
    records,
  });
}

/** Milliseconds without service of an honest client, from its start until `endMs`. */
async function downtimeIn(world: SimulatedWorld, endMs: number): Promise<number> {
  const honest = { name: "honest", leastTtlSeconds: 0, mostTtlSeconds: Infinity, pinMs: 0, hasIpv6: false };
  const clients = new Clients(world, ingress, { habits: [honest], everyMs: 1_000 });
  await world.time.runUntil(endMs);
  world[Symbol.dispose]();
  return clients.downtime.daemon;
}

const [first, second] = ["203.0.0.1", "203.0.1.1"];
const alias = (name: string, content: string, ttl = 60): RecordDraft => ({ type: "CNAME", name, content, ttl });
const address = (name: string, content: string, ttl = 60): RecordDraft => ({ type: "A", name, content, ttl });
const down = { kind: "site", site: 0, seenBy: "all", how: "refuse", atMs: 0, forMs: 90 * minuteMs } as const;

test("an alias to another name of the zone is followed at the edge, and what stands there counts", async () => {
  const world = worldWith([
    alias(ingress, "mix.example.com"),
    address("mix.example.com", first),
    address("mix.example.com", second),
  ]);
  world.strike(down);
  assert.equal(await downtimeIn(world, 10 * minuteMs), 0);
  const other = worldWith([alias(ingress, "mix.example.com"), address("mix.example.com", first)]);
  other.strike(down);
  assert.ok((await downtimeIn(other, 10 * minuteMs)) >= 10 * minuteMs);
});

test("that the name behind an alias has no record yet is believed for half an hour, though it gets one at once", async () => {
  const world = worldWith([alias(ingress, "mix.example.com")]);
  world.time.at(10_000, () => void world.api.hand.add(address("mix.example.com", first)));
  assert.equal(await downtimeIn(world, 60 * minuteMs), 30 * minuteMs);
});

test("an alias that is pointed elsewhere in place, to a name that every server shows, leaves nobody without service", async () => {
  const world = worldWith([
    alias(ingress, "one.example.net"),
    address("mix.example.com", first),
    address("mix.example.com", second),
  ]);
  const [{ id } = { id: "" }] = world.api.recordsAt(ingress);
  world.time.at(5 * minuteMs, () => world.api.hand.edit(id, { content: "mix.example.com" }));
  world.time.at(15 * minuteMs, () => world.api.hand.edit(id, { content: "two.example.net" }));
  assert.equal(await downtimeIn(world, 30 * minuteMs), 0);
});

test("a wildcard answers for a host whose own record is gone, for clients and the daemon's resolvers alike", async () => {
  const host = "one.example.com";
  const world = worldWith(
    [alias("*.example.com", ingress), address(ingress, second), address(host, first)],
    [host, "two.example.net"],
  );
  const ask = (): unknown => {
    const answer = world.resolvers[0]?.answer({ name: host, type: "A" }, () => 0.5).reply;
    return answer?.kind === "answered" ? answer.answers.map(({ data }) => data) : answer;
  };
  assert.deepEqual(ask(), [first]);
  world.strike({ kind: "unregistered", site: 0, atMs: 0, forMs: 10 * minuteMs });
  await world.time.runUntil(2 * minuteMs);
  assert.deepEqual(ask(), [second]);
  await world.time.runUntil(12 * minuteMs);
  assert.deepEqual(ask(), [first]);
  world[Symbol.dispose]();
});

test("a program that keeps a host's record up to date changes it in place", async () => {
  const host = "one.example.com";
  const world = worldWith([alias(ingress, host), address(host, first)], [host, "two.example.net"]);
  const [before] = world.api.recordsAt(host);
  world.strike({ kind: "renumbered", site: 0, atMs: 0, dnsDelayMs: 30_000 });
  await world.time.runUntil(minuteMs);
  const [after, more] = world.api.recordsAt(host);
  assert.deepEqual([after?.id, after?.content, more], [before?.id, "203.0.0.17", undefined]);
  world[Symbol.dispose]();
});
