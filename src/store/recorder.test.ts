// The recorder at work in a small world: what is on the disk when, and that it never stands in the way.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { httpTask } from "../../test/support/checks.ts";
import { endpointSettings, IngressWorld, ingressSettings } from "../../test/support/ingress-world.ts";
import { opened, temporaryFolder, type OpenedStore } from "../../test/support/state-folder.ts";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import { factsBetween } from "../core/facts.ts";
import type { Event, State } from "../core/model.ts";
import { recordComment } from "../core/records/records.ts";
import { changesBetween } from "../core/overview/ingresses.ts";
import { initialState, step } from "../core/step.ts";
import { parseIp } from "../lib/ip.ts";
import { Recorder } from "./recorder.ts";
import { restoredFrom } from "./saved.ts";
import type { Store } from "./store.ts";
import { StoreError } from "./trouble.ts";

const record = "a.example.com";
const mix = "a-mix.example.com";
const settings = ingressSettings(record, [
  endpointSettings("cable", { stickyMs: 600_000 }),
  endpointSettings("mobile", { priority: 20, stickyMs: 600_000 }),
]);
const minuteMs = 60_000;

test("facts and changes of state are written a second later, together", async (t) => {
  const life = new Life(t);
  life.dispatch({ kind: "config-loaded", ingresses: [settings] });
  await life.clock.advance(900);
  assert.deepEqual(life.kinds(), []);
  await life.clock.advance(100);
  assert.deepEqual(life.kinds(), ["config-applied", "ingress-added"]);
  assert.equal(life.writes, 1);
  const entries = life.store.journalSince(0);
  assert.deepEqual(
    entries.map(({ id, atMs, atWallMs }) => [id, atMs, atWallMs]),
    [
      [1, 0, Date.UTC(2026, 0, 1)],
      [2, 0, Date.UTC(2026, 0, 1)],
    ],
  );
});

test("checks are written once a minute, and nothing at all while nothing happens", async (t) => {
  const life = new Life(t);
  life.start();
  for (let times = 0; times < 3; times += 1) life.probe("cable", "ok");
  await life.clock.advance(minuteMs);
  const writesBefore = life.writes;
  for (let second = 0; second < 50; second += 10) {
    life.probe("cable", "ok");
    await life.clock.advance(10_000);
  }
  assert.equal(life.writes, writesBefore);
  await life.clock.advance(10_000);
  assert.equal(life.writes, writesBefore + 1);
  await life.clock.advance(10 * minuteMs);
  assert.equal(life.writes, writesBefore + 1);
});

test("no history is dropped while the clock is known to be wrong: by it, all would be too old", async (t) => {
  const life = new Life(t);
  life.start();
  await life.clock.advance(minuteMs);
  const entries = life.kinds().length;
  life.clock.jumpWall(3_650 * 24 * 60 * minuteMs);
  const nowMs = life.clock.nowMs();
  life.dispatch({
    kind: "time-told",
    wallMs: Date.UTC(2026, 11, 1),
    askedMs: nowMs,
    machineWallMs: life.clock.wallMs(),
  });
  for (let hour = 0; hour < 5; hour += 1) {
    life.probe("cable", "ok");
    await life.clock.advance(60 * minuteMs);
  }
  assert.ok(life.kinds().length > entries);
});

test("the checks of a minute are written once, when it is over", async (t) => {
  const life = new Life(t, { clock: new VirtualClock({ wallMs: Date.UTC(2026, 0, 1) + 20_000 }) });
  life.start();
  for (let times = 0; times < 3; times += 1) life.probe("cable", "ok");
  await life.clock.advance(1_000);
  const writesBefore = life.writes;
  for (let second = 1; second < 40; second += 3) {
    life.probe("cable", "ok");
    await life.clock.advance(3_000);
  }
  assert.equal(life.writes, writesBefore + 1);
  assert.equal(life.clock.wallMs() % minuteMs, 0, "the story is not as planned");
});

test("an answer that only lets the addresses be used for longer waits for the end of the minute", async (t) => {
  const life = new Life(t);
  life.start();
  await life.clock.advance(10_000);
  const { writes, saves } = life;
  life.resolve("cable");
  await life.clock.advance(49_000);
  assert.equal(life.writes, writes);
  await life.clock.advance(1_000);
  assert.deepEqual([life.writes, life.saves], [writes + 1, saves + 1]);
  life.resolve("cable", "192.0.2.77");
  await life.clock.advance(1_000);
  assert.equal(life.saves, saves + 2, "other addresses are no mere extension");
  // A fact that is written anyhow takes the date with it.
  await life.clock.advance(1_000);
  life.resolve("cable", "192.0.2.77");
  life.dispatch({ kind: "config-rejected", problems: [] });
  await life.clock.advance(1_000);
  assert.equal(life.saves, saves + 3);
  const [cable] = life.reopened().ingresses[0]?.addresses ?? [];
  assert.deepEqual(
    [cable?.addresses.map(({ text }) => text), cable?.usableUntilWallMs],
    [["192.0.2.77"], Date.UTC(2026, 0, 1) + 62_000 + 300_000 + 600_000],
  );
});

test("what was seen of an endpoint goes with its name, also where two swap theirs", async (t) => {
  const life = new Life(t);
  life.start();
  for (const name of ["cable", "mobile"]) life.probe(name, "ok");
  await life.clock.advance(minuteMs);
  life.probe("cable", "ok");
  const [cable, mobile] = settings.endpoints;
  assert.ok(cable !== undefined && mobile !== undefined);
  const swapped = {
    ...settings,
    endpoints: [
      { ...cable, name: "mobile" },
      { ...mobile, name: "cable" },
    ],
  };
  life.dispatch({ kind: "config-loaded", ingresses: [swapped] });
  await life.clock.advance(minuteMs);
  const all = { ingress: record, fromWallMs: 0, toWallMs: 8.64e15 };
  const countOf = (endpoint: string): number =>
    life.store.rollups({ ...all, endpoint, resolution: "hour" }).reduce((sum, { count }) => sum + count, 0);
  assert.deepEqual([countOf("mobile"), countOf("cable")], [2, 1]);
  const minutesOf = (endpoint: string): number =>
    life.store.coveredStarts({ ...all, endpoint, resolution: "minute" }).length;
  assert.deepEqual([minutesOf("mobile"), minutesOf("cable")], [2, 1]);
});

test("every result is counted in its minute", async (t) => {
  const life = new Life(t);
  life.start();
  for (const kind of ["ok", "ok", "failed", "inconclusive"] as const) life.probe("cable", kind);
  await life.clock.advance(minuteMs);
  life.probe("cable", "failed");
  life.recorder.flush();
  const rollups = life.store.rollups({
    ingress: record,
    endpoint: "cable",
    fromWallMs: 0,
    toWallMs: life.clock.wallMs() + 1,
    resolution: "minute",
  });
  const startWallMs = Date.UTC(2026, 0, 1);
  assert.deepEqual(
    rollups.map(({ p50Ms: _, p95Ms: __, ...rest }) => rest),
    [
      { address: "192.0.2.1", startWallMs, count: 4, failures: 1, inconclusive: 1, maxMs: 42 },
      {
        address: "192.0.2.1",
        startWallMs: startWallMs + minuteMs,
        count: 1,
        failures: 1,
        inconclusive: 0,
        maxMs: undefined,
      },
    ],
  );
});

test("reports of a check that is no more are not counted", (t) => {
  const life = new Life(t);
  life.start();
  life.probe("cable", "ok", { revision: 7 });
  life.recorder.flush();
  const query = { ingress: record, endpoint: "cable", fromWallMs: 0, toWallMs: 1e15, resolution: "hour" as const };
  assert.deepEqual(life.store.rollups(query), []);
});

test("an override is on the disk before the turn is over", (t) => {
  const life = new Life(t);
  life.start();
  life.recorder.flush();
  const override = { kind: "pin" as const, endpoint: "mobile", untilMs: 3_600_000 };
  life.dispatch({ kind: "override-set", ingress: record, override });
  assert.deepEqual(life.reopened().ingresses[0]?.overrides, [
    { kind: "pin", endpoint: "mobile", untilWallMs: Date.UTC(2026, 0, 1) + 3_600_000 },
  ]);
  const again = life.resume();
  again.dispatch({ kind: "resumed", ingress: record });
  assert.deepEqual(again.reopened().ingresses[0]?.overrides, []);
});

test("who serves is on the disk before the turn is over, so that a kill at the next moment undoes nothing", (t) => {
  const life = new Life(t);
  life.start();
  life.recorder.flush();
  life.read("CNAME", "cable.example.com");
  assert.equal(life.state.ingresses[0]?.selection?.primary, "cable");
  assert.equal(life.reopened().ingresses[0]?.selection?.primary, "cable");
});

test("what was written is on the disk before the turn is over: by it the next life knows its own record", (t) => {
  const life = new Life(t);
  life.start();
  life.read("CNAME", "cable.example.com");
  const written = [{ id: "1", type: "A" as const, content: "192.0.2.1", ttlSeconds: 60, proxied: false }];
  life.dispatch({ kind: "records-written", ingress: record, records: written });
  assert.deepEqual(life.reopened().ingresses[0]?.lastGood?.records, [{ type: "A", content: "192.0.2.1" }]);
});

test("a restart in the middle of everything goes on with all of it", async (t) => {
  const life = new Life(t);
  life.start();
  life.read("CNAME", "cable.example.com");
  for (let times = 0; times < 3; times += 1) {
    life.probe("mobile", "ok");
    life.probe("cable", times === 0 ? "ok" : "failed");
    await life.clock.advance(1_000);
  }
  life.dispatch({
    kind: "override-set",
    ingress: record,
    override: { kind: "drain", endpoint: "cable", untilMs: 900_000 },
  });
  await life.clock.advance(10_000);
  const before = life.state.ingresses[0];
  assert.ok(before?.selection?.primary === "mobile" && before.departures.length === 1, "the story is not as planned");
  const again = life.resume(30_000);
  const [after] = again.state.ingresses;
  const lostMs = life.clock.nowMs() + 30_000 - again.clock.nowMs();
  assert.equal(after?.saved?.primary, "mobile");
  assert.deepEqual(
    after?.departures,
    before.departures.map(({ endpoint, atMs }) => ({ endpoint, atMs: atMs - lostMs })),
  );
  assert.deepEqual(
    after?.overrides,
    before.overrides.map((override) => ({ ...override, untilMs: override.untilMs - lostMs })),
  );
  assert.deepEqual(after?.lastGood, before.lastGood);
  const texts = (state: State): string[][] =>
    state.ingresses.flatMap(({ endpoints }) => endpoints.map(({ addresses }) => addresses.map(({ text }) => text)));
  assert.deepEqual(texts(again.state), texts(life.state));
  assert.equal(
    after?.endpoints[0]?.addressesUsableUntilMs,
    (before.endpoints[0]?.addressesUsableUntilMs ?? NaN) - lostMs,
  );
  // Before anything was adopted, another restart still knows who served.
  assert.equal(again.resume().state.ingresses[0]?.saved?.primary, "mobile");
});

test("an ingress that left the configuration is forgotten", async (t) => {
  const life = new Life(t);
  life.start();
  const other = ingressSettings("b.example.com", settings.endpoints);
  life.dispatch({ kind: "config-loaded", ingresses: [settings, other] });
  await life.clock.advance(1_000);
  assert.equal(life.reopened().ingresses.length, 2);
  const again = life.resume();
  again.dispatch({ kind: "config-loaded", ingresses: [other] });
  await again.clock.advance(1_000);
  assert.deepEqual(
    again.reopened().ingresses.map((ingress) => ingress.record),
    ["b.example.com"],
  );
});

test("an ingress that leaves while it points to its mix is remembered with all that it takes to lead it out", async (t) => {
  const life = new Life(t);
  life.dispatch({
    kind: "config-loaded",
    ingresses: [{ ...settings, zone: "example.com", mix: { record: mix, waitMs: 0 } }],
  });
  for (const { name } of settings.endpoints) life.resolve(name);
  life.dispatch({
    kind: "records-read",
    ingress: record,
    records: [{ id: "1", type: "CNAME", content: mix, ttlSeconds: 60, proxied: false }],
  });
  const extras = { comment: recordComment };
  const address = { id: "2", type: "A" as const, content: addressOf("cable"), ttlSeconds: 60, proxied: false, extras };
  life.dispatch({ kind: "records-read", ingress: record, mix, records: [address] });
  assert.equal(life.state.ingresses[0]?.selection?.primary, "cable");
  const other = ingressSettings("b.example.com", settings.endpoints);
  life.dispatch({ kind: "config-loaded", ingresses: [other] });
  await life.clock.advance(1_000);
  const left = life.reopened().ingresses.find((ingress) => ingress.record === record);
  assert.deepEqual(
    [left?.mixRecords, left?.zone, left?.ttl, left?.selection?.primary],
    [[mix], "example.com", 60, "cable"],
  );
});

test("nothing is written for probes that change nothing, but everything after the wall clock was set", async (t) => {
  const life = new Life(t);
  life.start();
  life.dispatch({ kind: "override-set", ingress: record, override: { kind: "pin", endpoint: "cable", untilMs: 9e7 } });
  await life.clock.advance(minuteMs);
  const saves = life.saves;
  life.probe("cable", "ok");
  await life.clock.advance(minuteMs);
  assert.equal(life.saves, saves);
  life.clock.jumpWall(365 * 24 * 60 * minuteMs);
  life.probe("cable", "ok");
  await life.clock.advance(minuteMs);
  assert.equal(life.saves, saves + 1);
  const [saved] = life.reopened().ingresses;
  assert.equal(saved?.overrides[0]?.untilWallMs, life.clock.wallMs() - life.clock.nowMs() + 9e7);
});

test("dates that a failing disk did not take after the wall clock was set are written later", async (t) => {
  const life = new Life(t);
  life.start();
  life.dispatch({ kind: "override-set", ingress: record, override: { kind: "pin", endpoint: "cable", untilMs: 9e7 } });
  await life.clock.advance(minuteMs);
  life.clock.jumpWall(24 * 60 * minuteMs);
  life.trouble = new StoreError("full", "the disk is full");
  life.recorder.flush();
  life.trouble = undefined;
  life.recorder.flush();
  const [saved] = life.reopened().ingresses;
  assert.equal(saved?.overrides[0]?.untilWallMs, life.clock.wallMs() - life.clock.nowMs() + 9e7);
});

test("ids go on where the life before ended", async (t) => {
  const life = new Life(t);
  life.start();
  await life.clock.advance(1_000);
  const last = life.store.newestEntryId();
  const again = life.resume();
  await again.clock.advance(1_000);
  assert.deepEqual(
    again.store.journalSince(last).map(({ id }) => id),
    again.store.journalSince(last).map((_, index) => last + 1 + index),
  );
  assert.ok(again.store.newestEntryId() > last);
});

test("the last flush leaves nothing behind, neither to write nor to wait for", (t) => {
  const life = new Life(t);
  life.start();
  life.probe("cable", "ok");
  life.recorder[Symbol.dispose]();
  assert.equal(life.clock.pendingTimers, 0);
  assert.ok(life.kinds().includes("ingress-added"));
  life.recorder.flush();
});

test("a disk that takes nothing is asked again every half minute, and gets all of it in the end", async (t) => {
  const life = new Life(t);
  life.trouble = new StoreError("full", "the disk is full");
  life.start();
  life.probe("cable", "ok");
  life.dispatch({ kind: "override-set", ingress: record, override: { kind: "pin", endpoint: "cable", untilMs: 9e7 } });
  const attempts = life.attempts;
  await life.clock.advance(5 * minuteMs);
  assert.ok(life.attempts - attempts <= 11, `${life.attempts - attempts} attempts in five minutes`);
  assert.deepEqual(life.kinds(), []);
  life.trouble = undefined;
  await life.clock.advance(30_000);
  assert.ok(life.kinds().includes("override-began"));
  const query = { ingress: record, endpoint: "cable", fromWallMs: 0, toWallMs: 1e15, resolution: "hour" as const };
  assert.equal(life.store.rollups(query)[0]?.count, 1);
  assert.equal(life.reopened().ingresses[0]?.overrides.length, 1);
  assert.deepEqual(life.bugs, []);
});

test("a disk that takes nothing is left in peace while much happens", async (t) => {
  const life = new Life(t);
  life.start();
  await life.clock.advance(2_000);
  life.trouble = new StoreError("io", "gone");
  const { attempts } = life;
  for (let second = 0; second < 120; second += 1) {
    life.dispatch({ kind: "config-rejected", problems: [String(second)] });
    life.probe("cable", "ok");
    await life.clock.advance(1_000);
  }
  assert.ok(life.attempts - attempts <= 5, `${life.attempts - attempts} attempts in two minutes`);
});

test("once a decision found room, all that waited with it follows within a second", async (t) => {
  const life = new Life(t);
  life.trouble = new StoreError("full", "the disk is full");
  life.start();
  await life.clock.advance(2_000);
  life.trouble = undefined;
  life.dispatch({ kind: "override-set", ingress: record, override: { kind: "pin", endpoint: "cable", untilMs: 9e7 } });
  assert.deepEqual(life.kinds(), []);
  await life.clock.advance(1_000);
  assert.ok(life.kinds().includes("ingress-added"));
});

test("what waits for a disk is bounded", async (t) => {
  const life = new Life(t);
  life.start();
  life.trouble = new StoreError("io", "gone");
  for (let index = 0; index < 6_000; index += 1) {
    life.dispatch({ kind: "config-rejected", problems: [String(index)] });
    life.probe("cable", "ok");
    life.clock.jumpWall(minuteMs);
  }
  life.trouble = undefined;
  life.recorder.flush();
  const query = { ingress: record, endpoint: "cable", fromWallMs: 0, toWallMs: 1e15, resolution: "hour" as const };
  const counted = life.store.rollups(query).reduce((sum, { count }) => sum + count, 0);
  assert.equal(counted, 5_000);
  assert.deepEqual(life.store.journal({ limit: 1 })[0]?.fact, { kind: "config-rejected", problems: ["5999"] });
  const all = life.store.newestEntryId() - (life.store.journalSince(0)[0]?.id ?? 0) + 1;
  assert.equal(all, 5_000);
});

test("no check is forgotten where a minute has more addresses than may wait for a disk that fails", async (t) => {
  const life = new Life(t);
  life.start();
  const addresses = Array.from({ length: 7_500 }, (_, index) => `10.0.${index >> 8}.${index & 255}`);
  for (const [index, address] of addresses.entries()) {
    life.probe("cable", "ok", { address });
    if (index % 750 === 0) await life.clock.advance(5_000);
  }
  await life.clock.advance(2 * minuteMs);
  const query = { ingress: record, endpoint: "cable", fromWallMs: 0, toWallMs: 1e15, resolution: "hour" as const };
  const counts = life.store.rollups(query).map(({ count }) => count);
  assert.equal(counts.length, addresses.length);
  assert.ok(counts.every((count) => count === 1));
  assert.deepEqual(life.bugs, []);
});

test("a bug of ours is told, and is not in the way of what comes after it", async (t) => {
  const life = new Life(t);
  life.trouble = new TypeError("planted");
  life.start();
  await life.clock.advance(1_000);
  life.trouble = undefined;
  life.dispatch({ kind: "config-rejected", problems: [] });
  await life.clock.advance(minuteMs);
  assert.equal(life.bugs.length, 1);
  assert.deepEqual(life.kinds(), ["config-rejected"]);
});

test("no setting that may hold a secret reaches the disk", async (t) => {
  const canary = "CANARY-7f3a";
  const life = new Life(t);
  const [cable] = settings.endpoints;
  assert.ok(cable?.check !== undefined);
  const what = httpTask({ url: `https://user:${canary}@example.com/?key=${canary}`, contains: canary });
  const check = { ...cable.check, what };
  // A zone's name or id is no secret: it is kept for an ingress that has to be led out of its mix.
  const ingress = { ...settings, zone: "example.com", endpoints: [{ ...cable, check, resolvers: [canary] }] };
  life.dispatch({ kind: "config-loaded", ingresses: [ingress] });
  life.resolve("cable");
  life.read("CNAME", "cable.example.com");
  life.dispatch({ kind: "override-set", ingress: record, override: { kind: "pin", endpoint: "cable", untilMs: 9e7 } });
  for (const kind of ["ok", "ok", "ok", "failed"] as const) life.probe("cable", kind);
  await life.clock.advance(minuteMs);
  assert.ok(JSON.stringify(life.state).includes(canary));
  const bytes = readdirSync(life.folder)
    .map((name) => readFileSync(join(life.folder, name), "latin1"))
    .join("");
  assert.ok(bytes.includes("cable.example.com") && bytes.includes("override-began"), "little is on the disk");
  assert.ok(!bytes.includes(canary));
});

test("the same as in the daemon: a world's story is journalled whole", async (t) => {
  const folder = temporaryFolder(t);
  const clock = new VirtualClock();
  using kept = opened(folder, { clock });
  using recorder = new Recorder({ store: kept.store, clock, onBug: assert.ifError });
  const facts: unknown[] = [];
  const world = new IngressWorld((turn) => {
    facts.push(...turn.facts);
    recorder.keep(turn);
    recorder.hear(turn);
  });
  world.start(settings);
  recorder.flush();
  assert.ok(facts.length > 0);
  assert.deepEqual(
    kept.store.journalSince(0).map(({ fact }) => fact),
    facts,
  );
});

/** One life of a daemon: the core, the recorder and a real file, on a clock of the test's own. */
class Life {
  readonly clock: VirtualClock;
  readonly folder: string;
  readonly store: Store;
  readonly recorder: Recorder;
  readonly bugs: unknown[] = [];
  state: State = initialState;
  /** What every write is met with instead. */
  trouble: Error | undefined;
  attempts = 0;
  writes = 0;
  saves = 0;
  readonly #t: TestContext;
  readonly #kept: OpenedStore;

  constructor(t: TestContext, { folder = temporaryFolder(t), clock = new VirtualClock() } = {}) {
    this.#t = t;
    this.clock = clock;
    this.folder = folder;
    this.#kept = opened(folder, { clock });
    t.after(() => this.#kept[Symbol.dispose]());
    this.store = this.#kept.store;
    this.recorder = new Recorder({ store: this.#watched(this.store), clock, onBug: (error) => this.bugs.push(error) });
    const saved = this.store.load();
    if (saved === undefined) return;
    this.dispatch({ kind: "restored", ingresses: restoredFrom(saved, clock.nowMs(), clock.wallMs()) });
    this.dispatch({ kind: "config-loaded", ingresses: [settings] });
  }

  /** The configuration, and the first addresses. */
  start(): void {
    this.dispatch({ kind: "config-loaded", ingresses: [settings] });
    for (const { name } of settings.endpoints) this.resolve(name);
  }

  /** Ends without a farewell, and begins anew `downMs` later with another origin of the monotonic clock. */
  resume(downMs = 0): Life {
    this.#kept[Symbol.dispose]();
    const clock = new VirtualClock({ nowMs: 77, wallMs: this.clock.wallMs() + downMs });
    return new Life(this.#t, { folder: this.folder, clock });
  }

  /** What the next life would find. */
  reopened(): NonNullable<ReturnType<Store["load"]>> {
    this.#kept[Symbol.dispose]();
    using next = opened(this.folder);
    const saved = next.store.load();
    assert.ok(saved !== undefined);
    return saved;
  }

  kinds(): string[] {
    return this.store.journalSince(0).map(({ fact }) => fact.kind);
  }

  dispatch(event: Event): void {
    const before = this.state;
    const atMs = this.clock.nowMs();
    this.state = step(before, event, atMs);
    const changes = changesBetween(before, this.state);
    const facts = factsBetween(before, this.state, atMs, changes);
    const turn = { event, facts, before, after: this.state, changes, atMs };
    this.recorder.keep(turn);
    this.recorder.hear(turn);
  }

  resolve(endpoint: string, text = addressOf(endpoint)): void {
    const address = parseIp(text);
    assert.ok(address !== undefined);
    const resolution = { kind: "addresses" as const, addresses: [address], ttlSeconds: 300 };
    this.dispatch({ kind: "resolved", ingress: record, endpoint, revision: 0, resolution });
  }

  read(type: "CNAME", content: string): void {
    const records = [{ id: "1", type, content, ttlSeconds: 60, proxied: false }];
    this.dispatch({ kind: "records-read", ingress: record, records });
  }

  probe(
    endpoint: string,
    kind: "ok" | "failed" | "inconclusive",
    { revision = 0, address = addressOf(endpoint) } = {},
  ): void {
    const endedMs = this.clock.nowMs();
    const seen = { startedMs: endedMs - 42, endedMs, vantage: "local", phases: {}, detail: kind };
    const observation =
      kind === "ok"
        ? { ...seen, kind }
        : kind === "failed"
          ? { ...seen, kind, reason: "timeout" as const }
          : { ...seen, kind, reason: "late" as const };
    this.dispatch({ kind: "probed", ingress: record, endpoint, revision, address, observation });
  }

  #watched(store: Store): Store {
    const attempt = (isSave: boolean, action: () => void): void => {
      this.attempts += 1;
      if (this.trouble !== undefined) throw this.trouble;
      action();
      this.writes += 1;
      if (isSave) this.saves += 1;
    };
    return {
      path: store.path,
      get isKeepingUp() {
        return store.isKeepingUp;
      },
      load: () => store.load(),
      save: (saved) => attempt(true, () => store.save(saved)),
      record: (batch) => attempt(batch.saved !== undefined, () => store.record(batch)),
      tidy: () => store.tidy(),
      journal: (query) => store.journal(query),
      readingPlace: store.readingPlace,
      hearOfDamage: (why) => store.hearOfDamage(why),
      journalOf: (query) => store.journalOf(query),
      journalSince: (id) => store.journalSince(id),
      oldestEntry: () => store.oldestEntry(),
      newestEntryId: () => store.newestEntryId(),
      rollups: (query) => store.rollups(query),
      coveredStarts: (query) => store.coveredStarts(query),
      outboxStore: () => store.outboxStore(),
      [Symbol.dispose]: () => store[Symbol.dispose](),
    };
  }
}

function addressOf(endpoint: string): string {
  return endpoint === "cable" ? "192.0.2.1" : "192.0.2.2";
}
