// A zone as plain data, and every write on it: checks one record against the others, applies batches as one
// transaction. Pure: a write returns the next zone or throws a `Refusal`, and time and ids come in.
import { planLimits, type PlanName } from "./plans.ts";
import { problems, ApiRefusal, type ErrorEntry } from "./problem.ts";
import {
  canonicalFields,
  isObject,
  isProxiable,
  patchFields,
  readFields,
  type StoredRecord,
  type RecordFields,
  type RecordRules,
} from "./record.ts";

/** A zone and its records, in the order in which they were added. Field names are the API's. */
export interface ZoneState {
  /** 32 lower-case hex digits. */
  readonly id: string;
  /** Canonical: lower case, no trailing dot. */
  readonly name: string;
  readonly plan: PlanName;
  readonly status: "initializing" | "pending" | "active" | "moved";
  readonly paused: boolean;
  readonly type: "full" | "partial" | "secondary" | "internal";
  readonly account: { readonly id: string; readonly name: string };
  readonly name_servers: readonly string[];
  readonly created_on: string;
  readonly records: readonly StoredRecord[];
}

/** One request that changes records. Bodies are parsed JSON that has not been checked yet. */
export type Write =
  | { readonly kind: "post"; readonly body: unknown }
  | { readonly kind: "put" | "patch"; readonly id: string; readonly body: unknown }
  | { readonly kind: "delete"; readonly id: string }
  | { readonly kind: "batch"; readonly body: unknown };

export interface WriteRules extends RecordRules {
  /** Whether PUT and PATCH may turn a record into another type. Refused by default. */
  readonly typeChange: "refused" | "allowed";
  /** How a second identical record is refused: 81058 today, 81057 until 2024. */
  readonly duplicateCode: 81058 | 81057;
}

export interface WriteContext {
  readonly rules: WriteRules;
  /** ISO 8601 with microseconds. */
  readonly now: string;
  readonly newId: () => string;
  /** Records that are deleted but still in the way of others, as after a single DELETE on the real API. */
  readonly ghosts: readonly StoredRecord[];
}

export interface BatchResult {
  readonly deletes: readonly StoredRecord[];
  readonly patches: readonly StoredRecord[];
  readonly puts: readonly StoredRecord[];
  readonly posts: readonly StoredRecord[];
}

/** What a write did: the next zone, and the records it touched. */
export interface ZoneWrite {
  readonly zone: ZoneState;
  readonly result: StoredRecord | BatchResult;
}

/** Applies one write. Throws the `Refusal` of the first thing that is wrong; then nothing has changed. */
export function applyWrite(zone: ZoneState, write: Write, context: WriteContext): ZoneWrite {
  if (write.kind !== "batch") return applyOne(zone, write, context);
  const batch = readBatch(write.body);
  const limit = planLimits(zone.plan, zone.created_on).batchOperations;
  const count = batch.length;
  if (count > limit) throw new ApiRefusal(problems.batchTooLarge(count, limit));
  const results = { deletes: [], patches: [], puts: [], posts: [] } as Record<keyof BatchResult, StoredRecord[]>;
  let next = zone;
  for (const [list, step] of batch) {
    const done = applyOne(next, step, context);
    next = done.zone;
    results[list].push(done.result);
  }
  return { zone: next, result: results };
}

type SingleWrite = Exclude<Write, { kind: "batch" }>;

function applyOne(zone: ZoneState, write: SingleWrite, context: WriteContext): ZoneWrite & { result: StoredRecord } {
  const old = write.kind === "post" ? undefined : zone.records.find(({ id }) => id === write.id);
  if (write.kind !== "post" && old === undefined) throw new ApiRefusal(problems.noSuchRecord);
  if (old?.meta["read_only"] === true) throw new ApiRefusal(problems.readOnly);
  if (write.kind === "delete") {
    // `old` is known here; the compiler cannot follow that from the line above.
    const deleted = old as StoredRecord;
    return { zone: { ...zone, records: zone.records.filter((record) => record !== deleted) }, result: deleted };
  }
  const asked = write.kind === "patch" && old !== undefined ? patchFields(old, write.body) : readFields(write.body);
  const fields = canonicalFields(asked, zone, context.rules);
  if (old !== undefined && old.type !== fields.type && context.rules.typeChange === "refused") {
    throw new ApiRefusal(problems.typeChange);
  }
  const others = zone.records.filter((record) => record !== old);
  const problem = conflictWith(fields, others, context) ?? quotaProblem(fields, others, zone, old === undefined);
  if (problem !== undefined) throw new ApiRefusal(problem);
  const result = stored(fields, old, context);
  const records = old === undefined ? [...others, result] : zone.records.map((r) => (r === old ? result : r));
  return { zone: { ...zone, records }, result };
}

/** The operations of a batch body, in the order in which the API executes them. */
function readBatch(body: unknown): (readonly [list: keyof BatchResult, write: SingleWrite])[] {
  if (!isObject(body)) throw new ApiRefusal(problems.notJson);
  const items = (list: string): Record<string, unknown>[] => {
    const value = body[list] ?? [];
    if (!Array.isArray(value) || !value.every(isObject)) {
      throw new ApiRefusal(problems.wrongJsonType(list, "an array of objects"));
    }
    return value;
  };
  return [
    ...items("deletes").map((item) => ["deletes", { kind: "delete", id: idOf(item) }] as const),
    ...items("patches").map((item) => ["patches", { kind: "patch", id: idOf(item), body: item }] as const),
    ...items("puts").map((item) => ["puts", { kind: "put", id: idOf(item), body: item }] as const),
    ...items("posts").map((item) => ["posts", { kind: "post", body: item }] as const),
  ];
}

function idOf(item: Record<string, unknown>): string {
  if (typeof item["id"] !== "string") throw new ApiRefusal(problems.wrongJsonType("id", "a string"));
  return item["id"];
}

/** Why `fields` cannot stand beside `others`, first things first: identical, then in each other's way. */
function conflictWith(
  fields: RecordFields,
  others: readonly StoredRecord[],
  { rules, ghosts }: WriteContext,
): ErrorEntry | undefined {
  const sameName = others.filter((record) => record.name === fields.name);
  if (sameName.some((record) => isIdentical(record, fields))) {
    return rules.duplicateCode === 81057 ? problems.alreadyExists : problems.identicalExists;
  }
  const inTheWay = [...sameName, ...ghosts.filter((record) => record.name === fields.name)].map(({ type }) => type);
  if (fields.type === "CNAME" && inTheWay.some(isHostType)) return problems.hostTaken;
  if (isHostType(fields.type) && inTheWay.includes("CNAME")) return problems.cnameTaken;
  if (fields.type === "NS" && inTheWay.some((type) => type !== "NS")) return problems.takenByOthersThanNs;
  if (fields.type !== "NS" && inTheWay.includes("NS")) return problems.takenByNs;
  return undefined;
}

function isHostType(type: string): boolean {
  return type === "A" || type === "AAAA" || type === "CNAME";
}

/** SRV and its like were seen twice with the same content; the priority tells MX records apart. */
function isIdentical(a: RecordFields, b: RecordFields): boolean {
  const isUnique = a.data === undefined && b.data === undefined;
  return isUnique && a.type === b.type && a.content === b.content && a.priority === b.priority;
}

function quotaProblem(
  fields: RecordFields,
  others: readonly StoredRecord[],
  zone: ZoneState,
  isNew: boolean,
): ErrorEntry | undefined {
  const limit = planLimits(zone.plan, zone.created_on).records;
  if (isNew && others.length >= limit) return problems.quotaExceeded;
  if (fields.type !== "TXT") return undefined;
  const sameSet = others.filter((record) => record.type === "TXT" && record.name === fields.name);
  const length = sameSet.reduce((sum, record) => sum + record.content.length, fields.content.length);
  return length > 8192 ? problems.combinedTooLong : undefined;
}

function stored(fields: RecordFields, old: StoredRecord | undefined, { now, newId }: WriteContext): StoredRecord {
  const isSameComment = old !== undefined && old.comment === fields.comment;
  const hasSameTags = old !== undefined && JSON.stringify(old.tags) === JSON.stringify(fields.tags);
  const commentTime = isSameComment ? old.comment_modified_on : now;
  const tagsTime = hasSameTags ? old.tags_modified_on : now;
  return {
    id: old?.id ?? newId(),
    ...fields,
    proxiable: isProxiable(fields.type, fields.content),
    meta: old?.meta ?? {},
    created_on: old?.created_on ?? now,
    modified_on: now,
    ...(fields.comment !== null && commentTime !== undefined && { comment_modified_on: commentTime }),
    ...(fields.tags.length > 0 && tagsTime !== undefined && { tags_modified_on: tagsTime }),
  };
}
