import assert from "node:assert/strict";
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import { connect, createServer } from "node:net";
import { describe, test } from "node:test";
import { IngressWorld, endpointSettings, ingressSettings, publishedRecord } from "../../test/support/ingress-world.ts";
import { Hono } from "hono";
import { systemClock } from "../runtime/node/clock.ts";
import { initialState } from "../core/step.ts";
import type { Env } from "./api/middleware.ts";
import { isOwnHost } from "./hosts.ts";
import { ListenError } from "./errors.ts";
import { startWebServer } from "./server.ts";
import type { WebPorts, WebServer } from "./server.ts";

const record = "ingress.example.com";

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

class Site implements AsyncDisposable {
  readonly world = new IngressWorld(() => undefined);
  readonly bugs: unknown[] = [];
  isAlive = true;
  body = "# HELP a b\n";
  server!: WebServer;

  static async start(
    changes: { host?: string; port?: number; allowedHosts?: () => readonly string[] } = {},
  ): Promise<Site> {
    const site = new Site();
    const ports: WebPorts = {
      clock: systemClock,
      state: () => site.world.state,
      api: new Hono<Env>().post("/read", async (context) => context.text(await context.req.text())),
      isAlive: () => site.isAlive,
      metrics: { render: () => site.#metrics() },
      onBug: (error) => void site.bugs.push(error),
    };
    const options = { host: "127.0.0.1", port: 0, version: "1.2.3", dashboard: new Map(), ...changes };
    site.server = await startWebServer(ports, options);
    return site;
  }

  breakMetrics = false;
  /** While set, metrics are asked for, which this is told about, and never come. */
  hang: (() => void) | undefined;

  get(
    path: string,
    options: { method?: string; headers?: Record<string, string>; body?: string } = {},
  ): Promise<Answer> {
    const { method = "GET", headers = {}, body } = options;
    const { host, port } = this.server;
    return new Promise((resolve, reject) => {
      const request = httpRequest({ host, port, path, method, headers, agent: false }, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => (text += chunk));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
      });
      request.on("error", reject);
      request.end(body);
    });
  }

  /** Sends bytes and gives everything that comes back until the connection ends. */
  async raw(bytes: string): Promise<string> {
    const socket = connect(this.server.port, this.server.host);
    socket.setEncoding("utf8");
    let text = "";
    socket.on("data", (chunk: string) => (text += chunk));
    socket.on("error", () => undefined);
    socket.write(bytes);
    await once(socket, "close");
    return text;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close();
  }

  async #metrics(): Promise<{ contentType: string; body: string }> {
    this.hang?.();
    if (this.hang !== undefined) return new Promise(() => undefined);
    if (this.breakMetrics) throw new Error("planted");
    return { contentType: "text/plain; version=0.0.4; charset=utf-8", body: this.body };
  }
}

describe("/healthz", () => {
  test("is 200 while the loop turns and 503 when it does not", async () => {
    await using site = await Site.start();
    const alive = await site.get("/healthz");
    assert.equal(alive.status, 200);
    assert.deepEqual(JSON.parse(alive.text), { status: "alive" });
    site.isAlive = false;
    const stuck = await site.get("/healthz");
    assert.equal(stuck.status, 503);
    assert.deepEqual(JSON.parse(stuck.text), { status: "stuck", detail: "the main loop is stuck" });
  });

  test("answers under any name, and HEAD without a body", async () => {
    await using site = await Site.start();
    assert.equal((await site.get("/healthz", { headers: { host: "lb.example.com" } })).status, 200);
    const head = await site.get("/healthz", { method: "HEAD" });
    assert.equal(head.status, 200);
    assert.equal(head.text, "");
  });
});

describe("/readyz", () => {
  test("says what is missing until nothing is", async () => {
    await using site = await Site.start();
    const { world } = site;
    const missing = async (): Promise<unknown> => {
      const { status, text } = await site.get("/readyz");
      assert.equal(status, 503);
      const { status: words, missing: list } = JSON.parse(text) as { status: string; missing: unknown };
      assert.equal(words, "not ready");
      return list;
    };
    assert.equal(world.state, initialState);
    assert.deepEqual(await missing(), ["no configuration is loaded yet"]);
    world.start(ingressSettings(record, [endpointSettings("cable"), endpointSettings("mobile")]));
    assert.deepEqual(await missing(), [
      "ingress.example.com: its records are not known yet",
      "ingress.example.com: cable has not been checked yet",
      "ingress.example.com: mobile has not been checked yet",
    ]);
    world.fail({ kind: "auth", during: "read", message: "the token is not valid" });
    assert.ok(
      String(await missing()).startsWith("ingress.example.com: its records are not known yet: the token is not"),
    );
    world.read([publishedRecord("CNAME", "cable.example.com")]);
    world.resolveAll();
    world.observe("cable", "ok");
    assert.match(String(await missing()), /^ingress\.example\.com: mobile has not been checked yet$/);
    world.observe("mobile", "timeout");
    const { status, text } = await site.get("/readyz");
    assert.equal(status, 200);
    assert.deepEqual(JSON.parse(text), { status: "ready" });
  });
});

describe("an endpoint that cannot be checked", () => {
  const probed = (world: IngressWorld, reason: "no-route" | "late"): void => {
    const observation = { kind: "inconclusive", reason, startedMs: 0, endedMs: 1, vantage: "local" } as const;
    const { revision } = world.endpoint("cable");
    const rest = { ingress: record, endpoint: "cable", revision, address: "2001:db8::1" };
    world.dispatch({ kind: "probed", ...rest, observation: { ...observation, phases: {}, detail: reason } });
  };

  test("keeps nobody from being ready when there is no route to it, but does when nothing is known of it", async () => {
    await using site = await Site.start();
    const { world } = site;
    world.start(ingressSettings(record, [endpointSettings("cable")]));
    world.read([publishedRecord("CNAME", "cable.example.com")]);
    world.resolve("cable", ["2001:db8::1"]);
    probed(world, "late");
    assert.equal((await site.get("/readyz")).status, 503);
    probed(world, "no-route");
    assert.equal((await site.get("/readyz")).status, 200);
  });

  test("keeps it from being ready while the monitor's own connection is in doubt", async () => {
    await using site = await Site.start();
    const { world } = site;
    world.anchors = "silent";
    world.start(ingressSettings(record, [endpointSettings("cable")]));
    world.read([publishedRecord("CNAME", "cable.example.com")]);
    world.resolveAll();
    world.observe("cable", "timeout");
    world.pass(5_000);
    assert.equal(world.endpoint("cable").addresses[0]?.isUncheckable, true);
    assert.equal((await site.get("/readyz")).status, 503);
  });
});

describe("/metrics", () => {
  test("has parts, and says which there is not", async () => {
    await using site = await Site.start();
    site.world.start(ingressSettings("ingress.example.com", [endpointSettings("cable")]));
    const { status, text } = await site.get("/metrics?ingress=none.example.com");
    assert.deepEqual([status, JSON.parse(text)], [404, { error: "there is no ingress none.example.com" }]);
    assert.equal((await site.get("/metrics?endpoint=cable")).status, 400);
    for (const query of ["?ingress=ingress.example.com", "?ingress=ingress.example.com&endpoint=cable"])
      assert.equal((await site.get(`/metrics${query}`)).status, 200);
    const ofNone = await site.get("/metrics?ingress=ingress.example.com&endpoint=none");
    const error = "ingress.example.com has no endpoint none";
    assert.deepEqual([ofNone.status, JSON.parse(ofNone.text)], [404, { error }]);
  });

  test("passes the metrics on with their own content type", async () => {
    await using site = await Site.start();
    const { status, headers, text } = await site.get("/metrics");
    assert.equal(status, 200);
    assert.equal(headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    assert.equal(text, site.body);
  });

  test("that throw are 500, and a bug that is reported, not shown", async () => {
    await using site = await Site.start();
    site.breakMetrics = true;
    const { status, text } = await site.get("/metrics");
    assert.equal(status, 500);
    assert.deepEqual(JSON.parse(text), { error: "internal error; see the log" });
    assert.match(String(site.bugs), /planted/);
  });
});

test("/ names what there is; anything else is 404 as JSON", async () => {
  await using site = await Site.start();
  const index = await site.get("/");
  assert.equal(index.status, 200);
  assert.match(index.headers["content-type"] ?? "", /^text\/plain/);
  for (const path of ["/healthz", "/readyz", "/metrics"]) assert.ok(index.text.includes(path));
  for (const path of ["/nothing", "/api/v1/status", "//", "/%2e%2e/etc/passwd", "/metrics/"]) {
    const { status, text } = await site.get(path);
    assert.equal(status, 404, path);
    assert.deepEqual(JSON.parse(text), { error: "there is nothing here", see: "/" });
  }
});

test("every answer carries the security headers and none allows other origins", async () => {
  await using site = await Site.start();
  const answers = await Promise.all([
    site.get("/", { headers: { origin: "https://evil.example" } }),
    site.get("/nothing"),
    site.get("/metrics", { headers: { host: "evil.example" } }),
    site.get("/metrics", { method: "POST" }),
    site.get("/", {
      method: "OPTIONS",
      headers: { origin: "https://evil.example", "access-control-request-method": "PUT" },
    }),
  ]);
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 404, 421, 405, 405],
  );
  for (const { headers } of answers) {
    assert.equal(
      headers["content-security-policy"],
      "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    assert.equal(headers["x-content-type-options"], "nosniff");
    assert.equal(headers["x-frame-options"], "DENY");
    assert.equal(headers["referrer-policy"], "no-referrer");
    assert.match(String(headers["permissions-policy"]), /^[a-z-]+=\(\)(, [a-z-]+=\(\))+$/);
    assert.match(String(headers["permissions-policy"]), /\bcamera=\(\).*\bgeolocation=\(\).*\bmicrophone=\(\)/);
    assert.equal(headers["cache-control"], "no-store");
    assert.equal(headers["access-control-allow-origin"], undefined);
  }
});

test("only GET and HEAD are taken, and a body is not waited for", async () => {
  await using site = await Site.start();
  for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
    for (const path of ["/", "/healthz", "/metrics", "/nothing"]) {
      const { status, headers } = await site.get(path, { method });
      assert.equal(status, 405, `${method} ${path}`);
      assert.equal(headers.allow, "GET, HEAD");
    }
  }
  // A body is announced and never sent: the answer comes all the same, and the connection ends.
  const text = await site.raw("POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000\r\n\r\n");
  assert.match(text, /^HTTP\/1\.1 405 /);
  assert.match(text, /\r\nconnection: close\r\n/i);
});

test("headers that are too large, or no HTTP at all, are refused", async () => {
  await using site = await Site.start();
  const large = `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(20_000)}\r\n\r\n`;
  assert.match(await site.raw(large), /^HTTP\/1\.1 431 /);
  assert.match(await site.raw("nonsense\r\n\r\n"), /^HTTP\/1\.1 400 /);
  assert.match(await site.raw("GET / HTTP/1.1\r\n\r\n"), /^HTTP\/1\.1 400 /);
  const old = await site.raw("GET /metrics HTTP/1.0\r\n\r\n");
  assert.match(old, /^HTTP\/1\.[01] 4/);
  assert.equal((await site.get("/healthz")).status, 200);
  assert.deepEqual(site.bugs, []);
});

describe("the Host header", () => {
  const always = [
    ["127.0.0.1:3000"],
    ["10.1.2.3:3000", "a container's address, as Prometheus and probes use it"],
    ["[::1]:3000"],
    ["[2001:db8::1]"],
    ["localhost"],
    ["LOCALHOST:3000"],
    ["localhost.:3000"],
    ["monitor.lan:3000", "what it listens on"],
    ["ccs.example.com:443", "configured"],
    ["CCS.example.com."],
  ] as const;
  const unlessConfigured = [
    ["app.localhost:3000"],
    ["ccs:3000", "a name within a container network"],
    ["nas.local"],
    ["ccs.monitoring.svc.cluster.local:3000"],
    ["router.home.arpa"],
    ["vm.internal"],
  ] as const;
  const refused = [
    "evil.example",
    "evil.example:3000",
    "127.0.0.1.nip.io",
    "localhost.evil.example",
    "local.evil.example",
    "notccs.example.com",
    "ccs.example.com.evil.example",
    "evil.example@localhost",
    "localhost/evil.example",
    "localhost#.evil.example",
    "localhost, evil.example",
    "[::1].evil.example",
    "[::1]evil.example",
    "127.0.0.1:3000:80",
    "localhost:999999",
    "",
    "bücher.example",
    "a b",
  ];
  const listen = "monitor.lan";
  const configured = { listen, hosts: ["ccs.example.com"] };
  const plainly = { listen, hosts: [] };

  test("of this machine's own names is taken", () => {
    for (const [host, why = ""] of always) assert.ok(isOwnHost(host, configured), `${host} ${why}`);
  });

  test("of names that only the local network knows is taken until http.hosts says which it is", () => {
    for (const [host, why = ""] of unlessConfigured) {
      assert.ok(isOwnHost(host, plainly), `${host} ${why}`);
      assert.ok(!isOwnHost(host, configured), `${host} ${why}`);
    }
  });

  test("of any name that could be registered is refused", () => {
    for (const host of refused) {
      assert.ok(!isOwnHost(host, configured), host);
      assert.ok(!isOwnHost(host, plainly), host);
    }
  });

  test("is checked on every route but /healthz", async () => {
    await using site = await Site.start({ allowedHosts: () => ["ccs.example.com"] });
    for (const path of ["/", "/metrics", "/readyz", "/nothing"]) {
      const { status } = await site.get(path, { headers: { host: "evil.example" } });
      assert.equal(status, 421, path);
    }
    assert.equal((await site.get("/metrics", { headers: { host: "ccs.example.com" } })).status, 200);
  });

  test("may be one that a reload allowed while the server runs", async () => {
    const hosts: string[] = [];
    await using site = await Site.start({ allowedHosts: () => hosts });
    const ask = async () => (await site.get("/metrics", { headers: { host: "ccs.example.com" } })).status;
    assert.equal(await ask(), 421);
    hosts.push("ccs.example.com");
    assert.equal(await ask(), 200);
  });
});

describe("listening", () => {
  test("on a port in use is one clear message", async () => {
    await using site = await Site.start();
    const { port } = site.server;
    await assert.rejects(Site.start({ port }), (error) => {
      assert.ok(error instanceof ListenError);
      assert.equal(
        error.message,
        `cannot listen on 127.0.0.1:${port}: another program uses this port; end it, or change http.listen (or BIND_ADDRESS)`,
      );
      return true;
    });
  });

  test("on an address of another machine is one clear message", async () => {
    await assert.rejects(Site.start({ host: "192.0.2.1" }), {
      name: "ListenError",
      message:
        "cannot listen on 192.0.2.1:0: this machine does not have this address; change http.listen (or BIND_ADDRESS)",
    });
  });

  test("tells the port that it was given, and frees it when it ends, with connections still open", async () => {
    const site = await Site.start();
    const { port, host } = site.server;
    assert.ok(port > 0);
    assert.equal(host, "127.0.0.1");
    const sockets = [connect(port, host), connect(port, host)];
    await Promise.all(sockets.map((socket) => once(socket, "connect")));
    const ended = Promise.all(sockets.map((socket) => once(socket, "close")));
    for (const socket of sockets) socket.on("error", () => undefined);
    // One of them waits for an answer that does not come.
    const asked = new Promise<void>((resolve) => {
      site.hang = resolve;
    });
    sockets[0]?.write("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await asked;
    await site.server.close();
    await ended;
    await site.server.close();
    const again = createServer().listen(port, host);
    await once(again, "listening");
    again.close();
  });
});

test("whoever takes too long over a request is hung up on: five seconds for the headers, ten for all of it", async () => {
  await using site = await Site.start();
  const { host, port } = site.server;
  const endedMs: number[] = [];
  const answerTo = async (bytes: string): Promise<string> => {
    const socket = connect({ host, port });
    let answer = "";
    socket.on("data", (chunk: Buffer) => (answer += chunk.toString("latin1")));
    socket.on("error", () => {});
    await once(socket, "connect");
    socket.write(bytes);
    await once(socket, "close", { signal: AbortSignal.timeout(30_000) });
    endedMs.push(performance.now());
    return answer.split("\r\n")[0] ?? "";
  };
  const body = answerTo("POST /api/v1/read HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nshort");
  const headers = answerTo("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Never-Ends: ");
  const timeout = "HTTP/1.1 408 Request Timeout";
  assert.deepEqual(await Promise.all([body, headers]), [timeout, timeout]);
  const [first = 0, last = 0] = endedMs;
  assert.ok(last - first > 2_000, `headers had ${last - first} ms less than the whole`);
});
