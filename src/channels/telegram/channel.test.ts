import assert from "node:assert/strict";
import { createServer } from "node:http";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { VirtualClock, settle } from "../../../test/support/virtual-clock.ts";
import { listenTcp } from "../../emulation/listen.ts";
import { startTelegram, telegramToken } from "../../emulation/channels/telegram.ts";
import type { TelegramFault, TelegramServer } from "../../emulation/channels/telegram.ts";
import { systemClock } from "../../runtime/node/clock.ts";
import { Secret } from "../../lib/secret.ts";
import type { Delivery } from "../channel.ts";
import type { Message } from "../../core/message.ts";
import { Telegram } from "./channel.ts";
import type { TelegramSettings } from "./settings.ts";

const never = new AbortController().signal;

const message: Message = {
  id: "mi4k2x9a",
  importance: "high",
  atWallMs: Date.UTC(2026, 0, 1),
  headline: "ingress.example.com now points to mobile (was cable)",
  details: [["Why: a <b> & c"], ["Published now: ", { code: "CNAME mobile.example.com" }]],
};
const plainText = `ingress.example.com now points to mobile (was cable)
Why: a <b> & c
Published now: CNAME mobile.example.com
2026-01-01 00:00:00 UTC · mi4k2x9a`;

function channelTo(apiUrl: string, changes: Partial<TelegramSettings> = {}): Telegram {
  const settings = { token: new Secret(telegramToken), chatId: 123_456, apiUrl, ...changes };
  return new Telegram(settings, { fetch, clock: systemClock });
}

/** What the channel makes of one fault. */
async function deliveryUnder(fault: TelegramFault): Promise<[Delivery, TelegramServer]> {
  await using server = await startTelegram();
  server.faults.next(fault);
  return [await channelTo(server.url).send(message, never), server];
}

describe("a message", () => {
  test("arrives as it was written, without link previews", async () => {
    await using server = await startTelegram();
    assert.deepEqual(await channelTo(server.url).send(message, never), { kind: "delivered" });
    assert.deepEqual(
      server.messages.map(({ chatId, plainText: text, parseMode }) => ({ chatId, text, parseMode })),
      [{ chatId: 123_456, text: plainText, parseMode: "HTML" }],
    );
    assert.deepEqual(server.calls[0]?.parameters["link_preview_options"], { is_disabled: true });
  });

  test("whose markup is refused arrives as plain text", async () => {
    const [delivery, server] = await deliveryUnder({ kind: "cannot-parse" });
    assert.deepEqual(delivery, { kind: "delivered" });
    assert.equal(server.calls.length, 2);
    assert.deepEqual(
      server.messages.map(({ text, parseMode }) => ({ text, parseMode })),
      [{ text: plainText, parseMode: undefined }],
    );
  });

  test("may go to a channel by its name", async () => {
    await using server = await startTelegram({ chats: ["@alerts"] });
    assert.deepEqual(await channelTo(server.url, { chatId: "@alerts" }).send(message, never), { kind: "delivered" });
  });
});

describe("an answer", () => {
  const refuse = (status: 400 | 401 | 403 | 404, description: string): TelegramFault => ({
    kind: "refused",
    status,
    description,
  });
  const answers: Record<string, [TelegramFault, Partial<Delivery>]> = {
    "429 is waited for as told": [
      { kind: "rate-limited", retryAfterSeconds: 47 },
      { kind: "later", afterMs: 47_000 },
    ],
    "500 is passing": [{ kind: "server-error" }, { kind: "later" }],
    "502 with HTML is passing": [{ kind: "html", status: 502 }, { kind: "later" }],
    "200 with HTML is no delivery": [{ kind: "html", status: 200 }, { kind: "later" }],
    "cut off is passing": [{ kind: "drop" }, { kind: "later" }],
    "401 bars the channel": [refuse(401, "Unauthorized"), { kind: "barred" }],
    "403 bars the channel": [refuse(403, "Forbidden: bot was blocked by the user"), { kind: "barred" }],
    "404 bars the channel": [refuse(404, "Not Found"), { kind: "barred" }],
    "chat not found bars the channel": [refuse(400, "Bad Request: chat not found"), { kind: "barred" }],
  };
  for (const [what, [fault, expected]] of Object.entries(answers)) {
    test(what, async () => {
      const [delivery] = await deliveryUnder(fault);
      assert.deepEqual({ ...delivery, ...expected }, delivery);
    });
  }

  test("that refuses plain text too refuses for good only when it says why", async () => {
    for (const [description, isCertain] of [
      ["Bad Request: message is too long", true],
      ["Bad Request: message text is empty", true],
      ["Bad Request: can't parse entities: planted", true],
      ["Bad Request: INTERNAL_TROUBLE", false],
    ] as const) {
      await using server = await startTelegram();
      server.faults.always(refuse(400, description));
      const delivery = await channelTo(server.url).send(message, never);
      assert.deepEqual(delivery, { kind: "refused", isCertain, detail: `Telegram answered 400: ${description}` });
      assert.deepEqual(
        server.calls.map(({ parameters }) => parameters["parse_mode"]),
        ["HTML", undefined],
      );
    }
  });
});

/** A server that answers every request with the same. */
async function answering(status: number, body: string, headers: Record<string, string> = {}) {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => (text += chunk.toString()));
    request.on("end", () => {
      bodies.push(text);
      response.writeHead(status, headers).end(body.replaceAll("PATH", request.url ?? ""));
    });
  });
  const listening = await listenTcp(server);
  return Object.assign(listening, { bodies, url: `http://${listening.authority}` });
}

test("a group that became a supergroup is followed, and people are told the new id", async () => {
  const bodies: unknown[] = [];
  const moved = {
    ok: false,
    error_code: 400,
    description: "Bad Request: group chat was upgraded to a supergroup chat",
    parameters: { migrate_to_chat_id: -1_001_234_567_890 },
  };
  const channel = new Telegram(
    { token: new Secret(telegramToken), chatId: -42, apiUrl: "http://127.0.0.1:1" },
    {
      clock: systemClock,
      fetch: async (_url, init) => {
        const body = JSON.parse(init?.body as string) as { chat_id: number };
        bodies.push(body.chat_id);
        return body.chat_id === -42 ? Response.json(moved, { status: 400 }) : Response.json({ ok: true, result: {} });
      },
    },
  );
  assert.deepEqual(await channel.send(message, never), {
    kind: "delivered",
    detail: "the chat has moved: set chat_id to -1001234567890",
  });
  assert.deepEqual(await channel.send(message, never), { kind: "delivered" });
  assert.deepEqual(bodies, [-42, -1_001_234_567_890, -1_001_234_567_890]);
});

test("redirects are not followed", async () => {
  await using target = await answering(200, '{"ok":true}');
  await using server = await answering(307, "", { location: target.url });
  const delivery = await channelTo(server.url).send(message, never);
  assert.equal(delivery.kind, "later");
  assert.deepEqual(target.bodies, []);
});

test("an answer without end is given up", async () => {
  await using server = await answering(200, `{"ok":true,"result":"${"x".repeat(1_000_000)}"}`);
  assert.deepEqual(await channelTo(server.url).send(message, never), {
    kind: "later",
    detail: "the answer is too long",
  });
});

test("strange numbers in an answer are not believed", async () => {
  for (const parameters of [
    '{"retry_after":-5}',
    '{"retry_after":"soon"}',
    '{"retry_after":null}',
    '{"retry_after":1e999}',
    '{"migrate_to_chat_id":1e300}',
    "[]",
    "7",
  ]) {
    await using server = await answering(429, `{"ok":false,"parameters":${parameters}}`);
    const delivery = await channelTo(server.url).send(message, never);
    assert.deepEqual(delivery, { kind: "later", afterMs: 30_000, detail: "Telegram answered 429" }, parameters);
  }
});

describe("the deadline of 15 seconds", () => {
  for (const [what, response] of [
    ["an answer that does not come", undefined],
    ["a body that does not come", new Response(new ReadableStream(), { status: 200 })],
  ] as const) {
    test(`ends ${what}, and no timer is left`, async () => {
      const clock = new VirtualClock();
      const channel = new Telegram(
        { token: new Secret(telegramToken), chatId: 1, apiUrl: "http://127.0.0.1:1" },
        { clock, fetch: (_url, init) => stalled(init?.signal ?? never, response) },
      );
      const sending = channel.send(message, never);
      let delivery: Delivery | undefined;
      void sending.then((result) => (delivery = result));
      await clock.advance(14_999);
      assert.equal(delivery, undefined);
      await clock.advance(1);
      await settle();
      assert.deepEqual(delivery, { kind: "later", detail: "no answer within 15 s" });
      assert.equal(clock.pendingTimers, 0);
    });
  }

  test("leaves no timer behind an answer in time", async () => {
    const clock = new VirtualClock();
    const settings = { token: new Secret(telegramToken), chatId: 1, apiUrl: "http://127.0.0.1:1" };
    const channel = new Telegram(settings, { clock, fetch: async () => Response.json({ ok: true }) });
    assert.deepEqual(await channel.send(message, never), { kind: "delivered" });
    assert.equal(clock.pendingTimers, 0);
  });

  test("has passed already when the daemon has ended", async () => {
    await using server = await startTelegram();
    assert.equal((await channelTo(server.url).send(message, AbortSignal.abort())).kind, "later");
    assert.equal(server.calls.length, 0);
  });

  test("ends a real server that hangs as soon as the daemon ends", async () => {
    await using server = await startTelegram();
    server.faults.next({ kind: "hang" });
    const ending = new AbortController();
    const sending = channelTo(server.url).send(message, ending.signal);
    while (server.calls.length === 0) await settle();
    ending.abort();
    assert.equal((await sending).kind, "later");
  });
});

/** A fetch that hangs, or whose body does, until it is aborted, as Node's own. */
async function stalled(signal: AbortSignal, response: Response | undefined): Promise<Response> {
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(new DOMException("This operation was aborted", "AbortError")));
  });
  if (response === undefined) return aborted;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => void aborted.catch((error: unknown) => controller.error(error)),
  });
  return new Response(body, { status: 200 });
}

describe("the token", () => {
  const token = "987654321:canary-token_DO-NOT-PRINT";

  test("appears in no result, whatever the other side or the system says", async () => {
    const closed = await answering(200, "");
    const closedUrl = closed.url;
    await closed[Symbol.asyncDispose]();
    await using echo400 = await answering(400, '{"ok":false,"description":"Bad Request: PATH is strange"}');
    await using echo401 = await answering(401, '{"ok":false,"description":"Unauthorized: PATH"}');
    await using echo500 = await answering(500, "PATH");
    await using redirect = await answering(302, "PATH", { location: `http://127.0.0.1:1/bot${token}` });
    const urls = [
      closedUrl,
      echo400.url,
      echo401.url,
      echo500.url,
      redirect.url,
      "http://no-such-host.invalid",
      "no url at all",
      "http://127.0.0.1:99999",
    ];
    let seen = 0;
    for (const apiUrl of urls) {
      const channel = channelTo(apiUrl, { token: new Secret(token) });
      const delivery = await channel.send(message, never);
      const printed = `${JSON.stringify(delivery)} ${inspect(channel, { depth: 9, showHidden: true })}`;
      assert.doesNotMatch(printed, /canary/, `${apiUrl}: ${printed}`);
      if (printed.includes("***")) seen += 1;
    }
    assert.ok(seen >= 2, "nobody echoed the token, so nothing was shown");
  });

  test("appears in no result when it is repeated until the text has to be cut", async () => {
    for (const begin of ["", "y".repeat(10), "y".repeat(20), "y".repeat(30)]) {
      const description = begin + token.repeat(40);
      await using server = await answering(403, JSON.stringify({ ok: false, description }));
      const delivery = await channelTo(server.url, { token: new Secret(token) }).send(message, never);
      assert.ok(delivery.kind === "barred");
      assert.doesNotMatch(delivery.detail, /canary/);
    }
  });

  test("that is mistyped cannot change the path", async () => {
    const paths: string[] = [];
    for (const mistyped of ["1:a/../../x", "1:a?b#c", "1:a\nHost: evil", "1:ä %2F"]) {
      const channel = new Telegram(
        { token: new Secret(mistyped), chatId: 1, apiUrl: "http://127.0.0.1:1" },
        {
          clock: systemClock,
          fetch: async (url) => {
            const text = url as string;
            paths.push(new URL(text).pathname);
            throw new TypeError(`Failed to parse URL from ${text}`);
          },
        },
      );
      const delivery = await channel.send(message, never);
      assert.ok(delivery.kind === "later" && delivery.detail.includes("***"), inspect(delivery));
    }
    for (const path of paths) assert.match(path, /^\/bot1:[^/]+\/sendMessage$/);
    assert.equal(paths.length, 4);
  });
});
