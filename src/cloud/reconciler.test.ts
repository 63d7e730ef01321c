// When the reconciler reads, writes, waits and gives up, on virtual time over records in memory.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ReconcilerWorld, record, settings } from "../../test/conformance/reconciler-world.ts";
import type { IngressSettings } from "../core/model.ts";
import { MemoryProvider, type MemoryCall, type MemoryFault } from "../../test/support/memory-provider.ts";
import { CloudError, type Call, type CloudErrorKind, type RecordProvider } from "./provider.ts";

const minuteMs = 60_000;

/** A world in which `cable` is published and up. */
async function converged(
  options: { random?: () => number } = {},
  ingresses: readonly IngressSettings[] = [settings()],
) {
  const provider = new MemoryProvider();
  const world = new ReconcilerWorld({ provider, ...options });
  await world.start(...ingresses);
  assert.deepEqual(
    contents(provider),
    ingresses.map(() => "cable.example.net"),
  );
  world.calls.length = 0;
  return { provider, world };
}

const contents = (provider: MemoryProvider): string[] => provider.records.map(({ content }) => content);

/** Fails calls of one kind, or all, until told otherwise. */
function failing(kind: CloudErrorKind, which: MemoryCall["kind"] | "any" = "any", more: MemoryFault = {}) {
  return (call: MemoryCall): MemoryFault | undefined =>
    which === "any" || call.kind === which ? { error: { kind }, ...more } : undefined;
}

test("reads before it writes, writes once, and then is quiet for a day", async () => {
  const provider = new MemoryProvider();
  await using world = new ReconcilerWorld({ provider });
  await world.start();
  assert.deepEqual(world.kinds(), ["list", "apply"]);
  await world.clock.advance(24 * 60 * minuteMs);
  assert.equal(world.kinds().filter((kind) => kind === "apply").length, 1);
  assert.equal(world.kinds().filter((kind) => kind === "list").length, 1 + 24 * 12);
});

test("writes nothing over a record that is right", async () => {
  const provider = new MemoryProvider();
  provider.add({ name: record, type: "CNAME", content: "cable.example.net", ttlSeconds: 60 });
  await using world = new ReconcilerWorld({ provider });
  await world.start();
  await world.clock.advance(60 * minuteMs);
  assert(!world.kinds().includes("apply"));
});

test("while somebody has to tell the time, one ingress is read sooner, and no more often than every 5 s", async () => {
  const provider = new MemoryProvider();
  const other = "other.example.com";
  await using world = new ReconcilerWorld({ provider });
  await world.start(settings(), settings({ record: other }));
  await world.clock.advance(minuteMs);
  world.calls.length = 0;
  for (let second = 0; second < 8; second += 1) {
    world.daemon.dispatch({ kind: "clock-jumped" });
    await world.clock.advance(1_000);
  }
  assert.deepEqual(
    world.calls.map(({ kind, record: name, atMs }) => [kind, name, atMs - minuteMs]),
    [
      ["list", record, 0],
      ["list", record, 5_000],
    ],
  );
  const nowMs = world.clock.nowMs();
  world.daemon.dispatch({ kind: "time-told", wallMs: nowMs, askedMs: nowMs, machineWallMs: nowMs });
  world.calls.length = 0;
  await world.clock.advance(minuteMs);
  assert.deepEqual(world.calls, []);
});

test("an answer that does not tell the time is not asked for again and again", async () => {
  const { world } = await converged();
  await using _ = world;
  await world.clock.advance(minuteMs);
  world.daemon.dispatch({ kind: "clock-jumped" });
  await world.clock.advance(minuteMs);
  assert.deepEqual(world.kinds(), ["list"]);
});

test("a switch is one write and nothing else", async () => {
  const { provider, world } = await converged();
  await using _ = world;
  world.want("mobile");
  await world.clock.advance(minuteMs);
  assert.deepEqual(world.kinds(), ["apply"]);
  assert.deepEqual(contents(provider), ["mobile.example.net"]);
});

test("a routine look under way does not hold up a switch", async () => {
  const { provider, world } = await converged();
  await using _ = world;
  provider.fault = ({ kind }) => (kind === "list" ? {} : undefined);
  await world.clock.advance(300_000);
  assert.deepEqual(world.kinds(), ["list"]);
  world.want("mobile");
  await world.clock.advance(0);
  assert.deepEqual(world.kinds(), ["list", "apply"]);
  assert.deepEqual(contents(provider), ["mobile.example.net"]);
});

test("routine looks that fail are retried with growing pauses, and do not hold up a switch", async () => {
  const { provider, world } = await converged();
  await using _ = world;
  provider.fault = failing("transient", "list");
  await world.clock.advance(10 * minuteMs);
  const looks = world.calls.length;
  assert(looks > 10 && looks < 25, String(looks));
  world.want("mobile");
  await world.clock.advance(0);
  assert.deepEqual(world.kinds().slice(looks), ["apply"]);
  assert.deepEqual(contents(provider), ["mobile.example.net"]);
});

test("nothing is written once something at the name is known to be in the way", async () => {
  const { provider, world } = await converged();
  await using _ = world;
  const added = provider.add({ name: record, type: "NS", content: "ns1.example.org" });
  await world.clock.advance(5 * minuteMs);
  assert.equal(world.problems.at(-1)?.kind, "obstacle");
  world.want("mobile");
  await world.clock.advance(20 * minuteMs);
  assert(!world.kinds().includes("apply"));
  provider.edit((records) => records.filter(({ id }) => id !== added));
  await world.clock.advance(5 * minuteMs);
  assert.deepEqual(contents(provider), ["mobile.example.net"]);
});

test("ingresses do not wait for each other, and each has one call under way at most", async () => {
  const provider = new MemoryProvider();
  const other = "other.example.com";
  provider.fault = (call) => (call.record === record ? {} : undefined);
  await using world = new ReconcilerWorld({ provider });
  await world.start(settings(), settings({ record: other }));
  for (const wanted of ["mobile", "cable", "mobile"] as const) {
    world.want(wanted);
    world.want(wanted, other);
    await world.clock.advance(1_000);
  }
  assert.deepEqual(world.kinds(), ["list"]);
  assert.deepEqual(world.kinds(other), ["list", "apply", "apply", "apply", "apply"]);
});

test("what was decided during a write is written after it", async () => {
  const { provider, world } = await converged();
  await using _ = world;
  const slow = Promise.withResolvers<void>();
  const apply = provider.apply.bind(provider);
  provider.apply = async (...call) => {
    await slow.promise;
    return apply(...call);
  };
  world.want("mobile");
  world.want("cable");
  world.want("mobile");
  world.want("cable");
  await world.clock.advance(1_000);
  assert.deepEqual(world.kinds(), ["apply"]);
  slow.resolve();
  await world.clock.advance(1_000);
  assert.deepEqual(world.kinds(), ["apply", "apply"]);
  assert.deepEqual(contents(provider), ["cable.example.net"]);
});

test("transient failures are retried with pauses that grow with the trouble up to 30 s, for as long as it takes", async () => {
  for (const random of [0, 0.5, 0.999]) {
    const { provider, world } = await converged({ random: () => random });
    await using _ = world;
    provider.fault = failing("transient");
    world.want("mobile");
    await world.clock.advance(60 * minuteMs);
    const startsMs = world.calls.map(({ atMs }) => atMs);
    const pausesMs = startsMs.slice(1).map((atMs, index) => atMs - (startsMs[index] ?? 0));
    assert(
      pausesMs.every((ms) => ms >= 500 && ms <= 30_000),
      String(pausesMs),
    );
    const [beganMs = 0] = startsMs;
    for (const [index, pauseMs] of pausesMs.entries()) {
      const sinceMs = (startsMs[index] ?? 0) - beganMs;
      // A switch is due: short pauses at first, and long ones once there has been trouble for a while.
      assert(pauseMs <= Math.max(2_000, sinceMs / 8), `${pauseMs} ms after ${sinceMs} ms of trouble`);
      assert(pauseMs > 14_999 || sinceMs < 4 * minuteMs, `${pauseMs} ms after ${sinceMs} ms of trouble`);
    }
    assert(world.mostCallsWithin(5 * minuteMs) <= 100, String(world.mostCallsWithin(5 * minuteMs)));
    assert(startsMs.length > 100, "it goes on");
    assert(world.mostCallsWithin(6_000) <= 8);
    const before = world.calls.length;
    provider.fault = () => undefined;
    await world.clock.advance(30_000);
    assert.deepEqual(contents(provider), ["mobile.example.net"]);
    assert.deepEqual(
      world.calls.slice(before).map(({ kind }) => kind),
      ["list", "apply"],
    );
  }
});

test("pauses grow even when reading works and only writing fails", async () => {
  const { provider, world } = await converged();
  await using _ = world;
  provider.fault = failing("transient", "apply");
  world.want("mobile");
  await world.clock.advance(10 * minuteMs);
  const writesMs = world.calls.filter(({ kind }) => kind === "apply").map(({ atMs }) => atMs);
  assert(writesMs.length < 60, `${writesMs.length} writes`);
  assert(world.mostCallsWithin(6_000) <= 40);
  assert(world.mostCallsWithin(5 * minuteMs) <= 90, String(world.mostCallsWithin(5 * minuteMs)));
  const lastMs = writesMs.slice(-5).map((atMs, index, all) => atMs - (all[index - 1] ?? -Infinity));
  assert(Math.min(...lastMs) >= 20_000, String(lastMs));
});

test("after 20 s of trouble a switch that is due waits no longer than 2.5 s, however many ingresses there are", async () => {
  for (const random of [0, 0.5, 0.999]) {
    const others = Array.from({ length: 9 }, (_, index) => settings({ record: `other${index}.example.com` }));
    const { provider, world } = await converged({ random: () => random }, [settings(), ...others]);
    await using _ = world;
    await world.clock.advance(10 * minuteMs);
    provider.fault = failing("transient");
    world.want("mobile");
    await world.clock.advance(20_000);
    provider.fault = () => undefined;
    await world.clock.advance(2_500);
    assert.equal(provider.records.find(({ name }) => name === record)?.content, "mobile.example.net");
  }
});

test("switches of many ingresses that are due take turns while Cloudflare fails, and all follow when one succeeds", async () => {
  const all = Array.from({ length: 10 }, (_, index) => settings({ record: `in${index}.example.com` }));
  let drawn = 7;
  const random = (): number => (drawn = (drawn * 48_271) % 2_147_483_647) / 2_147_483_647;
  const { provider, world } = await converged({ random }, all);
  await using _ = world;
  await world.clock.advance(12 * minuteMs);
  provider.fault = failing("transient");
  for (const { record: name } of all) world.want("mobile", name);
  world.calls.length = 0;
  await world.clock.advance(minuteMs);
  assert.ok(world.calls.length <= 45, `${world.calls.length} calls`);
  provider.fault = () => undefined;
  await world.clock.advance(10_000);
  assert.deepEqual(new Set(contents(provider)), new Set(["mobile.example.net"]));
});

test("a routine look that fails has nothing to hurry for", async () => {
  const { provider, world } = await converged();
  await using _ = world;
  await world.clock.advance(5 * minuteMs - 1_000);
  provider.fault = failing("transient");
  world.calls.length = 0;
  await world.clock.advance(4 * minuteMs);
  assert.ok(world.calls.length > 5 && world.calls.length <= 16, `${world.calls.length} calls`);
});

test("pauses begin small again once all was well", async () => {
  const { provider, world } = await converged();
  await using _ = world;
  provider.fault = failing("transient");
  world.want("mobile");
  await world.clock.advance(10 * minuteMs);
  provider.fault = () => undefined;
  await world.clock.advance(2 * minuteMs);
  world.calls.length = 0;
  provider.fault = failing("transient");
  world.want("cable");
  await world.clock.advance(1_500);
  assert.deepEqual(world.kinds(), ["apply", "list"]);
});

test("a write whose answer was lost after the commit is not written again, but looked at three times", async () => {
  const { provider, world } = await converged();
  await using _ = world;
  provider.fault = (call) => {
    if (call.kind === "list") return undefined;
    provider.fault = () => undefined;
    return { error: { kind: "transient" }, isCommitted: true };
  };
  world.want("mobile");
  await world.clock.advance(2 * minuteMs);
  assert.deepEqual(world.kinds(), ["apply", "list", "list", "list"]);
  const [, soon, second, third] = world.calls.map(({ atMs }) => atMs);
  assert.equal(second, 10_000);
  assert.equal(third, 60_000);
  assert((soon ?? Infinity) <= 1_000);
  assert.deepEqual(contents(provider), ["mobile.example.net"]);
});

test("a write that was lost before the commit is planned anew after a look", async () => {
  const { provider, world } = await converged();
  await using _ = world;
  let isFirst = true;
  provider.fault = (call) => {
    if (call.kind === "list" || !isFirst) return undefined;
    isFirst = false;
    return { error: { kind: "transient" } };
  };
  world.want("mobile");
  await world.clock.advance(2 * minuteMs);
  assert.deepEqual(world.kinds(), ["apply", "list", "apply", "list", "list"]);
  assert.deepEqual(contents(provider), ["mobile.example.net"]);
});

test("a first attempt that lands late is found by the later looks and put right", async () => {
  const { provider, world } = await converged();
  await using _ = world;
  let isFirst = true;
  provider.fault = (call) => {
    if (call.kind === "list" || !isFirst) return undefined;
    isFirst = false;
    return { error: { kind: "transient" } };
  };
  world.want("mobile");
  await world.clock.advance(0);
  world.want("cable");
  await world.clock.advance(30_000);
  provider.edit((records) => records.map((one) => ({ ...one, content: "mobile.example.net" })));
  await world.clock.advance(30_000);
  assert.deepEqual(contents(provider), ["cable.example.net"]);
});

test("stale knowledge is answered by a look and a new plan at once", async () => {
  const { provider, world } = await converged();
  await using _ = world;
  provider.edit((records) => records.map((one) => ({ ...one, id: "f".repeat(32) })));
  world.want("mobile");
  await world.clock.advance(0);
  assert.deepEqual(world.kinds(), ["apply", "list", "apply"]);
  assert.deepEqual(contents(provider), ["mobile.example.net"]);
  assert.deepEqual(world.problems, []);
});

test("a conflict that looking does not explain is told, and backed off from", async () => {
  const { provider, world } = await converged();
  await using _ = world;
  provider.fault = failing("stale", "apply");
  world.want("mobile");
  await world.clock.advance(0);
  assert.deepEqual(world.kinds(), ["apply", "list", "apply", "list", "apply"]);
  assert.deepEqual(
    world.problems.map(({ kind, during }) => [kind, during]),
    [["transient", "write"]],
  );
  await world.clock.advance(60 * minuteMs);
  assert(world.mostCallsWithin(6_000) <= 12);
  assert(world.mostCallsWithin(5 * minuteMs) <= 60);
});

test("waits as told when there were too many calls, with every ingress", async () => {
  const waits: [told: number | undefined, waitMs: number][] = [
    [30_000, 30_000],
    [86_400_000, 300_000],
    [undefined, 300_000],
  ];
  for (const [retryAfterMs, waitMs] of waits) {
    const provider = new MemoryProvider();
    await using world = new ReconcilerWorld({ provider });
    const other = "other.example.com";
    await world.start(settings(), settings({ record: other }));
    world.calls.length = 0;
    provider.fault = (call) => {
      provider.fault = () => undefined;
      assert.equal(call.record, record);
      return { error: { kind: "rate-limited", ...(retryAfterMs !== undefined && { retryAfterMs }) } };
    };
    world.want("mobile");
    world.want("mobile", other);
    await world.clock.advance(0);
    // The other one was under way already; from now on nobody calls.
    const before = world.calls.length;
    world.want("cable", other);
    await world.clock.advance(waitMs - 1);
    assert.equal(world.calls.length, before, `${retryAfterMs}`);
    await world.clock.advance(2_000);
    assert.deepEqual(
      provider.records.map(({ name, content }) => `${name} ${content}`),
      [`${record} mobile.example.net`, `${other} cable.example.net`],
    );
    assert.deepEqual(
      world.problems.map(({ kind }) => kind),
      ["rate-limited"],
    );
  }
});

for (const kind of ["auth", "invalid", "obstacle"] as const) {
  test(`${kind} is told and tried again every five minutes`, async () => {
    const { provider, world } = await converged();
    await using _ = world;
    const rule = failing(kind, kind === "obstacle" ? "list" : "apply");
    provider.fault = rule;
    if (kind === "obstacle") await world.clock.advance(5 * minuteMs);
    world.want("mobile");
    await world.clock.advance(1_000);
    assert.equal(world.problems.at(-1)?.kind, kind);
    assert.doesNotMatch(world.problems.at(-1)?.message ?? "", /next attempt/, "it would be wrong a second later");
    world.calls.length = 0;
    await world.clock.advance(60 * minuteMs);
    assert(world.calls.length >= 12 && world.calls.length <= 24, String(world.calls.length));
    provider.fault = () => undefined;
    await world.clock.advance(5 * minuteMs);
    assert.deepEqual(contents(provider), ["mobile.example.net"]);
  });

  test(`${kind} is tried again at once for another wish, a reload and another token`, async () => {
    const { provider, world } = await converged();
    await using _ = world;
    provider.fault = failing(kind);
    const reasons = [
      () => world.want("mobile"),
      () => world.want("cable"),
      () => world.load(),
      () => world.reconciler.replaceProvider(world.watched(provider)),
    ];
    for (const reason of reasons) {
      await world.clock.advance(10_000);
      const before = world.calls.length;
      reason();
      await world.clock.advance(0);
      assert.equal(world.calls.length, before + 1);
    }
  });
}

test("wishes that keep changing do not become a storm of calls", async () => {
  for (const kind of ["transient", "auth", "stale", "rate-limited"] as const) {
    const { provider, world } = await converged();
    await using _ = world;
    provider.fault = failing(kind);
    for (let round = 0; round < 600; round += 1) {
      world.want(round % 2 === 0 ? "mobile" : "cable");
      await world.clock.advance(100);
    }
    assert(world.mostCallsWithin(6_000) <= 40, `${kind}: ${world.mostCallsWithin(6_000)}`);
    assert(world.mostCallsWithin(1_000) <= 7, `${kind}: ${world.mostCallsWithin(1_000)}`);
  }
});

test("drift is repaired within the interval", async () => {
  const { provider, world } = await converged();
  await using _ = world;
  provider.edit((records) => records.map((one) => ({ ...one, content: "wrong.example.org" })));
  await world.clock.advance(300_000);
  assert.deepEqual(world.kinds(), ["list", "apply"]);
  assert.deepEqual(contents(provider), ["cable.example.net"]);
});

test("a write that the authoritative servers contradict is followed by a look at once", async () => {
  const { provider, world } = await converged();
  await using _ = world;
  world.want("mobile");
  await world.clock.advance(0);
  provider.edit((records) => records.map((one) => ({ ...one, content: "somebody-else.example.net" })));
  const { writtenAtMs } = world.daemon.state.ingresses[0]?.visibility ?? assert.fail();
  await world.clock.advance(60_000);
  assert.deepEqual(world.kinds(), ["apply"]);
  const found = { kind: "visibility-checked", ingress: record, writtenAtMs, detail: "" } as const;
  for (let times = 0; times < 2; times += 1) world.daemon.dispatch({ ...found, status: "wrong" });
  await world.clock.advance(1_000);
  assert.deepEqual(world.kinds(), ["apply", "list", "apply"]);
  assert.deepEqual(contents(provider), ["mobile.example.net"]);
});

test("a shorter interval counts at once", async () => {
  const { world } = await converged();
  await using _ = world;
  await world.clock.advance(60_000);
  world.load(settings({ reconcileIntervalMs: 70_000 }));
  await world.clock.advance(9_999);
  assert.deepEqual(world.kinds(), []);
  await world.clock.advance(1);
  assert.deepEqual(world.kinds(), ["list"]);
});

test("a mix that is refused for good makes room for the primary alone at once", async () => {
  const provider = new MemoryProvider();
  await using world = new ReconcilerWorld({ provider });
  const { endpoints, ...rest } = settings();
  const sticky = endpoints.map((endpoint) => ({ ...endpoint, stickyMs: 600_000 }));
  await world.start({ ...rest, publish: "addresses", endpoints: sticky });
  world.want("mobile");
  await world.clock.advance(0);
  world.calls.length = 0;
  provider.fault = ({ plan }) => ((plan?.posts.length ?? 0) > 0 ? { error: { kind: "invalid" } } : undefined);
  world.probe("cable", "ok");
  await world.clock.advance(0);
  assert.deepEqual(world.kinds(), ["apply", "list", "apply"]);
  assert.deepEqual(contents(provider), ["192.0.2.1"]);
  await world.clock.advance(5 * minuteMs);
  assert.deepEqual(world.kinds(), ["apply", "list", "apply", "list"]);
});

test("only reads until writes are released", async () => {
  const provider = new MemoryProvider();
  await using world = new ReconcilerWorld({ provider, writes: "off" });
  await world.start();
  await world.clock.advance(10 * minuteMs);
  assert.deepEqual(world.kinds(), ["list", "list", "list"]);
  assert.equal(world.reconciler.isHeld, true);
  world.reconciler.releaseWrites();
  await world.clock.advance(0);
  assert.equal(world.reconciler.isHeld, false);
  assert.deepEqual(world.kinds(), ["list", "list", "list", "apply"]);
});

test("an ingress that leaves is left alone, and read again when it returns", async () => {
  const { provider, world } = await converged();
  await using _ = world;
  const other = settings({ record: "other.example.com" });
  provider.fault = () => ({});
  await world.clock.advance(300_000);
  assert.deepEqual(world.kinds(), ["list"]);
  world.load(other);
  provider.fault = () => undefined;
  await world.clock.advance(60 * minuteMs);
  assert.deepEqual(world.kinds(), ["list"]);
  assert(!world.events.some((event) => event.kind === "cloud-failed"));
  world.load(settings(), other);
  await world.clock.advance(0);
  assert.deepEqual(world.kinds(), ["list", "list"]);
});

test("an ingress that returns amid a write of its own waits for its end", async () => {
  const { provider, world } = await converged();
  await using _ = world;
  const slow = Promise.withResolvers<void>();
  const apply = provider.apply.bind(provider);
  provider.apply = async (...call) => {
    await slow.promise;
    return apply(...call);
  };
  world.want("mobile");
  await world.clock.advance(0);
  world.load(settings({ record: "other.example.com" }));
  await world.clock.advance(1_000);
  await world.start();
  assert.deepEqual(world.kinds(), ["apply"]);
  slow.resolve();
  await world.clock.advance(0);
  assert.deepEqual(world.kinds().slice(0, 2), ["apply", "list"]);
});

test("another provider takes over at once: reads are given up, a write may end, and all is read anew", async () => {
  for (const kind of ["list", "apply"] as const) {
    const { provider, world } = await converged();
    await using _ = world;
    provider.fault = (call) => (call.kind === kind ? {} : undefined);
    if (kind === "list") await world.clock.advance(300_000);
    else world.want("mobile");
    await world.clock.advance(0);
    assert.deepEqual(world.kinds(), [kind]);
    const successor = new MemoryProvider();
    world.reconciler.replaceProvider(world.watched(successor));
    await world.clock.advance(0);
    assert.deepEqual(
      successor.calls.map((call) => call.kind),
      kind === "list" ? ["list", "apply"] : [],
    );
  }
});

test("what was read with an old token counts for nothing, even when it comes after all", async () => {
  const { provider, world } = await converged();
  await using _ = world;
  const slow = Promise.withResolvers<void>();
  const list = provider.list.bind(provider);
  provider.list = async (...call) => {
    const records = await list(...call);
    await slow.promise;
    return records;
  };
  await world.clock.advance(300_000);
  const successor = new MemoryProvider();
  world.reconciler.replaceProvider(world.watched(successor));
  provider.edit((records) => records.map((one) => ({ ...one, content: "old.example.org" })));
  world.events.length = 0;
  slow.resolve();
  await world.clock.advance(0);
  assert.deepEqual(
    world.events.map((event) => [event.kind, "records" in event ? event.records.length : undefined]),
    [
      ["records-read", 0],
      ["records-written", 1],
    ],
  );
});

test("every request passes the gate, also those that a provider needs beside the first", async () => {
  const memory = new MemoryProvider();
  const other = "other.example.com";
  const asked: string[] = [];
  const admitted: string[] = [];
  const lookedUp = Promise.withResolvers<void>();
  // Looks something up first, as the real one does with zones.
  const provider: RecordProvider = {
    list: async (ingress, call) => {
      await call.admit();
      asked.push(ingress.record);
      if (ingress.record === record) throw new CloudError("rate-limited", "wait", { retryAfterMs: 20_000 });
      await lookedUp.promise;
      await call.admit();
      admitted.push(ingress.record);
      return memory.list(ingress, call);
    },
    apply: memory.apply.bind(memory),
  };
  await using world = new ReconcilerWorld({ provider });
  await world.start(settings(), settings({ record: other }));
  lookedUp.resolve();
  await world.clock.advance(19_999);
  assert.deepEqual([asked, admitted], [[record, other], []]);
  await world.clock.advance(1_001);
  assert.deepEqual(admitted, [other]);
});

describe("a write that waits to be sent", () => {
  /** `cable` serves; then `mobile` is wanted, and its write waits behind a refusal that another ingress was given. */
  async function waiting() {
    const memory = new MemoryProvider();
    const other = "other.example.com";
    let isRefusing = false;
    // Looks something up before it writes, as the real one does when its zone was refused meanwhile.
    const provider: RecordProvider = {
      list: async (ingress, call) => {
        if (!isRefusing) return memory.list(ingress, call);
        await call.admit();
        throw new CloudError("rate-limited", "wait", { retryAfterMs: 60_000 });
      },
      apply: async (ingress, plan, known, call) => {
        if (isRefusing) await call.admit();
        // The answer to the look-up takes a while.
        if (isRefusing) await lookedUp.promise;
        return memory.apply(ingress, plan, known, call);
      },
    };
    const lookedUp = Promise.withResolvers<void>();
    const world = new ReconcilerWorld({ provider });
    await world.start(settings(), settings({ record: other, reconcileIntervalMs: 10_000 }));
    isRefusing = true;
    await world.clock.advance(9_900);
    world.want("mobile");
    await world.clock.advance(100);
    lookedUp.resolve();
    await world.clock.advance(1_000);
    const published = (): string[] =>
      memory.records.filter(({ name }) => name === record).map(({ content }) => content);
    assert.deepEqual(published(), ["cable.example.net"]);
    return { memory, world, published, writes: () => memory.calls.filter((call) => call.kind === "apply").length };
  }

  test("is sent when it is still wanted by then", async () => {
    const { world, published } = await waiting();
    await using _ = world;
    await world.clock.advance(62_000);
    assert.deepEqual(published(), ["mobile.example.net"]);
  });

  test("is not sent when something else is wanted by then", async () => {
    const { world, published, writes } = await waiting();
    await using _ = world;
    const before = writes();
    world.want("cable");
    await world.clock.advance(120_000);
    assert.deepEqual(published(), ["cable.example.net"]);
    assert.equal(writes(), before);
    assert.deepEqual(
      world.problems.filter(({ during }) => during === "write"),
      [],
    );
  });

  test("is not sent when its ingress is gone by then", async () => {
    const { world, published, writes } = await waiting();
    await using _ = world;
    const before = writes();
    world.load(settings({ record: "other.example.com" }));
    await world.clock.advance(120_000);
    assert.deepEqual(published(), ["cable.example.net"]);
    assert.equal(writes(), before);
  });
});

test("what an old token's last write ran into does not hold up the new one", async () => {
  for (const kind of ["auth", "rate-limited"] as const) {
    const { provider, world } = await converged();
    await using _ = world;
    const slow = Promise.withResolvers<void>();
    const apply = provider.apply.bind(provider);
    provider.apply = async (...call) => {
      await slow.promise;
      provider.fault = failing(kind);
      return apply(...call);
    };
    world.want("mobile");
    await world.clock.advance(0);
    const successor = new MemoryProvider();
    world.reconciler.replaceProvider(world.watched(successor));
    slow.resolve();
    await world.clock.advance(0);
    assert.deepEqual(world.problems, []);
    assert.deepEqual(contents(successor), ["mobile.example.net"]);
  }
});

test("another zone in the configuration is read before anything is written", async () => {
  const { world } = await converged();
  await using _ = world;
  world.load(settings({ zone: "example.com" }));
  await world.clock.advance(0);
  assert.deepEqual(world.kinds(), ["list"]);
});

test("what was written to a zone that has left the configuration is not reported", async () => {
  const { provider, world } = await converged();
  await using _ = world;
  const slow = Promise.withResolvers<void>();
  const apply = provider.apply.bind(provider);
  provider.apply = async (...call) => {
    await slow.promise;
    return apply(...call);
  };
  world.want("mobile");
  await world.clock.advance(0);
  world.events.length = 0;
  world.load(settings({ zone: "example.com" }));
  slow.resolve();
  await world.clock.advance(0);
  assert.deepEqual(
    world.events.map(({ kind }) => kind),
    ["records-read"],
  );
});

test("closing gives up reads at once, and waits two seconds at most for a write", async () => {
  for (const kind of ["list", "apply"] as const) {
    const { provider, world } = await converged();
    provider.fault = (call) => (call.kind === kind ? {} : undefined);
    const signals: AbortSignal[] = [];
    const watch = provider[kind].bind(provider) as (...call: unknown[]) => Promise<never>;
    provider[kind] = (...call: unknown[]) => {
      signals.push((call.at(-1) as Call).signal);
      return watch(...call);
    };
    if (kind === "list") await world.clock.advance(300_000);
    else world.want("mobile");
    let isClosed = false;
    const closed = world.reconciler.close().then(() => {
      isClosed = true;
    });
    await world.clock.advance(0);
    assert.equal(isClosed, kind === "list");
    await world.clock.advance(2_000);
    await closed;
    assert.deepEqual(world.problems, []);
    world.daemon.close();
    assert.deepEqual(
      signals.map(({ aborted }) => aborted),
      [true],
    );
    await world.clock.advance(60 * minuteMs);
    assert.deepEqual(world.kinds(), [kind]);
    assert.equal(world.clock.pendingTimers, 0);
  }
});

test("a write that is answered while closing is still reported", async () => {
  const { provider, world } = await converged();
  const slow = Promise.withResolvers<void>();
  const apply = provider.apply.bind(provider);
  provider.apply = async (...call) => {
    await slow.promise;
    return apply(...call);
  };
  world.want("mobile");
  const closed = world.reconciler.close();
  slow.resolve();
  await world.clock.advance(0);
  await closed;
  assert.equal(world.events.at(-1)?.kind, "records-written");
  world.daemon.close();
  assert.equal(world.clock.pendingTimers, 0);
});

describe("a standoff", () => {
  /** Somebody who puts the record back to what they want, every time they look. */
  const rival = (provider: MemoryProvider): void =>
    provider.edit((records) => records.map((one) => ({ ...one, content: "rival.example.org" })));

  /** A rival has undone our records twice within an hour. */
  async function inStandoff() {
    const scene = await converged();
    for (let time = 0; time < 2; time += 1) {
      rival(scene.provider);
      await scene.world.clock.advance(300_000);
    }
    const [ingress] = scene.world.daemon.state.ingresses;
    assert.notEqual(ingress?.standoff, undefined);
    assert.deepEqual(scene.world.kinds(), ["list", "apply", "list"]);
    scene.world.calls.length = 0;
    return scene;
  }

  test("ends all rewriting for an hour, while it is still looked", async () => {
    const { provider, world } = await inStandoff();
    await using _ = world;
    await world.clock.advance(59 * minuteMs);
    assert.deepEqual(new Set(world.kinds()), new Set(["list"]));
    assert.deepEqual(contents(provider), ["rival.example.org"]);
    await world.clock.advance(minuteMs);
    assert.deepEqual(world.kinds().slice(-2), ["list", "apply"]);
    assert.deepEqual(contents(provider), ["cable.example.net"]);
  });

  test("lets a new selection be written once, and once more when it changes again", async () => {
    const { provider, world } = await inStandoff();
    await using _ = world;
    world.want("mobile");
    await world.clock.advance(0);
    assert.deepEqual(world.kinds(), ["apply"]);
    rival(provider);
    await world.clock.advance(20 * minuteMs);
    assert.equal(world.kinds().filter((kind) => kind === "apply").length, 1);
    assert.deepEqual(contents(provider), ["rival.example.org"]);
    world.want("cable");
    await world.clock.advance(0);
    assert.equal(world.kinds().filter((kind) => kind === "apply").length, 2);
    assert.deepEqual(contents(provider), ["cable.example.net"]);
  });

  test("that a person ends is followed by a fresh look and the repair, at once", async () => {
    const endings = [
      (world: ReconcilerWorld) => world.daemon.dispatch({ kind: "resumed", ingress: record }),
      (world: ReconcilerWorld) => world.load(),
    ];
    for (const end of endings) {
      const { provider, world } = await inStandoff();
      await using _ = world;
      // What was read last is not there any more.
      provider.edit((records) => records.map((one) => ({ ...one, id: "another", content: "third.example.org" })));
      end(world);
      await world.clock.advance(0);
      assert.deepEqual(world.kinds(), ["list", "apply"]);
      assert.deepEqual(contents(provider), ["cable.example.net"]);
    }
  });
});

test("a record edited by hand is put right within the reconcile interval", async () => {
  const { provider, world } = await converged();
  await using _ = world;
  await world.clock.advance(100_000);
  provider.edit((records) => records.map((one) => ({ ...one, content: "hand.example.org" })));
  await world.clock.advance(200_000);
  assert.deepEqual(contents(provider), ["cable.example.net"]);
  assert.deepEqual(world.kinds(), ["list", "apply"]);
});

describe("the budget of calls", () => {
  const many = Array.from({ length: 30 }, (_, index) => settings({ record: `i${index}.example.com` }));

  test("is kept whatever fails, and a new decision is written at once all the same", async () => {
    for (const which of ["any", "apply", "list"] as const) {
      const provider = new MemoryProvider();
      await using world = new ReconcilerWorld({ provider });
      await world.start(...many);
      await world.clock.advance(minuteMs);
      provider.fault = failing("transient", which);
      const [calm = settings(), ...others] = many;
      for (const { record: name } of others) world.want("mobile", name);
      await world.clock.advance(30 * minuteMs);
      const most = world.mostCallsWithin(5 * minuteMs);
      assert(most > 100, `${most} calls: the budget is not strained`);
      assert(most <= 100 + 2 * many.length, `${most} calls in 5 min while ${which} fails`);
      assert(world.mostCallsWithin(6_000) <= 40, `${world.mostCallsWithin(6_000)} calls in 6 s`);
      world.calls.length = 0;
      provider.fault = failing("transient", "list");
      world.want("mobile", calm.record);
      await world.clock.advance(0);
      assert.deepEqual(world.kinds(calm.record), ["apply"], `written at once after ${which} failed for long`);
    }
  });

  test("is enough for thirty ingresses to start and to fail over together", async () => {
    const provider = new MemoryProvider();
    await using world = new ReconcilerWorld({ provider });
    await world.start(...many);
    await world.clock.advance(10_000);
    assert.equal(world.calls.filter(({ kind }) => kind === "apply").length, 30);
    await world.clock.advance(minuteMs);
    for (const { record: name } of many) world.want("mobile", name);
    await world.clock.advance(0);
    assert.deepEqual(new Set(contents(provider)), new Set(["mobile.example.net"]));
  });
});
