// Published and desired records → the plan of one batch.
import type { Plan, PlannedRecord, PublishedRecord, RecordContent, RecordSet } from "./record-model.ts";

/**
 * The smallest change that turns `published` into `desired`. Records whose content stays are kept; old ones of the same
 * type are patched in place, so that the name is never without an answer; only the rest is deleted or created.
 *
 * Servers learn of each record on its own, in any order. Where all that would be left of a type is `unseen`, records
 * that they may not show yet, one that they show is patched instead of deleted, and takes the place of an unseen one.
 */
export function planBetween(
  published: readonly PublishedRecord[],
  desired: RecordSet,
  unseen: readonly string[] = [],
): Plan {
  const wanted = desired.records.map((record): PlannedRecord => ({
    ...record,
    ttlSeconds: desired.ttlSeconds,
    proxied: desired.proxied,
  }));
  const unmatched = [...wanted];
  const spare: PublishedRecord[] = [];
  const matches: { record: PublishedRecord; readonly want: PlannedRecord }[] = [];
  for (const record of published) {
    const index = unmatched.findIndex((want) => isSameContent(want, record));
    const [want] = index >= 0 ? unmatched.splice(index, 1) : [];
    if (want === undefined) spare.push(record);
    else matches.push({ record, want });
  }
  const isUnseen = ({ id }: PublishedRecord): boolean => unseen.includes(id);
  spare.sort((a, b) => Number(isUnseen(a)) - Number(isUnseen(b)));
  const posts: PlannedRecord[] = [];
  const extras = published.find((record) => record.extras !== undefined)?.extras;
  for (const want of unmatched) {
    const index = spare.findIndex((record) => record.type === want.type);
    const [record] = index >= 0 ? spare.splice(index, 1) : [];
    if (record === undefined) posts.push({ ...want, ...(extras && { extras }) });
    else matches.push({ record, want });
  }
  for (const [index, old] of spare.entries()) {
    const ofType = matches.filter(({ record }) => record.type === old.type);
    const [match] = ofType;
    if (match === undefined || isUnseen(old) || !ofType.every(({ record }) => isUnseen(record))) continue;
    spare[index] = match.record;
    match.record = old;
  }
  const patches = matches
    .filter(({ record, want }) => !isSameContent(record, want) || !hasSameSettings(record, want))
    .map(({ record: { id, extras: its }, want }) => ({ id, ...want, ...(its && { extras: its }) }));
  return { deletes: spare.map(({ id }) => ({ id })), patches, posts };
}

/** Whether there is nothing to do. */
export function isEmptyPlan(plan: Plan): boolean {
  return plan.deletes.length + plan.patches.length + plan.posts.length === 0;
}

/** Whether both record sets say the same. */
export function isSameSet(a: RecordSet, b: RecordSet): boolean {
  if (a.ttlSeconds !== b.ttlSeconds || a.proxied !== b.proxied || a.isPrivate !== b.isPrivate) return false;
  return (
    a.records.length === b.records.length &&
    a.records.every((record, index) => {
      const other = b.records[index];
      return other !== undefined && isSameContent(record, other);
    })
  );
}

function isSameContent(a: RecordContent, b: RecordContent): boolean {
  return a.type === b.type && a.content === b.content;
}

/** A proxied record's TTL is always automatic, so it is not compared. */
function hasSameSettings(record: PublishedRecord, want: PlannedRecord): boolean {
  return record.proxied === want.proxied && (want.proxied || record.ttlSeconds === want.ttlSeconds);
}
