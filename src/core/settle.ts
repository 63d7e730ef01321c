// What one ingress is once time and new beliefs have taken effect on it: the second half of a step.
import { withDrill } from "./people/drill.ts";
import { afterTime } from "./evidence/endpoint.ts";
import { isOut } from "./evidence/health.ts";
import { withMixesAt } from "./records/mix.ts";
import type { IngressState } from "./model.ts";
import { withOutage, withoutEndedOutage } from "./selection/outage.ts";
import { withoutEndedOverrides } from "./people/overrides.ts";
import { withoutSettledProblem, withoutStandoff, withWordOnce } from "./records/published.ts";
import { withSharers } from "./selection/same-addresses.ts";
import { withTrial } from "./selection/trial.ts";
import { holdUntilMs } from "./selection/hold.ts";
import { select } from "./selection/selection.ts";
import { withEachEndpoint } from "./sharing.ts";
import { withUnseenAt } from "./records/unseen.ts";

/**
 * Lets time and the new beliefs take effect on one ingress. Once it did, it changes nothing more before the next event
 * of this ingress or `ingressDeadlineMs`: nobody needs to look at it until then.
 */
export function settle(ingress: IngressState, nowMs: number): IngressState {
  const grown = withEachEndpoint(ingress, (endpoint) => afterTime(endpoint, nowMs));
  const isOver = ingress.standoff !== undefined && ingress.standoff.untilMs <= nowMs;
  const aged = withMixesAt(withUnseenAt(withoutEndedOverrides(grown, nowMs), nowMs), nowMs);
  const believed = withOutage(withSharers(isOver ? withoutStandoff(aged) : aged), nowMs);
  const selected = withHeldSharers(ingress, withoutEndedOutage(select(believed, nowMs)), nowMs);
  const tried = withTrial(selected, nowMs);
  return withDrill(ingress, withoutSettledProblem(withWordOnce(ingress, tried)), nowMs);
}

/** After a switch, who ever shared its addresses is held: its answers may lag behind what our own record says. */
function withHeldSharers(before: IngressState, after: IngressState, nowMs: number): IngressState {
  const from = before.selection?.primary;
  const to = after.selection?.primary;
  if (from === undefined || to === undefined || from === to) return after;
  return withEachEndpoint(after, (endpoint) => {
    const { settings, hasShared, heldUntilMs = -Infinity, health } = endpoint;
    if (!hasShared || settings.name === to || isOut(health.verdict)) return endpoint;
    const untilMs = holdUntilMs(after, settings.name, nowMs);
    return untilMs <= Math.max(nowMs, heldUntilMs) ? endpoint : { ...endpoint, heldUntilMs: untilMs };
  });
}
