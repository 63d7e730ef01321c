// What an authoritative server answers from its zones: addresses, aliases followed inside the zones, and the two ways
// of saying no. Pure; knows records and questions, not packets.
import { isBelow } from "../cloudflare/names.ts";

/** A record as it is served. */
export interface ServedRecord {
  readonly type: string;
  /** Canonical: lower case, no trailing dot. */
  readonly name: string;
  readonly content: string;
  /** Seconds; 1 is automatic and shows as 300. */
  readonly ttl: number;
  readonly proxied: boolean;
  readonly priority?: number;
}

/** A zone as it is served. Proxied records show their own content while the zone is paused or not active. */
export interface ServedZone {
  readonly name: string;
  readonly status: string;
  readonly paused: boolean;
  readonly name_servers: readonly string[];
  readonly records: readonly ServedRecord[];
}

export interface AskedName {
  /** As asked: case and all, no trailing dot; empty for the root. */
  readonly name: string;
  readonly type: string;
}

export interface AnswerOptions {
  /** Answer with addresses where a CNAME points into our zones, as Cloudflare does within a zone. */
  readonly isFlattening: boolean;
  /** How long resolvers may believe a no. Cloudflare's default is 1800. */
  readonly negativeTtlSeconds: number;
}

/** One record of an answer. `data` is what the wire format wants for the type. */
export type AnswerRecord = { readonly name: string; readonly ttl: number } & (
  | { readonly type: "CNAME"; readonly data: string }
  | { readonly type: "A" | "AAAA" | "NS" | "PTR"; readonly data: string }
  | { readonly type: "TXT"; readonly data: readonly string[] }
  | { readonly type: "MX"; readonly data: { readonly preference: number; readonly exchange: string } }
  | { readonly type: "SOA"; readonly data: StartOfAuthority }
);

export interface StartOfAuthority {
  readonly mname: string;
  readonly rname: string;
  readonly serial: number;
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
  readonly minimum: number;
}

export interface DnsAnswer {
  readonly rcode: "NOERROR" | "NXDOMAIN" | "SERVFAIL" | "REFUSED";
  readonly isAuthoritative: boolean;
  readonly answers: readonly AnswerRecord[];
  readonly authorities: readonly AnswerRecord[];
}

/** The addresses that proxied names show, in the place of Cloudflare's own. */
export const proxyAddresses = { A: ["192.0.2.104", "192.0.2.172"], AAAA: ["2001:db8::6810:1", "2001:db8::6810:2"] };

const automaticTtlSeconds = 300;
const mostLinks = 8;

/** Answers one question from `zones`. The name asked for is echoed as asked, case and all. */
export function answerQuestion(zones: readonly ServedZone[], question: AskedName, options: AnswerOptions): DnsAnswer {
  return follow({ zones, type: question.type, options }, question.name, []);
}

interface Ask {
  readonly zones: readonly ServedZone[];
  readonly type: string;
  readonly options: AnswerOptions;
}

/** The answer for `owner`, after the aliases that led there. */
function follow(ask: Ask, owner: string, before: readonly AnswerRecord[]): DnsAnswer {
  const { zones, type, options } = ask;
  const name = owner.toLowerCase();
  const zone = zoneOf(zones, name);
  if (zone === undefined) return before.length > 0 ? found(before) : refusal("REFUSED");
  const cut = delegationAt(zone, name);
  if (cut !== undefined) return { ...found(before), isAuthoritative: before.length > 0, authorities: cut };
  const here = recordsAt(zone, name, options);
  const matching = here.filter((record) => record.type === type);
  if (matching.length > 0) return found([...before, ...matching.map((record) => ({ ...record, name: owner }))]);
  const alias = here.find((record) => record.type === "CNAME");
  if (alias === undefined) {
    const doesExist = here.length > 0 || zone.records.some((record) => isBelow(record.name, name));
    return {
      ...found(before),
      rcode: doesExist ? "NOERROR" : "NXDOMAIN",
      authorities: [startOfAuthority(zone, options)],
    };
  }
  const isHidden = name === zone.name || (options.isFlattening && zoneOf(zones, alias.data) !== undefined);
  if (isHidden) return flattened(ask, { owner, target: alias.data, zone, ttl: alias.ttl }, before);
  const chain = [...before, { ...alias, name: owner }];
  // A loop of aliases: all that can be said has been said.
  return chain.length >= mostLinks ? found(chain) : follow(ask, alias.data, chain);
}

/** The addresses behind an alias, under the alias's own name. A target elsewhere cannot be looked up from here. */
function flattened(
  ask: Ask,
  alias: { owner: string; target: string; zone: ServedZone; ttl: number },
  before: readonly AnswerRecord[],
): DnsAnswer {
  if (zoneOf(ask.zones, alias.target) === undefined || before.length >= mostLinks) return refusal("SERVFAIL");
  const link: AnswerRecord = { type: "CNAME", name: alias.owner, ttl: alias.ttl, data: alias.target };
  const behind = follow(ask, alias.target, [...before, link]);
  if (behind.rcode === "SERVFAIL") return behind;
  const addresses = behind.answers
    .filter(({ type }) => type === ask.type)
    .map((record) => ({ ...record, name: alias.owner, ttl: Math.min(record.ttl, alias.ttl) }));
  if (addresses.length > 0) return found([...before, ...addresses]);
  if (behind.authorities.length > 0) {
    return { ...found(before), authorities: [startOfAuthority(alias.zone, ask.options)] };
  }
  // The chain leaves our zones further on: the zone's own name cannot show an alias, others can.
  return alias.owner.toLowerCase() === alias.zone.name ? refusal("SERVFAIL") : behind;
}

function found(answers: readonly AnswerRecord[]): DnsAnswer {
  return { rcode: "NOERROR", isAuthoritative: true, answers, authorities: [] };
}

function refusal(rcode: "REFUSED" | "SERVFAIL"): DnsAnswer {
  return { rcode, isAuthoritative: false, answers: [], authorities: [] };
}

function zoneOf(zones: readonly ServedZone[], name: string): ServedZone | undefined {
  return zones
    .filter((zone) => name === zone.name || isBelow(name, zone.name))
    .toSorted((a, b) => b.name.length - a.name.length)[0];
}

/** The NS records that hand `name` to other servers; the apex's own do not. */
function delegationAt(zone: ServedZone, name: string): readonly AnswerRecord[] | undefined {
  const cuts = zone.records.filter(
    (record) =>
      record.type === "NS" && record.name !== zone.name && (record.name === name || isBelow(name, record.name)),
  );
  const highest = cuts.toSorted((a, b) => a.name.length - b.name.length)[0]?.name;
  return highest === undefined ? undefined : cuts.filter((cut) => cut.name === highest).flatMap(toAnswer);
}

/** Everything at the name as the world sees it, the zone's own SOA and NS included. */
function recordsAt(zone: ServedZone, name: string, options: AnswerOptions): readonly AnswerRecord[] {
  const own = zone.records.filter((record) => record.name === name);
  const here = own.length > 0 ? own : coveredBy(zone, name);
  // One proxied record makes all addresses at its name proxied.
  const isProxied = here.some(({ proxied }) => proxied) && zone.status === "active" && !zone.paused;
  const shown = isProxied ? here.filter(({ type }) => !/^(?:A|AAAA|CNAME)$/.test(type)) : here;
  const hidden = isProxied
    ? (["A", "AAAA"] as const).flatMap((type) =>
        proxyAddresses[type].map((data) => ({ type, name, ttl: automaticTtlSeconds, data })),
      )
    : [];
  const apex: AnswerRecord[] =
    name === zone.name
      ? [
          startOfAuthority(zone, options),
          ...zone.name_servers.map((data) => ({ type: "NS" as const, name, ttl: 86_400, data })),
        ]
      : [];
  return [...apex, ...hidden, ...shown.flatMap(toAnswer)];
}

/**
 * What a wildcard says of a name that does not exist (RFC 4592): the one below the closest name that does, and no
 * other.
 */
function coveredBy(zone: ServedZone, name: string): readonly ServedRecord[] {
  const doesExist = (other: string): boolean =>
    other === zone.name || zone.records.some((record) => record.name === other || isBelow(record.name, other));
  if (doesExist(name)) return [];
  let parent = name.slice(name.indexOf(".") + 1);
  while (!doesExist(parent)) parent = parent.slice(parent.indexOf(".") + 1);
  return zone.records.filter((record) => record.name === `*.${parent}`).map((record) => ({ ...record, name }));
}

/** The record for the wire, in a list of one; none for types that this server does not serve. */
function toAnswer(record: ServedRecord): AnswerRecord[] {
  const { type, name, content, priority = 0 } = record;
  const ttl = record.ttl === 1 ? automaticTtlSeconds : record.ttl;
  switch (type) {
    case "A":
    case "AAAA":
    case "CNAME":
    case "NS":
    case "PTR":
      return [{ type, name, ttl, data: content }];
    case "TXT":
      return [{ type, name, ttl, data: textStrings(content) }];
    case "MX":
      return [{ type, name, ttl, data: { preference: priority, exchange: content } }];
    default:
      return [];
  }
}

/** The strings of TXT content, at most 255 bytes each on the wire. */
function textStrings(content: string): string[] {
  const quoted = [...content.matchAll(/"((?:[^"\\]|\\.)*)"/gs)].map(([, text = ""]) =>
    text.replaceAll(/\\(.)/gs, "$1"),
  );
  return (quoted.length > 0 ? quoted : [content]).flatMap((text) => text.match(/[^]{1,250}/g) ?? [""]);
}

function startOfAuthority(zone: ServedZone, options: AnswerOptions): AnswerRecord {
  const minimum = options.negativeTtlSeconds;
  const data = {
    mname: zone.name_servers[0] ?? "ns.invalid",
    rname: "dns.cloudflare.com",
    serial: 2_400_000_001,
    refresh: 10_000,
    retry: 2_400,
    expire: 604_800,
    minimum,
  };
  return { type: "SOA", name: zone.name, ttl: minimum, data };
}
