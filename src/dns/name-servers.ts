// Finds the authoritative servers of the zone that holds a record, through the ingress's own resolvers.
import type { Resolve } from "../core/look-up.ts";
import type { IngressSettings } from "../core/model.ts";
import type { Clock } from "../lib/clock.ts";
import { plain } from "../lib/text.ts";
import type { Exchange } from "./exchange.ts";
import { canonicalName, isAskable } from "./wire.ts";

/** One server: where to ask, and what to call it. */
export interface NameServer {
  /** `ip`, `ip:port` or `[ip]:port`. */
  readonly address: string;
  readonly label: string;
}

export type FoundServers =
  | { readonly kind: "found"; readonly zone: string; readonly servers: readonly NameServer[] }
  /** For people: why not. */
  | { readonly kind: "none"; readonly detail: string };

export interface NameServerPorts {
  readonly clock: Clock;
  readonly exchange: Exchange;
  readonly resolve: Resolve;
}

/** Cloudflare gives a zone two names with six addresses each. */
const mostServers = 16;
const mostNames = 8;
const mostResolvers = 3;
const timeoutMs = 2_000;
const rememberedMs = 60 * 60_000;

export class NameServerFinder {
  readonly #ports: NameServerPorts;
  readonly #known = new Map<string, Known>();
  /** How many labels the zone's name has at least, where the servers of a zone above it have pointed further down. */
  readonly #labels = new Map<string, number>();

  constructor(ports: NameServerPorts) {
    this.#ports = ports;
  }

  /** The servers of the zone, remembered for an hour or until `forget`. Never rejects. */
  async find(ingress: IngressSettings, signal: AbortSignal): Promise<FoundServers> {
    const known = this.#known.get(ingress.record);
    if (known !== undefined && this.#ports.clock.nowMs() < known.untilMs) {
      return known;
    }
    const resolvers = [...new Set(ingress.endpoints.flatMap((endpoint) => endpoint.resolvers))].slice(0, mostResolvers);
    const found = await this.#lookUp(ingress, resolvers, signal);
    if (found.kind === "found") {
      const untilMs = this.#ports.clock.nowMs() + rememberedMs;
      this.#known.set(ingress.record, { ...found, untilMs });
    }
    return found;
  }

  /** They did not answer: next time they are looked up again. */
  forget({ record }: IngressSettings): void {
    this.#known.delete(record);
  }

  /** They named other servers: the zone's name is longer than that of the zone found. */
  goDeeper({ record }: IngressSettings): void {
    const known = this.#known.get(record);
    this.#known.delete(record);
    // What is configured is not gone beyond, and nothing is below the record.
    if (known !== undefined) this.#labels.set(record, known.zone.split(".").length + 1);
  }

  /**
   * From the shortest possible zone down. The other way round would ask resolvers for names that may not be there yet,
   * and they would remember for half an hour that those do not exist.
   */
  async #lookUp(ingress: IngressSettings, resolvers: readonly string[], signal: AbortSignal): Promise<FoundServers> {
    for (const zone of zonesFor(ingress, this.#labels.get(ingress.record) ?? leastLabels)) {
      const asked = await this.#ask(zone, resolvers, signal);
      if (asked.kind === "unknown") return { kind: "none", detail: asked.detail };
      if (asked.hosts.length > 0) return this.#locate(zone, asked.hosts, resolvers, signal);
    }
    // What pointed further down was wrong, or is by now: next time from the top again.
    this.#labels.delete(ingress.record);
    return { kind: "none", detail: "no name servers of the zone are known" };
  }

  /** The NS records at this name; empty where no zone begins. */
  async #ask(zone: string, resolvers: readonly string[], signal: AbortSignal): Promise<Hosts> {
    let detail = "there is no resolver to ask for the zone's servers";
    for (const resolver of resolvers) {
      const options = { timeoutMs, signal, isRecursive: true };
      const reply = await this.#ports.exchange(resolver, { name: zone, type: "NS" }, options);
      if (reply.kind === "answered" && reply.rcode === "NOERROR" && !reply.isReferral) {
        const ofZone = reply.answers.filter(({ type, name }) => type === "NS" && name === zone);
        // Others could not be asked for, nor shown.
        return { kind: "known", hosts: ofZone.map(({ data }) => data).filter(isAskable) };
      }
      const answer = reply.kind === "answered" ? `answered ${plain(reply.rcode, 20)}` : reply.detail;
      detail = `${resolver}, asked for the servers of ${zone}, ${answer}`;
    }
    return { kind: "unknown", detail };
  }

  async #locate(
    zone: string,
    hosts: readonly string[],
    resolvers: readonly string[],
    signal: AbortSignal,
  ): Promise<FoundServers> {
    const names = [...new Set(hosts)].toSorted().slice(0, mostNames);
    const looks = names.map(async (host): Promise<NameServer[]> => {
      const resolution = await this.#ports.resolve(host, resolvers, { timeoutMs, signal });
      if (resolution.kind !== "addresses") return [];
      return resolution.addresses.map(({ text }) => ({ address: text, label: `${host} (${text})` }));
    });
    const servers = (await Promise.all(looks)).flat().slice(0, mostServers);
    if (servers.length > 0) return { kind: "found", zone, servers };
    return { kind: "none", detail: `no address is known for the zone's servers (${names.join(", ")})` };
  }
}

type Known = FoundServers & { readonly kind: "found"; readonly untilMs: number };

type Hosts =
  | { readonly kind: "known"; readonly hosts: readonly string[] }
  | { readonly kind: "unknown"; readonly detail: string };

/** No zone that anybody could have at Cloudflare has a shorter name. */
const leastLabels = 2;

/** The names that the zone may have, shortest first; only one when it is configured. */
function zonesFor({ record, zone }: IngressSettings, labels: number): readonly string[] {
  if (zone?.includes(".") === true) return [canonicalName(zone)];
  const parts = record.split(".");
  return parts
    .map((_, index) => parts.slice(index).join("."))
    .filter((name) => name.split(".").length >= labels)
    .toReversed();
}
