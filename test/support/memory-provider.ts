// Records in memory, for tests and simulations of what stands above a provider. Keeps Cloudflare's rules as far as a plan
// can meet them, remembers every committed state, and fails on demand.
import type { Plan, PlannedRecord, PublishedRecord, RecordType } from "../../src/core/model.ts";
import { recordComment } from "../../src/core/records/records.ts";
import {
  assertSafe,
  CloudError,
  sorted,
  type Call,
  type CloudErrorKind,
  type IngressName,
  type RecordProvider,
} from "../../src/cloud/provider.ts";

/** A record of any type. */
export interface MemoryRecord {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly content: string;
  readonly ttlSeconds: number;
  readonly proxied: boolean;
  readonly isReadOnly?: boolean;
  readonly comment?: string;
}

export interface MemoryCall {
  readonly kind: "list" | "apply";
  readonly record: string;
  /** Missing for `list`. */
  readonly plan?: Plan;
}

/** What goes wrong with a call. Without an error nothing ever comes. */
export interface MemoryFault {
  readonly error?: { readonly kind: CloudErrorKind; readonly retryAfterMs?: number; readonly isAmbiguous?: boolean };
  /** Whether a write happens all the same. */
  readonly isCommitted?: boolean;
}

export class MemoryProvider implements RecordProvider {
  /** Every committed state, the newest last. */
  readonly states: (readonly MemoryRecord[])[] = [[]];
  /** Every call, the newest last. */
  readonly calls: MemoryCall[] = [];
  /** Asked at every call. */
  fault: (call: MemoryCall) => MemoryFault | undefined = () => undefined;
  #lastId = 0;

  get records(): readonly MemoryRecord[] {
    return this.states.at(-1) ?? [];
  }

  /** Commits a change by another program. */
  edit(change: (records: readonly MemoryRecord[]) => readonly MemoryRecord[]): void {
    this.states.push(change(this.records));
  }

  /** Adds a record as another program would, and returns its id. */
  add(record: Pick<MemoryRecord, "name" | "type" | "content"> & Partial<MemoryRecord>): string {
    const added = { id: this.#newId(), ttlSeconds: 300, proxied: false, ...record };
    this.edit((records) => [...records, added]);
    return added.id;
  }

  async list({ record }: IngressName, call: Call): Promise<readonly PublishedRecord[]> {
    return this.#suffer({ kind: "list", record }, call, () => {
      const atName = this.records.filter(({ name }) => name === record);
      const obstacle = atName.find((found) => found.type === "NS" || (found.isReadOnly === true && isOurs(found)));
      if (obstacle !== undefined) throw new CloudError("obstacle", `${obstacle.type} is in the way at ${record}`);
      return sorted(atName.filter(isOurs).map(published));
    });
  }

  async apply(
    { record, mixOf }: IngressName,
    plan: Plan,
    known: readonly PublishedRecord[],
    call: Call,
  ): Promise<readonly PublishedRecord[]> {
    assertSafe(plan, known, mixOf === undefined ? {} : { mixOf });
    return this.#suffer({ kind: "apply", record, plan }, call, () => {
      const next = this.#after(record, plan);
      this.states.push(next);
      const kept = new Set(known.map(({ id }) => id));
      const ours = next.filter((found) => found.name === record && isOurs(found));
      const touched = [...plan.patches, ...plan.posts];
      return sorted(
        ours.filter((found) => kept.has(found.id) || touched.some((want) => isSame(found, want))).map(published),
      );
    });
  }

  /** Logs the call and does `work`, unless the fault that strikes it forbids; then fails as the fault says. */
  async #suffer<Result>(logged: MemoryCall, call: Call, work: () => Result): Promise<Result> {
    await call.admit();
    this.calls.push(logged);
    const fault = this.fault(logged);
    if (fault === undefined) return work();
    if (fault.isCommitted === true) work();
    if (fault.error === undefined) await aborted(call.signal);
    const { kind = "transient", retryAfterMs, isAmbiguous } = fault.error ?? {};
    throw new CloudError(kind, `could not ${logged.kind} ${logged.record}: ${kind}, as the test wanted`, {
      isAmbiguous: isAmbiguous ?? (logged.kind === "apply" && kind === "transient"),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    });
  }

  /** The records after the plan, or a `CloudError` and no change. */
  #after(name: string, plan: Plan): readonly MemoryRecord[] {
    let records = this.records;
    for (const { id } of [...plan.deletes, ...plan.patches]) {
      if (!records.some((found) => found.id === id))
        throw new CloudError("stale", `record ${id} at ${name} does not exist`);
    }
    for (const { id } of plan.deletes) records = records.filter((found) => found.id !== id);
    for (const patch of plan.patches) {
      this.#check(
        name,
        patch,
        records.filter(({ id }) => id !== patch.id),
      );
      records = records.map((found) => (found.id === patch.id ? { ...found, ...stored(patch) } : found));
    }
    for (const post of plan.posts) {
      this.#check(name, post, records);
      records = [...records, { id: this.#newId(), name, ...stored(post) }];
    }
    return records;
  }

  #check(name: string, want: PlannedRecord, others: readonly MemoryRecord[]): void {
    const ttl = want.ttlSeconds;
    if (ttl !== 1 && (ttl < 60 || ttl > 86_400))
      throw new CloudError("invalid", `a TTL of ${ttl} at ${name} is out of bounds`);
    const beside = others.filter((found) => found.name === name && isOurs(found));
    const isConflict = beside.some((found) => isSame(found, want) || want.type === "CNAME" || found.type === "CNAME");
    if (isConflict) throw new CloudError("stale", `a record in conflict with ${want.type} exists at ${name}`);
  }

  #newId(): string {
    this.#lastId += 1;
    return this.#lastId.toString(16).padStart(32, "0");
  }
}

function isOurs({ type }: MemoryRecord): boolean {
  return type === "A" || type === "AAAA" || type === "CNAME";
}

function isSame(a: Pick<MemoryRecord, "type" | "content">, b: Pick<MemoryRecord, "type" | "content">): boolean {
  return a.type === b.type && a.content === b.content;
}

/** A plan's record as it is kept. */
function stored({ type, content, ttlSeconds, proxied, extras }: PlannedRecord): Omit<MemoryRecord, "id" | "name"> {
  return { type, content, ttlSeconds: proxied ? 1 : ttlSeconds, proxied, comment: extras?.comment ?? recordComment };
}

function published({ id, type, content, ttlSeconds, proxied, comment }: MemoryRecord): PublishedRecord {
  const extras = comment !== undefined && { extras: { comment } };
  return { id, type: type as RecordType, content, ttlSeconds, proxied, ...extras };
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
