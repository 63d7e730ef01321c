// The toy endpoint: each behaviour as a client with a deadline sees it.
import assert from "node:assert/strict";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";
import { test } from "node:test";
import { createAuthority } from "../../test/support/certificates.ts";
import { pickLoopbackAddresses, startEndpoint, type Behaviour, type Endpoint } from "./endpoint.ts";

interface Look {
  readonly path?: string;
  readonly ca?: string;
  /** The name asked for; without one, the address. */
  readonly name?: string;
  /** Give up this long after the newest sign of life: the connection was accepted, or headers came. */
  readonly quietMs?: number;
}

/** What a client sees: status and how the body went, or the error's code. */
async function look(endpoint: Endpoint, { path = "/", ca, name, quietMs = 20_000 }: Look = {}): Promise<string> {
  const given = new AbortController();
  const { signal } = given;
  const options = {
    host: endpoint.host,
    port: endpoint.port,
    path,
    agent: false as const,
    signal,
    ...(name !== undefined && { headers: { host: name }, servername: name }),
    ...(ca !== undefined && { ca }),
  };
  const { connections } = endpoint.counts;
  let status = "";
  let sign = "none";
  const giveUp = setInterval(() => {
    const now = `${endpoint.counts.connections - connections} ${status}`;
    if (now !== "0 " && now === sign) given.abort();
    sign = now;
  }, quietMs);
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const isTls = endpoint.url.startsWith("https:");
      const request = isTls ? httpsRequest(options, resolve) : httpRequest(options, resolve);
      request.on("error", reject).end();
    });
    status = `${response.statusCode} `;
    let body = "";
    let length = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > 1_000_000) return `${status}endless`;
      body = (body + chunk.toString("latin1")).slice(0, 100);
    }
    return status + (response.headers["content-encoding"] ?? body.trim());
  } catch (error) {
    return signal.aborted ? `${status}timeout` : `${status}${(error as NodeJS.ErrnoException).code}`;
  } finally {
    clearInterval(giveUp);
  }
}

const behaviours: readonly (readonly [behaviour: Behaviour, seen: string | RegExp, quietMs?: number])[] = [
  [{ kind: "ok" }, "200 OK"],
  [{ kind: "ok", marker: "fine", status: 204 + 1 }, "205 fine"],
  [{ kind: "ok", delayMs: 50 }, "200 OK"],
  [{ kind: "status", status: 500 }, "500 OK"],
  [{ kind: "unmarked" }, "200 Under construction"],
  [{ kind: "refuse" }, "ECONNREFUSED"],
  [{ kind: "hang" }, "timeout", 100],
  [{ kind: "hang-after-headers" }, "200 timeout", 500],
  [{ kind: "drip", everyMs: 20 }, "200 timeout", 500],
  [{ kind: "endless" }, "200 endless"],
  [{ kind: "redirect-loop" }, "302 OK"],
  [{ kind: "garbage" }, /^HPE_/],
  [{ kind: "reset" }, "ECONNRESET"],
  [{ kind: "gzip" }, "200 gzip"],
];

const authority = await createAuthority();
const credentials = await authority.issue({ names: ["www.example.com"] });

for (const tls of [undefined, credentials]) {
  const scheme = tls === undefined ? "HTTP" : "HTTPS";
  const asked: Look = tls === undefined ? {} : { ca: authority.ca, name: "www.example.com" };
  for (const [behaviour, seen, quietMs] of behaviours) {
    test(`${scheme}, ${JSON.stringify(behaviour)}: ${String(seen)}`, async () => {
      await using endpoint = await startEndpoint({ behaviour, ...(tls !== undefined && { tls }) });
      const outcome = await look(endpoint, { ...asked, ...(quietMs !== undefined && { quietMs }) });
      if (typeof seen === "string") assert.equal(outcome, seen);
      else assert.match(outcome, seen);
      const { port } = endpoint;
      await endpoint.behave({ kind: "ok" });
      assert.equal(await look(endpoint, asked), "200 OK", "it can be switched back");
      assert.equal(endpoint.port, port);
    });
  }
}

test("counts connections and requests, and keeps what the newest one asked for", async () => {
  await using endpoint = await startEndpoint({ tls: credentials });
  await look(endpoint, { ca: authority.ca, name: "www.example.com", path: "/healthz" });
  assert.deepEqual(endpoint.counts, { connections: 1, requests: 1 });
  const { method, url, host, serverName } = endpoint.newest ?? {};
  assert.deepEqual(
    { method, url, host, serverName },
    { method: "GET", url: "/healthz", host: "www.example.com", serverName: "www.example.com" },
  );
  assert.equal(await look(endpoint, { ca: authority.ca, name: "api.example.com" }), "ERR_TLS_CERT_ALTNAME_INVALID");
  assert.deepEqual(endpoint.counts, { connections: 2, requests: 1 });
});

test("a certificate may be replaced while it runs", async () => {
  await using endpoint = await startEndpoint({ tls: credentials });
  const asked = { ca: authority.ca, name: "www.example.com" };
  endpoint.certify(await authority.issue({ names: ["www.example.com"], notAfter: new Date(Date.now() - 60_000) }));
  assert.equal(await look(endpoint, asked), "CERT_HAS_EXPIRED");
  endpoint.certify(credentials);
  assert.equal(await look(endpoint, asked), "200 OK");
  await using bare = await startEndpoint();
  assert.throws(() => bare.certify(credentials), /plain HTTP/);
});

test("while it refuses it ends what was open; other switches leave the port open", async () => {
  await using endpoint = await startEndpoint({ behaviour: { kind: "hang" } });
  const socket = connect(endpoint.port, endpoint.host);
  const ended = new Promise<void>((resolve) => socket.on("error", () => undefined).on("close", () => resolve()));
  while (endpoint.counts.connections === 0) await new Promise((resolve) => setImmediate(resolve));
  await endpoint.behave({ kind: "status", status: 503 });
  assert.equal(socket.destroyed, false);
  assert.equal(await look(endpoint), "503 OK");
  await endpoint.behave({ kind: "refuse" });
  await ended;
  assert.equal(await look(endpoint), "ECONNREFUSED");
  await endpoint.behave({ kind: "refuse" });
});

test("every address that is picked can be listened on, by itself", async () => {
  const addresses = await pickLoopbackAddresses(2);
  assert.equal(new Set(addresses).size, 2);
  const [one = "", two = ""] = addresses;
  await using first = await startEndpoint({ host: one });
  await using second = await startEndpoint({ host: two, port: first.port, behaviour: { kind: "status", status: 503 } });
  assert.deepEqual([await look(first), await look(second)], ["200 OK", "503 OK"]);
});
