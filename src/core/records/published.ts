// What reads, writes and failures at Cloudflare do to an ingress, and what it takes to stop another program and ccs
// overwriting each other over its records.
import { endpointNamed, hasSameMembers } from "../members.ts";
import { withMixNames } from "./mix.ts";
import type { CloudProblem, Form, IngressState, NameState, PublishedRecord, RecordSet, Visibility } from "../model.ts";
import { askedForm, isAtMix, isNameInSync, lowestTtl, recordSetOf, wantedRecords, isAsWritten } from "./records.ts";
import { unseenAmong } from "./unseen.ts";

/** Undone this often within the memory, repair is paused for as long. */
export const mostUndone = 2;
export const undoneMemoryMs = 60 * 60_000;

/** How long a write without a known outcome may still land. */
export const writeDoubtMs = 2 * 60_000;

/**
 * The ingress after its records were read. Finding ours undone by another program too often begins a standoff. A name
 * that is found empty in a standoff is filled once for each such look: without any record, no client is served,
 * whichever program is right.
 */
export function afterRead(ingress: IngressState, records: readonly PublishedRecord[], nowMs: number): IngressState {
  const read = afterLook(ingress, records, nowMs);
  if (ingress.published !== undefined) return read;
  return withMixNames({ ...read, form: askedForm(read.settings) ?? read.form ?? foundForm(ingress, records) });
}

/**
 * The form of an ingress of which nothing is remembered but what is found. Addresses that an earlier version left in
 * the middle of a mix were a CNAME before, and will be one again.
 */
function foundForm({ saved }: IngressState, records: readonly PublishedRecord[]): Form {
  const isOldMix = saved?.isWithoutForm === true && saved.sticky.length > 0;
  return isOldMix || !records.some(({ type }) => type !== "CNAME") ? "cname" : "addresses";
}

function afterLook(ingress: IngressState, records: readonly PublishedRecord[], nowMs: number): IngressState {
  const { cloudProblem, visibility } = ingress;
  const read: IngressState = {
    ...ingress,
    published: { records, atMs: nowMs, by: "read" },
    unseen: unseenAmong(ingress, records, nowMs),
    lastGood: ingress.lastGood ?? goodSetOf(ingress, records),
    cloudProblem: cloudProblem?.during === "write" ? cloudProblem : undefined,
    visibility: undefined,
    drift: undefined,
  };
  const isEmpty = records.length === 0;
  const isOwnDoing = ingress.writeInDoubtUntilMs !== undefined && ingress.writeInDoubtUntilMs > nowMs;
  const isUndone = !isOwnDoing && isOurs(ingress) && !isOurs(read);
  if (!isUndone && !(isEmpty && ingress.standoff !== undefined)) {
    return { ...read, visibility };
  }
  const undoneAtMs = [...ingress.undoneAtMs.filter((atMs) => atMs > nowMs - undoneMemoryMs), nowMs];
  if (ingress.standoff !== undefined) {
    return { ...read, undoneAtMs, standoff: { ...ingress.standoff, mayWrite: isEmpty || ingress.standoff.mayWrite } };
  }
  if (undoneAtMs.length < mostUndone) return { ...read, undoneAtMs };
  return { ...read, undoneAtMs, standoff: { untilMs: nowMs + undoneMemoryMs, mayWrite: isEmpty } };
}

/** What to put back into an empty name one day. A CNAME to the mix is not: the mix may be gone by then. */
function goodSetOf(ingress: IngressState, records: readonly PublishedRecord[]): RecordSet | undefined {
  // Nor is an address that we would never publish, whichever program put it there.
  const set = recordSetOf(records.filter(({ scope }) => scope !== "special"));
  if (set !== undefined && records.some(({ scope }) => scope === "private")) return { ...set, isPrivate: true };
  if (set === undefined || !isAtMix({ ...ingress, published: { records, atMs: 0, by: "read" } })) return set;
  const primary = endpointNamed(ingress, ingress.selection?.primary);
  if (primary?.settings.target.kind !== "host") return ingress.lastGood;
  const content = primary.settings.target.host;
  // Nor is the TTL of the mix the primary's own.
  return { ...set, records: [{ type: "CNAME", content }], ttlSeconds: lowestTtl([primary], set) };
}

/** Whether the records say what they should or, while there is no saying, as in an outage, what was last written. */
function isOurs(ingress: IngressState): boolean {
  return wantedRecords(ingress) === undefined ? isAsWritten(ingress) : isNameInSync(ingress);
}

/** The ingress after one of our writes was confirmed. Whether the world sees it is found out next. */
export function afterWrite(ingress: IngressState, records: readonly PublishedRecord[], nowMs: number): IngressState {
  const visibility: Visibility = { writtenAtMs: nowMs, status: "checking", detail: "" };
  const isProxied = records.some(({ proxied }) => proxied);
  return {
    ...ingress,
    published: { records, atMs: nowMs, by: "write" },
    unseen: unseenAmong(ingress, records, nowMs),
    lastGood: goodSetOf(ingress, records) ?? ingress.lastGood,
    standoff: ingress.standoff && { ...ingress.standoff, mayWrite: false },
    // From outside, proxied names show Cloudflare's addresses only.
    visibility: isProxied ? undefined : visibility,
    cloudProblem: undefined,
    drift: undefined,
  };
}

/** The ingress after the authoritative servers were asked about a write; an answer about an older one is ignored. */
export function afterVisibilityCheck<Name extends NameState>(
  ingress: Name,
  found: { readonly writtenAtMs: number; readonly status: Visibility["status"]; readonly detail: string },
  nowMs: number,
): Name {
  if (ingress.visibility?.writtenAtMs !== found.writtenAtMs) return ingress;
  const { writtenAtMs, status, detail } = found;
  const visibility: Visibility = { writtenAtMs, status, atMs: nowMs, detail };
  return { ...ingress, visibility, unseen: status === "visible" ? undefined : ingress.unseen };
}

/** The ingress after a read or write failed. */
export function afterCloudFailure(ingress: IngressState, problem: CloudProblem, nowMs: number): IngressState {
  const sinceMs = ingress.cloudProblem?.sinceMs ?? nowMs;
  const isRefusedMix =
    problem.kind === "invalid" && problem.during === "write" && (ingress.selection?.sticky.length ?? 0) > 0;
  return {
    ...ingress,
    cloudProblem: { ...problem, sinceMs, newestMs: nowMs },
    isMixRefused: ingress.isMixRefused || isRefusedMix,
    writeInDoubtUntilMs: doubtUntilMs(problem, nowMs) ?? ingress.writeInDoubtUntilMs,
  };
}

/** Until when a write that failed so may still land; `undefined` for what is known to have done nothing. */
export function doubtUntilMs({ kind, during }: CloudProblem, nowMs: number): number | undefined {
  return kind === "transient" && during === "write" ? nowMs + writeDoubtMs : undefined;
}

/**
 * A write that failed is no trouble any more once the records say what they should anyway. Where Cloudflare did not
 * take it up, it may still take up nothing: the read that follows every failed write tells.
 */
export function withoutSettledProblem(ingress: IngressState): IngressState {
  const { cloudProblem, published } = ingress;
  if (cloudProblem?.during !== "write" || published === undefined) return ingress;
  if (wantedRecords(ingress) === undefined || !isNameInSync(ingress)) return ingress;
  const { kind, newestMs } = cloudProblem;
  const isUnanswered = kind === "transient" || kind === "rate-limited";
  return isUnanswered && published.atMs <= newestMs ? ingress : { ...ingress, cloudProblem: undefined };
}

/** The end of a standoff, by time or by a manual override: repair continues. */
export function withoutStandoff(ingress: IngressState): IngressState {
  if (ingress.standoff === undefined && ingress.undoneAtMs.length === 0) return ingress;
  return { ...ingress, standoff: undefined, undoneAtMs: [] };
}

/** In a standoff, a new selection is still written once. */
export function withWordOnce(before: IngressState, after: IngressState): IngressState {
  if (after.standoff === undefined || hasSameMembers(before.selection, after.selection)) return after;
  return { ...after, standoff: { ...after.standoff, mayWrite: true } };
}
