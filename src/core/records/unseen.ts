// Records that are new, and that not every authoritative server may show yet: they are not relied upon.
import type { NameState, PublishedRecord, Unseen } from "../model.ts";

/**
 * How long it takes at most until every authoritative server has heard of a record. They mostly do so within seconds.
 */
const propagationMs = 60_000;

/** Which of the records are new since the last look, or still were then, whatever program created them. */
export function unseenAmong(
  { published, unseen }: NameState,
  records: readonly PublishedRecord[],
  nowMs: number,
): Unseen | undefined {
  // At the first look nobody can say; and behind the proxy servers show no records.
  if (published === undefined || records.some(({ proxied }) => proxied)) return undefined;
  const known = new Set(published.records.map(({ id }) => id));
  const isNew = ({ id }: PublishedRecord): boolean => !known.has(id);
  const still = records.filter((record) => !isNew(record) && unseen?.ids.includes(record.id) === true);
  if (records.some(isNew)) {
    const ids = [...records.filter(isNew), ...still].map(({ id }) => id);
    return { ids, untilMs: nowMs + propagationMs };
  }
  return still.length === 0 ? undefined : unseen;
}

/** After a while every server has heard of what was created, whether or not any could be asked. */
export function withUnseenAt<Name extends NameState>(ingress: Name, nowMs: number): Name {
  return ingress.unseen !== undefined && ingress.unseen.untilMs <= nowMs ? { ...ingress, unseen: undefined } : ingress;
}
