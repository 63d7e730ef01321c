// No token in any output: not when all goes well, not when it does not, not at the most talkative level, and not when
// the other side repeats it in its complaints.
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { writes } from "../../src/emulation/cloudflare/faults.ts";
import { startCloudflare, type CloudflareServer } from "../../src/emulation/cloudflare/server.ts";
import { listenTcp } from "../../src/emulation/listen.ts";
import { startTelegram, type TelegramServer } from "../../src/emulation/channels/telegram.ts";
import { ingressName, startWorld, type World } from "../../src/emulation/world.ts";
import { runCcs } from "../support/built-program.ts";
import { startDaemon } from "../support/daemon-process.ts";
import { eventually } from "../support/eventually.ts";
import { startFleet } from "../support/fleet.ts";
import { configOf, telegramOf, type ConfigFile } from "../support/world-config.ts";

/** Made so that a piece is recognised too, and that they pass wherever a real one does. */
const canary = {
  cloudflare: "cfut_CANARYcloudflare7Qq9Zz0123456789abcdef",
  telegram: "123456789:CANARYtelegram7Qq9Zz-0123456789abcdef",
  http: "CANARYhttp7Qq9Zz0123456789abcdef",
};

const apiPaths = [
  "/api/v1/status",
  "/api/v1/events?limit=200",
  "/api/v1/history",
  "/api/v1/history?endpoint=cable",
  "/api/v1/openapi.json",
];

function assertNoSecret(output: string, where: string): void {
  assert.notEqual(output, "", where);
  const base64 = Object.values(canary).map((token) => Buffer.from(token).toString("base64").slice(0, 20));
  for (const piece of ["canary", "7qq9zz", ...base64.map((text) => text.toLowerCase())]) {
    const at = output.toLowerCase().indexOf(piece);
    assert.equal(at, -1, `${where}: …${output.slice(Math.max(0, at - 200), at + 80)}…`);
  }
}

function withCanaries(config: ConfigFile): void {
  config.cloudflare.token = canary.cloudflare;
  config.http.token = canary.http;
  telegramOf(config).token = canary.telegram;
}

/** A world whose services know the canaries. */
async function startTrustedWorld(): Promise<AsyncDisposable & Trusted> {
  await using stack = new AsyncDisposableStack();
  const world = stack.use(await startWorld());
  const records = [{ type: "CNAME", name: ingressName, content: world.cable.host, ttl: 60 }];
  const zones = [{ name: "example.com", records }];
  const cloudflare = stack.use(await startCloudflare({ zones, tokens: [{ token: canary.cloudflare }] }));
  const telegram = stack.use(await startTelegram({ token: canary.telegram }));
  const parts = stack.move();
  return {
    world,
    cloudflare,
    telegram,
    config: configOf(world, (config) => {
      withCanaries(config);
      config.cloudflare.api_url = cloudflare.url;
      telegramOf(config).api_url = telegram.url;
    }),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

interface Trusted {
  readonly world: World;
  readonly cloudflare: CloudflareServer;
  readonly telegram: TelegramServer;
  readonly config: (folder: string) => string;
}

const loud = ["--log-level", "trace"];

const folder = mkdtempSync(join(tmpdir(), "ccs-secrets-"));
after(() => rmSync(folder, { recursive: true, force: true }));

describe("no token in any output", { concurrency: 2 }, () => {
  test("of a daemon whose services know its tokens, through a failover, faults and broken files", async () => {
    await using trusted = await startTrustedWorld();
    const { world, cloudflare, telegram, config } = trusted;
    await using daemon = startDaemon({ config, args: loud });
    await daemon.untilLogged(/^found: CNAME/);
    await daemon.untilLogged(/^mobile is up/);
    cloudflare.faults.next({ kind: "unavailable" }, writes);
    telegram.faults.next({ kind: "server-error" });
    await world.cable.server.behave({ kind: "refuse" });
    await daemon.untilLogged(/^written: CNAME secondary/);
    await eventually("a message", () => telegram.messages.length > 0);
    const good = `cloudflare: { token: ${canary.cloudflare} }\n`;
    const broken = [
      `cloudflare: { tokn: ${canary.cloudflare} }\n`,
      `cloudflare: { token: "${canary.cloudflare} }\n`,
      `cloudflare: { token:${canary.cloudflare} }\nnotify: { telegram: ${canary.telegram} }\n`,
      `cloudflare: { token_file: ${canary.cloudflare} }\nhttp: { token: [${canary.http}] }\n`,
      `${good}notify: { telegram: { token: "${canary.telegram} ü", chat_id: "${canary.telegram}" } }\n`,
      `${good}http: { listen: "${canary.http}", token: "${canary.http} twice" }\n`,
    ];
    for (const text of broken) {
      const told = daemon.logged(/configuration rejected/).length;
      writeFileSync(daemon.configPath, text);
      daemon.send("SIGHUP");
      await daemon.untilLogged(/configuration rejected/, { count: told + 1 });
    }
    await eventually("people hear of the broken file", () => {
      return telegram.messages.some(({ plainText }) => /configuration/i.test(plainText));
    });
    for (const path of ["/", "/healthz", "/readyz", "/metrics", "/nothing", ...apiPaths]) {
      assertNoSecret((await daemon.get(path)).text, path);
    }
    for (const { text } of telegram.messages) assertNoSecret(text, "a message");
    await eventually("people and state are on the disk", () => /secondary\.example\.com/.test(stateOf(daemon.folder)));
    assertNoSecret(stateOf(daemon.folder), "the state, while it is written");
    await daemon.stop();
    assertNoSecret(stateOf(daemon.folder), "the state");
    assertNoSecret(daemon.output, "the daemon");
    assert.ok(
      daemon.log.some(({ level }) => level === "debug"),
      "the level had its effect",
    );
  });

  test("of any command", async () => {
    await using trusted = await startTrustedWorld();
    const path = fileWith(trusted.config(folder));
    for (const command of [
      ["validate"],
      ["validate", "--json"],
      ["probe", ...loud],
      ["plan", ...loud],
      ["plan", "--json"],
      ["run", "--once", ...loud],
    ]) {
      const { code, stdout, stderr } = await runCcs([...command, "--config", path]);
      assert.equal(code, 0, `${command.join(" ")}: ${stderr}`);
      assertNoSecret(stdout + stderr, command.join(" "));
    }
    const original = fileWith(`record: a.example.com
endpoints: [{ dns: { record: b.example.com } }]
cloudflare: { token: ${canary.cloudflare}, zone_id: 0123456789abcdef0123456789abcdef }
telegram: { token: "${canary.telegram}", chat_id: 1 }
`);
    for (const format of [[], ["--json"]]) {
      const { code, stdout, stderr } = await runCcs(["migrate", ...format, original]);
      assert.equal(code, 0);
      assertNoSecret(stdout + stderr, "migrate");
    }
  });

  test("when Cloudflare repeats it in every kind of complaint", async () => {
    // One ingress for each kind: its name, which is in every request about it, says what is answered.
    await using fleet = await startFleet(Object.keys(complaints));
    await using echo = await startEcho((request, response) => {
      const [, kind = ""] = /ingress\.([a-z0-9-]+)\.example/.exec(request.url ?? "") ?? [];
      complaints[kind]?.(request, response);
    });
    const config = (folderOfDaemon: string): string =>
      fleet
        .config()(folderOfDaemon)
        .replace(fleet.cloudflare.url, echo.url)
        .replace(fleet.cloudflare.token, canary.cloudflare);
    await using daemon = startDaemon({ config, args: loud });
    await daemon.untilLogged(/^Cloudflare: could not read ingress/, { count: fleet.ships.length });
    assert.ok(echo.tokensSeen >= fleet.ships.length, "the token did reach the server");
    assertNoSecret((await daemon.get("/readyz")).text, "/readyz");
    for (const path of apiPaths) assertNoSecret((await daemon.get(path)).text, path);
    assertNoSecret((await daemon.get("/metrics")).text, "/metrics");
    await daemon.stop();
    assertNoSecret(daemon.output, "the daemon");
    for (const { record } of fleet.ships) {
      assert.ok(
        daemon.logged(/^Cloudflare: /).some(({ ingress }) => ingress === record),
        record,
      );
    }
  });

  for (const kind of ["refused", "page", "redirect", "not-http"]) {
    test(`when Telegram repeats it in a complaint: ${kind}`, async () => {
      await using world = await startWorld();
      await using echo = await startEcho(complaints[kind] ?? assert.fail());
      const config = configOf(world, (file) => {
        file.http.token = canary.http;
        Object.assign(telegramOf(file), { api_url: echo.url, token: canary.telegram });
      });
      await using daemon = startDaemon({ config, args: loud });
      // The first message: what was found at the start.
      await daemon.untilLogged(/^message: /);
      assert.ok(echo.tokensSeen > 0, "the token did reach the server");
      assertNoSecret((await daemon.get("/metrics")).text, "/metrics");
      await daemon.stop();
      assertNoSecret(daemon.output, kind);
    });
  }
});

/** All bytes in the daemon's state folder, whose files nobody else may read. */
function stateOf(folderOfDaemon: string): string {
  const state = join(folderOfDaemon, "state");
  assert.equal(statSync(state).mode & 0o777, 0o700);
  const files = readdirSync(state).map((name) => join(state, name));
  for (const path of files) {
    if (statSync(path).isFile()) assert.equal(statSync(path).mode & 0o777, 0o600, path);
  }
  return files.flatMap((path) => (statSync(path).isFile() ? [readFileSync(path, "latin1")] : [])).join("");
}

let files = 0;
function fileWith(text: string): string {
  const path = join(folder, `${(files += 1)}.yml`);
  writeFileSync(path, text);
  return path;
}

type Complaint = (request: IncomingMessage, response: ServerResponse) => void;

/** Ways of answering that repeat what was asked, tokens and all. */
const complaints: Readonly<Record<string, Complaint>> = {
  refused: inJson(400),
  forbidden: inJson(403),
  limited: inJson(429),
  unsuccessful: inJson(200),
  page: (request, response) => {
    response.writeHead(500, { "content-type": "text/html" });
    response.end(`<h1>${asked(request)}</h1>`);
  },
  text: (request, response) => void response.end(asked(request)),
  redirect: (request, response) => {
    response.writeHead(302, { location: `http://127.0.0.1:1/?asked=${encodeURIComponent(asked(request))}` });
    response.end();
  },
  "bad-header": (request, response) => {
    response.socket?.end(`HTTP/1.1 200 ${asked(request)}\r\n${asked(request)}\u0000: x\r\n\r\n`);
  },
  "not-http": (request, response) => void response.socket?.end(`${asked(request)}\r\n`),
  closed: (_, response) => void response.socket?.destroy(),
};

function asked({ url, headers }: IncomingMessage): string {
  // Long answers are cut: what matters comes first.
  return `${headers.authorization} ${url}`;
}

function inJson(status: number): Complaint {
  return (request, response) => {
    const message = `bad request: ${asked(request)}`;
    response.writeHead(status, { "content-type": "application/json", "cf-ray": asked(request) });
    const errors = [{ code: 9999, message, error_chain: [{ code: 9998, message }] }];
    response.end(JSON.stringify({ success: false, ok: false, description: message, errors, result: null }));
  };
}

/** A server that answers in one of these ways. */
async function startEcho(answer: Complaint): Promise<AsyncDisposable & { url: string; tokensSeen: number }> {
  let tokensSeen = 0;
  const server = createServer((request, response) => {
    const what = decodeURIComponent(asked(request));
    if (Object.values(canary).some((token) => what.includes(token))) tokensSeen += 1;
    request.resume();
    request.once("end", () => answer(request, response));
  });
  const listening = await listenTcp(server);
  return {
    url: `http://${listening.authority}`,
    get tokensSeen() {
      return tokensSeen;
    },
    [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose](),
  };
}
