// `ccs doctor` in worlds where all is well, and in worlds where one thing is not.
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import type * as z from "zod";
import { outputs } from "../../src/cli/outputs.ts";
import { startCloudflare, type CloudflareServer } from "../../src/emulation/cloudflare/server.ts";
import type { RecordDraft, ZoneOptions } from "../../src/emulation/cloudflare/store.ts";
import type { TokenOptions } from "../../src/emulation/cloudflare/tokens.ts";
import { ingressName, startWorld, type World } from "../../src/emulation/world.ts";
import { startDns } from "../../src/emulation/dns/server.ts";
import { systemClock } from "../../src/runtime/node/clock.ts";
import { lockState } from "../../src/store/lock.ts";
import { runCcs } from "../support/built-program.ts";
import { closedAuthority } from "../support/ports.ts";
import { configOf, partsOf, telegramOf, type ConfigFile } from "../support/world-config.ts";

const folder = mkdtempSync(join(tmpdir(), "ccs-doctor-"));
after(() => rmSync(folder, { recursive: true, force: true }));

type Finding = z.output<typeof outputs.doctor>["sections"][number]["findings"][number];

let files = 0;
function configFile(world: World, edit?: (config: ConfigFile) => void): string {
  const own = join(folder, String((files += 1)));
  mkdirSync(own);
  const path = join(own, "config.yml");
  writeFileSync(path, configOf(world, edit)(own), { mode: 0o600 });
  return path;
}

/** What the doctor finds in this world, by level, and the exit code. */
async function examine(
  world: World,
  edit?: (config: ConfigFile) => void,
  args: readonly string[] = [],
): Promise<{ code: number | null; all: readonly Finding[]; of: (level: Finding["level"]) => readonly string[] }> {
  const { code, stdout, stderr } = await runCcs(["doctor", "--json", "--config", configFile(world, edit), ...args]);
  assert.equal(stderr, "");
  const { sections, isFine } = outputs.doctor.parse(JSON.parse(stdout));
  assert.equal(code, isFine ? 0 : 1);
  const all = sections.flatMap(({ findings }) => findings);
  const of = (level: Finding["level"]): readonly string[] =>
    all.filter((each) => each.level === level).map(({ subject, detail }) => `${subject}: ${detail}`);
  return { code, all, of };
}

/** Another Cloudflare than the world's, with zones and tokens of its own. */
async function another(zone: Partial<ZoneOptions>, token: Partial<TokenOptions> = {}): Promise<CloudflareServer> {
  const records: readonly RecordDraft[] = [
    { type: "CNAME", name: ingressName, content: "primary.example.com", ttl: 60 },
  ];
  return startCloudflare({
    zones: [{ name: "example.com", records, ...zone }],
    tokens: [{ token: "cfut_another0another0another0another0", ...token }],
  });
}

function at({ url, token }: CloudflareServer): (config: ConfigFile) => void {
  return (config) => {
    config.cloudflare.api_url = url;
    config.cloudflare.token = token;
  };
}

const addIpv6Anchor =
  "IPv6: no reference host in this family: when all endpoints stop answering, ccs cannot tell whether they or this machine are offline";

/** The IPv6 of the machine that runs the tests is not what they are about. */
function others(findings: readonly string[]): readonly string[] {
  return findings.filter((text) => text !== addIpv6Anchor && !text.startsWith("IPv6: this machine has no way out"));
}

describe("ccs doctor", { concurrency: 2 }, () => {
  test("finds nothing wrong where nothing is, writes nothing, and says nothing in the chat", async () => {
    await using world = await startWorld();
    const { code, of } = await examine(world);
    assert.equal(code, 0);
    assert.deepEqual([of("wrong"), others(of("warning")), of("unknown")], [[], [], []]);
    const fine = of("ok").join("\n");
    for (const expected of [
      /^configuration: .*config\.yml is valid$/m,
      /^token: a user's token, active, never expires$/m,
      /^zone of ingress\.example\.com: example\.com: active, /m,
      /^ingress\.example\.com: CNAME primary\.example\.com \(TTL 1 min\) = cable$/m,
      /^rate limit: 11[89]\d calls left/m,
      /^clock: agrees with Cloudflare's$/m,
      /^resolver 127\.0\.0\.1:\d+: answers within /m,
      /^servers of ingress\.example\.com: it answers on UDP$/m,
      /^cable: 127\.\S+: status 200, marker "OK" found, in /m,
      /^bot: @demo_bot$/m,
      /^chat: the bot may write to You \(private\)$/m,
      /^daemon: no daemon is running/m,
    ]) {
      assert.match(fine, expected);
    }
    assert.equal(world.cloudflare.counts.writes, 0);
    assert.deepEqual(world.telegram.messages, []);
  });

  test("is readable at 80 columns, without colour in a pipe", async () => {
    await using world = await startWorld();
    await world.mobile.server.behave({ kind: "refuse" });
    const path = configFile(world);
    chmodSync(path, 0o644);
    const { code, stdout, stderr } = await runCcs(["doctor", "--config", path]);
    assert.deepEqual([code, stderr], [1, ""]);
    assert.deepEqual(
      stdout.split("\n").filter((line) => line.length > 80),
      [],
    );
    assert.match(stdout, /^ {2}✓ token: /m);
    assert.match(
      stdout,
      /^ {2}! configuration: every user of this machine can read the token in[^]*^ {4}→ chmod 600 /m,
    );
    assert.match(stdout, /^ {2}✗ mobile: \S+: connection refused$/m);
    assert.match(stdout, /^1 wrong, \d warnings?; \d+ fine\.$/m);
  });

  test("sends a message when it is told to, and only then", async () => {
    await using world = await startWorld();
    const { of } = await examine(world, undefined, ["--send-test"]);
    assert.match(of("ok").join("\n"), /^chat: a test message was sent to You/m);
    assert.equal(world.telegram.messages.length, 1);
  });

  test("sees that a daemon is running", async () => {
    await using world = await startWorld();
    const state = join(folder, "held");
    const lock = lockState(state, 0);
    assert.ok(lock.kind === "held");
    using _ = lock;
    const { of } = await examine(world, (config) => {
      config.state_dir = state;
    });
    assert.match(of("ok").join("\n"), /^daemon: a daemon is running with this state folder$/m);
  });

  test("says what could not be found out while nothing can be reached, soon, and without a stack trace", async () => {
    await using world = await startWorld();
    const closed = await closedAuthority();
    const startedMs = performance.now();
    const path = configFile(world, (config) => {
      config.cloudflare.api_url = `http://${closed}`;
      config.cloudflare.nameservers = [closed];
      config.anchors = [closed];
      telegramOf(config).api_url = `http://${closed}`;
      for (const endpoint of config.ingresses[0]?.endpoints ?? []) endpoint.resolvers = [closed];
    });
    const { code, stdout, stderr } = await runCcs(["doctor", "--config", path]);
    assert.deepEqual([code, stderr], [1, ""]);
    assert.ok(performance.now() - startedMs < 20_000, "it is soon done");
    assert.doesNotMatch(stdout, /^\s+at /m);
    const text = stdout.replaceAll(/\s+/g, " ");
    assert.match(text, /✗ Cloudflare: 127\.0\.0\.1:\d+ could not be reached: \S+ refuses connections \(ECONNREFUSED\)/);
    assert.match(text, /\? token, rate limit, clock: skipped: Cloudflare is unreachable/);
    assert.match(text, /\? ingress\.example\.com: zone and records skipped/);
    assert.match(text, /✗ resolver 127\.0\.0\.1:\d+: /);
    assert.match(text, /\? cable: its addresses are unknown/);
    assert.match(text, /✗ Telegram: 127\.0\.0\.1:\d+ could not be reached/);
  });

  test("names the mistakes of a broken file, and what to do without one", async () => {
    const broken = join(folder, "broken.yml");
    writeFileSync(broken, "ingresses: 7\n");
    const { code, stdout } = await runCcs(["doctor", "--config", broken]);
    assert.equal(code, 1);
    assert.match(stdout.replaceAll(/\s+/g, " "), /✗ configuration: \S+broken\.yml:1:12 ingresses: expected a list/);
    const none = await runCcs(["doctor"], { cwd: folder });
    assert.equal(none.code, 1);
    assert.match(none.stdout.replaceAll(/\s+/g, " "), /✗ configuration: none found: tried config\.yml.* ccs init/);
  });
});

describe("ccs doctor, about the token and the zone", { concurrency: 2 }, () => {
  const dnsOnly = [{ zone: "example.com", dns: "write", readsZone: false }] as const;
  const cases: readonly {
    readonly what: string;
    readonly zone?: Partial<ZoneOptions>;
    readonly token?: Partial<TokenOptions>;
    readonly edit?: (config: ConfigFile, cloudflare: CloudflareServer) => void;
    readonly level: Finding["level"];
    readonly expected: RegExp;
    readonly remedy?: RegExp;
  }[] = [
    {
      what: "a disabled token",
      token: { status: "disabled" },
      level: "wrong",
      expected: /^token: a user's token, disabled$/m,
    },
    {
      what: "a token that ends soon",
      token: { expiresOn: new Date(Date.now() + 3 * 86_400_000).toISOString() },
      level: "warning",
      expected: /^token: a user's token, active, expires in 2 d 23 h$/m,
    },
    {
      what: "an account's token",
      token: { kind: "account" },
      level: "ok",
      expected: /^token: an account's token, active/m,
    },
    {
      what: "a token that nobody knows",
      edit: (config) => {
        config.cloudflare.token = "cfut_mistyped";
      },
      level: "wrong",
      expected: /^token: Cloudflare does not know it: HTTP 401, 1000 "Invalid API Token"$/m,
    },
    {
      what: "a token that is bound to other addresses",
      token: { allowedIps: ["192.0.2.1"] },
      level: "wrong",
      expected: /^token: it may not be used from 127\.0\.0\.1$/m,
      remedy: /Client IP Address Filtering/,
    },
    {
      what: "a token that may not find its zone",
      token: { scopes: dnsOnly },
      level: "wrong",
      expected: /^zone of ingress\.example\.com: no zone called ingress\.example\.com or example\.com is visible/m,
    },
    {
      what: "the same token, with the zone's id",
      token: { scopes: dnsOnly },
      edit: (config, cloudflare) => {
        partsOf(config).ingress.zone = cloudflare.zone("example.com").id;
      },
      level: "ok",
      expected: /^zone of ingress\.example\.com: the token cannot read the zone itself/m,
    },
    {
      what: "a token that may only read",
      token: { scopes: [{ zone: "example.com", dns: "read", readsZone: true }] },
      level: "warning",
      expected: /^permissions on ingress\.example\.com: Cloudflare does not list DNS Edit/m,
    },
    { what: "a pending zone", zone: { status: "pending" }, level: "wrong", expected: /example\.com is pending/m },
    {
      what: "a paused zone",
      zone: { paused: true },
      level: "warning",
      expected: /^zone of ingress\.example\.com: paused/m,
    },
    {
      what: "a record that is nobody's",
      zone: { records: [{ type: "A", name: ingressName, content: "192.0.2.99", ttl: 300 }] },
      level: "warning",
      expected: /^ingress\.example\.com: A 192\.0\.2\.99 \(TTL 5 min\): does not match any endpoint$/m,
    },
    {
      what: "a name without a record",
      zone: { records: [] },
      level: "ok",
      expected: /^ingress\.example\.com: no record yet/m,
    },
    {
      what: "a name that is delegated",
      zone: { records: [{ type: "NS", name: ingressName, content: "ns.elsewhere.example", ttl: 300 }] },
      level: "wrong",
      expected: /^ingress\.example\.com: an NS record delegates this name/m,
    },
    {
      what: "something else at the name",
      zone: { records: [{ type: "TXT", name: ingressName, content: '"hello"', ttl: 300 }] },
      level: "ok",
      expected: /^ingress\.example\.com: TXT at the same name: never touched$/m,
    },
  ];
  for (const { what, zone = {}, token = {}, edit, level, expected, remedy } of cases) {
    test(`${what}: ${level}`, async () => {
      await using world = await startWorld();
      await using cloudflare = await another(zone, token);
      const { of, all } = await examine(world, (config) => {
        at(cloudflare)(config);
        edit?.(config, cloudflare);
      });
      assert.match(of(level).join("\n"), expected);
      const remedies = all.flatMap((each) => (each.level === level ? (each.remedy ?? []) : []));
      assert.match(remedies.join("\n"), remedy ?? /^/);
      assert.doesNotMatch(remedy === undefined ? "" : remedies.join("\n"), /create a new one/);
      assert.equal(cloudflare.counts.writes, 0);
    });
  }
});

describe("ccs doctor, about the rest", { concurrency: 2 }, () => {
  test("a chat that the bot never met, and a token that is not the bot's", async () => {
    await using world = await startWorld();
    const stranger = await examine(world, (config) => {
      telegramOf(config).chat_id = 7;
    });
    assert.deepEqual(stranger.of("wrong"), ['chat: Telegram answered 400, "Bad Request: chat not found"']);
    const impostor = await examine(world, (config) => {
      telegramOf(config).token = "123:wrong";
    });
    assert.deepEqual(impostor.of("wrong"), ['bot: Telegram answered 401, "Unauthorized"']);
  });

  test("a group that became a supergroup: the new id, and whether the bot may write there", async () => {
    await using world = await startWorld();
    const old = -42;
    const refusal = { kind: "refused", status: 400, migratedTo: 123_456 } as const;
    const description = "Bad Request: group chat was upgraded to a supergroup chat";
    world.telegram.faults.always(
      { ...refusal, description },
      ({ parameters }) => Number(parameters["chat_id"]) === old,
    );
    const { of, all, code } = await examine(world, (config) => {
      telegramOf(config).chat_id = old;
    });
    assert.equal(code, 0);
    assert.match(of("warning").join("\n"), /^chat: the group is a supergroup now, and has the id 123456/m);
    assert.ok(all.some(({ remedy }) => remedy === "set chat_id to 123456"));
    assert.match(of("ok").join("\n"), /^chat: the bot may write to /m);
  });

  test("a resolver that is dead beside two that answer is a warning: two are enough", async () => {
    await using world = await startWorld();
    await using second = await startDns({ source: world.cloudflare, clock: systemClock });
    const closed = await closedAuthority();
    const { of, code } = await examine(world, (config) => {
      for (const endpoint of config.ingresses[0]?.endpoints ?? [])
        endpoint.resolvers = [world.dns.address, second.address, closed];
    });
    assert.equal(code, 0);
    assert.match(of("warning").join("\n"), new RegExp(`^resolver ${closed}: .*; enough others answer$`, "m"));
  });

  test("a resolver that is dead beside one that answers, and a state folder that cannot be", async () => {
    await using world = await startWorld();
    const closed = await closedAuthority();
    const file = join(folder, "no-folder");
    writeFileSync(file, "");
    const { of } = await examine(world, (config) => {
      const { cable } = partsOf(config);
      cable.resolvers = [...(cable.resolvers ?? []), closed];
      config.state_dir = join(file, "state");
    });
    const found = of("wrong").join("\n");
    assert.match(found, new RegExp(`^resolver ${closed}: query for primary\\.example\\.com`, "m"));
    assert.match(found, /^state folder: .* is not writable/m);
    assert.match(of("ok").join("\n"), /^cable: /m, "the endpoint is found all the same");
  });

  test("private addresses that may not be published, and an endpoint without a check", async () => {
    await using world = await startWorld();
    const { of } = await examine(world, (config) => {
      partsOf(config).ingress.allow_private = false;
      delete partsOf(config).mobile.check;
    });
    assert.match(of("wrong").join("\n"), /^cable: has private addresses only: 127\./m);
    assert.match(of("warning").join("\n"), /^mobile: 127\.\S+: not checked, so assumed up$/m);
  });
});

describe("targets that are not ways of their own", () => {
  test("a wildcard that would answer for a target, and one that does", async () => {
    await using world = await startWorld();
    world.cloudflare.hand.add({ type: "CNAME", name: "*.example.com", content: ingressName, ttl: 60 });
    const covered = await examine(world);
    assert.ok(
      covered
        .of("warning")
        .some((text) => text.startsWith("cable: if the record of primary.example.com went away, the wildcard")),
    );
    for (const { id } of world.cloudflare.recordsAt(world.mobile.host)) world.cloudflare.hand.remove(id);
    const led = await examine(world);
    assert.ok(
      led
        .of("wrong")
        .includes(
          "mobile: secondary.example.com leads back to the ingress: secondary.example.com → *.example.com → ingress.example.com",
        ),
      led.of("wrong").join("\n"),
    );
  });

  test("two that share their addresses", async () => {
    await using world = await startWorld();
    for (const { id } of world.cloudflare.recordsAt(world.mobile.host)) {
      world.cloudflare.hand.edit(id, { content: world.cable.address });
    }
    const { of } = await examine(world);
    const text = `cable: has the same addresses as mobile (${world.cable.address}): neither can replace the other`;
    assert.ok(of("warning").includes(text), of("warning").join("\n"));
  });
});
