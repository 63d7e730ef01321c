// The endpoints of an ingress by name and by rank, and who is kept from serving.
import type { EndpointSettings, EndpointState, IngressState } from "./model.ts";

/** The endpoint of this name; `undefined` for one that is no longer configured. */
export function endpointNamed(ingress: IngressState, name: string | undefined): EndpointState | undefined {
  return ingress.endpoints.find(({ settings }) => settings.name === name);
}

/** The endpoints from the best rank to the worst: checked before unchecked, lower priority first, then file order. */
export function ranked(endpoints: readonly EndpointState[]): readonly EndpointState[] {
  // Most files list them so already.
  const isInOrder = endpoints.every(
    (endpoint, index) => byTheirSettings(endpoints[index - 1] ?? endpoint, endpoint) <= 0,
  );
  return isInOrder ? endpoints : endpoints.toSorted(byTheirSettings);
}

function byTheirSettings(a: EndpointState, b: EndpointState): number {
  return byRank(a.settings, b.settings);
}

/** Orders endpoints from the best rank to the worst. Sorting is stable, so ties stay in file order. */
export function byRank(a: EndpointSettings, b: EndpointSettings): number {
  return Number(a.check === undefined) - Number(b.check === undefined) || a.priority - b.priority;
}

/** Whether this endpoint was drained manually, or is being drilled. */
export function isDrained({ overrides }: IngressState, { settings }: EndpointState): boolean {
  return overrides.some(({ kind, endpoint }) => kind !== "pin" && endpoint === settings.name);
}
