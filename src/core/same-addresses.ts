// Endpoints that lead to the same place: moving between them wins nothing.
import type { EndpointState, IngressState } from "./model.ts";

/** The other endpoints that the addresses of this one belong to, if each of them does; empty when it has its own, or none is known. */
export function sharersOf({ endpoints }: IngressState, endpoint: EndpointState): readonly string[] {
  const own = textsOf(endpoint);
  if (own.length === 0) return [];
  const others = endpoints.filter((other) => other !== endpoint && other.settings.name !== endpoint.settings.name);
  const theirs = others.map((other) => ({ name: other.settings.name, texts: new Set(textsOf(other)) }));
  if (!own.every((text) => theirs.some(({ texts }) => texts.has(text)))) return [];
  return theirs.filter(({ texts }) => own.some((text) => texts.has(text))).map(({ name }) => name);
}

/** Whether all its addresses, of which at least one is known, belong to other endpoints. */
export function sharesAddresses(ingress: IngressState, endpoint: EndpointState): boolean {
  return sharersOf(ingress, endpoint).length > 0;
}

/** Whether both have exactly the same addresses, and at least one. */
export function hasSameAddresses(a: EndpointState, b: EndpointState): boolean {
  const [left, right] = [textsOf(a), textsOf(b)];
  return left.length > 0 && left.length === right.length && left.every((text) => right.includes(text));
}

/** What its name stands for now: an address that left the answer is no longer its own. */
function textsOf({ addresses }: EndpointState): readonly string[] {
  return addresses.flatMap(({ text, vanishesAtMs }) => (vanishesAtMs === undefined ? [text] : []));
}
