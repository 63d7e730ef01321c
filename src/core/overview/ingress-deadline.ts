// When time alone will change one ingress next.
import { drillDeadlineMs } from "../people/drill.ts";
import { mixDeadlines, mixesOf, returnDeadlineMs } from "../records/mix.ts";
import type { EndpointState, IngressState } from "../model.ts";
import { turnDeadlineMs } from "../selection/outage.ts";
import { earlier } from "./earlier.ts";

/** Monotonic time of the next change of this ingress that needs no event; `undefined` when there is none. */
export function ingressDeadlineMs(ingress: IngressState): number | undefined {
  const { electionAtMs, trialUntilMs, selection, endpoints, overrides, standoff, unseen } = ingress;
  let nextMs = earlier(earlier(electionAtMs, trialUntilMs), earlier(standoff?.untilMs, drillDeadlineMs(ingress)));
  nextMs = earlier(earlier(nextMs, unseen?.untilMs), turnDeadlineMs(ingress));
  nextMs = earlier(earlier(nextMs, returnDeadlineMs(ingress)), mixesDeadlineMs(ingress));
  for (const { untilMs } of overrides) nextMs = earlier(nextMs, untilMs);
  for (const { untilMs } of selection?.sticky ?? []) nextMs = earlier(nextMs, untilMs);
  for (const endpoint of endpoints) nextMs = earlier(nextMs, ofEndpoint(endpoint));
  return nextMs;
}

/** The same for its mixes alone: all that changes by itself of one that left the configuration. */
export function mixesDeadlineMs(ingress: IngressState): number | undefined {
  let nextMs: number | undefined;
  for (const mix of mixesOf(ingress)) {
    const { shown, expiry, pause } = mixDeadlines(ingress, mix);
    nextMs = earlier(earlier(nextMs, mix.unseen?.untilMs), earlier(shown, earlier(expiry, pause)));
  }
  return nextMs;
}

function ofEndpoint({ heldUntilMs, addressesUsableUntilMs, addresses }: EndpointState): number | undefined {
  let nextMs = earlier(heldUntilMs, addressesUsableUntilMs);
  for (const { vanishesAtMs, unproven } of addresses) {
    nextMs = earlier(nextMs, earlier(vanishesAtMs, unproven[0]?.untilMs));
  }
  return nextMs;
}
