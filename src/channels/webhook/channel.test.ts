import assert from "node:assert/strict";
import { createServer } from "node:http";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { VirtualClock, settle } from "../../../test/support/virtual-clock.ts";
import type { Message } from "../../core/message.ts";
import { startWebhookReceiver, type WebhookFault, type WebhookReceiver } from "../../emulation/channels/webhook.ts";
import { listenTcp } from "../../emulation/listen.ts";
import { systemClock } from "../../runtime/node/clock.ts";
import { Secret } from "../../lib/secret.ts";
import type { Delivery } from "../channel.ts";
import { Webhook } from "./channel.ts";
import type { WebhookSettings } from "./settings.ts";
import { webhookHeaders } from "./signature.ts";

const never = new AbortController().signal;
const key = Buffer.from("0123456789abcdef0123456789abcdef");
const secret = new Secret(`whsec_${key.toString("base64")}`);

const message: Message = {
  id: "mi4k2x9a",
  importance: "high",
  atWallMs: Date.UTC(2026, 0, 1),
  headline: "ingress.example.com now points to mobile (was cable)",
  details: [["Why: a <b> & c"], ["Published now: ", { code: "CNAME mobile.example.com" }]],
  facts: [{ kind: "switched", time: "2026-01-01T00:00:00.000Z", ingress: "ingress.example.com", active: ["mobile"] }],
};

function channelTo(url: string, changes: Partial<WebhookSettings> = {}): Webhook {
  return new Webhook({ url, headers: {}, secret: undefined, ...changes }, { fetch, clock: systemClock });
}

/** What the channel makes of one fault. */
async function deliveryUnder(fault: WebhookFault): Promise<[Delivery, WebhookReceiver]> {
  await using receiver = await startWebhookReceiver();
  receiver.faults.next(fault);
  return [await channelTo(`${receiver.url}/hook`).send(message, never), receiver];
}

describe("a message", () => {
  test("arrives as JSON: what happened, when, how important, and the whole text", async () => {
    await using receiver = await startWebhookReceiver();
    assert.deepEqual(await channelTo(`${receiver.url}/hook?to=ops`).send(message, never), { kind: "delivered" });
    const [request] = receiver.requests;
    assert.deepEqual([request?.method, request?.path], ["POST", "/hook?to=ops"]);
    assert.equal(request?.headers["content-type"], "application/json");
    assert.deepEqual(receiver.taken, [
      {
        id: "mi4k2x9a",
        time: "2026-01-01T00:00:00.000Z",
        importance: "high",
        ingress: "ingress.example.com",
        facts: message.facts,
        headline: message.headline,
        text:
          "ingress.example.com now points to mobile (was cable)\nWhy: a <b> & c\n" +
          "Published now: CNAME mobile.example.com\n2026-01-01 00:00:00 UTC · mi4k2x9a",
      },
    ]);
  });

  test("that an earlier version stored has no facts, and arrives all the same", async () => {
    await using receiver = await startWebhookReceiver();
    const { facts: _, ...old } = message;
    assert.deepEqual(await channelTo(receiver.url).send(old, never), { kind: "delivered" });
    assert.deepEqual([receiver.taken[0]?.["facts"], receiver.taken[0]?.["ingress"]], [[], null]);
  });

  test("of several ingresses is about none of them alone", async () => {
    await using receiver = await startWebhookReceiver();
    const facts = [
      ...(message.facts ?? []),
      { kind: "switched", time: "2026-01-01T00:00:01.000Z", ingress: "b.example" },
    ];
    await channelTo(receiver.url).send({ ...message, facts }, never);
    assert.equal(receiver.taken[0]?.["ingress"], null);
  });

  test("carries headers of one's own", async () => {
    await using receiver = await startWebhookReceiver();
    const headers = { Authorization: new Secret("Bearer abc def"), "X-Team": new Secret("ops") };
    await channelTo(receiver.url, { headers }).send(message, never);
    const sent = receiver.requests[0]?.headers;
    assert.deepEqual([sent?.authorization, sent?.["x-team"]], ["Bearer abc def", "ops"]);
  });
});

describe("a signature", () => {
  test("is that of Standard Webhooks", () => {
    // The example of https://www.standardwebhooks.com, computed by another program.
    const known = new Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    const id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    assert.deepEqual(webhookHeaders(id, 1_614_265_330_999, '{"test": 2432232314}', known), {
      "webhook-id": id,
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    });
    const { "webhook-signature": ofText } = webhookHeaders("id", 1_614_265_330_000, "{}", new Secret("any other text"));
    assert.equal(ofText, "v1,FjOVnMDNeqHlz5/DI84WBMX0V//A6VmZUJEh4DEmBU0=");
  });

  test("is over the very bytes that arrive, with the time of the attempt and the id of the message", async () => {
    await using receiver = await startWebhookReceiver({ key });
    const sentAt = Date.now();
    assert.deepEqual(await channelTo(receiver.url, { secret }).send({ ...message, headline: "ä €  💥" }, never), {
      kind: "delivered",
    });
    const [request] = receiver.requests;
    assert.equal(request?.headers["webhook-id"], message.id);
    assert.ok(Math.abs(Number(request?.headers["webhook-timestamp"]) * 1_000 - sentAt) < 60_000);
    const [, signature = ""] = String(request?.headers["webhook-signature"]).split(",");
    const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
    const content = `${message.id}.${String(request?.headers["webhook-timestamp"])}.${request?.body}`;
    const isRight = await crypto.subtle.verify(
      "HMAC",
      imported,
      Buffer.from(signature, "base64"),
      new TextEncoder().encode(content),
    );
    assert.ok(isRight);
  });

  test("with another secret is refused by the receiver, and bars the channel", async () => {
    await using receiver = await startWebhookReceiver({ key });
    const delivery = await channelTo(receiver.url, { secret: new Secret("another") }).send(message, never);
    assert.equal(delivery.kind, "barred");
    assert.deepEqual(receiver.taken, []);
  });

  test("is not there without a secret, but id and time are", async () => {
    await using receiver = await startWebhookReceiver();
    await channelTo(receiver.url).send(message, never);
    const headers = receiver.requests[0]?.headers ?? {};
    assert.deepEqual(
      ["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) => headers[name] !== undefined),
      [true, true, false],
    );
  });
});

describe("an answer", () => {
  const status = (code: number, headers?: Record<string, string>): WebhookFault => ({
    kind: "status",
    status: code,
    ...(headers && { headers }),
  });
  const answers: Record<string, [WebhookFault, Partial<Delivery>]> = {
    "202 is a delivery": [status(202), { kind: "delivered" }],
    "429 is waited for as told": [status(429, { "retry-after": "47" }), { kind: "later", afterMs: 47_000 }],
    "429 without a time is waited for": [status(429), { kind: "later", afterMs: 30_000 }],
    "503 is waited for as told": [status(503, { "retry-after": "5" }), { kind: "later", afterMs: 5_000 }],
    "500 is passing": [status(500), { kind: "later" }],
    "408 is passing": [status(408), { kind: "later" }],
    "cut off is passing": [{ kind: "drop" }, { kind: "later" }],
    "400 is a refusal, which may be a passing one": [status(400), { kind: "refused", isCertain: false }],
    "413 is a refusal for good": [status(413), { kind: "refused", isCertain: true }],
    "401 bars the channel": [status(401), { kind: "barred" }],
    "404 bars the channel": [status(404), { kind: "barred" }],
    "410 bars the channel": [status(410), { kind: "barred" }],
    "without an end is not read": [{ kind: "endless" }, { kind: "delivered" }],
  };
  for (const [what, [fault, expected]] of Object.entries(answers)) {
    test(what, async () => {
      const [delivery] = await deliveryUnder(fault);
      assert.deepEqual({ ...delivery, ...expected }, delivery);
    });
  }

  test("that names a date is waited for until then", async () => {
    await using receiver = await startWebhookReceiver();
    const at = new Date(Date.now() + 120_000).toUTCString();
    receiver.faults.next({ kind: "status", status: 503, headers: { "retry-after": at } });
    const delivery = await channelTo(receiver.url).send(message, never);
    assert.ok(delivery.kind === "later" && delivery.afterMs !== undefined);
    assert.ok(delivery.afterMs > 60_000 && delivery.afterMs <= 120_000, String(delivery.afterMs));
  });

  test("that leads elsewhere is not followed", async () => {
    await using elsewhere = await startWebhookReceiver();
    await using receiver = await startWebhookReceiver();
    for (const code of [301, 302, 303, 307, 308]) {
      receiver.faults.next({ kind: "status", status: code, headers: { location: elsewhere.url } });
      const delivery = await channelTo(receiver.url).send(message, never);
      assert.equal(delivery.kind, "barred");
    }
    assert.deepEqual(elsewhere.requests, []);
  });
});

test("no answer is given up after 15 seconds, or at once when the daemon ends", async () => {
  await using receiver = await startWebhookReceiver();
  receiver.faults.always({ kind: "hang" });
  const clock = new VirtualClock();
  const channel = new Webhook({ url: receiver.url, headers: {}, secret: undefined }, { fetch, clock });
  const late = channel.send(message, never);
  while (receiver.requests.length === 0) await settle();
  await clock.advance(15_000);
  assert.deepEqual(await late, { kind: "later", detail: "no answer within 15 s" });
  const ending = new AbortController();
  const ended = channel.send(message, ending.signal);
  ending.abort();
  assert.equal((await ended).kind, "later");
});

test("nothing that is secret gets into a detail or a printed channel", async () => {
  await using server = await listenTcp(createServer((request) => request.socket.destroy()));
  const settings = {
    url: `http://${server.authority}/hook-CANARY?token=CANARY`,
    headers: { Authorization: new Secret("CANARY-header") },
    secret: new Secret("CANARY-secret"),
  };
  const details: unknown[] = [await new Webhook(settings, { fetch, clock: systemClock }).send(message, never)];
  for (const words of ["/hook-CANARY?token=CANARY", "CANARY-header", "CANARY-secret", settings.url]) {
    const failing = (): Promise<Response> => Promise.reject(new TypeError("fetch failed", { cause: new Error(words) }));
    details.push(await new Webhook(settings, { fetch: failing, clock: systemClock }).send(message, never));
  }
  await using receiver = await startWebhookReceiver();
  receiver.faults.always({ kind: "status", status: 404 });
  const refused = { ...settings, url: `${receiver.url}/hook-CANARY?token=CANARY` };
  details.push(await new Webhook(refused, { fetch, clock: systemClock }).send(message, never));
  details.push(inspect(new Webhook(settings, { fetch, clock: systemClock }), { depth: 9 }));
  assert.doesNotMatch(JSON.stringify(details), /CANARY/);
});
