// One call to Telegram's Bot API (https://core.telegram.org/bots/api#making-requests) with nothing but `fetch`. The
// bot's token is part of the URL, so no URL and no raw error ever leaves this file.
import { Deadline } from "../../lib/deadline.ts";
import { innermost } from "../../lib/cause.ts";
import type { Secret } from "../../lib/secret.ts";
import { plain } from "../../lib/text.ts";
import { formatDuration } from "../../core/units.ts";

import type { ChannelPorts } from "../kind.ts";

export interface TelegramBot {
  readonly token: Secret;
  /** Base URL without trailing slash. */
  readonly apiUrl: string;
}

export type TelegramAnswer =
  | { readonly kind: "answered"; readonly status: number; readonly body: TelegramAnswerBody }
  | { readonly kind: "unreachable"; readonly detail: string };

export interface TelegramAnswerBody {
  readonly ok: boolean;
  /** Foreign text, without the token. */
  readonly description?: string;
  /** Where it is an object, whatever it holds. */
  readonly result?: Readonly<Record<string, unknown>>;
  readonly parameters?: { readonly retry_after?: number; readonly migrate_to_chat_id?: number };
}

/** Over the whole exchange, the body included. */
const usualDeadlineMs = 15_000;
/** Real answers are far smaller. */
const longestAnswer = 64 * 1024;

export class TelegramApi {
  readonly #bot: TelegramBot;
  readonly #ports: ChannelPorts;

  constructor(bot: TelegramBot, ports: ChannelPorts) {
    this.#bot = bot;
    this.#ports = ports;
  }

  /** Calls one method. Never rejects. */
  async call(
    method: string,
    parameters: object,
    { signal, deadlineMs = usualDeadlineMs }: { signal?: AbortSignal; deadlineMs?: number } = {},
  ): Promise<TelegramAnswer> {
    const { fetch: send, clock } = this.#ports;
    using deadline = new Deadline(clock, deadlineMs, signal);
    try {
      const response = await send(`${this.#bot.apiUrl}/bot${this.#tokenInUrl}/${method}`, {
        method: "POST",
        headers: { "content-type": "application/json", accept: "application/json" },
        body: JSON.stringify(parameters),
        redirect: "error",
        signal: deadline.signal,
      });
      const { description, ...body } = answerBody(await textOf(response));
      const words = this.#withoutToken(description ?? "");
      const told = words === "" ? body : { ...body, description: words };
      return { kind: "answered", status: response.status, body: told };
    } catch (error) {
      const late = `no answer within ${formatDuration(deadlineMs)}`;
      return {
        kind: "unreachable",
        detail: deadline.signal.aborted ? late : this.#withoutToken(innermost(error).text),
      };
    }
  }

  /** Real tokens need no escaping; a mistyped one must not change the path. */
  get #tokenInUrl(): string {
    return encodeURIComponent(this.#bot.token.reveal()).replaceAll("%3A", ":");
  }

  #withoutToken(foreign: string): string {
    const token = this.#bot.token.reveal();
    const forms = [token, this.#tokenInUrl, encodeURIComponent(token)].filter((form) => form !== "");
    // Cut only afterwards: a piece of it would no longer be recognised.
    return plain(forms.reduce((text, form) => text.replaceAll(form, "***"), foreign));
  }
}

/** What of an answer can be relied on; nothing of one that is not theirs, such as a proxy's error page. */
function answerBody(text: string): TelegramAnswerBody {
  const whole = objectOf(parsed(text));
  const parameters = objectOf(whole["parameters"]);
  const { description, result } = whole;
  const { retry_after, migrate_to_chat_id } = parameters;
  return {
    ok: whole["ok"] === true,
    ...(typeof description === "string" ? { description } : {}),
    ...(typeof result === "object" && result !== null ? { result: objectOf(result) } : {}),
    parameters: {
      ...(Number.isFinite(retry_after) && (retry_after as number) >= 0 ? { retry_after: retry_after as number } : {}),
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
