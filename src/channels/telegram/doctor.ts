// The doctor's look at Telegram: is the bot who it should be, and may it write to the chat. Says nothing in the chat
// unless that is asked for.
import { plain } from "../../lib/text.ts";
import { ok, unknown, warning, wrong, type Finding } from "../../lib/finding.ts";
import type { ChannelPorts } from "../kind.ts";
import { TelegramApi, type TelegramAnswer } from "./api.ts";
import type { TelegramSettings } from "./settings.ts";

const deadlineMs = 5_000;
const testText = "This is a test by ccs doctor: messages from Cloudflare CNAME Switcher arrive here.";

export async function inspectTelegram(
  config: TelegramSettings,
  ports: ChannelPorts,
  { isTestSent }: { isTestSent: boolean },
): Promise<readonly Finding[]> {
  const api = new TelegramApi(config, ports);
  const call: CallTelegram = (method, parameters = {}) => api.call(method, parameters, { deadlineMs });
  const me = await call("getMe");
  if (me.kind === "unreachable") {
    const host = URL.parse(config.apiUrl)?.host ?? config.apiUrl;
    return [
      wrong(
        "Telegram",
        `${host} could not be reached: ${me.detail}`,
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
  return [bot, ...(await inspectGroup(call, config.chatId, { botId, isTestSent }))];
}

type CallTelegram = (method: string, parameters?: object) => Promise<TelegramAnswer>;

/** A group that became a supergroup has another id since. The daemon follows it there, from one start to the next. */
async function inspectGroup(
  call: CallTelegram,
  chatId: number | string,
  options: { botId: unknown; isTestSent: boolean },
): Promise<readonly Finding[]> {
  const chat = await call("getChat", { chat_id: chatId });
  if (chat.kind === "unreachable") return [unknown("chat", `unknown: ${chat.detail}`)];
  const looked = chat.body.ok
    ? await inspectChat(call, chatId, { ...options, chat: chat.body.result ?? {} })
    : { finding: wrong("chat", refusalOf(chat), remedyForChat), movedTo: movedTo(chat) };
  if (looked.movedTo === undefined || looked.movedTo === chatId) return [looked.finding];
  const id = looked.movedTo;
  const text = `the group is a supergroup now, and has the id ${id}: messages are sent there`;
  const moved = warning("chat", text, `set chat_id to ${id}`);
  const there = await call("getChat", { chat_id: id });
  if (there.kind === "unreachable") return [moved];
  if (!there.body.ok) return [moved, wrong("chat", refusalOf(there), remedyForChat)];
  return [moved, (await inspectChat(call, id, { ...options, chat: there.body.result ?? {} })).finding];
}

const remedyForChat = "send the bot a message once, or add it to the group, and check chat_id";

/** https://core.telegram.org/bots/api#responseparameters */
function movedTo(answer: TelegramAnswer): number | undefined {
  return answer.kind === "answered" ? answer.body.parameters?.migrate_to_chat_id : undefined;
}

interface ChatLook {
  readonly finding: Finding;
  readonly movedTo?: number | undefined;
}

async function inspectChat(
  call: CallTelegram,
  chatId: number | string,
  { chat, botId, isTestSent }: { chat: Readonly<Record<string, unknown>>; botId: unknown; isTestSent: boolean },
): Promise<ChatLook> {
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
    return { finding: unknown("chat", `unknown whether the bot may write to ${name}: ${answer.detail}`) };
  if (!answer.body.ok) {
    const text = `the bot may not write to ${name} (${kind}): ${refusalOf(answer)}`;
    return { finding: wrong("chat", text, remedy), movedTo: movedTo(answer) };
  }
  if (isChannel && !isTestSent && answer.body.result?.["can_post_messages"] !== true) {
    return { finding: wrong("chat", `the bot may not post in ${name} (${kind})`, remedy) };
  }
  const text = isTestSent ? `a test message was sent to ${name} (${kind})` : `the bot may write to ${name} (${kind})`;
  return { finding: ok("chat", text) };
}

function refusalOf({ status, body }: Extract<TelegramAnswer, { kind: "answered" }>): string {
  return `Telegram answered ${status}${body.description === undefined ? "" : `, "${plain(body.description, 120)}"`}`;
}

/** A text of an answer, fit to be shown. */
function textIn(object: Readonly<Record<string, unknown>> | undefined, key: string): string | undefined {
  const value = object?.[key];
  return typeof value === "string" && value !== "" ? plain(value, 60) : undefined;
}
