// Two writers, one name: an edit by hand is put right and told; somebody who keeps editing meets an alarm, not a loop.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ingressName, startWorld, type World } from "../../src/emulation/world.ts";
import { startDaemon, type DaemonProcess } from "../support/daemon-process.ts";
import { eventually } from "../support/eventually.ts";
import { configOf, partsOf } from "../support/world-config.ts";

const reconcileMs = 1_000;
const standoff = 'ccs_ingress_standoff{ingress="ingress.example.com"}';

describe("repair", { concurrency: true }, () => {
  test("a record edited by hand is put right within the reconcile interval, and told", async () => {
    await using world = await startWorld();
    await using daemon = await startedDaemon(world);
    const repaired = world.cloudflare.nextCommit(({ by }) => by === "api", 15_000);
    const editedMs = performance.now();
    editRecord(world, { content: "hand.example.org", ttl: 900 });
    const commit = await repaired;
    const tookMs = (commit?.atMs ?? Infinity) - editedMs;
    assert.ok(tookMs < reconcileMs + 2_000, `the repair took ${tookMs} ms`);
    assert.deepEqual(
      world.records.map(({ content, ttl }) => [content, ttl]),
      [["primary.example.com", 60]],
    );
    const text = await told(world, /^ingress\.example\.com was changed outside ccs and has been repaired\n/);
    assert.match(text, /Found in between: CNAME hand\.example\.org \(TTL 15 min\)/);
    assert.match(text, /Published now: CNAME primary\.example\.com \(TTL 1 min\)/);
    assert.match(text, /Visible at the authoritative servers [\d.]+ m?s after/);
    await afterMoreReads(world, 3);
    assert.equal(world.cloudflare.counts.writes, 1);
    assert.equal(await daemon.metric(standoff), 0);
  });

  test("a record edited by hand is found at the authoritative servers, long before the next routine read", async () => {
    await using world = await startWorld();
    await using daemon = await startedDaemon(world, "1h");
    const before = readsOf(world);
    const repaired = world.cloudflare.nextCommit(({ by }) => by === "api", 60_000);
    const editedMs = performance.now();
    editRecord(world, { content: "hand.example.org" });
    const commit = await repaired;
    // Half a minute from look to look.
    assert.ok((commit?.atMs ?? Infinity) - editedMs < 35_000, `${(commit?.atMs ?? 0) - editedMs} ms`);
    assert.deepEqual(
      world.records.map(({ content }) => content),
      ["primary.example.com"],
    );
    assert.equal(readsOf(world) - before, 1, "read once, for a reason");
    await told(world, /^ingress\.example\.com was changed outside ccs and has been repaired\n/);
    assert.equal(await daemon.metric(standoff), 0);
  });

  test("a rival who undoes every write ends in an alarm after a bounded number of writes", async () => {
    await using world = await startWorld();
    await using daemon = await startedDaemon(world);
    const stop = world.cloudflare.onCommit(({ by }) => {
      if (by === "api") editRecord(world, { content: "rival.example.org" });
    });
    editRecord(world, { content: "rival.example.org" });
    const text = await told(
      world,
      /^Another program keeps overwriting ingress\.example\.com: automatic repair is paused\n/,
    );
    assert.match(text, /It should point to cable\./);
    assert.match(text, /Published now: CNAME rival\.example\.org/);
    assert.equal(await daemon.metric(standoff), 1);
    const writes = world.cloudflare.counts.writes;
    assert.ok(writes <= 2, `${writes} writes before the alarm`);
    await afterMoreReads(world, 4);
    assert.equal(world.cloudflare.counts.writes, writes, "nothing more is written");
    assert.equal(await daemon.metric('ccs_ingress_in_sync{ingress="ingress.example.com"}'), 0);

    // A new decision is worth one more try, and only one.
    await world.cable.server.behave({ kind: "refuse" });
    await daemon.untilLogged(/^written: CNAME secondary/);
    await afterMoreReads(world, 4);
    assert.equal(world.cloudflare.counts.writes, writes + 1);
    assert.equal(world.records[0]?.content, "rival.example.org");

    // The rival is gone, and somebody says so by loading the configuration anew.
    stop();
    daemon.send("SIGHUP");
    await eventually("the repair", () => world.records[0]?.content === world.mobile.host);
    await told(world, /^Automatic repair of ingress\.example\.com resumes\n/);
    assert.equal(world.cloudflare.counts.writes, writes + 2);
    assert.equal(await daemon.metric(standoff), 0);
  });
});

async function startedDaemon(world: World, reconcileInterval = `${reconcileMs}ms`): Promise<DaemonProcess> {
  const daemon = startDaemon({
    config: configOf(world, (config) => {
      partsOf(config).ingress.reconcile_interval = reconcileInterval;
    }),
  });
  await daemon.untilLogged(/^cable is up/);
  await daemon.untilLogged(/^mobile is up/);
  await told(world, /^Started/);
  return daemon;
}

/** Edits the record of the ingress as a person would in the dashboard. */
function editRecord(world: World, change: { content: string; ttl?: number }): void {
  const record = world.records.find(({ type }) => type === "CNAME");
  world.cloudflare.hand.edit(record?.id ?? "", change);
}

/** Waits until the records were read so many times more. */
async function afterMoreReads(world: World, count: number): Promise<void> {
  const before = readsOf(world);
  await eventually(`${count} more reads`, () => readsOf(world) >= before + count);
}

function readsOf({ cloudflare }: World): number {
  return cloudflare.requests.filter(({ method, path }) => method === "GET" && path.includes("/dns_records")).length;
}

async function told({ telegram }: World, pattern: RegExp): Promise<string> {
  const { plainText } = await eventually(
    `a message like ${pattern}`,
    () => telegram.messages.find((message) => pattern.test(message.plainText)),
    { explain: () => `\n${ingressName}: ${telegram.messages.map(({ plainText: text }) => text).join("\n\n")}` },
  );
  return plainText;
}
