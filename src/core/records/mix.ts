// The mix of a CNAME ingress: the addresses of several endpoints at a second name, to which the ingress points for a
// while. When it is prepared, when it may be pointed to, and when its records go.
import type {
  EndpointState,
  IngressState,
  MixState,
  NameState,
  Plan,
  Published,
  PublishedRecord,
  RecordContent,
  RecordSet,
} from "../model.ts";
import { isEmptyPlan, planBetween } from "./plan.ts";
import { isAtMix, isNameInSync, isPointedToMix, isProxied, mixSetOf, publishesCname } from "./records.ts";
import { alone, endpointNamed, isDrained, ranked } from "../members.ts";
import { sharesAddresses } from "../selection/same-addresses.ts";
import { withUnseenAt } from "./unseen.ts";

/** Beyond the time that a new mix needs anyhow, a return waits this long for it. Then it is made without a mix. */
const mixPatienceMs = 60_000;

/**
 * Records of a mix to which nothing points are kept for the next return so long, or as long as resolvers may know of
 * it.
 */
export const unusedMs = 60 * 60_000;

/** What is to be said of a mix of this ingress: it is available; its name was not read yet; there is none. */
export function mixOutlook(ingress: IngressState): "usable" | "unread" | "none" {
  const { mix } = ingress;
  if (mix === undefined || !publishesCname(ingress) || ingress.isMixRefused || isProxied(ingress)) return "none";
  if (mix.foreign !== undefined || mix.pausedUntilMs !== undefined || isOutsideZone(mix)) return "none";
  return mix.published === undefined ? "unread" : "usable";
}

/** Whether the name of the mix was refused as one that its zone does not hold. */
export function isOutsideZone({ cloudProblem, published }: MixState): boolean {
  return published === undefined && cloudProblem?.during === "read" && cloudProblem.kind === "invalid";
}

/** Whether the endpoint, when it is left for a better one, may stay next to it for a while. */
export function mayBeSticky(ingress: IngressState, endpoint: EndpointState): boolean {
  return endpoint.settings.stickyMs !== undefined && endpoint.health.verdict === "up" && !isDrained(ingress, endpoint);
}

/** Whether the return from one endpoint to another still waits for the mix of both to be shown everywhere. */
export function isAwaitingMix(ingress: IngressState, from: EndpointState, to: EndpointState, nowMs: number): boolean {
  const { settings, selection, returnDueMs = nowMs } = ingress;
  if (!publishesCname(ingress) || !mayBeSticky(ingress, from) || selection?.sticky.length !== 0) return false;
  const outlook = mixOutlook(ingress);
  if (outlook === "none" || mixSetOf(ingress, [to, from]) === undefined) return false;
  if (outlook === "usable" && isShown(ingress, [to, from])) return false;
  return nowMs < returnDueMs + (settings.mix?.waitMs ?? 0) + mixPatienceMs;
}

/** Whether the endpoint that this return leaves stays in the mix: a mix in use takes one more. */
export function isMixReady(ingress: IngressState, from: EndpointState, to: EndpointState): boolean {
  if (!publishesCname(ingress)) return true;
  if (mixOutlook(ingress) !== "usable") return false;
  return ingress.selection?.sticky.length !== 0 || isShown(ingress, [to, from]);
}

/** Whether the servers show exactly the mix of these endpoints, for long enough. */
function isShown(ingress: IngressState, members: readonly EndpointState[]): boolean {
  const { mix } = ingress;
  const set = mixSetOf(ingress, members);
  if (mix?.published === undefined || set === undefined || mix.isNew || shownSinceMs(mix) === undefined) return false;
  return isEmptyPlan(planBetween(mix.published.records, set, mix.unseen?.ids));
}

/**
 * Whether the ingress may point to a mix of these endpoints: it does so already, and what has to change is patched in
 * place; or the mix says what it should before the first client is sent there.
 */
export function isMixInPlace(ingress: IngressState, names: readonly string[]): boolean {
  const { mix } = ingress;
  if (mix?.published === undefined || isAtMix(ingress)) return true;
  const set = mixSetOf(
    ingress,
    names.flatMap((name) => endpointNamed(ingress, name) ?? []),
  );
  return set === undefined || isEmptyPlan(planBetween(mix.published.records, set, mix.unseen?.ids));
}

/** Since when every server that answers shows the records of the mix. Silence alone is not waited for. */
function shownSinceMs({ visibility }: MixState): number | undefined {
  return visibility?.status === "visible" || visibility?.status === "silent" ? visibility.atMs : undefined;
}

/**
 * The return with a mix that will come next if nothing happens: its mix is prepared while the better endpoint is held.
 */
function foreseenReturn(
  ingress: IngressState,
): { readonly from: EndpointState; readonly to: EndpointState } | undefined {
  const { selection, endpoints } = ingress;
  if (selection === undefined || selection.reason === "pin" || selection.sticky.length > 0) return undefined;
  const from = endpointNamed(ingress, selection.primary);
  if (from === undefined || !mayBeSticky(ingress, from) || mixOutlook(ingress) !== "usable") return undefined;
  const order = ranked(endpoints);
  const better = order
    .slice(0, order.indexOf(from))
    .filter(
      (endpoint) =>
        endpoint.health.verdict === "up" &&
        !endpoint.health.isDegraded &&
        !isDrained(ingress, endpoint) &&
        !sharesAddresses(ingress, endpoint),
    );
  const to =
    better.find(({ heldUntilMs }) => heldUntilMs === undefined) ??
    better.toSorted((a, b) => (a.heldUntilMs ?? 0) - (b.heldUntilMs ?? 0))[0];
  return to && { from, to };
}

/** What should stand at a name. `none`: its records are to be removed; `undefined`: what is there stays. */
export type Wanted = RecordSet | "none" | undefined;

/**
 * What the mix should hold: the addresses of those who serve, or will once the foreseen return is made. `none`: its
 * records are to be removed; `undefined`: they stay as they are.
 */
export function desiredMix(ingress: IngressState, mix: MixState): Wanted {
  if (mix.published === undefined) return undefined;
  const isCurrent = mix === ingress.mix;
  const gone = mix.isExpired && mix.published.records.length > 0 ? "none" : undefined;
  if (!isCurrent || ingress.isLeaving) return gone;
  const members = isPointedToMix(ingress) ? membersOfMix(ingress) : foreseenMembers(ingress);
  return (members && mixSetOf(ingress, members)) ?? gone;
}

function membersOfMix(ingress: IngressState): readonly EndpointState[] {
  const { selection } = ingress;
  const names = [selection?.primary, ...(selection?.sticky ?? []).map(({ endpoint }) => endpoint)];
  return names.flatMap((name) => endpointNamed(ingress, name) ?? []);
}

function foreseenMembers(ingress: IngressState): readonly EndpointState[] | undefined {
  const foreseen = foreseenReturn(ingress);
  return foreseen && [foreseen.to, foreseen.from];
}

/** The change that the records at a mix's name need; `undefined` for none. */
export function mixPlan(ingress: IngressState, mix: MixState): Plan | undefined {
  const desired = desiredMix(ingress, mix);
  if (desired === undefined || mix.published === undefined) return undefined;
  const { records } = mix.published;
  if (desired === "none") return { deletes: records.map(({ id }) => ({ id })), patches: [], posts: [] };
  const plan = planBetween(records, desired, mix.unseen?.ids);
  return isEmptyPlan(plan) ? undefined : plan;
}

/**
 * Whether nothing is left to do, at the mix that is pointed to as well. The removal of an unused mix is no difference.
 */
export function isInSync(ingress: IngressState): boolean {
  return isNameInSync(ingress) && isMixInSync(ingress);
}

/** Whether a mix that is pointed to says what it should. */
function isMixInSync(ingress: IngressState): boolean {
  const { mix } = ingress;
  return mix === undefined || !isPointedToMix(ingress) || mixPlan(ingress, mix) === undefined;
}

/** Every name of a mix of this ingress, the present one first. */
export function mixesOf({ mix, formerMixes }: IngressState): readonly MixState[] {
  return mix === undefined ? formerMixes : [mix, ...formerMixes];
}

/** The mix at this name; `undefined` if the ingress has none there. */
export function mixNamed(ingress: IngressState, record: string | undefined): MixState | undefined {
  return mixesOf(ingress).find((mix) => mix.record === record);
}

/** The mix that the published record points to, if any. */
export function mixPointedTo(ingress: IngressState): MixState | undefined {
  return mixesOf(ingress).find(({ record }) => pointsTo(ingress.published, record));
}

/** What clients get: where the record is a CNAME to the mix, the addresses there. */
export function followed<Some extends RecordContent>(
  ingress: IngressState,
  records: readonly Some[],
): readonly (Some | PublishedRecord)[] {
  const mixes = mixesOf(ingress);
  return records.flatMap((record): readonly (Some | PublishedRecord)[] => {
    const mix = record.type === "CNAME" ? mixes.find((each) => each.record === record.content) : undefined;
    return mix?.published === undefined || mix.published.records.length === 0 ? [record] : mix.published.records;
  });
}

function pointsTo(published: Published | undefined, record: string): boolean {
  return published?.records.some(({ type, content }) => type === "CNAME" && content === record) === true;
}

/** What is known of the records at a name before anything was read. */
export const freshName: NameState = {
  published: undefined,
  undoneAtMs: [],
  writeInDoubtUntilMs: undefined,
  visibility: undefined,
  unseen: undefined,
  cloudProblem: undefined,
};

/** A name of which nothing is known yet. */
export function freshMix(record: string): MixState {
  return {
    record,
    ...freshName,
    foreign: undefined,
    isNew: true,
    unusedSinceMs: undefined,
    isExpired: false,
    pausedUntilMs: undefined,
  };
}

/**
 * The ingress with the mix names that its settings and its form need; `saved`: names that may still hold our records.
 */
export function withMixNames(ingress: IngressState, saved: readonly string[] = []): IngressState {
  const { settings, selection } = ingress;
  const isWanted =
    !ingress.isLeaving &&
    publishesCname(ingress) &&
    settings.proxied !== true &&
    settings.endpoints.some(({ stickyMs }) => stickyMs !== undefined);
  const record = isWanted ? settings.mix?.record : undefined;
  const known = mixesOf(ingress);
  const former = saved.filter((name) => !known.some((mix) => mix.record === name)).map(freshMix);
  const all = [...known, ...former];
  const mix = record === undefined ? undefined : (all.find((each) => each.record === record) ?? freshMix(record));
  const isMoved = ingress.mix !== undefined && ingress.mix.record !== record && publishesCname(ingress);
  return {
    ...ingress,
    mix,
    formerMixes: all.filter((each) => each.record !== record),
    selection: isMoved ? selection && alone(selection) : selection,
  };
}

/**
 * Lets time take effect on the mixes: what was shown long enough, what nothing has pointed to for long, what is gone.
 */
export function withMixesAt(ingress: IngressState, nowMs: number): IngressState {
  const { mix } = ingress;
  const now = mix && mixAt(ingress, mix, nowMs);
  const aged = ingress.formerMixes.map((former) => mixAt(ingress, former, nowMs));
  const kept = aged.filter((former) => former.published?.records.length !== 0 || former.unusedSinceMs === undefined);
  const isSame =
    now === mix && kept.length === aged.length && aged.every((each, at) => each === ingress.formerMixes[at]);
  return isSame ? ingress : { ...ingress, mix: now, formerMixes: kept };
}

function mixAt(ingress: IngressState, mix: MixState, nowMs: number): MixState {
  let next = withUnseenAt(mix, nowMs);
  if (ingress.published === undefined || pointsTo(ingress.published, mix.record)) {
    if (mix.unusedSinceMs !== undefined) next = { ...next, unusedSinceMs: undefined, isExpired: false };
  } else if (mix.unusedSinceMs === undefined) next = { ...next, unusedSinceMs: nowMs };
  const deadlines = mixDeadlines(ingress, next);
  if (deadlines.shown !== undefined && deadlines.shown <= nowMs) next = { ...next, isNew: false };
  if (deadlines.expiry !== undefined && deadlines.expiry <= nowMs) next = { ...next, isExpired: true };
  if (next.pausedUntilMs !== undefined && next.pausedUntilMs <= nowMs) {
    next = { ...next, pausedUntilMs: undefined, undoneAtMs: [] };
  }
  return next;
}

/** When time alone changes what is believed of a mix. */
export function mixDeadlines(
  { settings }: IngressState,
  mix: MixState,
): { readonly shown: number | undefined; readonly expiry: number | undefined; readonly pause: number | undefined } {
  const shownMs = mix.isNew ? shownSinceMs(mix) : undefined;
  const { published, unusedSinceMs, isExpired, pausedUntilMs } = mix;
  const mayExpire =
    unusedSinceMs !== undefined && !isExpired && published !== undefined && published.records.length > 0;
  const ttlsMs = (published?.records ?? []).map(({ ttlSeconds }) => ttlSeconds * 1_000);
  return {
    shown: shownMs === undefined ? undefined : shownMs + (settings.mix?.waitMs ?? 0),
    expiry: mayExpire ? unusedSinceMs + Math.max(unusedMs, ...ttlsMs) : undefined,
    pause: pausedUntilMs,
  };
}

/** When a return that waits for its mix is made without one. */
export function returnDeadlineMs({ returnDueMs, settings }: IngressState): number | undefined {
  return returnDueMs === undefined ? undefined : returnDueMs + (settings.mix?.waitMs ?? 0) + mixPatienceMs;
}
