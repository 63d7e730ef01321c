import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { Hono } from "hono";
import { systemClock } from "../runtime/node/clock.ts";
import { initialState } from "../core/step.ts";
import type { Env } from "./api/middleware.ts";
import type { BuiltFiles } from "./dashboard-files.ts";
import { createApp } from "./server.ts";

const script = "console.log(1);\n".repeat(100);
const built = new Map(
  Object.entries({
    "index.html": "<!doctype html><title>Page</title>",
    "assets/index-1.js": script,
    "assets/index-1.js.gz": gzipSync(script),
    "assets/index-1.js.br": "brotli",
    "assets/index-2.css": "p {}",
    "assets/notes.txt": "not for the web",
  }).map(([name, content]) => [name, new Uint8Array(Buffer.from(content))] as const),
);

test("the page is never kept, may use only its own files, and cannot be framed", async () => {
  const { status, headers } = await get("/");
  assert.equal(status, 200);
  assert.equal(headers.get("content-type"), "text/html; charset=utf-8");
  assert.equal(headers.get("cache-control"), "no-store");
  assert.equal(headers.get("x-frame-options"), "DENY");
  const policy = headers.get("content-security-policy")?.split("; ");
  assert.deepEqual(policy, [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ]);
});

test("assets may be kept for ever, and come as compressed as the reader can take them", async () => {
  const plain = await get("/assets/index-1.js");
  assert.equal(plain.text, script);
  assert.equal(plain.headers.get("content-type"), "text/javascript; charset=utf-8");
  assert.equal(plain.headers.get("cache-control"), "public, max-age=31536000, immutable");
  assert.equal(plain.headers.get("content-security-policy")?.startsWith("default-src 'none'; base-uri"), true);
  for (const [accepted, encoding] of [
    ["gzip, deflate, br, zstd", "br"],
    ["gzip", "gzip"],
    ["gzip;q=1.0, br;q=0", "gzip"],
    ["GZIP ; q=0.5 , BR; Q=0.000", "gzip"],
    ["br;q=0.001", "br"],
    ["br;q=", null],
    ["identity", null],
    ["", null],
  ] as const) {
    const { headers } = await get("/assets/index-1.js", { "accept-encoding": accepted });
    assert.equal(headers.get("content-encoding"), encoding, accepted);
    assert.equal(headers.get("vary"), "accept-encoding");
  }
  assert.equal((await get("/assets/index-2.css")).headers.get("content-type"), "text/css; charset=utf-8");
});

test("nothing else is served", async () => {
  for (const path of [
    "/index.html",
    "/assets/",
    "/assets/notes.txt",
    "/assets/index-1.js.gz",
    "/assets/..%2findex.html",
    "/assets/%2e%2e/index.html",
    "/assets/none.js",
  ]) {
    const { status, headers } = await get(path);
    assert.equal(status, 404, path);
    assert.equal(headers.get("cache-control"), "no-store", path);
  }
});

test("where nothing was built, / says how to build it", async () => {
  const { status, headers, text } = await get("/", {}, new Map());
  assert.equal(status, 200);
  assert.match(headers.get("content-type") ?? "", /^text\/plain/);
  assert.match(text, /npm run build/);
  for (const path of ["/healthz", "/readyz", "/metrics"]) assert.ok(text.includes(path));
});

async function get(path: string, headers: Record<string, string> = {}, dashboard: BuiltFiles = built) {
  const app = createApp(
    {
      clock: systemClock,
      state: () => initialState,
      isAlive: () => true,
      api: new Hono<Env>(),
      metrics: { render: () => Promise.resolve({ contentType: "", body: "" }) },
      onBug: (error) => assert.ifError(error),
    },
    { host: "localhost", version: "1.2.3", dashboard },
  );
  const response = await app.request(path, { headers: { host: "localhost", ...headers } });
  return { status: response.status, headers: response.headers, text: await response.text() };
}
