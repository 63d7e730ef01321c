// The user's own configuration, set into the simulated world: every target becomes a site with an address that is made
// up from the ranges for documentation, and every record points to the best endpoint at first.
import { channelKind, channelKinds, defaultChannelKind } from "../channels/registry.ts";
import type { Config } from "../config/config.ts";
import type { EndpointSettings, IngressSettings, Target } from "../core/model.ts";
import { publishesCname } from "../core/records/records.ts";
import { byRank } from "../core/members.ts";
import type { RecordDraft, ZoneOptions } from "../emulation/cloudflare/store.ts";
import { Secret } from "../lib/secret.ts";
import { addressRecords, hostRecords } from "../simulation/hosts.ts";
import type { SiteOptions } from "../simulation/internet.ts";
import { demoToken, type SimulatedWorldOptions } from "../simulation/world.ts";
import type { Vocabulary } from "./scenario.ts";

export interface UserWorld {
  readonly options: SimulatedWorldOptions;
  /** Its ingresses, each with the number of every endpoint's site. */
  readonly ingresses: readonly UserIngress[];
}

export interface UserIngress {
  readonly settings: IngressSettings;
  /** The best one first. */
  readonly endpoints: readonly { readonly settings: EndpointSettings; readonly site: number }[];
}

/** TTL of the address records of all made-up sites. */
const siteTtlSeconds = 60;
/** How often a site may move before its addresses come round again. */
const numberings = 15;

/** The world of a configuration. `hasIpv6`: hosts have IPv6 addresses too. */
export function userWorld(config: Config, { seed, hasIpv6 }: { seed: number; hasIpv6: boolean }): UserWorld {
  const { sites, ingresses } = sitesOf(config, hasIpv6);
  const servers = new Set(config.ingresses.flatMap(({ endpoints }) => endpoints.flatMap(({ resolvers }) => resolvers)));
  const zones = zonesOf(ingresses, sites);
  // Where no channel is configured, one of the first kind takes what would have been told.
  const { kind = defaultChannelKind.kind, initialSilenceMs } = config.notify[0] ?? {};
  const { nameservers: _, ...cloudflare } = config.cloudflare;
  // Messages tell the simulated time, which is in UTC.
  const { timeZone: __, ...rest } = config;
  return {
    options: {
      seed,
      config: {
        ...rest,
        cloudflare: { ...cloudflare, token: new Secret(demoToken), apiUrl: "https://api.cloudflare.com/client/v4" },
        ingresses: ingresses.map(({ settings }) => ({ ...settings, zone: zoneNameOf(settings.record) })),
        notify: [
          {
            kind,
            name: kind,
            settings: channelKind(kind).fake.settings,
            initialSilenceMs,
          },
        ],
      },
      sites,
      resolvers: [...servers].map((server) => ({ server, leastTtlSeconds: 0 })),
      records: [],
      zones,
    },
    ingresses,
  };
}

/** How a scenario may call the endpoints of a configuration. */
export function vocabularyOf(config: Config): Vocabulary {
  const { ingresses } = sitesOf(config, false);
  const found = new Map<string, { name: string; aliases: Set<string>; sites: Set<number> }>();
  for (const { endpoints } of ingresses) {
    for (const [rank, { settings, site }] of endpoints.entries()) {
      const { name, target } = settings;
      const endpoint = found.get(name) ?? { name, aliases: new Set(), sites: new Set() };
      endpoint.sites.add(site);
      if (target.kind === "host") endpoint.aliases.add(target.host).add(target.host.split(".")[0] ?? "");
      else for (const { text } of target.addresses) endpoint.aliases.add(text);
      for (const alias of rankNames[rank] ?? []) endpoint.aliases.add(alias);
      found.set(name, endpoint);
    }
  }
  const all = [...found.values()];
  const names = new Set(all.map(({ name }) => name.toLowerCase()));
  // A name means its endpoint, whatever else it might mean; what could mean two of them goes to the first.
  const taken = new Set(names);
  return {
    endpoints: all.map(({ name, aliases, sites }) => {
      const own = [...aliases].filter((alias) => alias !== "" && !taken.has(alias.toLowerCase()));
      for (const alias of own) taken.add(alias.toLowerCase());
      return { name, aliases: own, sites: [...sites] };
    }),
    channels: channelsIn(config.notify),
  };
}

/** How a scenario may call what tells. */
export function channelsIn([channel]: Config["notify"]): Vocabulary["channels"] {
  return { own: (channel ?? defaultChannelKind).kind, all: channelKinds.map(({ kind }) => kind) };
}

const rankNames: readonly (readonly string[])[] = [
  ["primary", "first", "best"],
  ["secondary", "second", "backup"],
  ["tertiary", "third"],
];

function sitesOf(
  config: Config,
  hasIpv6: boolean,
): { sites: readonly SiteOptions[]; ingresses: readonly UserIngress[] } {
  const sites: SiteOptions[] = [];
  const siteOf = ({ target }: EndpointSettings): number => {
    const host = hostOf(target);
    const known = sites.findIndex((site) => site.host === host);
    return known >= 0 ? known : sites.push(siteFor(target, host, sites.length, hasIpv6)) - 1;
  };
  const ingresses = config.ingresses.map((settings) => ({
    settings,
    endpoints: settings.endpoints.toSorted(byRank).map((endpoint) => ({ settings: endpoint, site: siteOf(endpoint) })),
  }));
  return { sites, ingresses };
}

function hostOf(target: Target): string {
  return target.kind === "host" ? target.host : target.addresses.map(({ text }) => text).join(" ");
}

function siteFor(target: Target, host: string, index: number, hasIpv6: boolean): SiteOptions {
  const base = { host, ipv4: 1, ipv6: hasIpv6 ? 1 : 0, ttlSeconds: siteTtlSeconds };
  if (target.kind === "addresses") {
    return { ...base, isFixed: true, numberings: [target.addresses.map(({ text }) => text)] };
  }
  const blocks = ["192.0.2", "198.51.100", "203.0.113"];
  const block = blocks[index % 3] ?? "192.0.2";
  const start = Math.floor(index / 3) * (numberings + 1);
  const addresses = Array.from({ length: numberings }, (_, move) => [
    // A great many sites: the ranges for documentation are full, and the one for benchmarks follows.
    start + move < 254 ? `${block}.${start + move + 1}` : `198.18.${index % 256}.${move + 1}`,
    ...(hasIpv6 ? [`2001:db8:${(index + 1).toString(16)}::${(move + 1).toString(16)}`] : []),
  ]);
  return { ...base, isFixed: false, numberings: addresses };
}

/** The parent of the name, or the name itself where that is a zone already. */
function zoneNameOf(record: string): string {
  const labels = record.split(".");
  return (labels.length > 2 ? labels.slice(1) : labels).join(".");
}

function zonesOf(ingresses: readonly UserIngress[], sites: readonly SiteOptions[]): readonly ZoneOptions[] {
  const records = new Map<string, RecordDraft[]>();
  for (const ingress of ingresses) {
    const name = zoneNameOf(ingress.settings.record);
    records.set(name, [...(records.get(name) ?? []), ...recordsOf(ingress, sites)]);
  }
  // Targets within a zone of the user's stand in it too, as Cloudflare's servers look them up there.
  return [...records].map(([name, drafts]) => ({
    name,
    records: [...drafts, ...hostRecords(name, sites, firstAddressesOf)],
  }));
}

/** What the record says at first: the best endpoint. */
function recordsOf({ settings, endpoints }: UserIngress, sites: readonly SiteOptions[]): readonly RecordDraft[] {
  const [best] = endpoints;
  if (best === undefined) return [];
  const { target, ttl } = best.settings;
  const proxied = settings.proxied ?? false;
  const base = { name: settings.record, ttl: proxied || ttl === "auto" ? 1 : ttl, proxied };
  if (target.kind === "host" && publishesCname({ settings })) {
    return [{ ...base, type: "CNAME", content: target.host }];
  }
  const site = sites[best.site];
  const addresses = site === undefined ? [] : firstAddressesOf(site);
  return addressRecords(settings.record, base.ttl, addresses).map((draft) => ({ ...draft, proxied }));
}

function firstAddressesOf({ numberings: [addresses = []] = [] }: SiteOptions): readonly string[] {
  return addresses;
}
