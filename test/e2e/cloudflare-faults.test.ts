// Cloudflare's API in all its moods. Whatever happens to a write, the record ends up right, and nothing is written twice
// that was written once.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { reads, writes, type RequestFault } from "../../src/emulation/cloudflare/faults.ts";
import { startWorld, type World } from "../../src/emulation/world.ts";
import { startDaemon } from "../support/daemon-process.ts";
import { eventually } from "../support/eventually.ts";
import { startFleet } from "../support/fleet.ts";
import { configOf } from "../support/world-config.ts";
import { untilBothUp } from "../support/world-daemon.ts";

interface Case {
  readonly name: string;
  /** What happens to the first write. */
  readonly fault: RequestFault;
  /** How many write requests that makes in all. A write that was committed needs no second. */
  readonly requests: 1 | 2;
}

const cases: readonly Case[] = [
  { name: "unavailable", fault: { kind: "unavailable", status: 503 }, requests: 2 },
  { name: "unavailable-done", fault: { kind: "unavailable", status: 503, isCommitted: true }, requests: 1 },
  { name: "dropped", fault: { kind: "drop-before-commit" }, requests: 2 },
  { name: "dropped-done", fault: { kind: "drop-after-commit" }, requests: 1 },
  { name: "truncated", fault: { kind: "truncated-json" }, requests: 1 },
  { name: "portal", fault: { kind: "html", status: 200 }, requests: 2 },
  { name: "portal-done", fault: { kind: "html", status: 200, isCommitted: true }, requests: 1 },
  { name: "gateway", fault: { kind: "html", status: 502 }, requests: 2 },
  { name: "unsuccessful", fault: { kind: "unsuccessful" }, requests: 2 },
  { name: "unsuccessful-done", fault: { kind: "unsuccessful", isCommitted: true }, requests: 1 },
  // These two take the daemon's whole patience with a request, 15 s.
  { name: "silent", fault: { kind: "silent" }, requests: 2 },
  { name: "stalled", fault: { kind: "stall-after-headers" }, requests: 1 },
];

describe("Cloudflare's faults", { concurrency: 4 }, () => {
  test("whatever happens to a write, the record ends up right, and is changed once", async () => {
    await using fleet = await startFleet(cases.map(({ name }) => name));
    await using daemon = startDaemon({ config: fleet.config() });
    await daemon.untilLogged(/^cable is up/, { count: cases.length });
    await daemon.untilLogged(/^mobile is up/, { count: cases.length });
    for (const { name, fault } of cases) {
      const { zoneId } = fleet.ship(name);
      fleet.cloudflare.faults.next(fault, ({ method, path }) => method !== "GET" && path.includes(zoneId));
    }
    await Promise.all(fleet.ships.map(({ cable }) => cable.behave({ kind: "refuse" })));
    await daemon.untilLogged(/^Cloudflare: could not confirm the write of/, { count: cases.length });
    await daemon.untilLogged(/^Cloudflare works again after/, { count: cases.length, timeoutMs: 40_000 });
    assert.equal(fleet.cloudflare.faults.waiting, 0);
    for (const { name, requests } of cases) {
      const records = fleet.recordsOf(name).map(({ type, content }) => `${type} ${content}`);
      assert.deepEqual(records, [`CNAME mobile.${name}.example`], name);
      assert.equal(fleet.writesFor(name).length, requests, name);
      assert.equal(fleet.commitsOf(name), 1, name);
    }
  });

  test("records that were changed by somebody else in between are read again, and written once", async () => {
    await using world = await startWorld();
    await using daemon = startDaemon({ config: configOf(world) });
    await untilBothUp(daemon);
    const [record] = world.records;
    world.cloudflare.faults.next(
      {
        kind: "delay",
        meanwhile: () => {
          const { id = "", name = "", content = "" } = record ?? {};
          world.cloudflare.hand.remove(id);
          world.cloudflare.hand.add({ type: "CNAME", name, content, ttl: 60 });
        },
      },
      writes,
    );
    await world.cable.server.behave({ kind: "refuse" });
    await daemon.untilLogged(/^written: CNAME secondary/);
    assert.deepEqual(
      world.cloudflare.writeRequests.map(({ code }) => code),
      [81044, undefined],
    );
    assert.equal(world.records[0]?.content, world.mobile.host);
  });

  test("an API that answers nothing right at the start is asked until it does", async () => {
    await using world = await startWorld();
    for (const fault of [{ kind: "unavailable" }, { kind: "html", status: 200 }] as const) {
      world.cloudflare.faults.next(fault, reads);
    }
    await using daemon = startDaemon({ config: configOf(world) });
    await daemon.untilLogged(/^found: CNAME primary\.example\.com/);
    assert.equal(daemon.logged(/^Cloudflare: could not look up the zone/).length, 1);
    await untilBothUp(daemon);
    assert.equal(world.cloudflare.counts.writes, 0);
  });

  test("429 with Retry-After: nothing is asked before that, then the record is written", async () => {
    await using world = await startWorld();
    await using daemon = startDaemon({ config: configOf(world) });
    await untilBothUp(daemon);
    world.cloudflare.faults.next({ kind: "rate-limited", retryAfterSeconds: 1 }, writes);
    await world.cable.server.behave({ kind: "refuse" });
    await daemon.untilLogged(/^written: CNAME secondary/);
    const { requests } = world.cloudflare;
    const refused = requests.findIndex(({ status }) => status === 429);
    const waitedMs = (requests[refused + 1]?.atMs ?? 0) - (requests[refused]?.atMs ?? 0);
    assert.ok(waitedMs >= 1_000, `asked again after ${waitedMs} ms`);
    assert.equal(world.cloudflare.counts.writes, 2);
  });

  test("429 without Retry-After: nothing is asked for minutes, and the watching goes on", async () => {
    await using world = await startWorld();
    await using daemon = startDaemon({ config: configOf(world) });
    await untilBothUp(daemon);
    world.cloudflare.faults.next({ kind: "rate-limited" }, writes);
    await world.cable.server.behave({ kind: "refuse" });
    await daemon.untilLogged(/^Cloudflare: /);
    await asksNothingMore(world);
  });

  test("a token that is refused is told once, not tried again and again, and replaced by a reload", async () => {
    await using world = await startWorld();
    const wrong = "cfut_this-token-was-rolled-yesterday";
    await using daemon = startDaemon({
      config: configOf(world, ({ cloudflare }) => {
        cloudflare.token = wrong;
      }),
    });
    const told = await daemon.untilLogged(/^Cloudflare: /);
    assert.match(told.msg, /9109 "Invalid access token".*check that the token is valid and may edit DNS in this zone/);
    await untilBothUp(daemon);
    await asksNothingMore(world);
    assert.equal(world.cloudflare.requests.length, 1);
    assert.equal(daemon.logged(/^Cloudflare: /).length, 1);

    daemon.rewriteConfig((text) => text.replace(wrong, world.cloudflare.token));
    await daemon.untilLogged(/^found: CNAME primary\.example\.com/);
    await world.cable.server.behave({ kind: "refuse" });
    await daemon.untilLogged(/^written: CNAME secondary/);
    assert.ok(!daemon.output.includes(wrong));
  });

  test("what stands in the way is named, left alone, and looked at again on a reload", async () => {
    const delegated = { type: "NS", name: "ingress.delegated.example", content: "ns.elsewhere.example", ttl: 3600 };
    const locked = {
      type: "CNAME",
      name: "ingress.locked.example",
      content: "page.pages.example",
      ttl: 60,
      meta: { read_only: true },
    };
    await using fleet = await startFleet(["delegated", "locked"], {
      records: (zone) => (zone === "delegated.example" ? [delegated] : [locked]),
    });
    await using daemon = startDaemon({ config: fleet.config() });
    await daemon.untilLogged(/^Cloudflare: /, { count: 2 });
    await daemon.untilLogged(/^cable is up/, { count: 2 });
    const messages = daemon
      .logged(/^Cloudflare: /)
      .map(({ msg }) => msg)
      .toSorted();
    assert.match(
      messages[0] ?? "",
      /cannot manage ingress\.delegated\.example: an NS record delegates this name; remove it/,
    );
    assert.match(
      messages[1] ?? "",
      /cannot manage ingress\.locked\.example: its CNAME record belongs to another Cloudflare/,
    );
    assert.equal(fleet.cloudflare.counts.writes, 0);

    fleet.cloudflare.hand.remove(fleet.recordsOf("delegated")[0]?.id ?? "");
    daemon.send("SIGHUP");
    await daemon.until(
      "a record is there",
      () => fleet.recordsOf("delegated")[0]?.content === "cable.delegated.example",
    );
    assert.equal(fleet.writesFor("delegated").length, 1);
    assert.equal(fleet.writesFor("locked").length, 0);
  });
});

/** Cloudflare hears nothing while the lines are probed a few times more. */
async function asksNothingMore({ cloudflare, mobile }: World): Promise<void> {
  const { length } = cloudflare.requests;
  const probes = mobile.server.counts.requests;
  await eventually("more probes", () => mobile.server.counts.requests >= probes + 6);
  assert.equal(cloudflare.requests.length, length);
}
