// Requests that serve several names of one zone at once: one list of the zone, and one batch of all their plans. Each
// name gets what the answer says of it, and nothing of what it says of another.
import type { BaseRecords } from "cloudflare/resources/dns/records";
import { BatchResult, RecordsPage, type OurRecordAnswer, type RecordAnswer } from "./answers.ts";
import { batchBody, written } from "./batch.ts";
import { manageable, mostRecords, recordsAtName } from "./listed.ts";
import {
  assertSafe,
  canonicalName,
  CloudError,
  type Call,
  type IngressName,
  type NameChange,
  type NameOutcome,
  type SharedCalls,
} from "./provider.ts";
import type { Requests } from "./requests.ts";
import { assertWithin, ownName, type Zone, type ZoneFinder } from "./zones.ts";

/**
 * Records on one page of a whole zone. Zones below Enterprise hold 3,500 at most, so that one page shows one moment.
 * Source: https://developers.cloudflare.com/dns/manage-dns-records/
 */
const mostOnPage = 5_000;

export class ZoneCalls implements SharedCalls {
  readonly #api: BaseRecords;
  readonly #requests: Requests;
  readonly #zones: ZoneFinder;
  /** How many records each zone had when it was last listed, by its id. */
  readonly #sizes = new Map<string, number>();

  constructor(api: BaseRecords, requests: Requests, zones: ZoneFinder) {
    this.#api = api;
    this.#requests = requests;
    this.#zones = zones;
  }

  zoneOf(ingress: IngressName): string | undefined {
    return this.#zones.known(ownName(ingress))?.id;
  }

  async findZones(ingresses: readonly IngressName[], call: Call): Promise<void> {
    try {
      await this.#zones.findAll(ingresses.map(ownName), call);
    } catch (error) {
      // Tokens that may not list zones may still find one by its name.
      if (error instanceof CloudError && (error.kind === "auth" || error.kind === "invalid")) return;
      throw error;
    }
  }

  /**
   * A name's own list shows a hundred records at most. The zone is listed where that shows no more than all those lists
   * could: calls are scarce, but thousands of foreign records are no price for two names. A zone of unknown size is
   * tried once.
   */
  isWorthListing(zone: string, names: number): boolean {
    return names > 1 && (this.#sizes.get(zone) ?? 0) <= names * mostRecords;
  }

  async list(ingresses: readonly IngressName[], call: Call): Promise<readonly NameOutcome[]> {
    const zone = this.#zoneOfAll(ingresses);
    const listed = await this.#inZone(ingresses, () => this.#listZone(zone, ingresses, call));
    if (listed === undefined) return ingresses.map(() => "apart");
    const byName = Map.groupBy(listed.records, ({ name }) => (name === undefined ? undefined : canonicalName(name)));
    const at = ({ record }: IngressName) => [...(byName.get(record) ?? []), ...(byName.get(undefined) ?? [])];
    const empty = ingresses.find((ingress) => at(ingress).length === 0);
    // Without any record at a name, nothing yet proves that the configured zone is the right one. One name finds out.
    if (empty !== undefined) await this.#tryToConfirm(empty, zone, call);
    return ingresses.map((ingress) => {
      const atName = at(ingress);
      const isDoubtful = listed.pages > 1 || !this.#zones.isConfirmed(zone);
      return atName.length === 0 && isDoubtful ? "apart" : outcomeOfRead(ingress, zone, atName);
    });
  }

  async apply(changes: readonly NameChange[], call: Call): Promise<readonly NameOutcome[]> {
    const ingresses = changes.map(({ ingress }) => ingress);
    const zone = this.#zoneOfAll(ingresses);
    // Where nothing proves yet that the zone is the right one, that is found out by the name itself.
    const isApart = (change: NameChange): boolean =>
      !isSafe(change) || (change.known.length === 0 && !this.#zones.isConfirmed(zone));
    const together = changes.filter((change) => !isApart(change));
    if (together.length === 0) return changes.map(() => "apart");
    const body = mergedBody(together);
    const { result } = await this.#inZone(ingresses, () =>
      this.#requests.send({ operation: "batch", record: ingresses[0]?.record ?? "", call }, BatchResult, (options) =>
        this.#api.batch({ zone_id: zone.id, ...body }, options),
      ),
    );
    const done = doneByName(together, { patches: result.patches ?? [], posts: result.posts ?? [] });
    return changes.map((change) => (isApart(change) ? "apart" : outcomeOfWrite(change, done(change), zone)));
  }

  /** They were put together because they lie in one zone. */
  #zoneOfAll(ingresses: readonly IngressName[]): Zone {
    const [zone, ...others] = ingresses.map((ingress) => this.#zones.known(ownName(ingress)));
    if (zone === undefined || others.some((other) => other?.id !== zone.id)) {
      throw new Error("internal error: a request is to serve names of several zones");
    }
    return zone;
  }

  /**
   * All records of the zone, or `undefined` where the answers do not show all of them, or take more calls than one for
   * each name. Of several pages, read one after the other, one may lack a record that has moved to another.
   */
  async #listZone(
    zone: Zone,
    ingresses: readonly IngressName[],
    call: Call,
  ): Promise<{ readonly records: readonly RecordAnswer[]; readonly pages: number } | undefined> {
    const perPage = Math.min(mostOnPage, ingresses.length * mostRecords);
    const records: RecordAnswer[] = [];
    let length = 0;
    let total: number | undefined;
    for (let page = 1; page < ingresses.length; page += 1) {
      const answer = await this.#requests.send(
        { operation: "list", record: ingresses[0]?.record ?? "", call },
        RecordsPage,
        (options) => this.#api.list({ zone_id: zone.id, per_page: perPage, page, order: "name" }, options),
      );
      const said = answer.result_info?.total_count ?? undefined;
      this.#sizes.set(zone.id, said ?? Infinity);
      if (said === undefined || (total !== undefined && said !== total)) return undefined;
      total = said;
      records.push(...answer.result.records);
      length += answer.result.length;
      if (length >= total) return page === 1 || areDistinct(records, total) ? { records, pages: page } : undefined;
      // Smaller pages than asked for, or a zone that is too large for so few names.
      if (answer.result.length < perPage || total > ingresses.length * mostRecords) return undefined;
    }
    return undefined;
  }

  async #tryToConfirm(ingress: IngressName, zone: Zone, call: Call): Promise<void> {
    try {
      await this.#zones.confirm(ingress, zone, call);
    } catch (error) {
      if (!(error instanceof CloudError)) throw error;
    }
  }

  /** When the zone is refused, what we know of it may be out of date: it is looked up again before the next call. */
  async #inZone<Result>(ingresses: readonly IngressName[], send: () => Promise<Result>): Promise<Result> {
    try {
      return await send();
    } catch (error) {
      if (error instanceof CloudError && error.kind === "auth") {
        for (const ingress of ingresses) this.#zones.forget(ownName(ingress));
      }
      throw error;
    }
  }
}

/** A zone that changes between two pages shows a record twice, or not at all. */
function areDistinct(records: readonly RecordAnswer[], total: number): boolean {
  const ids = new Set(records.flatMap((record) => (record.kind === "ours" ? [record.id] : [])));
  const others = records.filter(({ kind }) => kind !== "ours").length;
  return ids.size + others === total;
}

function outcomeOfRead(ingress: IngressName, zone: Zone, atName: readonly RecordAnswer[]): NameOutcome {
  const result = { length: atName.length, records: atName };
  try {
    assertWithin(ingress, zone);
    return manageable(ingress, recordsAtName(ingress, { success: true, result, result_info: null }));
  } catch (error) {
    if (!(error instanceof CloudError)) throw error;
    // An answer about the name alone may be clearer.
    return error.kind === "transient" ? "apart" : error;
  }
}

/** One that is not safe fails by itself, as the internal error that it is. */
function isSafe({ ingress, plan, known }: NameChange): boolean {
  try {
    assertSafe(plan, known, ingress);
    return true;
  } catch {
    return false;
  }
}

function mergedBody(changes: readonly NameChange[]) {
  const bodies = changes.map(({ ingress, plan }) => batchBody(ingress, plan));
  return {
    deletes: bodies.flatMap(({ deletes = [] }) => deletes),
    patches: bodies.flatMap(({ patches = [] }) => patches),
    posts: bodies.flatMap(({ posts = [] }) => posts),
  };
}

/** What an answer shows as done, by name. What bears no name that was asked for may be a stray of each of them. */
function doneByName(
  changes: readonly NameChange[],
  { patches, posts }: { readonly patches: readonly OurRecordAnswer[]; readonly posts: readonly OurRecordAnswer[] },
) {
  const names = new Set(changes.map(({ ingress }) => ingress.record));
  const keyOf = ({ name }: OurRecordAnswer): string | undefined => {
    const key = canonicalName(name);
    return names.has(key) ? key : undefined;
  };
  const [patched, posted] = [Map.groupBy(patches, keyOf), Map.groupBy(posts, keyOf)];
  return ({ ingress }: NameChange) => ({
    patches: patched.get(ingress.record) ?? [],
    posts: [...(posted.get(ingress.record) ?? []), ...(posted.get(undefined) ?? [])],
  });
}

function outcomeOfWrite(change: NameChange, done: Parameters<typeof written>[1], zone: Zone): NameOutcome {
  try {
    return written(change, done, zone);
  } catch (error) {
    if (error instanceof CloudError) return error;
    throw error;
  }
}
