// A thousand ingresses behind one token: few requests, none held up by another, none told what happened to another.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { CloudflareApi } from "../../src/emulation/cloudflare/api.ts";
import { reads, writes, type RequestFault } from "../../src/emulation/cloudflare/faults.ts";
import { startCloudflare } from "../../src/emulation/cloudflare/server.ts";
import { systemClock } from "../../src/runtime/node/clock.ts";
import { streamOf } from "../../src/simulation/random.ts";
import { eventually } from "../support/eventually.ts";
import { propertyRuns } from "../support/property-runs.ts";
import { VirtualClock } from "../support/virtual-clock.ts";
import { apiUrl, fetchFrom } from "./api-fetch.ts";
import { Crowd, foreignIn, mostWithin, namesIn, publishedAt, sizesOf, type CrowdOptions } from "./crowd.ts";

const zone = "example.com";
const token = "cfut_crowd";
const minuteMs = 60_000;
const thousand = namesIn(zone, 1_000);
const onMobile: Readonly<Record<string, number>> = { "mobile.example.net": 1_000 };

const knownOf = ({ daemon }: Crowd): number =>
  daemon.state.ingresses.filter(({ published }) => published !== undefined).length;

/** What other programs have in the zone. */
const foreignOf = (api: CloudflareApi): string =>
  JSON.stringify(api.zone(zone).records.filter(({ type }) => type === "TXT"));

type Changes = Partial<CrowdOptions> & { readonly foreign?: number; readonly records?: readonly string[] };

const zonesWith = ({ names = thousand, foreign = 50, records = names }: Changes) => ({
  zones: [{ name: zone, plan: "pro" as const, records: [...publishedAt(records), ...foreignIn(zone, foreign)] }],
  tokens: [{ token }],
});

/** Ingresses that point to `cable`, read over HTTP, and in peace. */
async function overHttp(changes: Changes = {}) {
  await using stack = new AsyncDisposableStack();
  const { names = thousand } = changes;
  const api = stack.use(await startCloudflare(zonesWith(changes)));
  const crowd = stack.use(new Crowd({ api, apiUrl: api.url, token, clock: systemClock, fetch, names, ...changes }));
  const foreign = foreignOf(api);
  crowd.start();
  await eventually("all names are read", () => knownOf(crowd) === names.length);
  const started = api.requests.splice(0);
  const ending = stack.move();
  return { api, crowd, started, foreign, [Symbol.asyncDispose]: () => ending.disposeAsync() };
}

/** The same on virtual time; each answer takes a tenth of a second. */
async function onVirtualTime(changes: Changes = {}) {
  const { names = thousand } = changes;
  const clock = new VirtualClock();
  const api = new CloudflareApi({ clock, ...zonesWith(changes) });
  api.faults.always({ kind: "delay", afterCommitMs: 100 });
  const random = streamOf(1, "crowd");
  const crowd = new Crowd({ api, apiUrl, token, clock, fetch: fetchFrom(api), names, random, ...changes });
  const foreign = foreignOf(api);
  crowd.start();
  await clock.advance(5_000);
  assert.equal(knownOf(crowd), names.length);
  const started = api.requests.splice(0);
  const close = async (): Promise<void> => {
    const closed = crowd.close();
    await clock.advance(2_000);
    await closed;
    crowd.daemon.close();
    assert.equal(clock.pendingTimers, 0);
  };
  return { api, crowd, clock, started, foreign, [Symbol.asyncDispose]: close };
}

describe("a thousand ingresses of one zone, over HTTP", () => {
  test("fail over with ten requests at most, within five seconds", async () => {
    await using world = await overHttp();
    const { api, crowd, started } = world;
    assert.ok(started.length <= 4, `${started.length} requests to read them`);
    const decidedMs = systemClock.nowMs();
    crowd.want("mobile");
    await eventually("all are written", () => crowd.toldOf("records-written") === 1_000);
    const tookMs = systemClock.nowMs() - decidedMs;
    assert.ok(tookMs < 5_000, `${tookMs} ms`);
    assert.deepEqual(crowd.shown, onMobile);
    assert.ok(api.requests.length <= 10, `${api.requests.length} requests`);
    assert.ok(Math.max(...sizesOf(api.requests)) <= 200);
    assert.deepEqual(crowd.problems, []);
    assert.equal(foreignOf(api), world.foreign);
  });

  test("and one that is refused: the others are written all the same, and it alone is told why", async () => {
    const bad = "n500.example.com";
    // Below what the plan allows.
    await using world = await overHttp({ ttlOf: (name) => (name === bad ? 30 : 60) });
    const { api, crowd } = world;
    crowd.want("mobile");
    await eventually("the others are written", () => crowd.toldOf("records-written") === 999);
    await eventually("it is told", () => crowd.problems.length > 0);
    assert.deepEqual(crowd.shown, { "mobile.example.net": 999, "cable.example.net": 1 });
    assert.deepEqual(
      crowd.problems.map(([name, kind]) => [name, kind]),
      [[bad, "invalid"]],
    );
    assert.match(crowd.problems[0]?.[2] ?? "", /could not write n500\.example\.com: .*9021 "TTL must be/);
    assert.ok(api.requests.length <= 25, `${api.requests.length} requests`);
  });
});

describe("a thousand ingresses of one zone", () => {
  test("that have no record yet get theirs, but for the one whose name the zone refuses", async () => {
    const bad = "-bad.example.com";
    const names = [...namesIn(zone, 999), bad];
    await using world = await onVirtualTime({ names, records: [] });
    const { api, crowd, clock } = world;
    await clock.advance(5_000);
    assert.deepEqual(crowd.shown, { "cable.example.net": 999, "": 1 });
    assert.deepEqual(new Set(crowd.problems.map(([name, kind]) => `${name} ${kind}`)), new Set([`${bad} invalid`]));
    assert.ok(world.started.length + api.requests.length <= 40, `${api.requests.length} requests`);
  });

  test("one of which is not what was thought: all is looked at once, and written", async () => {
    await using world = await onVirtualTime();
    const { api, crowd, clock } = world;
    const [record] = api.recordsAt("n7.example.com");
    api.hand.remove(record?.id ?? "");
    api.hand.add({ type: "CNAME", name: "n7.example.com", content: "by-hand.example.net", ttl: 300 });
    crowd.want("mobile");
    await clock.advance(5_000);
    assert.deepEqual(crowd.shown, onMobile);
    assert.deepEqual(crowd.problems, []);
    assert.ok(api.requests.length <= 15, `${api.requests.length} requests`);
  });

  test("are told to wait in the middle: nothing is sent until then, and then the rest is written", async () => {
    await using world = await onVirtualTime();
    const { api, crowd, clock } = world;
    const startMs = clock.nowMs();
    crowd.want("mobile");
    await clock.advance(150);
    api.faults.next({ kind: "rate-limited", retryAfterSeconds: 20 });
    await clock.advance(15_000);
    const before = crowd.shown["mobile.example.net"] ?? 0;
    assert.ok(before > 100 && before < 1_000, `${before} are written`);
    const told = new Set(crowd.problems.map(([, kind]) => kind));
    assert.deepEqual([...told], ["rate-limited"]);
    await clock.advance(15_000);
    assert.deepEqual(crowd.shown, onMobile);
    const times = api.requests.map(({ atMs }) => atMs - startMs);
    const refusedMs = times[api.requests.findIndex(({ status }) => status === 429)] ?? 0;
    assert.ok(!times.some((atMs) => atMs > refusedMs && atMs < refusedMs + 20_000), times.join(" "));
    assert.ok(api.requests.length <= 20, `${api.requests.length} requests`);
  });

  for (const isCommitted of [true, false]) {
    test(`an answer that never comes, ${isCommitted ? "written" : "not written"}: all are read, none is doubled`, async () => {
      await using world = await onVirtualTime({ records: [] });
      const { api, crowd, clock } = world;
      await clock.advance(10_000);
      assert.equal(crowd.shown["cable.example.net"], 1_000);
      api.requests.length = 0;
      crowd.want("mobile");
      await clock.advance(50);
      api.faults.next({ kind: "silent", isCommitted }, writes);
      await clock.advance(14_000);
      // The others did not wait for it.
      const others = crowd.shown["mobile.example.net"] ?? 0;
      assert.ok(others >= 800, `${others} are written`);
      await clock.advance(5 * minuteMs);
      assert.deepEqual(crowd.shown, onMobile);
      const doubtful = new Set(crowd.problems.map(([name]) => name));
      assert.equal(doubtful.size, 200);
      for (const [name, kind, message] of crowd.problems) {
        assert.equal(kind, "transient");
        assert.ok(message.startsWith(`could not confirm the write of ${name}: `), message);
      }
      const lists = api.requests.filter(({ method }) => method === "GET").length;
      assert.ok(lists > 0 && api.requests.length <= 60, `${api.requests.length} requests, ${lists} lists`);
      assert.equal(foreignOf(api), world.foreign);
    });
  }

  test("are read together, and by their own names where the zone holds far more than they are", async () => {
    await using few = await onVirtualTime({ names: namesIn(zone, 3), foreign: 2_500 });
    few.api.requests.length = 0;
    const byName = async (): Promise<boolean[]> => {
      await few.clock.advance(5 * minuteMs);
      return few.api.requests.splice(0).map(({ query }) => query.includes("name.exact="));
    };
    assert.deepEqual(await byName(), [true, true, true]);
    await using many = await onVirtualTime({ foreign: 2_400 });
    many.api.requests.length = 0;
    await many.clock.advance(5 * minuteMs + 1_000);
    assert.ok(many.api.requests.length <= 3, `${many.api.requests.length} requests`);
  });

  test("a zone that is too large for the answer is read name by name", async () => {
    await using world = await onVirtualTime({ names: namesIn(zone, 10), foreign: 2_400 });
    const { crowd, clock, api } = world;
    crowd.want("mobile");
    await clock.advance(2_000);
    assert.deepEqual(crowd.shown, { "mobile.example.net": 10 });
    assert.ok(world.started.length <= 14, `${world.started.length} requests`);
    assert.equal(foreignOf(api), world.foreign);
  });

  test("what waits behind a request is not sent once writes are held back, nor once it is not wanted", async () => {
    await using world = await onVirtualTime();
    const { api, crowd, clock } = world;
    crowd.want("mobile");
    await clock.advance(150);
    crowd.reconciler.holdWrites();
    await clock.advance(minuteMs);
    const before = crowd.shown["mobile.example.net"] ?? 0;
    assert.equal(before, 201);
    crowd.want("cable", thousand.slice(500));
    crowd.reconciler.releaseWrites();
    await clock.advance(10_000);
    assert.deepEqual(crowd.shown, { "mobile.example.net": 500, "cable.example.net": 500 });
    const written = sizesOf(api.requests).reduce((sum, size) => sum + size, 0);
    assert.equal(written, 500);
  });

  test("a look at all of them is under way: a failover of one is not held up", async () => {
    await using world = await onVirtualTime();
    const { api, crowd, clock } = world;
    api.faults.always({ kind: "silent" }, reads);
    await clock.advance(5 * minuteMs);
    assert.ok(api.requests.length > 0);
    api.requests.length = 0;
    crowd.want("mobile", ["n3.example.com"]);
    await clock.advance(10);
    assert.deepEqual(
      api.requests.map(({ method }) => method),
      ["POST"],
    );
    await clock.advance(5_000);
    assert.equal(crowd.shown["mobile.example.net"], 1);
  });

  test("one whose request hangs holds up the others for half a second at most", async () => {
    await using world = await onVirtualTime({ names: namesIn(zone, 3) });
    const { api, crowd, clock } = world;
    api.faults.next({ kind: "silent" }, writes);
    crowd.want("mobile", ["n0.example.com"]);
    await clock.advance(10);
    crowd.want("mobile", ["n1.example.com"]);
    await clock.advance(600);
    assert.deepEqual(crowd.shown, { "mobile.example.net": 1, "cable.example.net": 2 });
    crowd.want("mobile", ["n2.example.com"]);
    await clock.advance(10);
    assert.equal(crowd.shown["mobile.example.net"], 2);
    await clock.advance(minuteMs);
    assert.deepEqual(crowd.shown, { "mobile.example.net": 3 });
    assert.deepEqual(new Set(crowd.problems.map(([name]) => name)), new Set(["n0.example.com"]));
  });

  test("after trouble with the API they are written within seconds, with few requests", async () => {
    await using world = await onVirtualTime();
    const { api, crowd, clock } = world;
    api.faults.always({ kind: "unavailable" });
    crowd.want("mobile");
    await clock.advance(3 * minuteMs);
    assert.ok(mostWithin(api.requests, 5 * minuteMs) <= 900);
    api.requests.length = 0;
    api.faults.clear();
    await clock.advance(15_000);
    assert.deepEqual(crowd.shown, onMobile);
    assert.ok(api.requests.length <= 100, `${api.requests.length} requests`);
  });
});

test("two zones with two tokens: what one of them is told holds up nothing of the other", async () => {
  const clock = new VirtualClock();
  const zones = ["example.com", "example.org"].map((name) => ({
    name,
    plan: "pro" as const,
    records: publishedAt(namesIn(name, 300)),
  }));
  const scope = (name: string) => [{ zone: name, dns: "write" as const, readsZone: true }];
  const tokens = zones.map(({ name }) => ({ token: `cfut_${name}`, scopes: scope(name) }));
  const api = new CloudflareApi({ clock, zones, tokens });
  const crowds = zones.map(
    ({ name }) =>
      new Crowd({ api, apiUrl, token: `cfut_${name}`, clock, fetch: fetchFrom(api), names: namesIn(name, 300) }),
  );
  for (const crowd of crowds) crowd.start();
  await clock.advance(1_000);
  const [first] = zones;
  const zoneId = api.zone(first?.name ?? "").id;
  api.faults.always({ kind: "rate-limited", retryAfterSeconds: 200 }, ({ path }) => path.includes(zoneId));
  for (const crowd of crowds) crowd.want("mobile");
  await clock.advance(1_000);
  const atCable = { "cable.example.net": 300 };
  assert.deepEqual(
    crowds.map(({ shown }) => shown),
    [atCable, { "mobile.example.net": 300 }],
  );
  assert.deepEqual(crowds[1]?.problems, []);
  api.faults.clear();
  await clock.advance(5 * minuteMs);
  assert.deepEqual(crowds[0]?.shown, { "mobile.example.net": 300 });
  for (const crowd of crowds) void crowd.close();
  await clock.advance(2_000);
});

test("two zones with one token share neither lists nor batches", async () => {
  const clock = new VirtualClock();
  const names = ["example.com", "example.org"].flatMap((name) => namesIn(name, 150));
  const zones = ["example.com", "example.org"].map((name) => ({ name, records: publishedAt(namesIn(name, 150)) }));
  const api = new CloudflareApi({ clock, zones, tokens: [{ token }] });
  const crowd = new Crowd({ api, apiUrl, token, clock, fetch: fetchFrom(api), names });
  crowd.start();
  await clock.advance(1_000);
  assert.ok(api.requests.length <= 4, `${api.requests.length} requests`);
  crowd.want("mobile");
  await clock.advance(1_000);
  assert.deepEqual(crowd.shown, { "mobile.example.net": 300 });
  assert.ok(api.requests.length <= 12, `${api.requests.length} requests`);
  void crowd.close();
  await clock.advance(2_000);
});

test("whatever the API does, and whoever switches when: 900 calls in five minutes, one record at each name", async () => {
  const fault = fc.constantFrom<RequestFault | undefined>(
    undefined,
    { kind: "unavailable" },
    { kind: "unavailable", isCommitted: true },
    { kind: "drop-after-commit" },
    { kind: "silent", isCommitted: true },
    { kind: "rate-limited", retryAfterSeconds: 3 },
    { kind: "html", status: 502 },
    { kind: "truncated-json" },
    { kind: "refused", problem: { status: 400, code: 9999, message: "no" } },
    { kind: "refused", problem: { status: 404, code: 81044, message: "Record does not exist." } },
    { kind: "odd", how: "twice" },
    { kind: "odd", how: "hollow" },
  );
  const act = fc.record({
    waitMs: fc.constantFrom(0, 10, 300, 2_000, 20_000),
    from: fc.nat({ max: 400 }),
    count: fc.constantFrom(1, 2, 40, 400),
    endpoint: fc.constantFrom("cable" as const, "mobile" as const),
    fault,
  });
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 10, maxLength: 40 }), async (acts) => {
      const names = namesIn(zone, 400);
      await using world = await onVirtualTime({ names });
      const { api, crowd, clock } = world;
      const wanted = new Map(names.map((name) => [name, "cable"]));
      for (const { waitMs, from, count, endpoint, fault: next } of acts) {
        if (next !== undefined) api.faults.always(next);
        else api.faults.clear();
        const some = names.slice(from, from + count);
        crowd.want(endpoint, some);
        for (const name of some) wanted.set(name, endpoint);
        await clock.advance(waitMs);
      }
      api.faults.clear();
      await clock.advance(11 * minuteMs);
      for (const [name, endpoint] of wanted) {
        assert.deepEqual(
          api.recordsAt(name).map(({ content }) => content),
          [`${endpoint}.example.net`],
        );
      }
      assert.ok(mostWithin([...world.started, ...api.requests], 5 * minuteMs) <= 900);
      assert.ok(Math.max(0, ...sizesOf(api.requests)) <= 200);
      assert.equal(foreignOf(api), world.foreign);
    }),
    { numRuns: propertyRuns(5) },
  );
});
