// What reads, writes and failures at Cloudflare do to an ingress, and what it takes to stop a quarrel over its records.
import type { CloudProblem, IngressState, PublishedRecord, Visibility } from "./model.ts";
import { isInSync, recordSetOf, wantedRecords } from "./records.ts";
import { hasSameMembers, isAsWritten } from "./selection.ts";

/** Undone this often within the memory, repair rests for as long. */
const mostUndone = 2;
const undoneMemoryMs = 60 * 60_000;

/** How long it takes at most until every authoritative server has heard of a record. They mostly do so within seconds. */
const propagationMs = 60_000;

/** How long a write without a known outcome may still land. */
const writeDoubtMs = 2 * 60_000;

/**
 * The ingress after its records were read. Finding ours undone by somebody else too often begins a standoff. A name that
 * is found empty in a standoff is filled once for each such look: no record at all serves nobody, whoever is right.
 */
export function afterRead(ingress: IngressState, records: readonly PublishedRecord[], nowMs: number): IngressState {
  const { cloudProblem, visibility, unseen: _, ...rest } = ingress;
  const lastGood = ingress.lastGood ?? recordSetOf(records);
  const read: IngressState = {
    ...rest,
    published: { records, atMs: nowMs, by: "read" },
    ...unseenAmong(ingress, records, nowMs),
    ...(lastGood === undefined ? {} : { lastGood }),
    ...(cloudProblem?.during === "write" ? { cloudProblem } : {}),
  };
  const isEmpty = records.length === 0;
  const isOwnDoing = ingress.writeInDoubtUntilMs !== undefined && ingress.writeInDoubtUntilMs > nowMs;
  const isUndone = !isOwnDoing && isOurs(ingress) && !isOurs(read);
  if (!isUndone && !(isEmpty && ingress.standoff !== undefined)) {
    return visibility === undefined ? read : { ...read, visibility };
  }
  const undoneAtMs = [...ingress.undoneAtMs.filter((atMs) => atMs > nowMs - undoneMemoryMs), nowMs];
  if (ingress.standoff !== undefined) {
    return { ...read, undoneAtMs, standoff: { ...ingress.standoff, mayWrite: isEmpty || ingress.standoff.mayWrite } };
  }
  if (undoneAtMs.length < mostUndone) return { ...read, undoneAtMs };
  return { ...read, undoneAtMs, standoff: { untilMs: nowMs + undoneMemoryMs, mayWrite: isEmpty } };
}

/** Whether the records say what they should or, while there is no saying, as in an outage, what was last written. */
function isOurs(ingress: IngressState): boolean {
  return wantedRecords(ingress) === undefined ? isAsWritten(ingress) : isInSync(ingress);
}

/** The ingress after a write of ours was confirmed. Whether the world sees it is found out next. */
export function afterWrite(ingress: IngressState, records: readonly PublishedRecord[], nowMs: number): IngressState {
  const { cloudProblem: _, visibility: __, unseen: ___, ...rest } = ingress;
  const lastGood = recordSetOf(records) ?? ingress.lastGood;
  const visibility: Visibility = { writtenAtMs: nowMs, status: "checking", detail: "" };
  const isProxied = records.some(({ proxied }) => proxied);
  return {
    ...rest,
    published: { records, atMs: nowMs, by: "write" },
    ...unseenAmong(ingress, records, nowMs),
    ...(lastGood === undefined ? {} : { lastGood }),
    ...(ingress.standoff === undefined ? {} : { standoff: { ...ingress.standoff, mayWrite: false } }),
    // From outside, proxied names show Cloudflare's addresses only.
    ...(isProxied ? {} : { visibility }),
  };
}

/** Which of the records are new since the last look, or still were then, whoever created them. */
function unseenAmong(
  { published, unseen }: IngressState,
  records: readonly PublishedRecord[],
  nowMs: number,
): Pick<IngressState, "unseen"> {
  // At the first look nobody can say; and behind the proxy servers show no records.
  if (published === undefined || records.some(({ proxied }) => proxied)) return {};
  const known = new Set(published.records.map(({ id }) => id));
  const isNew = ({ id }: PublishedRecord): boolean => !known.has(id);
  const still = records.filter((record) => !isNew(record) && unseen?.ids.includes(record.id) === true);
  if (records.some(isNew)) {
    const ids = [...records.filter(isNew), ...still].map(({ id }) => id);
    return { unseen: { ids, untilMs: nowMs + propagationMs } };
  }
  return unseen === undefined || still.length === 0 ? {} : { unseen };
}

/** The ingress after the authoritative servers were asked about a write; an answer about an older one is ignored. */
export function afterVisibilityCheck(
  ingress: IngressState,
  found: { readonly writtenAtMs: number; readonly status: Visibility["status"]; readonly detail: string },
  nowMs: number,
): IngressState {
  if (ingress.visibility?.writtenAtMs !== found.writtenAtMs) return ingress;
  const { writtenAtMs, status, detail } = found;
  const visibility: Visibility = { writtenAtMs, status, atMs: nowMs, detail };
  return { ...(status === "visible" ? withoutUnseen(ingress) : ingress), visibility };
}

/** After a while every server has heard of what was created, whether or not any could be asked. */
export function withUnseenAt(ingress: IngressState, nowMs: number): IngressState {
  return ingress.unseen !== undefined && ingress.unseen.untilMs <= nowMs ? withoutUnseen(ingress) : ingress;
}

function withoutUnseen(ingress: IngressState): IngressState {
  const { unseen: _, ...rest } = ingress;
  return rest;
}

/** The ingress after a read or write failed. */
export function afterCloudFailure(ingress: IngressState, problem: CloudProblem, nowMs: number): IngressState {
  const sinceMs = ingress.cloudProblem?.sinceMs ?? nowMs;
  const isRefusedMix =
    problem.kind === "invalid" && problem.during === "write" && (ingress.selection?.sticky.length ?? 0) > 0;
  return {
    ...ingress,
    cloudProblem: { ...problem, sinceMs },
    isMixRefused: ingress.isMixRefused || isRefusedMix,
    ...(problem.kind === "transient" && problem.during === "write" && { writeInDoubtUntilMs: nowMs + writeDoubtMs }),
  };
}

/** A write that failed is no trouble any more once the records say what they should anyway. */
export function withoutSettledProblem(ingress: IngressState): IngressState {
  if (ingress.cloudProblem?.during !== "write" || wantedRecords(ingress) === undefined || !isInSync(ingress)) {
    return ingress;
  }
  const { cloudProblem: _, ...rest } = ingress;
  return rest;
}

/** The end of a standoff, by time or by a person's word: repair goes on. */
export function withoutStandoff(ingress: IngressState): IngressState {
  const { standoff, ...rest } = ingress;
  return standoff === undefined && ingress.undoneAtMs.length === 0 ? ingress : { ...rest, undoneAtMs: [] };
}

/** In a standoff, a new selection is still written once. */
export function withWordOnce(before: IngressState, after: IngressState): IngressState {
  if (after.standoff === undefined || hasSameMembers(before.selection, after.selection)) return after;
  return { ...after, standoff: { ...after.standoff, mayWrite: true } };
}
