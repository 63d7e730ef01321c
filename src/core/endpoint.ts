// One endpoint's state: how it begins, and what a look-up or a probe does to it.
import { afterFailure, afterOk, endpointHealth, freshHealth, isOut, isServing } from "./health.ts";
import type { Thresholds } from "./health.ts";
import type { Address, AddressState, EndpointSettings, EndpointState, Observation, Resolution } from "./model.ts";

/** How long an address stays usable after its TTL ended or after it left the answer. */
export const addressGraceMs = 10 * 60_000;

/** More addresses of one endpoint than this are neither probed nor published. */
const mostAddresses = 16;

/** For endpoints without a check, whose addresses carry no verdicts. */
const noThresholds: Thresholds = { rise: 1, fall: 1 };

/** An endpoint of which nothing is known but its settings. */
export function freshEndpoint(settings: EndpointSettings, revision: number, nowMs: number): EndpointState {
  const endpoint: EndpointState = {
    settings,
    revision,
    addresses: [],
    withoutAddress: freshHealth(nowMs),
    health: { verdict: "unknown", isDegraded: false, sinceMs: nowMs, reason: "not probed yet" },
  };
  const { target } = settings;
  if (target.kind === "host") return endpoint;
  return withHealth({ ...endpoint, addresses: knownAddresses(endpoint, target.addresses, nowMs) }, nowMs);
}

/** The endpoint after a look-up of its target. Private addresses count as none unless `allowPrivate`. */
export function afterResolution(
  endpoint: EndpointState,
  answer: Resolution,
  allowPrivate: boolean,
  nowMs: number,
): EndpointState {
  const resolution = allowPrivate ? answer : withoutPrivate(answer);
  const next = { ...endpoint, resolution: { kind: resolution.kind, detail: detailOf(resolution), atMs: nowMs } };
  switch (resolution.kind) {
    case "addresses":
      return withHealth(
        {
          ...next,
          addresses: knownAddresses(endpoint, resolution.addresses, nowMs),
          addressesUsableUntilMs: nowMs + resolution.ttlSeconds * 1_000 + addressGraceMs,
          withoutAddress: freshHealth(nowMs),
        },
        nowMs,
      );
    case "none": {
      const thresholds = endpoint.settings.check ?? noThresholds;
      const failed = { thresholds, what: resolution.detail, nowMs };
      return withHealth(
        endpoint.addresses.length === 0
          ? { ...next, withoutAddress: afterFailure(endpoint.withoutAddress, failed.what, thresholds, nowMs) }
          : {
              ...next,
              addresses: endpoint.addresses.map((address) => ({
                ...address,
                health: afterFailure(address.health, failed.what, thresholds, nowMs),
              })),
            },
        nowMs,
      );
    }
    case "inconclusive":
      return withHealth(next, nowMs);
    default:
      return resolution satisfies never;
  }
}

/** The endpoint after one probe of one of its addresses. An unknown address is ignored: it left while being probed. */
export function afterObservation(
  endpoint: EndpointState,
  address: string,
  observation: Observation,
  nowMs: number,
): EndpointState {
  const { check } = endpoint.settings;
  const probed = endpoint.addresses.find(({ text }) => text === address);
  if (check === undefined || probed === undefined) return endpoint;
  const observed = observe(probed, observation, check, isServing(endpoint.health.verdict), nowMs);
  const replaced = endpoint.addresses.map((other) => (other === probed ? observed : other));
  const addresses =
    observed.health.verdict === "up" && observed.vanishesAtMs === undefined
      ? replaced.filter(({ family, vanishesAtMs }) => family !== observed.family || vanishesAtMs === undefined)
      : replaced;
  return withHealth({ ...endpoint, addresses }, nowMs);
}

/** The endpoint after time passed: addresses whose time is over are forgotten, an ended hold is dropped. */
export function afterTime(endpoint: EndpointState, nowMs: number): EndpointState {
  const { addressesUsableUntilMs, heldUntilMs, ...rest } = endpoint;
  const isExpired = addressesUsableUntilMs !== undefined && addressesUsableUntilMs <= nowMs;
  const isHeld = heldUntilMs !== undefined && heldUntilMs > nowMs;
  const addresses = isExpired
    ? []
    : endpoint.addresses.filter(({ vanishesAtMs }) => vanishesAtMs === undefined || vanishesAtMs > nowMs);
  if (addresses.length === endpoint.addresses.length && !isExpired && isHeld === (heldUntilMs !== undefined)) {
    return endpoint;
  }
  return withHealth(
    {
      ...rest,
      addresses,
      ...(isExpired || addressesUsableUntilMs === undefined ? {} : { addressesUsableUntilMs }),
      ...(isHeld ? { heldUntilMs } : {}),
    },
    nowMs,
  );
}

/** Whether an ok of this endpoint is recent enough to start serving on: at most two intervals and a timeout old. */
export function isFresh({ settings, addresses }: EndpointState, nowMs: number): boolean {
  const { check } = settings;
  if (check === undefined) return true;
  const oldestMs = nowMs - 2 * check.intervalMs - check.timeoutMs;
  return addresses.some(
    ({ lastOkMs, health }) => health.verdict === "up" && lastOkMs !== undefined && lastOkMs >= oldestMs,
  );
}

/** The addresses that may stand in DNS while this endpoint serves. */
export function publishableAddresses({ settings, addresses }: EndpointState): readonly AddressState[] {
  if (settings.check === undefined) return addresses;
  return addresses.filter(
    ({ health, isUncheckable }) => isServing(health.verdict) || (isUncheckable && !isOut(health.verdict)),
  );
}

function withHealth(endpoint: EndpointState, nowMs: number): EndpointState {
  return { ...endpoint, health: endpointHealth(endpoint, nowMs) };
}

function observe(
  address: AddressState,
  observation: Observation,
  thresholds: Thresholds,
  isEndpointServing: boolean,
  nowMs: number,
): AddressState {
  const seen: AddressState = { ...address, lastObservation: observation, isUncheckable: false };
  switch (observation.kind) {
    case "ok": {
      // While the endpoint serves, one answer is enough to trust its new address.
      const health =
        address.isNewcomer && address.health.verdict === "unknown" && isEndpointServing
          ? freshHealth(nowMs, "up", "answers")
          : afterOk(address.health, thresholds, nowMs);
      return {
        ...seen,
        health,
        isNewcomer: address.isNewcomer && health.verdict === "unknown",
        lastOkMs: observation.endedMs,
      };
    }
    case "failed":
      return { ...seen, health: afterFailure(address.health, observation.detail, thresholds, nowMs) };
    case "inconclusive":
      return { ...seen, isUncheckable: observation.reason === "no-route" || address.isUncheckable };
    default:
      return observation satisfies never;
  }
}

/** What is known of the addresses in a new answer, and of those that just left it and still serve. */
function knownAddresses(endpoint: EndpointState, answer: readonly Address[], nowMs: number): readonly AddressState[] {
  const known = new Map(endpoint.addresses.map((address) => [address.text, address]));
  const current = answer.slice(0, mostAddresses).map((address): AddressState => {
    const { vanishesAtMs: _, ...state } = known.get(address.text) ?? freshAddress(endpoint, address, nowMs);
    return state;
  });
  // Without a check nothing can vouch for the new addresses, so nothing is gained by keeping the old ones.
  if (endpoint.settings.check === undefined) return current;
  const isCurrent = new Set(current.map(({ text }) => text));
  const vanishing = endpoint.addresses
    .filter(({ text, health }) => !isCurrent.has(text) && isServing(health.verdict))
    .map((address) => ({ ...address, vanishesAtMs: address.vanishesAtMs ?? nowMs + addressGraceMs }));
  return [...current, ...vanishing.slice(0, mostAddresses)];
}

function freshAddress(endpoint: EndpointState, address: Address, nowMs: number): AddressState {
  // Somebody has to vouch for it: an endpoint that lost all its addresses starts to prove itself anew.
  const isNewcomer = endpoint.addresses.some(({ health }) => isServing(health.verdict));
  const verdict = isOut(endpoint.health.verdict) ? "down" : "unknown";
  return {
    ...address,
    health: freshHealth(nowMs, verdict, "new address, not probed yet"),
    isNewcomer,
    isUncheckable: false,
  };
}

function withoutPrivate(resolution: Resolution): Resolution {
  if (resolution.kind !== "addresses") return resolution;
  const addresses = resolution.addresses.filter(({ scope }) => scope === "public");
  if (addresses.length > 0) return { ...resolution, addresses };
  const found = resolution.addresses.map(({ text }) => text).join(", ");
  return {
    kind: "none",
    reason: "no-data",
    detail: `only private addresses (${found}); allow_private would permit them`,
  };
}

function detailOf(resolution: Resolution): string {
  return resolution.kind === "addresses" ? resolution.addresses.map(({ text }) => text).join(", ") : resolution.detail;
}
