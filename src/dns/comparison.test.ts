// Which answers of a server agree with a write, told from the records alone.
import assert from "node:assert/strict";
import { test } from "node:test";
import { endpointSettings, ingressSettings, IngressWorld } from "../../test/support/ingress-world.ts";
import { says as answering } from "../../test/support/verifier-world.ts";
import type { PublishedRecord } from "../core/model.ts";
import { recordComment } from "../core/records/records.ts";
import { compare, expectationOf } from "./comparison.ts";

const record = "ingress.example.com";
const mix = { record: "ingress-mix.example.com", waitMs: 60_000 };

function published(type: PublishedRecord["type"], content: string): PublishedRecord {
  return { id: content, type, content, ttlSeconds: 60, proxied: false, extras: { comment: recordComment } };
}

const host = "cable.example.com";

/** A record that points to cable, which may have a mix beside it. */
function cableAlone(): IngressWorld {
  const world = new IngressWorld(() => undefined);
  world.cloud = "silent";
  world.start({ ...ingressSettings(record, [{ ...endpointSettings("cable"), stickyMs: 60_000 }]), mix });
  world.read([published("CNAME", host)]);
  return world;
}

test("who is not configured any more still shows that a server answers with the mix from before", () => {
  const world = cableAlone();
  const records = [published("A", "192.0.2.1"), published("A", "203.0.113.9")];
  world.dispatch({ kind: "records-read", ingress: record, mix: mix.record, records });
  const { others } = expectationOf(world.ingress(), [published("CNAME", mix.record)]);
  assert.ok(others.has("203.0.113.9"));
  assert.ok(!expectationOf(world.ingress(), [published("CNAME", host)]).others.has("203.0.113.9"));
});

test("addresses that are those of the mix before as well say nothing of the CNAME that replaced it", () => {
  const world = cableAlone();
  world.resolve("cable", ["192.0.2.1", "192.0.2.2"]);
  const before = [published("CNAME", mix.record)];
  const wordOn = (mixed: readonly string[], shown: readonly string[]): string => {
    const records = mixed.map((address) => published("A", address));
    world.dispatch({ kind: "records-read", ingress: record, mix: mix.record, records });
    const says = answering(...shown.map((address) => `A ${address}`));
    const [A, AAAA] = [says({ name: record, type: "A" }), says({ name: record, type: "AAAA" })];
    return compare({ A, AAAA }, expectationOf(world.ingress(), before)).kind;
  };
  assert.equal(wordOn(["192.0.2.1"], ["192.0.2.1"]), "unclear");
  assert.equal(wordOn(["192.0.2.1", "192.0.2.2"], ["192.0.2.1", "192.0.2.2"]), "unclear");
  assert.equal(wordOn(["192.0.2.1"], ["192.0.2.1", "192.0.2.2"]), "agrees", "the mix has not both");
  assert.equal(wordOn(["192.0.2.1", "203.0.113.9"], ["192.0.2.1", "192.0.2.2"]), "agrees");
  assert.equal(wordOn(["192.0.2.1", "203.0.113.9"], ["192.0.2.1", "203.0.113.9"]), "differs");
});
