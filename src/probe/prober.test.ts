import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { httpTask } from "../../test/support/checks.ts";
import { settle, VirtualClock } from "../../test/support/virtual-clock.ts";
import type {
  Address,
  AddressState,
  CheckSettings,
  EndpointSettings,
  EndpointState,
  Event,
  Health,
  IngressSettings,
  IngressState,
  Observation,
  Resolution,
  State,
  Verdict,
} from "../core/model.ts";
import { emptyIngress } from "../core/configuration/empty.ts";
import { untriedAddress } from "../core/evidence/answer.ts";
import { freshEndpoint } from "../core/evidence/endpoint.ts";
import { changesBetween, listed } from "../core/overview/ingresses.ts";
import { initialState } from "../core/step.ts";
import { sleep } from "../lib/clock.ts";
import { parseIp } from "../lib/ip.ts";
import type { Resolve } from "../core/look-up.ts";
import { Prober, probeOnce, type Probe, type ProberPorts } from "./prober.ts";

const record = "ingress.example.com";

function addressOf(text: string): Address {
  const address = parseIp(text);
  assert.ok(address);
  return address;
}

function healthOf(verdict: Verdict): Health {
  return { verdict, sinceMs: 0, reason: "", oksInRow: 0, failuresInRow: 0, failuresSinceUp: 0 };
}

function addressState(text: string, verdict: Verdict): AddressState {
  return untriedAddress(addressOf(text), healthOf(verdict));
}

const check: CheckSettings = {
  what: httpTask({ url: "http://cable.example.com/" }),
  intervalMs: 15_000,
  fastIntervalMs: 2_000,
  timeoutMs: 5_000,
  rise: 3,
  fall: 3,
};

interface Given {
  readonly name?: string;
  readonly verdict?: Verdict;
  readonly addresses?: readonly string[];
  /** A host name to resolve; without one the target is the addresses. */
  readonly host?: string;
  readonly check?: CheckSettings | "none";
  readonly revision?: number;
}

function endpoint(given: Given = {}): EndpointState {
  const { name = "cable", verdict = "up", addresses = ["192.0.2.1"], host, revision = 1 } = given;
  const settings: EndpointSettings = {
    name,
    target: host === undefined ? { kind: "addresses", addresses: addresses.map(addressOf) } : { kind: "host", host },
    priority: 0,
    ttl: 60,
    resolvers: ["192.0.2.53:53"],
    ...(given.check !== "none" && { check: given.check ?? check }),
  };
  return {
    ...freshEndpoint(settings, revision, 0),
    addresses: addresses.map((text) => addressState(text, verdict)),
    withoutAddress: healthOf("unknown"),
    health: { verdict, isDegraded: false, sinceMs: 0, reason: "" },
  };
}

function stateOf(...endpoints: EndpointState[]): State {
  return { ...initialState, ...listed([ingressOf(endpoints)]), generation: 1 };
}

function ingressOf(endpoints: readonly EndpointState[], name = record): IngressState {
  const primary = endpoints[0]?.settings.name ?? "";
  const settings: IngressSettings = {
    id: name,
    record: name,
    publish: "auto",
    holdUpMs: 0,
    reconcileIntervalMs: 300_000,
    allowPrivate: false,
    endpoints: endpoints.map((each) => each.settings),
  };
  const selection = { primary, sticky: [], why: "", reason: "adopted" as const, sinceMs: 0 };
  return { ...emptyIngress(settings, endpoints), selection };
}

/** One probe as the made-up network saw it. */
interface Seen {
  readonly atMs: number;
  readonly address: string;
  readonly timeoutMs: number;
}

interface World extends AsyncDisposable {
  readonly clock: VirtualClock;
  readonly prober: Prober;
  readonly probes: Seen[];
  readonly lookUps: { readonly atMs: number; readonly host: string; readonly timeoutMs: number }[];
  readonly events: { readonly atMs: number; readonly event: Event }[];
  /** What was told of probes without an answer so far. */
  readonly stalls: { readonly atMs: number; readonly event: Event }[];
  readonly bugs: unknown[];
  /** Probes under way, and the most there ever were. */
  readonly running: { now: number; most: number };
  /** The state that the prober follows. */
  state: State;
  follow(state: State): void;
}

interface Network {
  /** How long a probe takes; it ends early when it is aborted or out of time. 10 ms unless told. */
  readonly probeMs?: (address: string) => number;
  readonly resolve?: (clock: VirtualClock) => Resolve;
  readonly random?: () => number;
  /** Takes part as the core would: what becomes of the state with each event. */
  readonly react?: (state: State, event: Event) => State;
}

function worldOf(network: Network = {}): World {
  const clock = new VirtualClock();
  const running = { now: 0, most: 0 };
  const probes: Seen[] = [];
  const lookUps: { atMs: number; host: string; timeoutMs: number }[] = [];
  const events: { atMs: number; event: Event }[] = [];
  const stalls: { atMs: number; event: Event }[] = [];
  const bugs: unknown[] = [];
  const probe: Probe = async (_, address, { timeoutMs, signal }): Promise<Observation> => {
    const startedMs = clock.nowMs();
    probes.push({ atMs: startedMs, address: address.text, timeoutMs });
    running.now += 1;
    running.most = Math.max(running.most, running.now);
    await sleep(clock, Math.min(timeoutMs, network.probeMs?.(address.text) ?? 10), signal);
    running.now -= 1;
    const endedMs = clock.nowMs();
    return { kind: "ok", startedMs, endedMs, vantage: "local", phases: { connect: 1 }, detail: "status 200" };
  };
  const resolve = network.resolve?.(clock) ?? (() => Promise.reject(new Error("nothing to resolve")));
  const ports: ProberPorts = {
    clock,
    random: network.random ?? (() => 0.5),
    resolve: (host, resolvers, options) => {
      lookUps.push({ atMs: clock.nowMs(), host, timeoutMs: options.timeoutMs });
      return resolve(host, resolvers, options);
    },
    probe,
    dispatch: (event) => {
      (event.kind === "probe-stalled" ? stalls : events).push({ atMs: clock.nowMs(), event });
      world.follow(network.react?.(world.state, event) ?? world.state);
    },
    onBug: (error) => bugs.push(error),
  };
  const world: World = {
    clock,
    prober: new Prober(ports),
    probes,
    lookUps,
    events,
    stalls,
    bugs,
    running,
    state: initialState,
    follow(state) {
      const changes = changesBetween(world.state, state);
      world.state = state;
      world.prober.follow(state, changes);
    },
    async [Symbol.asyncDispose]() {
      await world.prober.close();
      assert.equal(clock.pendingTimers, 0, "no timer may outlive the prober");
      assert.equal(running.now, 0, "no probe may outlive the prober");
      assert.deepEqual(bugs, []);
    },
  };
  return world;
}

function gapsOf(times: readonly number[]): number[] {
  return times.slice(1).map((time, index) => time - (times[index] ?? 0));
}

function kindsOf(world: World): string[] {
  return world.events.map(({ event }) =>
    event.kind === "resolved" ? `resolved ${event.resolution.kind}` : event.kind,
  );
}

describe("the rhythm", () => {
  test("is the interval, from the end of one round to the start of the next", async () => {
    await using world = worldOf({ random: () => 0, probeMs: () => 500 });
    world.follow(stateOf(endpoint()));
    await world.clock.advance(62_000);
    assert.deepEqual(
      world.probes.map(({ atMs }) => atMs),
      [0, 15_500, 31_000, 46_500, 62_000],
    );
  });

  test("is fast while the endpoint is unknown, suspect or recovering", async () => {
    for (const verdict of ["unknown", "suspect", "recovering"] as const) {
      await using world = worldOf({ random: () => 0 });
      world.follow(stateOf(endpoint({ verdict })));
      await world.clock.advance(10_000);
      assert.deepEqual(gapsOf(world.probes.map(({ atMs }) => atMs)), [2_010, 2_010, 2_010, 2_010], verdict);
    }
  });

  test("starts at a random time within the first interval, and is shortened by a tenth at most", async () => {
    let draws = 0;
    const values = [0.25, 0, 0.5, 0.999];
    await using world = worldOf({ random: () => values[draws++ % values.length] ?? 0 });
    world.follow(stateOf(endpoint()));
    await world.clock.advance(60_000);
    const [first = 0, ...others] = world.probes.map(({ atMs }) => atMs);
    assert.equal(first, 3_750);
    const waits = gapsOf([first, ...others]).map((gap) => Math.round(gap - 10));
    assert.deepEqual(waits.slice(0, 3), [15_000, 14_250, 13_502]);
  });

  test("never leaves its bounds, whatever chance says", async () => {
    for (let seed = 0; seed < 20; seed += 1) {
      let drawn = seed;
      const random = (): number => (drawn = (drawn * 48_271 + 11) % 2_147_483_647) / 2_147_483_647;
      await using world = worldOf({ random });
      world.follow(stateOf(endpoint()));
      await world.clock.advance(100_000);
      const times = world.probes.map(({ atMs }) => atMs);
      assert.ok(times.length >= 6, `${times.length} probes`);
      assert.ok((times[0] ?? Infinity) < 15_000);
      for (const gap of gapsOf(times)) assert.ok(gap - 10 > 13_499 && gap - 10 <= 15_000, `waited ${gap - 10} ms`);
    }
  });

  test("becomes fast at once when something is in question, in the middle of a wait too", async () => {
    await using world = worldOf({ random: () => 0 });
    world.follow(stateOf(endpoint()));
    await world.clock.advance(5_000);
    world.follow(stateOf(endpoint({ verdict: "suspect" })));
    await world.clock.advance(0);
    assert.deepEqual(
      world.probes.map(({ atMs }) => atMs),
      [0, 5_000],
    );
  });

  test("shrinks to what is left of the fast wait", async () => {
    await using world = worldOf({ random: () => 0 });
    world.follow(stateOf(endpoint()));
    await world.clock.advance(1_000);
    world.follow(stateOf(endpoint({ verdict: "suspect" })));
    await world.clock.advance(2_000);
    assert.deepEqual(
      world.probes.map(({ atMs }) => atMs),
      [0, 2_010],
    );
  });

  test("of the candidates becomes fast while the primary is not up, and calm again afterwards", async () => {
    await using world = worldOf({ random: () => 0 });
    const mobile = endpoint({ name: "mobile", addresses: ["192.0.2.2"] });
    const probesOfMobile = (): number => world.probes.filter(({ address }) => address === "192.0.2.2").length;
    world.follow(stateOf(endpoint(), mobile));
    await world.clock.advance(3_000);
    assert.equal(probesOfMobile(), 1);
    world.follow(stateOf(endpoint({ verdict: "down" }), mobile));
    await world.clock.advance(4_000);
    assert.equal(probesOfMobile(), 3);
    world.follow(stateOf(endpoint(), mobile));
    await world.clock.advance(10_000);
    assert.equal(probesOfMobile(), 3);
  });

  test("waits for a round that is under way and may still be answered soon, whatever becomes urgent meanwhile", async () => {
    await using world = worldOf({ random: () => 0, probeMs: () => 900 });
    world.follow(stateOf(endpoint()));
    await world.clock.advance(16_000);
    world.follow(stateOf(endpoint({ verdict: "suspect" })));
    await world.clock.advance(6_000);
    assert.deepEqual(
      world.probes.map(({ atMs }) => atMs),
      [0, 15_900, 18_800, 21_700],
    );
  });

  test("does not change by being followed again and again", async () => {
    await using world = worldOf({ random: () => 0 });
    for (let step = 0; step < 600; step += 1) {
      world.follow(stateOf(endpoint()));
      await world.clock.advance(100);
    }
    assert.equal(world.probes.length, 4);
  });
});

describe("a round", () => {
  test("probes every address that the state knows, side by side, and reports each as it is seen", async () => {
    const probeMs = (address: string): number => (address === "192.0.2.1" ? 300 : 100);
    await using world = worldOf({ random: () => 0, probeMs });
    world.follow(stateOf(endpoint({ addresses: ["192.0.2.1", "192.0.2.2", "2001:db8::1"] })));
    await world.clock.advance(400);
    const reports = world.events.map(({ atMs, event }) => [atMs, event.kind === "probed" ? event.address : event.kind]);
    assert.deepEqual(reports, [
      [100, "192.0.2.2"],
      [100, "2001:db8::1"],
      [300, "192.0.2.1"],
    ]);
    const [first] = world.events;
    assert.ok(first?.event.kind === "probed");
    assert.deepEqual([first.event.ingress, first.event.endpoint, first.event.revision], [record, "cable", 1]);
    assert.deepEqual(first.event.observation.phases, { connect: 1 });
  });

  test("probes all addresses that the state has, of both families", async () => {
    await using world = worldOf({ random: () => 0 });
    const addresses = Array.from({ length: 20 }, (_, index) => [`192.0.2.${index}`, `2001:db8::${index + 1}`]);
    world.follow(stateOf(endpoint({ addresses: addresses.flat() })));
    await world.clock.advance(100);
    assert.equal(world.probes.length, 40);
  });
});

const answer: Resolution = {
  kind: "addresses",
  addresses: [addressOf("192.0.2.1"), addressOf("192.0.2.2")],
  ttlSeconds: 60,
};
const none: Resolution = { kind: "none", reason: "nxdomain", detail: "gone" };
const doubt: Resolution = { kind: "inconclusive", reason: "silent", detail: "nobody knows" };

/** Answers after `afterMs`, or is silent until its time is over. */
function resolving(afterMs: number, resolution: Resolution) {
  return (clock: VirtualClock): Resolve =>
    async (_, __, { timeoutMs, signal }) => {
      await sleep(clock, Math.min(afterMs, timeoutMs), signal);
      return afterMs <= timeoutMs ? resolution : doubt;
    };
}

/** Takes resolved addresses into the state, as the core does. */
function learn(state: State, event: Event): State {
  if (event.kind !== "resolved" || event.resolution.kind !== "addresses") return state;
  const addresses = event.resolution.addresses.map(({ text }) => text);
  return stateOf(endpoint({ host: "cable.example.com", addresses, verdict: "unknown" }));
}

describe("a host name", () => {
  const known = endpoint({ host: "cable.example.com", verdict: "unknown" });
  const unknown = endpoint({ host: "cable.example.com", verdict: "unknown", addresses: [] });

  test("is looked up first; then what the state has made of the answer is probed, in the time that is left", async () => {
    await using world = worldOf({ random: () => 0, resolve: resolving(1_000, answer), react: learn });
    world.follow(stateOf(unknown));
    await world.clock.advance(1_500);
    assert.deepEqual(kindsOf(world), ["resolved addresses", "probed", "probed"]);
    assert.deepEqual(world.probes, [
      { atMs: 1_000, address: "192.0.2.1", timeoutMs: 4_000 },
      { atMs: 1_000, address: "192.0.2.2", timeoutMs: 4_000 },
    ]);
    const probed = world.events[1]?.event;
    assert.deepEqual(probed?.kind === "probed" && probed.observation.phases, { resolve: 1_000, connect: 1 });
  });

  test("is reported once for as long as the answer is the same object", async () => {
    await using world = worldOf({ random: () => 0, resolve: resolving(0, answer), react: learn });
    world.follow(stateOf(unknown));
    await world.clock.advance(8_100);
    assert.equal(world.lookUps.length, 5);
    assert.deepEqual(
      kindsOf(world).filter((kind) => kind.startsWith("resolved")),
      ["resolved addresses"],
    );
    assert.equal(world.probes.length, 10);
  });

  test("is reported anew with every new answer, equal or not", async () => {
    const resolve = () => (): Promise<Resolution> => Promise.resolve({ ...answer });
    await using world = worldOf({ random: () => 0, resolve, react: learn });
    world.follow(stateOf(unknown));
    await world.clock.advance(4_500);
    assert.equal(kindsOf(world).filter((kind) => kind.startsWith("resolved")).length, 3);
  });

  test("is looked up anew, once, when the primary has lost its name: an answer from before will not do", async () => {
    const asked: (number | undefined)[] = [];
    const resolve = (): Resolve => (host, _, options) => {
      if (host === "mobile.example.com") asked.push(options.notBeforeMs);
      return Promise.resolve(host === "mobile.example.com" ? { ...answer } : none);
    };
    const down = { verdict: "down", isDegraded: false, sinceMs: 1_000, reason: "" } as const;
    const first = endpoint({ host: "cable.example.com" });
    const cable = { ...first, health: down, resolution: { kind: "none", detail: "", atMs: 1_000 } } as const;
    const asOf = (atMs: number): EndpointState => ({
      ...endpoint({ name: "mobile", host: "mobile.example.com" }),
      resolution: { kind: "addresses", detail: "", atMs },
    });
    const react = (state: State, event: Event): State =>
      event.kind === "resolved" && event.endpoint === "mobile" ? stateOf(cable, asOf(1_500)) : state;
    await using world = worldOf({ resolve, react });
    await world.clock.advance(1_500);
    world.follow(stateOf(cable, asOf(0)));
    await world.clock.advance(500);
    assert.deepEqual(asked, [1_000]);
  });

  test("without any address is reported each time, as a result that counts, and nothing is probed", async () => {
    await using world = worldOf({ random: () => 0, resolve: resolving(0, none) });
    world.follow(stateOf(known));
    await world.clock.advance(4_100);
    assert.deepEqual(kindsOf(world), ["resolved none", "resolved none", "resolved none"]);
    assert.equal(world.probes.length, 0);
  });

  test("that nobody can say anything about does not stop the probes of known addresses, nor eat their time", async () => {
    await using world = worldOf({ random: () => 0, resolve: resolving(Infinity, answer) });
    world.follow(stateOf(known));
    await world.clock.advance(3_000);
    assert.deepEqual(world.lookUps, [{ atMs: 0, host: "cable.example.com", timeoutMs: 2_500 }]);
    assert.deepEqual(world.probes, [{ atMs: 2_500, address: "192.0.2.1", timeoutMs: 2_500 }]);
    assert.deepEqual(kindsOf(world), ["resolved inconclusive", "probed"]);
  });

  test("has the whole deadline while no address is known", async () => {
    await using world = worldOf({ random: () => 0, resolve: resolving(Infinity, answer) });
    world.follow(stateOf(unknown));
    await world.clock.advance(6_000);
    assert.equal(world.lookUps[0]?.timeoutMs, 5_000);
    assert.deepEqual(kindsOf(world), ["resolved inconclusive"]);
  });

  test("that took nearly all the time leaves the probe to the next round: its failure would be the resolver's", async () => {
    const resolve = (clock: VirtualClock): Resolve => {
      let count = 0;
      return async () => {
        if ((count += 1) === 1) await sleep(clock, 4_900);
        return answer;
      };
    };
    await using world = worldOf({ random: () => 0, resolve, react: learn });
    world.follow(stateOf(unknown));
    await world.clock.advance(6_800);
    assert.deepEqual(kindsOf(world), ["resolved addresses"]);
    await world.clock.advance(200);
    assert.deepEqual(
      world.probes.map(({ atMs, timeoutMs }) => [atMs, timeoutMs]),
      [
        [6_900, 5_000],
        [6_900, 5_000],
      ],
    );
  });
});

describe("an endpoint without a check", () => {
  const lookedUp = async (resolution: Resolution, forMs: number): Promise<number[]> => {
    const resolve = () => (): Promise<Resolution> => Promise.resolve({ ...resolution });
    await using world = worldOf({ random: () => 0.5, resolve });
    world.follow(stateOf(endpoint({ host: "cable.example.com", check: "none" })));
    await world.clock.advance(forMs);
    assert.equal(world.probes.length, 0);
    assert.equal(world.events.length, world.lookUps.length);
    return gapsOf(world.lookUps.map(({ atMs }) => atMs));
  };

  test("is looked up when the TTL ends", async () => {
    assert.deepEqual(await lookedUp({ ...answer, ttlSeconds: 60 }, 130_000), [57_000, 57_000]);
  });

  test("is looked up every five seconds at most, and every five minutes at least", async () => {
    assert.deepEqual(await lookedUp({ ...answer, ttlSeconds: 1 }, 10_200), [4_750, 4_750]);
    assert.deepEqual(await lookedUp({ ...answer, ttlSeconds: 86_400 }, 600_000), [285_000, 285_000]);
  });

  test("is looked up again soon when that failed", async () => {
    assert.deepEqual(await lookedUp(doubt, 10_200), [4_750, 4_750]);
    assert.deepEqual(await lookedUp(none, 10_200), [4_750, 4_750]);
  });

  test("and without a name needs nothing at all", async () => {
    await using world = worldOf();
    world.follow(stateOf(endpoint({ check: "none" })));
    assert.equal(world.clock.pendingTimers, 0);
  });
});

describe("following the state", () => {
  const slow: Network = { random: () => 0, probeMs: () => 4_000 };

  test("stops and aborts the watch over an endpoint that is gone", async () => {
    await using world = worldOf(slow);
    world.follow(stateOf(endpoint(), endpoint({ name: "mobile", addresses: ["192.0.2.2"] })));
    await world.clock.advance(100);
    assert.equal(world.running.now, 2);
    world.follow(stateOf(endpoint()));
    await settle();
    assert.equal(world.running.now, 1);
    await world.clock.advance(10_000);
    const reported = world.events.map(({ event }) => event.kind === "probed" && event.endpoint);
    assert.deepEqual(reported, ["cable"]);
  });

  test("stops the watches of an ingress that is gone", async () => {
    await using world = worldOf(slow);
    const both = [ingressOf([endpoint()]), ingressOf([endpoint({ addresses: ["192.0.2.2"] })], "other.example.com")];
    world.follow({ ...initialState, ...listed(both), generation: 1 });
    await world.clock.advance(100);
    assert.equal(world.running.now, 2);
    world.follow({ ...initialState, ...listed(both.slice(1)), generation: 2 });
    await settle();
    assert.equal(world.running.now, 1);
    await world.clock.advance(30_000);
    assert.deepEqual(
      new Set(world.events.map(({ event }) => "ingress" in event && event.ingress)),
      new Set(["other.example.com"]),
    );
  });

  test("starts anew with a new revision, and reports nothing of the old one", async () => {
    await using world = worldOf(slow);
    world.follow(stateOf(endpoint()));
    await world.clock.advance(100);
    world.follow(stateOf(endpoint({ revision: 2, addresses: ["192.0.2.9"] })));
    await world.clock.advance(5_000);
    assert.deepEqual(
      world.probes.map(({ address }) => address),
      ["192.0.2.1", "192.0.2.9"],
    );
    assert.deepEqual(
      world.events.map(({ event }) => event.kind === "probed" && event.revision),
      [2],
    );
  });

  test("keeps the watch of what did not change, whatever else did", async () => {
    await using world = worldOf({ random: () => 0 });
    world.follow(stateOf(endpoint()));
    await world.clock.advance(7_000);
    world.follow(stateOf(endpoint(), endpoint({ name: "mobile", addresses: ["192.0.2.2"] })));
    await world.clock.advance(7_000);
    assert.deepEqual(
      world.probes.map(({ atMs, address }) => `${atMs} ${address}`),
      ["0 192.0.2.1", "7000 192.0.2.2"],
    );
  });

  test("uses changed settings that leave the revision as it is, from the next round on", async () => {
    const asked: string[] = [];
    const resolve =
      () =>
      (_: string, resolvers: readonly string[]): Promise<Resolution> => {
        asked.push(resolvers.join());
        return Promise.resolve(answer);
      };
    await using world = worldOf({ random: () => 0, resolve });
    const before = endpoint({ host: "cable.example.com", verdict: "unknown" });
    world.follow(stateOf(before));
    await world.clock.advance(100);
    world.follow(stateOf({ ...before, settings: { ...before.settings, resolvers: ["192.0.2.54:53"] } }));
    await world.clock.advance(2_000);
    assert.deepEqual(asked, ["192.0.2.53:53", "192.0.2.54:53"]);
  });

  test("ends with close: everything is aborted, nothing is reported, nothing starts again", async () => {
    await using world = worldOf(slow);
    world.follow(stateOf(endpoint(), endpoint({ name: "mobile", addresses: ["192.0.2.2"] })));
    await world.clock.advance(100);
    await world.prober.close();
    assert.equal(world.running.now, 0);
    assert.equal(world.clock.pendingTimers, 0);
    world.follow(stateOf(endpoint({ revision: 2 })));
    await world.clock.advance(60_000);
    assert.equal(world.probes.length, 2);
    assert.deepEqual(world.events, []);
  });
});

describe("many endpoints", () => {
  const many = (count: number): State =>
    stateOf(
      ...Array.from({ length: count }, (_, index) =>
        endpoint({ name: `e${index}`, addresses: [`10.0.${index >> 8}.${index & 255}`], verdict: "down" }),
      ),
    );

  test("are probed 256 at a time, the others after them, in order", async () => {
    await using world = worldOf({ random: () => 0, probeMs: () => 1_000 });
    world.follow(many(600));
    await world.clock.advance(2_500);
    assert.equal(world.running.most, 256);
    assert.deepEqual(
      [0, 1_000, 2_000].map((atMs) => world.probes.filter((probe) => probe.atMs === atMs).length),
      [256, 256, 88],
    );
    const inOrder = many(600).ingresses[0]?.endpoints.map(({ addresses }) => addresses[0]?.text);
    assert.deepEqual(
      world.probes.map(({ address }) => address),
      inOrder,
    );
    // Waiting in line costs nobody the time of the probe itself.
    assert.ok(world.probes.every(({ timeoutMs }) => timeoutMs === 5_000));
  });

  test("leave the line when they are gone, and do not hold it up", async () => {
    await using world = worldOf({ random: () => 0, probeMs: () => 1_000 });
    world.follow(many(600));
    await world.clock.advance(100);
    world.follow(many(1));
    await world.clock.advance(5_000);
    assert.equal(world.probes.length, 256);
    assert.equal(world.events.length, 1);
    world.follow(many(300));
    await world.clock.advance(100);
    assert.equal(world.running.now, 256);
  });
});

test("a probe without an answer for a second is told, once; one that is answered or aborted before that is not", async () => {
  await using world = worldOf({ random: () => 0, probeMs: (address) => (address === "192.0.2.1" ? 3_000 : 900) });
  world.follow(stateOf(endpoint({ addresses: ["192.0.2.1", "192.0.2.2"] })));
  await world.clock.advance(2_999);
  assert.deepEqual(
    world.stalls.map(({ atMs, event }) => [atMs, event.kind === "probe-stalled" && event.address]),
    [[(world.probes[0]?.atMs ?? 0) + 1_000, "192.0.2.1"]],
  );
  world.follow(stateOf());
  await world.clock.advance(60_000);
  assert.equal(world.stalls.length, 1);
});

test("a port that throws is a bug: told, counted for nothing, and the watch goes on", async () => {
  const clock = new VirtualClock();
  const bugs: unknown[] = [];
  const events: Event[] = [];
  const bug = new Error("oh no");
  const prober = new Prober({
    clock,
    random: () => 0,
    resolve: () => Promise.reject(bug),
    probe: () => Promise.reject(bug),
    dispatch: (event) => void events.push(event),
    onBug: (error) => void bugs.push(error),
  });
  const state = stateOf(endpoint({ host: "cable.example.com", verdict: "unknown" }));
  prober.follow(state, changesBetween(initialState, state));
  await clock.advance(3_000);
  await prober.close();
  assert.deepEqual(bugs, [bug, bug, bug, bug]);
  assert.deepEqual(
    events.map((event) => {
      if (event.kind === "resolved")
        return `${event.resolution.kind} ${event.resolution.kind === "inconclusive" && event.resolution.reason}`;
      return event.kind === "probed" && `${event.observation.kind}: ${event.observation.detail}`;
    }),
    [
      "inconclusive local",
      "inconclusive: internal error: oh no",
      "inconclusive local",
      "inconclusive: internal error: oh no",
    ],
  );
});

describe("a single round for people", () => {
  const clock = new VirtualClock();
  const probe: Probe = (_, address) =>
    Promise.resolve({
      kind: "ok",
      startedMs: 0,
      endedMs: 0,
      vantage: "local",
      phases: {},
      detail: `saw ${address.text}`,
    });
  const look = async (given: Given, resolution: Resolution = doubt): Promise<[string | undefined, string[]]> => {
    const { settings } = endpoint(given);
    const seen = await probeOnce(
      settings,
      { allowPrivate: true },
      { clock, probe, resolve: () => Promise.resolve(resolution) },
    );
    return [seen.resolution?.kind, seen.observations.map(({ observation }) => observation.detail)];
  };

  test("looks the name up and probes all its addresses", async () => {
    assert.deepEqual(await look({ host: "cable.example.com" }, answer), [
      "addresses",
      ["saw 192.0.2.1", "saw 192.0.2.2"],
    ]);
  });

  test("probes sixteen addresses of a family, and none that may not be used", async () => {
    const texts = [
      "10.0.0.1",
      "198.18.0.6",
      ...Array.from({ length: 40 }, (_, index) => `192.0.2.${index}`),
      "2001:db8::1",
    ];
    const addresses = texts.map((text) => parseIp(text) ?? assert.fail());
    const [, seen] = await look({ host: "cable.example.com" }, { kind: "addresses", addresses, ttlSeconds: 60 });
    assert.equal(seen.length, 17);
    assert.deepEqual([seen.at(0), seen.at(-1)], ["saw 10.0.0.1", "saw 2001:db8::1"]);
  });

  test("probes the addresses of a target that has no name", async () => {
    assert.deepEqual(await look({ addresses: ["192.0.2.7"] }), [undefined, ["saw 192.0.2.7"]]);
  });

  test("ends with the look-up when there is no address, or no check", async () => {
    assert.deepEqual(await look({ host: "cable.example.com" }, none), ["none", []]);
    assert.deepEqual(await look({ host: "cable.example.com" }), ["inconclusive", []]);
    assert.deepEqual(await look({ host: "cable.example.com", check: "none" }, answer), ["addresses", []]);
  });
});
