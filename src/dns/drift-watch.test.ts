// Whether an edit by hand is found at the authoritative servers: on virtual time over the core, the reconciler and
// servers that a test scripts, and once over real ones on loopback.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { record } from "../../test/conformance/reconciler-world.ts";
import { eventually } from "../../test/support/eventually.ts";
import { answerTo, cname, isAuthoritative, startScriptedDns, type Script } from "../../test/support/scripted-dns.ts";
import { referral, says, silent, VerifierWorld } from "../../test/support/verifier-world.ts";
import type { Event, IngressSettings } from "../core/model.ts";
import { changesBetween } from "../core/overview/ingresses.ts";
import { initialState } from "../core/step.ts";
import { systemClock } from "../runtime/node/clock.ts";
import { DriftWatch } from "./drift-watch.ts";
import { createExchange, type Reply } from "./exchange.ts";
import type { Question } from "./wire.ts";
import { ZoneServers } from "./zone-servers.ts";

const servers = ["192.0.2.53:53", "192.0.2.54:53", "192.0.2.55:53"];
const [one = "", two = "", three = ""] = servers;
const isCable = says("CNAME cable.example.net");
const isHand = says("CNAME hand.example.org");
const minuteMs = 60_000;

interface Given {
  readonly nameservers?: readonly string[];
  readonly settings?: Partial<IngressSettings>;
  readonly random?: () => number;
}

/** Cable is published and shown, every server is watched, and nothing is read within the next hour as a routine. */
async function watching({ nameservers = servers, settings = {}, random }: Given = {}): Promise<VerifierWorld> {
  const world = new VerifierWorld(nameservers);
  for (const server of nameservers) world.servers.set(server, isCable);
  world.watchDrift(random);
  await world.start({ reconcileIntervalMs: 60 * minuteMs, ...settings });
  return world;
}

function readsOf({ world }: VerifierWorld): number[] {
  return world.calls.filter(({ kind }) => kind === "list").map(({ atMs }) => atMs);
}

/** Somebody edits the record, and these servers show it. */
function edit(
  world: VerifierWorld,
  shown: (question: Question) => Reply = isHand,
  at: readonly string[] = servers,
): void {
  world.provider.edit((records) => records.map((old) => ({ ...old, content: "hand.example.org" })));
  for (const server of at) world.servers.set(server, shown);
}

function published({ provider }: VerifierWorld): string[] {
  return provider.records.map(({ content }) => content);
}

describe("a record that was edited by hand", () => {
  test("is found within half a minute, read once, and put right", async () => {
    await using world = await watching();
    await world.advance(45_000);
    const before = readsOf(world).length;
    const editedMs = world.world.clock.nowMs();
    edit(world);
    await world.advance(30_100);
    assert.deepEqual(
      world.drifts.map(({ says: what }) => what),
      ["CNAME hand.example.org"],
    );
    assert.ok((world.drifts[0]?.atMs ?? Infinity) - editedMs <= 30_000);
    assert.equal(readsOf(world).length, before + 1);
    assert.deepEqual(published(world), ["cable.example.net"]);
  });

  test("is found where the server answers with the addresses behind the CNAME", async () => {
    const cases: readonly (readonly [string, (question: Question) => Reply])[] = [
      ["of another endpoint", says("A 192.0.2.2")],
      ["that nobody knows", says("A 203.0.113.9", "A 203.0.113.10")],
      ["none", says()],
    ];
    for (const [how, shown] of cases) {
      await using world = await watching();
      for (const server of servers) world.servers.set(server, says("A 192.0.2.1"));
      await world.advance(10 * minuteMs);
      assert.equal(world.drifts.length, 0, "the endpoint's own address is no drift");
      edit(world, shown);
      await world.advance(31_000);
      assert.equal(world.drifts.length, 1, how);
      assert.deepEqual(published(world), ["cable.example.net"], how);
    }
  });

  test("that stands behind the proxy since is found by the addresses that the servers show in its place", async () => {
    await using world = await watching();
    world.provider.edit((records) => records.map((old) => ({ ...old, proxied: true })));
    for (const server of servers) world.servers.set(server, says("A 198.51.100.1", "A 198.51.100.2"));
    await world.advance(31_000);
    assert.equal(world.drifts.length, 1);
    assert.equal(readsOf(world).length, 2);
  });

  test("that is gone altogether is found", async () => {
    await using world = await watching();
    world.provider.edit(() => []);
    for (const server of servers) world.servers.set(server, says());
    await world.advance(31_000);
    assert.deepEqual(
      world.drifts.map(({ says: what }) => what),
      ["no record"],
    );
    assert.deepEqual(published(world), ["cable.example.net"]);
  });

  test("again soon after waits for the routine: a read is brought forward once per reconcile interval", async () => {
    await using world = await watching({ settings: { reconcileIntervalMs: 10 * minuteMs } });
    edit(world);
    await world.advance(31_000);
    assert.equal(world.drifts.length, 1);
    const [{ atMs } = { atMs: 0 }] = world.drifts;
    for (const server of servers) world.servers.set(server, isCable);
    await world.advance(2 * minuteMs);
    edit(world);
    await world.advance(atMs + 10 * minuteMs - world.world.clock.nowMs() - 1);
    assert.equal(world.drifts.length, 1);
  });
});

describe("one server", () => {
  test("in turn is asked every half minute, with two questions, while all is well; nothing is read", async () => {
    await using world = await watching();
    await world.advance(15 * minuteMs);
    assert.equal(world.asked.length, 2 * 30);
    for (const server of servers) assert.equal(world.asked.filter((asked) => asked.server === server).length, 20);
    assert.equal(readsOf(world).length, 1);
    assert.deepEqual([...new Set(world.asked.map(({ name }) => name))], [record]);
    assert.ok(world.asked.every(({ isRecursive }) => !isRecursive));
  });

  test("is asked at a random time first, and a tenth more often at most, by chance", async () => {
    await using world = await watching({ random: () => 0.999 });
    await world.advance(10 * minuteMs);
    const times = world.asked.filter(({ type }) => type === "A").map(({ atMs }) => atMs);
    const gaps = times.slice(1).map((atMs, index) => atMs - (times[index] ?? 0));
    assert.ok((times[0] ?? 0) > 29_000 && (times[0] ?? 0) <= 30_000, String(times[0]));
    assert.ok(
      gaps.every((gap) => gap >= 27_000 && gap <= 30_000),
      String(gaps),
    );
  });

  test("that shows something else is not believed: a second one has to say the same", async () => {
    for (const other of [isCable, silent, referral, says("CNAME third.example.org")]) {
      await using world = await watching({ nameservers: [one, two] });
      world.servers.set(one, isHand).set(two, other);
      await world.advance(10 * minuteMs);
      assert.equal(world.drifts.length, 0);
      assert.equal(readsOf(world).length, 1);
    }
  });

  test("that is all there is has to say it twice", async () => {
    await using world = await watching({ nameservers: [one] });
    edit(world, isHand, [one]);
    await world.advance(31_000);
    assert.equal(world.drifts.length, 1);
    assert.deepEqual(published(world), ["cable.example.net"]);
  });

  test("that is silent, refers to others, or fails changes nothing, and the others are asked in its turn", async () => {
    const fails = (): Reply => ({ ...says()({ name: record, type: "A" }), rcode: "SERVFAIL" }) as Reply;
    for (const useless of [silent, referral, fails]) {
      await using world = await watching();
      world.servers.set(one, useless);
      await world.advance(3 * minuteMs);
      edit(world, isHand, [two, three]);
      world.servers.set(one, useless);
      await world.advance(31_000);
      assert.equal(world.drifts.length, 1);
      assert.deepEqual(published(world), ["cable.example.net"]);
    }
  });

  test("is asked again in the next turn after an internal error", async () => {
    await using world = await watching({ nameservers: [one] });
    const bugs: unknown[] = [];
    world.onBug = (error) => bugs.push(error);
    world.servers.set(one, () => {
      throw new TypeError("planted");
    });
    await world.advance(3 * minuteMs);
    assert.ok(bugs.length >= 4 && bugs.length <= 16, `${bugs.length} in three minutes`);
    edit(world, isHand, [one]);
    await world.advance(31_000);
    assert.equal(world.drifts.length, 1);
    assert.deepEqual(published(world), ["cable.example.net"]);
  });

  test("is asked for as long as it takes though all of them are silent, and nothing comes of it", async () => {
    await using world = await watching();
    for (const server of servers) world.servers.set(server, silent);
    await world.advance(10 * minuteMs);
    assert.ok(world.asked.length >= 2 * 18 && world.asked.length <= 2 * 21, String(world.asked.length));
    assert.equal(world.drifts.length, 0);
    assert.equal(readsOf(world).length, 1);
  });
});

describe("a difference that a read refutes", () => {
  test("is ignored until the servers show something else", async () => {
    await using world = await watching({ settings: { reconcileIntervalMs: 5 * minuteMs } });
    for (const server of servers) world.servers.set(server, isHand);
    await world.advance(31_000);
    assert.equal(world.drifts.length, 1);
    const before = readsOf(world).length;
    await world.advance(60 * minuteMs);
    // The third server says so too, and nobody is left to confirm it.
    assert.equal(world.drifts.length, 1);
    assert.equal(readsOf(world).length - before, 12, "the routine goes on, and nothing else");
    edit(world, says("CNAME third.example.org"));
    await world.advance(31_000);
    assert.equal(world.drifts.length, 2);
    assert.deepEqual(published(world), ["cable.example.net"]);
  });

  test("is looked at anew when it comes back after a while in which all was well", async () => {
    await using world = await watching({ settings: { reconcileIntervalMs: 5 * minuteMs } });
    for (const server of servers) world.servers.set(server, isHand);
    await world.advance(31_000);
    for (const server of servers) world.servers.set(server, isCable);
    await world.advance(6 * minuteMs);
    edit(world);
    await world.advance(61_000);
    assert.equal(world.drifts.length, 2);
    assert.deepEqual(published(world), ["cable.example.net"]);
  });
});

describe("nobody is asked", () => {
  const asksNothing = async (world: VerifierWorld, forMs = 5 * minuteMs): Promise<void> => {
    world.asked.length = 0;
    await world.advance(forMs);
    assert.deepEqual(world.asked, []);
    assert.equal(world.drifts.length, 0);
  };

  test("about a name behind the proxy", async () => {
    await using world = new VerifierWorld(servers);
    world.watchDrift();
    world.provider.add({ name: record, type: "CNAME", content: "cable.example.net", ttlSeconds: 1, proxied: true });
    await world.world.start();
    await asksNothing(world, 4 * minuteMs);
  });

  test("by this while a write is being verified", async () => {
    await using world = await watching({ nameservers: [one, two] });
    await world.advance(1_000);
    world.servers.set(one, says("CNAME mobile.example.net"));
    await world.switch();
    world.asked.length = 0;
    await world.advance(59_000);
    // The verifier asks the server that has not followed, and nobody asks the other one.
    assert.ok(world.asked.length > 0 && world.asked.every(({ server }) => server === two));
    assert.equal(world.drifts.length, 0);
  });

  test("in a standoff", async () => {
    await using world = await watching({ settings: { reconcileIntervalMs: minuteMs } });
    for (let times = 0; times < 3; times += 1) {
      world.provider.edit((records) => records.map((old) => ({ ...old, content: "rival.example.org" })));
      await world.advance(minuteMs + 1);
    }
    const ingress = world.world.daemon.state.ingresses[0];
    assert.ok(ingress?.standoff !== undefined);
    await world.advance(60_000);
    world.drifts.length = 0;
    for (const server of servers) world.servers.set(server, isHand);
    await asksNothing(world);
  });

  test("once the daemon ends, whatever is under way", async () => {
    const world = await watching();
    for (const server of servers) world.delaysMs.set(server, 1_000);
    await world.advance(30_500);
    await world[Symbol.asyncDispose]();
    assert.equal(world.world.clock.pendingTimers, 0);
  });
});

test("a read that fails is tried again as ever, and what the servers show is asked no more until then", async () => {
  await using world = await watching();
  edit(world);
  world.provider.fault = () => ({ error: { kind: "transient" } });
  await world.advance(60_000);
  assert.equal(world.drifts.length, 1);
  const reads = readsOf(world).length;
  assert.ok(reads >= 4 && reads <= 9, `${reads} reads`);
  world.provider.fault = () => undefined;
  await world.advance(31_000);
  assert.deepEqual(published(world), ["cable.example.net"]);
});

test("real servers on loopback: two that show an edit are found out", async () => {
  const answers =
    (content: string): Script =>
    ({ query }) => [answerTo(query, { answers: [cname(record, content)] }, isAuthoritative)];
  await using first = await startScriptedDns(answers("cable.example.net"));
  await using second = await startScriptedDns(answers("cable.example.net"));
  await using world = await watching();
  const state = world.world.daemon.state;
  const exchange = createExchange(systemClock);
  const resolve = () => Promise.reject(new Error("nothing to look up"));
  const zoneServers = new ZoneServers({ clock: systemClock, exchange, resolve }, [first.address, second.address]);
  const events: Event[] = [];
  await using drift = new DriftWatch(
    {
      clock: systemClock,
      random: Math.random,
      dispatch: (event) => void events.push(event),
      onBug: (error) => {
        throw error;
      },
    },
    zoneServers,
    50,
  );
  drift.follow(state, changesBetween(initialState, state));
  await eventually("looks at both", () => Math.min(first.asked.length, second.asked.length) >= 4);
  assert.deepEqual(events, []);
  first.script = answers("hand.example.org");
  await eventually("a doubt, and a second server that denies it", () => first.asked.length >= 12);
  assert.deepEqual(events, []);
  second.script = answers("hand.example.org");
  await eventually("the drift", () => events.length > 0);
  assert.deepEqual(events[0], { kind: "drift-suspected", ingress: record, says: "CNAME hand.example.org" });
});
