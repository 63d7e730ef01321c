// Finding by identity: an ingress by its id, an endpoint by its name in it. What they are called at Cloudflare
// (`record`, `mix.record`) is for records, look-ups and words.
import { endpointNamed } from "./members.ts";
import type { EndpointRef, EndpointState, IngressState, State } from "./model.ts";

/** As much of the state as it takes to find an ingress. */
type Listed = Pick<State, "ingresses" | "overview">;

/** The ingress of this id; `undefined` for one that is not configured. */
export function findIngress({ ingresses, overview }: Listed, id: string): IngressState | undefined {
  const place = overview.places.get(id);
  return place === undefined ? undefined : ingresses[place];
}

/** The same, also among those that left the configuration and still have records to be removed. */
export function findManaged(state: Listed & Pick<State, "leaving">, id: string): IngressState | undefined {
  return findIngress(state, id) ?? state.leaving.find(({ settings }) => settings.id === id);
}

/** The endpoint that a report is about, in whatever revision. */
export function findEndpoint(
  state: Listed,
  { ingress, endpoint }: Pick<EndpointRef, "ingress" | "endpoint">,
): EndpointState | undefined {
  const found = findIngress(state, ingress);
  return found && endpointNamed(found, endpoint);
}
