// What reads and writes teach about records that servers may not know yet.
import assert from "node:assert/strict";
import { test } from "node:test";
import { endpointSettings, ingressSettings, IngressWorld } from "../../../test/support/ingress-world.ts";
import type { PublishedRecord } from "../model.ts";
import { recordComment, wantedRecords } from "./records.ts";

const record = "ingress.example.com";

function address(id: string, content: string): PublishedRecord {
  return { id, type: "A", content, ttlSeconds: 60, proxied: false };
}

/** One line that is up, published by its address, in a record with the id "ours". */
function oneLine(): IngressWorld {
  const world = new IngressWorld(() => undefined);
  world.start({ ...ingressSettings(record, [endpointSettings("cable")]), publish: "addresses" });
  world.read([address("ours", "192.0.2.1")]);
  world.resolveAll();
  world.observe("cable", "ok");
  return world;
}

test("who changes our record and adds another one loses the new one: servers may not know it yet", () => {
  const world = oneLine();
  world.read([address("new", "203.0.113.66"), address("ours", "203.0.113.77")]);
  assert.deepEqual(world.ingress().published?.records, [address("ours", "192.0.2.1")]);
});

test("after a minute every server is taken to know what is new", () => {
  const world = oneLine();
  world.cloud = "silent";
  world.read([address("new", "203.0.113.66"), address("ours", "203.0.113.77")]);
  assert.deepEqual(world.ingress().unseen?.ids, ["new"]);
  world.pass(30_000);
  world.read([address("new", "203.0.113.67"), address("ours", "203.0.113.77")]);
  assert.deepEqual(world.ingress().unseen?.ids, ["new"], "it is the same record");
  world.pass(30_000);
  assert.equal(world.ingress().unseen, undefined);
});

test("what stood there at the first look is not called new", () => {
  assert.equal(oneLine().ingress().unseen, undefined);
});

test("after a minute that holds at the name of a mix too, also while some server denies what is there", () => {
  const world = new IngressWorld(() => undefined);
  const mix = { record: "ingress-mix.example.com", waitMs: 60_000 };
  world.cloud = "silent";
  world.start({ ...ingressSettings(record, [{ ...endpointSettings("cable"), stickyMs: 60_000 }]), mix });
  world.read([{ ...address("ours", "cable.example.net"), type: "CNAME" }]);
  world.dispatch({ kind: "records-read", ingress: record, mix: mix.record, records: [] });
  const records = [{ ...address("new", "192.0.2.1"), extras: { comment: recordComment } }];
  world.dispatch({ kind: "records-written", ingress: record, mix: mix.record, records });
  assert.deepEqual(world.ingress().mix?.unseen?.ids, ["new"]);
  world.pass(61_000);
  assert.equal(world.ingress().mix?.unseen, undefined);
});

test("an address that means nothing to the world is not put back, whoever had published it", () => {
  const world = new IngressWorld(() => undefined);
  world.start(ingressSettings(record, [endpointSettings("cable")]));
  world.read([{ ...address("1", "198.18.0.6"), scope: "special" }, address("2", "192.0.2.1")]);
  assert.deepEqual(world.ingress().lastGood?.records, [{ type: "A", content: "192.0.2.1" }]);
  const other = new IngressWorld(() => undefined);
  other.start(ingressSettings(record, [endpointSettings("cable")]));
  other.read([{ ...address("1", "198.18.0.6"), scope: "special" }]);
  assert.equal(other.ingress().lastGood, undefined);
});

test("a private address is put back only where it is permitted", () => {
  for (const allowPrivate of [true, false]) {
    const world = new IngressWorld(() => undefined);
    world.cloud = "silent";
    world.start({ ...ingressSettings(record, [endpointSettings("cable")]), allowPrivate });
    world.read([{ ...address("1", "10.0.0.1"), scope: "private" }]);
    world.read([]);
    const wanted = wantedRecords(world.ingress())?.records;
    assert.deepEqual(wanted, allowPrivate ? [{ type: "A", content: "10.0.0.1" }] : undefined);
  }
});
