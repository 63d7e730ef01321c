// Endpoints that lead to the same place: moving between them wins nothing.
import type { EndpointState, IngressState } from "../model.ts";
import { withEachEndpoint } from "../sharing.ts";

/**
 * The other endpoints that the addresses of this one belong to, if each of them does; empty when it has its own, or
 * none is known.
 */
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

/**
 * The ingress with a mark on each endpoint that shares its addresses now: from then on its answers are believed less.
 */
export function withSharers(ingress: IngressState): IngressState {
  const owners = new Map<string, number>();
  for (const { addresses } of ingress.endpoints) {
    for (const text of new Set(textsOf({ addresses }))) owners.set(text, (owners.get(text) ?? 0) + 1);
  }
  if (![...owners.values()].some((count) => count > 1)) return ingress;
  return withEachEndpoint(ingress, (endpoint) => {
    const own = endpoint.hasShared ? [] : textsOf(endpoint);
    const isShared = own.length > 0 && own.every((text) => (owners.get(text) ?? 0) > 1);
    return isShared ? { ...endpoint, hasShared: true } : endpoint;
  });
}

/** From when on an answer to a look-up of its target counts as its own; `undefined` where any does. */
export function answersSinceMs(
  { selection }: IngressState,
  { hasShared, settings }: EndpointState,
): number | undefined {
  if (!hasShared || selection === undefined || selection.primary === settings.name) return undefined;
  return selection.sinceMs;
}

/**
 * Whether the newest answer is its own. The answer of a target that ever shared may have come by way of our own record,
 * so one from before the last switch is inconclusive.
 */
export function isAnswerItsOwn(ingress: IngressState, endpoint: EndpointState): boolean {
  const sinceMs = answersSinceMs(ingress, endpoint);
  const { settings, resolution } = endpoint;
  if (sinceMs === undefined || settings.target.kind === "addresses") return true;
  return resolution?.kind === "addresses" && resolution.atMs > sinceMs;
}

/** What its name stands for now: an address that left the answer is no longer its own. */
function textsOf({ addresses }: Pick<EndpointState, "addresses">): readonly string[] {
  return addresses.flatMap(({ text, vanishesAtMs }) => (vanishesAtMs === undefined ? [text] : []));
}
