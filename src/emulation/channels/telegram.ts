// An emulated Telegram Bot API: keeps what it is sent, refuses what the real one refuses, and fails on demand.
import type { IncomingMessage, ServerResponse } from "node:http";
import { sleep, type Clock } from "../../lib/clock.ts";
import { systemClock } from "../../runtime/node/clock.ts";
import { FaultQueue } from "../fault-queue.ts";
import type { ListenOptions } from "../listen.ts";
import { readRequest } from "../read-request.ts";
import { HttpEmulator } from "./http-emulator.ts";
import { readHtml } from "./telegram-html.ts";

export interface TelegramOptions extends ListenOptions {
  /** The bot's token; `telegramToken` by default. */
  readonly token?: string;
  /** The chats that the bot may write to; `123456` by default. */
  readonly chats?: readonly (number | string)[];
  readonly clock?: Clock;
}

/** What goes wrong with one call. */
export type TelegramFault =
  /** 429; the wait is told twice, as the real server does. */
  | { readonly kind: "rate-limited"; readonly retryAfterSeconds: number }
  | {
      readonly kind: "refused";
      readonly status: 400 | 401 | 403 | 404;
      readonly description: string;
      /** The group became a supergroup with this id. */
      readonly migratedTo?: number;
    }
  /** 400 as for entities that do not parse, but only when the message asks for parsing. */
  | { readonly kind: "cannot-parse" }
  | { readonly kind: "server-error" }
  | { readonly kind: "html"; readonly status: 200 | 502 }
  /** The connection stays open and nothing comes. */
  | { readonly kind: "hang" }
  /** The connection is closed, before or after the message was taken. */
  | { readonly kind: "drop"; readonly isSent?: boolean }
  | { readonly kind: "delay"; readonly delayMs: number };

export interface TelegramMessage {
  readonly id: number;
  readonly chatId: number | string;
  /** As sent. */
  readonly text: string;
  /** As a reader sees it: without tags and entities. */
  readonly plainText: string;
  readonly parseMode?: string;
  readonly threadId?: number;
  readonly isSilent: boolean;
  readonly atMs: number;
}

export interface TelegramCall {
  /** Lower case, such as `sendmessage`. */
  readonly method: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** The token of a bot that was given none. */
export const telegramToken = "123456789:demo-token-of-the-emulated-bot-00";

const longestText = 4096;
const mostKept = 10_000;

export async function startTelegram(options: TelegramOptions = {}): Promise<TelegramServer> {
  const server = new TelegramServer(options);
  await server.listen(options);
  return server;
}

interface TelegramReply {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

export class TelegramServer extends HttpEmulator {
  readonly token: string;
  readonly faults = new FaultQueue<TelegramFault, TelegramCall>();
  /** Messages that reached a chat, oldest first. */
  readonly messages: TelegramMessage[] = [];
  /** Every call with the right token, oldest first, also those that failed. */
  readonly calls: TelegramCall[] = [];
  readonly #chats: ReadonlySet<string>;
  readonly #clock: Clock;
  readonly #closing = new AbortController();
  #lastId = 0;

  constructor(options: TelegramOptions = {}) {
    super();
    this.token = options.token ?? telegramToken;
    this.#chats = new Set((options.chats ?? [123_456]).map(String));
    this.#clock = options.clock ?? systemClock;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await super[Symbol.asyncDispose]();
  }

  protected async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const read = await readRequest(request);
    if (read === undefined) return void response.writeHead(400).end();
    const [, token, method] = /^\/bot([^/]+)\/(\w+)$/.exec(read.path) ?? [];
    if (token === undefined || method === undefined || !/^\d+:[\w-]+$/.test(token))
      return send(response, refusal(404, "Not Found"));
    if (token !== this.token) return send(response, refusal(401, "Unauthorized"));
    const parameters = { ...Object.fromEntries(read.query), ...parametersOf(request, read.body) };
    const call = { method: method.toLowerCase(), parameters };
    this.calls.push(call);
    if (this.calls.length > mostKept) this.calls.shift();
    await this.#answer(call, response);
  }

  async #answer(call: TelegramCall, response: ServerResponse): Promise<void> {
    const fault = this.faults.take(call);
    switch (fault?.kind) {
      case "hang":
        return;
      case "drop":
        if (fault.isSent === true) this.#perform(call);
        return void response.socket?.destroy();
      case "html":
        response.writeHead(fault.status, { "content-type": "text/html" });
        return void response.end("<html><h1>Bad Gateway</h1></html>");
      case "rate-limited": {
        const seconds = fault.retryAfterSeconds;
        const more = { parameters: { retry_after: seconds } };
        response.setHeader("retry-after", seconds);
        return send(response, refusal(429, `Too Many Requests: retry after ${seconds}`, more));
      }
      case "refused":
        return send(
          response,
          refusal(
            fault.status,
            fault.description,
            fault.migratedTo === undefined ? {} : { parameters: { migrate_to_chat_id: fault.migratedTo } },
          ),
        );
      case "server-error":
        return send(response, refusal(500, "Internal Server Error"));
      case "cannot-parse":
        if (typeof call.parameters["parse_mode"] !== "string") break;
        return send(response, refusal(400, "Bad Request: can't parse entities: emulated"));
      case "delay":
        await sleep(this.#clock, fault.delayMs, this.#closing.signal);
        break;
      default:
    }
    send(response, this.#perform(call));
  }

  #perform({ method, parameters }: TelegramCall): TelegramReply {
    switch (method) {
      case "getme":
        return success({ id: 123_456_789, is_bot: true, first_name: "Demo", username: "demo_bot" });
      case "getchat":
        return this.#chat(parameters) ?? success(chatOf(parameters["chat_id"]));
      case "getchatmember":
        return this.#chat(parameters) ?? success({ status: "administrator", can_post_messages: true });
      case "sendchataction":
        return this.#chat(parameters) ?? chatAction(parameters);
      case "sendmessage":
        return this.#chat(parameters) ?? this.#sendMessage(parameters);
      default:
        return refusal(404, "Not Found: method not found");
    }
  }

  /** Why there is no such chat, or `undefined`. */
  #chat(parameters: TelegramCall["parameters"]): TelegramReply | undefined {
    const id = parameters["chat_id"];
    if ((typeof id !== "string" && typeof id !== "number") || id === "")
      return refusal(400, "Bad Request: chat_id is empty");
    return this.#chats.has(String(id)) ? undefined : refusal(400, "Bad Request: chat not found");
  }

  #sendMessage(parameters: TelegramCall["parameters"]): TelegramReply {
    const text = typeof parameters["text"] === "string" ? parameters["text"] : "";
    const parseMode = typeof parameters["parse_mode"] === "string" ? parameters["parse_mode"] : undefined;
    const html = parseMode?.toLowerCase() === "html" ? readHtml(text) : undefined;
    if (html?.kind === "broken") return refusal(400, `Bad Request: can't parse entities: ${html.reason}`);
    const plainText = html?.text ?? text;
    if (plainText.trim() === "") return refusal(400, "Bad Request: message text is empty");
    if (plainText.length > longestText) return refusal(400, "Bad Request: message is too long");
    const chatId = parameters["chat_id"] as number | string;
    const threadId = Number(parameters["message_thread_id"] ?? NaN);
    this.#lastId += 1;
    this.messages.push({
      id: this.#lastId,
      chatId,
      text,
      plainText,
      ...(parseMode !== undefined && { parseMode }),
      ...(Number.isInteger(threadId) && { threadId }),
      isSilent: String(parameters["disable_notification"]) === "true",
      atMs: this.#clock.nowMs(),
    });
    if (this.messages.length > mostKept) this.messages.shift();
    const date = Math.floor(this.#clock.wallMs() / 1000);
    return success({ message_id: this.#lastId, date, chat: { id: chatId, type: "private" }, text: plainText });
  }
}

/** Channels are called by their names here, everybody else by a number. */
function chatOf(id: unknown): Record<string, unknown> {
  return typeof id === "string" && id.startsWith("@")
    ? { id: -1_001_234_567_890, type: "channel", title: "Demo", username: id.slice(1) }
    : { id, type: "private", first_name: "You" };
}

/** There is no typing in a channel. */
function chatAction(parameters: TelegramCall["parameters"]): TelegramReply {
  if (chatOf(parameters["chat_id"])["type"] === "channel")
    return refusal(400, "Bad Request: chat type is not supported");
  return parameters["action"] === "typing"
    ? success(true)
    : refusal(400, "Bad Request: wrong parameter action in request");
}

function success(result: unknown): TelegramReply {
  return { status: 200, body: { ok: true, result } };
}

function refusal(status: number, description: string, more: Record<string, unknown> = {}): TelegramReply {
  return { status, body: { ok: false, error_code: status, description, ...more } };
}

function send(response: ServerResponse, { status, body }: TelegramReply): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

/** The parameters of a JSON or form body; nothing from any other. */
function parametersOf(request: IncomingMessage, body: string): Record<string, unknown> {
  const type = request.headers["content-type"] ?? "";
  if (type.startsWith("application/x-www-form-urlencoded")) return Object.fromEntries(new URLSearchParams(body));
  if (!type.startsWith("application/json")) return {};
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
