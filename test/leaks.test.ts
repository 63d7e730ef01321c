// What a daemon does for months leaves nothing behind: listeners, timers and sockets are counted before and after many of
// each thing that it does. Counts, no timings and no megabytes.
import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { httpCheck } from "./support/checks.ts";
import { startDaemon } from "../src/runtime/node/start.ts";
import type { Event } from "../src/core/model.ts";
import { untestedConnection } from "../src/core/evidence/proof.ts";
import { initialState } from "../src/core/step.ts";
import { startEndpoint } from "../src/emulation/endpoint.ts";
import { startTelegram, telegramToken } from "../src/emulation/channels/telegram.ts";
import { startWorld } from "../src/emulation/world.ts";
import { createExchange } from "../src/dns/exchange.ts";
import { createResolver } from "../src/dns/resolver.ts";
import { sleep, type Clock } from "../src/lib/clock.ts";
import { systemClock } from "../src/runtime/node/clock.ts";
import { parseIp } from "../src/lib/ip.ts";
import { createLog } from "../src/lib/log.ts";
import { Secret } from "../src/lib/secret.ts";
import { Slots } from "../src/lib/slots.ts";
import type { Message } from "../src/core/message.ts";
import { Telegram } from "../src/channels/telegram/channel.ts";
import { Anchors } from "../src/probe/anchors.ts";
import { reachOverTcp } from "../src/runtime/node/reach.ts";
import { probeHttp } from "../src/checks/http/probe.ts";
import { eventually } from "./support/eventually.ts";
import { closedAuthority } from "./support/ports.ts";
import { a, startScriptedDns } from "./support/scripted-dns.ts";
import { ownFolder } from "./support/world-daemon.ts";
import { configOf } from "./support/world-config.ts";

const many = 40;

const message: Message = { id: "a", importance: "normal", atWallMs: 0, headline: "something happened", details: [] };

/** The machine's clock, which counts the timers that wait. */
class CountingClock implements Clock {
  timers = 0;

  nowMs(): number {
    return systemClock.nowMs();
  }

  wallMs(): number {
    return systemClock.wallMs();
  }

  setTimer(delayMs: number, callback: () => void): () => void {
    this.timers += 1;
    let isWaiting = true;
    const end = (): void => {
      if (isWaiting) this.timers -= 1;
      isWaiting = false;
    };
    const cancel = systemClock.setTimer(delayMs, () => {
      end();
      callback();
    });
    return () => {
      end();
      cancel();
    };
  }
}

interface Tools {
  readonly clock: CountingClock;
  readonly signal: AbortSignal;
}

/** Does something many times over with one signal and one clock, and sees that each time everything was put away. */
async function leavesNothing(once: (tools: Tools) => Promise<unknown>): Promise<void> {
  const clock = new CountingClock();
  const { signal } = new AbortController();
  // The first time may open what is kept open for the next.
  await once({ clock, signal });
  const before = openByKind();
  for (let count = 0; count < many; count += 1) await once({ clock, signal });
  assert.equal(getEventListeners(signal, "abort").length, 0, "abort listeners stay behind");
  assert.equal(clock.timers, 0, "timers stay behind");
  await untilNoMoreOpen(before);
}

/** How many sockets, timers, files, … this process has open. */
function openByKind(): ReadonlyMap<string, number> {
  const kinds = Map.groupBy(process.getActiveResourcesInfo(), (kind) => kind);
  return new Map([...kinds].map(([kind, all]) => [kind, all.length]));
}

/** A few come and go by themselves; what leaks, leaks once for each of the many. */
const slack = 8;

async function untilNoMoreOpen(before: ReadonlyMap<string, number>): Promise<void> {
  const more = (): string[] =>
    [...openByKind()].flatMap(([kind, count]) => {
      const was = before.get(kind) ?? 0;
      return count > was + slack ? [`${kind}: ${was}, then ${count}`] : [];
    });
  await eventually("what was opened is closed", () => more().length === 0, {
    explain: () => ` (${more().join("; ")})`,
  });
}

describe("many times over, nothing stays behind", () => {
  test("of a probe that is answered", async () => {
    await using endpoint = await startEndpoint();
    const address = parseIp(endpoint.host);
    assert.ok(address);
    const url = `http://cable.example.com:${endpoint.port}/healthz`;
    await leavesNothing((tools) => probeHttp(httpCheck({ url }), address, { ...tools, timeoutMs: 5_000 }));
  });

  test("of a probe that is refused", async () => {
    const address = parseIp("127.0.0.1");
    assert.ok(address);
    const url = `http://${await closedAuthority()}/`;
    await leavesNothing((tools) => probeHttp(httpCheck({ url }), address, { ...tools, timeoutMs: 5_000 }));
  });

  test("of a probe that times out", async () => {
    await using endpoint = await startEndpoint();
    await endpoint.behave({ kind: "hang" });
    const address = parseIp(endpoint.host);
    assert.ok(address);
    const url = `http://cable.example.com:${endpoint.port}/healthz`;
    await leavesNothing((tools) => probeHttp(httpCheck({ url }), address, { ...tools, timeoutMs: 10 }));
  });

  test("of a question, answered or not", async () => {
    const name = "cable.example.com";
    await using server = await startScriptedDns(({ type }) =>
      type === "A" ? { answers: [a(name, "192.0.2.1")] } : undefined,
    );
    await leavesNothing(async ({ clock, signal }) => {
      const exchange = createExchange(clock);
      const options = { timeoutMs: 10, signal, isRecursive: true };
      await exchange(server.address, { name, type: "A" }, options);
      await exchange(server.address, { name, type: "AAAA" }, options);
    });
  });

  test("of a look-up", async () => {
    await using server = await startScriptedDns(({ name, type }) =>
      type === "A" ? { answers: [a(name, "192.0.2.1")] } : {},
    );
    let count = 0;
    await leavesNothing(async ({ clock, signal }) => {
      count += 1;
      const resolve = createResolver({ clock });
      const answer = await resolve(`host${count}.example.com`, [server.address], { timeoutMs: 2_000, signal });
      assert.equal(answer.kind, "addresses");
    });
  });

  test("of a message", async () => {
    await using server = await startTelegram();
    const settings = { token: new Secret(telegramToken), chatId: 123_456, apiUrl: server.url };
    await leavesNothing(async ({ clock, signal }) => {
      const sent = await new Telegram(settings, { fetch, clock }).send(message, signal);
      assert.equal(sent.kind, "delivered");
    });
  });

  test("of a search for proof at reference hosts", async () => {
    await using taking = await startEndpoint();
    const hosts = [`${taking.host}:${taking.port}`, await closedAuthority(), await closedAuthority()];
    const anchors = hosts.map((text) => {
      const [host = "", port] = text.split(":");
      const address = parseIp(host);
      assert.ok(address);
      return { address, port: Number(port) };
    });
    await leavesNothing(async ({ clock, signal }) => {
      for (const each of anchors) await reachOverTcp(each, signal);
      const events: Event[] = [];
      await using search = new Anchors(
        {
          clock,
          reach: reachOverTcp,
          onBug: (error) => assert.ifError(error),
          dispatch: (event) => void events.push(event),
        },
        anchors,
      );
      search.follow({
        ...initialState,
        connection: { ...untestedConnection, ipv4: { ...untestedConnection.ipv4, blindSinceMs: 0 } },
      });
      await eventually("a try", () => events.length > 0);
    });
  });

  test("of a wait, and of a place in a line", async () => {
    await leavesNothing(async ({ clock, signal }) => {
      await sleep(clock, 1, signal);
      const slots = new Slots(1);
      await Promise.all([1, 2, 3].map(() => slots.run(signal, () => Promise.resolve())));
    });
  });

  test("of a reload, whatever it changes", { timeout: 60_000 }, async (t) => {
    await using world = await startWorld();
    const folder = ownFolder(t);
    const path = join(folder, "config.yml");
    const text = configOf(world)(folder);
    writeFileSync(path, text);
    const log = createLog({ level: "silent", isForPeople: false });
    await using running = await startDaemon({ path, env: {}, log });
    const reload = async (content: string): Promise<void> => {
      const { generation } = running.daemon.state;
      writeFileSync(path, content);
      running.reload();
      await eventually("the reload", () => running.daemon.state.generation > generation);
    };
    const variants = [
      text.replace("priority: 10", "priority: 11"),
      text.replaceAll("/healthz", "/other"),
      text.replace(/token: \S+/, "token: another-token"),
      text,
    ];
    // The server moves, too: all that it has open goes with it.
    for (const variant of variants) await reload(variant);
    const before = openByKind();
    const listeners = processListeners();
    for (let count = 0; count < many; count += 1) await reload(variants[count % variants.length] ?? text);
    assert.deepEqual(processListeners(), listeners, "listeners of the process stay behind");
    await untilNoMoreOpen(before);
  });
});

function processListeners(): Readonly<Record<string, number>> {
  return Object.fromEntries(process.eventNames().map((name) => [String(name), process.listenerCount(name)]));
}
