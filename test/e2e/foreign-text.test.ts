// Whatever an endpoint, a DNS server, Cloudflare or Telegram put into their words: what people and programs get to read of
// them is one line without anything that a terminal obeys, and HTML only as text.
import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { test } from "node:test";
import { listenTcp } from "../../src/emulation/listen.ts";
import { runCcs } from "../support/built-program.ts";
import { createAuthority } from "../support/certificates.ts";
import { startDaemon } from "../support/daemon-process.ts";
import { eventually } from "../support/eventually.ts";
import { startRawServer } from "../support/raw-server.ts";
import { cname, startScriptedDns } from "../support/scripted-dns.ts";

/** Clears the screen, sets the title, turns the direction, begins lines, ends tags and quotes. Each has its origin in it. */
const hostile = (origin: string): string =>
  `${origin}\u001B[2J\u001B]0;x\u0007\u009B1m\u202Ea\u2066\u2028b\r\nc\u0000</b></code><a href="http://evil">&"\\`;

const forbidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

function assertPlain(text: string, where: string): void {
  for (const line of text.split("\n")) assert.doesNotMatch(line, forbidden, `${where}: ${JSON.stringify(line)}`);
}

/** Every string in a line of the log, keys included. */
function assertPlainValue(value: unknown, where: string): void {
  if (typeof value === "string") assert.doesNotMatch(value, forbidden, `${where}: ${JSON.stringify(value)}`);
  else if (typeof value === "object" && value !== null)
    Object.entries(value)
      .flat()
      .forEach((item) => assertPlainValue(item, where));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

test("no foreign text reaches log, terminal, messages or metrics as more than plain text", async () => {
  const record = {
    id: "1",
    name: "ingress.example.com",
    type: "CNAME",
    content: "a.example.com",
    ttl: 60,
    proxied: false,
  };
  let isRefusing = true;
  await using cloudflare = await listenTcp(
    createServer((request, response) => {
      void bodyOf(request).then((body) => {
        if (request.method === "GET") return answer(response, 200, { success: true, result: [record] });
        const errors = [{ code: 9000, message: hostile("cloudflare") }];
        if (isRefusing) return answer(response, 400, { success: false, errors });
        const { patches } = JSON.parse(body) as { patches: object[] };
        return answer(response, 200, { success: true, result: { patches } });
      });
    }),
  );
  const told: { text: string; parse_mode?: string }[] = [];
  await using telegram = await listenTcp(
    createServer((request, response) => {
      void bodyOf(request).then((body) => {
        told.push(JSON.parse(body) as { text: string; parse_mode?: string });
        answer(response, told.length < 3 ? 400 : 200, { ok: told.length >= 3, description: hostile("telegram") });
      });
    }),
  );
  await using name = await startScriptedDns(() => ({
    answers: [cname("ingress.example.com", `dns\u001B[2J\u202E</b>.example.com`)],
  }));
  const authority = await createAuthority(`issuer\u001B[2J\u202E</b>`);
  await using certified = await startRawServer((socket) => socket.end(), {
    host: "127.0.0.2",
    tls: await authority.issue({ names: ["a.example.com"] }),
  });
  await using encoded = await startRawServer(
    (socket) =>
      socket.end(
        Buffer.from("HTTP/1.1 200 OK\r\nContent-Encoding: encoding\u009B2J</b>\r\nContent-Length: 0\r\n\r\n", "latin1"),
      ),
    { host: "127.0.0.3" },
  );
  await using good = await startRawServer((socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"));
  const check = (url: string): string =>
    `{ url: "${url}", contains: OK, interval: 400ms, fast_interval: 100ms, timeout: 1s, rise: 1, fall: 1 }`;
  const config = (folder: string): string => `
cloudflare: { token: cf-token, api_url: "http://${cloudflare.authority}", nameservers: ["${name.address}"] }
state_dir: ${folder}/state
http: { listen: "127.0.0.1:0" }
anchors: []
notify: { telegram: { token: "1:tg-token", chat_id: 1, api_url: "http://${telegram.authority}" } }
ingresses:
  - record: ingress.example.com
    zone: 0123456789abcdef0123456789abcdef
    publish: addresses
    allow_private: true
    endpoints:
      - { name: certified, target: 127.0.0.2, priority: 1, check: ${check(`https://a.example.com:${certified.port}/`)} }
      - { name: encoded, target: 127.0.0.3, priority: 2, check: ${check(`http://a.example.com:${encoded.port}/`)} }
      - { name: good, target: 127.0.0.1, priority: 3, check: ${check(`http://a.example.com:${good.port}/`)} }
`;
  await using daemon = startDaemon({ config, args: ["--log-level", "trace"] });
  await daemon.untilLogged(/9000 "cloudflare /);
  isRefusing = false;
  daemon.send("SIGHUP");
  await daemon.untilLogged(/telegram /);
  await eventually("a message with Cloudflare's words", () => told.some(({ text }) => text.includes("cloudflare")));
  const probed = await runCcs(["probe", "--config", daemon.configPath]);
  const metrics = await daemon.get("/metrics");
  await daemon.stop();

  const log = JSON.stringify(daemon.log);
  for (const origin of ["cloudflare", "telegram", "encoding", "issuer"]) {
    assert.ok(log.includes(origin), `the words of ${origin} are in the log`);
  }
  assert.deepEqual(daemon.strayLines, []);
  for (const line of daemon.log) assertPlainValue(line, "the log");
  assertPlain(probed.stdout, "probe");
  assertPlain(metrics.text, "the metrics");
  for (const { text, parse_mode: markup } of told) {
    assertPlain(text, "a message");
    if (markup === "HTML") assert.doesNotMatch(text, /<a |<\/b><\/code>/, text);
    // Telegram makes links of addresses by itself, but never within verbatim text.
    assert.doesNotMatch(text.replaceAll(/<code>[^<]*<\/code>/g, ""), /:\/\//, text);
  }
  assert.ok(told.some(({ text, parse_mode: markup }) => markup === "HTML" && text.includes("&lt;a href")));
});
