import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { IngressWorld, endpointSettings, ingressSettings } from "../../test/support/ingress-world.ts";
import { VirtualClock, settle } from "../../test/support/virtual-clock.ts";
import type { Channel, Delivery } from "../channels/channel.ts";
import type { Message } from "../core/message.ts";
import { Notifier } from "./notifier.ts";
import { inMemoryStore } from "../../test/support/in-memory-outbox.ts";

const record = "ingress.example.com";
const settings = ingressSettings(record, [endpointSettings("cable"), endpointSettings("mobile", { priority: 20 })]);

/** A notifier on virtual time, and a world that tells it its turns at the same time. */
class Office implements AsyncDisposable {
  readonly clock = new VirtualClock({ nowMs: 1_000 });
  readonly store = inMemoryStore();
  readonly outcomes: string[] = [];
  readonly bugs: unknown[] = [];
  /** How often the time zone was looked up. */
  zonings = 0;
  readonly notifier = new Notifier({
    clock: this.clock,
    timeZone: () => {
      this.zonings += 1;
      return "UTC";
    },
    random: () => 1,
    store: this.store,
    onOutcome: (channel, outcome, { headline }) => void this.outcomes.push(`${channel} ${outcome}: ${headline}`),
    onBug: (error) => void this.bugs.push(error),
  });
  readonly world = new IngressWorld((turn) => this.notifier.hear(turn));

  /** A channel that keeps what it gets, and answers as it is told. */
  channel(arrived: Message[], answer: () => Delivery = () => ({ kind: "delivered" })): Channel {
    return {
      send: async (message) => {
        const delivery = answer();
        if (delivery.kind === "delivered") arrived.push(message);
        return delivery;
      },
    };
  }

  /** Lets real events happen at the world's time. */
  async at(happen: (world: IngressWorld) => void): Promise<void> {
    happen(this.world);
    await this.clock.advance(Math.max(0, this.world.nowMs - this.clock.nowMs()));
    await settle();
  }

  /** Lets time pass on both clocks. */
  async pass(durationMs: number): Promise<void> {
    this.world.pass(durationMs);
    await this.clock.advance(Math.max(0, this.world.nowMs - this.clock.nowMs()));
  }

  async start(): Promise<void> {
    await this.at((world) => {
      world.settle(settings);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.notifier[Symbol.asyncDispose]();
    assert.equal(this.clock.pendingTimers, 0, "a timer was left behind");
    assert.deepEqual(this.bugs, []);
  }
}

function headlines(messages: readonly Message[]): string[] {
  return messages.map(({ headline }) => headline);
}

const started = "Started: ingress.example.com points to cable";
const switched = "ingress.example.com now points to mobile (was cable)";

test("puts nothing into words while there is nothing to tell", async () => {
  await using office = new Office();
  await office.start();
  office.zonings = 0;
  for (let count = 0; count < 100; count += 1) await office.at((world) => world.observe("cable", "ok", 1));
  assert.equal(office.zonings, 0);
  await office.at((world) => world.observe("cable", "timeout"));
  assert.ok(office.zonings > 0);
});

test("turns what happens into messages, for every channel, with ids of their own", async () => {
  await using office = new Office();
  const [first, second]: [Message[], Message[]] = [[], []];
  office.notifier.use([
    { name: "first", channel: office.channel(first) },
    { name: "second", channel: office.channel(second) },
  ]);
  await office.start();
  await office.at((world) => world.observe("cable", "timeout"));
  assert.deepEqual(headlines(first), [started, switched]);
  await office.at((world) => {
    world.dispatch({ kind: "config-rejected", problems: ["one mistake"] });
    world.dispatch({ kind: "config-rejected", problems: ["another, in the same millisecond"] });
  });
  assert.deepEqual(first, second);
  const ids = first.map(({ id }) => id);
  assert.equal(new Set(ids).size, 4);
  assert.deepEqual(ids, ids.toSorted());
  assert.equal(office.outcomes[0], `first sent: ${started}`);
});

test("a clock that begins anew at the same date repeats no id of a message that waits", async () => {
  await using office = new Office();
  const wallMs = office.clock.wallMs();
  const waiting: Message = {
    id: (wallMs + 1_000).toString(36),
    importance: "high",
    atWallMs: office.clock.wallMs(),
    headline: "From an earlier life",
    details: [],
  };
  office.store.append("telegram", waiting);
  const arrived: Message[] = [];
  office.notifier.use([{ name: "telegram", channel: office.channel(arrived) }]);
  await office.start();
  assert.ok(arrived.length > 1);
  assert.deepEqual(
    arrived.slice(0, 2).map(({ id }) => Number.parseInt(id, 36) - wallMs),
    [1_000, 1_001],
  );
});

test("tells at the end what would have waited for more to be known", async () => {
  await using office = new Office();
  const arrived: Message[] = [];
  office.notifier.use([{ name: "test", channel: office.channel(arrived) }]);
  await office.start();
  office.world.edge = "scripted";
  await office.at((world) => world.observe("cable", "timeout"));
  assert.deepEqual(headlines(arrived), [started]);
  assert.ok(await office.notifier.flush(3_000));
  assert.deepEqual(headlines(arrived), [started, switched]);
  await office.clock.advance(10_000);
  assert.equal(arrived.length, 2);
});

test("tells what is overdue though nothing happens", async () => {
  await using office = new Office();
  const arrived: Message[] = [];
  office.notifier.use([{ name: "test", channel: office.channel(arrived) }]);
  await office.start();
  office.world.cloud = "silent";
  await office.at((world) => world.observe("cable", "timeout"));
  await office.clock.advance(19_000);
  assert.deepEqual(headlines(arrived), [started]);
  await office.clock.advance(1_500);
  assert.deepEqual(headlines(arrived), [
    started,
    "ingress.example.com should point to mobile, but that is not done yet",
  ]);
});

test("a stuck channel blocks no other, and keeps its messages", async () => {
  await using office = new Office();
  const [stuck, free]: [Message[], Message[]] = [[], []];
  let answer: Delivery = { kind: "barred", detail: "wrong token" };
  office.notifier.use([
    { name: "stuck", channel: office.channel(stuck, () => answer) },
    { name: "free", channel: office.channel(free) },
  ]);
  await office.start();
  await office.at((world) => world.observe("cable", "timeout"));
  assert.deepEqual(headlines(free), [started, switched]);
  assert.deepEqual(
    [...office.notifier.queued],
    [
      ["stuck", 2],
      ["free", 0],
    ],
  );
  answer = { kind: "delivered" };
  await office.pass(300_000);
  assert.deepEqual(headlines(stuck), [started, switched]);
});

describe("on reload", () => {
  test("a channel that is replaced keeps its queue", async () => {
    await using office = new Office();
    const arrived: Message[] = [];
    office.notifier.use([{ name: "test", channel: office.channel([], () => ({ kind: "barred", detail: "no" })) }]);
    await office.start();
    assert.equal(office.notifier.queued.get("test"), 1);
    office.notifier.use([{ name: "test", channel: office.channel(arrived) }]);
    await settle();
    assert.deepEqual(headlines(arrived), [started]);
  });

  test("a channel that left gets nothing more, and what it missed when it comes back", async () => {
    await using office = new Office();
    const [arrived, others]: [Message[], Message[]] = [[], []];
    const answer: Delivery = { kind: "barred", detail: "no" };
    office.notifier.use([{ name: "test", channel: office.channel(arrived, () => answer) }]);
    await office.start();
    office.notifier.use([{ name: "other", channel: office.channel(others) }]);
    await office.at((world) => world.observe("cable", "timeout"));
    assert.deepEqual([...office.notifier.queued.keys()], ["other"]);
    assert.deepEqual(headlines(others), [switched]);
    office.notifier.use([{ name: "test", channel: office.channel(arrived) }]);
    await settle();
    assert.deepEqual(headlines(arrived), [started]);
  });
});

test("when our own connection works again, what waits is tried at once", async () => {
  await using office = new Office();
  const arrived: Message[] = [];
  let answer: Delivery = { kind: "later", detail: "fetch failed" };
  office.notifier.use([{ name: "telegram", channel: office.channel(arrived, () => answer) }]);
  await office.start();
  // By now it waits for minutes between two attempts.
  await office.pass(1_200_000);
  answer = { kind: "delivered" };
  const { state } = office.world;
  const turn = { before: state, after: state, changes: [], atMs: office.clock.nowMs() };
  office.notifier.hear({ ...turn, facts: [{ kind: "config-applied", generation: 2 }] });
  await settle();
  assert.deepEqual(headlines(arrived), []);
  office.notifier.hear({ ...turn, facts: [{ kind: "blindness-ended", family: "ipv4", sinceMs: 0 }] });
  await settle();
  assert.deepEqual(headlines(arrived), [started]);
});

test("the first silence ends in one summary, and is counted from the start, not from a reload", async () => {
  await using office = new Office();
  const arrived: Message[] = [];
  const setup = { name: "test", channel: office.channel(arrived), initialSilenceMs: 300_000 };
  office.notifier.use([setup]);
  await office.start();
  await office.at((world) => world.observe("cable", "timeout"));
  await office.pass(150_000);
  office.notifier.use([setup]);
  assert.deepEqual(headlines(arrived), []);
  await office.pass(150_000);
  assert.deepEqual(headlines(arrived), ["2 messages were held back after the start"]);
  const [first, second] = arrived.at(0)?.details.map(([span]) => span as string) ?? [];
  assert.match(first ?? "", /Started: ingress\.example\.com points to cable$/);
  assert.match(second ?? "", /ingress\.example\.com now points to mobile \(was cable\)$/);
  office.notifier.use([{ ...setup, name: "late" }]);
  await office.at((world) => {
    world.observe("mobile", "ok", 1);
    world.observe("mobile", "timeout");
  });
  assert.equal(arrived.length, 2, "there is no second silence");
});

test("flush delivers what waits, within its time", async () => {
  await using office = new Office();
  const arrived: Message[] = [];
  let answer: Delivery = { kind: "later", detail: "no answer" };
  office.notifier.use([{ name: "test", channel: office.channel(arrived, () => answer), initialSilenceMs: 300_000 }]);
  await office.start();
  const failed = office.notifier.flush(2_000);
  await office.clock.advance(2_000);
  assert.equal(await failed, false);
  answer = { kind: "delivered" };
  assert.equal(await office.notifier.flush(2_000), true);
  assert.deepEqual(headlines(arrived), [started]);
});
