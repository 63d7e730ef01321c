// How often an endpoint is probed: the steady rhythm, or the fast one while something is in question.
import type { EndpointState, IngressState } from "./model.ts";

/** Milliseconds from the end of one round of probes to the start of the next; `undefined` for an endpoint without a check. */
export function probeIntervalMs(ingress: IngressState, endpoint: EndpointState): number | undefined {
  const check = endpoint.settings.check;
  if (check === undefined) return undefined;
  return isInQuestion(ingress, endpoint) ? check.fastIntervalMs : check.intervalMs;
}

function isInQuestion(ingress: IngressState, endpoint: EndpointState): boolean {
  const isUnsettled = endpoint.addresses.some(
    ({ health, vanishesAtMs, isUncheckable }) =>
      vanishesAtMs === undefined && !isUncheckable && health.verdict !== "up" && health.verdict !== "down",
  );
  if (isUnsettled || (endpoint.health.verdict !== "up" && endpoint.health.verdict !== "down")) return true;
  // While the primary is not up, whoever may take its place is watched closely.
  const primary = ingress.endpoints.find(({ settings }) => settings.name === ingress.selection?.primary);
  return primary?.health.verdict !== "up" && endpoint.health.verdict === "up";
}
