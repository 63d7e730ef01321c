// Selection and addresses → what DNS should say. How to get there is in `plan.ts`.
import { isEmptyPlan, planBetween } from "./plan.ts";
import { publishableAddresses } from "../evidence/endpoint.ts";
import { isServing } from "../evidence/health.ts";
import type {
  AddressState,
  EndpointSettings,
  EndpointState,
  Form,
  IngressSettings,
  IngressState,
  NameState,
  PublishedRecord,
  RecordContent,
  RecordSet,
} from "../model.ts";
import { endpointNamed } from "../members.ts";
import { automaticTtl } from "../words.ts";

/**
 * What to make DNS say for this ingress, or `undefined`: leave alone what is there. That is so before the records were
 * read, before the primary has a verdict, while no endpoint is up, and while another program keeps overwriting our
 * records.
 */
export function desiredRecords(ingress: IngressState): RecordSet | undefined {
  return ingress.standoff?.mayWrite === false ? undefined : wantedRecords(ingress);
}

/**
 * What DNS should say, whether or not we may write it now; `undefined` when there is no saying. An empty name gets its
 * last good record set even while no endpoint is up.
 */
export function wantedRecords(ingress: IngressState): RecordSet | undefined {
  const { published, selection, lastGood } = ingress;
  if (published === undefined) return undefined;
  const primary = endpointNamed(ingress, selection?.primary);
  // It stays as it is once it does not depend on its mix any more.
  if (ingress.isLeaving) return primary && isAtAnyMix(ingress) ? recordsOf(ingress, primary) : undefined;
  const isAsked = selection?.reason === "pin";
  if (primary !== undefined && (isAsked || isServing(primary.health.verdict))) return recordsOf(ingress, primary);
  // A CNAME to a name without addresses is no better than none.
  const isEmpty = published.records.length === 0 || (isAtMix(ingress) && ingress.mix?.published?.records.length === 0);
  if (!isEmpty || (lastGood?.isPrivate === true && !ingress.settings.allowPrivate)) return undefined;
  return lastGood;
}

/** Whether the published record points to the mix, whatever it should do. */
export function isAtMix({ published, mix }: IngressState): boolean {
  return mix !== undefined && published?.records.some(({ content }) => content === mix.record) === true;
}

/** The same for former names of it. */
function isAtAnyMix({ published, mix, formerMixes }: IngressState): boolean {
  const names = new Set([...(mix === undefined ? [] : [mix]), ...formerMixes].map(({ record }) => record));
  return published?.records.some(({ type, content }) => type === "CNAME" && names.has(content)) === true;
}

/** Whether the ingress should point to its mix: an endpoint is published with the primary. */
export function isPointedToMix(ingress: IngressState): boolean {
  const { selection, mix } = ingress;
  if (mix === undefined || selection === undefined || !publishesCname(ingress)) return false;
  return selection.reason !== "pin" && selection.sticky.length > 0 && !ingress.isMixRefused;
}

/**
 * Whether both surely ask for the same records: all that `desiredRecords` looks at is the same. Cheaper than asking it.
 */
export function isSameDemand(a: IngressState, b: IngressState): boolean {
  return (
    a.settings === b.settings &&
    a.published === b.published &&
    a.selection === b.selection &&
    a.lastGood === b.lastGood &&
    a.standoff === b.standoff &&
    a.unseen === b.unseen &&
    a.isMixRefused === b.isMixRefused &&
    a.form === b.form &&
    a.mix === b.mix &&
    a.formerMixes === b.formerMixes &&
    a.overrides === b.overrides &&
    a.endpoints.length === b.endpoints.length &&
    a.endpoints.every((endpoint, index) => isSameOffer(endpoint, b.endpoints[index]))
  );
}

function isSameOffer(a: EndpointState, b: EndpointState | undefined): boolean {
  if (a === b || b === undefined) return a === b;
  return (
    a.settings === b.settings &&
    a.health.verdict === b.health.verdict &&
    a.health.isDegraded === b.health.isDegraded &&
    a.heldUntilMs === b.heldUntilMs &&
    a.addresses.length === b.addresses.length &&
    a.addresses.every(({ text, health, isUncheckable }, index) => {
      const other = b.addresses[index];
      return text === other?.text && health.verdict === other.health.verdict && isUncheckable === other.isUncheckable;
    })
  );
}

/** The published records as a record set: what was last known to be good. `undefined` for an empty name. */
export function recordSetOf(published: readonly PublishedRecord[]): RecordSet | undefined {
  if (published.length === 0) return undefined;
  return {
    records: inOrder(published.map(({ type, content }) => ({ type, content }))),
    ttlSeconds: Math.min(...published.map(({ ttlSeconds }) => ttlSeconds)),
    proxied: published.some(({ proxied }) => proxied),
  };
}

/**
 * Whether the records are still those that we wrote last. They are ours then, though it is not known at the moment
 * whose addresses they hold: no resolver answers, or the endpoint has moved meanwhile.
 */
export function isAsWritten({ published, lastGood }: IngressState): boolean {
  return (
    published !== undefined && lastGood !== undefined && contentsOf(published.records) === contentsOf(lastGood.records)
  );
}

function contentsOf(records: readonly RecordContent[]): string {
  const lines = records.map(({ type, content }) => `${type} ${content}`);
  return lines.toSorted().join("\n");
}

/** The mark on records that we wrote, where people have put no comment of their own. */
export const recordComment = "managed by cloudflare-cname-switcher";

/**
 * Whether nothing is left to do at the ingress' own name: its records say what they should, or nothing is asked of
 * them.
 */
export function isNameInSync(ingress: IngressState): boolean {
  const wanted = wantedRecords(ingress);
  if (ingress.published === undefined) return false;
  return wanted === undefined || isEmptyPlan(planBetween(ingress.published.records, wanted));
}

/** Whether the records are, or are to be, proxied. */
export function isProxied({ settings, published, lastGood }: IngressState): boolean {
  return settings.proxied ?? recordSetOf(published?.records ?? [])?.proxied ?? lastGood?.proxied ?? false;
}

function recordsOf(ingress: IngressState, primary: EndpointState): RecordSet | undefined {
  const proxied = isProxied(ingress);
  const ttlOf = (those: readonly EndpointState[]): number => lowestTtl(those, { proxied });
  const { target } = primary.settings;
  const { mix } = ingress;
  if (target.kind === "host" && publishesCname(ingress)) {
    const isMixed = mix !== undefined && isPointedToMix(ingress);
    const members = isMixed ? mixOf(ingress, primary, mix) : [primary];
    const content = isMixed ? mix.record : target.host;
    // While the mix still holds an endpoint with a lower TTL, the name that leads to it has that TTL as well.
    const standing = isMixed ? (mix.published?.records ?? []) : [];
    const ttlSeconds = shortest([ttlOf(members), ...standing.map((record) => record.ttlSeconds)]);
    return { records: [{ type: "CNAME", content }], ttlSeconds, proxied };
  }
  const members = mixOf(ingress, primary, ingress);
  const records = addressRecords(ingress, members, ingress);
  return records && { records, ttlSeconds: ttlOf(members), proxied };
}

/** The addresses of these endpoints at the name of the mix; `undefined` when one of them has none. */
export function mixSetOf(ingress: IngressState, members: readonly EndpointState[]): RecordSet | undefined {
  const { mix } = ingress;
  if (mix === undefined || members.some((member) => addressesOf(ingress, member, mix).length === 0)) return undefined;
  const records = addressRecords(ingress, members, mix);
  return records && { records, ttlSeconds: lowestTtl(members, { proxied: false }), proxied: false };
}

/** Whether an address of the endpoint may be in the mix. */
export function hasMixAddress(ingress: IngressState, member: EndpointState): boolean {
  return ingress.mix !== undefined && addressesOf(ingress, member, ingress.mix).length > 0;
}

/**
 * A primary whose addresses are forgotten, as no resolver answers lookups, leaves the mix to the others. Its TTL counts
 * all the same: once its addresses are known again, they should soon be seen.
 */
function addressRecords(
  ingress: IngressState,
  members: readonly EndpointState[],
  at: NameState,
): readonly RecordContent[] | undefined {
  const addresses = members.flatMap((member) => addressesOf(ingress, member, at));
  const byText = new Map(addresses.map(({ text, family }) => [text, family]));
  const records = [...byText].map(([content, family]): RecordContent => ({ type: recordTypes[family], content }));
  if (records.length === 0) return undefined;
  return inOrder([...records, ...keptUntilSeen(at, members, records)]);
}

/**
 * What goes, though only once every server shows what stays: servers learn of each record on its own, and one that
 * heard of the deletion first would deny the name, which resolvers remember for half an hour. Where a record of the
 * same type stays, it is patched instead (`planBetween`).
 */
function keptUntilSeen(
  { published, unseen }: NameState,
  members: readonly EndpointState[],
  wanted: readonly RecordContent[],
): readonly RecordContent[] {
  if (published === undefined || unseen === undefined) return [];
  const theirs = new Set(members.flatMap(({ addresses }) => addresses.map(({ text }) => text)));
  const isOfWantedType = ({ type }: PublishedRecord): boolean => wanted.some((record) => record.type === type);
  const seen = published.records.filter(({ id, content }) => !unseen.ids.includes(id) && theirs.has(content));
  const isPending = published.records.some((record) => unseen.ids.includes(record.id) && isOfWantedType(record));
  if (!isPending || seen.some(isOfWantedType)) return [];
  return seen.map(({ type, content }) => ({ type, content }));
}

/** The primary and the endpoints that are sticky. Members without an address drop out: they never block an update. */
function mixOf(ingress: IngressState, primary: EndpointState, at: NameState): readonly EndpointState[] {
  if (ingress.isMixRefused) return [primary];
  const sticky = (ingress.selection?.sticky ?? []).flatMap(({ endpoint }) => {
    const member = endpointNamed(ingress, endpoint);
    return member === undefined || addressesOf(ingress, member, at).length === 0 ? [] : [member];
  });
  return [primary, ...sticky];
}

/**
 * The addresses that a member contributes. What is pinned is not judged. What is there is not taken away on half the
 * evidence, since resolvers remember for half an hour that a name has no address of a family:
 * - an address without a verdict yet stays, as after a restart, and so does one that is just coming back;
 * - the last of a family stays while the endpoint as a whole is in question: most lines fail in both families at once,
 *   and the other one may be about to follow.
 */
function addressesOf(
  { selection }: IngressState,
  member: EndpointState,
  { published }: NameState,
): readonly AddressState[] {
  if (selection?.reason === "pin") return member.addresses;
  const standing = new Set(published?.records.map(({ content }) => content));
  const publishable = new Set(publishableAddresses(member));
  const isLast = ({ family }: AddressState): boolean => !publishable.values().some((other) => other.family === family);
  const mayStay = (address: AddressState): boolean => {
    const { verdict } = address.health;
    const isUndecided = verdict === "unknown" || verdict === "recovering";
    return isUndecided || (member.health.verdict === "suspect" && isLast(address));
  };
  return member.addresses.filter(
    (address) => publishable.has(address) || (standing.has(address.text) && mayStay(address)),
  );
}

/**
 * The form that the configuration asks for, by its word or by a target that is an address; `undefined`: the one it has.
 */
export function askedForm({ publish, endpoints }: IngressSettings): Form | undefined {
  if (publish === "addresses" || endpoints.some(({ target }) => target.kind === "addresses")) return "addresses";
  return publish === "cname" ? "cname" : undefined;
}

/** Whether its form is a CNAME. Without anything published yet, that is what `auto` takes. */
export function publishesCname({ settings, form }: { settings: IngressSettings; form?: Form | undefined }): boolean {
  return (askedForm(settings) ?? form ?? "cname") === "cname";
}

/** What an automatic TTL amounts to. */
const automaticTtlSeconds = 300;

/** Seconds for which resolvers may keep the records of an endpoint. */
export function ttlSecondsOf({ ttl }: Pick<EndpointSettings, "ttl">): number {
  return ttl === "auto" ? automaticTtlSeconds : ttl;
}

/** The same for the TTL of a published record. */
export function cachedSeconds(ttlSeconds: number): number {
  return ttlSeconds === automaticTtl ? automaticTtlSeconds : ttlSeconds;
}

/** The one of these TTLs that lets resolvers keep an answer for the shortest time: automatic is 1, and means 300 s. */
function shortest(ttls: readonly number[]): number {
  return ttls.reduce((least, ttl) => (cachedSeconds(ttl) < cachedSeconds(least) ? ttl : least));
}

/**
 * The TTL that these members have together, as Cloudflare writes it: 1 is automatic, and so is any proxied record's.
 */
export function lowestTtl(members: readonly EndpointState[], { proxied }: Pick<RecordSet, "proxied">): number {
  if (proxied) return automaticTtl;
  const lowest = Math.min(...members.map(({ settings }) => ttlSecondsOf(settings)));
  const isAutomatic = lowest === automaticTtlSeconds && members.some(({ settings: { ttl } }) => ttl === "auto");
  return isAutomatic ? automaticTtl : lowest;
}

const recordTypes = { ipv4: "A", ipv6: "AAAA" } as const;

function inOrder(records: readonly RecordContent[]): readonly RecordContent[] {
  return records.toSorted((a, b) => compareText(a.type, b.type) || compareText(a.content, b.content));
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
