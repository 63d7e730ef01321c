// When time alone will change the state next, so that the loop can sleep until then.
import { drillDeadlineMs } from "./people/drill.ts";
import { mixDeadlines, mixesOf, returnDeadlineMs } from "./records/mix.ts";
import type { EndpointState, IngressState, State } from "./model.ts";
import { turnDeadlineMs } from "./selection/outage.ts";
import { dateDeadlineMs } from "./time/time.ts";

/** Monotonic time of the next change that needs no event; `undefined` when there is none. */
export function nextDeadline(state: State): number | undefined {
  const { ingresses, leaving } = state;
  let nextMs = dateDeadlineMs(state);
  for (const ingress of ingresses) nextMs = earlier(nextMs, ofIngress(ingress));
  for (const ingress of leaving) nextMs = earlier(nextMs, ofMixes(ingress));
  return nextMs;
}

function ofMixes(ingress: IngressState): number | undefined {
  let nextMs: number | undefined;
  for (const mix of mixesOf(ingress)) {
    const { shown, expiry, pause } = mixDeadlines(ingress, mix);
    nextMs = earlier(earlier(nextMs, mix.unseen?.untilMs), earlier(shown, earlier(expiry, pause)));
  }
  return nextMs;
}

function ofIngress(ingress: IngressState): number | undefined {
  const { electionAtMs, selection, endpoints, overrides, standoff, unseen } = ingress;
  let nextMs = earlier(earlier(electionAtMs, standoff?.untilMs), drillDeadlineMs(ingress));
  nextMs = earlier(earlier(nextMs, unseen?.untilMs), turnDeadlineMs(ingress));
  nextMs = earlier(earlier(nextMs, returnDeadlineMs(ingress)), ofMixes(ingress));
  for (const { untilMs } of overrides) nextMs = earlier(nextMs, untilMs);
  for (const { untilMs } of selection?.sticky ?? []) nextMs = earlier(nextMs, untilMs);
  for (const endpoint of endpoints) nextMs = earlier(nextMs, ofEndpoint(endpoint));
  return nextMs;
}

function ofEndpoint({ heldUntilMs, addressesUsableUntilMs, addresses }: EndpointState): number | undefined {
  let nextMs = earlier(heldUntilMs, addressesUsableUntilMs);
  for (const { vanishesAtMs, unproven } of addresses) {
    nextMs = earlier(nextMs, earlier(vanishesAtMs, unproven[0]?.untilMs));
  }
  return nextMs;
}

function earlier(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined) return b;
  return b === undefined || a <= b ? a : b;
}
