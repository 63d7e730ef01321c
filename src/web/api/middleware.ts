// What a request must be before it may change something: with the token, small, JSON, and not one of too many.
import type { HttpBindings } from "@hono/node-server";
import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { ChangeGuard } from "./guard.ts";
import { Refusal } from "./names.ts";
import type { ProblemDocument } from "./schema/parts.ts";

export interface Env {
  readonly Bindings: HttpBindings;
  readonly Variables: {
    /** Who limits count the request for; missing at the control socket. */
    readonly client?: string;
  };
}

export type Middleware = MiddlewareHandler<Env>;

/** The largest body that a request may have. */
const mostBytes = 4 * 1_024;

const challengeAfterWrong = 'Bearer realm="ccs", error="invalid_token"';

export function problem(
  context: Context<Env>,
  status: 400 | 401 | 403 | 405 | 413 | 415 | 429 | 500 | 503,
  body: ProblemDocument,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return context.json(body, status, headers);
}

export function onlyWithToken(guard: ChangeGuard): Middleware {
  return async (context, next) => {
    const admission = guard.admit(context.req.header("authorization"), clientOf(context));
    const hint = "Send the token of http.token, as `Authorization: Bearer …`.";
    switch (admission.kind) {
      case "allowed":
        return next();
      case "closed":
        return problem(context, 403, {
          error: "changes over HTTP are disabled because no token is configured",
          hint: "Set http.token or http.token_file, or use the command line on the daemon's own machine.",
        });
      case "missing":
        return problem(
          context,
          401,
          { error: "a token is required", hint },
          { "www-authenticate": 'Bearer realm="ccs"' },
        );
      case "wrong": {
        return problem(
          context,
          401,
          { error: "the token is wrong", hint },
          { "www-authenticate": challengeAfterWrong },
        );
      }
      case "too-many": {
        const { retryAfterSeconds } = admission;
        return tooMany(context, "too many wrong tokens", retryAfterSeconds, {
          "www-authenticate": challengeAfterWrong,
        });
      }
      default:
        return admission satisfies never;
    }
  };
}

/** All changes together, of all clients. */
export function notTooOften(guard: ChangeGuard): Middleware {
  return async (context, next) => {
    const waitSeconds = guard.takeChange();
    return waitSeconds === undefined ? next() : tooMany(context, "too many changes", waitSeconds);
  };
}

export function tooMany(
  context: Context<Env>,
  error: string,
  waitSeconds: number,
  more: Readonly<Record<string, string>> = {},
): Response {
  const headers = { "retry-after": String(waitSeconds), connection: "close", ...more };
  return problem(context, 429, { error, hint: `Try again in ${waitSeconds} s.` }, headers);
}

/** A form on another page can send everything but this type. */
export const onlyJson: Middleware = async (context, next) => {
  const type = context.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type === "application/json") return next();
  const hint = "Send a JSON object with the header `Content-Type: application/json`.";
  return problem(context, 415, { error: "the body is not application/json", hint }, { connection: "close" });
};

export const onlySmall: Middleware = bodyLimit({
  maxSize: mostBytes,
  onError: (context: Context<Env>) =>
    problem(context, 413, { error: `the body is larger than ${mostBytes} bytes` }, { connection: "close" }),
});

/** The body as JSON. Throws a Refusal when it is none. */
export async function bodyOf(context: Context<Env>): Promise<unknown> {
  const text = await context.req.text();
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal(400, { error: "the body is not JSON", hint: 'Send an object, such as {"endpoint": "cable"}.' });
  }
}

/** Whether the client left before its request was complete: a failure after that is no internal error. */
export function hasLeft(context: Context<Env>): boolean {
  const { incoming } = context.env;
  return !incoming.complete && (incoming.destroyed || incoming.errored !== null);
}

/** Who asks, as far as limits are concerned. */
export function clientOf(context: Context<Env>): string {
  return context.get("client") ?? "control socket";
}
