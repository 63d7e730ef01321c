// One endpoint as people outside see it, with what is believed of each of its addresses.
import { checkKind } from "../../checks/registry.ts";
import type { AddressState, EndpointState, IngressState, Observation, State } from "../../core/model.ts";
import { probeIntervalMs } from "../../core/evidence/rhythm.ts";
import { sharersOf } from "../../core/selection/same-addresses.ts";
import { ranked, roleOf } from "../../core/members.ts";
import { plain } from "../../lib/text.ts";
import { dateOf, isoOf, type Now } from "./dates.ts";
import { overrideDocument } from "./override.ts";
import type { AddressStatus, EndpointStatus, ObservationDocument } from "./schema/status.ts";

export function endpointStatus(
  ingress: IngressState,
  endpoint: EndpointState,
  connection: State["connection"],
  now: Now,
): EndpointStatus {
  const { settings, health, heldUntilMs, resolution } = endpoint;
  const { name, target, priority, ttl, stickyMs } = settings;
  const sharers = sharersOf(ingress, endpoint);
  const override = ingress.overrides.find((word) => word.endpoint === name);
  return {
    name: plain(name),
    target: target.kind === "host" ? [target.host] : target.addresses.map(({ text }) => text),
    priority,
    rank: ranked(ingress.endpoints).indexOf(endpoint) + 1,
    ttlSeconds: ttl === "auto" ? undefined : ttl,
    stickyMs,
    check: checkOf(ingress, endpoint),
    role: roleOf(ingress, name) ?? "none",
    verdict: health.verdict,
    isDegraded: health.isDegraded,
    isUnseen: isUnseen(endpoint, connection),
    reason: plain(whyOf(endpoint), 300),
    since: dateOf(health.sinceMs, now),
    heldUntil: heldUntilMs === undefined ? undefined : dateOf(heldUntilMs, now),
    sharesWith: sharers.length === 0 ? undefined : sharers.map((other) => plain(other)),
    override: override && overrideDocument(override, now),
    certificateEnds: certificateEndsOf(endpoint),
    resolution: resolution && {
      kind: resolution.kind,
      detail: plain(resolution.detail, 300),
      at: dateOf(resolution.atMs, now),
    },
    addresses: endpoint.addresses.map((address) => addressStatus(ingress, address, connection, now)),
  };
}

function checkOf(ingress: IngressState, endpoint: EndpointState): EndpointStatus["check"] {
  const { check } = endpoint.settings;
  if (check === undefined) return undefined;
  const { what, intervalMs, fastIntervalMs, timeoutMs, rise, fall } = check;
  const nowMs = probeIntervalMs(ingress, endpoint) ?? intervalMs;
  return { ...checkKind(what.kind).shown(what), intervalMs, fastIntervalMs, nowMs, timeoutMs, rise, fall };
}

function certificateEndsOf({ addresses }: EndpointState): EndpointStatus["certificateEnds"] {
  const ends = addresses.flatMap(({ lastObservation }) => lastObservation?.certificateEndsWallMs ?? []);
  return ends.length === 0 ? undefined : isoOf(Math.min(...ends));
}

/**
 * Whether nothing new can be known of it, since this machine is offline: not all families need be, one may have no
 * route.
 */
function isUnseen({ settings, addresses }: EndpointState, connection: State["connection"]): boolean {
  const isBlind = ({ family }: AddressState): boolean => connection[family].blindSinceMs !== undefined;
  const isHidden = addresses.every((address) => address.isUncheckable || isBlind(address));
  return settings.check !== undefined && isHidden && addresses.some(isBlind);
}

function addressStatus(
  { published }: IngressState,
  address: AddressState,
  connection: State["connection"],
  now: Now,
): AddressStatus {
  const { text, family, scope, health, lastObservation, vanishesAtMs } = address;
  const isUncheckable = address.isUncheckable || connection[family].blindSinceMs !== undefined;
  return {
    address: text,
    family,
    scope,
    verdict: health.verdict,
    reason: plain(health.reason, 300),
    since: dateOf(health.sinceMs, now),
    lastObservation: lastObservation && observationDocument(lastObservation, now),
    isUncheckable,
    vanishes: vanishesAtMs === undefined ? undefined : dateOf(vanishesAtMs, now),
    isPublished: published?.records.some(({ content }) => content === text) === true,
  };
}

/** Where it could not be looked up, that is why it is unknown. */
function whyOf({ health, addresses, resolution }: EndpointState): string {
  const isUnfound = addresses.length === 0 && resolution !== undefined && resolution.kind !== "addresses";
  if (health.verdict !== "unknown" || !isUnfound) return health.reason;
  // One resolver after the other, most often for the same reason.
  const [first = ""] = resolution.detail.split("; ");
  return `${health.reason}: ${first}`;
}

function observationDocument(observation: Observation, now: Now): ObservationDocument {
  const { startedMs, endedMs, phases, detail, kind } = observation;
  return {
    at: dateOf(endedMs, now),
    kind,
    reason: observation.kind === "ok" ? undefined : observation.reason,
    detail: plain(detail, 300),
    tookMs: tenths(endedMs - startedMs),
    phases: Object.fromEntries(
      Object.entries(phases).map(([phase, tookMs]: [string, number]) => [phase, tenths(tookMs)]),
    ),
  };
}

/** To a tenth of a millisecond, as no clock is much better. */
export function tenths(milliseconds: number): number {
  return Math.max(0, Math.round(milliseconds * 10) / 10);
}
