// Sends messages through Telegram's Bot API (https://core.telegram.org/bots/api#sendmessage) with nothing but `fetch`.
// The bot's token stands in the URL, so no URL and no raw error ever leaves this file.
import type { Clock } from "../lib/clock.ts";
import type { Secret } from "../lib/secret.ts";
import { plain } from "../lib/text.ts";
import type { Channel, Delivery } from "./channel.ts";
import { render } from "./message.ts";
import type { Message } from "./message.ts";

export interface TelegramSettings {
  readonly token: Secret;
  readonly chatId: number | string;
  /** Base URL without trailing slash. */
  readonly apiUrl: string;
}

export interface TelegramPorts {
  readonly fetch: typeof fetch;
  readonly clock: Clock;
}

/** Over the whole exchange, the body included. */
const deadlineMs = 15_000;
/** Real answers are far smaller. */
const longestAnswer = 64 * 1024;
/** When it says "too many requests" without saying how long. */
const defaultPauseMs = 30_000;

export class Telegram implements Channel {
  readonly #settings: TelegramSettings;
  readonly #ports: TelegramPorts;
  #chatId: number | string;

  constructor(settings: TelegramSettings, ports: TelegramPorts) {
    this.#settings = settings;
    this.#ports = ports;
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

  async #call(content: object, signal: AbortSignal): Promise<Answer> {
    const { apiUrl } = this.#settings;
    const deadline = new AbortController();
    const abort = (): void => deadline.abort();
    const cancelTimer = this.#ports.clock.setTimer(deadlineMs, abort);
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    try {
      const response = await this.#ports.fetch(`${apiUrl}/bot${this.#tokenInUrl}/sendMessage`, {
        method: "POST",
        headers: { "content-type": "application/json", accept: "application/json" },
        body: JSON.stringify({ chat_id: this.#chatId, ...content, link_preview_options: { is_disabled: true } }),
        redirect: "error",
        signal: deadline.signal,
      });
      const body = answerBody(await textOf(response));
      return { kind: "answered", status: response.status, body };
    } catch (error) {
      const detail = deadline.signal.aborted ? "no answer within 15s" : this.#withoutToken(causeOf(error));
      return { kind: "unreachable", detail };
    } finally {
      cancelTimer();
      signal.removeEventListener("abort", abort);
    }
  }

  #deliveryOf(answer: Answer): Delivery {
    if (answer.kind === "unreachable") return { kind: "later", detail: answer.detail };
    const { status, body } = answer;
    if (status === 200 && body.ok) return { kind: "delivered" };
    const description = body.description === undefined ? "" : `: ${this.#withoutToken(body.description)}`;
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

  /** Real tokens need no escaping; a mistyped one must not change the path. */
  get #tokenInUrl(): string {
    return encodeURIComponent(this.#settings.token.reveal()).replaceAll("%3A", ":");
  }

  #withoutToken(foreign: string): string {
    const token = this.#settings.token.reveal();
    const forms = [token, this.#tokenInUrl, encodeURIComponent(token)].filter((form) => form !== "");
    return plain(forms.reduce((text, form) => text.replaceAll(form, "***"), plain(foreign, 1_000)));
  }
}

type Answer =
  | { readonly kind: "answered"; readonly status: number; readonly body: AnswerBody }
  | { readonly kind: "unreachable"; readonly detail: string };

interface AnswerBody {
  readonly ok: boolean;
  readonly description?: string;
  readonly parameters?: { readonly retry_after?: number; readonly migrate_to_chat_id?: number };
}

/** 400 covers what is wrong with the message, with the chat, and whatever else went wrong on their side. */
function refusalOf(description: string, detail: string): Delivery {
  if (/chat not found|chat_id is empty|thread not found|not enough rights|chat was deleted/i.test(description)) {
    return { kind: "barred", detail: `${detail}. Check chat_id, and that the bot may write there.` };
  }
  const isCertain = /can't parse entities|text is empty|too long/i.test(description);
  return { kind: "refused", isCertain, detail };
}

/** What of an answer can be relied on; nothing of one that is not theirs, such as a proxy's error page. */
function answerBody(text: string): AnswerBody {
  const whole = objectOf(parsed(text));
  const parameters = objectOf(whole["parameters"]);
  const { description } = whole;
  const { retry_after, migrate_to_chat_id } = parameters;
  return {
    ok: whole["ok"] === true,
    ...(typeof description === "string" ? { description } : {}),
    parameters: {
      ...(typeof retry_after === "number" && retry_after >= 0 ? { retry_after } : {}),
      ...(Number.isSafeInteger(migrate_to_chat_id) ? { migrate_to_chat_id: migrate_to_chat_id as number } : {}),
    },
  };
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function textOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > longestAnswer) throw new Error("the answer is too long");
  }
  return text;
}

/** What lies behind "fetch failed". */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  return cause.message === "" && "code" in cause ? String(cause.code) : cause.message;
}
