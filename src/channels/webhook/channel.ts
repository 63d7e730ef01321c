// Sends messages as JSON to a URL, and tells apart what can be tried again, what never will be taken, and what only a
// person can mend. Nothing of the answer but its status and Retry-After is looked at, and no error shows more of the
// URL than its host.
import type { Message } from "../../core/message.ts";
import { formatDuration } from "../../core/units.ts";
import { Deadline } from "../../lib/deadline.ts";
import { innermost } from "../../lib/cause.ts";
import { plain } from "../../lib/text.ts";
import type { Channel, Delivery } from "../channel.ts";
import type { ChannelPorts } from "../kind.ts";
import { bodyOf } from "./render.ts";
import type { WebhookSettings } from "./settings.ts";
import { webhookHeaders } from "./signature.ts";

type WebhookAnswer =
  | { readonly kind: "answered"; readonly status: number; readonly retryAfterMs: number | undefined }
  | { readonly kind: "unreachable"; readonly detail: string };

/** When it says "too many requests" without saying how long. */
const defaultPauseMs = 30_000;
const usualDeadlineMs = 15_000;

export class Webhook implements Channel {
  readonly #settings: WebhookSettings;
  readonly #ports: ChannelPorts;

  constructor(settings: WebhookSettings, ports: ChannelPorts) {
    this.#settings = settings;
    this.#ports = ports;
  }

  async send(message: Message, signal: AbortSignal): Promise<Delivery> {
    return deliveryOf(await postMessage(this.#settings, this.#ports, message, { signal }), hostOf(this.#settings));
  }
}

/** The host and port of the receiver, which may be shown. */
export function hostOf({ url }: WebhookSettings): string {
  return new URL(url).host;
}

interface CallOptions {
  readonly signal?: AbortSignal;
  readonly deadlineMs?: number;
}

/** One attempt at a message. Never rejects. */
export async function postMessage(
  settings: WebhookSettings,
  ports: ChannelPorts,
  message: Message,
  options: CallOptions,
): Promise<WebhookAnswer> {
  const body = JSON.stringify(bodyOf(message));
  const headers = {
    "content-type": "application/json",
    ...webhookHeaders(message.id, ports.clock.wallMs(), body, settings.secret),
  };
  return callReceiver(settings, ports, { method: "POST", headers, body }, options);
}

/** One request to the receiver. Never rejects. */
export async function callReceiver(
  settings: WebhookSettings,
  { fetch: send, clock }: ChannelPorts,
  request: { readonly method: string; readonly headers?: Readonly<Record<string, string>>; readonly body?: string },
  { signal, deadlineMs = usualDeadlineMs }: CallOptions,
): Promise<WebhookAnswer> {
  using deadline = new Deadline(clock, deadlineMs, signal);
  try {
    const own = Object.entries(settings.headers).map(([name, value]) => [name, value.reveal()] as const);
    const response = await send(settings.url, {
      ...request,
      headers: { ...Object.fromEntries(own), ...request.headers },
      redirect: "manual",
      signal: deadline.signal,
    });
    const { status, headers } = response;
    // It is not needed, however long it is.
    await response.body?.cancel();
    const retryAfterMs = pauseIn(headers.get("retry-after"), clock.wallMs());
    return { kind: "answered", status, retryAfterMs };
  } catch (error) {
    const late = `no answer within ${formatDuration(deadlineMs)}`;
    return { kind: "unreachable", detail: deadline.signal.aborted ? late : withoutSecrets(settings, error) };
  }
}

function deliveryOf(answer: WebhookAnswer, host: string): Delivery {
  if (answer.kind === "unreachable") return { kind: "later", detail: answer.detail };
  const { status, retryAfterMs } = answer;
  const detail = `${host} answered ${status}`;
  if (status >= 200 && status < 300) return { kind: "delivered" };
  if (status === 429) return { kind: "later", afterMs: retryAfterMs ?? defaultPauseMs, detail };
  if (status >= 300 && status < 400) {
    return { kind: "barred", detail: `${detail}. Redirects are not followed: set url to where it leads.` };
  }
  if ([401, 403, 404, 405, 410].includes(status)) {
    return { kind: "barred", detail: `${detail}. Check url, headers and secret.` };
  }
  if (status === 413) return { kind: "refused", isCertain: true, detail };
  if (status >= 400 && status < 500 && status !== 408 && status !== 425) {
    return { kind: "refused", isCertain: false, detail };
  }
  return { kind: "later", afterMs: retryAfterMs, detail };
}

/** RFC 9110, section 10.2.3: a number of seconds, or a date. */
function pauseIn(retryAfter: string | null, wallMs: number): number | undefined {
  const text = retryAfter?.trim() ?? "";
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const atMs = /^[A-Z][a-z]{2}, /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - wallMs);
}

/** Why there was no answer. Whatever is secret is taken out before it is cut: a piece of it would not be recognised. */
function withoutSecrets({ url, headers, secret }: WebhookSettings, error: unknown): string {
  const { pathname, search } = new URL(url);
  const forms = [url, `${pathname}${search}`, pathname, search, secret?.reveal() ?? ""];
  const hidden = [...forms, ...Object.values(headers).map((value) => value.reveal())].filter((form) => form.length > 1);
  return plain(hidden.reduce((text, form) => text.replaceAll(form, "***"), innermost(error).text));
}
