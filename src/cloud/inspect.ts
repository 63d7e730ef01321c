// Looks at an account without changing anything: what a token is, which zone holds a name, what stands there. For
// people who want to know what is wrong, so it tells apart "refused", "not there" and "could not be asked", and never
// throws.
import * as z from "zod";
import { Deadline } from "../lib/deadline.ts";
import { plainly } from "../lib/plainly.ts";
import { innermost } from "../lib/cause.ts";
import type { Clock } from "../lib/clock.ts";
import type { Fetch } from "../lib/fetch.ts";
import type { Secret } from "../lib/secret.ts";
import { plain } from "../lib/text.ts";
import { isDateRefusal } from "./api-time.ts";
import { bounded } from "./bounded.ts";
import { problemsIn, refusedAddress, type ApiProblem } from "./classify.ts";
import { canonicalName } from "./provider.ts";
import { suffixes } from "./zones.ts";
import { formatDuration } from "../core/units.ts";

export interface InspectorOptions {
  readonly token: Secret;
  /** Base URL without trailing slash. */
  readonly apiUrl: string;
  readonly clock: Clock;
  readonly fetch: Fetch;
  /** Of each request. */
  readonly timeoutMs?: number;
}

/** What came of one question. */
export type Inspection<Result> =
  | { readonly kind: "answered"; readonly result: Result }
  /** Cloudflare said no. `detail` is for people. */
  | {
      readonly kind: "refused";
      readonly status: number;
      readonly codes: readonly number[];
      readonly detail: string;
      /** The token is good, but bound to other addresses than this one. */
      readonly address: string | undefined;
    }
  /** There was no answer, or one from another program. */
  | { readonly kind: "silent"; readonly detail: string };

/** What the headers of the answers told besides. */
export interface Telltales {
  /** How far this machine's clock is ahead of Cloudflare's, which tells whole seconds. */
  readonly clockAheadMs: number | undefined;
  /** What this machine's clock says where Cloudflare's certificate is not valid by it. */
  readonly contradictedWallMs: number | undefined;
  readonly rateLimit: { readonly left: number; readonly inSeconds: number } | undefined;
  /** Of the quickest answer. */
  readonly roundTripMs: number | undefined;
}

const nothingTold: Telltales = {
  clockAheadMs: undefined,
  contradictedWallMs: undefined,
  rateLimit: undefined,
  roundTripMs: undefined,
};

const TokenStatus = z.object({ id: z.string(), status: z.string(), expires_on: z.string().nullish() });

const InspectedZone = z.object({
  id: z.string().min(1),
  name: z.string().min(1),
  status: z.string().nullish(),
  paused: z.boolean().nullish(),
  name_servers: z.array(z.string()).nullish(),
  account: z.object({ id: z.string().nullish() }).nullish(),
  plan: z.object({ name: z.string().nullish(), legacy_id: z.string().nullish() }).nullish(),
  permissions: z.array(z.string()).nullish(),
});

const InspectedRecord = z.object({
  id: z.string(),
  name: z.string(),
  type: z.string(),
  content: z.string().nullish(),
  ttl: z.number().nullish(),
  proxied: z.boolean().nullish(),
  comment: z.string().nullish(),
  meta: z.object({ read_only: z.boolean().nullish() }).nullish(),
});

export type TokenStatus = z.infer<typeof TokenStatus>;
export type InspectedZone = z.infer<typeof InspectedZone>;
export type InspectedRecord = z.infer<typeof InspectedRecord>;

const usualTimeoutMs = 5_000;
const mostRecords = 100;

export class ZoneInspector {
  readonly #options: InspectorOptions;
  readonly #clock: Clock;
  #telltales = nothingTold;
  readonly #isAsked = Promise.withResolvers<void>();

  constructor(options: InspectorOptions) {
    this.#options = options;
    this.#clock = options.clock;
  }

  /** Gathered from all answers so far. */
  get telltales(): Telltales {
    return this.#telltales;
  }

  /**
   * Whether the token is alive. Tokens of an account have a place of their own to ask, which needs the account's id.
   */
  verifyToken(accountId?: string): Promise<Inspection<TokenStatus>> {
    const owner = accountId === undefined ? "/user" : `/accounts/${encodeURIComponent(accountId)}`;
    return this.#get(`${owner}/tokens/verify`, TokenStatus);
  }

  /** The zone that holds `record`: the configured one, by name or id, or the one with the longest name that fits. */
  async zoneOf(record: string, zone?: string): Promise<Inspection<InspectedZone>> {
    if (zone !== undefined && !zone.includes("."))
      return this.#get(`/zones/${encodeURIComponent(zone)}`, InspectedZone);
    const names = zone === undefined ? suffixes(record) : [canonicalName(zone)];
    for (const name of names) {
      const look = await this.zonesNamed(name);
      if (look.kind !== "answered") return look;
      const [first, ...others] = look.result.toSorted((a, b) => activity(b) - activity(a));
      if (first === undefined) continue;
      if (others.some((other) => activity(other) === activity(first))) {
        return refusal(`there are several zones called ${name}: configure the id of the one to use`);
      }
      return { kind: "answered", result: first };
    }
    return refusal(`no zone called ${names.join(" or ")} is visible to this token`);
  }

  /** The zones of this name that the token can see. */
  async zonesNamed(name: string): Promise<Inspection<readonly InspectedZone[]>> {
    const look = await this.#get(`/zones?name=${encodeURIComponent(name)}`, z.array(InspectedZone));
    if (look.kind !== "answered") return look;
    return { kind: "answered", result: look.result.filter((each) => canonicalName(each.name) === name) };
  }

  /** Everything at exactly this name, of all types. */
  async recordsAt(zoneId: string, record: string): Promise<Inspection<readonly InspectedRecord[]>> {
    const query = new URLSearchParams({ "name.exact": record, per_page: String(mostRecords) });
    const look = await this.#get(
      `/zones/${encodeURIComponent(zoneId)}/dns_records?${query.toString()}`,
      z.array(InspectedRecord),
    );
    if (look.kind !== "answered") return look;
    return { kind: "answered", result: look.result.filter(({ name }) => canonicalName(name) === record) };
  }

  async #get<Result>(path: string, schema: z.ZodType<Result>): Promise<Inspection<Result>> {
    const { token, apiUrl, fetch: send, timeoutMs = usualTimeoutMs } = this.#options;
    using deadline = new Deadline(this.#clock, timeoutMs);
    const startedMs = this.#clock.nowMs();
    try {
      const response = await send(apiUrl + path, {
        headers: {
          authorization: `Bearer ${token.reveal()}`,
          accept: "application/json",
          "user-agent": "cloudflare-cname-switcher",
        },
        redirect: "error",
        signal: deadline.signal,
      });
      this.#note(response.headers, this.#clock.nowMs() - startedMs);
      return this.#read(response.status, await bounded(response).text(), schema);
    } catch (error) {
      const late = `no answer within ${formatDuration(timeoutMs)}`;
      if (isDateRefusal(innermost(error).code)) {
        this.#telltales = { ...this.#telltales, contradictedWallMs: this.#clock.wallMs() };
      }
      return { kind: "silent", detail: deadline.isPast ? late : plainly(this.#foreign(innermost(error).text)) };
    } finally {
      this.#isAsked.resolve();
    }
  }

  /** The time as far as Cloudflare vouches for it, milliseconds since 1970, once the first request has ended. */
  async vouchedWallMs(): Promise<number | undefined> {
    await this.#isAsked.promise;
    const { clockAheadMs } = this.#telltales;
    return clockAheadMs === undefined ? undefined : this.#clock.wallMs() - clockAheadMs;
  }

  #read<Result>(status: number, text: string, schema: z.ZodType<Result>): Inspection<Result> {
    const body = parsed(text);
    const answer = z.object({ success: z.literal(true), result: schema }).safeParse(body);
    if (status < 400 && answer.success) return { kind: "answered", result: answer.data.result };
    const problems = problemsIn(body);
    if (problems === undefined || problems.length === 0 || status >= 500) {
      return { kind: "silent", detail: `an answer that did not come from the API (HTTP ${status})` };
    }
    const codes = problems.map(({ code }) => code);
    const words = problems.slice(0, 3).map(({ code, message }: ApiProblem) => `${code} "${this.#foreign(message)}"`);
    const address = refusedAddress(problems);
    const detail = [`HTTP ${status}`, ...words].join(", ");
    return { kind: "refused", status, codes, detail, address };
  }

  #note(headers: Headers, tookMs: number): void {
    const dateWallMs = Date.parse(headers.get("date") ?? "");
    const [, left, inSeconds] = /;\s*r=(\d+);\s*t=(\d+)/.exec(headers.get("ratelimit") ?? "") ?? [];
    const { roundTripMs, clockAheadMs, rateLimit } = this.#telltales;
    const isQuickest = tookMs <= (roundTripMs ?? Infinity);
    // The date is cut to a whole second, and half of the round trip old.
    const aheadMs = this.#clock.wallMs() - tookMs / 2 - (dateWallMs + 500);
    this.#telltales = {
      ...this.#telltales,
      roundTripMs: isQuickest ? tookMs : roundTripMs,
      clockAheadMs: isQuickest && Number.isFinite(aheadMs) ? aheadMs : clockAheadMs,
      rateLimit: left === undefined ? rateLimit : { left: Number(left), inSeconds: Number(inSeconds) },
    };
  }

  /** Text from outside, fit to be shown, without the token that some servers repeat. */
  #foreign(text: string): string {
    return plain(text.replaceAll(this.#options.token.reveal(), "***"), 160);
  }
}

function activity({ status }: InspectedZone): number {
  return status === "active" ? 1 : 0;
}

function refusal(detail: string): Inspection<never> {
  return { kind: "refused", status: 200, codes: [], detail, address: undefined };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
