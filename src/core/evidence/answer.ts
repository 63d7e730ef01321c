// The answer to a look-up of a target: which addresses of it count, and what becomes of those that were known before.
import { freshHealth, isOut, isServing } from "./health.ts";
import type { Address, AddressState, EndpointState, Health, Resolution } from "../model.ts";
import { isPermitted, leftOutWords, withinLimit } from "./usable.ts";

/** How long an address stays usable after its TTL ended or after it left the answer. */
export const addressGraceMs = 10 * 60_000;

/** The endpoint with a new answer: what is known of its addresses, and of those that just left it and still serve. */
export function withAnswer(endpoint: EndpointState, answer: readonly Address[], nowMs: number): EndpointState {
  const leftOut = endpoint.leftOut ?? leftOutWords(answer);
  return { ...endpoint, addresses: knownAddresses(endpoint, answer, nowMs), leftOut };
}

function knownAddresses(endpoint: EndpointState, answer: readonly Address[], nowMs: number): readonly AddressState[] {
  const known = new Map(endpoint.addresses.map((address) => [address.text, address]));
  const current = withinLimit(answer, (address) => known.has(address.text)).map((address): AddressState => ({
    ...(known.get(address.text) ?? freshAddress(endpoint, address, nowMs)),
    vanishesAtMs: undefined,
  }));
  // Without a check nothing can vouch for the new addresses, so nothing is gained by keeping the old ones.
  if (endpoint.settings.check === undefined) return current;
  const isCurrent = new Set(current.map(({ text }) => text));
  const vanishing = endpoint.addresses
    .filter(({ text, health }) => !isCurrent.has(text) && isServing(health.verdict))
    .map((address) => ({ ...address, vanishesAtMs: address.vanishesAtMs ?? nowMs + addressGraceMs }));
  return [...current, ...withinLimit(vanishing)];
}

function freshAddress(endpoint: EndpointState, address: Address, nowMs: number): AddressState {
  // An endpoint that serves has to vouch for it: an endpoint that lost all its addresses starts to prove itself anew.
  const isNewcomer = endpoint.addresses.some(({ health }) => isServing(health.verdict));
  const verdict = isOut(endpoint.health.verdict) ? "down" : "unknown";
  return { ...untriedAddress(address, freshHealth(nowMs, verdict, "new address, not probed yet")), isNewcomer };
}

/** An address that no probe has been made of, with the health that it begins with. */
export function untriedAddress(address: Address, health: Health): AddressState {
  return {
    ...address,
    health,
    lastObservation: undefined,
    lastOkMs: undefined,
    lastOkStartedMs: undefined,
    countedStartedMs: undefined,
    isNewcomer: false,
    vanishesAtMs: undefined,
    isUncheckable: false,
    stalled: [],
    unproven: [],
    undated: [],
  };
}

/** The answer without the addresses that mean nothing to the world, or that are not permitted. */
export function withoutUnusable(resolution: Resolution, allowPrivate: boolean): Resolution {
  if (resolution.kind !== "addresses") return resolution;
  const addresses = resolution.addresses.filter(({ scope }) => isPermitted(scope, allowPrivate));
  if (addresses.length === resolution.addresses.length) return resolution;
  if (addresses.length > 0) return { ...resolution, addresses };
  const found = resolution.addresses.map(({ text, purpose }) => (purpose === undefined ? text : `${text}: ${purpose}`));
  const isPrivate = resolution.addresses.some(({ scope }) => scope === "private");
  const words = isPrivate
    ? `only private addresses (${found.join(", ")}); allow_private would permit them`
    : `no usable address (${found.join(", ")})`;
  return { kind: "none", reason: "no-data", detail: words };
}

/** What there is to say of it, for people: its addresses, or why there is none. */
export function detailOf(resolution: Resolution): string {
  if (resolution.kind !== "addresses") return resolution.detail;
  const leftOut = leftOutWords(resolution.addresses);
  const texts = withinLimit(resolution.addresses)
    .map(({ text }) => text)
    .join(", ");
  return leftOut === undefined ? texts : `${texts} (${leftOut})`;
}
