// Who serves: health and the previous selection → the selection, and why.
import { isFresh } from "./endpoint.ts";
import { isOut } from "./health.ts";
import type { EndpointState, IngressState, Selection, StickyMember } from "./model.ts";

/** With nobody named by the record, better endpoints get this long to show up after the first one is up. */
const electionPatienceMs = 30_000;

/** Departures older than this neither count nor are kept. */
const departureMemoryMs = 60 * 60_000;

/** However often an endpoint was left, the ingress returns to it after this long without an outage. */
const longestHoldMs = 60 * 60_000;

/** The endpoint of this name; `undefined` for one that is no longer configured. */
export function endpointNamed(ingress: IngressState, name: string | undefined): EndpointState | undefined {
  return ingress.endpoints.find(({ settings }) => settings.name === name);
}

/** The endpoints from the best rank to the worst: checked before unchecked, lower priority first, then file order. */
export function ranked(endpoints: readonly EndpointState[]): readonly EndpointState[] {
  // Sorting is stable, so ties stay in file order.
  return endpoints.toSorted(
    ({ settings: a }, { settings: b }) =>
      Number(a.check === undefined) - Number(b.check === undefined) || a.priority - b.priority,
  );
}

/** Whether every endpoint has been given up: nobody could serve. */
export function isOutage({ endpoints }: IngressState): boolean {
  return endpoints.length > 0 && endpoints.every(({ health }) => isOut(health.verdict));
}

/** Until when an endpoint that becomes up now is kept from being returned to. */
export function holdUntilMs({ settings, departures }: IngressState, endpoint: string, nowMs: number): number {
  const left = departures.filter((past) => past.endpoint === endpoint && past.atMs > nowMs - departureMemoryMs).length;
  return nowMs + Math.min(longestHoldMs, settings.holdUpMs * 2 ** (Math.max(1, left) - 1));
}

/** The ingress with the selection that its endpoints call for at `nowMs`. */
export function select(ingress: IngressState, nowMs: number): IngressState {
  const { selection } = ingress;
  if (selection === undefined) return adoptOrElect(ingress, nowMs);
  const primary = endpointNamed(ingress, selection.primary);
  if (primary === undefined) return afterRemoval(ingress, selection, nowMs);
  const next = nextPrimary(ingress, primary, nowMs);
  if (next === undefined) return withSticky(ingress, selection, nowMs);
  return moveTo(ingress, selection, primary, next, nowMs);
}

interface Move {
  readonly to: EndpointState;
  readonly reason: "failover" | "return";
  readonly why: string;
}

/** Whom to move to, if anyone. Leaving a primary that is down waits for nothing; any other move is a return. */
function nextPrimary(ingress: IngressState, primary: EndpointState, nowMs: number): Move | undefined {
  const { health, settings } = primary;
  if (health.verdict === "unknown") return undefined;
  if (isOut(health.verdict)) {
    const to = bestOf(ingress, (endpoint) => canStart(endpoint, nowMs));
    return to && { to, reason: "failover", why: `${settings.name} is down: ${health.reason}` };
  }
  const order = ranked(ingress.endpoints);
  const to = order
    .slice(0, order.indexOf(primary))
    .find((better) => canStart(better, nowMs) && !better.health.isDegraded && better.heldUntilMs === undefined);
  return to && { to, reason: "return", why: `${to.settings.name} is up and ranks before ${settings.name}` };
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
  const staysInMix = isToBetter && stickyMs !== undefined && from.health.verdict === "up";
  const stayer: StickyMember[] = staysInMix ? [{ endpoint: name, untilMs: nowMs + stickyMs }] : [];
  const departures = isOut(from.health.verdict)
    ? [...ingress.departures.filter(({ atMs }) => atMs > nowMs - departureMemoryMs), { endpoint: name, atMs: nowMs }]
    : ingress.departures;
  const moved: Selection = {
    primary: to.settings.name,
    sticky: [...selection.sticky.filter(({ endpoint }) => endpoint !== name), ...stayer],
    why,
    reason,
    sinceMs: nowMs,
  };
  return withSticky({ ...ingress, departures, isMixRefused: false }, moved, nowMs);
}

/** The selection without the sticky members whose time has ended, who are down, gone, or primary now. */
function withSticky(ingress: IngressState, selection: Selection, nowMs: number): IngressState {
  const sticky = selection.sticky.filter(({ endpoint: name, untilMs }) => {
    const endpoint = endpointNamed(ingress, name);
    if (endpoint?.settings.stickyMs === undefined) return false;
    return untilMs > nowMs && !isOut(endpoint.health.verdict) && name !== selection.primary;
  });
  if (sticky.length === selection.sticky.length && selection === ingress.selection) return ingress;
  return { ...ingress, selection: { ...selection, sticky } };
}

/** The primary left the configuration: the best candidate takes over at once; without one, it is as at a start. */
function afterRemoval(ingress: IngressState, selection: Selection, nowMs: number): IngressState {
  const to = bestOf(ingress, (endpoint) => canStart(endpoint, nowMs));
  if (to === undefined) {
    const { selection: _, ...rest } = ingress;
    return adoptOrElect(rest, nowMs);
  }
  const why = `${selection.primary} is no longer configured`;
  return withSticky(
    { ...ingress, isMixRefused: false },
    { ...selection, primary: to.settings.name, why, reason: "configuration", sinceMs: nowMs },
    nowMs,
  );
}

/** Nobody is selected: whom the published record names goes on; where it names nobody, the best one up is elected. */
function adoptOrElect(ingress: IngressState, nowMs: number): IngressState {
  const { published } = ingress;
  if (published === undefined) return withoutElection(ingress);
  const adopted = ranked(ingress.endpoints).find((endpoint) => isNamedBy(published.records, endpoint));
  if (adopted !== undefined) {
    const why = `${ingress.settings.record} points to it already`;
    return selected(ingress, { primary: adopted.settings.name, sticky: [], why, reason: "adopted", sinceMs: nowMs });
  }
  return elect(ingress, nowMs);
}

function elect(ingress: IngressState, nowMs: number): IngressState {
  // Nothing of ours is published yet, so an ok that is not the freshest is better than none.
  const best = bestOf(ingress, (endpoint) => endpoint.health.verdict === "up" && hasAddressUp(endpoint));
  if (best === undefined) return withoutElection(ingress);
  const atMs = ingress.electionAtMs ?? nowMs + electionPatienceMs;
  if (atMs > nowMs && mayYetBeNamed(ingress, best)) return { ...ingress, electionAtMs: atMs };
  const why =
    ingress.published?.records.length === 0
      ? `${ingress.settings.record} has no record yet, and ${best.settings.name} is the best endpoint that is up`
      : `${ingress.settings.record} points to none of the endpoints, and ${best.settings.name} is the best one that is up`;
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

function isUnresolved({ settings, resolution }: EndpointState): boolean {
  return settings.target.kind === "host" && resolution === undefined;
}

function selected(ingress: IngressState, selection: Selection): IngressState {
  return { ...withoutElection(ingress), selection };
}

function withoutElection(ingress: IngressState): IngressState {
  if (ingress.electionAtMs === undefined) return ingress;
  const { electionAtMs: _, ...rest } = ingress;
  return rest;
}

/** Whether the published records point at this endpoint: the CNAME is its target, or one of its addresses stands there. */
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

/** Whether the endpoint takes part in serving now, as primary or beside it. */
export function roleOf({ selection }: IngressState, endpoint: string): "primary" | "sticky" | undefined {
  if (selection?.primary === endpoint) return "primary";
  return selection?.sticky.some((member) => member.endpoint === endpoint) === true ? "sticky" : undefined;
}
