// Whether what one authoritative server answers is what was written. Pure. Compares contents, not TTLs: what matters is
// where clients are sent.
import { mixesOf, mixPointedTo } from "../core/records/mix.ts";
import type { EndpointState, IngressState, MixState, PublishedRecord, RecordContent } from "../core/model.ts";
import { parseIp } from "../lib/ip.ts";
import { plain } from "../lib/text.ts";
import type { Reply } from "./exchange.ts";

/** What should be seen, and whose addresses are whose, for servers that answer with addresses in place of a CNAME. */
export interface Expectation {
  readonly record: string;
  /** As Cloudflare confirmed them; none is proxied. */
  readonly published: readonly PublishedRecord[];
  /** Addresses of whomever the published CNAME names. */
  readonly ours: ReadonlySet<string>;
  /** Addresses that stood at the name before. */
  readonly earlier: ReadonlySet<string>;
  /** Addresses of the mix that the name led to before; none where it led elsewhere. */
  readonly earlierMix: ReadonlySet<string>;
  /**
   * `ours` is all there is behind the CNAME, in the same zone: a server that shows anything else does not know of it
   * yet.
   */
  readonly isExact: boolean;
  /** Addresses that served before, or belong to other endpoints, and not to ours as well. */
  readonly others: ReadonlySet<string>;
}

/** The answers of one server about the record's name. */
export interface Answers {
  readonly A: Reply;
  readonly AAAA: Reply;
}

/** Of what a server says, so many records are shown. */
const mostShown = 6;

export type Word =
  | { readonly kind: "agrees" }
  /** `says`: what it shows in place of what was written, such as `CNAME old.example.com`. */
  | { readonly kind: "differs"; readonly says: string }
  /** Addresses that belong to no known endpoint: they are inconclusive. */
  | { readonly kind: "unclear"; readonly says: string }
  /** `detail` continues after the server's name: `did not answer`. `isReferral`: other servers are responsible. */
  | { readonly kind: "silent"; readonly detail: string; readonly isReferral: boolean };

/** What one server's answers amount to. */
export function compare(answers: Answers, expectation: Expectation): Word {
  const { record, published } = expectation;
  const silent = silenceIn(answers.A) ?? silenceIn(answers.AAAA);
  const seen = (["A", "AAAA"] as const).flatMap((type) => seenAt(record, answers[type]));
  const texts = [...new Set(seen.map(textOf))].toSorted();
  const differs: Word = { kind: "differs", says: plain(texts.slice(0, mostShown).join(", ") || "no record", 200) };
  const wanted = published.map(textOf);
  if (published.some(({ type }) => type === "CNAME")) {
    if (!seen.some(({ type }) => type === "CNAME")) return silent ?? compareFlattened(seen, differs, expectation);
    return texts.every((text) => wanted.includes(text)) ? { kind: "agrees" } : differs;
  }
  // With one answer missing, the other one can still show that something is wrong, but not that all is well.
  const ofHeard = published.filter(({ type }) => type !== "CNAME" && silenceIn(answers[type]) === undefined);
  const isSame = ofHeard.map(textOf).toSorted().join(", ") === texts.join(", ");
  return isSame ? (silent ?? { kind: "agrees" }) : differs;
}

/** Cloudflare answers with addresses where a CNAME leads to a name of the same zone, and at the zone's own name. */
function compareFlattened(seen: readonly RecordContent[], differs: Word, expectation: Expectation): Word {
  const { ours, earlier, earlierMix, others, isExact } = expectation;
  const addresses = new Set(seen.map(({ content }) => content));
  if (isExact) return addresses.symmetricDifference(ours).size === 0 ? { kind: "agrees" } : differs;
  if (!addresses.isDisjointFrom(others)) return differs;
  const own = addresses.intersection(ours);
  // Servers may see more addresses behind the alias than we do. But beside one that stood there before, a strange one
  // may be what somebody else made of the old records.
  // A server that still follows the old CNAME to a mix shows that mix as its addresses.
  const isMixPerhaps = addresses.size > 0 && addresses.symmetricDifference(earlierMix).size === 0;
  const isOldPerhaps = isMixPerhaps || (own.isSubsetOf(earlier) && !addresses.isSubsetOf(ours));
  if (own.size > 0 && !isOldPerhaps) return { kind: "agrees" };
  // No record at all is a wrong answer only where there is something to be seen.
  if (addresses.size === 0 && ours.size > 0) return differs;
  return { kind: "unclear", says: [...addresses].toSorted().slice(0, mostShown).join(", ") || "no record" };
}

/** The records at the name itself; what follows behind an alias is another name's. */
function seenAt(record: string, reply: Reply): readonly RecordContent[] {
  if (reply.kind !== "answered" || silenceIn(reply) !== undefined) return [];
  return reply.answers.flatMap(({ name, type, data }) => {
    if (name !== record || type === "NS") return [];
    return [{ type, content: type === "CNAME" ? data : (parseIp(data)?.text ?? data) }];
  });
}

function textOf({ type, content }: RecordContent): string {
  return `${type} ${content}`;
}

/** Why a reply says nothing of what the zone holds; `undefined` when it does. */
function silenceIn(reply: Reply): Silence | undefined {
  if (reply.kind !== "answered") return silence(reply.detail);
  if (reply.isReferral) return { ...silence("is not responsible for the name"), isReferral: true };
  if (reply.rcode !== "NOERROR" && reply.rcode !== "NXDOMAIN") return silence(`answered ${plain(reply.rcode, 20)}`);
  return reply.isAuthoritative ? undefined : silence("gave an answer without authority");
}

type Silence = Word & { readonly kind: "silent" };

function silence(detail: string): Silence {
  return { kind: "silent", detail, isReferral: false };
}

/** What to expect of an ingress, whose name held `before` until it was written last. */
export function expectationOf(ingress: IngressState, before: readonly PublishedRecord[]): Expectation {
  const { settings, endpoints, published } = ingress;
  const mix = mixPointedTo(ingress);
  if (mix?.published !== undefined) {
    const ours = new Set(mix.published.records.map(({ content }) => content));
    const none: ReadonlySet<string> = new Set();
    const records = published?.records ?? [];
    const earlier = { earlier: none, earlierMix: none, others: none };
    return { record: settings.record, published: records, ours, ...earlier, isExact: true };
  }
  const records = published?.records ?? [];
  const named = records.flatMap(({ type, content }) => (type === "CNAME" ? [content] : []));
  const isNamed = ({ settings: { target } }: EndpointState): boolean =>
    target.kind === "host" && named.includes(target.host);
  const ours = new Set(addressesOf(endpoints.filter(isNamed)));
  const earlier = new Set(before.flatMap(({ type, content }) => (type === "CNAME" ? [] : [content])));
  // A mix that was pointed to before shows as its addresses, also those of an endpoint that is not configured any more.
  const left = mixesOf(ingress).filter((each) => before.some(({ content }) => content === each.record));
  const earlierMix = new Set(left.flatMap((each) => (each.published?.records ?? []).map(({ content }) => content)));
  const others = new Set([
    ...addressesOf(endpoints.filter((endpoint) => !isNamed(endpoint))),
    ...earlier,
    ...earlierMix,
  ]);
  return {
    record: settings.record,
    published: records,
    ours,
    earlier,
    earlierMix,
    others: others.difference(ours),
    isExact: false,
  };
}

/** What to expect at the name of a mix: exactly its records. */
export function mixExpectationOf({ record, published }: MixState): Expectation {
  const none: ReadonlySet<string> = new Set();
  const records = published?.records ?? [];
  return {
    record,
    published: records,
    ours: none,
    earlier: none,
    earlierMix: none,
    others: none,
    isExact: false,
  };
}

function addressesOf(endpoints: readonly EndpointState[]): readonly string[] {
  return endpoints.flatMap(({ addresses }) => addresses.map(({ text }) => text));
}
