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
}

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

  constructor(kind: CloudErrorKind, message: string, more: { isAmbiguous?: boolean; retryAfterMs?: number } = {}) {
    super(message);
    this.kind = kind;
    this.isAmbiguous = more.isAmbiguous ?? false;
    if (more.retryAfterMs !== undefined) this.retryAfterMs = more.retryAfterMs;
  }
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
