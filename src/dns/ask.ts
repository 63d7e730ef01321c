// Asks one resolver for all addresses of a host, A and AAAA side by side, along any chain of CNAMEs.
import type { Address, Family } from "../core/model.ts";
import type { Clock } from "../lib/clock.ts";
import { parseIp } from "../lib/ip.ts";
import { plain } from "../lib/text.ts";
import type { Exchange, Reply } from "./exchange.ts";
import { mayBeTranslated, telltaleName, withoutTranslated } from "./nat64.ts";
import { canonicalName, isAskable, type Answered } from "./wire.ts";

/** What one server says about one family of a host's addresses. */
export type ServerAnswer =
  /** At least one, sorted, without doubles. */
  | {
      readonly kind: "addresses";
      readonly addresses: readonly Address[];
      readonly ttlSeconds: number;
      /** The names that CNAME records led to. */
      readonly via: readonly string[];
    }
  | { readonly kind: "absent"; readonly reason: "nxdomain" | "no-data"; readonly ttlSeconds?: number }
  /** It could not say. `detail` is for people and names the server. */
  | { readonly kind: "unknown"; readonly reason: "silent" | "servfail" | "refused" | "local"; readonly detail: string };

export type ServerAnswers = { readonly [family in Family]: ServerAnswer };

export interface Asking {
  readonly exchange: Exchange;
  readonly clock: Clock;
  readonly server: string;
  readonly host: string;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/** Resolvers follow CNAMEs themselves; when one stops half-way we continue asking, this many times at most. */
const mostQuestions = 8;

export async function askForAddresses(asking: Asking): Promise<ServerAnswers> {
  const [ipv4, ipv6] = await Promise.all([askForFamily(asking, "ipv4"), askForFamily(asking, "ipv6")]);
  if (ipv4.kind !== "addresses" || ipv6.kind !== "addresses" || !mayBeTranslated(ipv6.addresses, ipv4.addresses)) {
    return { ipv4, ipv6 };
  }
  // Some people write their IPv4 address into a real IPv6 one. The resolver itself says whether it makes them up.
  const told = await askForFamily({ ...asking, host: telltaleName }, "ipv6");
  if (told.kind === "unknown") return { ipv4, ipv6: told };
  if (told.kind === "absent") return { ipv4, ipv6 };
  return { ipv4, ipv6: { ...ipv6, addresses: withoutTranslated(ipv6.addresses, told.addresses) } };
}

async function askForFamily(asking: Asking, family: Family): Promise<ServerAnswer> {
  const type = family === "ipv4" ? "A" : "AAAA";
  let name = canonicalName(asking.host);
  let ttlSeconds = Infinity;
  const via: string[] = [];
  for (let count = 0; count < mostQuestions; count++) {
    if (!isAskable(name))
      return unknown(asking, "servfail", `leads to a name that cannot be looked up (${plain(name, 80)})`);
    const reply = await asking.exchange(
      asking.server,
      { name, type },
      { timeoutMs: asking.deadlineMs - asking.clock.nowMs(), signal: asking.signal, isRecursive: true },
    );
    const trouble = troubleIn(reply);
    if (trouble !== undefined) return unknown(asking, trouble.reason, trouble.detail);
    const answered = reply as Answered;
    const end = followAliases(answered, name);
    if (end === undefined) return unknown(asking, "servfail", "leads into a loop of CNAMEs");
    ttlSeconds = Math.min(ttlSeconds, end.ttlSeconds);
    via.push(...end.via);
    const found = answered.answers.filter((record) => record.name === end.name && record.type === type);
    if (found.length > 0) {
      const addresses = addressesOf(
        found.map(({ data }) => data),
        family,
      );
      if (addresses.length === 0) return unknown(asking, "servfail", "sent an unreadable address");
      return {
        kind: "addresses",
        addresses,
        ttlSeconds: Math.min(ttlSeconds, ...found.map((record) => record.ttlSeconds)),
        via,
      };
    }
    const reason = absenceIn(answered, end.name, name);
    if (reason !== undefined) {
      const least = Math.min(ttlSeconds, answered.negative?.ttlSeconds ?? Infinity);
      return { kind: "absent", reason, ...(Number.isFinite(least) && { ttlSeconds: least }) };
    }
    name = end.name;
  }
  return unknown(asking, "servfail", "leads along a chain of too many CNAMEs");
}

/** Why a reply says nothing about the name. */
function troubleIn(reply: Reply): { reason: "silent" | "servfail" | "refused" | "local"; detail: string } | undefined {
  if (reply.kind !== "answered") return { reason: reply.kind, detail: reply.detail };
  if (reply.rcode === "REFUSED") return { reason: "refused", detail: "refused to answer (REFUSED)" };
  if (reply.rcode !== "NOERROR" && reply.rcode !== "NXDOMAIN") {
    return { reason: "servfail", detail: `could not answer (${plain(reply.rcode, 20)})` };
  }
  if (reply.isReferral) return { reason: "servfail", detail: "only referred to other servers; it is not a resolver" };
  return undefined;
}

/** The name at the end of the CNAMEs within one answer, and their lowest TTL; `undefined` when they go in a circle. */
function followAliases(
  answered: Answered,
  from: string,
): { name: string; ttlSeconds: number; via: readonly string[] } | undefined {
  const aliases = new Map(
    answered.answers.filter(({ type }) => type === "CNAME").map((record) => [record.name, record] as const),
  );
  const passed = new Set<string>();
  const via: string[] = [];
  let end = { name: from, ttlSeconds: Infinity };
  for (let alias = aliases.get(from); alias !== undefined; alias = aliases.get(end.name)) {
    if (passed.has(alias.name)) return undefined;
    passed.add(alias.name);
    end = { name: alias.data, ttlSeconds: Math.min(end.ttlSeconds, alias.ttlSeconds) };
    via.push(canonicalName(alias.data));
  }
  return { ...end, via };
}

/**
 * Why the name at the end has no address; `undefined` when the answer just stopped there, so that it must be asked for.
 */
function absenceIn(answered: Answered, end: string, asked: string): "nxdomain" | "no-data" | undefined {
  if (answered.rcode === "NXDOMAIN") return "nxdomain";
  const zone = answered.negative?.zone;
  const isVouchedFor = zone !== undefined && (zone === "" || end === zone || end.endsWith(`.${zone}`));
  return end === asked || isVouchedFor ? "no-data" : undefined;
}

function addressesOf(texts: readonly string[], family: Family): Address[] {
  const byText = new Map<string, Address>();
  for (const text of texts) {
    const address = parseIp(text);
    if (address?.family === family) byText.set(address.text, address);
  }
  // Servers rotate their answers; ours stay in one order.
  return [...byText.values()].toSorted((a, b) => (a.text < b.text ? -1 : 1));
}

function unknown(
  asking: Asking,
  reason: "silent" | "servfail" | "refused" | "local",
  detail: string,
): Extract<ServerAnswer, { kind: "unknown" }> {
  return { kind: "unknown", reason, detail: `${asking.server} ${detail}` };
}
