import assert from "node:assert/strict";
import { createServer } from "node:net";
import { describe, test } from "node:test";
import { freePort } from "../../test/support/ports.ts";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import { untestedConnection } from "../core/evidence/proof.ts";
import type { Event, EventOf, State } from "../core/model.ts";
import { initialState } from "../core/step.ts";
import { listenTcp } from "../emulation/listen.ts";
import { parseIp } from "../lib/ip.ts";
import { reachOverTcp } from "../runtime/node/reach.ts";
import { Anchors, type Anchor } from "./anchors.ts";

/** A state that seeks proof of connection in IPv4: the monitor is blind there. */
const blind: State = {
  ...initialState,
  connection: { ...untestedConnection, ipv4: { ...untestedConnection.ipv4, blindSinceMs: 0 } },
};

function anchor(text: string, port = 443): Anchor {
  const address = parseIp(text);
  assert.ok(address);
  return { address, port };
}

/** Four reference hosts of which those in `answering` take connections, each after `afterMs`. */
class Shore implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly answering = new Set<string>();
  readonly tries: { readonly host: string; readonly atMs: number }[] = [];
  readonly events: EventOf<"anchors-tried">[] = [];
  afterMs = 10;
  readonly anchors: Anchors;

  constructor(hosts = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"]) {
    this.anchors = new Anchors(
      {
        clock: this.clock,
        onBug: (error) => assert.ifError(error),
        reach: async ({ address: { text } }, signal) => {
          this.tries.push({ host: text, atMs: this.clock.nowMs() });
          const { promise, resolve } = Promise.withResolvers<boolean>();
          signal.addEventListener("abort", () => resolve(false), { once: true });
          const isThere = this.answering.has(text);
          const cancel = isThere ? this.clock.setTimer(this.afterMs, () => resolve(true)) : undefined;
          return promise.finally(() => cancel?.());
        },
        dispatch: (event) => {
          assert.equal(event.kind, "anchors-tried");
          this.events.push(event);
        },
      },
      hosts.map((host) => anchor(host)),
    );
  }

  /** How many were asked and answered, of each try. */
  get outcomes(): string[] {
    return this.events.map(({ asked, answered }) => `${answered} of ${asked}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.anchors.close();
    assert.equal(this.clock.pendingTimers, 0, "a timer was left behind");
  }
}

describe("reference hosts", () => {
  test("are left in peace while nothing waits for proof", async () => {
    await using shore = new Shore();
    shore.anchors.follow(initialState);
    await shore.clock.advance(60_000);
    assert.deepEqual(shore.tries, []);
  });

  test("end a try as soon as most of them have answered, and not with half of them", async () => {
    await using shore = new Shore();
    shore.answering.add("192.0.2.1").add("192.0.2.2");
    shore.anchors.follow(blind);
    await shore.clock.advance(1_999);
    assert.deepEqual(shore.outcomes, [], "half of them is not most: the others have the time that is theirs");
    await shore.clock.advance(1);
    assert.deepEqual(shore.outcomes, ["2 of 4"]);

    shore.answering.add("192.0.2.3");
    await shore.clock.advance(510);
    assert.deepEqual(shore.outcomes, ["2 of 4", "3 of 4"]);
    assert.equal(shore.events.at(-1)?.endedMs, 2_510, "proven by the first answer");
  });

  test("that prove nothing are tried again after half a second, and so on while that is wanted", async () => {
    await using shore = new Shore();
    shore.answering.add("192.0.2.1");
    shore.anchors.follow(blind);
    await shore.clock.advance(10_000);
    const startsMs = shore.tries.filter(({ host }) => host === "192.0.2.1").map(({ atMs }) => atMs);
    assert.deepEqual(startsMs, [0, 2_500, 5_000, 7_500, 10_000]);
    shore.anchors.follow(initialState);
    await shore.clock.advance(60_000);
    assert.equal(shore.tries.length, 5 * 4);
  });

  test("that refuse at once are not asked without end", async () => {
    const events: Event[] = [];
    const clock = new VirtualClock();
    let tries = 0;
    const anchors = new Anchors(
      {
        clock,
        onBug: (error) => assert.ifError(error),
        reach: () => {
          tries += 1;
          // Without a pause this would never come to rest.
          return tries < 1_000 ? Promise.resolve(false) : new Promise(() => {});
        },
        dispatch: (event) => void events.push(event),
      },
      [anchor("192.0.2.1")],
    );
    anchors.follow(blind);
    await clock.advance(5_000);
    assert.equal(tries, 11);
    assert.equal(events.length, 11);
    await anchors.close();
  });

  test("of a new configuration are tried from the next look on, and the old ones no more", async () => {
    await using shore = new Shore(["192.0.2.1"]);
    shore.anchors.follow(blind);
    await shore.clock.advance(2_000);
    shore.anchors.use([anchor("192.0.2.9")]);
    shore.anchors.follow(initialState);
    await shore.clock.advance(1_000);
    shore.tries.length = 0;
    shore.anchors.follow(blind);
    await shore.clock.advance(2_000);
    assert.deepEqual([...new Set(shore.tries.map(({ host }) => host))], ["192.0.2.9"]);
  });

  test("of another family prove nothing for this one", async () => {
    await using shore = new Shore(["2001:db8::1"]);
    shore.anchors.follow(blind);
    await shore.clock.advance(5_000);
    assert.deepEqual(shore.tries, []);
  });
});

test("a connection that is taken is all that is asked of a reference host", async () => {
  await using server = await listenTcp(createServer());
  const { signal } = new AbortController();
  assert.equal(await reachOverTcp(anchor("127.0.0.1", server.port), signal), true);
  assert.equal(await reachOverTcp(anchor("127.0.0.1", await freePort()), signal), false);
  assert.equal(await reachOverTcp(anchor("127.0.0.1", server.port), AbortSignal.abort()), false);
});
