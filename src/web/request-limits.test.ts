// How often clients may ask, and that one that asks too often is no trouble for the others.
import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import { Costly } from "./costly.ts";
import { RequestLimits } from "./request-limits.ts";

/** How many of `count` requests, one after the other, are served. */
function servedOf(limits: RequestLimits, client: string, count: number): number {
  let served = 0;
  for (let request = 0; request < count; request += 1) {
    const admittance = limits.take(client);
    if (admittance.kind === "served") served += 1;
    admittance.end(0);
  }
  return served;
}

test("a client may ask four hundred times at once, then a hundred times a second, and others are not concerned", async () => {
  const clock = new VirtualClock();
  const limits = new RequestLimits(clock);
  assert.equal(servedOf(limits, "greedy", 5_000), 400);
  assert.equal(servedOf(limits, "other", 10), 10);
  await clock.advance(500);
  assert.equal(servedOf(limits, "greedy", 5_000), 50);
  await clock.advance(60_000);
  assert.equal(servedOf(limits, "greedy", 5_000), 400);
});

test("however many clients there are, together they get what a small machine can give, and the modest are served", async () => {
  const clock = new VirtualClock();
  const limits = new RequestLimits(clock);
  const crowd = Array.from({ length: 500 }, (_, index) => `198.51.100.${index}`);
  let served = 0;
  for (const client of crowd) served += servedOf(limits, client, 100);
  // A thousand at once, and forty of each client that has asked for nothing yet.
  assert.ok(served >= 1_000 && served <= 1_000 + 500 * 40, `${served}`);
  for (const client of crowd) served = servedOf(limits, client, 100);
  assert.equal(served, 0);
  assert.equal(servedOf(limits, "192.0.2.1", 20), 20);
});

test("requests of one client that are not answered yet are bounded: more are refused, late while they are few", () => {
  const limits = new RequestLimits(new VirtualClock());
  const under = Array.from({ length: 600 }, () => limits.take("a"));
  const kinds = under.map((each) => (each.kind === "served" ? "served" : each.isLate ? "late" : "at once"));
  const counts = ["served", "late", "at once"].map((kind) => kinds.filter((each) => each === kind).length);
  assert.deepEqual(counts, [64, 512 - 64, 600 - 512]);
  assert.equal(limits.take("b").kind, "served");
  for (const { end } of under) end(0);
});

test("long answers count for more: one client gets 6 MB a second, and all together what a small machine can send", async () => {
  const clock = new VirtualClock();
  const limits = new RequestLimits(clock);
  const megabytesOf = (client: string): number => {
    let sent = 0;
    for (let request = 0; request < 500; request += 1) {
      const admittance = limits.take(client);
      if (admittance.kind === "served") sent += 1;
      admittance.end(2 ** 20);
    }
    return sent;
  };
  const first = megabytesOf("greedy");
  assert.ok(first >= 20 && first <= 30, `${first}`);
  let sent = 0;
  // What it owes is forgotten after four seconds.
  for (let second = 0; second < 20; second += 1) {
    await clock.advance(1_000);
    sent += megabytesOf("greedy");
  }
  assert.ok(sent > 60 && sent < 140, `${sent}`);
  const crowd = Array.from({ length: 100 }, (_, index) => `198.51.100.${index}`);
  for (const client of crowd) megabytesOf(client);
  sent = 0;
  for (let second = 0; second < 10; second += 1) {
    await clock.advance(1_000);
    for (const client of crowd) sent += megabytesOf(client);
  }
  assert.ok(sent / 10 < 60, `${sent / 10} MB a second`);
});

test("what is cheap is made for everybody, and what is costly takes no more than a fifth of the time", async () => {
  const clock = new VirtualClock();
  for (const [costMs, most] of [
    [2, 1_000],
    [100, 3],
  ] as const) {
    let made = 0;
    const document = new Costly(clock, async () => {
      made += 1;
      await new Promise<void>((resolve) => clock.setTimer(costMs, resolve));
      return made;
    });
    for (let request = 0; request < 1_000; request += 1) {
      const asked = Promise.all([document.get(), document.get()]);
      await clock.advance(costMs === 2 ? 2 : 1);
      if (costMs === 2) await asked;
    }
    assert.ok(made <= most, `${made} for ${costMs} ms each`);
    assert.ok(made >= Math.min(2, most));
  }
});

test("what is out of date is made anew, however costly", async () => {
  const clock = new VirtualClock();
  let made = 0;
  const document = new Costly(clock, async () => {
    made += 1;
    await new Promise<void>((resolve) => clock.setTimer(1_000, resolve));
    return made;
  });
  const first = document.get();
  await clock.advance(1_000);
  assert.deepEqual([await first, await document.get()], [1, 1]);
  document.forget();
  const second = document.get();
  await clock.advance(1_000);
  assert.equal(await second, 2);
});

test("what fails is tried anew", async () => {
  const clock = new VirtualClock();
  let made = 0;
  const document = new Costly(clock, () => {
    made += 1;
    if (made === 1) throw new Error("planted");
    return made;
  });
  await assert.rejects(document.get(), /planted/);
  assert.equal(await document.get(), 2);
});
