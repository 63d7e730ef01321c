// The promise: when the first line dies, the record moves in well under two seconds, by one request, and comes back by
// one request more for each step. Whatever else stands at the name is left alone, and the name is never empty.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { StoredRecord } from "../../src/emulation/cloudflare/record.ts";
import { ingressName, startWorld, type World } from "../../src/emulation/world.ts";
import { commitAfter, commitInTimeAfter } from "../support/commits.ts";
import { startDaemon } from "../support/daemon-process.ts";
import { eventually } from "../support/eventually.ts";
import { configOf, partsOf } from "../support/world-config.ts";
import { untilBothUp } from "../support/world-daemon.ts";

describe("failover and return", { concurrency: 4 }, () => {
  test("one patch of the CNAME for each of: failover, return through the mix, end of the mix; its type never changes", async () => {
    await using world = await startWorld();
    await using daemon = startDaemon({
      config: configOf(world, (config) => {
        // The lowest TTL of a mix is then not simply that of its primary.
        partsOf(config).cable.ttl = "10m";
        partsOf(config).mobile.ttl = "2m";
      }),
    });
    const place = { cloudflare: world.cloudflare, daemon };
    world.cloudflare.hand.edit(world.records[0]?.id ?? "", { ttl: 600 });
    await untilBothUp(daemon);
    await afterMoreProbes(world, 3);
    assert.equal(world.cloudflare.counts.writes, 0, "a start over a correct record writes nothing");
    const { cable, mobile } = world;

    const failover = await commitInTimeAfter(place, () => cable.server.behave({ kind: "refuse" }));
    assert.deepEqual(served(world), [`CNAME ${mobile.host} ttl 120`]);
    await daemon.untilLogged(/^written: /);
    await afterMoreProbes(world, 3);
    assert.equal(world.cloudflare.counts.writes, 1);
    const [record] = world.records;
    assert.equal(record?.id, failover.commit.before?.records.find(({ name }) => name === ingressName)?.id);

    await commitAfter(place, () => cable.server.behave({ kind: "ok" }));
    assert.deepEqual(served(world), ["CNAME ingress-mix.example.com ttl 120"]);
    const mix = world.cloudflare.recordsAt("ingress-mix.example.com");
    assert.deepEqual(
      mix.map(({ type, content, ttl }) => `${type} ${content} ttl ${ttl}`).toSorted(),
      [`A ${cable.address} ttl 120`, `A ${mobile.address} ttl 120`].toSorted(),
    );
    assert.equal(world.cloudflare.counts.writes, 3, "the mix itself is one more");

    await commitAfter(place);
    assert.deepEqual(served(world), [`CNAME ${cable.host} ttl 600`]);
    await afterMoreProbes(world, 3);
    assert.equal(world.cloudflare.counts.writes, 4);
    assertNeverEmpty(world);
    assert.deepEqual(typesOverTime(world), ["CNAME"]);
    assert.equal((await daemon.stop()).code, 0);
    assert.deepEqual([daemon.stderr, daemon.strayLines], ["", []]);
  });

  test("with publish: addresses no type ever changes, and every record is patched in place", async () => {
    await using world = await startWorld({
      records: [{ type: "A", name: ingressName, content: "127.0.0.2", ttl: 60 }],
    });
    const { cable, mobile } = world;
    await using daemon = startDaemon({
      config: configOf(world, (config) => {
        partsOf(config).ingress.publish = "addresses";
      }),
    });
    const place = { cloudflare: world.cloudflare, daemon };
    await untilBothUp(daemon);
    await afterMoreProbes(world, 3);
    assert.equal(world.cloudflare.counts.writes, 0);

    await commitAfter(place, () => cable.server.behave({ kind: "refuse" }));
    assert.deepEqual(served(world), [`A ${mobile.address} ttl 300`]);
    await commitAfter(place, () => cable.server.behave({ kind: "ok" }));
    assert.deepEqual(served(world), [`A ${cable.address} ttl 60`, `A ${mobile.address} ttl 60`]);
    await commitAfter(place);
    assert.deepEqual(served(world), [`A ${cable.address} ttl 60`]);
    assert.equal(world.cloudflare.counts.writes, 3);
    assertNeverEmpty(world);
    assert.deepEqual(typesOverTime(world), ["A"]);
  });

  test("proxied: true is kept through a failover, with the automatic TTL", async () => {
    await using world = await startWorld();
    await using daemon = startDaemon({
      config: configOf(world, (config) => {
        const { ingress, cable, mobile } = partsOf(config);
        ingress.proxied = true;
        delete cable.sticky;
        delete mobile.sticky;
      }),
    });
    const place = { cloudflare: world.cloudflare, daemon };
    await untilBothUp(daemon);
    // The record was not proxied: enforcing that is the first write.
    await eventually("the record is proxied", () => world.records.every(({ proxied }) => proxied));
    assert.deepEqual(served(world), [`CNAME ${world.cable.host} ttl 1`]);

    await commitAfter(place, () => world.cable.server.behave({ kind: "refuse" }));
    assert.deepEqual(served(world), [`CNAME ${world.mobile.host} ttl 1`]);
    await commitAfter(place, () => world.cable.server.behave({ kind: "ok" }));
    assert.deepEqual(served(world), [`CNAME ${world.cable.host} ttl 1`]);
    await afterMoreProbes(world, 3);
    assert.equal(world.cloudflare.counts.writes, 3);
    assert.ok(world.records.every(({ proxied }) => proxied));
    assertNeverEmpty(world);
  });

  test("a proxied CNAME has no mix: it returns to the primary alone", async () => {
    await using world = await startWorld();
    await using daemon = startDaemon({
      config: configOf(world, (config) => {
        partsOf(config).ingress.proxied = true;
      }),
    });
    const place = { cloudflare: world.cloudflare, daemon };
    await untilBothUp(daemon);
    await eventually("the record is proxied", () => world.records.every(({ proxied }) => proxied));
    await commitAfter(place, () => world.cable.server.behave({ kind: "refuse" }));
    await commitAfter(place, () => world.cable.server.behave({ kind: "ok" }));
    assert.deepEqual(served(world), [`CNAME ${world.cable.host} ttl 1`]);
    assert.deepEqual(
      world.cloudflare.writeRequests.filter(({ status }) => status !== 200).map(({ code }) => code),
      [],
    );
    assertNeverEmpty(world);
  });

  test("what else stands at the name survives every step, ids, times and all", async () => {
    const foreign = [
      { type: "TXT", name: ingressName, content: '"v=spf1 -all"', ttl: 3600 },
      { type: "MX", name: ingressName, content: "mail.example.com", priority: 10, ttl: 3600 },
      { type: "CAA", name: ingressName, content: '0 issue "letsencrypt.org"', ttl: 3600 },
    ];
    await using world = await startWorld({
      records: [...foreign, { type: "CNAME", name: ingressName, content: "primary.example.com", ttl: 60 }],
    });
    const notOurs = (): readonly StoredRecord[] => world.records.filter(({ type }) => !isOurs(type));
    const before = structuredClone(notOurs());
    assert.equal(before.length, 3);
    await using daemon = startDaemon({ config: configOf(world) });
    const place = { cloudflare: world.cloudflare, daemon };
    await untilBothUp(daemon);

    await commitAfter(place, () => world.cable.server.behave({ kind: "refuse" }));
    assert.deepEqual(notOurs(), before);
    await commitAfter(place, () => world.cable.server.behave({ kind: "ok" }));
    assert.deepEqual(notOurs(), before);
    await commitAfter(place);
    assert.deepEqual(notOurs(), before);
    assert.deepEqual(served(world), [`CNAME ${world.cable.host} ttl 60`]);
    // Nothing of them was ever part of a request either.
    const asked = JSON.stringify(world.cloudflare.writeRequests.map(({ body }) => body));
    for (const { id } of before) assert.ok(!asked.includes(id));
    assertNeverEmpty(world);
  });
});

function isOurs(type: string): boolean {
  return type === "A" || type === "AAAA" || type === "CNAME";
}

/** Our records at the ingress name now, in words. */
function served(world: World): readonly string[] {
  return world.records
    .filter(({ type }) => isOurs(type))
    .map(({ type, content, ttl }) => `${type} ${content} ttl ${ttl}`)
    .toSorted();
}

/** Every type of ours that ever stood at the ingress name. */
function typesOverTime(world: World): readonly string[] {
  const records = world.cloudflare.recordsOverTime(ingressName).flat();
  return [...new Set(records.map(({ type }) => type).filter(isOurs))];
}

/** Lets both lines be probed `count` times more, as far as they answer at all. */
async function afterMoreProbes({ cable, mobile }: World, count: number): Promise<void> {
  const isOpen = cable.server.behaviour.kind !== "refuse";
  const before = [cable.server.counts.connections, mobile.server.counts.connections] as const;
  await eventually(`${count} more probes`, () => {
    const cableMore = cable.server.counts.connections - before[0];
    const mobileMore = mobile.server.counts.connections - before[1];
    return mobileMore >= count && (!isOpen || cableMore >= count);
  });
}

function assertNeverEmpty(world: World): void {
  const states = world.cloudflare.recordsOverTime(ingressName);
  assert.ok(states.length > 1);
  for (const records of states) assert.ok(records.some(({ type }) => isOurs(type)));
}
