// One endpoint's state: how it begins, and what a look-up or a probe does to it.
import { addressGraceMs, detailOf, withAnswer, withoutUnusable } from "./answer.ts";
import type { Evidence } from "./proof-model.ts";
import { asItCounts, counted, observe, withFailure } from "./address.ts";
import { afterFailure, endpointHealth, freshHealth, isOut, isServing } from "./health.ts";
import type { Thresholds } from "./health.ts";
import type {
  AddressState,
  EndpointSettings,
  EndpointState,
  Family,
  Observation,
  Resolution,
  SavedAddresses,
} from "../model.ts";
import { withEach } from "../sharing.ts";
import { isPermitted } from "./usable.ts";

/** The longest TTL that an answer may have had. */
const longestTtlMs = 24 * 60 * 60_000;

/** For endpoints without a check, whose addresses carry no verdicts. */
export const noThresholds: Thresholds = { rise: 1, fall: 1 };

/** An endpoint of which nothing is known but its settings. */
export function freshEndpoint(settings: EndpointSettings, revision: number, nowMs: number): EndpointState {
  const endpoint: EndpointState = {
    settings,
    revision,
    addresses: [],
    withoutAddress: freshHealth(nowMs),
    health: { verdict: "unknown", isDegraded: false, sinceMs: nowMs, reason: "not probed yet" },
    resolution: undefined,
    addressesUsableUntilMs: undefined,
    leftOut: undefined,
    heldUntilMs: undefined,
    hasShared: false,
    tracedPath: undefined,
  };
  const { target } = settings;
  if (target.kind === "host") return endpoint;
  return withHealth(withAnswer(endpoint, target.addresses, nowMs), nowMs);
}

/**
 * The endpoint with the addresses that an earlier life of the daemon knew, for as long as they may be used: private
 * ones only if `allowPrivate`, which that life may have been told differently.
 */
export function withSavedAddresses(
  endpoint: EndpointState,
  saved: SavedAddresses,
  { allowPrivate, nowMs }: { allowPrivate: boolean; nowMs: number },
): EndpointState {
  const { target } = endpoint.settings;
  if (target.kind !== "host" || target.host !== saved.target || saved.usableUntilMs <= nowMs) return endpoint;
  const permitted = saved.addresses.filter(({ scope }) => isPermitted(scope, allowPrivate));
  if (permitted.length === 0) return endpoint;
  const addressesUsableUntilMs = Math.min(saved.usableUntilMs, nowMs + longestTtlMs + addressGraceMs);
  return { ...withAnswer(endpoint, permitted, nowMs), addressesUsableUntilMs };
}

/**
 * The endpoint after a look-up of its target. Private addresses count as none unless `allowPrivate`, special ones
 * always: a translator's or a router's own answer would be published to a world that it means nothing to.
 */
export function afterResolution(
  endpoint: EndpointState,
  answer: Resolution,
  { allowPrivate, evidence, nowMs }: { allowPrivate: boolean; evidence: Evidence; nowMs: number },
): EndpointState {
  const resolution = withoutUnusable(answer, allowPrivate);
  const next = { ...endpoint, resolution: { kind: resolution.kind, detail: detailOf(resolution), atMs: nowMs } };
  switch (resolution.kind) {
    case "addresses":
      return withHealth(
        {
          ...withAnswer(next, resolution.addresses, nowMs),
          addressesUsableUntilMs: nowMs + resolution.ttlSeconds * 1_000 + addressGraceMs,
          withoutAddress: freshHealth(nowMs),
        },
        nowMs,
      );
    case "none": {
      const judging = { ...(endpoint.settings.check ?? noThresholds), evidence };
      const failure = { detail: resolution.detail, startedMs: nowMs, endedMs: nowMs };
      if (endpoint.addresses.length === 0) {
        const withoutAddress = afterFailure(endpoint.withoutAddress, failure.detail, judging, nowMs);
        return withHealth({ ...next, withoutAddress }, nowMs);
      }
      const addresses = endpoint.addresses.map((address) => withFailure(address, failure, judging, nowMs));
      return withHealth({ ...next, addresses }, nowMs);
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
  { evidence, nowMs }: { evidence: Evidence; nowMs: number },
): EndpointState {
  const { check } = endpoint.settings;
  const probed = endpoint.addresses.find(({ text }) => text === address);
  if (check === undefined || probed === undefined) return endpoint;
  const observed = observe(endpoint, probed, asItCounts(observation, probed), { ...check, evidence }, nowMs);
  const replaced = withEach(endpoint.addresses, (other) => (other === probed ? observed : other));
  const isOver = (other: AddressState): boolean => observation.kind === "ok" && isReplacedBy(other, observed);
  const addresses = replaced.some(isOver) ? replaced.filter((other) => !isOver(other)) : replaced;
  return withHealth({ ...endpoint, addresses }, nowMs);
}

/** Whether an address that left the answer gives way to one that is there, answers, and is believed in as much. */
function isReplacedBy(left: AddressState, by: AddressState): boolean {
  if (left.vanishesAtMs === undefined || by.vanishesAtMs !== undefined || left.family !== by.family) return false;
  return by.health.verdict === "up" || (by.health.verdict === "suspect" && left.health.verdict !== "up");
}

/** The endpoint after time passed: addresses whose time is over are forgotten, an ended hold is dropped. */
export function afterTime(endpoint: EndpointState, nowMs: number): EndpointState {
  const isExpired = endpoint.addressesUsableUntilMs !== undefined && endpoint.addressesUsableUntilMs <= nowMs;
  const isHeld = endpoint.heldUntilMs !== undefined && endpoint.heldUntilMs > nowMs && !isOut(endpoint.health.verdict);
  const isGone = ({ vanishesAtMs }: AddressState): boolean => vanishesAtMs !== undefined && vanishesAtMs <= nowMs;
  const isHoldSame = isHeld === (endpoint.heldUntilMs !== undefined);
  if (!isExpired && isHoldSame && !endpoint.addresses.some(isGone)) return endpoint;
  return withHealth(
    {
      ...endpoint,
      addresses: isExpired ? [] : endpoint.addresses.filter((address) => !isGone(address)),
      addressesUsableUntilMs: isExpired ? undefined : endpoint.addressesUsableUntilMs,
      heldUntilMs: isHeld ? endpoint.heldUntilMs : undefined,
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
    ({ lastOkMs = -Infinity, lastOkStartedMs = -Infinity, health, stalled, unproven, undated, isUncheckable }) =>
      health.verdict === "up" &&
      lastOkStartedMs >= oldestMs &&
      // Its newest result has to be that ok, not a failure that may still turn out to count, nor the silence that
      // others have been given up for. A slow endpoint is silent for a while between any two answers.
      unproven.length === 0 &&
      undated.length === 0 &&
      stalled.every(({ sinceMs }) => sinceMs <= lastOkMs) &&
      !isUncheckable,
  );
}

/** The addresses that may be in DNS while this endpoint serves. */
export function publishableAddresses({ settings, addresses }: EndpointState): readonly AddressState[] {
  if (settings.check === undefined) return addresses;
  return addresses.filter(
    ({ health, isUncheckable }) => isServing(health.verdict) || (isUncheckable && !isOut(health.verdict)),
  );
}

/** The endpoint with the health that its addresses make of it. */
export function withHealth(endpoint: EndpointState, nowMs: number): EndpointState {
  const health = endpointHealth(endpoint, nowMs);
  return health === endpoint.health ? endpoint : { ...endpoint, health };
}

/** The endpoint while a probe of one of its addresses has had no answer for a good while. */
export function afterStall(
  endpoint: EndpointState,
  { address, startedMs }: { readonly address: string; readonly startedMs: number },
  nowMs: number,
): EndpointState {
  const addresses = withEach(endpoint.addresses, (each) =>
    each.text === address
      ? { ...each, stalled: [...each.stalled, { startedMs, sinceMs: nowMs, provenMs: undefined }] }
      : each,
  );
  return addresses === endpoint.addresses ? endpoint : { ...endpoint, addresses };
}

/**
 * The endpoint after proof of connection in this family at `provenMs`: the failures that it covers count, in order, and
 * the probes that had stalled by then are known to be silent for a reason that is not this machine's.
 */
export function afterProof(endpoint: EndpointState, family: Family, provenMs: number, nowMs: number): EndpointState {
  const thresholds = endpoint.settings.check ?? noThresholds;
  return withWaiting(endpoint, family, nowMs, (waiting) => {
    const stalled = withEach(waiting.stalled, (probe) =>
      probe.provenMs === undefined && provenMs >= probe.sinceMs ? { ...probe, provenMs } : probe,
    );
    const address = stalled === waiting.stalled ? waiting : { ...waiting, stalled };
    const proven = address.unproven.filter(({ endedMs }) => endedMs <= provenMs);
    if (proven.length === 0) return address;
    const rest: AddressState = { ...address, unproven: address.unproven.filter(({ endedMs }) => endedMs > provenMs) };
    return proven
      .filter(({ isDoubtful }) => !isDoubtful)
      .toSorted((a, b) => a.startedMs - b.startedMs)
      .reduce<AddressState>((next, failure) => counted(next, failure, thresholds, nowMs), rest);
  });
}

/** The endpoint without the failures whose search for proof ended by `untilMs` in vain. */
export function withoutProof(endpoint: EndpointState, family: Family, untilMs: number, nowMs: number): EndpointState {
  return withWaiting(endpoint, family, nowMs, (address) => {
    const unproven = address.unproven.filter((failure) => failure.untilMs > untilMs);
    return unproven.length === address.unproven.length ? address : { ...address, unproven, isUncheckable: true };
  });
}

/** The endpoint without any failure that waits for proof in this family. */
export function forgetUnproven(endpoint: EndpointState, family: Family): EndpointState {
  const addresses = withEach(endpoint.addresses, (address) =>
    address.family === family && address.unproven.length > 0 ? { ...address, unproven: [] } : address,
  );
  return addresses === endpoint.addresses ? endpoint : { ...endpoint, addresses };
}

function withWaiting(
  endpoint: EndpointState,
  family: Family,
  nowMs: number,
  change: (address: AddressState) => AddressState,
): EndpointState {
  const addresses = withEach(endpoint.addresses, (address) =>
    address.family === family && (address.unproven.length > 0 || address.stalled.length > 0)
      ? change(address)
      : address,
  );
  return addresses === endpoint.addresses ? endpoint : withHealth({ ...endpoint, addresses }, nowMs);
}
