// How often an endpoint is probed: the steady rhythm, or the fast one while something is in question.
import { endpointNamed } from "../members.ts";
import { isAnswerFromBefore } from "../selection/trial.ts";
import { families } from "../words.ts";
import type { AddressState, EndpointState, Family, IngressState, Rhythm, Stalled } from "../model.ts";

/**
 * Milliseconds from the end of one round of probes to the start of the next; `undefined` for an endpoint without a
 * check.
 */
export function probeIntervalMs(
  ingress: IngressState,
  endpoint: EndpointState,
  attention: Attention = attentionFor(ingress),
): number | undefined {
  const check = endpoint.settings.check;
  if (check === undefined) return undefined;
  if (mayProve(attention, endpoint)) return 0;
  if (isDueAgain(ingress, endpoint) || isAnswerFromBefore(ingress, endpoint)) return 0;
  return isInQuestion(ingress, endpoint, attention) ? check.fastIntervalMs : check.intervalMs;
}

/** What the rhythm of each endpoint of an ingress depends on besides itself: found once for all of them. */
export interface Attention {
  readonly ipv4: Awaited;
  readonly ipv6: Awaited;
  /** The primary is not up, or silent: who may take its place is watched closely. */
  readonly isPrimaryShaky: boolean;
}

/** The newest failure, or silence, that waits for proof of connection in one family; -Infinity where none does. */
interface Awaited {
  readonly newestMs: number;
  readonly by: EndpointState | undefined;
  /** The newest one of any other endpoint. */
  readonly ofOthersMs: number;
}

export function attentionFor(ingress: IngressState): Attention {
  const primary = endpointNamed(ingress, ingress.selection?.primary);
  const isPrimaryShaky =
    primary?.health.verdict !== "up" || primary.addresses.some(({ stalled }) => stalled.length > 0);
  return { ipv4: awaitedIn(ingress, "ipv4"), ipv6: awaitedIn(ingress, "ipv6"), isPrimaryShaky };
}

function awaitedIn({ endpoints }: IngressState, family: Family): Awaited {
  let awaited: Awaited = { newestMs: -Infinity, by: undefined, ofOthersMs: -Infinity };
  for (const endpoint of endpoints) {
    let ownMs = -Infinity;
    for (const address of endpoint.addresses) {
      if (address.family === family) ownMs = Math.max(ownMs, wantsProofSinceMs(address) ?? -Infinity);
    }
    if (ownMs === -Infinity) continue;
    awaited =
      ownMs > awaited.newestMs
        ? { newestMs: ownMs, by: endpoint, ofOthersMs: awaited.newestMs }
        : { ...awaited, ofOthersMs: Math.max(awaited.ofOthersMs, ownMs) };
  }
  return awaited;
}

/**
 * A probe without an answer for this long has stalled: time to see whether this machine's connection works. It holds up
 * no other probe from then on, so that the fast rhythm is kept.
 */
export function stallMs({ timeoutMs, fastIntervalMs }: Rhythm): number {
  return Math.min(1_000, timeoutMs / 4, fastIntervalMs);
}

/** What adds up to the time in which an outage is noticed. */
export interface NoticeTerm {
  readonly kind: "interval" | "timeout" | "fast-interval";
  readonly times: number;
  readonly eachMs: number;
}

/**
 * How long it takes at worst until an endpoint that died is known to be down, the search for proof of connection apart:
 * `interval + timeout + (fall − 1) × fast_interval`. The silence of one probe holds up none of the next.
 */
export function noticeTerms({ intervalMs, timeoutMs, fastIntervalMs, fall }: Rhythm): readonly NoticeTerm[] {
  return [
    { kind: "interval", times: 1, eachMs: intervalMs },
    { kind: "timeout", times: 1, eachMs: timeoutMs },
    { kind: "fast-interval", times: fall - 1, eachMs: fastIntervalMs },
  ];
}

/** The sum of `noticeTerms`, in milliseconds. */
export function noticeMs(rhythm: Rhythm): number {
  return noticeTerms(rhythm).reduce((totalMs, { times, eachMs }) => totalMs + times * eachMs, 0);
}

/** Whether an ok of this endpoint is wanted at once: it would be the proof that another one's failure waits for. */
function mayProve(attention: Attention, endpoint: EndpointState): boolean {
  const mayProveIn = (family: Family): boolean => {
    const { newestMs, by, ofOthersMs } = attention[family];
    const awaitedMs = by === endpoint ? ofOthersMs : newestMs;
    return awaitedMs !== -Infinity && isOlder(endpoint, family, awaitedMs);
  };
  return families.some(mayProveIn) && !isFailing(endpoint);
}

/** When its newest failure ended, or its newest silence began, that waits for proof of connection. */
function wantsProofSinceMs({ unproven, stalled, health }: AddressState): number | undefined {
  const silences = health.verdict === "down" ? [] : stalled.filter(({ provenMs }) => provenMs === undefined);
  const newestMs = Math.max(unproven.at(-1)?.endedMs ?? -Infinity, silences.at(-1)?.sinceMs ?? -Infinity);
  return newestMs === -Infinity ? undefined : newestMs;
}

/**
 * Whether it is failing itself, or waits for proof of that. Two that fail would only drive each other on, without the
 * pause that makes several failures more than one moment. An endpoint that is down already has nothing to lose.
 */
function isFailing({ resolution, addresses }: EndpointState): boolean {
  // Whose name has no address is not probed at all.
  if (resolution?.kind === "none") return true;
  return addresses.some(
    ({ health, unproven, stalled, lastObservation }) =>
      unproven.length > 0 || stalled.length > 0 || (lastObservation?.kind === "failed" && health.verdict !== "down"),
  );
}

/** Whether the endpoint was last looked at, in this family, before `atMs`. */
function isOlder({ addresses }: EndpointState, family: Family, atMs: number): boolean {
  const seen = addresses.filter((address) => address.family === family);
  return seen.length > 0 && seen.every(({ lastObservation }) => (lastObservation?.endedMs ?? -Infinity) < atMs);
}

/** Whether all were down, and another one answers by now: this one may be back too, and has not been tried since. */
function isDueAgain({ outage }: IngressState, { health, addresses, resolution }: EndpointState): boolean {
  if (outage?.answeredMs === undefined || health.verdict !== "down") return false;
  const probes = addresses.flatMap(({ lastObservation, stalled }) => [
    lastObservation?.startedMs,
    ...startsOf(stalled),
  ]);
  const triedMs = [resolution?.atMs, ...probes].map((atMs) => atMs ?? -Infinity);
  return Math.max(...triedMs) < outage.answeredMs;
}

function startsOf(stalled: readonly Stalled[]): readonly number[] {
  return stalled.map(({ startedMs }) => startedMs);
}

function isInQuestion(ingress: IngressState, endpoint: EndpointState, { isPrimaryShaky }: Attention): boolean {
  // While an outage of all ends, the other endpoints that come back should be seen at once.
  if (ingress.outage?.answeredMs !== undefined) return true;
  if (endpoint.addresses.some(isUnsettled)) return true;
  if (endpoint.health.verdict !== "up" && endpoint.health.verdict !== "down") return true;
  return isPrimaryShaky && endpoint.health.verdict === "up";
}

function isUnsettled({ health, vanishesAtMs, isUncheckable, unproven, stalled }: AddressState): boolean {
  const { verdict } = health;
  if (vanishesAtMs !== undefined) return false;
  if (unproven.length > 0 || (stalled.length > 0 && verdict !== "down")) return true;
  // What never could be checked is left in peace; what could be is looked for, until the connection is back.
  return isUncheckable ? verdict !== "unknown" && verdict !== "down" : verdict !== "up" && verdict !== "down";
}
