// Sends messages through Telegram's Bot API (https://core.telegram.org/bots/api#sendmessage), and tells apart what can
// be tried again, what never will be taken, and what only a person can mend.
import type { Channel, Delivery } from "../channel.ts";
import { render } from "./render.ts";
import type { Message } from "../../core/message.ts";
import type { ChannelPorts } from "../kind.ts";
import { TelegramApi, type TelegramAnswer } from "./api.ts";
import type { TelegramSettings } from "./settings.ts";

/** When it says "too many requests" without saying how long. */
const defaultPauseMs = 30_000;

export class Telegram implements Channel {
  readonly #api: TelegramApi;
  #chatId: number | string;

  constructor(settings: TelegramSettings, ports: ChannelPorts) {
    this.#api = new TelegramApi(settings, ports);
    this.#chatId = settings.chatId;
  }

  async send(message: Message, signal: AbortSignal): Promise<Delivery> {
    const answer = await this.#sendText({ text: render(message, "html"), parse_mode: "HTML" }, signal);
    if (answer.kind !== "refused") return answer;
    // Whatever it did not like about the markup, it may take the bare text.
    return this.#sendText({ text: render(message, "plain") }, signal);
  }

  async #sendText(content: { text: string; parse_mode?: "HTML" }, signal: AbortSignal): Promise<Delivery> {
    const answer = await this.#call(content, signal);
    const movedTo = answer.kind === "answered" ? answer.body.parameters?.migrate_to_chat_id : undefined;
    if (movedTo === undefined) return this.#deliveryOf(answer);
    // The group became a supergroup: https://core.telegram.org/bots/api#responseparameters
    this.#chatId = movedTo;
    const delivery = this.#deliveryOf(await this.#call(content, signal));
    const note = `the chat has moved: set chat_id to ${movedTo}`;
    return { ...delivery, detail: [delivery.detail, note].filter((text) => text !== undefined).join("; ") };
  }

  #call(content: object, signal: AbortSignal): Promise<TelegramAnswer> {
    const message = { chat_id: this.#chatId, ...content, link_preview_options: { is_disabled: true } };
    return this.#api.call("sendMessage", message, { signal });
  }

  #deliveryOf(answer: TelegramAnswer): Delivery {
    if (answer.kind === "unreachable") return { kind: "later", detail: answer.detail };
    const { status, body } = answer;
    if (status === 200 && body.ok) return { kind: "delivered" };
    const description = body.description === undefined ? "" : `: ${body.description}`;
    const detail = `Telegram answered ${status}${description}`;
    if (status === 429) {
      const seconds = body.parameters?.retry_after;
      return { kind: "later", afterMs: seconds === undefined ? defaultPauseMs : seconds * 1_000, detail };
    }
    if (status === 400) return refusalOf(body.description ?? "", detail);
    if ([401, 403, 404, 421].includes(status)) {
      return { kind: "barred", detail: `${detail}. Check the token, and that the bot may write to the chat.` };
    }
    if (status === 413) return { kind: "refused", isCertain: true, detail };
    return { kind: "later", detail };
  }
}

/** 400 covers what is wrong with the message, with the chat, and whatever else went wrong on their side. */
function refusalOf(description: string, detail: string): Delivery {
  if (/chat not found|chat_id is empty|thread not found|not enough rights|chat was deleted/i.test(description)) {
    return { kind: "barred", detail: `${detail}. Check chat_id, and that the bot may write there.` };
  }
  const isCertain = /can't parse entities|text is empty|too long/i.test(description);
  return { kind: "refused", isCertain, detail };
}
