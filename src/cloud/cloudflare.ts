// The records at Cloudflare, through the official SDK. Every answer is checked before it is believed, and every failure
// becomes a CloudError that tells a person what happened without telling them the token.
import { createClient } from "cloudflare/tree-shakable";
import { BaseRecords } from "cloudflare/resources/dns/records";
import { BaseZones } from "cloudflare/resources/zones/zones";
import type { TimeEvent } from "../core/events.ts";
import type { Plan, PlannedRecord, PublishedRecord } from "../core/model.ts";
import { recordComment } from "../core/records/records.ts";
import type { Clock } from "../lib/clock.ts";
import type { Fetch } from "../lib/fetch.ts";
import type { Secret } from "../lib/secret.ts";
import { plain } from "../lib/text.ts";
import { BatchResult, published, RecordsPage, type OurRecordAnswer } from "./answers.ts";
import { isNamed, mostRecords, obstacle, recordsAtName } from "./listed.ts";
import { Requests, type RequestMeasure } from "./requests.ts";
import {
  assertSafe,
  canonicalName,
  CloudError,
  sorted,
  type Call,
  type IngressName,
  type RecordProvider,
} from "./provider.ts";
import { tracePath, type ZoneRecord } from "./trace.ts";
import { assertWithin, ZoneFinder, type Zone } from "./zones.ts";

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

  constructor(options: CloudflareOptions) {
    this.#requests = new Requests(options);
    this.#client = clientFor(options.apiUrl, this.#requests.fetch);
    this.#zones = new ZoneFinder(this.#client.zones, this.#requests);
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
    if (atName.some(({ kind, type }) => kind === "other" && type === "NS")) {
      throw obstacle(ingress, "an NS record delegates this name; remove it or choose another name");
    }
    const ours = atName.filter((answer) => answer.kind === "ours");
    const locked = ours.find(({ meta }) => meta?.read_only === true);
    if (locked !== undefined) {
      throw obstacle(ingress, `its ${locked.type} record belongs to another Cloudflare product; remove it there first`);
    }
    // Without any record at the name, nothing yet proves that the configured zone is the right one.
    if (atName.length === 0) await this.#zones.confirm(ingress, zone, call);
    return sorted(ours.map(published));
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
    const posts = result.posts ?? [];
    const stray = posts.find(({ name }) => canonicalName(name).startsWith(`${ingress.record}.`));
    if (stray !== undefined) throw strayError(ingress, zone, stray);
    const touched = new Set([...plan.deletes, ...plan.patches].map(({ id }) => id));
    const kept = known.filter(({ id }) => !touched.has(id));
    const patched = plan.patches.map((want) => confirmed(ingress, want, result.patches ?? [], want.id));
    const records = [...kept, ...patched, ...plan.posts.map((want) => confirmed(ingress, want, posts))];
    if (new Set(records.map(({ id }) => id)).size < records.length)
      throw unconfirmed(ingress, "two records share an id");
    return sorted(records);
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

function ownName({ record, zone, mixOf }: IngressName): IngressName {
  return { record: mixOf ?? record, zone };
}

/** The body of the batch request: only lists with something in them, patches and posts in full. */
function batchBody({ record }: IngressName, plan: Plan) {
  const decided = ({ type, content, ttlSeconds, proxied }: PlannedRecord) => ({
    type,
    name: record,
    content,
    ttl: proxied ? 1 : ttlSeconds,
    proxied,
  });
  // A patch leaves what it does not name as it is: only an empty comment is filled.
  const patched = (patch: PlannedRecord) => ({
    ...decided(patch),
    ...(patch.extras?.comment === undefined && { comment: recordComment }),
  });
  const posted = (post: PlannedRecord) => ({
    ...decided(post),
    comment: post.extras?.comment ?? recordComment,
    ...(post.extras?.tags && { tags: [...post.extras.tags] }),
    ...settingsFor(post),
  });
  return {
    ...(plan.deletes.length > 0 && { deletes: plan.deletes.map(({ id }) => ({ id })) }),
    ...(plan.patches.length > 0 && { patches: plan.patches.map((patch) => ({ id: patch.id, ...patched(patch) })) }),
    ...(plan.posts.length > 0 && { posts: plan.posts.map(posted) }),
  };
}

/** Settings that stood at the name before, as far as the new type has them: only a CNAME can be flattened. */
function settingsFor({ type, extras }: PlannedRecord): { settings?: Readonly<Record<string, unknown>> } {
  if (extras?.settings === undefined) return {};
  const { flatten_cname: flatten, ...others } = extras.settings;
  const settings = { ...others, ...(type === "CNAME" && flatten !== undefined && { flatten_cname: flatten }) };
  return Object.keys(settings).length > 0 ? { settings } : {};
}

/** The answer's record for what was asked. Anything else than exactly that leaves the outcome unknown. */
function confirmed(
  ingress: IngressName,
  want: PlannedRecord,
  answers: readonly OurRecordAnswer[],
  id?: string,
): PublishedRecord {
  for (const answer of answers) {
    const record = published(answer);
    if (
      isNamed(ingress, answer.name) &&
      (id === undefined || record.id === id) &&
      record.type === want.type &&
      record.content === want.content &&
      record.proxied === want.proxied &&
      (want.proxied || record.ttlSeconds === want.ttlSeconds)
    ) {
      return record;
    }
  }
  throw unconfirmed(ingress, `the answer does not show ${want.type} ${want.content}`);
}

function unconfirmed({ record }: IngressName, why: string): CloudError {
  return new CloudError("transient", `could not confirm the write of ${record}: ${why}`, { isAmbiguous: true });
}

/** A name outside the zone gets the zone's name appended. That is how we learn what the configured id stands for. */
function strayError({ record }: IngressName, zone: Zone, stray: OurRecordAnswer): CloudError {
  zone.name = canonicalName(stray.name).slice(record.length + 1);
  return new CloudError(
    "invalid",
    `${record} is not in the configured zone, which is ${plain(zone.name)}: correct the zone, and delete the record ` +
      `${plain(stray.name)} that Cloudflare made there`,
  );
}
