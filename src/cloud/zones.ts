// Which Cloudflare zone an ingress belongs to: as configured, or found by its name. Remembers what it found.
import type { BaseZones } from "cloudflare/resources/zones/zones";
import { plain } from "../lib/text.ts";
import { ZoneDetails, ZonesPage, type ZoneAnswer } from "./answers.ts";
import { canonicalName, CloudError, type Call, type IngressName } from "./provider.ts";
import type { Requests } from "./requests.ts";

export interface Zone {
  readonly id: string;
  /** Unknown while the zone is configured by its id and Cloudflare has not been asked. */
  name?: string;
}

/** The most that Cloudflare lists at once. */
const zonesPerPage = 50;

export class ZoneFinder {
  readonly #api: BaseZones;
  readonly #requests: Requests;
  readonly #found = new Map<string, Zone>();
  /** Zones whose name this token may not ask for. */
  readonly #unreadable = new Set<Zone>();

  constructor(api: BaseZones, requests: Requests) {
    this.#api = api;
    this.#requests = requests;
  }

  /** The zone of this ingress. Rejects with `CloudError`, also when the ingress is known not to lie in it. */
  async find(ingress: IngressName, call: Call): Promise<Zone> {
    const key = keyOf(ingress);
    const zone = this.#found.get(key) ?? (await this.#lookUp(ingress, call));
    this.#found.set(key, zone);
    assertWithin(ingress, zone);
    return zone;
  }

  /**
   * Makes sure that the ingress lies in a zone that was configured by its id. Cloudflare would append the zone's name
   * to any other and create the wrong record. A token without Zone Read cannot know; then the configuration is
   * believed.
   */
  async confirm(ingress: IngressName, zone: Zone, call: Call): Promise<void> {
    if (zone.name !== undefined || this.#unreadable.has(zone)) return;
    const details = await this.#detailsOf(ingress, zone, call);
    if (details === undefined) return void this.#unreadable.add(zone);
    if (details.id !== zone.id) {
      const message = `could not look up the zone of ${ingress.record}: the answer is about a different zone`;
      throw new CloudError("transient", message);
    }
    const name = canonicalName(details.name);
    // First, so that a name that does not fit is asked for again.
    assertWithin(ingress, { name });
    zone.name = name;
  }

  async #detailsOf({ record }: IngressName, { id }: Zone, call: Call): Promise<ZoneAnswer | undefined> {
    try {
      const { result } = await this.#requests.send({ operation: "zone", record, call }, ZoneDetails, (options) =>
        this.#api.get({ zone_id: id }, options),
      );
      return result;
    } catch (error) {
      if (error instanceof CloudError && (error.kind === "auth" || error.kind === "invalid")) return undefined;
      throw error;
    }
  }

  /** The zone of this ingress, as far as it is known without asking. */
  known(ingress: IngressName): Zone | undefined {
    const key = keyOf(ingress);
    const zone = this.#found.get(key) ?? givenId(ingress);
    if (zone !== undefined) this.#found.set(key, zone);
    return zone;
  }

  /** Whether nothing is left to learn of the zone: see `confirm`. */
  isConfirmed(zone: Zone): boolean {
    return zone.name !== undefined || this.#unreadable.has(zone);
  }

  /**
   * Finds the zones of several ingresses in the list of all zones, where its pages are fewer than the ingresses. One
   * that is not found so is left for `find`, which tells what is wrong.
   */
  async findAll(ingresses: readonly IngressName[], call: Call): Promise<void> {
    const [{ record } = { record: "" }] = ingresses;
    const zones: ZoneAnswer[] = [];
    for (let page = 1; page <= ingresses.length; page += 1) {
      const { result, result_info } = await this.#requests.send(
        { operation: "zones", record, call },
        ZonesPage,
        (options) => this.#api.list({ page, per_page: zonesPerPage }, options),
      );
      zones.push(...result);
      const total = result_info?.total_count ?? Infinity;
      if (result.length === 0 || total > zonesPerPage * ingresses.length) return;
      if (zones.length >= total) break;
    }
    this.#keep(ingresses, zones);
  }

  #keep(ingresses: readonly IngressName[], zones: readonly ZoneAnswer[]): void {
    const byName = Map.groupBy(zones, ({ name }) => canonicalName(name));
    for (const ingress of ingresses) {
      const name = namesFor(ingress).find((candidate) => byName.has(candidate));
      if (name === undefined || this.known(ingress) !== undefined) continue;
      try {
        const match = pick(byName.get(name) ?? [], ingress);
        if (match !== undefined) this.#found.set(keyOf(ingress), { id: match.id, name });
      } catch {
        // Told when it is looked up by itself.
      }
    }
  }

  /** Forgets where this ingress belongs, so that it is looked up again. */
  forget(ingress: IngressName): void {
    this.#found.delete(keyOf(ingress));
  }

  async #lookUp({ record, zone }: IngressName, call: Call): Promise<Zone> {
    const given = givenId({ record, zone });
    if (given !== undefined) return given;
    for (const name of namesFor({ record, zone })) {
      assertWithin({ record }, { name });
      const { result } = await this.#requests.send({ operation: "zones", record, call }, ZonesPage, (options) =>
        this.#api.list({ name }, options),
      );
      const match = pick(
        result.filter((candidate) => canonicalName(candidate.name) === name),
        { record },
      );
      if (match !== undefined) return { id: match.id, name };
    }
    throw new CloudError(
      "auth",
      `no zone for ${record} is visible to this token${zone === undefined ? "" : ` under the name ${zone}`}: ` +
        "check that the token may read the zone, or configure the zone's id",
    );
  }
}

/** Ids are 32 hexadecimal digits; whatever else has no dot can only be meant as one, and Cloudflare will say. */
function givenId({ zone }: IngressName): Zone | undefined {
  return zone !== undefined && !zone.includes(".") ? { id: zone } : undefined;
}

/** What its zone may be called, the most likely first. */
function namesFor({ record, zone }: IngressName): readonly string[] {
  return zone === undefined ? suffixes(record) : [canonicalName(zone)];
}

/** A mix lies in the zone of its ingress. */
export function ownName({ record, zone, mixOf }: IngressName): IngressName {
  return { record: mixOf ?? record, zone };
}

function keyOf({ record, zone }: IngressName): string {
  return zone === undefined ? `of ${record}` : `zone ${zone}`;
}

/** The name and its parents down to two labels: zones for subdomains exist, and the longest is the right one. */
export function suffixes(record: string): string[] {
  const labels = record.split(".");
  return labels.slice(0, -1).map((_, index) => labels.slice(index).join("."));
}

/** The active one of several zones of the same name, or the only one. */
function pick(zones: readonly ZoneAnswer[], { record }: IngressName): ZoneAnswer | undefined {
  const active = zones.filter(({ status }) => status === "active");
  const candidates = active.length > 0 ? active : zones;
  if (candidates.length > 1) {
    const ids = candidates.map(({ id }) => plain(id)).join(", ");
    throw new CloudError("auth", `several zones could hold ${record} (${ids}): configure the zone's id`);
  }
  return candidates[0];
}

/** Rejects what is known not to lie in the zone: Cloudflare would append the zone's name. */
export function assertWithin({ record }: IngressName, { name }: Pick<Zone, "name">): void {
  if (name === undefined || record === name || record.endsWith(`.${name}`)) return;
  throw new CloudError("invalid", `${record} is not in the zone ${plain(name)}: correct the record or the zone`);
}
