// When time alone will change the state next, so that the loop can sleep until then.
import type { EndpointState, IngressState, State } from "./model.ts";

/** Monotonic time of the next change that needs no event; `undefined` when there is none. */
export function nextDeadline({ ingresses }: State): number | undefined {
  const deadlines = ingresses.flatMap(deadlinesOf).filter((deadline) => deadline !== undefined);
  return deadlines.length === 0 ? undefined : Math.min(...deadlines);
}

function deadlinesOf({
  electionAtMs,
  selection,
  endpoints,
  overrides,
  standoff,
}: IngressState): (number | undefined)[] {
  return [
    electionAtMs,
    standoff?.untilMs,
    ...overrides.map(({ untilMs }) => untilMs),
    ...(selection?.sticky ?? []).map(({ untilMs }) => untilMs),
    ...endpoints.flatMap(ofEndpoint),
  ];
}

function ofEndpoint({ heldUntilMs, addressesUsableUntilMs, addresses }: EndpointState): (number | undefined)[] {
  return [
    heldUntilMs,
    addressesUsableUntilMs,
    ...addresses.flatMap(({ vanishesAtMs, unproven }) => [vanishesAtMs, unproven[0]?.untilMs]),
  ];
}
