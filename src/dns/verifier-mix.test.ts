// What the authoritative servers say of a mix at its own name, before an ingress is pointed to it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { settings } from "../../test/conformance/reconciler-world.ts";
import { empty, says, silent, VerifierWorld } from "../../test/support/verifier-world.ts";
import type { Visibility } from "../core/model.ts";
import type { Reply } from "./exchange.ts";
import type { Question } from "./wire.ts";

const one = "192.0.2.53:53";
const two = "192.0.2.54:53";
const mix = "ingress-mix.example.com";

/** At the name of the mix; at the ingress' own it shows what stands there. */
const atMix = (reply: (question: Question) => Reply) => (question: Question) =>
  question.name === mix ? reply(question) : says("CNAME mobile.example.net")(question);
const shows = atMix(says("A 192.0.2.1", "A 192.0.2.2"));
const denies = atMix(() => ({ ...empty, rcode: "NXDOMAIN" }));

/** Mobile serves, cable is up again: the mix of both is written, and the return waits for it. */
async function prepared(first: (question: Question) => Reply, second = first): Promise<VerifierWorld> {
  const world = new VerifierWorld([one, two]);
  const { endpoints } = settings();
  const sticky = endpoints.map((endpoint) => ({ ...endpoint, stickyMs: 600_000 }));
  await world.start({ mix: { record: mix, waitMs: 0 }, endpoints: sticky });
  world.servers.set(one, first).set(two, second);
  await world.switch();
  world.asked.length = 0;
  await again(world);
  return world;
}

async function again(world: VerifierWorld): Promise<void> {
  world.world.probe("mobile", "ok");
  world.world.probe("cable", "ok");
  await world.advance(0);
}

const seen = (world: VerifierWorld): Visibility["status"] | undefined =>
  world.world.daemon.state.ingresses[0]?.mix?.visibility?.status;
const primary = (world: VerifierWorld): string | undefined => world.world.daemon.state.ingresses[0]?.selection?.primary;

test("a mix is asked for at its own name, and shown once every server has it", async () => {
  await using world = await prepared(shows, denies);
  await world.advance(3_000);
  assert.deepEqual(new Set(world.asked.map(({ name }) => name)), new Set([mix]));
  assert.deepEqual([seen(world), primary(world)], ["checking", "mobile"]);
  world.servers.set(two, shows);
  await world.advance(3_000);
  assert.equal(seen(world), "visible");
  await again(world);
  assert.equal(primary(world), "cable");
});

test("a server that shows more or less than the mix does not show it", async () => {
  for (const other of [["A 192.0.2.1"], ["A 192.0.2.1", "A 192.0.2.2", "A 203.0.113.9"]]) {
    await using world = await prepared(shows, atMix(says(...other)));
    await world.advance(30_000);
    assert.equal(seen(world), "checking", other.join());
  }
});

test("a server that denies the mix is waited for, one that says nothing is not", async () => {
  await using denied = await prepared(denies);
  await denied.advance(30_000);
  assert.equal(seen(denied), "checking");
  await using mute = await prepared(silent);
  await mute.advance(15_000);
  assert.equal(seen(mute), "silent");
  await using half = await prepared(shows, silent);
  await half.advance(15_000);
  assert.equal(seen(half), "visible");
});

test("a server that was silent and then denies the mix is believed", async () => {
  await using world = await prepared(silent);
  await world.advance(15_000);
  world.servers.set(one, denies).set(two, denies);
  await world.advance(10_000);
  assert.equal(seen(world), "wrong");
});
