// The two names of a CNAME ingress at Cloudflare: which goes first, and when both are looked at.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ReconcilerWorld, record, settings } from "../../test/conformance/reconciler-world.ts";
import { recordComment } from "../core/records/records.ts";
import { MemoryProvider } from "../../test/support/memory-provider.ts";

const mix = "ingress-mix.example.com";
const minuteMs = 60_000;

/** Cable serves, mobile is sticky, and the mix may be used as soon as the servers show it. */
async function converged() {
  const provider = new MemoryProvider();
  const world = new ReconcilerWorld({ provider });
  const { endpoints, ...rest } = settings();
  const sticky = endpoints.map((endpoint) => ({ ...endpoint, stickyMs: 10 * minuteMs }));
  await world.start({ ...rest, mix: { record: mix, waitMs: 0 }, endpoints: sticky });
  assert.deepEqual(at(provider, record), ["cable.example.net"]);
  return { provider, world };
}

function at(provider: MemoryProvider, name: string): readonly string[] {
  return provider.records.filter((found) => found.name === name).map(({ content }) => content);
}

/** Says that the servers show what stands at the mix. */
async function show(world: ReconcilerWorld): Promise<void> {
  const writtenAtMs = world.daemon.state.ingresses[0]?.mix?.visibility?.writtenAtMs ?? 0;
  const seen = { kind: "visibility-checked", ingress: record, mix, writtenAtMs, detail: "" } as const;
  world.daemon.dispatch({ ...seen, status: "visible" });
  await world.clock.advance(0);
}

/** The ingress has returned to cable, through the mix. */
async function inTheMix() {
  const { provider, world } = await converged();
  world.want("mobile");
  await world.clock.advance(0);
  world.probe("mobile", "ok");
  world.probe("cable", "ok");
  await world.clock.advance(0);
  await show(world);
  assert.deepEqual(at(provider, record), [mix]);
  assert.deepEqual(at(provider, mix), ["192.0.2.1", "192.0.2.2"]);
  world.calls.length = 0;
  return { provider, world };
}

const written = (world: ReconcilerWorld): readonly string[] =>
  world.calls.filter(({ kind }) => kind === "apply").map((call) => call.record);

test("a doubted answer while the ingress points to its mix has both names read, and an edit of the mix ends it at once", async () => {
  const { provider, world } = await inTheMix();
  await using _ = world;
  await world.clock.advance(minuteMs);
  provider.edit((records) =>
    records.map((one) => (one.content === "192.0.2.2" ? { ...one, content: "203.0.113.9" } : one)),
  );
  world.daemon.dispatch({ kind: "drift-suspected", ingress: record, says: "A 192.0.2.1, A 203.0.113.9" });
  await world.clock.advance(0);
  assert.deepEqual(world.kinds(mix), ["list"]);
  assert.deepEqual(world.kinds(record), ["list", "apply"]);
  assert.deepEqual(at(provider, record), ["cable.example.net"]);
});

test("a doubted answer of an ingress that points to an endpoint concerns its own name alone", async () => {
  const { world } = await converged();
  await using _ = world;
  world.want("mobile");
  await world.clock.advance(minuteMs);
  world.probe("mobile", "ok");
  world.probe("cable", "ok");
  await world.clock.advance(0);
  world.calls.length = 0;
  world.daemon.dispatch({ kind: "drift-suspected", ingress: record, says: "CNAME hand.example.org" });
  await world.clock.advance(0);
  assert.deepEqual([world.kinds(record), world.kinds(mix)], [["list"], []]);
});

test("a patch of the CNAME does not wait for a write at the mix that is under way", async () => {
  const { provider, world } = await converged();
  await using _ = world;
  world.want("mobile");
  await world.clock.advance(0);
  provider.fault = (call) => (call.record === mix && call.kind === "apply" ? {} : undefined);
  world.probe("cable", "ok");
  await world.clock.advance(0);
  assert.equal(written(world).at(-1), mix);
  world.probe("mobile", "failed");
  await world.clock.advance(0);
  assert.equal(written(world).at(-1), record);
  assert.deepEqual(at(provider, record), ["cable.example.net"]);
});

test("nothing is written at the mix before what is due at the ingress' own name, and never in its batch", async () => {
  const { provider, world } = await converged();
  await using _ = world;
  world.calls.length = 0;
  provider.fault = ({ record: name, kind }) =>
    name === record && kind === "apply" ? { error: { kind: "transient" } } : undefined;
  world.want("mobile");
  await world.clock.advance(0);
  world.probe("cable", "ok");
  await world.clock.advance(2_000);
  assert.ok(written(world).length > 0);
  assert.deepEqual(new Set(written(world)), new Set([record]));
  provider.fault = () => undefined;
  for (let second = 0; second < 40 && at(provider, mix).length === 0; second += 1) {
    await world.clock.advance(1_000);
    world.probe("mobile", "ok");
    world.probe("cable", "ok");
  }
  assert.deepEqual(written(world).slice(-2), [record, mix]);
  const names = (ids: readonly string[]): Set<string | undefined> =>
    new Set(ids.map((id) => provider.states.flat().find((found) => found.id === id)?.name));
  for (const { record: name, plan } of provider.calls) {
    const touched = [...(plan?.deletes ?? []), ...(plan?.patches ?? [])].map(({ id }) => id);
    if (touched.length > 0) assert.deepEqual(names(touched), new Set([name]));
  }
});

test("a mix that is pointed to is looked at as a routine", async () => {
  const { provider, world } = await inTheMix();
  await using _ = world;
  await world.clock.advance(5 * minuteMs);
  assert.deepEqual(world.kinds(mix), ["list"]);
  const comments = provider.records.filter(({ name }) => name === mix).map(({ comment }) => comment);
  assert.deepEqual(comments, [recordComment, recordComment]);
});

test("the name of an unused mix without records is not looked at as a routine", async () => {
  const { world } = await converged();
  await using _ = world;
  world.calls.length = 0;
  await world.clock.advance(30 * minuteMs);
  assert.deepEqual(world.kinds(mix), []);
});
