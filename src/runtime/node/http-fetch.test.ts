import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTcpServer, type Socket } from "node:net";
import { test } from "node:test";
import { listenTcp } from "../../emulation/listen.ts";
import { innermost } from "../../lib/cause.ts";
import { fetchOverHttp } from "./http-fetch.ts";

const answering = (listener: RequestListener) => listenTcp(createServer(listener));
/** A server that answers any request with these bytes, and hangs up. */
const saying = (bytes: string) =>
  listenTcp(createTcpServer((socket: Socket) => socket.on("error", () => {}).once("data", () => socket.end(bytes))));

/** Why it failed, or `undefined` when the whole answer came. */
async function failureOf(url: string, init: RequestInit = {}): Promise<ReturnType<typeof innermost> | undefined> {
  try {
    await (await fetchOverHttp(url, init)).text();
    return undefined;
  } catch (error) {
    return innermost(error);
  }
}

test("sends the method, the headers and the body, and gives the answer as it came", async () => {
  await using server = await answering((asked, answer) => {
    asked.setEncoding("utf8");
    let body = "";
    asked.on("data", (chunk: string) => (body += chunk));
    asked.on("end", () => {
      answer.writeHead(201, { "x-twice": ["a", "b"] });
      answer.end(JSON.stringify({ method: asked.method, url: asked.url, headers: asked.headers, body }));
    });
  });
  const response = await fetchOverHttp(`http://${server.authority}/path?q=1`, {
    method: "POST",
    headers: { "content-type": "text/plain", "x-own": "1" },
    body: "grüße",
  });
  const said = (await response.json()) as Record<string, unknown> & { headers: Record<string, string> };
  assert.equal(response.status, 201);
  assert.equal(response.headers.get("x-twice"), "a, b");
  assert.deepEqual([said["method"], said["url"], said["body"]], ["POST", "/path?q=1", "grüße"]);
  assert.deepEqual([said.headers["x-own"], said.headers["content-length"]], ["1", "7"]);
  assert.equal(said.headers["accept-encoding"], undefined);
});

test("uses a connection again that is free", async () => {
  let connections = 0;
  const http = createServer((_, answer) => void answer.end("ok")).on("connection", () => (connections += 1));
  await using server = await listenTcp(http);
  for (let count = 0; count < 5; count += 1) await (await fetchOverHttp(`http://${server.authority}/`)).text();
  assert.equal(connections, 1);
});

test("follows no redirect: one is an answer, or a failure where that was asked for", async () => {
  let asked = 0;
  await using server = await answering((_, answer) => {
    asked += 1;
    answer.writeHead(302, { location: "/elsewhere" }).end();
  });
  const url = `http://${server.authority}/`;
  assert.equal((await fetchOverHttp(url, { redirect: "manual" })).status, 302);
  assert.equal((await failureOf(url, { redirect: "error" }))?.text, "unexpected redirect");
  assert.equal(asked, 2);
});

test("answers without a body, and those of an odd status, come through", async () => {
  await using empty = await saying("HTTP/1.1 204 No Content\r\n\r\n");
  assert.equal((await fetchOverHttp(`http://${empty.authority}/`)).body, null);
  await using odd = await saying("HTTP/1.1 777 Odd\r\ncontent-length: 2\r\n\r\nok");
  const response = await fetchOverHttp(`http://${odd.authority}/`);
  assert.deepEqual([response.status, await response.text()], [777, "ok"]);
});

for (const [what, bytes] of [
  ["is no HTTP", "SSH-2.0-OpenSSH_9.9\r\n"],
  ["ends before its head does", "HTTP/1.1 200 OK\r\ncontent-"],
  ["ends before its body does", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf"],
  ["ends within a chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nA\r\nhalf"],
  ["has two lengths", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nabc"],
  ["has a length and chunks", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"],
  ["has endless headers", `HTTP/1.1 200 OK\r\n${"x-a: aaaaaaaaaaaaaaaaaaaaaaaa\r\n".repeat(2_000)}\r\n`],
  ["wants another protocol", "HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n"],
] as const) {
  test(`an answer that ${what} fails`, async () => {
    await using server = await saying(bytes);
    assert.ok((await failureOf(`http://${server.authority}/`)) !== undefined);
  });
}

test("a connection that is refused says so by its code and its system call", async () => {
  const server = await saying("");
  await server[Symbol.asyncDispose]();
  const failure = await failureOf(`http://${server.authority}/`);
  assert.deepEqual([failure?.code, failure?.systemCall], ["ECONNREFUSED", "connect"]);
});

test("a signal ends it before it is sent, before the answer, and within the body", async () => {
  const sockets = new Set<Socket>();
  const http = createServer((asked, answer) => {
    if (asked.url === "/body") answer.writeHead(200).write("begun");
  }).on("connection", (socket: Socket) => sockets.add(socket.on("close", () => sockets.delete(socket))));
  await using server = await listenTcp(http);
  const url = `http://${server.authority}`;
  await assert.rejects(fetchOverHttp(url, { signal: AbortSignal.abort() }), { name: "AbortError" });
  assert.equal(sockets.size, 0);

  const before = new AbortController();
  const silent = fetchOverHttp(`${url}/silent`, { signal: before.signal });
  http.once("request", () => before.abort());
  await assert.rejects(silent, { name: "AbortError" });

  const within = new AbortController();
  const response = await fetchOverHttp(`${url}/body`, { signal: within.signal });
  within.abort();
  await assert.rejects(response.text());
});

test("a body that is given up closes its connection", async () => {
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  await using server = await answering((_, answer) => {
    answer.on("close", resolve);
    answer.writeHead(200).write("x".repeat(100_000));
  });
  const response = await fetchOverHttp(`http://${server.authority}/`);
  await response.body?.cancel();
  await closed;
});
