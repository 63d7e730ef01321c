// What every kind of bad answer is taken for, over real HTTP.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { canary, freeCall, json, ScriptedApi, zoneId, type Handler } from "../../test/conformance/scripted-api.ts";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import type { PublishedRecord } from "../core/model.ts";
import { planBetween } from "../core/records/plan.ts";
import type { CloudflareProvider } from "./cloudflare.ts";
import { CloudError, type CloudErrorKind } from "./provider.ts";

const record = "ingress.example.com";
const ingress = { record, zone: zoneId };
const known: PublishedRecord[] = [
  { id: "11111111111111111111111111111111", type: "CNAME", content: "a.example.net", ttlSeconds: 60, proxied: false },
];
const plan = planBetween(known, {
  records: [{ type: "CNAME", content: "b.example.net" }],
  ttlSeconds: 60,
  proxied: false,
});

const read = (provider: CloudflareProvider): Promise<unknown> => provider.list(ingress, freeCall());
const write = (provider: CloudflareProvider): Promise<unknown> => provider.apply(ingress, plan, known, freeCall());

async function failureOf(promise: Promise<unknown>): Promise<CloudError> {
  const error: unknown = await promise.then(
    () => assert.fail("it should have failed"),
    (reason: unknown) => reason,
  );
  assert(error instanceof CloudError, `a CloudError, not ${inspect(error)}`);
  assert.match(error.message, /ingress\.example\.com/);
  assert(!inspect(error, { depth: 9 }).includes(canary), "the token shows");
  return error;
}

/** HTTP status, code, words, and what a read and a write make of it. Codes and words from public reports. */
const refusals: [status: number, code: number, words: string, kind: CloudErrorKind][] = [
  [400, 9000, "DNS name is invalid.", "invalid"],
  [400, 9003, "Target 192.168.0.1 is not allowed for a proxied record.", "invalid"],
  [400, 9004, "This record type cannot be proxied.", "invalid"],
  [400, 9005, "Content for A record must be a valid IPv4 address.", "invalid"],
  [400, 9006, "Content for AAAA record must be a valid IPv6 address.", "invalid"],
  [400, 9007, "Content for CNAME record is invalid.", "invalid"],
  [400, 9021, "TTL must be between 60 and 86400 seconds, or 1 for Automatic.", "invalid"],
  [400, 9039, "CNAME content cannot reference itself.", "invalid"],
  [400, 9041, "This DNS record cannot be proxied.", "invalid"],
  [400, 9208, "Failed to parse; ttl must be a number", "invalid"],
  [400, 9300, "DNS record has 1 tags, exceeding the quota of 0.", "invalid"],
  [400, 9313, "DNS record comment exceeds the maximum length of 100 characters.", "invalid"],
  [400, 81045, "Record quota exceeded.", "invalid"],
  [403, 1038, "You cannot use this API for domains with a .tk TLD.", "invalid"],
  [404, 81044, "Record does not exist.", "stale"],
  [400, 81044, "Record does not exist.", "stale"],
  [400, 81053, "An A, AAAA, or CNAME record with that host already exists.", "stale"],
  [400, 81054, "A CNAME record with that host already exists.", "stale"],
  [400, 81057, "Record already exists.", "stale"],
  [400, 81058, "An identical record already exists.", "stale"],
  [400, 6003, "Invalid request headers", "auth"],
  [400, 7003, "Could not route to /client/v4/zones/x, perhaps your object identifier is invalid?", "auth"],
  [404, 7003, "Could not route to /client/v4/zones/x, perhaps your object identifier is invalid?", "auth"],
  [400, 9106, "Authentication failed (status: 400)", "auth"],
  [403, 9109, "Cannot use the access token from location: 203.0.113.9", "auth"],
  [403, 9109, "Unauthorized to access requested resource", "auth"],
  [403, 10000, "Authentication error", "auth"],
  [401, 10000, "Authentication error", "auth"],
  [401, 1000, "Invalid API Token", "auth"],
  [400, 0, "Actor 'x' requires permission 'com.cloudflare.api.account.zone.list' to list zones", "auth"],
  [429, 971, "Please wait and consider throttling your request speed", "rate-limited"],
  [429, 10100, "More than 1200 requests per 300 seconds reached.", "rate-limited"],
];

for (const [status, code, words, kind] of refusals) {
  test(`HTTP ${status} with ${code} means ${kind}, plain or inside a 1004`, async () => {
    await using api = await new ScriptedApi().listen();
    const shapes = [
      [{ code, message: words }],
      [{ code: 1004, message: "DNS Validation Error", error_chain: [{ code, message: words }] }],
    ];
    for (const errors of shapes) {
      api.handler = json({ success: false, errors, messages: [], result: null }, status, { "cf-ray": "8f00ba4-FRA" });
      for (const call of [read, write]) {
        const error = await failureOf(call(api.provider()));
        assert.deepEqual([error.kind, error.isAmbiguous], [kind, false], error.message);
        for (const part of [`HTTP ${status}`, String(code), words, "8f00ba4-FRA"]) {
          assert(error.message.includes(part), `${part} in: ${error.message}`);
        }
      }
    }
    assert.equal(api.requests.length, 4, "one request each");
  });
}

test("a token that is bound to addresses is not said to lack permissions", async () => {
  await using api = await new ScriptedApi().listen();
  const errors = [{ code: 9109, message: "Cannot use the access token from location: 203.0.113.9" }];
  api.handler = json({ success: false, errors, messages: [], result: null }, 403);
  for (const call of [read, write]) {
    const { message } = await failureOf(call(api.provider()));
    assert.match(
      message,
      /; allow this machine's addresses, IPv4 and IPv6, in the token's Client IP Address Filtering/,
    );
    assert.doesNotMatch(message, /may edit DNS/);
  }
});

const page = "<!DOCTYPE html><html><body><h1>Welcome to Hotel WiFi</h1></body></html>";
const html =
  (status: number): Handler =>
  (_, response) =>
    void response.writeHead(status, { "content-type": "text/html" }).end(page);
const text =
  (body: string, status = 200): Handler =>
  (_, response) =>
    void response.writeHead(status, { "content-type": "application/json" }).end(body);

/** Answers that are not the API's own word, or no answer at all. A write after which one comes may have happened. */
const unclear: Record<string, Handler> = {
  "a page with 200": html(200),
  "a page with 404": html(404),
  "a page with 400": html(400),
  "a page with 502": html(502),
  "an empty 503": text("", 503),
  "an empty 520": text("", 520),
  "a lock time-out (409)": json({ success: false, errors: [{ code: 1, message: "lock" }] }, 409),
  "a refusal with 5xx and a code": json({ success: false, errors: [{ code: 10000, message: "x" }] }, 500),
  "an empty 200": text(""),
  "a 204": (_, response) => void response.writeHead(204).end(),
  "JSON that breaks off": text('{"success":true,"result":[{"id":"12'),
  "JSON that is only null": text("null"),
  "success: false with 200": json({ success: false, errors: [], messages: [], result: null }),
  "success without a result": json({ success: true, errors: [], messages: [] }),
  "a result of another shape": json({ success: true, result: "yes" }),
  "records without what matters": json({ success: true, result: [{ id: "1", type: "A", name: record }] }),
  "success as a word": json({ success: "true", result: [] }),
  "an endless answer": (_, response) => {
    const more = (): void => void response.write("x".repeat(65_536), (error) => (error ? undefined : more()));
    more();
  },
  "an endless refusal": (_, response) => {
    response.writeHead(500);
    const more = (): void => void response.write("x".repeat(65_536), (error) => (error ? undefined : more()));
    more();
  },
  "a connection that is dropped": (_, response) => void response.socket?.destroy(),
  "a connection that is dropped amid the answer": (_, response) => {
    response.writeHead(200, { "content-length": "1000" });
    response.write('{"success":true', () => response.socket?.destroy());
  },
  "not HTTP": (_, response) => void response.socket?.end("SSH-2.0-OpenSSH_9.9\r\n"),
};

for (const [title, handler] of Object.entries(unclear)) {
  test(`${title} is transient, and leaves a write in doubt`, { timeout: 10_000 }, async () => {
    await using api = await new ScriptedApi().listen();
    api.handler = handler;
    for (const call of [read, write]) {
      const error = await failureOf(call(api.provider()));
      assert.deepEqual([error.kind, error.isAmbiguous], ["transient", call === write], error.message);
      assert(error.message.length < 700 && !error.message.includes("\n"), error.message);
    }
    assert.equal(api.requests.length, 2, "one request each");
  });
}

test("a redirect is not followed, wherever it leads", async () => {
  await using elsewhere = await new ScriptedApi().listen();
  await using api = await new ScriptedApi().listen();
  for (const status of [301, 302, 307, 308]) {
    api.handler = (_, response) => void response.writeHead(status, { location: elsewhere.url }).end();
    const error = await failureOf(write(api.provider()));
    assert.deepEqual([error.kind, error.isAmbiguous], ["transient", true]);
    assert.match(error.message, /redirect/);
  }
  assert.equal(elsewhere.requests.length, 0);
});

test("nobody listening is transient and no doubt: nothing was sent", async () => {
  const api = await new ScriptedApi().listen();
  const provider = api.provider();
  await api[Symbol.asyncDispose]();
  const error = await failureOf(write(provider));
  assert.deepEqual([error.kind, error.isAmbiguous], ["transient", false]);
  assert.match(
    error.message,
    /could not write ingress\.example\.com: no answer: 127\.0\.0\.1:\d+ refuses connections \(ECONNREFUSED\)/,
  );
});

for (const [systemCall, isAmbiguous] of [
  ["connect", false],
  ["read", true],
] as const) {
  test(`no route at "${systemCall}" leaves ${isAmbiguous ? "it in doubt" : "no doubt"} whether a write was taken`, async () => {
    const cause = Object.assign(new Error(`${systemCall} EHOSTUNREACH`), { code: "EHOSTUNREACH", syscall: systemCall });
    await using api = await new ScriptedApi().listen();
    const provider = api.provider({ fetch: async () => Promise.reject(new TypeError("fetch failed", { cause })) });
    const error = await failureOf(write(provider));
    assert.deepEqual([error.kind, error.isAmbiguous], ["transient", isAmbiguous]);
  });
}

/** Answers that never end: nothing at all, headers alone, half a body. */
const stalls: Record<string, [Handler, CloudErrorKind, boolean]> = {
  "before its headers": [() => {}, "transient", true],
  "after its headers": [(_, response) => response.writeHead(200).flushHeaders(), "transient", true],
  "amid its body": [(_, response) => void response.writeHead(200).write('{"success":'), "transient", true],
  "amid a 429": [
    (_, response) => void response.writeHead(429, { "retry-after": "7" }).write("{"),
    "rate-limited",
    false,
  ],
};

for (const [where, [handler, kind, isAmbiguous]] of Object.entries(stalls)) {
  test(`an answer that stalls ${where} is given up after 15 seconds`, { timeout: 10_000 }, async () => {
    await using api = await new ScriptedApi().listen();
    api.handler = handler;
    const clock = new VirtualClock();
    let haveHeadersCome = false;
    const watched: typeof fetch = async (...request) => {
      const response = await fetch(...request);
      haveHeadersCome = true;
      return response;
    };
    let isOver = false;
    const failure = failureOf(write(api.provider({ clock, fetch: watched }))).finally(() => {
      isOver = true;
    });
    const isStalled = (): boolean => (where === "before its headers" ? api.requests.length > 0 : haveHeadersCome);
    while (!isStalled()) await new Promise((resolve) => setTimeout(resolve, 5));
    await clock.advance(14_999);
    assert.equal(isOver, false);
    await clock.advance(1);
    const error = await failure;
    assert.deepEqual([error.kind, error.isAmbiguous], [kind, isAmbiguous], error.message);
    assert.equal(clock.pendingTimers, 0);
  });
}

test("waits are told in seconds or as a date, or not told", async () => {
  await using api = await new ScriptedApi().listen();
  const clock = new VirtualClock({ wallMs: Date.parse("2036-05-05T00:00:00Z") });
  const told: [string | undefined, number | undefined][] = [
    ["30", 30_000],
    ["0", 0],
    ["86400", 86_400_000],
    ["Thu, 01 Jan 2026 00:01:30 GMT", 90_000],
    ["Wed, 31 Dec 2025 00:00:00 GMT", 0],
    ["soon", undefined],
    ["-5", undefined],
    [undefined, undefined],
  ];
  for (const [header, waitMs] of told) {
    // A date is counted from the date of the same answer, whatever our clock says.
    const date = { date: "Thu, 01 Jan 2026 00:00:00 GMT" };
    api.handler = json({ success: false, errors: [] }, 429, {
      ...date,
      ...(header !== undefined && { "retry-after": header }),
    });
    const error = await failureOf(read(api.provider({ clock })));
    assert.deepEqual([error.kind, error.retryAfterMs], ["rate-limited", waitMs], header);
  }
});

test("a failure of the network whose words hold the token, right where they are cut, does not show it", async () => {
  await using api = await new ScriptedApi().listen();
  for (let length = 120; length < 200; length += 10) {
    const failing: typeof fetch = () => Promise.reject(new Error("y".repeat(length) + canary));
    const error = await failureOf(read(api.provider({ fetch: failing })));
    assert.doesNotMatch(error.message, /CANARY/);
  }
});

test("a server that repeats the token does not get it into our words", async () => {
  await using api = await new ScriptedApi().listen();
  const echo = `Invalid format for Authorization header: Bearer ${canary}\u001B[31m\nX`;
  const errors = [{ code: 6003, message: echo, error_chain: [{ code: 6111, message: echo }] }];
  for (const body of [
    { success: false, errors },
    { success: true, result: canary, errors },
  ]) {
    for (const status of [200, 400, 403, 500]) {
      api.handler = json(body, status, { "cf-ray": canary });
      const error = await failureOf(write(api.provider()));
      // oxlint-disable-next-line no-control-regex
      assert(!/[\u0000-\u001F]/.test(error.message));
      assert(error.message.includes("***"), error.message);
    }
  }
});
