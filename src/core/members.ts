// The endpoints of an ingress by name, by rank, and by the part they have in serving now: what many parts ask. Who is
// to serve is decided in `selection/`.
import type { EndpointSettings, EndpointState, IngressState, Override, Selection } from "./model.ts";

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

/** The pin in force, if any. */
export function pinOf({ overrides }: IngressState): Override | undefined {
  return overrides.find(({ kind }) => kind === "pin");
}

/** Why a drained endpoint does not serve, in plain words. */
export function whyDrained({ overrides }: IngressState, name: string): string {
  const isDrill = overrides.some(({ kind, endpoint }) => kind === "drill" && endpoint === name);
  return isDrill ? `a drill of ${name} began` : `${name} was drained manually`;
}

/** All active endpoints, the primary first; none before the first selection. */
export function membersOf(selection: Pick<Selection, "primary" | "sticky"> | undefined): readonly string[] {
  return selection === undefined ? [] : [selection.primary, ...selection.sticky.map(({ endpoint }) => endpoint)];
}

/** The selection without anybody next to the primary; the same object where nobody is. */
export function alone(selection: Selection): Selection {
  return selection.sticky.length === 0 ? selection : { ...selection, sticky: [] };
}

/** Whether the same endpoints serve in both, in the same roles. */
export function hasSameMembers(a: Selection | undefined, b: Selection | undefined): boolean {
  return a === b || membersOf(a).join("\n") === membersOf(b).join("\n");
}

/** Whether the endpoint takes part in serving now, as primary or next to it. */
export function roleOf({ selection }: IngressState, endpoint: string): "primary" | "sticky" | undefined {
  if (selection?.primary === endpoint) return "primary";
  return selection?.sticky.some((member) => member.endpoint === endpoint) === true ? "sticky" : undefined;
}
