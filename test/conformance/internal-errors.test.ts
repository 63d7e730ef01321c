// Errors of our own, planted wherever they can be thrown: each is reported, and the daemon goes on without what it hit.
import assert from "node:assert/strict";
import { test } from "node:test";
import { InternalErrors } from "../../src/assembly/internal-errors.ts";
import { MemoryProvider } from "../support/memory-provider.ts";
import type { RecordProvider } from "../../src/cloud/provider.ts";
import type { Event, IngressSettings, State } from "../../src/core/model.ts";
import { untestedConnection } from "../../src/core/evidence/proof.ts";
import { Daemon } from "../../src/daemon.ts";
import { createLog } from "../../src/lib/log.ts";
import { Anchors } from "../../src/probe/anchors.ts";
import { parseIp } from "../../src/lib/ip.ts";
import { setOverride } from "../../src/web/api/changes.ts";
import { VirtualClock } from "../support/virtual-clock.ts";
import { ReconcilerWorld, record, settings } from "./reconciler-world.ts";

const minuteMs = 60_000;

for (const where of ["list", "apply"] as const) {
  for (const how of ["throws", "rejects"] as const) {
    test(`a provider whose ${where} ${how} is tried again as after a transient failure`, async () => {
      const memory = new MemoryProvider();
      let isBroken = true;
      const fail = (): Promise<never> => {
        const error = new TypeError("planted");
        if (how === "throws") throw error;
        return Promise.reject(error);
      };
      const provider: RecordProvider = {
        list: (...args) => (isBroken && where === "list" ? fail() : memory.list(...args)),
        apply: (...args) => (isBroken && where === "apply" ? fail() : memory.apply(...args)),
      };
      const bugs: unknown[] = [];
      await using world = new ReconcilerWorld({ provider, onBug: (error) => bugs.push(error) });
      await world.start();
      await world.clock.advance(2 * minuteMs);
      // A write that is due waits less than a routine look, and keeps to the limit of calls all the same.
      const most = where === "apply" ? 30 : 12;
      assert.ok(bugs.length >= 4 && bugs.length <= most, `${bugs.length} attempts in two minutes`);
      const [problem] = world.problems;
      assert.equal(problem?.kind, "transient");
      assert.match(problem?.message ?? "", /^internal error; please report it: planted/);
      isBroken = false;
      await world.clock.advance(minuteMs);
      assert.deepEqual(
        memory.records.map(({ content }) => content),
        ["cable.example.net"],
      );
    });
  }
}

test("an ingress that breaks the reconciler holds up no other", async () => {
  const memory = new MemoryProvider();
  const bugs: unknown[] = [];
  await using world = new ReconcilerWorld({ provider: memory, onBug: (error) => bugs.push(error) });
  const broken = poisoned(settings({ record: "broken.example.com" }), "reconcileIntervalMs");
  broken.isPoisonous = true;
  await world.start(broken.settings, settings());
  await world.clock.advance(minuteMs);
  assert.ok(bugs.length > 0);
  assert.ok(memory.records.some(({ name }) => name === record));
  broken.isPoisonous = false;
  await world.clock.advance(minuteMs);
  assert.ok(memory.records.some(({ name }) => name === "broken.example.com"));
});

test("an event that cannot be taken in is dropped, and changes nothing", () => {
  const bugs: unknown[] = [];
  const daemon = new Daemon({ clock: new VirtualClock(), onBug: (error) => bugs.push(error) });
  const followed: State[] = [];
  daemon.addFollower({ follow: (state) => void followed.push(state) });
  daemon.dispatch({ kind: "config-loaded", ingresses: [settings()] });
  const before = daemon.state;
  daemon.dispatch({ kind: "records-read", ingress: record } as unknown as Event);
  assert.equal(daemon.state, before);
  assert.equal(bugs.length, 1);
  daemon.dispatch({ kind: "records-read", ingress: record, records: [] });
  assert.equal(followed.length, 2);
  assert.equal(followed[1]?.ingresses[0]?.published?.records.length, 0);
});

test("a follower that threw is given all that it missed", () => {
  const daemon = new Daemon({ clock: new VirtualClock(), onBug: () => undefined });
  const others = ["other.example.com", "third.example.com"].map((name) => ({ ...settings(), id: name, record: name }));
  const given: string[][] = [];
  daemon.addFollower({
    follow: (_, changes) => {
      given.push(changes.map(({ after }) => after.settings.id));
      if (given.length < 3) throw new Error("a bug of the test");
    },
  });
  const read = (id: string): boolean => daemon.dispatch({ kind: "records-read", ingress: id, records: [] });
  daemon.dispatch({ kind: "config-loaded", ingresses: [settings(), ...others] });
  read(record);
  read("third.example.com");
  read("third.example.com");
  const all = [record, "other.example.com", "third.example.com"];
  assert.deepEqual(given, [all, all, all, ["third.example.com"]]);
});

test("a pin that could not be applied is not answered as if it held", () => {
  const clock = new VirtualClock();
  const daemon = new Daemon({ clock, onBug: () => undefined });
  daemon.dispatch({ kind: "config-loaded", ingresses: [settings()] });
  const [endpoint = assert.fail()] = settings().endpoints;
  const ports = { state: () => daemon.state, clock, isKept: () => true };
  // What makes no sense to the core.
  const broken = (): boolean => daemon.dispatch({ kind: "records-read", ingress: record } as unknown as Event);
  const pin = (dispatch: (event: Event) => boolean): unknown =>
    setOverride({ ...ports, dispatch }, "pin", { endpoint: endpoint.name });
  assert.throws(() => pin(broken), /could not be processed/);
  pin((event) => daemon.dispatch(event));
  assert.equal(daemon.state.ingresses[0]?.overrides.length, 1);
});

test("a state that takes nothing in any more does not spin, and is the end after a quarter of one", async () => {
  const clock = new VirtualClock();
  const bugs: unknown[] = [];
  const ends: string[] = [];
  const daemon = new Daemon({
    clock,
    onBug: (error) => bugs.push(error),
    onCorruption: (why) => ends.push(why),
  });
  const poison = poisoned(settings(), "id");
  daemon.dispatch({ kind: "config-loaded", ingresses: [poison.settings] });
  // Something is due in a minute.
  const override = { kind: "pin" as const, endpoint: "mobile", untilMs: minuteMs };
  daemon.dispatch({ kind: "override-set", ingress: record, override });
  assert.deepEqual(bugs, []);
  poison.isPoisonous = true;
  await clock.advance(minuteMs + 500);
  assert.ok(bugs.length >= 1 && bugs.length <= 2, `${bugs.length} within half a second`);
  assert.deepEqual(ends, []);
  await clock.advance(10 * minuteMs);
  assert.ok(bugs.length <= 40, `${bugs.length} in ten minutes`);
  assert.match(ends[0] ?? "", /no event has been processed for \d+ s: planted/);
  // What heals is no end.
  poison.isPoisonous = false;
  daemon.dispatch({ kind: "time-passed" });
  assert.equal(daemon.state.ingresses[0]?.overrides.length, 0);
});

test("reference hosts that throw, and proof that is not taken in, are asked with pauses", async () => {
  const clock = new VirtualClock();
  const bugs: unknown[] = [];
  let tries = 0;
  const address = parseIp("192.0.2.99");
  assert.ok(address !== undefined);
  let isThrowing = true;
  const anchors = new Anchors(
    {
      clock,
      reach: () => {
        tries += 1;
        if (tries > 1_000) return new Promise(() => {});
        if (isThrowing) throw new Error("planted");
        return Promise.resolve(true);
      },
      dispatch: () => undefined,
      onBug: (error) => bugs.push(error),
    },
    [{ address, port: 443 }],
  );
  const daemon = new Daemon({ clock, onBug: assert.ifError });
  anchors.follow({
    ...daemon.state,
    connection: { ...untestedConnection, ipv4: { ...untestedConnection.ipv4, blindSinceMs: 0 } },
  });
  await clock.advance(10_000);
  assert.ok(tries >= 10 && tries <= 25, `${tries} in ten seconds`);
  assert.equal(bugs.length, tries);
  isThrowing = false;
  await clock.advance(10_000);
  assert.ok(tries <= 50, `${tries} in twenty seconds`);
  const closed = anchors.close();
  await clock.advance(3_000);
  await closed;
});

test("the same error is logged once a minute, told once a day, and counted each time", async () => {
  const clock = new VirtualClock();
  const lines: string[] = [];
  const log = createLog({ level: "error", isForPeople: false, stream: { write: (line) => void lines.push(line) } });
  const errors = new InternalErrors({ log, clock });
  const told: string[] = [];
  errors.report(new Error("before there is a way to tell"));
  errors.news.connect((what) => {
    told.push(what);
    errors.report(new Error("in telling"));
  });
  for (let count = 0; count < 50; count += 1) errors.report(new Error("planted"));
  assert.equal(errors.count, 52);
  assert.equal(lines.length, 3);
  assert.match(lines[0] ?? "", /"msg":"internal error; please report it"/);
  await clock.advance(minuteMs);
  errors.report(new Error("planted"));
  assert.equal(lines.length, 4);
  assert.deepEqual(told, ["planted"]);
  await clock.advance(24 * 60 * minuteMs);
  errors.report(new Error("planted"));
  assert.deepEqual(told, ["planted", "planted"]);
});

/** Settings one of which cannot be read while they are poisonous. */
function poisoned(
  good: IngressSettings,
  key: "reconcileIntervalMs" | "id",
): { settings: IngressSettings; isPoisonous: boolean } {
  const bad = { ...good, isPoisonous: false };
  const { [key]: value } = good;
  Object.defineProperty(bad, key, {
    enumerable: true,
    get: () => {
      if (bad.isPoisonous) throw new Error("planted");
      return value;
    },
  });
  return {
    settings: bad,
    get isPoisonous() {
      return bad.isPoisonous;
    },
    set isPoisonous(is: boolean) {
      bad.isPoisonous = is;
    },
  };
}
