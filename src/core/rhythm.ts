// How often an endpoint is probed: the steady rhythm, or the fast one while something is in question.
import type { AddressState, CheckSettings, EndpointState, Family, IngressState } from "./model.ts";

/** Milliseconds from the end of one round of probes to the start of the next; `undefined` for an endpoint without a check. */
export function probeIntervalMs(ingress: IngressState, endpoint: EndpointState): number | undefined {
  const check = endpoint.settings.check;
  if (check === undefined) return undefined;
  if (mayProve(ingress, endpoint)) return 0;
  if (isDueAgain(ingress, endpoint)) return 0;
  return isInQuestion(ingress, endpoint) ? check.fastIntervalMs : check.intervalMs;
}

/** A probe without an answer for this long has stalled: time to see whether our own connection works. */
export function stallMs(check: CheckSettings): number {
  return Math.min(1_000, check.timeoutMs / 4);
}

/** Whether an ok of this endpoint is wanted at once: it would be the proof that another one's failure waits for. */
function mayProve(ingress: IngressState, endpoint: EndpointState): boolean {
  if (isFailing(endpoint)) return false;
  return ingress.endpoints.some(
    (failing) =>
      failing !== endpoint &&
      failing.addresses.some(({ family, unproven, stalled, health }) => {
        const stalledMs = stalled?.provenMs === undefined && health.verdict !== "down" ? stalled?.sinceMs : undefined;
        const newestMs = unproven.at(-1)?.endedMs ?? stalledMs;
        return newestMs !== undefined && isOlder(endpoint, family, newestMs);
      }),
  );
}

/**
 * Whether it is failing itself, or waits for proof of that. Two that fail would only drive each other on, without the
 * pause that makes several failures more than one moment. Whoever is down already has nothing to lose.
 */
function isFailing({ resolution, addresses }: EndpointState): boolean {
  // Whose name has no address is not probed at all.
  if (resolution?.kind === "none") return true;
  return addresses.some(
    ({ health, unproven, stalled, lastObservation }) =>
      unproven.length > 0 || stalled !== undefined || (lastObservation?.kind === "failed" && health.verdict !== "down"),
  );
}

/** Whether the endpoint was last looked at, in this family, before `atMs`. */
function isOlder({ addresses }: EndpointState, family: Family, atMs: number): boolean {
  const seen = addresses.filter((address) => address.family === family);
  return seen.length > 0 && seen.every(({ lastObservation }) => (lastObservation?.endedMs ?? -Infinity) < atMs);
}

/** Whether all were down, and another one answers by now: this one may be back too, and has not been tried since. */
function isDueAgain({ outage }: IngressState, { health, addresses, resolution }: EndpointState): boolean {
  if (outage?.answeredMs === undefined || health.verdict !== "down") return false;
  const triedMs = [resolution?.atMs, ...addresses.map(({ lastObservation }) => lastObservation?.startedMs)];
  return Math.max(...triedMs.map((atMs) => atMs ?? -Infinity)) < outage.answeredMs;
}

function isInQuestion(ingress: IngressState, endpoint: EndpointState): boolean {
  // While an outage of all ends, whoever else comes back should be seen at once.
  if (ingress.outage?.answeredMs !== undefined) return true;
  if (endpoint.addresses.some(isUnsettled)) return true;
  if (endpoint.health.verdict !== "up" && endpoint.health.verdict !== "down") return true;
  // While the primary is not up, whoever may take its place is watched closely.
  const primary = ingress.endpoints.find(({ settings }) => settings.name === ingress.selection?.primary);
  return primary?.health.verdict !== "up" && endpoint.health.verdict === "up";
}

function isUnsettled({ health: { verdict }, vanishesAtMs, isUncheckable, unproven }: AddressState): boolean {
  if (vanishesAtMs !== undefined) return false;
  if (unproven.length > 0) return true;
  // What never could be checked is left in peace; what could be is looked for, until the connection is back.
  return isUncheckable ? verdict !== "unknown" && verdict !== "down" : verdict !== "up" && verdict !== "down";
}
