// The port to wherever the records live: read what stands at an ingress name, apply a plan in one request, fail in one
// way. Also the last guard in front of every write.
import type { CloudProblem, IngressSettings, Plan, PlannedRecord, PublishedRecord } from "../core/model.ts";
import { recordComment } from "../core/records/records.ts";

export interface RecordProvider {
  /** All A, AAAA and CNAME records at exactly this name. Rejects with `CloudError`. */
  list(ingress: IngressName, call: Call): Promise<readonly PublishedRecord[]>;
  /**
   * Applies the plan in one batch request, all or nothing, and resolves to all our records at the name afterwards.
   * `known` is what the plan was made from. Rejects with `CloudError`; throws before sending what would be an internal
   * error.
   */
  apply(
    ingress: IngressName,
    plan: Plan,
    known: readonly PublishedRecord[],
    call: Call,
  ): Promise<readonly PublishedRecord[]>;
  /**
   * The names that `host` leads to by the records of its zone, until one that `isEnd` (see `tracePath`); empty where it
   * lies in no zone that may be read. Rejects with `CloudError`. Missing where there is nothing to read.
   */
  trace?(ingress: IngressName, host: string, isEnd: (name: string) => boolean, call: Call): Promise<readonly string[]>;
  /** Missing where every name has requests of its own. */
  readonly shared?: SharedCalls | undefined;
}

/**
 * Requests that each serve several names of one zone. Every name has an outcome of its own, in the order in which the
 * names were given. What concerns all of them alike rejects with `CloudError`.
 */
export interface SharedCalls {
  /** The zone of this name, as far as it is known without asking. */
  zoneOf(ingress: IngressName): string | undefined;
  /**
   * Looks for the zones of several names. Those that are not found by this are looked up with the name's own requests.
   */
  findZones(ingresses: readonly IngressName[], call: Call): Promise<void>;
  /** Whether a list of this zone takes fewer calls than one list for each of so many names. */
  isWorthListing(zone: string, names: number): boolean;
  list(ingresses: readonly IngressName[], call: Call): Promise<readonly NameOutcome[]>;
  /** In one batch: all plans or none. */
  apply(changes: readonly NameChange[], call: Call): Promise<readonly NameOutcome[]>;
}

/** One plan among those of a batch. `known` is what the plan was made from. */
export interface NameChange {
  readonly ingress: IngressName;
  readonly plan: Plan;
  readonly known: readonly PublishedRecord[];
}

/** `apart`: nothing was learned or done for this name, which needs requests of its own. */
export type NameOutcome = readonly PublishedRecord[] | CloudError | "apart";

/** What a provider needs to know of an ingress. */
export type IngressName = Pick<IngressSettings, "record"> & {
  /** As configured: its name or its id. */
  readonly zone?: IngressSettings["zone"] | undefined;
  /**
   * The name is that of a mix of this ingress: it may be left without a record, and only records with our comment are
   * ours.
   */
  readonly mixOf?: string;
};

/** The circumstances of one `list` or `apply`. */
export interface Call {
  /** Gives the call up. What a write did by then is unknown. */
  readonly signal: AbortSignal;
  /** Awaited before every single request: resolves when it may be sent. Rejects when the signal aborts first. */
  admit(): Promise<void>;
}

export type CloudErrorKind =
  | CloudProblem["kind"]
  /** The records are not what the plan was made from: read them and plan again. */
  | "stale";

/** Why a call failed. Its message is for people: plain, short, and without secrets. */
export class CloudError extends Error {
  override readonly name = "CloudError";
  readonly kind: CloudErrorKind;
  /** A write that may have happened all the same, now or a little later. */
  readonly isAmbiguous: boolean;
  /** How long the other side asked us to wait, as it said it. */
  readonly retryAfterMs?: number;
  readonly #more: CloudErrorDetails;

  constructor(kind: CloudErrorKind, message: string, more: CloudErrorDetails = {}) {
    super(message);
    this.kind = kind;
    this.isAmbiguous = more.isAmbiguous ?? false;
    if (more.retryAfterMs !== undefined) this.retryAfterMs = more.retryAfterMs;
    this.#more = more;
  }

  /** The same failure of a shared request, in the words for another of its names. */
  about(record: string): CloudError {
    return new CloudError(this.kind, this.#more.messageFor?.(record) ?? this.message, this.#more);
  }
}

interface CloudErrorDetails {
  readonly isAmbiguous?: boolean;
  readonly retryAfterMs?: number;
  /** The message as it would be for another name. */
  readonly messageFor?: (record: string) => string;
}

/**
 * Throws when a plan would break what must always hold: only known records are touched and none changes its type, the
 * name is not left empty, a CNAME stands alone, and all records share one TTL and one proxied flag.
 */
export function assertSafe(plan: Plan, known: readonly PublishedRecord[], { mixOf }: Partial<IngressName> = {}): void {
  const untouched = new Map(known.map((record) => [record.id, record]));
  for (const { id } of [...plan.deletes, ...plan.patches]) {
    if (!untouched.has(id))
      throw new Error(`internal error: the plan touches record ${id}, which is not known or touched twice`);
    untouched.delete(id);
  }
  for (const patch of plan.patches) {
    const before = known.find(({ id }) => id === patch.id);
    if (before?.type !== patch.type) throw new Error(`internal error: the plan changes the type of record ${patch.id}`);
  }
  const after: readonly PlannedRecord[] = [...untouched.values(), ...plan.patches, ...plan.posts];
  const [first] = after;
  if (mixOf !== undefined) {
    if (known.some(({ extras }) => extras?.comment !== recordComment))
      throw new Error("internal error: the mix has foreign records");
    if (after.some(({ type }) => type === "CNAME"))
      throw new Error("internal error: the plan would make the mix a CNAME");
    if (first === undefined) return;
  }
  if (first === undefined) throw new Error("internal error: the plan would leave the name without a record");
  if (after.length > 1 && after.some(({ type }) => type === "CNAME")) {
    throw new Error("internal error: the plan would put a CNAME beside another record");
  }
  if (after.some(({ ttlSeconds, proxied }) => ttlSeconds !== first.ttlSeconds || proxied !== first.proxied)) {
    throw new Error("internal error: the plan would leave records that differ in TTL or proxied flag");
  }
}

/** Records in a fixed order, so that the same ones always compare equal. */
export function sorted(records: readonly PublishedRecord[]): readonly PublishedRecord[] {
  return records.toSorted((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
}

function sortKey({ type, content, id }: PublishedRecord): string {
  return `${type} ${content} ${id}`;
}

/** A DNS name as we compare it: lower case, without the trailing dot. */
export function canonicalName(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}
