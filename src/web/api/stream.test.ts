// The live stream over a real HTTP server: what it says, what a client that comes back is told, and that nobody who
// does not read costs anybody else anything.
import assert from "node:assert/strict";
import { once } from "node:events";
import { IncomingMessage, ServerResponse } from "node:http";
import { connect, Socket } from "node:net";
import { describe, test } from "node:test";
import { ApiSite } from "../../../test/support/api-site.ts";
import { eventually } from "../../../test/support/eventually.ts";
import { endpointSettings, ingressSettings, publishedRecord } from "../../../test/support/ingress-world.ts";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import type { Clock } from "../../lib/clock.ts";
import { withDifference } from "../../lib/difference.ts";
import type { EventWords } from "./events.ts";
import { eventSchema, resetSchema } from "./schema/events.ts";
import { statusSchema, type Status } from "./schema/status.ts";
import { mostClients, Stream } from "./stream.ts";

async function settled(): Promise<ApiSite> {
  const site = await ApiSite.start();
  site.settle();
  return site;
}

describe("a client", () => {
  test("is told the status at once, and each event with its id as it happens", async () => {
    await using site = await settled();
    using reader = await site.stream();
    assert.match(String(reader.response.headers["content-type"]), /^text\/event-stream/);
    assert.match(String(reader.response.headers["content-security-policy"]), /default-src 'none'/);
    const first = await eventually("the status", () => reader.of("status")[0]);
    assert.equal(statusSchema.parse(first.data).ingresses[0]?.selection?.primary, "cable");
    site.world.observe("cable", "timeout");
    await eventually("the newest status", () => {
      const newest = statusSchema.parse(reader.of("status").at(-1)?.data);
      return newest.ingresses[0]?.selection?.primary === "mobile";
    });
    const events = reader.of("event").map(({ id, data }) => ({ ...eventSchema.parse(data), sentId: id }));
    for (const { id, sentId } of events) assert.equal(id, sentId);
    const { events: journal } = await site.json<{ events: { id: number }[] }>("/api/v1/events?limit=200");
    const ids = events.map(({ id }) => id);
    assert.deepEqual(
      ids,
      journal
        .map(({ id }) => id)
        .toReversed()
        .slice(-ids.length),
    );
    assert.ok(events.some(({ kind }) => kind === "selection-changed"));
  });

  test("is told the status at most twice a second, however much happens, and the newest in the end", async () => {
    const clock = new VirtualClock();
    await using site = await ApiSite.start({ clock });
    site.settle();
    using reader = await site.stream();
    await eventually("the status", () => reader.of("status")[0]);
    for (let round = 0; round < 40; round += 1) {
      site.world.observe("mobile", round % 2 === 0 ? "timeout" : "ok");
      await clock.advance(50);
    }
    await clock.advance(500);
    await eventually("all events", () => reader.of("event").at(-1)?.id === site.recorder.newestId);
    const told = reader.of("status").length;
    assert.ok(told >= 4 && told <= 6, `${told} times in 2.5 s`);
    const mobile = statusSchema.parse(reader.of("status").at(-1)?.data).ingresses[0]?.endpoints[1];
    assert.equal(mobile?.verdict, site.world.endpoint("mobile").health.verdict);
    // Probes that change nothing are numbers: once a second will do.
    for (let round = 0; round < 40; round += 1) {
      site.world.observe("cable", "ok", 1);
      await clock.advance(50);
    }
    await clock.advance(1_000);
    site.world.observe("mobile", "timeout");
    await eventually("all events", () => reader.of("event").at(-1)?.id === site.recorder.newestId);
    const more = reader.of("status").length - told;
    assert.ok(more >= 2 && more <= 4, `${more} times in 3 s`);
  });

  test("hears that the connection lives while nothing happens", async () => {
    const clock = new VirtualClock();
    await using site = await ApiSite.start({ clock });
    using reader = await site.stream();
    await eventually("the status", () => reader.of("status")[0]);
    await clock.advance(45_000);
    await eventually("three comments", () => reader.comments === 3);
  });

  test("that comes back is told what it missed, and only that", async () => {
    await using site = await settled();
    const missedFrom = site.recorder.newestId;
    site.world.observe("cable", "timeout");
    const ids = Array.from({ length: site.recorder.newestId - missedFrom }, (_, index) => missedFrom + index + 1);
    assert.ok(ids.length > 3);
    for (const isWritten of [false, true]) {
      if (isWritten) site.recorder.flush();
      using reader = await site.stream({ "last-event-id": String(missedFrom) });
      await eventually("the status", () => reader.of("status")[0]);
      assert.deepEqual(
        reader.of("event").map(({ id }) => id),
        ids,
      );
    }
    using upToDate = await site.stream({ "last-event-id": String(site.recorder.newestId) });
    await eventually("the status", () => upToDate.of("status")[0]);
    assert.deepEqual([upToDate.of("event"), upToDate.of("reset")], [[], []]);
  });

  test("that missed too much, or what is no more, is told to begin anew", async () => {
    await using site = await settled();
    for (let round = 0; round < 60; round += 1) {
      site.world.observe("mobile", "timeout");
      site.world.observe("mobile", "ok");
    }
    assert.ok(site.recorder.newestId > 210);
    for (const [lastEventId, reason] of [
      [1, /too much/],
      [site.recorder.newestId + 5, /restarted/],
    ] as const) {
      using reader = await site.stream({ "last-event-id": String(lastEventId) });
      const { data, id } = await eventually("the reset", () => reader.of("reset")[0]);
      assert.match(resetSchema.parse(data).reason, reason);
      assert.equal(id, site.recorder.newestId);
      assert.deepEqual(reader.of("event"), []);
    }
    const { status } = await site.get("/api/v1/stream", { "last-event-id": "x" });
    assert.equal(status, 400);
  });
});

/** 300 endpoints in 100 ingresses, all up, and the records as they should be. */
function manyUp({ world }: ApiSite): void {
  const named = (index: number) => `ingress-${index}.example.com`;
  const ingresses = Array.from({ length: 100 }, (_, index) =>
    ingressSettings(
      named(index),
      ["a", "b", "c"].map((name, at) => endpointSettings(name, { priority: at })),
    ),
  );
  world.start(...ingresses);
  for (const { record } of ingresses) world.read([publishedRecord("CNAME", "a.example.com")], record);
  world.resolveAll();
  for (const { record } of ingresses) for (const name of ["a", "b", "c"]) world.observe(name, "ok", 3, record);
}

/** A probe that found nothing new, with all the numbers that one over HTTPS has, never twice the same. */
function answer({ world }: ApiSite, ingress: string, endpoint: string, tick: number): void {
  world.pass(50);
  const {
    revision,
    addresses: [address],
  } = world.endpoint(endpoint, ingress);
  const tookMs = 20 + (tick % 97) / 10;
  const phases = { resolve: tookMs / 7, connect: tookMs / 6, tls: tookMs / 5, headers: tookMs / 4, body: tookMs / 3 };
  world.dispatch({
    kind: "probed",
    ingress,
    endpoint,
    revision,
    address: address?.text ?? assert.fail("no address"),
    observation: {
      kind: "ok",
      startedMs: world.nowMs - tookMs,
      endedMs: world.nowMs,
      vantage: "local",
      phases,
      detail: "status 200",
    },
  });
}

describe("of 300 endpoints", () => {
  test("a client is sent less than 2 kB a second while probes find nothing new, and the numbers all the same", async () => {
    const clock = new VirtualClock();
    await using site = await ApiSite.start({ clock });
    manyUp(site);
    using reader = await site.stream();
    await eventually("the status", () => reader.of("status")[0]);
    const before = reader.bytes;
    const seconds = 120;
    // Each endpoint every 15 s.
    for (let tick = 0; tick < seconds * 20; tick += 1) {
      const at = tick % 300;
      answer(site, `ingress-${Math.floor(at / 3)}.example.com`, ["a", "b", "c"][at % 3] ?? "", tick);
      await clock.advance(50);
    }
    await eventually("numbers", () => reader.changes >= 2);
    const rate = (reader.bytes - before) / seconds;
    assert.ok(rate < 2_000, `${Math.round(rate)} bytes a second`);
    const shown = statusSchema.parse(reader.of("status").at(-1)?.data);
    assert.equal(shown.ingresses.length, 100);
  });

  test("what happens to one is told at once, in few bytes, and leads to the status that is asked for", async () => {
    const clock = new VirtualClock();
    await using site = await ApiSite.start({ clock });
    manyUp(site);
    using reader = await site.stream();
    await eventually("the status", () => reader.of("status")[0]);
    const before = reader.bytes;
    site.world.observe("a", "timeout", 3, "ingress-7.example.com");
    await clock.advance(600);
    await eventually("the change", () => reader.changes >= 1);
    assert.ok(reader.bytes - before < 10_000, `${reader.bytes - before} bytes`);
    const { daemon: _daemon, ...shown } = statusSchema.parse(reader.of("status").at(-1)?.data);
    const { daemon: _other, ...asked } = await site.json<Status>("/api/v1/status");
    assert.deepEqual(shown.ingresses, asked.ingresses);
  });

  test("one who does not read for a while is sent one difference for all that it missed", async () => {
    const clock = new VirtualClock();
    let status = { at: "0", ingresses: [{ record: "a", round: 0 }, { record: "b" }] } as unknown as Status;
    const earlier = { newestId: () => 0, newest: () => [], entriesOf: () => [] };
    const onBug = (error: unknown): void => assert.ifError(error);
    const words: EventWords = { word: () => ({ level: "info", text: "" }), recordOf: (id) => id };
    using stream = new Stream({ clock, status: () => status, earlier, words, onBug });
    const written: string[] = [];
    let isFull = false;
    const outgoing = new ServerResponse(new IncomingMessage(new Socket()));
    Object.defineProperty(outgoing, "writableNeedDrain", { get: () => isFull });
    outgoing.write = (chunk: Buffer | string): boolean => {
      written.push(String(chunk));
      return !isFull;
    };
    stream.open(outgoing, "a", undefined);
    const whole = status;
    isFull = true;
    for (let round = 1; round <= 20; round += 1) {
      status = { at: String(round), ingresses: [{ record: "a", round }, whole.ingresses[1]] } as unknown as Status;
      stream.stateChanged(true);
      await clock.advance(600);
    }
    const sent = () => written.filter((chunk) => /^event: (status|changes)/.test(chunk));
    assert.equal(sent().length, 1);
    isFull = false;
    outgoing.emit("drain");
    assert.deepEqual(sent().slice(1), ['event: changes\ndata: {"at":"20","ingresses":{"0":{"round":20}}}\n\n']);
    assert.deepEqual(withDifference(whole, { at: "20", ingresses: { 0: { round: 20 } } }), status);
  });
});

test("the status of one ingress is asked for by its record", async () => {
  await using site = await ApiSite.start();
  manyUp(site);
  const all = await site.json<Status>("/api/v1/status");
  const one = await site.json<Status>("/api/v1/status?ingress=Ingress-42.example.com.");
  assert.deepEqual(one.ingresses, all.ingresses.slice(42, 43));
  const { status, text } = await site.get("/api/v1/status?ingress=other.example.com");
  assert.equal(status, 404);
  assert.match(text, /no ingress|known/);
});

describe("many clients", () => {
  test("that come back together have what they missed put into words once for all", async () => {
    await using site = await settled();
    const { newestId } = site.recorder;
    assert.ok(newestId > 3);
    const first = await site.stream({ "last-event-id": String(newestId - 3) });
    await eventually("it is told", () => first.of("event").length === 3);
    const wordings = site.api.wordings;
    const readers = await Promise.all(
      Array.from({ length: 50 }, () => site.stream({ "last-event-id": String(newestId - 3) })),
    );
    await eventually("all are told", () => readers.every((reader) => reader.of("event").length === 3));
    assert.equal(site.api.wordings, wordings);
    for (const reader of [first, ...readers]) reader[Symbol.dispose]();
  });

  test("that come and go do not have a costly status made for each of them", () => {
    let nowMs = 0;
    let made = 0;
    const clock: Clock = { nowMs: () => nowMs, wallMs: () => nowMs, setTimer: () => () => undefined };
    const status = (): Status => {
      made += 1;
      nowMs += 100;
      return {} as Status;
    };
    const earlier = { newestId: () => 0, newest: () => [], entriesOf: () => [] };
    const onBug = (error: unknown): void => assert.ifError(error);
    const words: EventWords = { word: () => ({ level: "info", text: "" }), recordOf: (id) => id };
    using stream = new Stream({ clock, status, earlier, words, onBug });
    for (let reader = 0; reader < 100; reader += 1) {
      stream.stateChanged(true);
      const outgoing = new ServerResponse(new IncomingMessage(new Socket()));
      stream.open(outgoing, "a", undefined);
      outgoing.emit("close");
      nowMs += 10;
    }
    assert.ok(made >= 2 && made <= 4, `${made} in ${nowMs} ms`);
  });

  test(`${mostClients} are served with one wording for all, one more is told to wait, and other requests go on`, async () => {
    await using site = await settled();
    const { world } = site;
    const readers = await Promise.all(Array.from({ length: mostClients }, () => site.stream()));
    assert.equal(site.api.readers, mostClients);
    const { status, headers } = await site.get("/api/v1/stream");
    assert.deepEqual([status, headers["retry-after"]], [503, "10"]);
    assert.equal((await site.get("/api/v1/status")).status, 200);
    assert.equal((await site.get("/healthz")).status, 200);
    const wordings = site.api.wordings;
    const { newestId } = site.recorder;
    world.observe("cable", "timeout");
    await eventually("everybody knows", () =>
      readers.every((reader) => reader.of("event").some(({ id }) => id === site.recorder.newestId)),
    );
    const news = site.recorder.newestId - newestId;
    const statuses = Math.max(...readers.map((reader) => reader.of("status").length));
    assert.ok(site.api.wordings - wordings <= news + statuses, "once for all, not once for each");
    for (const reader of readers) reader[Symbol.dispose]();
    await eventually("nobody is left", () => site.api.readers === 0);
    using another = await site.stream();
    await eventually("the status", () => another.of("status")[0]);
  });

  test("who does not read is cut off, with bounded memory, and delays nobody", async () => {
    await using site = await settled();
    const { world } = site;
    // Longer reasons fill the sockets of the kernel sooner.
    const stuck = await Promise.all(Array.from({ length: 20 }, () => stuckClient(site)));
    using reader = await site.stream();
    await eventually("all are there", () => site.api.readers === 21);
    const long = "x".repeat(190);
    let longestTurnMs = 0;
    let unread = 0;
    for (let round = 0; site.api.readers > 1; round += 1) {
      assert.ok(round < 60_000, "they are never cut off");
      const before = process.cpuUsage();
      world.dispatch({ kind: "config-rejected", problems: Array.from({ length: 20 }, () => `${round} ${long}`) });
      // Of the CPU: what other programs use of the machine does not count as our delay.
      const { user, system } = process.cpuUsage(before);
      longestTurnMs = Math.max(longestTurnMs, (user + system) / 1_000);
      unread = Math.max(unread, site.api.unreadBytes);
      if (round % 20 === 0) await new Promise(setImmediate);
    }
    // Each may leave half a megabyte and what it was sent last.
    assert.ok(unread < 21 * 640 * 1_024, `${unread} bytes waited`);
    assert.ok(longestTurnMs < 500, `a turn took ${longestTurnMs} ms`);
    await eventually("the reader knows all", () => reader.of("event").at(-1)?.id === site.recorder.newestId);
    for (const socket of stuck) socket.destroy();
    assert.deepEqual(site.bugs, []);
  });
});

test("who reads nothing for half a minute is cut off, however little waits", async () => {
  const clock = new VirtualClock();
  await using site = await ApiSite.start({ clock });
  site.settle();
  const socket = await stuckClient(site);
  await eventually("it is there", () => site.api.readers === 1);
  const problems = Array.from({ length: 20 }, (_, index) => `${index} ${"x".repeat(190)}`);
  for (let round = 0; site.api.unreadBytes < 100_000; round += 1) {
    assert.ok(round < 60_000, "nothing ever waits");
    site.world.dispatch({ kind: "config-rejected", problems });
    if (round % 20 === 0) await new Promise(setImmediate);
  }
  await clock.advance(15_000);
  assert.equal(site.api.readers, 1);
  await clock.advance(30_000);
  assert.equal(site.api.readers, 0);
  socket.destroy();
});

test("a server that ends takes the streams with it", async () => {
  const site = await settled();
  using reader = await site.stream();
  await eventually("the status", () => reader.of("status")[0]);
  await site[Symbol.asyncDispose]();
  await eventually("the end", () => reader.isOver);
});

/** Asks for the stream and never reads on. */
async function stuckClient(site: ApiSite): Promise<Socket> {
  const { host, port } = site.server;
  const socket = connect({ host, port });
  socket.on("error", () => undefined);
  await once(socket, "connect");
  socket.write(`GET /api/v1/stream HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await once(socket, "readable");
  socket.pause();
  return socket;
}
