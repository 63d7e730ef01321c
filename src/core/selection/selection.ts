// Who serves: health and the previous selection → the selection, and why.
import { isFresh } from "../evidence/endpoint.ts";
import { isOut, isServing } from "../evidence/health.ts";
import { isAwaitingMix, isMixInPlace, isMixReady, mayBeSticky, mixOutlook, mixPointedTo } from "../records/mix.ts";
import { hasMixAddress, isAsWritten, publishesCname } from "../records/records.ts";
import { endpointNamed, isDrained, membersOf, pinOf, ranked, whyDrained } from "../members.ts";
import { hasSameAddresses, isAnswerItsOwn, sharesAddresses } from "./same-addresses.ts";
import { departureMemoryMs } from "./hold.ts";
import { isYetToBeTried } from "./trial.ts";
import type { EndpointState, IngressState, Selection, SelectionReason, StickyMember } from "../model.ts";

/** When the record names no endpoint, better endpoints get this long to show up after the first one is up. */
const electionPatienceMs = 30_000;

/** The ingress with the selection that its endpoints, and people, call for at `nowMs`. */
export function select(ingress: IngressState, nowMs: number): IngressState {
  const { selection } = ingress;
  const pinned = endpointNamed(ingress, pinOf(ingress)?.endpoint);
  if (pinned !== undefined) return pin(withoutReturn(ingress), pinned, nowMs);
  if (selection === undefined) return withFirst(adoptOrElect(withoutReturn(ingress), nowMs), nowMs);
  const primary = endpointNamed(ingress, selection.primary);
  if (primary === undefined) return afterRemoval(withoutReturn(ingress), selection, nowMs);
  const move = selection.reason === "pin" ? afterPin(ingress, primary, nowMs) : nextPrimary(ingress, primary, nowMs);
  if (move === undefined) return withSticky(withoutReturn(ingress), selection, nowMs);
  if (move.reason === "return" && isAwaitingMix(ingress, primary, move.to, nowMs)) {
    return withSticky({ ...ingress, returnDueMs: ingress.returnDueMs ?? nowMs }, selection, nowMs);
  }
  return moveTo(ingress, selection, primary, move, nowMs);
}

/** An adopted endpoint may have to be left at once: no other event might come for a while. */
function withFirst(ingress: IngressState, nowMs: number): IngressState {
  return ingress.selection === undefined ? ingress : select(ingress, nowMs);
}

/** A pin is active alone, up or down. */
function pin(ingress: IngressState, { settings }: EndpointState, nowMs: number): IngressState {
  const { selection } = ingress;
  if (selection?.reason === "pin" && selection.primary === settings.name) return ingress;
  const why = `${settings.name} was pinned manually`;
  const pinned: Selection = { primary: settings.name, sticky: [], why, reason: "pin", sinceMs: nowMs };
  return { ...withoutElection(withDeparture(ingress, settings.name, nowMs)), isMixRefused: false, selection: pinned };
}

interface Move {
  readonly to: EndpointState;
  readonly reason: SelectionReason;
  readonly why: string;
}

/** The end of a pin waits for nothing: the best endpoint takes over, which may be the pinned one. */
function afterPin(ingress: IngressState, primary: EndpointState, nowMs: number): Move {
  const goesOn = (endpoint: EndpointState): boolean => endpoint === primary && isServing(endpoint.health.verdict);
  const to =
    bestOf(ingress, (endpoint) => !isDrained(ingress, endpoint) && (canStart(endpoint, nowMs) || goesOn(endpoint))) ??
    lastResort(ingress, primary, nowMs) ??
    primary;
  return { to, reason: "resume", why: `the pin of ${primary.settings.name} has ended` };
}

/**
 * Whom to move to, if anyone. Leaving a primary that is down or drained waits for nothing; any other move is a return.
 */
function nextPrimary(ingress: IngressState, primary: EndpointState, nowMs: number): Move | undefined {
  const { health, settings } = primary;
  if (health.verdict === "unknown" && !isDrained(ingress, primary)) return undefined;
  if (isOut(health.verdict) || isDrained(ingress, primary)) {
    if (!isOut(health.verdict)) {
      const free = bestOf(ingress, (endpoint) => !isDrained(ingress, endpoint) && canStart(endpoint, nowMs));
      return free && { to: free, reason: "drain", why: whyDrained(ingress, settings.name) };
    }
    const to = elsewhere(ingress, primary, nowMs);
    if (to === undefined || isAnotherWaitedFor(ingress, primary, to)) return undefined;
    if (isYetToBeTried(ingress, primary, to, nowMs)) return undefined;
    return { to, reason: "failover", why: `${settings.name} was down: ${health.reason}` };
  }
  const order = ranked(ingress.endpoints);
  const to = order
    .slice(0, order.indexOf(primary))
    .find((better) => canStart(better, nowMs) && mayReturnTo(ingress, better));
  return (
    to && { to, reason: "return", why: `${to.settings.name} was up and has higher priority than ${settings.name}` }
  );
}

/**
 * Whether the primary, or an endpoint that should serve rather than `to`, still has its turn to come back from an
 * outage of all.
 */
function isAnotherWaitedFor(ingress: IngressState, primary: EndpointState, to: EndpointState): boolean {
  const { turns = [] } = ingress.outage ?? {};
  if (turns.length === 0) return false;
  const order = ranked(ingress.endpoints);
  const better = isDrained(ingress, to) ? order : order.slice(0, order.indexOf(to));
  // A better one that shares its addresses is not returned to; but the primary is where the record leads already.
  const mayBeWaitedFor = [primary, ...better.filter((endpoint) => !sharesAddresses(ingress, endpoint))].filter(
    (endpoint) => !isDrained(ingress, endpoint),
  );
  return turns.some(({ endpoint: name }) => mayBeWaitedFor.some(({ settings }) => settings.name === name));
}

/** Who takes over from a primary that is down: nothing would be won by one that leads to the very same place. */
function elsewhere(ingress: IngressState, primary: EndpointState, nowMs: number): EndpointState | undefined {
  const up = ingress.endpoints.filter((endpoint) => canStart(endpoint, nowMs));
  const free = up.filter((endpoint) => !isDrained(ingress, endpoint));
  // Who was drained but is up still serves, while nobody else is up.
  const candidates = free.length > 0 ? free : up;
  return bestOf(ingress, (endpoint) => candidates.includes(endpoint) && !hasSameAddresses(endpoint, primary));
}

/** Who was drained but is up still serves in place of a primary that is down, while no other endpoint is up. */
function lastResort(ingress: IngressState, { health }: EndpointState, nowMs: number): EndpointState | undefined {
  return isOut(health.verdict) ? bestOf(ingress, (endpoint) => canStart(endpoint, nowMs)) : undefined;
}

function mayReturnTo(ingress: IngressState, endpoint: EndpointState): boolean {
  if (endpoint.health.isDegraded || endpoint.heldUntilMs !== undefined || isDrained(ingress, endpoint)) return false;
  return !sharesAddresses(ingress, endpoint) && isAnswerItsOwn(ingress, endpoint);
}

/** The best endpoint that may serve; a whole one before any degraded one. */
function bestOf(ingress: IngressState, mayServe: (endpoint: EndpointState) => boolean): EndpointState | undefined {
  const candidates = ranked(ingress.endpoints).filter(mayServe);
  return candidates.find(({ health }) => !health.isDegraded) ?? candidates[0];
}

/** Whether one of its addresses is up by now; who lost them all keeps the verdict, but cannot serve on it. */
function hasAddressUp({ settings, addresses }: EndpointState): boolean {
  return settings.check === undefined || addresses.some(({ health }) => health.verdict === "up");
}

function canStart(endpoint: EndpointState, nowMs: number): boolean {
  return endpoint.health.verdict === "up" && isFresh(endpoint, nowMs);
}

function moveTo(
  ingress: IngressState,
  selection: Selection,
  from: EndpointState,
  { to, reason, why }: Move,
  nowMs: number,
): IngressState {
  const order = ranked(ingress.endpoints);
  const isToBetter = order.indexOf(to) < order.indexOf(from);
  const { stickyMs, name } = from.settings;
  // Beside a CNAME, whatever waits for nothing ends all stickiness: a mix may not be shown yet, and the primary is.
  const isToMix = publishesCname(ingress) ? reason === "return" && isMixReady(ingress, from, to) : isToBetter;
  const staysInMix = isToMix && stickyMs !== undefined && mayBeSticky(ingress, from);
  const stayer: StickyMember[] = staysInMix ? [{ endpoint: name, untilMs: nowMs + stickyMs }] : [];
  const others = publishesCname(ingress) && reason !== "return" ? [] : selection.sticky;
  const moved: Selection = {
    primary: to.settings.name,
    sticky: [...others.filter(({ endpoint }) => endpoint !== name), ...stayer],
    why,
    reason,
    sinceMs: nowMs,
  };
  const departed = withDeparture(withoutReturn(ingress), moved.primary, nowMs);
  return withSticky({ ...departed, isMixRefused: false }, moved, nowMs);
}

function withoutReturn(ingress: IngressState): IngressState {
  if (ingress.returnDueMs === undefined) return ingress;
  return { ...ingress, returnDueMs: undefined };
}

/**
 * Notes that the present primary is left for `next` as down, if it is: a pin, and its end, may choose who serves
 * already.
 */
function withDeparture(ingress: IngressState, next: string, nowMs: number): IngressState {
  const primary = endpointNamed(ingress, ingress.selection?.primary);
  if (primary === undefined || primary.settings.name === next || !isOut(primary.health.verdict)) return ingress;
  const recent = ingress.departures.filter(({ atMs }) => atMs > nowMs - departureMemoryMs);
  return { ...ingress, departures: [...recent, { endpoint: primary.settings.name, atMs: nowMs }] };
}

/** The selection without the sticky members whose time has ended, who are down, gone, or primary now. */
function withSticky(ingress: IngressState, selection: Selection, nowMs: number): IngressState {
  if (selection.sticky.length === 0 && selection === ingress.selection) return ingress;
  const sticky = selection.sticky.filter(({ endpoint: name, untilMs }) => {
    const endpoint = endpointNamed(ingress, name);
    if (endpoint?.settings.stickyMs === undefined || isDrained(ingress, endpoint)) return false;
    if (publishesCname(ingress) && !mayStandInMix(ingress, selection, endpoint)) return false;
    return untilMs > nowMs && !isOut(endpoint.health.verdict) && name !== selection.primary;
  });
  const kept = publishesCname(ingress) && !isMixInPlace(ingress, membersOf({ ...selection, sticky })) ? [] : sticky;
  if (kept.length === selection.sticky.length && selection === ingress.selection) return ingress;
  return { ...ingress, selection: { ...selection, sticky: kept } };
}

/** While the ingress is a CNAME, a mix needs a name that ccs manages, and addresses of each of its members. */
function mayStandInMix(ingress: IngressState, { primary }: Selection, member: EndpointState): boolean {
  const outlook = mixOutlook(ingress);
  if (outlook !== "usable") return outlook === "unread";
  const whole = [endpointNamed(ingress, primary), member];
  return whole.every((endpoint) => endpoint !== undefined && hasMixAddress(ingress, endpoint));
}

/** The primary left the configuration: the best candidate takes over at once; without one, it is as at a start. */
function afterRemoval(ingress: IngressState, selection: Selection, nowMs: number): IngressState {
  const to = bestOf(ingress, (endpoint) => !isDrained(ingress, endpoint) && canStart(endpoint, nowMs));
  if (to === undefined) {
    return withFirst(adoptOrElect({ ...ingress, selection: undefined }, nowMs), nowMs);
  }
  const why = `${selection.primary} is no longer configured`;
  return withSticky(
    { ...ingress, isMixRefused: false },
    {
      primary: to.settings.name,
      sticky: publishesCname(ingress) ? [] : selection.sticky,
      why,
      reason: "configuration",
      sinceMs: nowMs,
    },
    nowMs,
  );
}

/**
 * No endpoint is selected: the one that the published record names stays; where it names none, the best one up is
 * elected.
 */
function adoptOrElect(ingress: IngressState, nowMs: number): IngressState {
  const { published } = ingress;
  const mix = mixPointedTo(ingress);
  // A CNAME to the mix names everybody whose addresses stand there.
  if (published === undefined || (mix !== undefined && mix.published === undefined)) return withoutElection(ingress);
  const records = [...published.records, ...(mix?.published?.records ?? [])];
  const named = ranked(ingress.endpoints).filter((endpoint) => isNamedBy(records, endpoint));
  const remembered = endpointNamed(ingress, ingress.saved?.primary);
  const isRemembered = remembered !== undefined && named.includes(remembered);
  const adopted = isRemembered ? remembered : (named[0] ?? (isAsWritten(ingress) ? remembered : undefined));
  if (adopted === undefined) return elect(ingress, nowMs);
  const atMs = ingress.electionAtMs ?? nowMs + electionPatienceMs;
  if (!isRemembered && atMs > nowMs && mayNameBetter(records, ingress, adopted)) {
    return { ...ingress, electionAtMs: atMs };
  }
  const { name } = adopted.settings;
  // Those beside it are sticky if that is remembered; otherwise they leave once the primary is up.
  const isStickyKept = !publishesCname(ingress) || mix?.record === ingress.mix?.record;
  const sticky = (isStickyKept ? (ingress.saved?.sticky ?? []) : []).flatMap(({ endpoint, untilMs }) => {
    const stickyMs = named.find(({ settings }) => settings.name === endpoint)?.settings.stickyMs;
    return stickyMs === undefined || endpoint === name
      ? []
      : [{ endpoint, untilMs: Math.min(untilMs, nowMs + stickyMs) }];
  });
  const isNamed = named.includes(adopted);
  const why = `${ingress.settings.record} ${isNamed ? "already pointed to it" : "held what was last written for it"}`;
  const adoption: Selection = { primary: name, sticky, why, reason: "adopted", sinceMs: nowMs };
  return withSticky(selected(ingress, adoption), adoption, nowMs);
}

function elect(ingress: IngressState, nowMs: number): IngressState {
  // Nothing that we wrote is published yet, so an ok that is not the freshest is better than none.
  const best = bestOf(
    ingress,
    (endpoint) => endpoint.health.verdict === "up" && hasAddressUp(endpoint) && !isDrained(ingress, endpoint),
  );
  if (best === undefined) return withoutElection(ingress);
  const atMs = ingress.electionAtMs ?? nowMs + electionPatienceMs;
  if (atMs > nowMs && mayYetBeNamed(ingress, best)) return { ...ingress, electionAtMs: atMs };
  const why =
    ingress.published?.records.length === 0
      ? `${ingress.settings.record} had no record yet, and ${best.settings.name} was the best endpoint that was up`
      : `${ingress.settings.record} pointed to none of the endpoints, and ${best.settings.name} was the best one that was up`;
  return selected(ingress, { primary: best.settings.name, sticky: [], why, reason: "elected", sinceMs: nowMs });
}

/** Whether waiting may still bring a better primary than `best`: one of better rank, or one that the record names. */
function mayYetBeNamed({ endpoints, published }: IngressState, best: EndpointState): boolean {
  const order = ranked(endpoints);
  const better = order.slice(0, order.indexOf(best));
  const hasAddressRecords = published?.records.some(({ type }) => type !== "CNAME") === true;
  return (
    better.some(({ health }) => health.verdict === "unknown") || (hasAddressRecords && endpoints.some(isUnresolved))
  );
}

/** Whether addresses among the records may be those of one of better rank, whose name was not looked up yet. */
function mayNameBetter(
  records: readonly { readonly type: string }[],
  { endpoints }: IngressState,
  named: EndpointState,
): boolean {
  const order = ranked(endpoints);
  const better = order.slice(0, order.indexOf(named));
  return better.some(isUnresolved) && records.some(({ type }) => type !== "CNAME");
}

function isUnresolved({ settings, resolution }: EndpointState): boolean {
  return settings.target.kind === "host" && resolution === undefined;
}

function selected(ingress: IngressState, selection: Selection): IngressState {
  return { ...withoutElection(ingress), saved: undefined, selection };
}

function withoutElection(ingress: IngressState): IngressState {
  if (ingress.electionAtMs === undefined) return ingress;
  return { ...ingress, electionAtMs: undefined };
}

/** Whether the published records point at this endpoint: the CNAME is its target, or one of its addresses is there. */
function isNamedBy(
  records: readonly { readonly type: string; readonly content: string }[],
  { settings, addresses }: EndpointState,
): boolean {
  return records.some(({ type, content }) =>
    type === "CNAME"
      ? settings.target.kind === "host" && settings.target.host === content
      : addresses.some(({ text }) => text === content),
  );
}
