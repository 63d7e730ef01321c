// A switch is proven: the authoritative servers are asked until they show it, and people hear how long that took, or that
// it is not so.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startDns } from "../../src/emulation/dns/server.ts";
import { EdgeView } from "../../src/emulation/dns/zones.ts";
import { startWorld, type World } from "../../src/emulation/world.ts";
import { systemClock } from "../../src/runtime/node/clock.ts";
import { render } from "../../src/channels/telegram/render.ts";
import { Notifier } from "../../src/notify/notifier.ts";
import { inMemoryStore } from "../support/in-memory-outbox.ts";
import { startDaemon } from "../support/daemon-process.ts";
import { eventually } from "../support/eventually.ts";
import { says, VerifierWorld } from "../support/verifier-world.ts";
import { configOf, partsOf } from "../support/world-config.ts";

const edgeDelayMs = 700;

describe("a switch", { concurrency: true }, () => {
  test("is told with the time that it took to be visible at every authoritative server", async () => {
    await using world = await startWorld();
    using edge = new EdgeView(world.cloudflare, { clock: systemClock, delayMs: edgeDelayMs });
    await using slow = await startDns({ source: edge });
    await using daemon = startDaemon({
      config: configOf(world, (config) => {
        config.cloudflare.nameservers = [world.dns.address, slow.address];
        delete partsOf(config).mobile.sticky;
      }),
    });
    await daemon.untilLogged(/^cable is up/);
    await daemon.untilLogged(/^mobile is up/);
    const before = slow.queries.length;
    await world.cable.server.behave({ kind: "refuse" });
    await daemon.untilLogged(/^visible at the authoritative servers after /);
    const text = await told(world, /^ingress\.example\.com now points to mobile \(was cable\)\n/);
    assert.match(text, /Visible at the authoritative servers .+ after Cloudflare confirmed it \(2 servers agree\)\./);
    const series = (what: string): string => `ccs_switch_visible_seconds_${what}`;
    assert.equal(await daemon.metric(series("count")), 1);
    const seconds = (await daemon.metric(series("sum"))) ?? 0;
    // The confirmation travels a little later than the change itself.
    assert.ok(seconds > 0.4 && seconds < 4, `${seconds} s`);
    assert.equal(await daemon.metric('ccs_ingress_visible{ingress="ingress.example.com"}'), 1);
    const asked = slow.queries.slice(before);
    assert.ok(asked.length >= 4, "asked more than once");
    assert.ok(asked.every(({ name }) => name === "ingress.example.com"));
    assert.equal(world.telegram.messages.filter(({ plainText }) => /authoritative/.test(plainText)).length, 1);
  });

  test("that servers never show is told in time, and then an alarm; its end is told as well", async () => {
    // On virtual time: nobody waits a minute here.
    const server = "192.0.2.53:53";
    await using world = new VerifierWorld([server]);
    const { clock, daemon } = world.world;
    const messages: string[] = [];
    await using notifier = new Notifier({
      clock,
      random: () => 0.5,
      store: inMemoryStore(),
      onOutcome: () => {},
      onBug: (error) => assert.fail(String(error)),
    });
    const send = (message: Parameters<typeof render>[0]) => {
      messages.push(render(message, "plain"));
      return Promise.resolve({ kind: "delivered" } as const);
    };
    notifier.use([{ name: "test", channel: { send } }]);
    daemon.addListener(notifier);
    world.servers.set(server, says("CNAME cable.example.net"));
    await world.start();
    await world.advance(1_000);
    messages.length = 0;
    await world.switch();
    await world.advance(6_000);
    assert.match(messages.join("\n\n"), /now points to mobile[^]*Not verified yet/);
    await world.advance(53_000);
    assert.equal(messages.length, 1, messages.join("\n\n"));
    await world.advance(2_000);
    assert.equal(messages.length, 2);
    assert.match(messages[1] ?? "", /^ingress\.example\.com: the authoritative servers do not show what was written\n/);
    assert.match(messages[1] ?? "", /192\.0\.2\.53:53 says CNAME cable\.example\.net/);
    world.servers.set(server, says("CNAME mobile.example.net"));
    await world.advance(31_000);
    assert.equal(messages.length, 3);
    assert.match(messages[2] ?? "", /^ingress\.example\.com: the authoritative servers show what was written\n/);
  });

  test("that nobody can verify is no alarm", async () => {
    await using world = await startWorld();
    await using daemon = startDaemon({
      config: configOf(world, (config) => {
        // The emulated resolver names the zone's servers, and knows no address of them.
        delete config.cloudflare.nameservers;
        delete partsOf(config).mobile.sticky;
      }),
    });
    await daemon.untilLogged(/^cable is up/);
    await daemon.untilLogged(/^mobile is up/);
    await world.cable.server.behave({ kind: "refuse" });
    const text = await told(world, /^ingress\.example\.com now points to mobile/);
    assert.match(text, /Not verified yet/);
    assert.ok(world.dns.queries.some(({ name, type }) => name === "example.com" && type === "NS"));
    assert.ok(!world.dns.queries.some(({ name }) => name === "ingress.example.com"), "resolvers are not asked for it");
    assert.equal(await daemon.metric('ccs_ingress_visible{ingress="ingress.example.com"}'), undefined);
  });
});

async function told({ telegram }: World, pattern: RegExp): Promise<string> {
  const { plainText } = await eventually(`a message like ${pattern}`, () =>
    telegram.messages.find((message) => pattern.test(message.plainText)),
  );
  return plainText;
}
