// What happened, as it is kept and asked for: the journal of facts, and the checks rolled up over minutes and hours.
import type { Fact } from "./events.ts";

/** A fact and when it happened. */
export interface JournalEntry {
  /** Grows with time; never given twice while the file lasts. */
  readonly id: number;
  /** By the wall clock of that moment, milliseconds since 1970. */
  readonly atWallMs: number;
  /** The same moment on the monotonic clock that other times inside the fact are of. */
  readonly atMs: number;
  readonly fact: JournaledFact;
}

/** One of the core's facts, possibly in the words of an older version. */
export type JournaledFact = Readonly<Record<string, unknown>> & { readonly kind: string; readonly ingress?: string };

/** Which entries are asked for: those about an ingress, or what concerns an endpoint of it, where that is given. */
export interface JournalQuery {
  /** Only entries before this one. */
  readonly beforeId?: number | undefined;
  readonly limit: number;
  readonly ingress?: string | undefined;
  /** Only together with the ingress. */
  readonly endpoint?: string | undefined;
}

/** The same, for entries of one kind. */
export interface KindQuery {
  readonly kind: string;
  readonly ingress: string;
  /** Without one, those about the ingress as a whole. */
  readonly endpoint?: string | undefined;
  /** Only entries before this one. */
  readonly beforeId?: number | undefined;
  readonly limit: number;
}

export interface Journal {
  /** Entries before an id, or the newest, newest first. */
  entries(query: JournalQuery): readonly JournalEntry[];
  /** Entries of one kind, newest first, at most 1,000. */
  entriesOf(query: KindQuery): readonly JournalEntry[];
  /** The oldest entry there is. */
  oldest(): JournalEntry | undefined;
}

/** The part of the journal that the daemon itself needs when it starts, before there are any readers. */
export interface EarlierJournal extends Pick<Journal, "entriesOf"> {
  /** The newest entries, oldest first. */
  newest(limit: number): readonly JournalEntry[];
  /** The id of the newest entry, written or not; 0 without any. */
  newestId(): number;
}

/** How finely checks are rolled up. */
export type Granularity = "minute" | "hour" | "day";

/** The checks of an endpoint, in the periods that overlap a time. */
export interface RollupQuery {
  readonly ingress: string;
  readonly endpoint: string;
  /** Periods that overlap the time from here … */
  readonly fromWallMs: number;
  /** … until before here; the newest 10,000 of each address. */
  readonly toWallMs: number;
  readonly resolution: Granularity;
  /** Of the addresses, only these and so many others that were checked last; all of them where it is missing. */
  readonly addresses?: { readonly known: readonly string[]; readonly newest: number };
}

/** The checks of one address within one period. Latencies are of the checks that were ok; missing without any. */
export interface Rollup {
  readonly address: string;
  readonly startWallMs: number;
  readonly count: number;
  readonly failures: number;
  readonly inconclusive: number;
  /** Within 2 %. */
  readonly p50Ms: number | undefined;
  /** Within 2 %. */
  readonly p95Ms: number | undefined;
  readonly maxMs: number | undefined;
}

export interface Rollups {
  /** For each address and each period that has any checks, in this order. */
  rollups(query: RollupQuery): readonly Rollup[];
  /** Starts of the periods in which a check of any address proved something: each once, in order. */
  coveredStarts(query: RollupQuery): readonly number[];
}

/** A change of the selection concerns every endpoint of the ingress. */
export const concernsAll: Fact["kind"] = "selection-changed";

/** Whether a fact is among those that a query asks for. */
export function isAskedFor(fact: JournaledFact, { ingress, endpoint }: Omit<JournalQuery, "limit">): boolean {
  if (ingress !== undefined && fact.ingress !== ingress) return false;
  return endpoint === undefined || ingress === undefined || fact.kind === concernsAll || endpointOf(fact) === endpoint;
}

/** The same for entries of one kind. */
export function isOfKind(fact: JournaledFact, { kind, ingress, endpoint }: Omit<KindQuery, "limit">): boolean {
  return fact.kind === kind && fact.ingress === ingress && endpointOf(fact) === endpoint;
}

/**
 * The endpoint that a fact is about, if it is about one; a manual override, and the report of a drill, name it one
 * level deeper.
 */
export function endpointOf({ endpoint, override, report }: JournaledFact): string | undefined {
  const deeper = [override, report].map((part) =>
    typeof part === "object" && part !== null && "endpoint" in part ? part.endpoint : undefined,
  );
  return [endpoint, ...deeper].find((name) => typeof name === "string");
}

/**
 * Whether this version knows facts of this kind. What else it says is taken on trust: an older version may have written
 * it, and a fact that was too long is kept without its details.
 */
export function isKnownFact(fact: JournaledFact): fact is JournaledFact & Fact {
  return Object.hasOwn(knownKinds, fact.kind);
}

const knownKinds: Readonly<Record<Fact["kind"], true>> = {
  "config-applied": true,
  "config-rejected": true,
  "ingress-added": true,
  "ingress-released": true,
  "address-health-changed": true,
  "endpoint-health-changed": true,
  "endpoint-renamed": true,
  "addresses-shared": true,
  "addresses-left-out": true,
  "selection-changed": true,
  "ingress-outage-began": true,
  "ingress-outage-ended": true,
  "records-changed": true,
  "override-began": true,
  "override-ended": true,
  "drill-reported": true,
  "mix-changed": true,
  "mix-blocked": true,
  "mix-freed": true,
  "standoff-began": true,
  "standoff-ended": true,
  "visibility-known": true,
  "blindness-began": true,
  "blindness-ended": true,
  "clock-wrong": true,
  "clock-right": true,
  "cloud-trouble-began": true,
  "cloud-trouble-ended": true,
};
