// The vocabulary of records: what DNS should say, what stands at Cloudflare, the difference, and
// what went wrong in between. Types only.

export type RecordType = "A" | "AAAA" | "CNAME";

export interface RecordContent {
  readonly type: RecordType;
  /** Canonical: an address as in `Address.text`, or a host name in lower case without trailing dot. */
  readonly content: string;
}

/** What DNS should say. One CNAME, or one or more A/AAAA records. Sorted by type and content, no duplicates. */
export interface RecordSet {
  readonly records: readonly RecordContent[];
  /** 60 to 86400, or 1 for automatic (always when proxied). */
  readonly ttlSeconds: number;
  readonly proxied: boolean;
  /** It holds private addresses; said of sets that may be put back. */
  readonly isPrivate?: true;
}

/** What an ingress is for its life: one CNAME, or A and AAAA records. */
export type Form = "cname" | "addresses";

/** One of our records as it is at Cloudflare. */
export interface PublishedRecord extends RecordContent {
  readonly id: string;
  /** Of an address that is not public. */
  readonly scope?: "private" | "special";
  readonly ttlSeconds: number;
  readonly proxied: boolean;
  /** What people may have added to the record. It is carried over by every write. */
  readonly extras?: RecordExtras;
}

/** What is beside the content of a record and is not ours to decide. Empty parts are missing. */
export interface RecordExtras {
  readonly comment?: string;
  readonly tags?: readonly string[];
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** All A, AAAA and CNAME records at the ingress name, as last read or confirmed by a write. */
export interface Published {
  readonly records: readonly PublishedRecord[];
  readonly atMs: number;
  readonly by: "read" | "write";
}

/** The difference between the published and the desired record set: the body of one batch. All empty: nothing to do. */
export interface Plan {
  readonly deletes: readonly { readonly id: string }[];
  readonly patches: readonly (PlannedRecord & { readonly id: string })[];
  readonly posts: readonly PlannedRecord[];
}

export interface PlannedRecord extends RecordContent {
  readonly ttlSeconds: number;
  readonly proxied: boolean;
  /** Those of the record that is patched, or whose place a new one takes. */
  readonly extras?: RecordExtras;
}

/** Why the records could not be read or written. */
export interface CloudProblem {
  readonly kind:
    /** Worth another try soon: timeouts, dropped connections, 5xx, unparsable answers. */
    | "transient"
    /** Told to wait. */
    | "rate-limited"
    /** The token is wrong or may not do this. */
    | "auth"
    /** Cloudflare will never take this content. */
    | "invalid"
    /** Something at the name is in the way: an NS record, a read-only record. */
    | "obstacle";
  /** For people: what happened and what to do. Plain and short, without secrets. */
  readonly message: string;
  /** Whether it happened while reading or while writing. */
  readonly during: "read" | "write";
}
