// The doctor's look at Telegram: is the bot who it should be, and may it write to the chat. Says nothing in the chat
// unless that is asked for.
import type { TelegramConfig } from "../../config/config.ts";
import { systemClock } from "../../lib/clock.ts";
import { plain } from "../../lib/text.ts";
import { TelegramApi, type TelegramAnswer } from "../../notify/telegram-api.ts";
import { ok, plainly, unknown, wrong, type Finding } from "./finding.ts";

const deadlineMs = 5_000;
const testText = "This is a test by ccs doctor: messages from Cloudflare CNAME Switcher arrive here.";

export async function inspectTelegram(
  config: TelegramConfig,
  { isTestSent }: { isTestSent: boolean },
): Promise<readonly Finding[]> {
  const api = new TelegramApi(config, { fetch, clock: systemClock });
  const call = (method: string, parameters: object = {}): Promise<TelegramAnswer> =>
    api.call(method, parameters, { deadlineMs });
  const me = await call("getMe");
  if (me.kind === "unreachable") {
    const host = URL.parse(config.apiUrl)?.host ?? config.apiUrl;
    return [
      wrong(
        "Telegram",
        `${host} could not be reached: ${plainly(me.detail)}`,
        "messages are kept on disk until it can be reached; check that this machine can reach it over HTTPS",
      ),
      unknown("bot, chat", "skipped: Telegram is unreachable"),
    ];
  }
  if (!me.body.ok)
    return [
      wrong("bot", refusalOf(me), "use the token from @BotFather: /mybots → API Token"),
      unknown("chat", "skipped: it cannot be checked without a bot"),
    ];
  const bot = ok("bot", `@${textIn(me.body.result, "username") ?? "?"}`);
  const botId = me.body.result?.["id"];
  const chat = await call("getChat", { chat_id: config.chatId });
  if (chat.kind === "unreachable") return [bot, unknown("chat", `unknown: ${chat.detail}`)];
  if (!chat.body.ok)
    return [
      bot,
      wrong("chat", refusalOf(chat), "send the bot a message once, or add it to the group, and check chat_id"),
    ];
  return [bot, await inspectChat(call, config.chatId, { botId, isTestSent, chat: chat.body.result ?? {} })];
}

async function inspectChat(
  call: (method: string, parameters: object) => Promise<TelegramAnswer>,
  chatId: number | string,
  { chat, botId, isTestSent }: { chat: Readonly<Record<string, unknown>>; botId: unknown; isTestSent: boolean },
): Promise<Finding> {
  const kind = textIn(chat, "type") ?? "chat";
  const name = textIn(chat, "title") ?? textIn(chat, "username") ?? textIn(chat, "first_name") ?? String(chatId);
  const remedy = "allow the bot to write there: unblock it, or make it a member, or an administrator who may post";
  const isChannel = kind === "channel";
  const answer = isTestSent
    ? await call("sendMessage", { chat_id: chatId, text: testText })
    : isChannel
      ? await call("getChatMember", { chat_id: chatId, user_id: botId })
      : await call("sendChatAction", { chat_id: chatId, action: "typing" });
  if (answer.kind === "unreachable")
    return unknown("chat", `unknown whether the bot may write to ${name}: ${answer.detail}`);
  if (!answer.body.ok) return wrong("chat", `the bot may not write to ${name} (${kind}): ${refusalOf(answer)}`, remedy);
  if (isChannel && !isTestSent && answer.body.result?.["can_post_messages"] !== true) {
    return wrong("chat", `the bot may not post in ${name} (${kind})`, remedy);
  }
  return ok(
    "chat",
    isTestSent ? `a test message was sent to ${name} (${kind})` : `the bot may write to ${name} (${kind})`,
  );
}

function refusalOf({ status, body }: Extract<TelegramAnswer, { kind: "answered" }>): string {
  return `Telegram answered ${status}${body.description === undefined ? "" : `, "${plain(body.description, 120)}"`}`;
}

/** A text of an answer, fit to be shown. */
function textIn(object: Readonly<Record<string, unknown>> | undefined, key: string): string | undefined {
  const value = object?.[key];
  return typeof value === "string" && value !== "" ? plain(value, 60) : undefined;
}
