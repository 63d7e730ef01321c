// One request to Cloudflare: its deadline, its headers, its bounds, and the reading of whatever comes back.
import { APIError } from "cloudflare/error";
import type * as z from "zod";
import type { TimeEvent } from "../core/events.ts";
import { Deadline } from "../lib/deadline.ts";
import { plainly } from "../lib/plainly.ts";
import { innermost } from "../lib/cause.ts";
import type { Clock } from "../lib/clock.ts";
import type { Fetch } from "../lib/fetch.ts";
import { formatDuration } from "../core/units.ts";
import type { Secret } from "../lib/secret.ts";
import { plain } from "../lib/text.ts";
import { bounded, mostBodyBytes } from "./bounded.ts";
import { contradiction, dateIn, isDateRefusal } from "./api-time.ts";
import { addressRemedy, classify, problemsIn, refusedAddress, type ApiProblem } from "./classify.ts";
import { CloudError, type Call, type CloudErrorKind } from "./provider.ts";

/** `zones`: find zones by name, `zone`: read one, `list`: read the records at a name, `batch`: write them. */
export type Operation = "zones" | "zone" | "list" | "batch";

/** Those of every day; the others are made once, at the start. */
export const routineOperations: readonly Operation[] = ["list", "batch"];

export interface RequestMeasure {
  readonly operation: Operation;
  readonly outcome: "ok" | "given-up" | CloudErrorKind;
  readonly durationMs: number;
}

/** What a request is about. */
export interface RequestSubject {
  readonly operation: Operation;
  readonly record: string;
  readonly call: Call;
}

/** From the start of a request to the last byte of the answer. */
const timeoutMs = 15_000;

/** Failures from before a connection stood: nothing was sent. */
const neverSentCodes = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "UND_ERR_CONNECT_TIMEOUT",
  // The server could not prove who it is.
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

export interface RequestsOptions {
  readonly token: Secret;
  readonly clock: Clock;
  readonly fetch: Fetch;
  readonly onRequest?: (measure: RequestMeasure) => void;
  /** Hears what each answer, or the refusal of Cloudflare's certificate, tells of the time. */
  readonly onTime?: (event: TimeEvent) => void;
}

export class Requests {
  readonly #options: RequestsOptions;

  constructor(options: RequestsOptions) {
    this.#options = options;
  }

  /** Sends one request when the call admits it, and resolves to its checked answer. Rejects with `CloudError`. */
  async send<Answer>(
    purpose: RequestSubject,
    schema: z.ZodType<Answer>,
    request: (options: { signal: AbortSignal }) => { asResponse(): Promise<Response> },
  ): Promise<Answer> {
    await purpose.call.admit();
    this.#assertToken();
    const { clock, onRequest } = this.#options;
    const startedMs = clock.nowMs();
    using deadline = new Deadline(clock, timeoutMs, purpose.call.signal);
    let outcome: RequestMeasure["outcome"] = "ok";
    try {
      const response = await request({ signal: deadline.signal }).asResponse();
      return this.#read(purpose, schema, response, await response.text());
    } catch (error) {
      const known = error instanceof CloudError ? error : this.#explain(purpose, error, deadline.isPast);
      outcome = purpose.call.signal.aborted ? "given-up" : known.kind;
      throw known;
    } finally {
      onRequest?.({ operation: purpose.operation, outcome, durationMs: clock.nowMs() - startedMs });
    }
  }

  /**
   * The `fetch` that the SDK is given. Adds the token, sends no other header than these (the SDK has some of its own,
   * and takes more from its environment), and cuts answers off that are larger than any real one.
   */
  readonly fetch = async (url: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const { fetch: send } = this.#options;
    const given = new Headers(init.headers);
    const headers = new Headers({
      authorization: `Bearer ${this.#options.token.reveal()}`,
      "user-agent": "cloudflare-cname-switcher",
    });
    for (const name of ["accept", "content-type", "api-version"]) {
      const value = given.get(name);
      if (value !== null) headers.set(name, value);
    }
    const askedMs = this.#options.clock.nowMs();
    const response = await send(url, { ...init, headers });
    this.#noteTime(response.headers, askedMs);
    return bounded(response, mostBodyBytes(url));
  };

  #noteTime(headers: Headers, askedMs: number): void {
    const wallMs = dateIn(headers.get("date"));
    if (wallMs === undefined) return;
    const machineWallMs = this.#options.clock.wallMs();
    // It is cut to a whole second.
    this.#options.onTime?.({ kind: "time-told", wallMs: wallMs + 500, askedMs, machineWallMs });
  }

  #read<Answer>(purpose: RequestSubject, schema: z.ZodType<Answer>, response: Response, text: string): Answer {
    const body = parseJson(text);
    const answer = schema.safeParse(body);
    if (answer.success) return answer.data;
    const problems = problemsIn(body) ?? [];
    const what = body === undefined ? "an answer that is not JSON" : "an answer that reports no success";
    throw this.#failure(purpose, "transient", { what, status: response.status, problems, headers: response.headers });
  }

  /** Turns what the SDK or `fetch` threw into words and a class. */
  #explain(purpose: RequestSubject, error: unknown, isLate: boolean): CloudError {
    if (error instanceof APIError && error.status !== undefined) {
      const { status, headers } = error as { status: number; headers: Headers };
      const problems = problemsIn(error.error);
      const { kind, isDefinite } = classify(status, problems);
      const waitMs = kind === "rate-limited" ? this.#retryAfterMs(headers) : undefined;
      const what = problems === undefined ? "an answer that did not come from the API" : undefined;
      return this.#failure(purpose, kind, { what, status, problems: problems ?? [], headers, isDefinite, waitMs });
    }
    if (purpose.call.signal.aborted) return this.#failure(purpose, "transient", { what: "cancelled" });
    if (isLate) {
      return this.#failure(purpose, "transient", { what: `no complete answer within ${formatDuration(timeoutMs)}` });
    }
    const { text, code, systemCall } = innermost(error);
    if (isDateRefusal(code)) {
      const machineWallMs = this.#options.clock.wallMs();
      this.#options.onTime?.({ kind: "time-contradicted", machineWallMs });
      const what = `this machine's clock seems to be wrong: ${contradiction(machineWallMs)}`;
      return this.#failure(purpose, "transient", { what, isDefinite: true });
    }
    // A route may also be lost while a connection stands, after something was sent over it.
    const isDefinite = systemCall === "connect" || (code !== undefined && neverSentCodes.has(code));
    return this.#failure(purpose, "transient", {
      what: plainly(`no answer (${this.#foreign(text, 200)})`),
      isDefinite,
    });
  }

  #failure(
    { operation, record }: RequestSubject,
    kind: CloudErrorKind,
    details: {
      what?: string | undefined;
      status?: number;
      problems?: readonly ApiProblem[];
      headers?: Headers;
      isDefinite?: boolean;
      waitMs?: number | undefined;
    },
  ): CloudError {
    const isAmbiguous = operation === "batch" && details.isDefinite !== true;
    const ray = details.headers?.get("cf-ray") ?? "";
    const parts = [
      ...(details.status === undefined ? [] : [`HTTP ${details.status}`]),
      ...(details.what === undefined ? [] : [details.what]),
      // Wrappers such as 1004 come with the specific problem behind them; two are enough to understand.
      ...(details.problems ?? []).slice(0, 3).map(({ code, message }) => `${code} "${this.#foreign(message, 120)}"`),
      ...(ray === "" ? [] : [`cf-ray ${this.#foreign(ray, 40)}`]),
    ];
    const isBound = refusedAddress(details.problems ?? []) !== undefined;
    const hint = isBound ? addressRemedy : kind === "auth" && operation === "zones" ? zonesHint : hints[kind];
    const why = `${this.#foreign(parts.join(", "), 500)}${hint === undefined ? "" : `; ${hint}`}`;
    const messageFor = (of: string): string =>
      `could not ${isAmbiguous ? "confirm the write of" : doing[operation]} ${of}: ${why}`;
    const { waitMs } = details;
    return new CloudError(kind, messageFor(record), {
      isAmbiguous,
      messageFor,
      ...(waitMs !== undefined && { retryAfterMs: waitMs }),
    });
  }

  /** Text from outside, fit to be shown. Servers have been known to repeat credentials in their complaints. */
  #foreign(text: string, maxLength: number): string {
    return plain(text.replaceAll(this.#options.token.reveal(), "***"), maxLength);
  }

  /** A header with anything else in it would fail with an error that shows the token. */
  #assertToken(): void {
    if (/^[\x21-\x7e]+$/.test(this.#options.token.reveal())) return;
    throw new CloudError(
      "auth",
      "the Cloudflare token is empty or holds characters that no token has: check cloudflare.token",
    );
  }

  /** `Retry-After` as milliseconds: a number of seconds, or a date. */
  #retryAfterMs(headers: Headers): number | undefined {
    const text = headers.get("retry-after")?.trim() ?? "";
    if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
    const atWallMs = dateIn(text);
    // By the clock of the one who said it, where that is known.
    const saidWallMs = dateIn(headers.get("date")) ?? this.#options.clock.wallMs();
    return atWallMs === undefined ? undefined : Math.max(0, atWallMs - saidWallMs);
  }
}

const doing: Record<Operation, string> = {
  zones: "look up the zone of",
  zone: "look up the zone of",
  list: "read",
  batch: "write",
};

const hints: Partial<Record<CloudErrorKind, string>> = {
  auth: "check that the token is valid and may edit DNS in this zone, and that the zone is correct",
  invalid: "Cloudflare does not accept this; change the configuration accordingly",
};

/** A token that may edit DNS and nothing else may still be refused when it asks for a zone by its name. */
const zonesHint =
  "check that the token is valid and may edit DNS in this zone, and let it read the zone too (Zone.Zone Read) or " +
  "configure the zone's id";

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
