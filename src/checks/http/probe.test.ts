import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { describe, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { httpCheck } from "../../../test/support/checks.ts";
import { freePort } from "../../../test/support/ports.ts";
import { startRawServer, until, type RawServer } from "../../../test/support/raw-server.ts";
import type { Address, Rhythm, Sighting } from "../../core/model.ts";
import type { Clock } from "../../lib/clock.ts";
import { systemClock } from "../../runtime/node/clock.ts";
import { parseIp } from "../../lib/ip.ts";
import { probeHttp, type HttpProbeOptions } from "./probe.ts";
import type { HttpTask } from "./settings.ts";

function addressOf(text: string): Address {
  const address = parseIp(text);
  assert.ok(address);
  return address;
}

const loopback = addressOf("127.0.0.1");

/** Probes the port of `server` under the name cable.example.com. */
function probe(
  server: { port: number },
  settings: Partial<HttpTask & Rhythm> = {},
  options: Partial<HttpProbeOptions> = {},
): Promise<Sighting> {
  const check = httpCheck({ url: `http://cable.example.com:${server.port}/healthz`, ...settings });
  return probeHttp({ ...check, ...settings }, loopback, { clock: systemClock, timeoutMs: 5_000, ...options });
}

/** What a probe saw, in a word: `ok`, or the reason. */
function outcome(observation: Sighting): string {
  return observation.kind === "ok" ? "ok" : observation.reason;
}

/** A server that answers every request with these bytes and closes. */
function answering(bytes: string | Buffer): Promise<RawServer> {
  return startRawServer((socket) => socket.end(bytes));
}

function page(body: string | Buffer, headers = ""): string {
  return `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n${headers}\r\n${body.toString("latin1")}`;
}

describe("an endpoint that works", () => {
  test("is ok by its status alone", async () => {
    await using server = await answering(page("fine"));
    const observation = await probe(server);
    assert.equal(observation.kind, "ok");
    assert.equal(observation.detail, "status 200");
  });

  test("is ok by status and marker", async () => {
    await using server = await answering(page("all is OK here"));
    const observation = await probe(server, { contains: "OK" });
    assert.equal(observation.kind, "ok");
    assert.equal(observation.detail, 'status 200, marker "OK" found');
  });

  test("sees a request for the URL's own name, port, path and query, without compression", async () => {
    await using server = await answering(page("fine"));
    const url = `http://Cable.example.com:${server.port}/health?deep=1#part`;
    await probe(server, { url });
    const [head = "", ...headers] = server.received.trim().split("\r\n");
    assert.equal(head, "GET /health?deep=1 HTTP/1.1");
    assert.deepEqual(headers.map((line) => line.toLowerCase()).toSorted(), [
      "accept-encoding: identity",
      "accept: */*",
      "connection: close",
      `host: cable.example.com:${server.port}`,
      "user-agent: cloudflare-cname-switcher",
    ]);
  });

  test("is decided by the headers when no marker is wanted: the body may hang", async () => {
    await using server = await startRawServer((socket) =>
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"),
    );
    assert.equal(outcome(await probe(server)), "ok");
    await until("the connection is closed", () => server.open === 0);
  });

  test("is decided by the marker as soon as it is there: the rest may hang", async () => {
    await using server = await startRawServer((socket) =>
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nso far OK"),
    );
    assert.equal(outcome(await probe(server, { contains: "OK" })), "ok");
    await until("the connection is closed", () => server.open === 0);
  });

  test("is reached over IPv6 too", async () => {
    await using server = await startRawServer((socket) => socket.end(page("fine")), { host: "::1" });
    const check = httpCheck({ url: `http://cable.example.com:${server.port}/` });
    const observation = await probeHttp(check, addressOf("::1"), { clock: systemClock, timeoutMs: 5_000 });
    assert.equal(observation.kind, "ok");
  });

  test("has answered in time, though the monitor was too busy to look", async () => {
    await using server = await startRawServer((socket) => {
      socket.end(page("hello"));
      // The answer lies there, and nothing of this process runs until the deadline has passed.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 250);
    });
    assert.equal(outcome(await probe(server, {}, { timeoutMs: 200 })), "ok");
  });

  test("is told how long connecting, processing and transfer took", async () => {
    await using server = await answering(page("fine"));
    const { phases, startedMs, endedMs } = await probe(server, { contains: "fine" });
    assert.deepEqual(Object.keys(phases), ["connect", "processing", "transfer"]);
    const sum = (phases.connect ?? NaN) + (phases.processing ?? NaN) + (phases.transfer ?? NaN);
    assert.ok(sum > 0 && sum <= endedMs - startedMs + 1, `${sum} of ${endedMs - startedMs} ms`);
  });

  for (const [status, wanted, kind] of [
    [204, [[200, 299]], "ok"],
    [199, [[200, 299]], "failed"],
    [300, [[200, 299]], "failed"],
    [
      401,
      [
        [200, 200],
        [401, 403],
      ],
      "ok",
    ],
    [
      404,
      [
        [200, 200],
        [401, 403],
      ],
      "failed",
    ],
    [302, [[302, 302]], "ok"],
  ] as const) {
    test(`answers ${status} where ${JSON.stringify(wanted)} is accepted: ${kind}`, async () => {
      await using server = await answering(`HTTP/1.1 ${status} Whatever\r\nContent-Length: 0\r\nLocation: /\r\n\r\n`);
      assert.equal((await probe(server, { status: wanted })).kind, kind);
      assert.equal(server.accepted, 1);
    });
  }

  for (const [location, shown] of [
    ["https://www.example.com/healthz", " to https://www.example.com/healthz"],
    ["/login", " to /login"],
    ["https://me:secret@example.com/?key=secret#there", " to https://example.com/?…"],
    ["", ""],
  ] as const) {
    test(`a redirect says where it leads: ${location}`, async () => {
      const header = location === "" ? "" : `Location: ${location}\r\n`;
      await using server = await answering(`HTTP/1.1 301 Moved\r\nContent-Length: 0\r\n${header}\r\n`);
      const { kind, detail } = await probe(server);
      assert.deepEqual([kind, detail], ["failed", `status 301${shown} (redirects are not followed)`]);
    });
  }

  test("may send interim answers first", async () => {
    await using server = await answering(`HTTP/1.1 103 Early Hints\r\n\r\n${page("fine")}`);
    assert.equal(outcome(await probe(server)), "ok");
  });
});

describe("the marker", () => {
  const limit = 65_536;
  const filled = (length: number): string => ".".repeat(length);

  for (const [name, body, expected] of [
    ["at the start", "MARKER", "ok"],
    ["at the very end of the first 64 KiB", `${filled(limit - 6)}MARKER${filled(100_000)}`, "ok"],
    ["astride the border of the first 64 KiB", `${filled(limit - 3)}MARKER${filled(100_000)}`, "marker"],
    ["beyond the first 64 KiB", `${filled(limit)}MARKER`, "marker"],
    ["in another case", "marker", "marker"],
    ["only in part", `${filled(20)}MARKE`, "marker"],
    ["missing from an empty body", "", "marker"],
  ] as const) {
    test(`${name}: ${expected}`, async () => {
      await using server = await answering(page(body));
      assert.equal(outcome(await probe(server, { contains: "MARKER" })), expected);
    });
  }

  test("is found wherever the body is cut", async () => {
    for (let cut = 1; cut < 12; cut += 1) {
      await using server = await startRawServer((socket) => {
        socket.setNoDelay(true);
        const body = "...MARKÄR....";
        const bytes = Buffer.from(body);
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes.length}\r\n\r\n`);
        socket.write(bytes.subarray(0, cut));
        setTimeout(() => socket.end(bytes.subarray(cut)), 5);
      });
      assert.equal(outcome(await probe(server, { contains: "MARKÄR" })), "ok", `cut after ${cut} bytes`);
    }
  });

  test("is found across the chunks of a chunked body, one byte each", async () => {
    const chunks = "..MARKER.."
      .split("")
      .map((letter) => `1\r\n${letter}\r\n`)
      .join("");
    await using server = await answering(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`);
    assert.equal(outcome(await probe(server, { contains: "MARKER" })), "ok");
  });

  test("is not made up of chunk borders", async () => {
    const chunks = "4\r\n..MA\r\n4\r\nRKXX\r\n";
    await using server = await answering(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`);
    const observation = await probe(server, { contains: "MARKER" });
    assert.equal(observation.detail, 'marker "MARKER" not found in 8 bytes');
  });

  test("does not count when the body is compressed unasked", async () => {
    await using server = await answering(page("OK", "Content-Encoding: gzip\r\n"));
    const observation = await probe(server, { contains: "OK" });
    assert.equal(outcome(observation), "encoding");
    assert.equal(observation.detail, "body is encoded (gzip), although no encoding was requested");
  });

  test("counts when the encoding is named identity", async () => {
    await using server = await answering(page("OK", "Content-Encoding: identity\r\n"));
    assert.equal(outcome(await probe(server, { contains: "OK" })), "ok");
  });

  test("is shown without control characters when it is missing", async () => {
    await using server = await answering(page("x"));
    const { detail } = await probe(server, { contains: "\u001b[31mOK\n" });
    assert.equal(detail, 'marker "[31mOK" not found in 1 bytes');
  });
});

describe("an endpoint that fails", () => {
  /** Sends the start at once and the rest one byte at a time, for ever. */
  const drip = (start: string) => (socket: Socket) => {
    socket.write(start);
    const timer = setInterval(() => socket.write("x"), 10);
    socket.once("close", () => clearInterval(timer));
  };
  const pour = (start: string, chunk: string) => (socket: Socket) => {
    socket.write(start);
    const more = (): void => {
      while (!socket.destroyed && socket.write(chunk));
      if (!socket.destroyed) socket.once("drain", more);
    };
    more();
  };
  const ok = "HTTP/1.1 200 OK\r\n";
  const table: readonly (readonly [string, (socket: Socket) => void, reason: string, detail: RegExp])[] = [
    ["answers 500", (s) => s.end("HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\nOK"), "status", /^status 500$/],
    ["lacks the marker", (s) => s.end(page("sorry")), "marker", /^marker "OK" not found in 5 bytes$/],
    [
      "redirects for ever",
      (s) => s.end("HTTP/1.1 302 Found\r\nLocation: /healthz\r\n\r\n"),
      "status",
      /^status 302 to \/healthz \(redirects are not followed\)$/,
    ],
    ["hangs before the headers", () => {}, "timeout", /^timed out while waiting for the answer \(200 ms\)$/],
    ["hangs after the headers", (s) => s.write(`${ok}\r\n`), "timeout", /^timed out while reading the answer/],
    ["drips its headers", drip(`${ok}X-Slow: `), "timeout", /^timed out while reading the answer/],
    ["drips its body", drip(`${ok}\r\n`), "timeout", /^timed out while reading the answer/],
    [
      "sends an endless body",
      pour(`${ok}\r\n`, ".".repeat(16_384)),
      "marker",
      /^marker "OK" not found in the first 64 KiB$/,
    ],
    [
      "sends an endless header",
      pour(`${ok}X-Long: `, ".".repeat(16_384)),
      "not-http",
      /^the answer's headers are larger than 16 KiB$/,
    ],
    [
      "sends endless headers",
      pour(ok, "X-More: 1\r\n".repeat(1_000)),
      "not-http",
      /^the answer's headers are larger than 16 KiB$/,
    ],
    [
      "sends an endless chunk extension",
      pour(`${ok}Transfer-Encoding: chunked\r\n\r\n1;`, "x".repeat(16_384)),
      "not-http",
      /^not a valid HTTP answer/,
    ],
    ["speaks SSH", (s) => s.end("SSH-2.0-OpenSSH_9.9\r\n"), "not-http", /^the answer is not HTTP$/],
    ["speaks HTTP/0.9", (s) => s.end("OK"), "not-http", /^the answer is not HTTP$/],
    [
      "sends two lengths",
      (s) => s.end(`${ok}Content-Length: 2\r\nContent-Length: 3\r\n\r\nOK!`),
      "not-http",
      /^not a valid HTTP answer/,
    ],
    [
      "ends lines with bare line feeds",
      (s) => s.end("HTTP/1.1 200 OK\nContent-Length: 2\n\nOK"),
      "not-http",
      /^not a valid HTTP answer/,
    ],
    [
      "switches protocols",
      (s) => s.end("HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nOK"),
      "status",
      /^status 101$/,
    ],
    ["resets the connection", (s) => s.resetAndDestroy(), "reset", /^connection closed while waiting for the answer$/],
    ["closes without an answer", (s) => s.end(), "reset", /^connection closed while waiting for the answer$/],
    [
      "closes within the headers",
      (s) => s.end("HTTP/1.1 200 OK\r\nContent-"),
      "reset",
      /^connection closed while reading the answer$/,
    ],
    [
      "closes within the body",
      (s) => s.end(`${ok}Content-Length: 50\r\n\r\nhalf`),
      "reset",
      /^connection closed while reading the answer$/,
    ],
    [
      "resets within the body",
      (s) => s.write(`${ok}Content-Length: 50\r\n\r\nhalf`, () => setTimeout(() => s.resetAndDestroy(), 20)),
      "reset",
      /^connection closed while reading the answer$/,
    ],
    [
      "sends a broken chunk after good ones",
      (s) => s.end(`${ok}Transfer-Encoding: chunked\r\n\r\n2\r\nxx\r\nzz\r\n`),
      "not-http",
      /^not a valid HTTP answer/,
    ],
  ];
  for (const [name, talk, reason, detail] of table) {
    test(`because it ${name}: ${reason}`, async () => {
      await using server = await startRawServer(talk);
      const observation = await probe(server, { contains: "OK", timeoutMs: 200 }, { timeoutMs: 200 });
      assert.equal(observation.kind, "failed");
      assert.equal(outcome(observation), reason);
      assert.match(observation.detail, detail);
      assert.equal(server.accepted, 1, "one connection, whatever the answer");
      await until("the connection is closed", () => server.open === 0);
    });
  }

  test("because nobody listens: refused", async () => {
    const observation = await probe({ port: await freePort() });
    assert.equal(outcome(observation), "refused");
    assert.equal(observation.detail, "connection refused");
    assert.deepEqual(observation.phases, {});
  });

  test("because there is no connection in time: timeout", async () => {
    await using server = await startRawServer(() => {});
    const instant: Clock = {
      ...systemClock,
      setTimer: (_, callback) => {
        queueMicrotask(callback);
        return () => {};
      },
    };
    const observation = await probe(server, {}, { clock: instant });
    assert.equal(outcome(observation), "timeout");
    assert.equal(observation.detail, "timed out while connecting (5 s)");
  });
});

describe("nothing is concluded about the endpoint", () => {
  // The kernel has no route for TCP to the broadcast address, and does not permit UDP to it either.
  const broadcast = addressOf("255.255.255.255");

  test("when the monitor has no route", async () => {
    const observation = await probeHttp(httpCheck({ url: "http://cable.example.com/healthz" }), broadcast, {
      clock: systemClock,
      timeoutMs: 5_000,
    });
    assert.equal(observation.kind, "inconclusive");
    assert.equal(outcome(observation), "no-route");
    assert.match(observation.detail, /^the monitor has no route to 255\.255\.255\.255 \(E/);
  });

  test("but with a route, an unreachable endpoint has failed", async () => {
    const hasRoute = (): Promise<boolean> => Promise.resolve(true);
    const observation = await probeHttp(httpCheck({ url: "http://cable.example.com/healthz" }), broadcast, {
      clock: systemClock,
      timeoutMs: 5_000,
      hasRoute,
    });
    assert.equal(observation.kind, "failed");
    assert.equal(outcome(observation), "unreachable");
  });

  /** A probe whose timer runs `lateMs` after its deadline of `timeoutMs`. */
  async function lateProbe(lateMs: number, timeoutMs: number): Promise<Sighting> {
    await using server = await startRawServer(() => {});
    let aheadMs = 0;
    let nowMs = 0;
    const sleepy: Clock = {
      ...systemClock,
      nowMs: () => nowMs + aheadMs,
      setTimer: (delayMs, callback) =>
        systemClock.setTimer(0, () => {
          nowMs += delayMs;
          aheadMs = lateMs;
          callback();
        }),
    };
    return await probe(server, {}, { clock: sleepy, timeoutMs });
  }

  test("when the monitor's own timer runs late", async () => {
    const observation = await lateProbe(3_600_000, 50);
    assert.equal(observation.kind, "inconclusive");
    assert.equal(outcome(observation), "late");
    assert.match(observation.detail, /^the monitor was suspended or too busy for 1 h/);
  });

  test("when the timer is late by more than a quarter of a second, and by more than half the deadline", async () => {
    // A short deadline has a quarter of a second of grace, a long one half of itself.
    assert.deepEqual(
      await Promise.all([lateProbe(250, 200), lateProbe(251, 200)].map(async (it) => outcome(await it))),
      ["timeout", "late"],
    );
    assert.deepEqual(
      await Promise.all([lateProbe(2_500, 5_000), lateProbe(2_501, 5_000)].map(async (it) => outcome(await it))),
      ["timeout", "late"],
    );
  });

  test("when it is aborted, which drops the connection at once", async () => {
    await using server = await startRawServer(() => {});
    const stop = new AbortController();
    const probing = probe(server, {}, { signal: stop.signal });
    await until("the request is there", () => server.received.length > 0);
    stop.abort();
    assert.equal((await probing).kind, "inconclusive");
    await until("the connection is closed", () => server.open === 0);
  });

  test("when it was aborted before it began", async () => {
    await using server = await startRawServer(() => {});
    assert.equal((await probe(server, {}, { signal: AbortSignal.abort() })).kind, "inconclusive");
  });
});

test("headers of up to 16 KiB are read, and no more", async () => {
  const answer = (bytes: number): string => page("fine", `X-Long: ${"x".repeat(bytes)}\r\n`);
  await using short = await answering(answer(15_000));
  assert.equal(outcome(await probe(short)), "ok");
  await using long = await answering(answer(17_000));
  assert.equal(outcome(await probe(long)), "not-http");
});

test("200 probes of an endless body leave no socket, read little more than 64 KiB each, and keep memory flat", async () => {
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void;
  const sockets: Socket[] = [];
  const remember = (message: unknown): void => void sockets.push((message as { socket: Socket }).socket);
  const chunk = Buffer.alloc(65_536, ".");
  await using server = await startRawServer((socket) => {
    socket.write("HTTP/1.1 200 OK\r\n\r\n");
    const more = (): void => {
      while (!socket.destroyed && socket.write(chunk));
      if (!socket.destroyed) socket.once("drain", more);
    };
    more();
  });
  const batch = async (count: number): Promise<void> => {
    for (let done = 0; done < count; done += 10) {
      const observations = await Promise.all(Array.from({ length: 10 }, () => probe(server, { contains: "OK" })));
      assert.deepEqual(new Set(observations.map(outcome)), new Set(["marker"]));
    }
    await until("all connections are closed", () => server.open === 0);
  };
  const usedBytes = (): number => {
    collectGarbage();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  await batch(50);
  const before = usedBytes();
  subscribe("net.client.socket", remember);
  await batch(200);
  unsubscribe("net.client.socket", remember);
  assert.equal(sockets.length, 200);
  assert.ok(sockets.every(({ destroyed }) => destroyed));
  const mostRead = Math.max(...sockets.map(({ bytesRead }) => bytesRead));
  assert.ok(mostRead <= 4 * 65_536, `${mostRead} bytes were read by one probe`);
  sockets.length = 0;
  // 200 kept bodies would be 13 MB. What only waits for its finaliser needs more than one collection.
  await until("memory is as before", () => usedBytes() - before < 3_000_000);
});
