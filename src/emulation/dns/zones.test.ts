// How commits reach the edge: record by record, each after its own delay.
import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { ZoneStore } from "../cloudflare/store.ts";
import { Faults } from "../cloudflare/faults.ts";
import { EdgeView, type RecordChange } from "./zones.ts";

function world(delayMs: number | ((change: RecordChange) => number)) {
  const clock = new VirtualClock();
  const faults = new Faults();
  const store = new ZoneStore({ clock, random: Math.random, quirks: () => faults.quirks });
  store.addZone({
    name: "example.com",
    records: [{ type: "CNAME", name: "www.example.com", content: "x.example.net" }],
  });
  const edge = new EdgeView(store, { clock, delayMs });
  const seen = (): string[] =>
    edge.zones().flatMap(({ records }) => records.map(({ type, content, ttl }) => `${type} ${content} ${ttl}`));
  return {
    clock,
    store,
    edge,
    seen,
    zone: store.zone("example.com"),
    id: store.recordsAt("www.example.com")[0]?.id ?? "",
  };
}

test("without a delay a commit is seen at once", () => {
  const { store, seen, id } = world(0);
  store.hand.edit(id, { ttl: 120 });
  assert.deepEqual(seen(), ["CNAME x.example.net 120"]);
});

test("with a delay it is seen when that has passed, not before", async () => {
  const { clock, store, seen, id } = world(1000);
  store.hand.edit(id, { ttl: 120 });
  await clock.advance(999);
  assert.deepEqual(seen(), ["CNAME x.example.net 1"]);
  await clock.advance(1);
  assert.deepEqual(seen(), ["CNAME x.example.net 120"]);
});

test("a batch that swaps types may show an empty name in between", async () => {
  const { clock, store, seen, zone, id } = world(({ to }) => (to === undefined ? 100 : 300));
  const posts = [{ type: "A", name: "www", content: "203.0.113.1" }];
  store.write(zone.id, { kind: "batch", body: { deletes: [{ id }], posts } }, "hand");
  await clock.advance(100);
  assert.deepEqual(seen(), []);
  await clock.advance(200);
  assert.deepEqual(seen(), ["A 203.0.113.1 1"]);
});

test("an older change that arrives late does not undo a newer one; one that arrives in time is seen", async () => {
  const delays = [500, 100, 300];
  const { clock, store, seen, id } = world(() => delays.shift() ?? 0);
  for (const ttl of [60, 120, 180]) store.hand.edit(id, { ttl });
  await clock.advance(100);
  assert.deepEqual(seen(), ["CNAME x.example.net 120"]);
  await clock.advance(200);
  assert.deepEqual(seen(), ["CNAME x.example.net 180"]);
  await clock.advance(200);
  assert.deepEqual(seen(), ["CNAME x.example.net 180"]);
});

test("what concerns the whole zone, and zones that are new, are seen at once; an ended view waits for nothing", () => {
  const { clock, store, edge, id } = world(1000);
  store.hand.setZone("example.com", { paused: true });
  store.addZone({ name: "example.org" });
  assert.deepEqual(
    edge.zones().map(({ name, paused }) => [name, paused]),
    [
      ["example.com", true],
      ["example.org", false],
    ],
  );
  store.hand.edit(id, { ttl: 120 });
  assert.equal(clock.pendingTimers, 1);
  edge[Symbol.dispose]();
  store.hand.edit(id, { ttl: 180 });
  assert.equal(clock.pendingTimers, 0);
});
