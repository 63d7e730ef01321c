// `ccs init` as a person answers it on a terminal, and what it says where there is none.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { httpOf } from "../support/checks.ts";
import { telegramIn } from "../support/channels.ts";
import { readFromDisk } from "../../src/runtime/node/read-file.ts";
import { startWebhookReceiver } from "../../src/emulation/channels/webhook.ts";
import { loadConfig } from "../../src/config/load.ts";
import { startWorld, type World } from "../../src/emulation/world.ts";
import { runCcs } from "../support/built-program.ts";
import { requireProgram } from "../support/programs.ts";
import { checkOverHttp, checkQuestion, noCheck } from "../support/check-question.ts";
import { choose, keys, openTerminal, type PseudoTerminal } from "../support/pseudo-terminal.ts";

const root = mkdtempSync(join(tmpdir(), "ccs-init-"));
after(() => rmSync(root, { recursive: true, force: true }));

function newFolder(): string {
  return mkdtempSync(join(root, "folder-"));
}

function environmentOf({ cloudflare, telegram }: World): Record<string, string> {
  return { CCS_CLOUDFLARE_API_URL: cloudflare.url, CCS_TELEGRAM_API_URL: telegram.url };
}

const ways = { service: "As a service", docker: "In a container", byHand: "By hand" } as const;

/** Which ways come first depends on the machine. */
async function chooseWay(terminal: PseudoTerminal, way: keyof typeof ways): Promise<void> {
  await terminal.answer(/How should ccs run(?:[^]*[●○] .*){3}/, choose(ways[way]));
}

/** All questions before the last one, with a token in the environment and no checks; `channel` chooses one, or none. */
async function answerBriefly(terminal: PseudoTerminal, channel: string = keys.enter): Promise<void> {
  await terminal.answer(/Which DNS name should ccs manage/, `ingress.example.com${keys.enter}`);
  for (const [name, target] of [
    ["cable", "192.0.2.1"],
    ["vps", "192.0.2.2"],
  ] as const) {
    await terminal.answer(/What should this endpoint be called/, `${keys.clear}${name}${keys.enter}`);
    await terminal.answer(/What is the target of/, target + keys.enter);
    await terminal.answer(checkQuestion(), noCheck);
  }
  await terminal.answer(/keep\s+publishing vps/, keys.enter);
  await terminal.answer(/Add another endpoint/, keys.enter);
  await terminal.answer(/Where should ccs send you messages/, channel);
}

/** A whole `ccs init` in a folder of its own, with the keys that choose how ccs should run. */
async function initiate(
  script: string,
  way: keyof typeof ways,
  file = "config.yml",
): Promise<{ cwd: string; token: string; text: string }> {
  await using world = await startWorld();
  const { token } = world.cloudflare;
  const cwd = newFolder();
  const env = { ...environmentOf(world), CLOUDFLARE_API_TOKEN: token };
  await using terminal = openTerminal(["init", file], { script, cwd, env });
  await answerBriefly(terminal);
  await chooseWay(terminal, way);
  assert.equal(await terminal.ended(), 0, terminal.text);
  return { cwd, token, text: terminal.text };
}

async function answerLine(
  terminal: PseudoTerminal,
  line: { name: string; target: string; url: string },
): Promise<void> {
  await terminal.answer(/What should this endpoint be called/, `${keys.clear}${line.name}${keys.enter}`);
  await terminal.answer(/What is the target of/, line.target + keys.enter);
  await terminal.answer(checkQuestion(), checkOverHttp);
  await terminal.answer(/Which page shows/, `${keys.clear}${line.url}${keys.enter}`);
  await terminal.answer(/A word that the page must contain/, `${keys.clear}OK${keys.enter}`);
}

describe("ccs init on a terminal", { concurrency: 2 }, () => {
  test("asks, tries everything out, and writes a file that the daemon takes and nobody else can read", async (t) => {
    const script = requireProgram(t, "script");
    if (script === undefined) return;
    await using world = await startWorld();
    const { cable, mobile, cloudflare, telegram } = world;
    const cwd = newFolder();
    await using terminal = openTerminal(["init"], { script, cwd, env: environmentOf(world) });
    await terminal.answer(/Which DNS name should ccs manage/, `ingress.example.com${keys.enter}`);
    await terminal.answer(/The Cloudflare API token/, cloudflare.token + keys.enter);
    const url = (line: World["cable"]): string => `http://${line.address}:${line.server.port}/healthz`;
    await answerLine(terminal, { name: "cable", target: cable.address, url: url(cable) });
    await terminal.answer(/is private: only clients/, `y`);
    await answerLine(terminal, { name: "mobile", target: mobile.address, url: url(mobile) });
    await terminal.answer(/keep\s+publishing mobile/, keys.enter);
    await terminal.answer(/Add another endpoint/, keys.enter);
    await terminal.answer(/Where should ccs send you messages/, keys.down + keys.enter);
    await terminal.answer(/The bot's token/, telegram.token + keys.enter);
    await terminal.answer(/The chat: its number/, `123456${keys.enter}`);
    await chooseWay(terminal, "byHand");
    await terminal.answer(/Where should the tokens be stored/, keys.enter);
    assert.equal(await terminal.ended(), 0, terminal.text);

    assert.match(terminal.text, /The token works\. The zone is example\.com\./);
    assert.match(terminal.text, /ingress\.example\.com is CNAME primary\.example\.com now/);
    assert.match(terminal.text, /cable answers: 127\.\S+ status 200, marker "OK" found/);
    assert.match(terminal.text, /the bot may write to You/);
    assert.ok(!terminal.text.includes(cloudflare.token), "no token is shown while it is typed");
    const path = join(cwd, "config.yml");
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(cwd), ["config.yml"]);
    const loaded = loadConfig({ path, env: {}, readFile: readFromDisk });
    assert.ok(loaded.kind === "ok", JSON.stringify(loaded));
    const [ingress] = loaded.config.ingresses;
    assert.equal(ingress?.zone, cloudflare.zone("example.com").id);
    assert.equal(ingress.allowPrivate, true);
    assert.deepEqual(
      ingress.endpoints.map(({ name, stickyMs, check }) => [
        name,
        stickyMs,
        httpOf(check)?.url,
        httpOf(check)?.contains,
      ]),
      [
        ["cable", undefined, url(cable), "OK"],
        ["mobile", 600_000, url(mobile), "OK"],
      ],
    );
    assert.equal(loaded.config.cloudflare.token.reveal(), cloudflare.token);
    assert.equal(telegramIn(loaded.config)?.chatId, 123_456);
    assert.match(loaded.config.http.token?.reveal() ?? "", /^[0-9a-f]{32}$/);
    assert.deepEqual(loaded.warnings, []);
    assert.match(
      terminal.text,
      /dashboard will be\s+at\s+http:\/\/127\.0\.0\.1:3000\/; its\s+token, for\s+changes, is\s+http\.token\s+in\s+config\.yml/,
    );
    assert.equal(cloudflare.counts.writes, 0);
    assert.deepEqual(telegram.messages, []);
  });

  test("a webhook gets a secret of its own, and its receiver is asked whether it is there", async (t) => {
    const script = requireProgram(t, "script");
    if (script === undefined) return;
    await using world = await startWorld();
    await using receiver = await startWebhookReceiver();
    const cwd = newFolder();
    const env = { ...environmentOf(world), CLOUDFLARE_API_TOKEN: world.cloudflare.token };
    await using terminal = openTerminal(["init"], { script, cwd, env });
    await answerBriefly(terminal, keys.down + keys.down + keys.enter);
    await terminal.answer(/The URL that messages are sent to/, `${receiver.url}/hook${keys.enter}`);
    await terminal.answer(/Should requests be signed/, keys.enter);
    await chooseWay(terminal, "byHand");
    await terminal.answer(/Where should the tokens be stored/, keys.enter);
    assert.equal(await terminal.ended(), 0, terminal.text);
    assert.match(terminal.text, /receiver: 127\.0\.0\.1:\d+ answers/);
    const text = readFileSync(join(cwd, "config.yml"), "utf8");
    assert.match(
      text,
      /^ {2}- kind: webhook\n(?: {4}#.*\n)* {4}url: .*\/hook\n(?: {4}#.*\n)* {4}secret: ("?)whsec_[\w+/=]{32}\1$/m,
    );
    assert.doesNotMatch(terminal.text, /whsec_\w/);
    assert.equal(
      loadConfig({ path: join(cwd, "config.yml"), env: { CLOUDFLARE_API_TOKEN: "T" }, readFile: readFromDisk }).kind,
      "ok",
    );
    assert.equal(receiver.taken.length, 0);
  });

  test("asks again for what is wrong, and lets one go on with what does not answer", async (t) => {
    const script = requireProgram(t, "script");
    if (script === undefined) return;
    await using world = await startWorld();
    await world.cable.server.behave({ kind: "refuse" });
    const env = { ...environmentOf(world), CLOUDFLARE_API_TOKEN: world.cloudflare.token, CCS_ALLOW_PRIVATE: "true" };
    const cwd = newFolder();
    const kept = join(newFolder(), "kept.yml");
    writeFileSync(kept, "old\n");
    symlinkSync(kept, join(cwd, "other.yml"));
    world.cloudflare.faults.next({ kind: "drop-before-commit" });
    await using terminal = openTerminal(["init", "other.yml"], { script, cwd, env });
    await terminal.answer(/other\.yml already exists/, "y");
    await terminal.answer(/Which DNS name should ccs manage/, `https://x${keys.enter}`);
    await terminal.answer(/write only the host name/, `${keys.clear}ingress.example.com${keys.enter}`);
    await terminal.answer(/Cloudflare could not be queried[^]*How should ccs init continue[^]*Try again/, keys.enter);
    const { cable, mobile } = world;
    const url = (line: World["cable"]): string => `http://${line.address}:${line.server.port}/healthz`;
    await answerLine(terminal, { name: "cable", target: cable.address, url: url(cable) });
    assert.match(terminal.text, /The token works\. The zone is example\.com\./);
    await terminal.answer(/connection refused[^]*What about cable[^]*Keep it/, choose("Keep it"));
    await answerLine(terminal, { name: "mobile", target: mobile.address, url: url(mobile) });
    await terminal.answer(/keep\s+publishing mobile/, keys.enter);
    await terminal.answer(/Add another endpoint/, keys.enter);
    await terminal.answer(/Where should ccs send you messages/, keys.enter);
    await chooseWay(terminal, "byHand");
    assert.equal(await terminal.ended(), 0, terminal.text);
    assert.ok(lstatSync(join(cwd, "other.yml")).isSymbolicLink(), "the link stays");
    const text = readFileSync(kept, "utf8");
    assert.match(text, /^ {2}token: \$\{CLOUDFLARE_API_TOKEN\}$/m);
    assert.ok(!text.includes(world.cloudflare.token));
    assert.match(terminal.text, /ccs doctor --config other\.yml/);
  });

  test("in a container it takes the token from the file of a secret, and writes where the daemon will look", async (t) => {
    const script = requireProgram(t, "script");
    if (script === undefined) return;
    await using world = await startWorld();
    const { cable, cloudflare } = world;
    const [cwd, folder] = [newFolder(), newFolder()];
    const path = join(folder, "config.yml");
    const token = join(folder, "token");
    writeFileSync(token, `${cloudflare.token}\n`, { mode: 0o600 });
    const env = {
      ...environmentOf(world),
      CCS_CONTAINER: "1",
      CCS_CONFIG: path,
      CCS_ALLOW_PRIVATE: "true",
      CLOUDFLARE_API_TOKEN_FILE: token,
    };
    await using terminal = openTerminal(["init"], { script, cwd, env });
    await terminal.answer(/Which DNS name should ccs manage/, `ingress.example.com${keys.enter}`);
    const url = `http://${cable.address}:${cable.server.port}/healthz`;
    await answerLine(terminal, { name: "cable", target: cable.address, url });
    await terminal.answer(/What should this endpoint be called/, `${keys.clear}vps${keys.enter}`);
    await terminal.answer(/What is the target of/, `192.0.2.1${keys.enter}`);
    await terminal.answer(checkQuestion(), noCheck);
    await terminal.answer(/keep\s+publishing vps/, keys.enter);
    await terminal.answer(/Add another endpoint/, keys.enter);
    await terminal.answer(/Where should ccs send you messages/, keys.enter);
    assert.equal(await terminal.ended(), 0, terminal.text);
    assert.match(terminal.text, /CLOUDFLARE_API_TOKEN_FILE names a file with the token: it is used/);
    assert.match(terminal.text, /docker compose up --detach/);
    assert.doesNotMatch(
      terminal.text,
      /The Cloudflare API token \(|Where should the tokens be stored|How should ccs run/,
    );
    assert.deepEqual(readdirSync(cwd), []);
    const text = readFileSync(path, "utf8");
    assert.ok(!text.includes(cloudflare.token), text);
    const loaded = loadConfig({ path, env: { CCS_ALLOW_PRIVATE: "true" }, readFile: readFromDisk });
    assert.ok(loaded.kind === "ok", JSON.stringify(loaded));
    assert.deepEqual(loaded.tokenFiles, [token]);
    assert.equal(loaded.config.cloudflare.token.reveal(), cloudflare.token);
  });

  test("a secret that is no token is named, and the token asked for", async (t) => {
    const script = requireProgram(t, "script");
    if (script === undefined) return;
    const token = "Yq3vRkP0aSxTn9LmWc5dJh2oEbUfGi7zK1sVtNxQ";
    for (const [path, words] of [
      ["/nowhere/token", '"/nowhere/token"'],
      [token, "text \\(not shown\\)"],
    ] as const) {
      const env = { CLOUDFLARE_API_TOKEN_FILE: path };
      await using terminal = openTerminal(["init"], { script, cwd: newFolder(), env });
      await terminal.answer(/Which DNS name should ccs manage/, `ingress.example.com${keys.enter}`);
      const expected = new RegExp(`names ${words}, but there is no such file[^]*The Cloudflare API token`);
      await terminal.answer(expected, keys.controlC);
      await terminal.answer(/Leave ccs init/, "y");
      assert.equal(await terminal.ended(), 1);
      assert.ok(!terminal.text.includes(token));
    }
  });

  test("for a service, the tokens are files of their own, and everybody may read the configuration", async (t) => {
    const script = requireProgram(t, "script");
    if (script === undefined) return;
    const { cwd, token, text: told } = await initiate(script, "service");
    assert.match(told, /sudo ccs service install {3}# /, "what follows a command may be pasted with it");
    assert.match(told, /credentials\/http-token,\s+which\s+only\s+you\s+can\s+read/);
    assert.match(told, /its\s+token,\s+for\s+changes,\s+is\s+in\s+credentials\/http-token\./);
    const credentials = join(cwd, "credentials");
    const modeOf = (path: string): number => statSync(path).mode & 0o777;
    assert.deepEqual(readdirSync(credentials), ["cloudflare-token", "http-token"]);
    assert.deepEqual([modeOf(credentials), modeOf(join(credentials, "cloudflare-token"))], [0o700, 0o600]);
    const path = join(cwd, "config.yml");
    assert.equal(modeOf(path), 0o644);
    const text = readFileSync(path, "utf8");
    assert.ok(!text.includes(token), text);
    // As it is here, and as systemd hands the tokens over.
    for (const variables of [{}, { CREDENTIALS_DIRECTORY: credentials }]) {
      const loaded = loadConfig({ path, env: variables, readFile: readFromDisk });
      assert.ok(loaded.kind === "ok", JSON.stringify(loaded));
      assert.equal(loaded.config.cloudflare.token.reveal(), token);
      assert.match(loaded.config.http.token?.reveal() ?? "", /^[0-9a-f]{32}$/);
    }
  });

  test("for Docker, the token is a file that becomes the secret of compose.yaml", async (t) => {
    const script = requireProgram(t, "script");
    if (script === undefined) return;
    const { cwd, token, text: told } = await initiate(script, "docker");
    assert.match(told, /docker compose up --detach/);
    assert.equal(readFileSync(join(cwd, "cloudflare_token"), "utf8"), `${token}\n`);
    const path = join(cwd, "config.yml");
    assert.deepEqual(
      [statSync(path).mode & 0o777, statSync(join(cwd, "cloudflare_token")).mode & 0o777],
      [0o600, 0o600],
    );
    const secret = "/run/secrets/cloudflare_token";
    const compose = readFileSync(join(import.meta.dirname, "../../compose.yaml"), "utf8");
    assert.ok(compose.includes("cloudflare_token"), "what compose.yaml calls it");
    const readFile = (name: string): Uint8Array => readFileSync(name === secret ? join(cwd, "cloudflare_token") : name);
    const loaded = loadConfig({ path, env: {}, readFile });
    assert.ok(loaded.kind === "ok", JSON.stringify(loaded));
    assert.deepEqual(loaded.tokenFiles, [secret]);
    assert.equal(loaded.config.cloudflare.token.reveal(), token);
  });

  for (const [where, file] of [
    ["another folder", "config.yml"],
    ["the folder of compose.yaml", "config/config.yml"],
  ] as const) {
    test(`for Docker, what is to be typed puts the files where compose.yaml expects them, from ${where}`, async (t) => {
      const script = requireProgram(t, "script");
      if (script === undefined) return;
      const { cwd, token, text } = await initiate(script, "docker", file);
      const place = file === "config.yml" ? newFolder() : cwd;
      const lines = [...text.matchAll(/^│ {2}(sudo .*?) *│\r?$/gm)].map(([, line = ""]) => line);
      assert.equal(lines.length, 4, text);
      // Not everybody may give files away, nor have sudo.
      const shell = `sudo() { [ "$1" = chown ] || "$@"; }\n${lines.join("\n")}\ntrue\n`;
      execFileSync("sh", ["-c", shell], { cwd: place, stdio: ["ignore", "ignore", "pipe"] });
      assert.match(readFileSync(join(place, "config/config.yml"), "utf8"), /ingress\.example\.com/);
      assert.equal(readFileSync(join(place, "secrets/cloudflare_token"), "utf8"), `${token}\n`);
      const left = readdirSync(cwd, { recursive: true }).filter((name) => /config\.yml|token/.test(String(name)));
      assert.equal(left.length, place === cwd ? 2 : 0, left.join());
    });
  }

  test("what is asked again begins with what was answered: Enter takes it", async (t) => {
    const script = requireProgram(t, "script");
    if (script === undefined) return;
    await using world = await startWorld();
    const { cable, mobile, cloudflare, telegram } = world;
    await cable.server.behave({ kind: "refuse" });
    const env = { ...environmentOf(world), CLOUDFLARE_API_TOKEN: cloudflare.token, CCS_ALLOW_PRIVATE: "true" };
    const cwd = newFolder();
    await using terminal = openTerminal(["init"], { script, cwd, env });
    await terminal.answer(/Which DNS name should ccs manage/, `ingress.example.org${keys.enter}`);
    const noZone = /The token works, but[^]*How should ccs init continue[^]*Change the name/;
    await terminal.answer(noZone, choose("Change the name"));
    const erased = "\u007F".repeat("org".length);
    await terminal.answer(/Which DNS name should ccs manage[^]*ingress\.example\.org/, `${erased}com${keys.enter}`);
    const url = (line: World["cable"]): string => `http://${line.address}:${line.server.port}/healthz`;
    await answerLine(terminal, { name: "line", target: cable.address, url: url(cable) });
    assert.match(terminal.text, /The token works\. The zone is example\.com\./);
    await terminal.answer(/connection refused[^]*What about line[^]*Ask me again/, keys.enter);
    await cable.server.behave({ kind: "ok" });
    await terminal.answer(/What should this endpoint be called\?\s*│\s*line/, keys.enter);
    await terminal.answer(/What is the target of[^│]*│\s*127\./, keys.enter);
    await terminal.answer(checkQuestion("line"), checkOverHttp);
    await terminal.answer(/Which page shows[^│]*│\s*http:\/\/127\./, keys.enter);
    await terminal.answer(/A word that the page must contain[^│]*│\s*OK/, keys.enter);
    await terminal.answer(/line answers[^]*What should this endpoint be called/, `${keys.clear}line${keys.enter}`);
    await terminal.answer(/line is taken/, `2${keys.enter}`);
    await terminal.answer(/What is the target of line2/, mobile.address + keys.enter);
    await terminal.answer(checkQuestion("line2"), checkOverHttp);
    await terminal.answer(/https:\/\/127\.\S+\/healthz/, `${keys.clear}${url(mobile)}${keys.enter}`);
    await terminal.answer(/A word that the page must contain/, keys.enter);
    await terminal.answer(/keep\s+publishing line2/, keys.enter);
    await terminal.answer(/Add another endpoint/, keys.enter);
    await terminal.answer(/Where should ccs send you messages[^]*On Telegram/, choose("On Telegram"));
    await terminal.answer(/The bot's token/, `${telegram.token}x${keys.enter}`);
    await terminal.answer(/The chat: its number/, `123456${keys.enter}`);
    await terminal.answer(/bot: [^]*How should ccs init continue/, keys.enter);
    await terminal.answer(/Enter\s+alone\s+takes\s+the\s+one\s+from\s+before/, keys.enter);
    await terminal.answer(/The chat: its number[^]*123456/, keys.enter);
    await terminal.answer(/bot: [^]*How should ccs init continue/, keys.enter);
    await terminal.answer(/The bot's token/, telegram.token + keys.enter);
    await terminal.answer(/The chat: its number[^]*123456/, keys.enter);
    await chooseWay(terminal, "byHand");
    await terminal.answer(/Where should the tokens be stored[^]*In the environment/, choose("In the environment"));
    assert.equal(await terminal.ended(), 0, terminal.text);
    assert.match(terminal.text, /# CLOUDFLARE_API_TOKEN has to be set, as it is in this shell/);
    assert.match(terminal.text, /export TELEGRAM_TOKEN=…/);
    assert.match(terminal.text, /its\s+token,\s+for\s+changes,\s+is\s+what\s+you\s+set\s+CCS_HTTP_TOKEN\s+to\./);
    const tokens = {
      CCS_ALLOW_PRIVATE: "true",
      CLOUDFLARE_API_TOKEN: "T",
      TELEGRAM_TOKEN: telegram.token,
      CCS_HTTP_TOKEN: "0123456789abcdef01",
    };
    const loaded = loadConfig({ path: join(cwd, "config.yml"), env: tokens, readFile: readFromDisk });
    assert.ok(loaded.kind === "ok", JSON.stringify(loaded));
    const [ingress] = loaded.config.ingresses;
    assert.equal(ingress?.record, "ingress.example.com");
    assert.deepEqual(
      ingress.endpoints.map(({ name, check, stickyMs }) => [
        name,
        httpOf(check)?.url,
        httpOf(check)?.contains,
        stickyMs,
      ]),
      [
        ["line", url(cable), "OK", undefined],
        ["line2", url(mobile), undefined, 600_000],
      ],
    );
    assert.equal(telegramIn(loaded.config)?.chatId, 123_456);
  });

  test("Ctrl-C asks back before it loses answers, also while something is tested; a second one leaves at once", async (t) => {
    const script = requireProgram(t, "script");
    if (script === undefined) return;
    await using world = await startWorld();
    const { cable } = world;
    await cable.server.behave({ kind: "hang" });
    const env = { ...environmentOf(world), CLOUDFLARE_API_TOKEN: world.cloudflare.token, CCS_ALLOW_PRIVATE: "true" };
    const cwd = newFolder();
    await using nothingYet = openTerminal(["init"], { script, cwd, env });
    await nothingYet.answer(/Which DNS name should ccs manage/, keys.controlC);
    assert.equal(await nothingYet.ended(), 1);
    assert.doesNotMatch(nothingYet.text, /Leave ccs init/);

    await using terminal = openTerminal(["init"], { script, cwd, env });
    await terminal.answer(/Which DNS name should ccs manage/, `ingress.example.com${keys.enter}`);
    await terminal.answer(/What should this endpoint be called/, keys.controlC);
    await terminal.answer(/Leave ccs init\?[^]*the answers so far will\s+be\s+lost/, keys.enter);
    const url = `http://${cable.address}:${cable.server.port}/healthz`;
    await answerLine(terminal, { name: "cable", target: cable.address, url });
    await terminal.answer(/Testing cable/, keys.controlC);
    await terminal.answer(/Leave ccs init/, keys.enter);
    await terminal.answer(/What about cable/, keys.enter);
    await terminal.answer(/What should this endpoint be called\?\s*│\s*cable/, keys.controlC);
    await terminal.answer(/Leave ccs init/, keys.controlC);
    assert.equal(await terminal.ended(), 1);
    assert.match(terminal.text, /Cancelled: nothing was written\./);
    assert.deepEqual(readdirSync(cwd), []);
  });

  test("makes the folder of the file, and names it as a shell takes it", async (t) => {
    const script = requireProgram(t, "script");
    if (script === undefined) return;
    const { cwd, text } = await initiate(script, "byHand", "my lines/home/config.yml");
    assert.match(text, /ccs run --config 'my lines\/home\/config\.yml'/);
    assert.equal(statSync(join(cwd, "my lines/home/config.yml")).mode & 0o777, 0o600);
  });

  test("where the file could not be written, nothing is asked", async (t) => {
    const script = requireProgram(t, "script");
    if (script === undefined) return;
    await using terminal = openTerminal(["init", "/dev/null/config.yml"], { script, cwd: newFolder(), env: {} });
    assert.equal(await terminal.ended(), 69, terminal.text);
    assert.match(terminal.text, /\/dev\/null\/config\.yml cannot be written: /);
    assert.doesNotMatch(terminal.text, /Which DNS name/);
  });

  test("never writes over a file without a yes, and writes nothing when it is given up", async (t) => {
    const script = requireProgram(t, "script");
    if (script === undefined) return;
    const cwd = newFolder();
    const path = join(cwd, "config.yml");
    writeFileSync(path, "mine\n");
    await using declined = openTerminal(["init"], { script, cwd });
    await declined.answer(/config\.yml already exists/, keys.enter);
    assert.equal(await declined.ended(), 1);
    assert.match(declined.text, /is left as it is/);
    await using given = openTerminal(["init"], { script, cwd });
    await given.answer(/config\.yml already exists/, "y");
    await given.answer(/Which DNS name should ccs manage/, keys.controlC);
    await given.answer(/Leave ccs init/, keys.controlC);
    assert.equal(await given.ended(), 1);
    assert.match(given.text, /nothing was written/);
    assert.equal(readFileSync(path, "utf8"), "mine\n");
    assert.deepEqual(readdirSync(cwd), ["config.yml"]);
  });
});

describe("ccs init without a terminal", { concurrency: 2 }, () => {
  test("says how to go on, and exits with 64", async () => {
    const cwd = newFolder();
    const { code, stdout, stderr } = await runCcs(["init"], { cwd });
    assert.deepEqual([code, stdout], [64, ""]);
    assert.match(stderr, /there is no terminal .* ccs init --print-example > config\.yml/);
    assert.deepEqual(readdirSync(cwd), []);
  });

  test("prints an example that validates, given its tokens", async () => {
    const cwd = newFolder();
    const { code, stdout, stderr } = await runCcs(["init", "--print-example"], { cwd });
    assert.deepEqual([code, stderr], [0, ""]);
    writeFileSync(join(cwd, "config.yml"), stdout);
    const env = { CLOUDFLARE_API_TOKEN: "token", TELEGRAM_TOKEN: "123:abc" };
    const validated = await runCcs(["validate"], { cwd, env });
    assert.equal(validated.code, 0, validated.stderr);
  });
});
