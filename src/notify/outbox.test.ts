import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { VirtualClock, settle } from "../../test/support/virtual-clock.ts";
import type { Channel, Delivery } from "../channels/channel.ts";
import type { Importance, Message, OutboxStore } from "../core/message.ts";
import { inMemoryStore } from "../../test/support/in-memory-outbox.ts";
import { Outbox } from "./outbox.ts";
import type { OutboxOptions, Outcome } from "./outbox.ts";

const delivered: Delivery = { kind: "delivered" };
const later: Delivery = { kind: "later", detail: "no answer" };
const barred: Delivery = { kind: "barred", detail: "wrong token" };
const refused: Delivery = { kind: "refused", isCertain: true, detail: "too long" };
const doubtful: Delivery = { kind: "refused", isCertain: false, detail: "something went wrong" };

/** A channel that answers as it is told, and otherwise delivers; and the outbox in front of it. */
class Post implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly outcomes: string[] = [];
  readonly bugs: unknown[] = [];
  /** What arrived, as `id` or `id (first detail)`. */
  readonly arrived: string[] = [];
  /** When attempts were made. */
  readonly attemptsMs: number[] = [];
  answers: Delivery[] = [];
  always: Delivery = delivered;
  /** While set, attempts do not end. */
  hangs = false;
  readonly store: OutboxStore;
  readonly outbox: Outbox;

  constructor(options: Partial<OutboxOptions> = {}, store = inMemoryStore()) {
    this.store = store;
    this.outbox = new Outbox(
      this.channel(),
      { channelName: "test", ...options },
      {
        clock: this.clock,
        random: () => 1,
        store,
        onOutcome: (outcome: Outcome, { id }, detail) => void this.outcomes.push(`${id} ${outcome} ${detail}`.trim()),
        onBug: (error) => void this.bugs.push(error),
        summarise: (messages) => ({ ...message("summary"), details: [[messages.map(({ id }) => id).join(" + ")]] }),
      },
    );
  }

  channel(): Channel {
    return {
      send: async (sent, signal) => {
        this.attemptsMs.push(this.clock.nowMs());
        if (this.hangs) {
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
          return later;
        }
        const answer = this.answers.shift() ?? this.always;
        const note = sent.details[0]?.[0];
        if (answer.kind === "delivered") this.arrived.push(typeof note === "string" ? `${sent.id} (${note})` : sent.id);
        return answer;
      },
    };
  }

  push(...ids: string[]): void {
    for (const id of ids) this.outbox.push(message(id, this.clock.wallMs()));
  }

  stored(): string[] {
    return this.store.list("test").map(({ id }) => id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.outbox[Symbol.asyncDispose]();
    assert.equal(this.clock.pendingTimers, 0, "a timer was left behind");
  }
}

function message(id: string, atWallMs = 0, importance: Importance = "normal"): Message {
  return { id, importance, atWallMs, headline: id, details: [] };
}

describe("delivery", () => {
  test("is in order, and forgets what has arrived", async () => {
    await using post = new Post();
    post.push("a", "b", "c");
    assert.deepEqual(post.stored(), ["a", "b", "c"], "durable before it is sent");
    await settle();
    assert.deepEqual(post.arrived, ["a", "b", "c"]);
    assert.deepEqual(post.outcomes, ["a sent", "b sent", "c sent"]);
    assert.deepEqual(post.stored(), []);
    assert.equal(post.outbox.queued, 0);
  });

  test("waits for what is on its way", async () => {
    await using post = new Post();
    post.hangs = true;
    post.push("a", "b");
    await settle();
    assert.equal(post.attemptsMs.length, 1);
    assert.equal(post.outbox.queued, 2);
  });

  test("goes on with what an earlier process left", async () => {
    const store = inMemoryStore();
    store.append("test", message("old"));
    store.append("other", message("not ours"));
    await using post = new Post({}, store);
    await settle();
    assert.deepEqual(post.arrived, ["old (This message is late: it happened at 1970-01-01 00:00:00 UTC.)"]);
    assert.deepEqual(store.list("other").length, 1);
  });

  test("of a message that waited says when it happened", async () => {
    await using post = new Post();
    post.answers = [later, later, later, later, later];
    post.push("a");
    await post.clock.advance(29_000);
    post.push("b");
    await post.clock.advance(10_000);
    assert.deepEqual(post.arrived, ["a (This message is late: it happened at 2026-01-01 00:00:00 UTC.)", "b"]);
  });
});

describe("passing trouble", () => {
  test("is retried with growing pauses up to five minutes, for days, and in order", async () => {
    await using post = new Post();
    post.always = later;
    post.push("a", "b");
    await post.clock.advance(3 * 24 * 60 * 60_000);
    const pauses = post.attemptsMs.map((atMs, index) => atMs - (post.attemptsMs[index - 1] ?? 0));
    assert.deepEqual(
      pauses.slice(0, 11),
      [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300].map((seconds) => seconds * 1_000),
    );
    assert.ok(pauses.slice(10).every((pauseMs) => pauseMs === 300_000));
    assert.ok(pauses.length > 800);
    post.always = delivered;
    await post.clock.advance(300_000);
    assert.deepEqual(
      post.arrived.map((text) => text.slice(0, 1)),
      ["a", "b"],
    );
    assert.equal(post.outcomes.filter((outcome) => outcome.startsWith("a retried")).length, pauses.length);
  });

  test("waits exactly as long as it is told", async () => {
    await using post = new Post();
    post.answers = [{ kind: "later", afterMs: 47_000, detail: "429" }];
    post.push("a");
    await post.clock.advance(46_999);
    assert.deepEqual(post.arrived, []);
    post.push("b");
    await settle();
    assert.equal(post.attemptsMs.length, 1, "a new message is no reason to ask again");
    await post.clock.advance(1);
    assert.equal(post.arrived.length, 2);
    assert.deepEqual(post.attemptsMs.slice(0, 2), [0, 47_000]);
  });

  test("believes no pause of more than a day", async () => {
    await using post = new Post();
    post.answers = [{ kind: "later", afterMs: 1e15, detail: "429" }];
    post.push("a");
    await post.clock.advance(24 * 60 * 60_000);
    assert.equal(post.arrived.length, 1);
  });

  test("starts with short pauses again once something has arrived", async () => {
    await using post = new Post();
    post.answers = [later, later, later, delivered, later];
    post.push("a", "b");
    await post.clock.advance(60_000);
    assert.deepEqual(post.attemptsMs, [0, 1_000, 3_000, 7_000, 7_000, 8_000]);
  });
});

describe("trouble with the message or the channel", () => {
  test("a message that is refused for certain is put aside, and blocks nothing", async () => {
    await using post = new Post();
    post.answers = [refused];
    post.push("poison", "b");
    await settle();
    assert.deepEqual(post.arrived, ["b"]);
    assert.deepEqual(post.outcomes, ["poison refused too long", "b sent"]);
    assert.deepEqual(post.stored(), []);
  });

  test("a refusal that may be a passing fault is believed after four", async () => {
    await using post = new Post();
    post.answers = [later, later, doubtful, doubtful, doubtful, doubtful];
    post.push("poison", "b");
    await post.clock.advance(120_000);
    assert.equal(post.attemptsMs.length, 7);
    assert.equal(post.outcomes.at(-2), "poison refused something went wrong");
    assert.equal(post.arrived.length, 1);
    post.answers = [doubtful, doubtful, doubtful];
    post.push("c");
    await post.clock.advance(120_000);
    assert.equal(post.arrived.length, 2, "refusals are counted for each message");
  });

  test("a barred channel keeps everything and asks again every five minutes", async () => {
    await using post = new Post();
    post.always = barred;
    post.push("a", "b");
    await post.clock.advance(3_600_000);
    assert.equal(post.attemptsMs.length, 13);
    assert.equal(post.outbox.queued, 2);
    post.always = delivered;
    await post.clock.advance(300_000);
    assert.equal(post.arrived.length, 2);
  });

  test("another channel is tried at once and gets everything that waits", async () => {
    await using post = new Post();
    post.always = barred;
    post.push("a", "b");
    await settle();
    post.always = delivered;
    post.outbox.replaceChannel(post.channel());
    await settle();
    assert.deepEqual(post.arrived, ["a", "b"]);
  });

  test("another channel does not shorten a pause that was asked for", async () => {
    await using post = new Post();
    post.answers = [{ kind: "later", afterMs: 60_000, detail: "429" }];
    post.push("a");
    await settle();
    post.outbox.replaceChannel(post.channel());
    await post.clock.advance(59_999);
    assert.equal(post.attemptsMs.length, 1);
    await post.clock.advance(1);
    assert.equal(post.arrived.length, 1);
  });

  test("what a channel says after it was replaced delays nothing", async () => {
    await using post = new Post();
    let answer: (delivery: Delivery) => void = () => undefined;
    post.outbox.replaceChannel({ send: () => new Promise((resolve) => (answer = resolve)) });
    post.push("a");
    post.outbox.replaceChannel(post.channel());
    answer(barred);
    await settle();
    assert.deepEqual(post.arrived, ["a"]);
  });

  test("a channel that throws costs an attempt and is reported", async () => {
    await using post = new Post();
    const channel = post.channel();
    let isBroken = true;
    post.outbox.replaceChannel({
      send: async (sent, signal) => {
        if (isBroken) throw new Error("planted");
        return channel.send(sent, signal);
      },
    });
    post.push("a");
    await settle();
    assert.match(String(post.bugs), /planted/);
    isBroken = false;
    await post.clock.advance(1_000);
    assert.deepEqual(post.arrived, ["a"]);
  });

  test("a store that fails costs no message and is reported", async () => {
    const fail = (): never => {
      throw new Error("disk full");
    };
    await using post = new Post({}, { append: fail, remove: fail, list: fail });
    post.push("a");
    await settle();
    assert.deepEqual(post.arrived, ["a"]);
    assert.equal(post.bugs.length, 3);
  });
});

describe("a full queue", () => {
  test("drops the oldest of the least important, and the next message says so", async () => {
    await using post = new Post({ capacity: 4 });
    post.hangs = true;
    const { outbox } = post;
    const wallMs = post.clock.wallMs();
    outbox.push(message("on its way", wallMs, "low"));
    await settle();
    for (const [id, importance] of [
      ["high 1", "high"],
      ["low 1", "low"],
      ["normal 1", "normal"],
      ["high 2", "high"],
      ["low 2", "low"],
      ["high 3", "high"],
    ] as const) {
      outbox.push(message(id, wallMs, importance));
    }
    assert.equal(outbox.queued, 4);
    assert.deepEqual(post.stored(), ["on its way", "high 1", "high 2", "high 3"]);
    assert.deepEqual(
      post.outcomes.map((outcome) => outcome.split(" more")[0]),
      ["low 1 dropped", "low 2 dropped", "normal 1 dropped"],
    );
    post.hangs = false;
    await using fresh = new Post({ capacity: 4 }, post.store);
    await settle();
    assert.equal(fresh.arrived.length, 4);
  });

  test("says so once", async () => {
    await using post = new Post({ capacity: 2 });
    post.answers = [later];
    post.push("a", "b");
    await settle();
    post.push("c", "d");
    await post.clock.advance(1_000);
    assert.deepEqual(post.arrived, [
      "c (Before this, 2 older messages of low importance were dropped: too many were waiting.)",
      "d",
    ]);
  });
});

describe("the first silence", () => {
  test("ends in one summary of what was held", async () => {
    await using post = new Post({ silentUntilMs: 300_000 });
    post.push("a");
    await post.clock.advance(100_000);
    post.push("b");
    await post.clock.advance(199_999);
    assert.deepEqual(post.attemptsMs, []);
    assert.deepEqual(post.stored(), ["a", "b"], "nothing that is held can be lost");
    await post.clock.advance(1);
    assert.equal(post.attemptsMs.length, 1);
    assert.match(post.arrived[0] ?? "", /^summary/);
    assert.deepEqual(post.stored(), []);
    post.push("c");
    await settle();
    assert.equal(post.arrived.at(-1), "c");
  });

  test("leaves its summary on the disk until that is delivered", async () => {
    const store = inMemoryStore();
    {
      await using post = new Post({ silentUntilMs: 10_000 }, store);
      post.always = later;
      post.push("a", "b");
      await post.clock.advance(10_000);
      assert.deepEqual(post.arrived, []);
      assert.deepEqual(post.stored(), ["summary"]);
    }
    // The next life tells it.
    await using post = new Post({}, store);
    await settle();
    assert.match(post.arrived[0] ?? "", /^summary/);
    assert.deepEqual(post.stored(), []);
  });

  test("ends in the message itself when it held only one, and in nothing when it held none", async () => {
    await using one = new Post({ silentUntilMs: 10_000 });
    one.push("a");
    await one.clock.advance(10_000);
    assert.deepEqual(one.arrived, ["a"]);
    await using none = new Post({ silentUntilMs: 10_000 });
    await none.clock.advance(20_000);
    none.push("b");
    await settle();
    assert.deepEqual(none.arrived, ["b"]);
  });

  test("ends sooner when it is shortened, and no later when it is not", async () => {
    await using post = new Post({ silentUntilMs: 300_000 });
    post.push("a");
    post.outbox.endSilenceBy(400_000);
    post.outbox.endSilenceBy(10_000);
    await post.clock.advance(9_999);
    assert.deepEqual(post.arrived, []);
    await post.clock.advance(1);
    assert.deepEqual(post.arrived, ["a"]);
  });

  test("is not broken by another channel", async () => {
    await using post = new Post({ silentUntilMs: 10_000 });
    post.push("a");
    post.outbox.replaceChannel(post.channel());
    await post.clock.advance(9_999);
    assert.deepEqual(post.attemptsMs, []);
  });

  test("ends with a flush: a shutdown loses nothing", async () => {
    await using post = new Post({ silentUntilMs: 300_000 });
    post.push("a", "b");
    assert.equal(await post.outbox.flush(5_000), true);
    assert.equal(post.arrived.length, 1);
    assert.match(post.arrived[0] ?? "", /^summary/);
  });
});

describe("flush", () => {
  test("is done at once when nothing waits", async () => {
    await using post = new Post();
    assert.equal(await post.outbox.flush(5_000), true);
  });

  test("does not wait for a pause of our own, but for one that was asked for", async () => {
    await using post = new Post();
    post.answers = [later, later, later, later];
    post.push("a");
    await post.clock.advance(7_500);
    const flushed = post.outbox.flush(5_000);
    await settle();
    assert.equal(await flushed, true);

    await using told = new Post();
    told.answers = [{ kind: "later", afterMs: 60_000, detail: "429" }];
    told.push("a");
    await settle();
    const unflushed = told.outbox.flush(5_000);
    await told.clock.advance(5_000);
    assert.equal(await unflushed, false);
    assert.equal(told.attemptsMs.length, 1);
  });

  test("gives up in time, and what was not delivered stays stored", async () => {
    const post = new Post();
    post.hangs = true;
    post.push("a", "b");
    const flushed = post.outbox.flush(5_000);
    await post.clock.advance(5_000);
    assert.equal(await flushed, false);
    await post[Symbol.asyncDispose]();
    assert.deepEqual(post.stored(), ["a", "b"]);
    assert.deepEqual(post.outcomes, [], "a shutdown is no answer");
  });
});

test("nothing is sent after the end", async () => {
  const post = new Post();
  post.always = later;
  post.push("a");
  await settle();
  await post[Symbol.asyncDispose]();
  post.push("b");
  await post.clock.advance(3_600_000);
  assert.equal(post.attemptsMs.length, 1);
  assert.deepEqual(post.stored(), ["a", "b"]);
});
