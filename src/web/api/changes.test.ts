// The changing calls over a real HTTP server: what they do, and who may not make them.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { describe, test } from "node:test";
import type * as z from "zod";
import { ApiSite, pathOf, record, wallAtZero, type Answer } from "../../../test/support/api-site.ts";
import { endpointSettings, ingressSettings } from "../../../test/support/ingress-world.ts";
import { routes } from "./routes.ts";
import { overrideAnswerSchema, resumeAnswerSchema } from "./schema/changes.ts";
import { problemSchema } from "./schema/parts.ts";

async function settled(): Promise<ApiSite> {
  const site = await ApiSite.start();
  site.settle();
  return site;
}

function hasStatus({ status, text }: Answer, expected = 200): void {
  assert.equal(status, expected, text);
}

/** An answer that has nothing that its schema does not know. */
function answered<Schema extends z.ZodType>(schema: Schema, answer: Answer, expected = 200): z.output<Schema> {
  hasStatus(answer, expected);
  const found = schema.parse(JSON.parse(answer.text));
  assert.deepEqual(found, JSON.parse(answer.text));
  return found;
}

const paths = ["pin", "drain", "drill", "resume"] as const;

const reading = [...routes.filter(({ method }) => method === "get").map(pathOf), "/metrics", "/readyz"];

describe("a client is no fault of ours that, in the middle of a body,", () => {
  const ways: readonly (readonly [what: string, leave: (socket: Socket) => unknown])[] = [
    ["leaves", (socket) => socket.destroy()],
    ["says that no more will come", (socket) => socket.end()],
    ["breaks off", (socket) => socket.resetAndDestroy()],
    ["says what is no HTTP", (socket) => socket.end("\r\n\r\nzz\r\n")],
  ];
  for (const [what, leave] of ways) {
    test(what, async () => {
      await using site = await settled();
      for (const framing of ["Content-Length: 40", "Transfer-Encoding: chunked"]) {
        for (const path of ["/api/v1/resume", "/api/v1/status", "/"]) {
          const socket = connect(site.server.port, "127.0.0.1");
          socket.on("error", () => undefined);
          await once(socket, "connect");
          const headers = `Host: localhost\r\nAuthorization: Bearer ${site.token}\r\nContent-Type: application/json\r\n${framing}`;
          socket.write(`POST ${path} HTTP/1.1\r\n${headers}\r\n\r\n${framing.includes("chunked") ? "5\r\n" : ""}{"en`);
          // An answer on another connection: this one was read, too.
          hasStatus(await site.get("/api/v1/status"));
          leave(socket);
          for (let count = 0; count < 2; count += 1) hasStatus(await site.get("/api/v1/status"));
          socket.destroy();
        }
      }
      assert.deepEqual(site.bugs, []);
    });
  }
});

describe("what changes", () => {
  test("a pin serves alone, for an hour unless told, and is kept before the answer comes", async () => {
    await using site = await settled();
    const answer = answered(overrideAnswerSchema, await site.post("/api/v1/pin", { endpoint: "mobile" }));
    assert.equal(answer.ingress, record);
    const [override] = site.world.ingress().overrides;
    assert.deepEqual([override?.kind, override?.endpoint], ["pin", "mobile"]);
    assert.equal(answer.override.until, new Date(wallAtZero + (override?.untilMs ?? 0)).toISOString());
    assert.ok(Math.abs((override?.untilMs ?? 0) - site.world.nowMs - 3_600_000) < 1_000);
    assert.equal(site.world.ingress().selection?.primary, "mobile");
    assert.deepEqual(answer.follows, [
      "mobile is active: mobile was pinned manually.",
      "DNS already says so: nothing needs to be written.",
      "The pin ends by itself after 1 h.",
    ]);
    assert.equal(site.store.load()?.ingresses[0]?.overrides[0]?.endpoint, "mobile");
  });

  test("a pin of an endpoint that is down says what it costs", async () => {
    await using site = await settled();
    site.world.observe("cable", "timeout");
    const answer = answered(overrideAnswerSchema, await site.post("/api/v1/pin", { endpoint: "cable" }));
    assert.equal(answer.follows[0], "cable is active: cable was pinned manually.");
    assert.match(
      answer.follows[1] ?? "",
      /^It is down: .+\. There is no service, though mobile could take over; resume ends the pin\.$/,
    );
  });

  test("a drain keeps it from serving, and says so when nobody else could", async () => {
    await using site = await settled();
    site.world.cloud = "silent";
    const moved = answered(
      overrideAnswerSchema,
      await site.post("/api/v1/drain", { ingress: `${record}.`, endpoint: "cable", for: "90s" }),
    );
    assert.deepEqual(moved.follows, [
      "cable is not active; mobile is active.",
      "The records are being written.",
      "The drain ends by itself after 1 min 30 s.",
    ]);
    site.world.observe("cable", "timeout");
    const alone = answered(overrideAnswerSchema, await site.post("/api/v1/drain", { endpoint: "mobile" }));
    assert.equal(alone.follows[0], "mobile stays active: no other endpoint is up.");
  });

  test("a drill is short, and resume takes everything back", async () => {
    await using site = await settled();
    const drill = answered(overrideAnswerSchema, await site.post("/api/v1/drill", { endpoint: "cable" }));
    assert.equal(drill.override.kind, "drill");
    assert.equal(drill.follows.at(-1), "The drill ends by itself after 2 min.");
    assert.equal(site.world.ingress().selection?.primary, "mobile");
    const resumed = answered(resumeAnswerSchema, await site.post("/api/v1/resume", {}));
    assert.deepEqual(
      resumed.ended.map(({ kind, endpoint }) => `${kind} ${endpoint}`),
      ["drill cable"],
    );
    assert.match(resumed.follows[0] ?? "", /^cable is active: /);
    const nothing = answered(resumeAnswerSchema, await site.post("/api/v1/resume", { endpoint: "mobile" }));
    assert.deepEqual(nothing.follows, ["There was nothing to end."]);
  });

  test("a drill in which nobody could stand in is not begun, and the answer says why", async () => {
    await using site = await settled();
    const drill = async (endpoint: string): Promise<string> =>
      answered(problemSchema, await site.post("/api/v1/drill", { endpoint }), 409).error;
    site.world.observe("mobile", "timeout", 1);
    // Who is merely suspect could.
    hasStatus(await site.post("/api/v1/drill", { endpoint: "cable" }));
    hasStatus(await site.post("/api/v1/resume", {}));
    site.world.observe("mobile", "timeout");
    assert.match(await drill("cable"), /^no other endpoint can take over from cable: mobile is down: timeout/);
    site.world.observe("mobile", "ok");
    hasStatus(await site.post("/api/v1/drain", { endpoint: "mobile" }));
    assert.equal(await drill("cable"), "no other endpoint can take over from cable: mobile is drained");
    assert.deepEqual(
      site.world.ingress().overrides.map(({ kind }) => kind),
      ["drain"],
    );
    site.world.start(ingressSettings(record, [endpointSettings("cable")]));
    assert.equal(await drill("cable"), "no other endpoint can take over from cable: it is the only endpoint");
  });

  test("of several ingresses one must be named", async () => {
    await using site = await settled();
    const endpoints = [endpointSettings("cable"), endpointSettings("mobile")];
    site.world.start(ingressSettings(record, endpoints), ingressSettings("other.example.com", endpoints));
    const known = [record, "other.example.com"];
    const problem = answered(problemSchema, await site.post("/api/v1/drain", { endpoint: "cable" }), 400);
    assert.deepEqual(problem.known, known);
    hasStatus(await site.post("/api/v1/drain", { ingress: "other.example.com", endpoint: "cable" }));
    assert.equal(site.world.ingress("other.example.com").overrides.length, 1);
    assert.equal(site.world.ingress(record).overrides.length, 0);
  });

  test("what makes no sense changes nothing, and is told", async () => {
    await using site = await settled();
    const before = site.world.state;
    const cases: readonly (readonly [path: string, body: unknown, status: number, pattern: RegExp])[] = [
      ["pin", { endpoint: "fibre" }, 404, /no endpoint fibre.*"known":\["cable","mobile"\]/],
      ["pin", { ingress: "no.example.com", endpoint: "cable" }, 404, /there is no ingress no\.example\.com/],
      ["pin", {}, 400, /endpoint: /],
      ["pin", { endpoint: "cable", until: "tomorrow" }, 400, /until/],
      ["pin", { endpoint: "cable", for: "31d" }, 400, /from 1s to 30d, got 31d/],
      ["drain", { endpoint: "cable", for: "0s" }, 400, /from 1s/],
      ["drill", { endpoint: "cable", for: "31m" }, 400, /from 1s to 30m/],
      ["drill", { endpoint: "cable", for: "soon\u001B" }, 400, /got soon"/],
      ["pin", "{", 400, /not JSON/],
      ["pin", "[]", 400, /expected object/],
      ["resume", { endpoint: "fibre" }, 404, /fibre/],
    ];
    for (const [path, body, status, pattern] of cases) {
      const answer = await site.post(`/api/v1/${path}`, body);
      assert.equal(answer.status, status, answer.text);
      assert.match(answer.text, pattern);
    }
    assert.equal(site.world.state, before);
    assert.deepEqual(site.bugs, []);
  });

  test("a disk that takes nothing is told: a restart would end the pin", async () => {
    await using site = await settled();
    site.store[Symbol.dispose]();
    const answer = answered(overrideAnswerSchema, await site.post("/api/v1/pin", { endpoint: "mobile" }));
    assert.equal(answer.follows.at(-1), "It could not be saved to disk: a restart would end it.");
  });
});

describe("who may change something", () => {
  test("nobody over HTTP while no token is configured", async () => {
    await using site = await settled();
    site.token = undefined;
    for (const path of paths) {
      const { status, text } = await site.post(`/api/v1/${path}`, { endpoint: "cable" }, { authorization: "Bearer x" });
      assert.equal(status, 403);
      assert.match(text, /Set http\.token/);
    }
    assert.deepEqual(site.world.ingress().overrides, []);
  });

  test("only who has the token; a wrong one is not told apart from a prefix or a longer one", async () => {
    await using site = await settled();
    const token = site.token ?? "";
    const wrong = ["Bearer", `Bearer ${token}x`, `Bearer ${token.slice(0, -1)}`, `Basic ${token}`];
    for (const authorization of wrong) {
      const { status, headers, text } = await site.post("/api/v1/pin", { endpoint: "cable" }, { authorization });
      assert.equal(status, 401);
      assert.equal(headers["www-authenticate"], 'Bearer realm="ccs", error="invalid_token"');
      assert.doesNotMatch(text, new RegExp(token));
    }
    const type = { "content-type": "application/json" };
    const without = await site.ask("/api/v1/pin", { method: "POST", headers: type, body: '{"endpoint":"cable"}' });
    assert.deepEqual([without.status, without.headers["www-authenticate"]], [401, 'Bearer realm="ccs"']);
    assert.deepEqual(site.world.ingress().overrides, []);
    hasStatus(await site.post("/api/v1/pin", { endpoint: "cable" }, { authorization: `bearer  ${token}` }));
  });

  test("after five wrong tokens a client waits a minute, and another one does not", async () => {
    await using site = await settled();
    const wrong = { authorization: "Bearer wrong" };
    for (let tries = 0; tries < 5; tries += 1) {
      hasStatus(await site.post("/api/v1/pin", { endpoint: "cable" }, wrong), 401);
    }
    const right = await site.post("/api/v1/pin", { endpoint: "cable" });
    assert.equal(right.status, 429, "not even the right one");
    assert.ok(Number(right.headers["retry-after"]) > 50);
    const headers = { authorization: `Bearer ${site.token}`, "content-type": "application/json" };
    const body = JSON.stringify({ endpoint: "cable" });
    const other = { method: "POST", headers, body, localAddress: "127.0.0.9" };
    assert.equal((await site.ask("/api/v1/pin", other)).status, 200);
    site.world.pass(61_000);
    hasStatus(await site.post("/api/v1/pin", { endpoint: "cable" }));
  });

  test("changes are made thirty at a time, whoever makes them, and then slowly", async () => {
    await using site = await settled();
    for (let count = 0; count < 30; count += 1) hasStatus(await site.post("/api/v1/resume", {}));
    const { status, headers } = await site.post("/api/v1/resume", {});
    assert.deepEqual([status, headers["retry-after"]], [429, "2"]);
    // Who has no token uses nothing up.
    site.world.pass(2_000);
    hasStatus(await site.post("/api/v1/resume", {}, { authorization: "Bearer wrong" }), 401);
    hasStatus(await site.post("/api/v1/resume", {}));
  });

  test("no page of another site, even with the token", async () => {
    await using site = await settled();
    const own = `127.0.0.1:${site.server.port}`;
    const foreign: readonly Record<string, string>[] = [
      { origin: "https://evil.example" },
      { origin: "null" },
      { origin: `http://127.0.0.1:${site.server.port + 1}` },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site", origin: `http://${own}` },
    ];
    for (const headers of foreign) {
      for (const path of paths) {
        hasStatus(await site.post(`/api/v1/${path}`, { endpoint: "cable" }, headers), 403);
      }
      for (const path of reading) {
        for (const method of ["GET", "HEAD"]) {
          hasStatus(await site.ask(path, { method, headers }), 403);
        }
      }
    }
    // A link on another site's page leads to the page, and to nothing that tells something.
    const link = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
    hasStatus(await site.get("/", link));
    hasStatus(await site.get("/api/v1/status", link), 403);
    const fine: readonly Record<string, string>[] = [
      { origin: `http://${own}`, "sec-fetch-site": "same-origin" },
      { "sec-fetch-site": "none" },
    ];
    for (const headers of fine) {
      hasStatus(await site.post("/api/v1/resume", {}, headers));
      for (const path of reading.filter((each) => each !== "/api/v1/stream")) hasStatus(await site.get(path, headers));
    }
    // The port that the scheme stands for may be written or not.
    hasStatus(await site.get("/api/v1/status", { origin: "https://localhost", host: "localhost:443" }));
    hasStatus(await site.get("/api/v1/status", { origin: "https://localhost", host: "localhost:80" }), 403);
    // A reverse proxy speaks under another name than the page has.
    const proxied = { origin: "https://ccs.example.com", host: "127.0.0.1" };
    hasStatus(await site.post("/api/v1/resume", {}, proxied), 403);
    site.allowedHosts = ["ccs.example.com"];
    hasStatus(await site.post("/api/v1/resume", {}, proxied));
    assert.deepEqual(site.world.ingress().overrides, []);
  });

  test("no name that is not ours, and no answer that other sites may read", async () => {
    await using site = await settled();
    hasStatus(await site.post("/api/v1/resume", {}, { host: "rebound.example.com" }), 421);
    hasStatus(await site.get("/api/v1/status", { host: "rebound.example.com" }), 421);
    const { headers } = await site.get("/api/v1/status", { origin: "https://evil.example" });
    assert.equal(headers["access-control-allow-origin"], undefined);
    assert.match(String(headers["content-security-policy"]), /default-src 'none'/);
    const preflight = await site.ask("/api/v1/pin", {
      method: "OPTIONS",
      headers: { origin: "https://evil.example", "access-control-request-method": "POST" },
    });
    assert.equal(preflight.status, 405);
    assert.equal(preflight.headers["access-control-allow-origin"], undefined);
  });

  test("only JSON, and only little of it", async () => {
    await using site = await settled();
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""]) {
      hasStatus(await site.post("/api/v1/pin", { endpoint: "cable" }, { "content-type": type }), 415);
    }
    const body = JSON.stringify({ endpoint: "cable", for: "1".repeat(5_000) });
    hasStatus(await site.post("/api/v1/pin", body), 413);
    const chunked = await site.post("/api/v1/pin", body, { "transfer-encoding": "chunked" });
    assert.equal(chunked.status, 413);
    hasStatus(
      await site.post("/api/v1/pin", { endpoint: "cable" }, { "content-type": "application/json; charset=utf-8" }),
    );
    assert.deepEqual(site.bugs, []);
  });
});
