// The reconciler with the real provider against the emulated Cloudflare, on virtual time: whatever the API does, the
// calls stay few, nothing is doubled, nothing foreign is touched, and once it is well the record is right.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { CloudflareProvider } from "../../src/cloud/cloudflare.ts";
import { CloudflareApi } from "../../src/emulation/cloudflare/api.ts";
import { reads, writes, type RequestFault, type FaultTarget } from "../../src/emulation/cloudflare/faults.ts";
import { createLog } from "../../src/lib/log.ts";
import { Secret } from "../../src/lib/secret.ts";
import { VirtualClock } from "../support/virtual-clock.ts";
import { apiUrl, fetchFrom } from "./api-fetch.ts";
import { ReconcilerWorld, record, type EndpointName } from "./reconciler-world.ts";
import { canary } from "./scripted-api.ts";

const minuteMs = 60_000;
const isOurs = ({ type }: { type: string }): boolean => ["A", "AAAA", "CNAME"].includes(type);

/** An emulated zone with TXT and MX at the name, and a world in which `cable` is published and up. */
async function converged(random: () => number) {
  const clock = new VirtualClock();
  const api = new CloudflareApi({ clock, random: seeded(1), tokens: [{ token: canary }] });
  api.hand.add({ name: record, type: "TXT", content: '"v=spf1 -all"' });
  api.hand.add({ name: record, type: "MX", content: "mail.example.net", priority: 10 });
  const logged: string[] = [];
  const log = createLog({ level: "trace", isForPeople: false, stream: { write: (line) => void logged.push(line) } });
  const provider = new CloudflareProvider({ token: new Secret(canary), apiUrl, clock, fetch: fetchFrom(api) });
  const world = new ReconcilerWorld({ clock, provider, random, log });
  await world.start();
  const published = (): string[] =>
    api
      .recordsAt(record)
      .filter(isOurs)
      .map(({ content }) => content);
  assert.deepEqual(published(), ["cable.example.net"]);
  return { api, world, clock, published, logged };
}

type Scene = Awaited<ReturnType<typeof converged>>;

/** The most requests within any 6 s. */
function busiestSixSeconds({ requests }: CloudflareApi): number {
  return Math.max(
    ...requests.map(({ atMs }) => requests.filter((r) => r.atMs >= atMs && r.atMs < atMs + 6_000).length),
  );
}

/** What must hold at the end of every scene, whatever happened in it. */
function assertUnharmed({ api, world, logged }: Scene, foreign: string): void {
  assert.equal(JSON.stringify(api.recordsAt(record).filter((one) => !isOurs(one))), foreign);
  for (const { zone } of api.history("example.com").slice(4)) {
    const ours = zone.records.filter((one) => one.name === record && isOurs(one));
    assert.equal(ours.length, 1, "one record of ours in every committed state");
  }
  assert(busiestSixSeconds(api) <= 40, `${busiestSixSeconds(api)} calls in 6 s`);
  const said = [...logged, inspect(world.events, { depth: 20 }), inspect(world.daemon.state, { depth: 20 })].join("\n");
  assert(said.length > 1_000 && !said.includes("CANARY"), "the token shows");
}

const refusal = { status: 403, code: 10000, message: `Authentication error for ${canary}` };

/** Each with how long the last attempt before healing may have been told to wait. */
const faults: [RequestFault, waitMs?: number][] = [
  [{ kind: "drop-before-commit" }],
  [{ kind: "drop-after-commit" }],
  [{ kind: "silent" }],
  [{ kind: "silent", isCommitted: true }],
  [{ kind: "stall-after-headers" }],
  [{ kind: "truncated-json" }],
  [{ kind: "html", status: 200 }],
  [{ kind: "html", status: 200, isCommitted: true }],
  [{ kind: "html", status: 502 }],
  [{ kind: "html", status: 502, isCommitted: true }],
  [{ kind: "unavailable" }],
  [{ kind: "unavailable", status: 520, isCommitted: true }],
  [{ kind: "unsuccessful" }],
  [{ kind: "unsuccessful", isCommitted: true }],
  [{ kind: "delay", afterCommitMs: 20_000 }],
  [{ kind: "delay", beforeCommitMs: 20_000 }],
  [{ kind: "rate-limited", retryAfterSeconds: 20 }, 20_000],
  [{ kind: "rate-limited", retryAfterSeconds: 100_000 }, 5 * minuteMs],
  [{ kind: "rate-limited" }, 5 * minuteMs],
  [{ kind: "refused", problem: refusal }, 5 * minuteMs],
];
const aims: Record<string, (target: FaultTarget) => boolean> = { "every call": () => true, reads, writes };

for (const [fault, waitMs = 0] of faults) {
  for (const [where, aim] of Object.entries(aims)) {
    test(`${describe(fault)} at ${where}: few calls, no harm, and right within 45 s of healing`, async () => {
      for (const [index, healAfterMs] of [100, 120_000, 307_000].entries()) {
        const scene = await converged(seeded(index));
        await using world = scene.world;
        const { api, clock } = scene;
        const foreign = JSON.stringify(api.recordsAt(record).filter((one) => !isOurs(one)));
        api.faults.always(fault, aim);
        world.want("mobile");
        await clock.advance(healAfterMs);
        api.faults.clear();
        await clock.advance(45_000 + waitMs);
        assert.deepEqual(scene.published(), ["mobile.example.net"], `healed after ${healAfterMs} ms`);
        // Late attempts and second looks included, nothing more is to be done.
        await clock.advance(2 * minuteMs);
        const { writes: before } = api.counts;
        await clock.advance(11 * minuteMs);
        assert.equal(api.counts.writes, before);
        assert.deepEqual(scene.published(), ["mobile.example.net"]);
        assertUnharmed(scene, foreign);
      }
    });
  }
}

test("silence that ends right after a call was made is overcome within 31 s all the same", async () => {
  for (let healAfterMs = 300_000; healAfterMs < 346_000; healAfterMs += 1_000) {
    // The longest pauses that chance may choose.
    const scene = await converged(() => 0.999);
    await using world = scene.world;
    scene.api.faults.always({ kind: "silent" });
    world.want("mobile");
    await scene.clock.advance(healAfterMs);
    scene.api.faults.clear();
    await scene.clock.advance(31_000);
    assert.deepEqual(scene.published(), ["mobile.example.net"], `healed after ${healAfterMs} ms`);
  }
});

test("no call comes before the end of Retry-After", async () => {
  const scene = await converged(seeded(7));
  await using world = scene.world;
  scene.api.faults.next({ kind: "rate-limited", retryAfterSeconds: 200 });
  world.want("mobile");
  await scene.clock.advance(0);
  const before = scene.api.requests.length;
  for (const wanted of ["cable", "mobile", "cable", "mobile"] satisfies EndpointName[]) {
    world.want(wanted);
    await scene.clock.advance(49_999);
    assert.equal(scene.api.requests.length, before);
  }
  await scene.clock.advance(2_000);
  assert.deepEqual(scene.published(), ["mobile.example.net"]);
});

test("switching to and fro under faults that come and go ends right, with nothing doubled", async () => {
  for (let seed = 0; seed < 12; seed += 1) {
    const random = seeded(seed);
    const scene = await converged(random);
    await using world = scene.world;
    const { api, clock } = scene;
    const foreign = JSON.stringify(api.recordsAt(record).filter((one) => !isOurs(one)));
    const kinds = faults.filter(([, waitMs]) => waitMs === undefined).map(([fault]) => fault);
    for (let round = 0; round < 40; round += 1) {
      const fault = kinds[Math.floor(random() * kinds.length)];
      if (fault !== undefined && random() < 0.6) api.faults.next(fault);
      world.want(random() < 0.5 ? "cable" : "mobile");
      await clock.advance(random() * 20_000);
    }
    world.want("mobile");
    api.faults.clear();
    await clock.advance(2 * minuteMs);
    assert.deepEqual(scene.published(), ["mobile.example.net"], `seed ${seed}`);
    assertUnharmed(scene, foreign);
  }
});

function describe(fault: RequestFault): string {
  const { kind, ...rest } = fault;
  const details = Object.entries(rest).map(([name, value]) =>
    name === "problem" ? "403" : `${name} ${String(value)}`,
  );
  return [kind, ...details].join(", ");
}

/** A small generator of repeatable chance (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
