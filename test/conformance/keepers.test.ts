// The order of a turn: what must survive is on the disk before anybody acts on it, whoever acts, and however the disk fares.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { Assembly } from "../../src/assembly/assembly.ts";
import { Memory } from "../../src/assembly/memory.ts";
import { MemoryProvider } from "../support/memory-provider.ts";
import { Daemon, keeperPatienceMs, type Turn } from "../../src/daemon.ts";
import type { Clock } from "../../src/lib/clock.ts";
import { parseIp } from "../../src/lib/ip.ts";
import { createLog } from "../../src/lib/log.ts";
import { Secret } from "../../src/lib/secret.ts";
import type { Store } from "../../src/store/store.ts";
import { StoreError } from "../../src/store/trouble.ts";
import { opened, temporaryFolder } from "../support/state-folder.ts";
import { VirtualClock } from "../support/virtual-clock.ts";
import { settings } from "./reconciler-world.ts";

const record = settings().record;
const pin = (clock: Clock) => ({
  kind: "override-set" as const,
  ingress: record,
  override: { kind: "pin" as const, endpoint: "mobile", untilMs: clock.nowMs() + 3_600_000 },
});

test("a decision is saved before a provider hears of it that sends at once", async (t) => {
  await using world = new World(t);
  await world.start();
  world.assembly.daemon.dispatch(pin(world.clock));
  assert.deepEqual(world.happened, ["saved", "sent"], "all of it before the dispatch returns");
});

test("a disk that refuses is told, and the decision is sent all the same", async (t) => {
  await using world = new World(t);
  await world.start();
  world.onSave = () => {
    throw new StoreError("full", "no room");
  };
  world.assembly.daemon.dispatch(pin(world.clock));
  assert.deepEqual(world.happened, ["sent"]);
  assert.equal(world.memory.isKept, false);
  assert.deepEqual(world.bugs, []);
});

test("a bug in the saving is reported, and the decision is sent all the same", async (t) => {
  await using world = new World(t);
  await world.start();
  world.onSave = () => {
    throw new TypeError("planted");
  };
  world.assembly.daemon.dispatch(pin(world.clock));
  assert.deepEqual(world.happened, ["sent"]);
  assert.equal(world.memory.isKept, false);
  assert.deepEqual(world.bugs.map(String), ["TypeError: planted"]);
});

test("a disk that takes long is told once, also in the status, until it is quick again", async (t) => {
  await using world = new World(t);
  await world.start();
  const { daemon } = world.assembly;
  world.onSave = () => (world.heldMs += keeperPatienceMs);
  daemon.dispatch(pin(world.clock));
  assert.equal(world.memory.isKeepingUp, true, "no longer than it may take");
  world.onSave = () => (world.heldMs += 2_300);
  daemon.dispatch({ kind: "resumed", ingress: record });
  daemon.dispatch(pin(world.clock));
  assert.equal(world.memory.isKeepingUp, false);
  assert.equal(world.warnings.length, 1);
  assert.match(
    world.warnings[0] ?? "",
    /Saving a decision to .*ccs\.db took 2\.3 s, and it was carried out only afterwards/,
  );
  world.onSave = () => undefined;
  daemon.dispatch({ kind: "time-passed" });
  assert.equal(world.memory.isKeepingUp, false, "a turn with nothing to save says nothing of the disk");
  daemon.dispatch({ kind: "resumed", ingress: record });
  assert.equal(world.memory.isKeepingUp, true);
  assert.match(world.warnings[1] ?? "", /is fast again/);
});

test("keepers, then followers, then listeners, in whatever order they came; one that throws stops no other", () => {
  const said: string[] = [];
  const bugs: unknown[] = [];
  const daemon = new Daemon({ clock: new VirtualClock(), onBug: (error) => bugs.push(error) });
  daemon.addListener({ hear: () => void said.push("listener") });
  daemon.addFollower({ follow: () => void said.push("follower") });
  const keep = (name: string) => ({
    keep: (_turn: Turn) => {
      said.push(name);
      throw new Error(name);
    },
    held: () => undefined,
  });
  daemon.addKeeper(keep("first keeper"));
  daemon.addKeeper(keep("second keeper"));
  daemon.dispatch({ kind: "time-passed" });
  assert.deepEqual(said, ["first keeper", "second keeper", "follower", "listener"]);
  assert.deepEqual(bugs.map(String), ["Error: first keeper", "Error: second keeper"]);
});

/** A daemon with both endpoints up and its record published, over a provider that sends within the call. */
class World implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly assembly: Assembly;
  readonly memory: Memory;
  readonly happened: string[] = [];
  readonly bugs: unknown[] = [];
  readonly warnings: string[] = [];
  /** What a call of the disk does before it takes anything. */
  onSave: () => void = () => undefined;
  /** How long the disk has held everything up so far. */
  heldMs = 0;

  constructor(t: TestContext) {
    const { clock: virtual } = this;
    const clock: Clock = {
      nowMs: () => virtual.nowMs() + this.heldMs,
      wallMs: () => virtual.wallMs() + this.heldMs,
      setTimer: (delayMs, call) => virtual.setTimer(delayMs, call),
    };
    const records = new MemoryProvider();
    this.assembly = new Assembly({
      config: {
        cloudflare: { token: new Secret("t"), apiUrl: "http://127.0.0.1:1", nameservers: ["127.0.0.1:53"] },
        ingresses: [settings()],
        notify: [],
        http: { host: "127.0.0.1", port: 0 },
        stateDir: "/nowhere",
        anchors: [],
      },
      log: createLog({ level: "silent", isForPeople: false }),
      ports: {
        clock,
        random: () => 0.5,
        resolve: (host) => {
          const addresses = [host.startsWith("cable") ? "192.0.2.1" : "192.0.2.2"].flatMap(
            (text) => parseIp(text) ?? [],
          );
          return Promise.resolve({ kind: "addresses", addresses, ttlSeconds: 86_400 });
        },
        probe: () => {
          const startedMs = clock.nowMs();
          return Promise.resolve({
            kind: "ok",
            startedMs,
            endedMs: startedMs,
            vantage: "local",
            phases: {},
            detail: "",
          });
        },
        reach: () => Promise.resolve(true),
        createProvider: () => ({
          list: (ingress, call) => records.list(ingress, call),
          apply: (ingress, plan, known, call) => {
            this.happened.push("sent");
            return records.apply(ingress, plan, known, call);
          },
        }),
      },
    });
    const kept = opened(temporaryFolder(t), { clock });
    t.after(() => kept[Symbol.dispose]());
    this.memory = new Memory({
      store: this.#watched(kept.store),
      clock,
      daemon: this.assembly.daemon,
      onBug: (error) => this.bugs.push(error),
      onWarning: (message) => this.warnings.push(message),
    });
  }

  /** Until the first record is written. Then forgets what happened. */
  async start(): Promise<void> {
    this.assembly.start();
    await this.clock.advance(60_000);
    assert.ok(this.happened.includes("sent"), "published");
    this.happened.length = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = this.assembly.close();
    await this.clock.advance(5_000);
    await closed;
    this.memory[Symbol.dispose]();
  }

  #watched(store: Store): Store {
    const save: Store["save"] = (saved) => {
      this.onSave();
      store.save(saved);
      this.happened.push("saved");
    };
    return new Proxy(store, {
      get: (target, name) => {
        if (name === "save") return save;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? (value.bind(target) as unknown) : value;
      },
    });
  }
}
