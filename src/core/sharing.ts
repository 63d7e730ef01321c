// States share what did not change: the same object means that nothing in it is different, so that nobody needs to
// look.
import type { EndpointState, IngressState } from "./model.ts";

/** The items after `change`; the very same list when every item stayed the same object. */
export function withEach<Item>(items: readonly Item[], change: (item: Item) => Item): readonly Item[] {
  let changed: Item[] | undefined;
  let index = 0;
  for (const item of items) {
    const next = change(item);
    if (next !== item) {
      changed ??= [...items];
      changed[index] = next;
    }
    index += 1;
  }
  return changed ?? items;
}

/** The ingress after a change of each endpoint. */
export function withEachEndpoint(
  ingress: IngressState,
  change: (endpoint: EndpointState) => EndpointState,
): IngressState {
  const endpoints = withEach(ingress.endpoints, change);
  return endpoints === ingress.endpoints ? ingress : { ...ingress, endpoints };
}
