// The records at Cloudflare, through the official SDK. Every answer is checked before it is believed, and every failure
// becomes a CloudError that tells a person what happened without telling them the token.
import { createClient } from "cloudflare/tree-shakable";
import { BaseRecords } from "cloudflare/resources/dns/records";
import { BaseZones } from "cloudflare/resources/zones/zones";
import type { TimeEvent } from "../core/events.ts";
import type { Plan, PublishedRecord } from "../core/model.ts";
import type { Clock } from "../lib/clock.ts";
import type { Fetch } from "../lib/fetch.ts";
import type { Secret } from "../lib/secret.ts";
import { BatchResult, published, RecordsPage } from "./answers.ts";
import { batchBody, written } from "./batch.ts";
import { manageable, mostRecords, recordsAtName } from "./listed.ts";
import { Requests, type RequestMeasure } from "./requests.ts";
import {
  assertSafe,
  CloudError,
  type Call,
  type IngressName,
  type RecordProvider,
  type SharedCalls,
} from "./provider.ts";
import { tracePath, type ZoneRecord } from "./trace.ts";
import { ZoneCalls } from "./zone-calls.ts";
import { assertWithin, ownName, ZoneFinder, type Zone } from "./zones.ts";

export interface CloudflareOptions {
  readonly token: Secret;
  /** Base URL without trailing slash, such as `https://api.cloudflare.com/client/v4`. */
  readonly apiUrl: string;
  readonly clock: Clock;
  readonly fetch: Fetch;
  /** Is told about every request when it has ended. */
  readonly onRequest?: (measure: RequestMeasure) => void;
  /** Hears what each answer, or the refusal of Cloudflare's certificate, tells of the time. */
  readonly onTime?: (event: TimeEvent) => void;
}

export class CloudflareProvider implements RecordProvider {
  readonly #requests: Requests;
  readonly #client: ReturnType<typeof clientFor>;
  readonly #zones: ZoneFinder;
  readonly shared: SharedCalls;

  constructor(options: CloudflareOptions) {
    this.#requests = new Requests(options);
    this.#client = clientFor(options.apiUrl, this.#requests.fetch);
    this.#zones = new ZoneFinder(this.#client.zones, this.#requests);
    this.shared = new ZoneCalls(this.#client.dns.records, this.#requests, this.#zones);
  }

  async list(ingress: IngressName, call: Call): Promise<readonly PublishedRecord[]> {
    const zone = await this.#zoneOf(ingress, call);
    const page = await this.#inZone(ingress, () =>
      this.#requests.send({ operation: "list", record: ingress.record, call }, RecordsPage, (options) =>
        this.#client.dns.records.list(
          { zone_id: zone.id, name: { exact: ingress.record }, per_page: mostRecords },
          options,
        ),
      ),
    );
    const atName = recordsAtName(ingress, page);
    const ours = manageable(ingress, atName);
    // Without any record at the name, nothing yet proves that the configured zone is the right one.
    if (atName.length === 0) await this.#zones.confirm(ingress, zone, call);
    return ours;
  }

  async apply(
    ingress: IngressName,
    plan: Plan,
    known: readonly PublishedRecord[],
    call: Call,
  ): Promise<readonly PublishedRecord[]> {
    assertSafe(plan, known, ingress);
    const zone = await this.#zoneOf(ingress, call);
    // Known already, unless the answer to the reading made no sense.
    if (known.length === 0) await this.#zones.confirm(ingress, zone, call);
    const body = batchBody(ingress, plan);
    const { result } = await this.#inZone(ingress, () =>
      this.#requests.send({ operation: "batch", record: ingress.record, call }, BatchResult, (options) =>
        this.#client.dns.records.batch({ zone_id: zone.id, ...body }, options),
      ),
    );
    const { patches, posts } = result;
    return written({ ingress, plan, known }, { patches: patches ?? [], posts: posts ?? [] }, zone);
  }

  /** A mix lies in the zone of its ingress. */
  async #zoneOf(ingress: IngressName, call: Call): Promise<Zone> {
    const zone = await this.#zones.find(ownName(ingress), call);
    assertWithin(ingress, zone);
    return zone;
  }

  async trace(
    ingress: IngressName,
    host: string,
    isEnd: (name: string) => boolean,
    call: Call,
  ): Promise<readonly string[]> {
    const zone = await this.#zoneOfHost(ingress, host, call);
    if (zone === undefined) return [];
    const recordsAt = async (name: string): Promise<readonly ZoneRecord[]> => {
      const page = await this.#requests.send(
        { operation: "list", record: ingress.record, call },
        RecordsPage,
        (options) =>
          this.#client.dns.records.list({ zone_id: zone.id, name: { exact: name }, per_page: mostRecords }, options),
      );
      return recordsAtName({ record: name }, page).map((answer) =>
        answer.kind === "ours" ? published(answer) : { type: answer.type, content: "" },
      );
    };
    return tracePath(host, recordsAt, isEnd);
  }

  /** The zone that a host lies in, if this token can see it. */
  async #zoneOfHost(ingress: IngressName, host: string, call: Call): Promise<Zone | undefined> {
    const zone = await this.#zones.find(ownName(ingress), call);
    if (zone.name === undefined || host === zone.name || host.endsWith(`.${zone.name}`)) return zone;
    try {
      return await this.#zones.find({ record: host }, call);
    } catch (error) {
      if (error instanceof CloudError && (error.kind === "auth" || error.kind === "invalid")) return undefined;
      throw error;
    }
  }

  /** When the zone is refused, what we know of it may be out of date: it is looked up again before the next call. */
  async #inZone<Result>(ingress: IngressName, send: () => Promise<Result>): Promise<Result> {
    try {
      return await send();
    } catch (error) {
      if (error instanceof CloudError && error.kind === "auth") this.#zones.forget(ownName(ingress));
      throw error;
    }
  }
}

/**
 * The SDK builds requests; who may send them, for how long, and what to make of the answer is decided in requests.ts.
 * It is never given the token, so that nothing in it can show the token. Retries are the reconciler's.
 */
function clientFor(apiUrl: string, fetch: Requests["fetch"]) {
  return createClient({
    resources: [BaseRecords, BaseZones],
    baseURL: apiUrl,
    // Explicit nulls, because the SDK reads what is left out from its own environment variables.
    apiToken: null,
    apiKey: null,
    apiEmail: null,
    userServiceKey: null,
    // The SDK would say today's date and so could meet a different API tomorrow.
    apiVersion: "2026-10-01",
    maxRetries: 0,
    logLevel: "off",
    fetch,
    fetchOptions: { redirect: "error" },
  });
}
