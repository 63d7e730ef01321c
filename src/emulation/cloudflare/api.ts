// The emulated Cloudflare API without its socket: a request goes in, what the client will see comes out. Time and
// chance are ports, so that a simulation can run it as it is.
import { sleep, type Clock, type Random } from "../../lib/clock.ts";
import { systemClock } from "../../runtime/node/clock.ts";
import { deliver, isReached, type ApiAnswer, type HttpOutcome } from "./delivery.ts";
import { Faults, type RequestFault } from "./faults.ts";
import { listRecords, listZones } from "./list.ts";
import { planLimits } from "./plans.ts";
import { problems, ApiRefusal } from "./problem.ts";
import { isObject, type StoredRecord } from "./record.ts";
import { ZoneStore, type ZoneOptions } from "./store.ts";
import {
  createToken,
  mayReadZone,
  maySeeRecords,
  mayWriteRecords,
  usualRateLimit,
  type RateLimit,
  type Token,
  type TokenOptions,
} from "./tokens.ts";
import { batchBody, failureBody, recordBody, successBody, zoneBody } from "./wire.ts";
import type { BatchResult, Write, ZoneState } from "./zone.ts";

export type { HttpOutcome };

export interface ApiOptions {
  readonly zones?: readonly ZoneOptions[];
  /** By default: one user token that may do everything, `demoToken`. */
  readonly tokens?: readonly TokenOptions[];
  readonly rateLimit?: RateLimit;
  readonly clock?: Clock;
  readonly random?: Random;
}

export interface ApiRequest {
  readonly method: string;
  /** Below `/client/v4`, without query: `/zones/…/dns_records`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly authorization?: string | undefined;
  readonly contentType?: string | undefined;
  readonly body: string;
  readonly clientIp: string;
}

/** A request as it is remembered; the secret is not. */
export interface LoggedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  /** Parsed where it is JSON, else the text. */
  readonly body: unknown;
  readonly contentType?: string | undefined;
  /** The id of the token that asked; missing when it is unknown. */
  readonly tokenId: string | undefined;
  readonly atMs: number;
  readonly isWrite: boolean;
  readonly fault: RequestFault | undefined;
  /** Missing until answered. */
  status?: number | "drop" | "silence";
  /** The code of the refusal, 0 included. */
  code?: number;
}

/** The token of an emulator that was given none. */
export const demoToken = "cfut_demo0demo0demo0demo0demo0demo0demo0demo0checksum";

/** The newest requests that are kept. */
const mostRequestsKept = 10_000;

export class CloudflareApi extends ZoneStore {
  readonly faults: Faults;
  /** The newest requests, oldest first. */
  readonly requests: LoggedRequest[] = [];
  /** All requests since the start, those that were dropped included. */
  readonly counts = { reads: 0, writes: 0 };
  /** Every token that the API knows, by secret. */
  readonly tokens: ReadonlyMap<string, Token>;
  readonly #clock: Clock;
  readonly #closing = new AbortController();

  constructor(options: ApiOptions = {}) {
    const { clock = systemClock, random = Math.random } = options;
    const faults = new Faults();
    super({ clock, random, quirks: () => faults.quirks });
    this.faults = faults;
    this.#clock = clock;
    const tokens = (options.tokens ?? [{ token: demoToken }]).map((token) =>
      createToken(token, this.newId(), options.rateLimit ?? usualRateLimit),
    );
    this.tokens = new Map(tokens.map((token) => [token.secret, token]));
    for (const zone of options.zones ?? [{ name: "example.com" }]) this.addZone(zone);
  }

  /** The write requests among `requests`. */
  get writeRequests(): readonly LoggedRequest[] {
    return this.requests.filter(({ isWrite }) => isWrite);
  }

  /** Answers one request, with whatever fault is set for it. Never throws for anything that a client can send. */
  async handle(request: ApiRequest): Promise<HttpOutcome> {
    const fault = this.faults.take(request);
    const entry = this.#remember(request, fault);
    const wait = (delayMs = 0): Promise<void> => sleep(this.#clock, delayMs, this.#closing.signal);
    if (fault?.beforeCommitMs !== undefined) await wait(fault.beforeCommitMs);
    if (this.#closing.signal.aborted) {
      entry.status = "drop";
      return { kind: "drop" };
    }
    fault?.meanwhile?.();
    const answer = isReached(fault) ? this.#answer(request, entry) : undefined;
    if (fault?.afterCommitMs !== undefined) await wait(fault.afterCommitMs);
    const delivery = deliver({ fault, answer, quirks: this.faults.quirks, rayId: this.newId().slice(0, 16) });
    entry.status = delivery.kind === "response" ? delivery.status : delivery.kind;
    return delivery;
  }

  /** Ends every wait; a request that has not been committed by now never is. */
  close(): void {
    this.#closing.abort();
  }

  #remember(request: ApiRequest, fault: RequestFault | undefined): LoggedRequest {
    const { method, path, query, contentType, body } = request;
    const isWrite = method !== "GET";
    this.counts[isWrite ? "writes" : "reads"] += 1;
    const tokenId = this.#tokenOf(request)?.id;
    const entry: LoggedRequest = {
      method,
      path,
      query: query.toString(),
      body: parseJson(body) ?? body,
      isWrite,
      atMs: this.#clock.nowMs(),
      contentType,
      tokenId,
      fault,
    };
    this.requests.push(entry);
    if (this.requests.length > mostRequestsKept) this.requests.shift();
    return entry;
  }

  /** The pipeline: who asks, how often, for what, may they, and is it right. */
  #answer(request: ApiRequest, entry: LoggedRequest): ApiAnswer {
    const token = this.#tokenOf(request);
    const nowMs = this.#clock.nowMs();
    const waitSeconds = token?.bucket.take(nowMs);
    const headers = { ...token?.bucket.headers(nowMs) };
    try {
      if (!isBearer(request.authorization)) throw new ApiRefusal(problems.badAuthorization);
      const isVerification = request.path.endsWith("/tokens/verify");
      if (token === undefined)
        throw new ApiRefusal(isVerification ? problems.unverifiableToken : problems.unknownToken);
      if (token.allowedIps?.includes(request.clientIp) === false) {
        throw new ApiRefusal(problems.wrongLocation(request.clientIp));
      }
      if (waitSeconds !== undefined) {
        headers["retry-after"] = String(waitSeconds);
        throw new ApiRefusal(problems.tooManyRequests);
      }
      const body = isVerification ? this.#verify(request, token) : this.#route(request, token);
      return { status: 200, body, headers };
    } catch (error) {
      if (!(error instanceof ApiRefusal)) throw error;
      entry.code = error.problem.code;
      return { status: error.problem.status, body: failureBody(error.problem, this.faults.quirks), headers };
    }
  }

  #tokenOf({ authorization }: ApiRequest): Token | undefined {
    return this.tokens.get(authorization?.replace(/^Bearer /i, "") ?? "");
  }

  /** Says whether a token is alive; each kind has its own place to ask. */
  #verify({ method, path }: ApiRequest, token: Token): Record<string, unknown> {
    if (method !== "GET") throw new ApiRefusal(problems.wrongMethod(method));
    const account = /^\/accounts\/([0-9a-z]+)\/tokens\/verify$/.exec(path)?.[1];
    const kind = account === undefined ? "user" : "account";
    if (token.kind !== kind) throw new ApiRefusal(problems.unverifiableToken);
    const result = {
      id: token.id,
      status: token.status,
      not_before: token.notBefore,
      expires_on: token.expiresOn,
    };
    // The code in `messages` is no mistake: the real API puts one there on success.
    const messages = [{ code: 10000, message: "This API Token is valid and active", type: null }];
    return successBody(result, this.faults.quirks, token.status === "active" ? { messages } : {});
  }

  #route(request: ApiRequest, token: Token): Record<string, unknown> {
    const { method, path } = request;
    if (token.status !== "active") throw new ApiRefusal(problems.unknownToken);
    const [, root, zoneId, part, recordId, ...more] = path.split("/");
    if (root !== "zones" || more.length > 0) throw new ApiRefusal(problems.noRoute(`/client/v4${path}`));
    if (zoneId === undefined) {
      if (method !== "GET") throw new ApiRefusal(problems.wrongMethod(method));
      return this.#zones(request, token);
    }
    const isKnownWord = recordId === undefined || /^(?:batch|usage|[0-9a-f]{32})$/.test(recordId);
    if (!/^[0-9a-f]{32}$/.test(zoneId) || !isKnownWord || (part !== undefined && part !== "dns_records")) {
      throw new ApiRefusal(problems.noRoute(`/client/v4${path}`));
    }
    const zone = this.zones().find(({ id }) => id === zoneId);
    if (part === undefined) return this.#zone(request, token, zone);
    if (zone === undefined || !maySeeRecords(token, zone.name)) throw new ApiRefusal(problems.noAccess);
    if (method === "GET") return this.#read(recordId, request, this.readable(zoneId));
    if (!mayWriteRecords(token, zone.name)) throw new ApiRefusal(problems.noAccess);
    return this.#write(zone, writeOf(request, recordId));
  }

  #zones({ query }: ApiRequest, token: Token): Record<string, unknown> {
    const { quirks } = this.faults;
    const isBlind = !this.zones().some(({ name }) => mayReadZone(token, name));
    if (isBlind && quirks.zonesWithoutZoneRead === "forbidden") throw new ApiRefusal(problems.noZoneListing);
    const isVisible = ({ name }: ZoneState): boolean =>
      mayReadZone(token, name) || (quirks.zonesWithoutZoneRead === "visible" && maySeeRecords(token, name));
    const { items, info } = listZones(this.zones().filter(isVisible), query);
    const result = items.map((zone) => zoneBody(zone, permissionsOf(token, zone)));
    return successBody(result, quirks, { result_info: info });
  }

  #zone({ method }: ApiRequest, token: Token, zone: ZoneState | undefined): Record<string, unknown> {
    if (zone === undefined || !(mayReadZone(token, zone.name) || maySeeRecords(token, zone.name))) {
      throw new ApiRefusal(problems.noAccess);
    }
    if (method !== "GET") throw new ApiRefusal(problems.wrongMethod(method));
    if (!mayReadZone(token, zone.name)) throw new ApiRefusal(problems.noZoneRead);
    return successBody(zoneBody(zone, permissionsOf(token, zone)), this.faults.quirks);
  }

  #read(recordId: string | undefined, { query }: ApiRequest, zone: ZoneState): Record<string, unknown> {
    const { quirks } = this.faults;
    if (recordId === "batch") throw new ApiRefusal(problems.wrongMethod("GET"));
    if (recordId === "usage") {
      const quota = planLimits(zone.plan, zone.created_on).records;
      return successBody({ record_usage: zone.records.length, record_quota: quota }, quirks);
    }
    if (recordId === undefined) {
      const { items, info } = listRecords(zone.records, query);
      const result = items.map((record) => recordBody(record, zone, quirks));
      return successBody(result, quirks, { result_info: info });
    }
    const record = zone.records.find(({ id }) => id === recordId);
    if (record === undefined) throw new ApiRefusal(problems.noSuchRecord);
    return successBody(recordBody(record, zone, quirks), quirks);
  }

  #write(zone: ZoneState, write: Write): Record<string, unknown> {
    const { quirks } = this.faults;
    const { zone: next, result } = this.write(zone.id, write, "api");
    if (write.kind === "batch") return successBody(batchBody(result as BatchResult, next, quirks), quirks);
    if (write.kind === "delete") return successBody({ id: write.id }, quirks);
    return successBody(recordBody(result as StoredRecord, next, quirks), quirks);
  }
}

function isBearer(authorization: string | undefined): boolean {
  return authorization !== undefined && /^Bearer [\w.~+/-]+=*$/i.test(authorization);
}

/** The write that a request asks for. Throws `Refusal` for a wrong method or a body that is no JSON object. */
function writeOf(request: ApiRequest, recordId: string | undefined): Write {
  const { method } = request;
  if (recordId === undefined && method === "POST") return { kind: "post", body: bodyOf(request) };
  if (recordId === "batch" && method === "POST") return { kind: "batch", body: bodyOf(request) };
  const isRecord = recordId !== undefined && recordId !== "batch" && recordId !== "usage";
  if (isRecord && method === "DELETE") return { kind: "delete", id: recordId };
  if (isRecord && method === "PUT") return { kind: "put", id: recordId, body: bodyOf(request) };
  if (isRecord && method === "PATCH") return { kind: "patch", id: recordId, body: bodyOf(request) };
  throw new ApiRefusal(problems.wrongMethod(method));
}

function bodyOf({ contentType, body }: ApiRequest): Record<string, unknown> {
  const parsed = /^application\/json\b/i.test(contentType ?? "") ? parseJson(body) : undefined;
  if (!isObject(parsed)) throw new ApiRefusal(problems.notJson);
  return parsed;
}

function parseJson(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function permissionsOf(token: Token, { name }: ZoneState): readonly string[] {
  return [
    ...(maySeeRecords(token, name) ? ["#dns_records:read"] : []),
    ...(mayWriteRecords(token, name) ? ["#dns_records:edit"] : []),
    ...(mayReadZone(token, name) ? ["#zone:read"] : []),
  ];
}
