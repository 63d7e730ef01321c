// The journal and the rolled-up checks, as the API asks for them. Ports: the store and its recorder fit them.

/** A fact and when it happened. */
export interface JournalEntry {
  /** Grows with time. */
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly atWallMs: number;
  /** The same moment on the monotonic clock that other times inside the fact are of. */
  readonly atMs: number;
  /** One of the core's facts, possibly in the words of an older version. */
  readonly fact: JournaledFact;
}

export type JournaledFact = Readonly<Record<string, unknown>> & { readonly kind: string; readonly ingress?: string };

export interface Journal {
  /** Entries before an id, or the newest, newest first; where given, those about an ingress, or what concerns an endpoint of it. */
  entries(query: {
    readonly beforeId?: number;
    readonly limit: number;
    readonly ingress?: string;
    readonly endpoint?: string;
  }): readonly JournalEntry[];
  /** Entries of one kind, newest first, at most 1,000; without an endpoint, those about the ingress as a whole. */
  entriesOf(query: {
    readonly kind: string;
    readonly ingress: string;
    readonly endpoint?: string;
    readonly limit: number;
  }): readonly JournalEntry[];
  /** The oldest entry there is. */
  oldest(): JournalEntry | undefined;
}

/** The part of the journal that the daemon itself needs when it starts, before anybody reads. */
export interface EarlierJournal extends Pick<Journal, "entriesOf"> {
  /** The newest entries, oldest first. */
  newest(limit: number): readonly JournalEntry[];
  /** The id of the newest entry, written or not; 0 without any. */
  newestId(): number;
}

/** The checks of one address within one period. Latencies are missing where none was ok. */
export interface Rollup {
  readonly address: string;
  readonly startWallMs: number;
  readonly count: number;
  readonly failures: number;
  readonly inconclusive: number;
  readonly p50Ms?: number;
  readonly p95Ms?: number;
  readonly maxMs?: number;
}

/** The checks of an endpoint, in the periods that overlap a time. */
export interface RollupQuery {
  readonly ingress: string;
  readonly endpoint: string;
  readonly fromWallMs: number;
  readonly toWallMs: number;
  readonly resolution: "minute" | "hour";
  /** Of the addresses, only these and so many others that were checked last. */
  readonly addresses: { readonly known: readonly string[]; readonly newest: number };
}

export interface Rollups {
  /** For each address and each period that has any checks, in this order. */
  rollups(query: RollupQuery): readonly Rollup[];
  /** Starts of the periods in which a check of any address proved something: each once, in order. */
  coveredStarts(query: RollupQuery): readonly number[];
}
