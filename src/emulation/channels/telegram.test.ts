// The emulated Telegram: what it takes, what it refuses in the real server's words, and how it fails on demand.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readHtml } from "./telegram-html.ts";
import { startTelegram, type TelegramFault, type TelegramServer } from "./telegram.ts";

interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly ok?: boolean;
  readonly result?: Record<string, unknown>;
  readonly description?: string;
  readonly parameters?: Record<string, unknown>;
}

async function call(bot: TelegramServer, method: string, parameters: unknown, token = bot.token): Promise<Answer> {
  const response = await fetch(`${bot.url}/bot${token}/${method}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(parameters),
  });
  const text = await response.text();
  const body = (text.startsWith("{") ? JSON.parse(text) : {}) as Omit<Answer, "status" | "retryAfter">;
  return { ...body, status: response.status, retryAfter: response.headers.get("retry-after") };
}

const chat_id = 123_456;
const html = { chat_id, parse_mode: "HTML" };

const refusals: readonly (readonly [claim: string, status: number, description: RegExp, parameters: unknown])[] = [
  ["no chat", 400, /chat_id is empty/, { text: "hi" }],
  ["an unknown chat", 400, /chat not found/, { chat_id: 7, text: "hi" }],
  ["no text", 400, /message text is empty/, { chat_id }],
  ["blank text", 400, /message text is empty/, { chat_id, text: " \n" }],
  ["nothing but tags", 400, /message text is empty/, { ...html, text: "<b></b>" }],
  ["4097 characters", 400, /message is too long/, { chat_id, text: "x".repeat(4097) }],
  ["an unclosed tag", 400, /can't parse entities: Can't find end tag/, { ...html, text: "<b>hi" }],
  ["an unknown tag", 400, /can't parse entities: Unsupported start tag "p"/, { ...html, text: "<p>hi</p>" }],
  ["a bare less-than", 400, /can't parse entities/, { ...html, text: "1 < 2" }],
];

for (const [claim, status, description, parameters] of refusals) {
  test(`refuses ${claim}`, async () => {
    await using bot = await startTelegram();
    const answer = await call(bot, "sendMessage", parameters);
    assert.deepEqual([answer.status, answer.ok], [status, false]);
    assert.match(answer.description ?? "", description);
    assert.equal(bot.messages.length, 0);
    assert.equal(bot.calls.length, 1);
  });
}

test("takes 4096 characters, counted after the tags are gone", async () => {
  await using bot = await startTelegram();
  const sent = await call(bot, "sendMessage", { ...html, text: `<b>${"&lt;".repeat(4096)}</b>` });
  assert.equal(sent.ok, true);
  assert.equal(bot.messages[0]?.plainText, "<".repeat(4096));
});

test("keeps messages as they were sent, with all that matters", async () => {
  await using bot = await startTelegram({ chats: ["@channel", 5] });
  const first = await call(bot, "sendMessage", { chat_id: "@channel", text: "<b>hi</b>" });
  assert.equal(first.result?.["message_id"], 1);
  await call(bot, "SENDMESSAGE", { chat_id: "5", text: "two", message_thread_id: 9, disable_notification: true });
  assert.deepEqual(
    bot.messages.map((message) => ({ ...message, atMs: 0 })),
    [
      { id: 1, chatId: "@channel", text: "<b>hi</b>", plainText: "<b>hi</b>", isSilent: false, atMs: 0 },
      { id: 2, chatId: "5", text: "two", plainText: "two", threadId: 9, isSilent: true, atMs: 0 },
    ],
  );
});

test("takes forms and queries as well as JSON", async () => {
  await using bot = await startTelegram();
  const url = `${bot.url}/bot${bot.token}/sendMessage`;
  assert.equal(
    (await fetch(url, { method: "POST", body: new URLSearchParams({ chat_id: "123456", text: "form" }) })).status,
    200,
  );
  assert.equal((await fetch(`${url}?chat_id=123456&text=query`)).status, 200);
  assert.deepEqual(
    bot.messages.map(({ text }) => text),
    ["form", "query"],
  );
});

test("says who the bot is and whether it may write to a chat", async () => {
  await using bot = await startTelegram();
  assert.equal((await call(bot, "getMe", {})).result?.["username"], "demo_bot");
  assert.equal((await call(bot, "getChat", { chat_id })).result?.["type"], "private");
  assert.equal((await call(bot, "getChat", { chat_id: 7 })).status, 400);
  assert.equal((await call(bot, "banEverybody", {})).status, 404);
});

test("a wrong token is unauthorized, a malformed one is not found, and neither is remembered", async () => {
  await using bot = await startTelegram();
  assert.equal((await call(bot, "getMe", {}, "123456789:wrong")).status, 401);
  assert.equal((await call(bot, "getMe", {}, "wrong")).status, 404);
  assert.equal((await fetch(`${bot.url}/elsewhere`)).status, 404);
  assert.equal((await fetch(`${bot.url}/bot%ZZ/getMe`)).status, 400);
  assert.equal(bot.calls.length, 0);
});

const faults: readonly (readonly [fault: TelegramFault, status: number | "lost", isKept: boolean])[] = [
  [{ kind: "rate-limited", retryAfterSeconds: 7 }, 429, false],
  [{ kind: "refused", status: 403, description: "Forbidden: bot was blocked by the user" }, 403, false],
  [{ kind: "cannot-parse" }, 400, false],
  [{ kind: "server-error" }, 500, false],
  [{ kind: "html", status: 200 }, 200, false],
  [{ kind: "html", status: 502 }, 502, false],
  [{ kind: "drop" }, "lost", false],
  [{ kind: "drop", isSent: true }, "lost", true],
  [{ kind: "delay", delayMs: 10 }, 200, true],
];

for (const [fault, status, isKept] of faults) {
  test(`${JSON.stringify(fault)}: ${status}, ${isKept ? "kept" : "not kept"}`, async () => {
    await using bot = await startTelegram();
    bot.faults.next(fault);
    const message = { ...html, text: "hi" };
    const seen = await call(bot, "sendMessage", message).then(
      (answer) => answer.status,
      () => "lost",
    );
    assert.equal(seen, status);
    assert.equal(bot.messages.length, isKept ? 1 : 0);
    assert.equal((await call(bot, "sendMessage", message)).ok, true);
  });
}

test("a limit is told twice, in the body and as a header", async () => {
  await using bot = await startTelegram();
  bot.faults.next({ kind: "rate-limited", retryAfterSeconds: 7 });
  const answer = await call(bot, "sendMessage", { chat_id, text: "hi" });
  assert.deepEqual([answer.parameters?.["retry_after"], answer.retryAfter], [7, "7"]);
});

test("entities that cannot be parsed matter only to messages that ask for parsing", async () => {
  await using bot = await startTelegram();
  bot.faults.always({ kind: "cannot-parse" });
  assert.equal((await call(bot, "sendMessage", { ...html, text: "hi" })).status, 400);
  assert.equal((await call(bot, "sendMessage", { chat_id, text: "hi" })).status, 200);
});

test("a call that hangs gets no answer, and does not keep the server from ending", async () => {
  const bot = await startTelegram();
  bot.faults.next({ kind: "hang" });
  const lost = assert.rejects(call(bot, "sendMessage", { chat_id, text: "hi" }));
  while (bot.calls.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await bot[Symbol.asyncDispose]();
  await lost;
  assert.equal(bot.messages.length, 0);
});

const texts: readonly (readonly [html: string, text: string | RegExp])[] = [
  ["plain", "plain"],
  ["<b>a</b> <i>b</i> <code>c</code>", "a b c"],
  ["<b><i>a</i></b>", "a"],
  ['<a href="https://example.com/?a=1&amp;b=2">link</a>', "link"],
  ['<pre><code class="language-ts">x</code></pre>', "x"],
  ["<B>a</b>", "a"],
  ["a &lt; b &amp;&amp; c &gt; d &quot;e&quot;", 'a < b && c > d "e"'],
  ["&#65;&#x42;", "AB"],
  ["&nbsp; & &unknown;", "&nbsp; & &unknown;"],
  ["a > b", "a > b"],
  ["", ""],
  ["<b>a</i>", /expected "<\/b>", found "<\/i>"/],
  ["<b><i>a</b></i>", /expected "<\/i>", found "<\/b>"/],
  ["a</b>", /Unexpected end tag at byte offset 1/],
  ["é</b>", /byte offset 2/],
  ["<script>", /Unsupported start tag "script"/],
  ["<", /byte offset 0/],
  ["<b", /byte offset 0/],
  ["<b>a", /end tag corresponding to start tag "b"/],
];

for (const [source, expected] of texts) {
  test(`reads ${JSON.stringify(source)}`, () => {
    const read = readHtml(source);
    if (typeof expected === "string") assert.deepEqual(read, { kind: "parsed", text: expected });
    else assert.match(read.kind === "broken" ? read.reason : "parsed", expected);
  });
}
