// The reverse proxies of docs/reverse-proxy.md, run as they stand there in front of a real daemon: the password is asked for, the
// dashboard and the stream come through, below a path as well, and limits count the reader, not the proxy.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { request, type IncomingMessage } from "node:http";
import { request as requestOverTls } from "node:https";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { startWorld } from "../../src/emulation/world.ts";
import { StreamReader } from "../support/api-site.ts";
import { selfSigned } from "../support/certificates.ts";
import { startDaemon, type DaemonProcess } from "../support/daemon-process.ts";
import { blocksOf, readPages } from "../support/documents.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/ports.ts";
import { requireProgram } from "../support/programs.ts";
import { configOf } from "../support/world-config.ts";
import { ownFolder, untilBothUp } from "../support/world-daemon.ts";

const blocks = blocksOf(readPages().filter(({ name }) => name === "docs/reverse-proxy.md"));
const password = "hiccup";
const login = { authorization: `Basic ${Buffer.from(`admin:${password}`).toString("base64")}` };

test("nginx in front, as documented: password, dashboard, stream, and below a path", async (t) => {
  const nginx = requireProgram(t, "nginx");
  if (nginx === undefined) return;
  await using world = await startWorld();
  await using daemon = startDaemon({ config: proxied(configOf(world)) });
  await untilBothUp(daemon);
  const folder = ownFolder(t);
  const { key, cert } = await selfSigned({ names: ["ccs.example.com"] });
  writeFileSync(join(folder, "ccs.example.com.key"), key);
  writeFileSync(join(folder, "ccs.example.com.pem"), cert);
  // The format of `htpasswd`, in clear, as nginx takes it too.
  writeFileSync(join(folder, "ccs.htpasswd"), `admin:{PLAIN}${password}\n`);
  const [tls, plain] = [await freePort("127.0.0.1"), await freePort("127.0.0.1")];
  const upstream = await authorityOf(daemon);
  const servers = blocks
    .filter(({ language }) => language === "nginx")
    .map(({ code }) =>
      code
        .replaceAll(/ *listen \[::\].*\n/g, "")
        .replace("listen 443 ssl", `listen 127.0.0.1:${tls} ssl`)
        .replace("listen 80", `listen 127.0.0.1:${plain}`)
        .replaceAll(/\/etc\/(?:ssl|nginx)\//g, `${folder}/`)
        .replaceAll("127.0.0.1:3000", upstream),
    );
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (what) => `${what}_temp_path ${folder}/${what};`,
  );
  const file = join(folder, "nginx.conf");
  writeFileSync(
    file,
    `daemon off;\nmaster_process off;\npid ${folder}/pid;\nevents {}\nhttp {\n${temporary.join("\n")}\naccess_log off;\n${servers.join("\n")}\n}\n`,
  );
  start(t, nginx, ["-e", "stderr", "-p", folder, "-c", file]);

  const over = (path: string, headers: Record<string, string> = {}) =>
    answerOf(
      requestOverTls({
        host: "127.0.0.1",
        port: tls,
        path,
        rejectUnauthorized: false,
        headers: { host: "ccs.example.com", ...headers },
      }),
    );
  await eventually("nginx answers", async () => (await over("/").catch(() => undefined))?.status === 401);
  await assertProxied(over, () =>
    requestOverTls({
      host: "127.0.0.1",
      port: tls,
      path: "/api/v1/stream",
      rejectUnauthorized: false,
      agent: false,
      headers: { host: "ccs.example.com", ...login },
    }),
  );
  // What the page says about the token: it does not get past a password.
  const changed = await over("/api/v1/status", { authorization: "Bearer a-token-of-the-test" });
  assert.equal(changed.status, 401);

  const below = (path: string) =>
    answerOf(request({ host: "127.0.0.1", port: plain, path, headers: { host: "www.example.com" } }));
  const page = await below("/ccs/");
  assert.equal(page.status, 200);
  const [, asset = ""] = /<script[^>]* src="\.\/([^"]+)"/.exec(page.text) ?? [];
  assert.equal((await below(`/ccs/${asset}`)).status, 200, page.text);
  assert.equal((await below("/ccs/api/v1/status")).status, 200);
});

test("Caddy in front, as documented", async (t) => {
  const caddy = requireProgram(t, "caddy");
  if (caddy === undefined) return;
  await using world = await startWorld();
  await using daemon = startDaemon({ config: proxied(configOf(world)) });
  await untilBothUp(daemon);
  const folder = ownFolder(t);
  const port = await freePort("127.0.0.1");
  const [block] = blocks.filter(({ language }) => language === "caddyfile");
  const code = (block?.code ?? "")
    .replace("ccs.example.com", `http://ccs.example.com:${port}`)
    .replace("127.0.0.1:3000", await authorityOf(daemon));
  const file = join(folder, "Caddyfile");
  // No administration, and no certificate for a name that is not here.
  writeFileSync(file, `{\n\tadmin off\n\tauto_https off\n}\n${code}`);
  mkdirSync(join(folder, "home"));
  start(t, caddy, ["run", "--adapter", "caddyfile", "--config", file], {
    HOME: join(folder, "home"),
    XDG_DATA_HOME: folder,
    XDG_CONFIG_HOME: folder,
  });
  const headers = { host: "ccs.example.com" };
  const over = (path: string, more: Record<string, string> = {}) =>
    answerOf(request({ host: "127.0.0.1", port, path, headers: { ...headers, ...more } }));
  await eventually("Caddy answers", async () => (await over("/").catch(() => undefined))?.status === 401);
  await assertProxied(over, () =>
    request({ host: "127.0.0.1", port, path: "/api/v1/stream", agent: false, headers: { ...headers, ...login } }),
  );
});

/** The password opens dashboard and API, and the first status comes over the stream at once. */
async function assertProxied(
  over: (path: string, headers?: Record<string, string>) => Promise<Answer>,
  stream: () => ReturnType<typeof request>,
): Promise<void> {
  const page = await over("/", login);
  assert.equal(page.status, 200);
  assert.match(page.text, /<div id="app">/);
  assert.equal((await over("/api/v1/status", login)).status, 200);
  using reader = await StreamReader.of(stream());
  await eventually("the first status", () => reader.of("status")[0]);
}

/** What the page says about the daemon's own configuration. */
function proxied(config: ReturnType<typeof configOf>): ReturnType<typeof configOf> {
  return (folder) =>
    config(folder).replace(
      /^http:$/m,
      "http:\n  hosts: [ccs.example.com, www.example.com]\n  trusted_proxies: [127.0.0.1]",
    );
}

async function authorityOf(daemon: DaemonProcess): Promise<string> {
  const { url } = await daemon.untilLogged(/^listening on /);
  return new URL(url ?? "").host;
}

interface Answer {
  readonly status: number | undefined;
  readonly text: string;
}

async function answerOf(asked: ReturnType<typeof request>): Promise<Answer> {
  const answered = once(asked, "response") as Promise<[IncomingMessage]>;
  asked.end();
  const [response] = await answered;
  const chunks = await response.setEncoding("utf8").toArray();
  return { status: response.statusCode, text: chunks.join("") };
}

/** A program that ends with the test. */
function start(t: TestContext, program: string, args: readonly string[], env: Record<string, string> = {}): void {
  const child = spawn(program, args, { stdio: "ignore", env: { ...process.env, ...env } });
  t.after(async () => {
    if (child.exitCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  });
}
