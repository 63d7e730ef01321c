// Probes without an answer, on virtual time with the core taking part: the silence of one holds up none of the next.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { httpTask } from "../../test/support/checks.ts";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import type { CheckSettings, Event, Family, Observation, State, Verdict } from "../core/model.ts";
import { isFresh } from "../core/evidence/endpoint.ts";
import { isProofWanted } from "../core/evidence/proof.ts";
import { changesBetween } from "../core/overview/ingresses.ts";
import { initialState, step } from "../core/step.ts";
import { sleep } from "../lib/clock.ts";
import { parseIp } from "../lib/ip.ts";
import { Prober, type Probe } from "./prober.ts";

const record = "ingress.example.com";
const cable = "192.0.2.1";
const mobile = "192.0.2.2";

const usual: CheckSettings = {
  what: httpTask({ url: "http://cable.example.com/" }),
  intervalMs: 15_000,
  fastIntervalMs: 2_000,
  timeoutMs: 5_000,
  rise: 3,
  fall: 3,
};

/** What a probe that begins now comes to; without an answer in time it is a timeout. */
interface Fate {
  readonly afterMs: number;
  readonly kind: "ok" | "failed";
}

const answers: Fate = { afterMs: 20, kind: "ok" };
const hangs: Fate = { afterMs: Infinity, kind: "failed" };

class World implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly probes: { readonly atMs: number; readonly address: string }[] = [];
  readonly events: Event[] = [];
  state: State = initialState;
  /** What becomes of each probe of an address. */
  fates: Record<string, (nowMs: number) => Fate> = {};
  /** Whether the reference hosts take connections. */
  areAnchorsReachable = true;
  mostUnderWay = 0;
  readonly #underWay = new Map<string, number>();
  readonly #prober: Prober;

  constructor(random: () => number = () => 0) {
    const { clock } = this;
    this.#prober = new Prober({
      clock,
      random,
      resolve: () => Promise.reject(new Error("nothing to look up")),
      probe: this.#probe,
      dispatch: (event) => this.dispatch(event),
      onBug: (error) => {
        throw error;
      },
    });
  }

  readonly #probe: Probe = async (_, { text }, { timeoutMs, signal }): Promise<Observation> => {
    const startedMs = this.clock.nowMs();
    this.probes.push({ atMs: startedMs, address: text });
    const { afterMs, kind } = (this.fates[text] ?? (() => answers))(startedMs);
    const count = (this.#underWay.get(text) ?? 0) + 1;
    this.#underWay.set(text, count);
    this.mostUnderWay = Math.max(this.mostUnderWay, count);
    await sleep(this.clock, Math.min(timeoutMs, afterMs), signal);
    this.#underWay.set(text, (this.#underWay.get(text) ?? 0) - 1);
    const seen = { startedMs, endedMs: this.clock.nowMs(), vantage: "local", phases: {}, detail: "" };
    if (afterMs > timeoutMs) return { ...seen, kind: "failed", reason: "timeout" };
    return kind === "ok" ? { ...seen, kind } : { ...seen, kind, reason: "refused" };
  };

  load(check: CheckSettings = usual, addresses: readonly string[] = [cable]): void {
    const endpoint = (name: string, texts: readonly string[], priority: number) => ({
      name,
      target: { kind: "addresses" as const, addresses: texts.flatMap((text) => parseIp(text) ?? []) },
      priority,
      ttl: 60,
      resolvers: [],
      check,
    });
    const endpoints = [endpoint("cable", addresses, 0), endpoint("mobile", [mobile], 1)];
    const settings = {
      id: record,
      record,
      publish: "auto",
      holdUpMs: 0,
      reconcileIntervalMs: 300_000,
      allowPrivate: false,
    } as const;
    this.dispatch({ kind: "config-loaded", ingresses: [{ ...settings, endpoints }] });
    const records = [{ id: "1", type: "A", content: cable, ttlSeconds: 60, proxied: false }] as const;
    this.dispatch({ kind: "records-read", ingress: record, records });
  }

  dispatch(event: Event): void {
    this.events.push(event);
    const before = this.state;
    this.state = step(before, event, this.clock.nowMs());
    this.#prober.follow(this.state, changesBetween(before, this.state));
    for (const family of ["ipv4", "ipv6"] as const) this.#tryAnchors(family);
  }

  #tryAnchors(family: Family): void {
    if (!this.areAnchorsReachable || !isProofWanted(this.state, family)) return;
    this.dispatch({ kind: "anchors-tried", family, asked: 1, answered: 1, endedMs: this.clock.nowMs() });
  }

  /** Both endpoints are up, and cable was asked last at the time that is returned. */
  async begin(check?: CheckSettings, addresses?: readonly string[]): Promise<number> {
    this.load(check, addresses);
    await this.advance(60_000);
    assert.deepEqual([this.verdict("cable"), this.verdict("mobile")], ["up", "up"]);
    return this.probesOf(cable).at(-1) ?? 0;
  }

  async advance(byMs: number): Promise<void> {
    await this.clock.advance(byMs);
    this.dispatch({ kind: "time-passed" });
  }

  verdict(name: string): Verdict | undefined {
    return this.state.ingresses[0]?.endpoints.find(({ settings }) => settings.name === name)?.health.verdict;
  }

  probesOf(address: string, fromMs = 0): number[] {
    return this.probes.filter((probe) => probe.address === address && probe.atMs >= fromMs).map(({ atMs }) => atMs);
  }

  /** When the endpoint goes down, in milliseconds after `fromMs`. Fails after a minute. */
  async downAfter(fromMs: number, name = "cable"): Promise<number> {
    for (let waitedMs = 0; waitedMs < 60_000; waitedMs += 10) {
      if (this.verdict(name) === "down") return this.clock.nowMs() - fromMs;
      await this.advance(10);
    }
    return assert.fail(`${name} is ${String(this.verdict(name))} after a minute`);
  }

  close(): Promise<void> {
    return this.#prober.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
    assert.equal(this.clock.pendingTimers, 0, "no timer may outlive the prober");
    assert.ok(
      this.#underWay.values().every((count) => count === 0),
      "no probe may outlive the prober",
    );
  }
}

/** The first probe of cable that began at this time or later. */
async function firstProbe(world: World, fromMs: number): Promise<number> {
  for (let waitedMs = 0; waitedMs < 60_000; waitedMs += 10) {
    const [first] = world.probesOf(cable, fromMs);
    if (first !== undefined) return first;
    await world.advance(10);
  }
  return assert.fail("cable is not probed any more");
}

describe("an endpoint that hangs", () => {
  const checks: readonly (readonly [string, Partial<CheckSettings>])[] = [
    ["with the defaults", {}],
    ["at 1 s interval and 2 s timeout", { intervalMs: 1_000, fastIntervalMs: 1_000, timeoutMs: 2_000 }],
    ["with a timeout below the fast interval", { timeoutMs: 1_000 }],
    ["with many failures to be seen", { fall: 6, fastIntervalMs: 1_000 }],
    ["with a single failure to be seen", { fall: 1 }],
    ["with a fast interval far below the timeout", { fastIntervalMs: 100, timeoutMs: 3_000 }],
    ["with two, and a long interval", { fall: 2, intervalMs: 60_000 }],
  ];

  for (const [how, changes] of checks) {
    test(`${how} is down a timeout and the pauses after its first silent probe began`, async () => {
      await using world = new World();
      const check = { ...usual, ...changes };
      await world.begin(check);
      world.fates[cable] = () => hangs;
      const began = await firstProbe(world, world.clock.nowMs());
      const tookMs = await world.downAfter(began);
      const promisedMs = check.timeoutMs + (check.fall - 1) * check.fastIntervalMs;
      assert.ok(tookMs <= promisedMs + 20, `${tookMs} ms, promised ${promisedMs}`);
      assert.ok(tookMs >= promisedMs * 0.9 - 20, `${tookMs} ms: fewer moments than promised`);
      const starts = world.probesOf(cable, began).slice(0, check.fall);
      for (const [index, atMs] of starts.slice(1).entries()) {
        assert.equal(atMs - (starts[index] ?? 0), check.fastIntervalMs);
      }
      assert.ok(world.mostUnderWay <= check.fall, `${world.mostUnderWay} probes under way`);
    });
  }

  test("is never asked by more than `fall` probes at once, however long it hangs", async () => {
    await using world = new World(() => 0.999);
    await world.begin({ ...usual, intervalMs: 200, fastIntervalMs: 200 });
    world.fates[cable] = () => hangs;
    world.fates[mobile] = () => hangs;
    await world.advance(120_000);
    assert.equal(world.mostUnderWay, 3);
  });

  test("is asked in the steady rhythm once it is down, whatever it does", async () => {
    await using world = new World();
    await world.begin();
    world.fates[cable] = () => hangs;
    await world.downAfter(world.clock.nowMs());
    await world.advance(10_000);
    const fromMs = world.clock.nowMs();
    await world.advance(150_000);
    assert.ok(Math.abs(world.probesOf(cable, fromMs).length - 10) <= 1, String(world.probesOf(cable, fromMs).length));
  });

  test("while it is down holds up no other address of its endpoint", async () => {
    await using world = new World();
    const check = { ...usual, intervalMs: 1_000, fastIntervalMs: 1_000 };
    const other = "192.0.2.9";
    world.fates[other] = () => hangs;
    world.load(check, [cable, other]);
    await world.advance(60_000);
    assert.equal(world.verdict("cable"), "up");
    const fromMs = world.clock.nowMs();
    await world.advance(20_000);
    const times = world.probesOf(cable, fromMs);
    const gaps = times.slice(1).map((atMs, index) => atMs - (times[index] ?? 0));
    assert.ok(Math.max(...gaps) <= 2_100, `asked after ${gaps.join(", ")} ms`);
  });

  test("shortens its waits by a tenth at most, by chance", async () => {
    await using world = new World(() => 0.999);
    await world.begin();
    world.fates[cable] = () => hangs;
    const began = await firstProbe(world, world.clock.nowMs());
    await world.downAfter(began);
    const [first = 0, second = 0, third = 0] = world.probesOf(cable, began);
    for (const gap of [second - first, third - second]) assert.ok(gap >= 1_800 && gap <= 2_000, `${gap} ms`);
  });
});

describe("an answer among silences", () => {
  test("settles what began before it: nothing is held against the endpoint, and all is calm again", async () => {
    await using world = new World();
    await world.begin();
    let asked = 0;
    world.fates[cable] = () => ((asked += 1) === 1 ? hangs : answers);
    const began = await firstProbe(world, world.clock.nowMs());
    await world.advance(14_000);
    assert.equal(world.verdict("cable"), "up");
    const address = world.state.ingresses[0]?.endpoints[0]?.addresses[0];
    assert.deepEqual([address?.stalled, address?.health.failuresSinceUp], [[], 0]);
    assert.deepEqual(world.probesOf(cable, began), [began, began + 2_000]);
  });

  test("that comes late, but within its own time, is as good as any", async () => {
    await using world = new World();
    await world.begin();
    world.fates[cable] = () => ({ afterMs: 4_000, kind: "ok" });
    await world.advance(120_000);
    assert.equal(world.verdict("cable"), "up");
    assert.ok(world.mostUnderWay <= 3);
  });
});

test("an answer is as old as its question: what was asked too long ago is no reason to be chosen", async () => {
  await using world = new World();
  await world.begin();
  const nowMs = world.clock.nowMs();
  const [, mobileState] = world.state.ingresses[0]?.endpoints ?? [];
  assert.ok(mobileState !== undefined);
  const oldestMs = nowMs - 2 * usual.intervalMs - usual.timeoutMs;
  const asked = (startedMs: number) => ({
    ...mobileState,
    addresses: mobileState.addresses.map((address) => ({ ...address, lastOkMs: nowMs, lastOkStartedMs: startedMs })),
  });
  assert.equal(isFresh(asked(oldestMs), nowMs), true);
  assert.equal(isFresh(asked(oldestMs - 1), nowMs), false);
});

describe("our own connection", () => {
  test("that is silent while several probes wait makes no failure of any", async () => {
    await using world = new World();
    await world.begin();
    world.areAnchorsReachable = false;
    world.fates[cable] = world.fates[mobile] = () => hangs;
    await world.advance(40_000);
    assert.deepEqual([world.verdict("cable"), world.verdict("mobile")], ["up", "up"]);
    assert.ok(world.state.connection.ipv4.blindSinceMs !== undefined);
    world.areAnchorsReachable = true;
    world.fates = {};
    await world.advance(30_000);
    assert.deepEqual([world.verdict("cable"), world.verdict("mobile")], ["up", "up"]);
    assert.equal(world.state.connection.ipv4.blindSinceMs, undefined);
  });

  test("that comes back under way is proof for the probes of which half was still to come, and for no other", async () => {
    await using world = new World();
    await world.begin();
    world.areAnchorsReachable = false;
    world.fates[cable] = world.fates[mobile] = () => hangs;
    const began = await firstProbe(world, world.clock.nowMs());
    // Probes began at 0, 2 and 4 s; the connection works again at 5.6 s, which is early in the last of them only.
    await world.advance(began + 5_600 - world.clock.nowMs());
    world.areAnchorsReachable = true;
    world.fates[mobile] = () => answers;
    await world.advance(3_500);
    assert.equal(world.state.ingresses[0]?.endpoints[0]?.addresses[0]?.health.failuresInRow, 1);
  });
});

test("a reload of the check ends all that is under way, and nothing of it is reported", async () => {
  await using world = new World();
  await world.begin();
  world.fates[cable] = () => hangs;
  const began = await firstProbe(world, world.clock.nowMs());
  await world.advance(began + 4_500 - world.clock.nowMs());
  assert.equal(world.mostUnderWay, 3);
  world.fates = {};
  world.load({ ...usual, rise: 1 });
  const from = world.events.length;
  await world.advance(20_000);
  const ofCable = world.events.slice(from).filter((event) => "endpoint" in event && event.endpoint === "cable");
  assert.ok(ofCable.length > 0);
  for (const event of ofCable) {
    assert.ok(event.kind === "probed" && event.observation.kind === "ok", "an old probe was reported");
  }
  assert.equal(world.verdict("cable"), "up");
});

test("the end lets go of all that is under way at once", async () => {
  await using world = new World();
  await world.begin();
  world.fates[cable] = () => hangs;
  const began = await firstProbe(world, world.clock.nowMs());
  await world.advance(began + 4_500 - world.clock.nowMs());
  assert.equal(world.mostUnderWay, 3);
  const { length } = world.events;
  await world.close();
  assert.equal(world.clock.pendingTimers, 0);
  assert.equal(world.events.length, length);
});
