// An outage of all endpoints, which should end where it began: the active one, and each better one, gets a turn to
// finish coming back before another one is chosen. Often one server stands behind all ways in, and restarts.
import { endpointNamed } from "../members.ts";
import { isOut, isServing } from "../evidence/health.ts";
import type { AddressState, EndpointState, IngressState, Outage, RecoveryTurn } from "../model.ts";
import { families } from "../words.ts";

/** No endpoint is waited for longer than this, however slow its check. */
const longestTurnMs = 15_000;

/** Whether all endpoints have been down, and the ingress has not been served since. */
export function isOutage({ outage }: Pick<IngressState, "outage">): boolean {
  return outage?.isKnown === true;
}

/** The ingress with its outage as the newest beliefs show it. To be called before anybody is selected. */
export function withOutage(ingress: IngressState, nowMs: number): IngressState {
  const before = ingress.outage;
  if (isDark(ingress)) {
    const isKnown = before?.isKnown === true || ingress.endpoints.every(({ health }) => isOut(health.verdict));
    const answeredMs = answeredSinceMs(ingress, nowMs);
    return withMark(ingress, { isKnown, answeredMs, upMs: undefined, turns: undefined });
  }
  if (before === undefined) return ingress;
  const seen = { ...before, answeredMs: answeredSinceMs(ingress, nowMs) };
  if (!ingress.endpoints.some(({ health }) => isServing(health.verdict))) {
    return withMark(ingress, { ...seen, upMs: undefined, turns: undefined });
  }
  const { upMs = nowMs } = before;
  const turns = before.turns ?? ingress.endpoints.flatMap((endpoint) => turnOf(endpoint, nowMs));
  return withMark(ingress, { ...seen, upMs, turns: turns.filter((turn) => isNotOver(ingress, turn, upMs, nowMs)) });
}

/** The ingress without its outage once its primary serves. To be called after the selection. */
export function withoutEndedOutage(ingress: IngressState): IngressState {
  if (ingress.outage === undefined) return ingress;
  const primary = endpointNamed(ingress, ingress.selection?.primary);
  if (primary === undefined || !isServing(primary.health.verdict)) return ingress;
  return { ...ingress, outage: undefined };
}

/** When the next turn is over; `undefined` while no endpoint is awaited. */
export function turnDeadlineMs({ outage }: IngressState): number | undefined {
  const ends = outage?.turns?.map(({ untilMs }) => untilMs) ?? [];
  return ends.length === 0 ? undefined : Math.min(...ends);
}

/**
 * Whether nothing shows that any endpoint could serve: each is down, or has only failed since it last answered. Once
 * one was up, a failure of it alone does not begin the outage again: turns are given once.
 */
function isDark({ endpoints, outage }: IngressState): boolean {
  const isBegun = outage?.upMs !== undefined;
  return (
    endpoints.length > 0 &&
    endpoints.every((endpoint) => isOut(endpoint.health.verdict) || isFailing(endpoint, isBegun))
  );
}

/** Not down yet, which takes some longer than others, but nothing is heard of it at any address. */
function isFailing({ health, addresses, withoutAddress }: EndpointState, isBegun: boolean): boolean {
  if (health.verdict !== "unknown" && (isBegun || health.verdict !== "suspect")) return false;
  const seen = addresses.length === 0 ? [withoutAddress] : addresses.map((address) => address.health);
  return seen.every(({ failuresInRow, verdict }) => failuresInRow > 0 || isOut(verdict));
}

/** Since when an endpoint answers again, though none is up yet. */
function answeredSinceMs({ endpoints, outage }: IngressState, nowMs: number): number | undefined {
  const isAnswering = endpoints.some(
    ({ health, addresses }) =>
      health.verdict === "recovering" ||
      isServing(health.verdict) ||
      addresses.some((address) => address.health.oksInRow > 0),
  );
  return isAnswering ? (outage?.answeredMs ?? nowMs) : undefined;
}

/** Time enough for an endpoint that works to answer `rise` times. Without a check nothing would tell that it has. */
function turnOf({ settings: { name, check }, health }: EndpointState, nowMs: number): readonly RecoveryTurn[] {
  if (check === undefined || isServing(health.verdict)) return [];
  const turnMs = Math.min(longestTurnMs, check.timeoutMs + check.rise * check.fastIntervalMs);
  return [{ endpoint: name, untilMs: nowMs + turnMs }];
}

function isNotOver(
  ingress: IngressState,
  { endpoint: name, untilMs }: RecoveryTurn,
  upMs: number,
  nowMs: number,
): boolean {
  const endpoint = endpointNamed(ingress, name);
  if (endpoint === undefined || untilMs <= nowMs || isServing(endpoint.health.verdict)) return false;
  return !hasFailedSince(endpoint, upMs, ingress.selection?.primary === name);
}

/**
 * Whether its turn was in vain. The primary stays with one family down, so it is waited for while any family may come
 * back; any other endpoint would only come back degraded then.
 */
function hasFailedSince({ addresses, resolution }: EndpointState, sinceMs: number, isPrimary: boolean): boolean {
  const current = addresses.filter(({ vanishesAtMs }) => vanishesAtMs === undefined);
  const isDenied = resolution?.kind === "none" && resolution.atMs >= sinceMs;
  if (isDenied || current.length === 0) return isDenied && !current.some(isComingBack);
  const failedFamilies = families.map((family) => {
    const ofFamily = current.filter((address) => address.family === family);
    return ofFamily.length === 0 ? undefined : ofFamily.every((address) => isFailed(address, sinceMs));
  });
  const known = failedFamilies.filter((failed) => failed !== undefined);
  return isPrimary ? known.every(Boolean) : known.some(Boolean);
}

function isComingBack({ health }: AddressState): boolean {
  return health.verdict === "recovering" || isServing(health.verdict);
}

/** A probe that was under way when the first endpoint came back may have begun when nothing could answer. */
function isFailed(address: AddressState, sinceMs: number): boolean {
  const { lastObservation, unproven } = address;
  if (isComingBack(address) || unproven.length > 0) return false;
  return lastObservation?.kind === "failed" && lastObservation.startedMs >= sinceMs;
}

function withMark(ingress: IngressState, outage: Outage): IngressState {
  return isSame(ingress.outage, outage) ? ingress : { ...ingress, outage };
}

function isSame(a: Outage | undefined, b: Outage): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
