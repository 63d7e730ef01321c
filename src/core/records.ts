// Selection and addresses → what DNS should say; published and desired → the plan of one batch.
import type { IngressState, Plan, PlannedRecord, PublishedRecord, RecordContent, RecordSet } from "./model.ts";

/** What DNS should say for this ingress, or `undefined`: leave alone what is there. */
export function desiredRecords(_ingress: IngressState): RecordSet | undefined {
  return undefined;
}

/**
 * The smallest change that turns `published` into `desired`. Records whose content stays are kept; old ones of the same
 * type are patched in place, so that the name is never without an answer; only the rest is deleted or created.
 */
export function planBetween(published: readonly PublishedRecord[], desired: RecordSet): Plan {
  const wanted = desired.records.map((record): PlannedRecord => ({
    ...record,
    ttlSeconds: desired.ttlSeconds,
    proxied: desired.proxied,
  }));
  const unmatched = [...wanted];
  const spare: PublishedRecord[] = [];
  const patches: (PlannedRecord & { id: string })[] = [];
  for (const record of published) {
    const index = unmatched.findIndex((want) => isSameContent(want, record));
    const [match] = index >= 0 ? unmatched.splice(index, 1) : [];
    if (match === undefined) spare.push(record);
    else if (!hasSameSettings(record, match)) patches.push({ id: record.id, ...match });
  }
  const posts: PlannedRecord[] = [];
  for (const want of unmatched) {
    const index = spare.findIndex((record) => record.type === want.type);
    const [old] = index >= 0 ? spare.splice(index, 1) : [];
    if (old === undefined) posts.push(want);
    else patches.push({ id: old.id, ...want });
  }
  return { deletes: spare.map(({ id }) => ({ id })), patches, posts };
}

/** Whether there is nothing to do. */
export function isEmptyPlan(plan: Plan): boolean {
  return plan.deletes.length + plan.patches.length + plan.posts.length === 0;
}

function isSameContent(a: RecordContent, b: RecordContent): boolean {
  return a.type === b.type && a.content === b.content;
}

/** A proxied record's TTL is always automatic, so it is not compared. */
function hasSameSettings(record: PublishedRecord, want: PlannedRecord): boolean {
  return record.proxied === want.proxied && (want.proxied || record.ttlSeconds === want.ttlSeconds);
}
