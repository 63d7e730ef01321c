// What the client of the emulated API gets to see: the answer, or what a fault makes of it.
import type { RequestFault, Quirks } from "./faults.ts";
import { withOddity } from "./odd.ts";
import { problems } from "./problem.ts";
import { failureBody } from "./wire.ts";

/** What the client gets. */
export type HttpOutcome =
  | Response
  /** The connection is closed without a word. */
  | { readonly kind: "drop" }
  /** The connection stays open and nothing comes. */
  | { readonly kind: "silence" };

interface Response {
  readonly kind: "response";
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Of the body, only this many characters come; then silence. */
  readonly stallsAfter?: number;
}

/** What the API itself answers. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Whether the request gets through to the API at all, so that a write of it is committed. */
export function isReached(fault: RequestFault | undefined): boolean {
  switch (fault?.kind) {
    case "drop-before-commit":
    case "rate-limited":
    case "refused":
      return false;
    case "silent":
    case "html":
    case "unavailable":
    case "unsuccessful":
      return fault.isCommitted === true;
    default:
      return true;
  }
}

/** The answer as the client gets it. `answer` is there when the request reached the API. */
export function deliver(parts: {
  fault: RequestFault | undefined;
  answer: ApiAnswer | undefined;
  quirks: Quirks;
  /** For the `cf-ray` header, by which support finds a request. */
  rayId: string;
}): HttpOutcome {
  const { fault, answer, quirks } = parts;
  const headers = { "cf-ray": `${parts.rayId}-DMO`, server: "cloudflare" };
  switch (fault?.kind) {
    case "drop-before-commit":
    case "drop-after-commit":
      return { kind: "drop" };
    case "silent":
      return { kind: "silence" };
    case "html":
      return page(fault.status, headers);
    case "unavailable":
      return { kind: "response", status: fault.status ?? 503, headers, body: "" };
    case "unsuccessful":
      return json({ status: 200, body: { result: null, success: false, errors: [], messages: [] } }, headers);
    case "rate-limited": {
      const wait = fault.retryAfterSeconds;
      const more = wait === undefined ? headers : { ...headers, "retry-after": String(wait) };
      return json({ status: 429, body: failureBody(problems.tooManyRequests, quirks) }, more);
    }
    case "refused":
      return json({ status: fault.problem.status, body: failureBody(fault.problem, quirks) }, headers);
    default: {
      if (answer === undefined) throw new Error("A request that reaches the API has an answer.");
      const whole = json(fault?.kind === "odd" ? withOddity(answer, fault.how) : answer, headers);
      const half = Math.ceil(whole.body.length / 2);
      if (fault?.kind === "truncated-json") return { ...whole, body: whole.body.slice(0, half) };
      return fault?.kind === "stall-after-headers" ? { ...whole, stallsAfter: half } : whole;
    }
  }
}

function json(answer: ApiAnswer, headers: Readonly<Record<string, string>>): Response {
  return {
    kind: "response",
    status: answer.status,
    headers: { ...headers, ...answer.headers, "content-type": "application/json" },
    body: JSON.stringify(answer.body),
  };
}

function page(status: 200 | 502, headers: Readonly<Record<string, string>>): Response {
  const title = status === 200 ? "Welcome to Hotel WiFi" : "502 Bad Gateway";
  return {
    kind: "response",
    status,
    headers: { ...headers, "content-type": "text/html; charset=UTF-8" },
    body: `<!DOCTYPE html>\n<html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>\n`,
  };
}
