// What a running daemon takes over of a new configuration, and what it puts away at its end: one assertion for each part
// that is wired up.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { startCloudflare } from "../../src/emulation/cloudflare/server.ts";
import { startDns } from "../../src/emulation/dns/server.ts";
import { startTelegram } from "../../src/emulation/channels/telegram.ts";
import { startWorld, zoneName, type World } from "../../src/emulation/world.ts";
import { systemClock } from "../../src/runtime/node/clock.ts";
import { openStore } from "../../src/store/open-store.ts";
import { startDaemon, type DaemonProcess } from "../support/daemon-process.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/ports.ts";
import { configOf, partsOf, telegramOf, type ConfigFile } from "../support/world-config.ts";
import { ownFolder, untilBothUp } from "../support/world-daemon.ts";

interface Scene {
  readonly world: World;
  readonly daemon: DaemonProcess;
  /** Whatever the case needs beside the world is gone with it. */
  readonly stack: AsyncDisposableStack;
}

interface Case {
  readonly key: string;
  /** It leaves the world and the record as they were: one daemon takes over all of these, one after the other. */
  readonly isHarmless?: true;
  /** Prepares what the case needs, and gives the change of the file. */
  readonly change: (scene: Scene) => Promise<(config: ConfigFile) => void> | ((config: ConfigFile) => void);
  /** Resolves once the daemon is seen to do as the new file says. */
  readonly seen: (scene: Scene) => Promise<unknown>;
}

/** Starts beside the world what a case needs, and keeps it until `seen`. */
function beside<Part extends AsyncDisposable>(start: (world: World) => Promise<Part>) {
  const parts = new WeakMap<World, Part>();
  return {
    begin: async ({ world, stack }: Scene): Promise<Part> => {
      const part = stack.use(await start(world));
      parts.set(world, part);
      return part;
    },
    of: ({ world }: Scene): Part => parts.get(world) ?? assert.fail("not begun"),
  };
}

const otherCloudflare = beside(({ cloudflare }) =>
  startCloudflare({ zones: [{ name: zoneName, records: cloudflare.recordsAt(zoneName) }] }),
);
const otherDns = beside(({ cloudflare }) => startDns({ source: cloudflare, clock: systemClock }));
const otherTelegram = beside(() => startTelegram());

async function failOver({ world, daemon }: Scene): Promise<void> {
  await world.cable.server.behave({ kind: "refuse" });
  await daemon.untilLogged(/^written: CNAME secondary/);
}

async function urlOf(daemon: DaemonProcess): Promise<string> {
  return (await daemon.untilLogged(/^listening on /)).url ?? "";
}

/** The status of a request that calls the server by this name. */
async function statusUnder(daemon: DaemonProcess, host: string): Promise<number | undefined> {
  const url = await urlOf(daemon);
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  request(`${url}/readyz`, { headers: { host }, agent: false }, (response) => {
    response.resume();
    resolve(response.statusCode);
  })
    .on("error", reject)
    .end();
  return promise;
}

const hostName = "ccs.example.com";
let listenPort = 0;

const cases: readonly Case[] = [
  {
    key: "cloudflare.token",
    change: () => (config) => (config.cloudflare.token = "cfut_of_another_account"),
    seen: ({ daemon }) => daemon.untilLogged(/^Cloudflare: .*Invalid access token/),
  },
  {
    key: "cloudflare.api_url",
    change: async (scene) => {
      const { url, token } = await otherCloudflare.begin(scene);
      return (config) => Object.assign(config.cloudflare, { api_url: url, token });
    },
    seen: (scene) => eventually("a read there", () => otherCloudflare.of(scene).counts.reads > 0),
  },
  {
    key: "cloudflare.nameservers",
    change: async (scene) => {
      const { address } = await otherDns.begin(scene);
      return (config) => (config.cloudflare.nameservers = [address]);
    },
    seen: async (scene) => {
      await failOver(scene);
      await scene.daemon.untilLogged(/^visible at the authoritative servers/);
      assert.ok(otherDns.of(scene).queries.some(({ name }) => name === "ingress.example.com"));
    },
  },
  {
    key: "anchors",
    change:
      ({ world }) =>
      (config) =>
        (config.anchors = [`${world.anchor.host}:${world.anchor.port}`]),
    seen: async ({ world }) => {
      assert.equal(world.anchor.counts.connections, 0);
      // Nobody is left who could prove our connection but the reference hosts.
      await world.mobile.server.behave({ kind: "refuse" });
      await world.cable.server.behave({ kind: "refuse" });
      await eventually("a connection to the new one", () => world.anchor.counts.connections > 0);
    },
  },
  {
    key: "notify[].chat_id",
    change: () => (config) => Object.assign(telegramOf(config), { chat_id: 654_321 }),
    seen: async (scene) => {
      await failOver(scene);
      await eventually("a message to the new chat", () =>
        scene.world.telegram.calls.some(({ parameters }) => parameters["chat_id"] === 654_321),
      );
    },
  },
  {
    key: "notify[].api_url",
    change: async (scene) => {
      const { url } = await otherTelegram.begin(scene);
      return (config) => Object.assign(telegramOf(config), { api_url: url });
    },
    seen: async (scene) => {
      await failOver(scene);
      await eventually("a message there", () => otherTelegram.of(scene).messages.length > 0);
    },
  },
  {
    key: "notify",
    isHarmless: true,
    change: () => (config) => delete config.notify,
    seen: async ({ daemon }) => {
      await daemon.until("no queue any more", async () => {
        return (await daemon.metric('ccs_notifications_queued{channel="telegram"}')) === undefined;
      });
    },
  },
  {
    key: "http.listen",
    isHarmless: true,
    change: async () => {
      listenPort = await freePort();
      return (config) => (config.http.listen = `127.0.0.1:${listenPort}`);
    },
    seen: async ({ daemon }) => {
      await daemon.untilLogged(/^listening on /, { count: 2 });
      assert.equal((await fetch(`http://127.0.0.1:${listenPort}/readyz`)).status, 200);
    },
  },
  {
    key: "http.token",
    isHarmless: true,
    change: () => (config) => (config.http.token = "a-token-of-the-new-file-0123456789"),
    seen: async ({ daemon }) => {
      const { status } = await fetch(`${await urlOf(daemon)}/api/v1/resume`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          authorization: "Bearer a-token-of-the-new-file-0123456789",
        },
        body: "{}",
      });
      assert.equal(status, 200);
    },
  },
  {
    key: "http.hosts",
    isHarmless: true,
    change: () => (config) => Object.assign(config.http, { hosts: [hostName] }),
    seen: async ({ daemon }) => {
      assert.equal(await statusUnder(daemon, hostName), 200);
      assert.equal(await statusUnder(daemon, "other.example.com"), 421);
    },
  },
  {
    key: "http.trusted_proxies",
    isHarmless: true,
    change: () => (config) =>
      Object.assign(config.http, { token: "a-token-of-the-new-file-0123456789", trusted_proxies: ["127.0.0.1"] }),
    seen: async ({ daemon }) => {
      const url = await urlOf(daemon);
      const statusOf = async (client: string): Promise<number> => {
        const headers = {
          "content-type": "application/json",
          authorization: "Bearer wrong",
          "x-forwarded-for": client,
        };
        const response = await fetch(`${url}/api/v1/resume`, { method: "POST", headers, body: "{}" });
        await response.body?.cancel();
        return response.status;
      };
      for (let tries = 0; tries < 5; tries += 1) assert.equal(await statusOf("198.51.100.1"), 401);
      assert.equal(await statusOf("198.51.100.1"), 429);
      assert.equal(await statusOf("198.51.100.2"), 401);
    },
  },
  {
    key: "timezone",
    change: () => (config) => Object.assign(config, { timezone: "Asia/Tokyo" }),
    seen: async (scene) => {
      await failOver(scene);
      await eventually("a message that tells the time there", () =>
        scene.world.telegram.messages.some(({ plainText }) => /now points to mobile[^]* (JST|GMT\+9)/.test(plainText)),
      );
    },
  },
  {
    key: "state_dir",
    isHarmless: true,
    change: () => (config) => (config.state_dir = `${config.state_dir}-other`),
    seen: ({ daemon }) => daemon.untilLogged(/^state_dir stays .* until the next start/),
  },
  {
    key: "ingresses[].proxied",
    change: () => (config) => (partsOf(config).ingress.proxied = true),
    seen: ({ world }) => eventually("a proxied record", () => world.records[0]?.proxied === true),
  },
  {
    key: "ingresses[].reconcile_interval",
    isHarmless: true,
    change: () => (config) => (partsOf(config).ingress.reconcile_interval = "10s"),
    seen: async ({ world }) => {
      const { reads } = world.cloudflare.counts;
      // By default the next one would come after five minutes.
      await eventually("one more look", () => world.cloudflare.counts.reads > reads + 1);
    },
  },
  {
    key: "ingresses[].allow_private",
    change: () => (config) => {
      const { ingress, cable } = partsOf(config);
      ingress.allow_private = false;
      Object.assign(cable.check ?? {}, { fall: 1 });
    },
    seen: ({ daemon }) => daemon.untilLogged(/^cable is down/),
  },
  {
    key: "ingresses[].endpoints[].priority",
    change: () => (config) => (partsOf(config).mobile.priority = 1),
    seen: ({ world }) => eventually("the return to mobile", () => world.records[0]?.content === world.mobile.host),
  },
  {
    key: "ingresses[].endpoints[].resolvers",
    isHarmless: true,
    change: async (scene) => {
      const { address } = await otherDns.begin(scene);
      return (config) => (partsOf(config).cable.resolvers = [address]);
    },
    // At the end of the TTL; a changed target makes it ask at once.
    seen: (scene) => eventually("a question there", () => otherDns.of(scene).queries.length > 0),
  },
  {
    key: "ingresses[].endpoints[].check.contains",
    change: () => (config) => Object.assign(partsOf(config).cable.check ?? {}, { contains: "not to be found" }),
    seen: ({ world }) => eventually("the failover", () => world.records[0]?.content === world.mobile.host),
  },
  {
    key: "ingresses[].endpoints[].check.interval",
    change: () => (config) => Object.assign(partsOf(config).cable.check ?? {}, { interval: "1h" }),
    seen: async ({ world, daemon }) => {
      await daemon.untilLogged(/^cable is up/, { count: 2 });
      const { requests } = world.cable.server.counts;
      const others = world.mobile.server.counts.requests;
      await eventually("ten probes of the other one", () => world.mobile.server.counts.requests > others + 10);
      assert.ok(world.cable.server.counts.requests <= requests + 1);
    },
  },
];

async function begin(
  stack: AsyncDisposableStack,
): Promise<Scene & { rewrite: (change: (config: ConfigFile) => void) => void }> {
  const world = stack.use(await startWorld());
  const edits: ((config: ConfigFile) => void)[] = [];
  const text = (folder: string): string => configOf(world, (config) => edits.forEach((edit) => edit(config)))(folder);
  const daemon = stack.use(startDaemon({ config: text }));
  await daemon.untilLogged(/^found: /);
  await untilBothUp(daemon);
  const rewrite = (edit: (config: ConfigFile) => void): void => {
    edits.push(edit);
    daemon.rewriteConfig(() => text(daemon.folder));
  };
  return { world, daemon, stack, rewrite };
}

describe("a running daemon takes over", { concurrency: 4 }, () => {
  for (const { key, change, seen } of cases.filter(({ isHarmless }) => isHarmless !== true)) {
    test(key, async () => {
      await using stack = new AsyncDisposableStack();
      const scene = await begin(stack);
      scene.rewrite(await change(scene));
      await scene.daemon.untilLogged(/^configuration applied/, { count: 2 });
      await seen(scene);
    });
  }
});

describe("where neither record nor world changes, one daemon takes over one key after the other", () => {
  const stack = new AsyncDisposableStack();
  let begun: ReturnType<typeof begin> | undefined;
  let applied = 1;
  after(() => stack.disposeAsync());
  for (const { key, change, seen } of cases.filter(({ isHarmless }) => isHarmless === true)) {
    test(key, async () => {
      const scene = await (begun ??= begin(stack));
      scene.rewrite(await change(scene));
      await scene.daemon.untilLogged(/^configuration applied/, { count: (applied += 1) });
      await seen(scene);
    });
  }
});

describe("at its end a daemon", { concurrency: 4 }, () => {
  test("tells what it held back, and people miss nothing", async () => {
    await using world = await startWorld();
    const silent = configOf(world, (config) => Object.assign(telegramOf(config), { initial_silence: "1h" }));
    await using daemon = startDaemon({ config: silent });
    await untilBothUp(daemon);
    await world.cable.server.behave({ kind: "refuse" });
    await daemon.untilLogged(/^written: CNAME secondary/);
    assert.equal(world.telegram.messages.length, 0);
    assert.equal((await daemon.stop()).code, 0);
    const told = world.telegram.messages.map(({ plainText }) => plainText).join("\n");
    assert.match(told, /now points to mobile/);
  });

  test("has all of its journal on the disk, lets the folder go, and leaves no socket behind", async (t) => {
    await using world = await startWorld();
    const folder = ownFolder(t);
    await using daemon = startDaemon({ config: configOf(world), folder });
    await untilBothUp(daemon);
    await world.cable.server.behave({ kind: "refuse" });
    await daemon.untilLogged(/^written: CNAME secondary/);
    const stateDir = join(folder, "state");
    assert.equal(existsSync(join(stateDir, "control.sock")), true);
    assert.equal((await daemon.stop()).code, 0);
    assert.equal(existsSync(join(stateDir, "control.sock")), false);
    const opening = openStore({ folder: stateDir, clock: systemClock, onWarning: (message) => assert.fail(message) });
    assert.equal(opening.kind, "opened");
    using store = opening.store;
    const written = store.journalSince(0).filter(({ fact }) => fact.kind === "records-changed");
    assert.match(JSON.stringify(written.at(-1)?.fact), /secondary\.example\.com/);
    assert.equal(store.load()?.ingresses[0]?.selection?.primary, "mobile");
  });

  test("hangs up on whoever reads the stream", async () => {
    await using world = await startWorld();
    await using daemon = startDaemon({ config: configOf(world) });
    await untilBothUp(daemon);
    const response = await fetch(`${await urlOf(daemon)}/api/v1/stream`);
    const reading = response.text().catch(() => "cut off");
    const { code, tookMs } = await daemon.stop();
    assert.equal(code, 0);
    assert.ok(tookMs < 5_000, `${tookMs} ms`);
    await reading;
  });
});
