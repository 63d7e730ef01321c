// What a list of records lets us believe of a name. Odd answers hold up no switch as long as they leave no doubt about
// what stands there; where they do, the list is not believed.
import type * as z from "zod";
import type { PublishedRecord } from "../core/model.ts";
import { published, type RecordAnswer, type RecordsPage } from "./answers.ts";
import { canonicalName, CloudError, sorted, type IngressName } from "./provider.ts";

/** More at one name is not read, and not managed. */
export const mostRecords = 100;

/**
 * The records at the name, of any type. What an answer says of totals is believed only where its list bears it out: a
 * page that is not full is the last one. Entries that are not valid are left out, unless they may be our records.
 * Beside a CNAME there can be none (RFC 1034, 3.6.2), whatever else the answer says or lacks.
 */
export function recordsAtName(
  ingress: IngressName,
  { result, result_info }: z.output<typeof RecordsPage>,
): readonly Exclude<RecordAnswer, { kind: "unclear" }>[] {
  const { records, length } = result;
  const atName = records.filter(({ name }) => name === undefined || isNamed(ingress, name));
  const known = atName.filter((answer) => answer.kind !== "unclear");
  const total = result_info?.total_count ?? 0;
  if (known.length > mostRecords || (known.length === mostRecords && total > mostRecords)) {
    throw obstacle(
      ingress,
      `there are more than ${mostRecords} records at this name; remove those that are not needed`,
    );
  }
  const ours = known.filter((answer) => answer.kind === "ours");
  if (ours.some(({ type }) => type === "CNAME")) return known;
  const unclear = atName.filter((answer) => answer.kind === "unclear");
  const isPartial = total > length && length > 0 && length >= (result_info?.per_page ?? mostRecords);
  const isDoubtful = unclear.some(({ isClaimed }) => isClaimed || ours.length === 0);
  if (isPartial || isDoubtful) {
    const what = isPartial ? "shows only some of the records" : "contains a record without a type";
    throw new CloudError("transient", `could not read ${ingress.record}: the answer ${what}; ccs will read it again`);
  }
  return known;
}

/** Those of the records at a name that we manage. Rejects a name at which something is in the way. */
export function manageable(
  ingress: IngressName,
  atName: readonly Exclude<RecordAnswer, { kind: "unclear" }>[],
): readonly PublishedRecord[] {
  if (atName.some(({ kind, type }) => kind === "other" && type === "NS")) {
    throw obstacle(ingress, "an NS record delegates this name; remove it or choose another name");
  }
  const ours = atName.filter((answer) => answer.kind === "ours");
  const locked = ours.find(({ meta }) => meta?.read_only === true);
  if (locked !== undefined) {
    throw obstacle(ingress, `its ${locked.type} record belongs to another Cloudflare product; remove it there first`);
  }
  return sorted(ours.map(published));
}

export function isNamed(ingress: IngressName, name: string): boolean {
  return canonicalName(name) === ingress.record;
}

export function obstacle({ record }: IngressName, why: string): CloudError {
  return new CloudError("obstacle", `cannot manage ${record}: ${why}`);
}
