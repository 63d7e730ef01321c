// One request of a channel over HTTP, and what its answer means for a message: for every kind that only needs to know
// whether it was taken. Nothing of the answer but its status and Retry-After is looked at.
import { formatDuration } from "../core/units.ts";
import { innermost } from "../lib/cause.ts";
import { Deadline } from "../lib/deadline.ts";
import { plain } from "../lib/text.ts";
import type { Delivery } from "./channel.ts";
import type { ChannelPorts } from "./kind.ts";

export interface HttpCall {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** Taken out of whatever is said of an error; the URL is one of them. */
  readonly secrets: readonly string[];
}

export interface HttpCallOptions {
  readonly signal?: AbortSignal;
  /** Over the whole exchange. */
  readonly deadlineMs?: number;
}

export type CallAnswer =
  | { readonly kind: "answered"; readonly status: number; readonly retryAfterMs: number | undefined }
  | { readonly kind: "unreachable"; readonly detail: string };

const usualDeadlineMs = 15_000;
/** When it says "too many requests" without saying how long. */
const defaultPauseMs = 30_000;

/** Never rejects. Redirects are not followed. */
export async function callOverHttp(
  { fetch: send, clock }: ChannelPorts,
  { url, secrets, ...request }: HttpCall,
  { signal, deadlineMs = usualDeadlineMs }: HttpCallOptions,
): Promise<CallAnswer> {
  using deadline = new Deadline(clock, deadlineMs, signal);
  try {
    const { method, headers: sent, body = null } = request;
    const response = await send(url, { method, headers: sent, body, redirect: "manual", signal: deadline.signal });
    const { status, headers } = response;
    // It is not needed, however long it is.
    await response.body?.cancel();
    return { kind: "answered", status, retryAfterMs: pauseIn(headers.get("retry-after"), clock.wallMs()) };
  } catch (error) {
    const late = `no answer within ${formatDuration(deadlineMs)}`;
    return { kind: "unreachable", detail: deadline.signal.aborted ? late : without([url, ...secrets], error) };
  }
}

/** `who` answered, such as `hooks.example.com`; `keys` are those to look at when it lets nobody in. */
export function deliveryOf(
  answer: CallAnswer,
  { who, keys }: { readonly who: string; readonly keys: string },
): Delivery {
  if (answer.kind === "unreachable") return { kind: "later", detail: answer.detail };
  const { status, retryAfterMs } = answer;
  const detail = `${who} answered ${status}`;
  if (isTaken(status)) return { kind: "delivered" };
  if (status === 429) return { kind: "later", afterMs: retryAfterMs ?? defaultPauseMs, detail };
  if (status >= 300 && status < 400) {
    return { kind: "barred", detail: `${detail}. Redirects are not followed: set url to where it leads.` };
  }
  if ([401, 403, 404, 405, 410].includes(status)) return { kind: "barred", detail: `${detail}. Check ${keys}.` };
  if (status === 413) return { kind: "refused", isCertain: true, detail };
  if (status >= 400 && status < 500 && status !== 408 && status !== 425) {
    return { kind: "refused", isCertain: false, detail };
  }
  return { kind: "later", afterMs: retryAfterMs, detail };
}

export function isTaken(status: number): boolean {
  return status >= 200 && status < 300;
}

/** RFC 9110, section 10.2.3: a number of seconds, or a date. */
function pauseIn(retryAfter: string | null, wallMs: number): number | undefined {
  const text = retryAfter?.trim() ?? "";
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const atMs = /^[A-Z][a-z]{2}, /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - wallMs);
}

/** Why there was no answer. What is secret is taken out before the text is cut: a piece of it would not be known. */
function without(secrets: readonly string[], error: unknown): string {
  const hidden = secrets.filter((form) => form.length > 1);
  return plain(hidden.reduce((text, form) => text.replaceAll(form, "***"), innermost(error).text));
}
