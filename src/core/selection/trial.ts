// An endpoint that may take the place of a lost primary is tried once more before it is chosen: it may be lost as well.
import type { EndpointState, IngressState, Observation } from "../model.ts";
import { endpointNamed } from "../members.ts";
import { isOut } from "../evidence/health.ts";

/** The same as for proof of connection: no endpoint is awaited longer before a failover. */
const longestTryMs = 2_000;

/**
 * Since when the primary is lost because its name has no address any more: names are often lost together, and an answer
 * from before says nothing about the name of the next one. Monotonic; `undefined` where any answer will do.
 */
export function nameLostSinceMs(ingress: IngressState, { settings }: EndpointState): number | undefined {
  const primary = endpointNamed(ingress, ingress.selection?.primary);
  if (primary === undefined || primary.settings.name === settings.name || settings.target.kind !== "host")
    return undefined;
  if (primary.resolution?.kind !== "none") return undefined;
  return primary.health.verdict === "down" ? primary.health.sinceMs : primary.resolution.atMs;
}

/** Whether this endpoint could take over from a primary that has lost its name, but was looked up before that. */
export function isAnswerFromBefore(ingress: IngressState, endpoint: EndpointState): boolean {
  const lostMs = nameLostSinceMs(ingress, endpoint);
  return lostMs !== undefined && endpoint.health.verdict === "up" && (endpoint.resolution?.atMs ?? -Infinity) <= lostMs;
}

/**
 * Whether a primary that is down at its first failure says nothing yet about the next one, which may have died with it:
 * that one's newest answer is from before. Where it takes several failures, the others have been asked meanwhile.
 */
export function isYetToBeTried(
  ingress: IngressState,
  primary: EndpointState,
  to: EndpointState,
  nowMs: number,
): boolean {
  const { fall = 1 } = primary.settings.check ?? {};
  if (fall !== 1 || nowMs >= primary.health.sinceMs + longestTryMs) return false;
  return isYetToBeProbed(primary, to) || isAnswerFromBefore(ingress, to);
}

/**
 * The ingress with the time by which it moves on untried, while an endpoint that is up is waited for. To be called
 * after the selection.
 */
export function withTrial(ingress: IngressState, nowMs: number): IngressState {
  const primary = endpointNamed(ingress, ingress.selection?.primary);
  const isWaiting =
    primary !== undefined &&
    isOut(primary.health.verdict) &&
    ingress.endpoints.some((to) => to.health.verdict === "up" && isYetToBeTried(ingress, primary, to, nowMs));
  const trialUntilMs = isWaiting ? primary.health.sinceMs + longestTryMs : undefined;
  return trialUntilMs === ingress.trialUntilMs ? ingress : { ...ingress, trialUntilMs };
}

function isYetToBeProbed(primary: EndpointState, to: EndpointState): boolean {
  if (to.settings.check === undefined) return false;
  const failuresMs = startsOf(primary, ({ kind }) => kind === "failed");
  return failuresMs.length > 0 && Math.max(...startsOf(to)) < Math.min(...failuresMs);
}

function startsOf(
  { addresses }: EndpointState,
  counts: (newest: Observation) => boolean = () => true,
): readonly number[] {
  const newest = addresses.flatMap(({ lastObservation }) => (lastObservation === undefined ? [] : [lastObservation]));
  return newest.filter(counts).map(({ startedMs }) => startedMs);
}
