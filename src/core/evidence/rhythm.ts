// How often an endpoint is probed: the steady rhythm, or the fast one while something is in question.
import { endpointNamed } from "../members.ts";
import { isAnswerFromBefore } from "../selection/trial.ts";
import type { AddressState, EndpointState, Family, IngressState, Rhythm, Stalled } from "../model.ts";

/** Milliseconds from the end of one round of probes to the start of the next; `undefined` for an endpoint without a check. */
export function probeIntervalMs(ingress: IngressState, endpoint: EndpointState): number | undefined {
  const check = endpoint.settings.check;
  if (check === undefined) return undefined;
  if (mayProve(ingress, endpoint)) return 0;
  if (isDueAgain(ingress, endpoint) || isAnswerFromBefore(ingress, endpoint)) return 0;
  return isInQuestion(ingress, endpoint) ? check.fastIntervalMs : check.intervalMs;
}

/**
 * A probe without an answer for this long has stalled: time to see whether this machine's connection works. It holds up no other
 * probe from then on, so that the fast rhythm is kept.
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
function mayProve(ingress: IngressState, endpoint: EndpointState): boolean {
  if (isFailing(endpoint)) return false;
  return ingress.endpoints.some(
    (failing) =>
      failing !== endpoint &&
      failing.addresses.some((address) => {
        const newestMs = wantsProofSinceMs(address);
        return newestMs !== undefined && isOlder(endpoint, address.family, newestMs);
      }),
  );
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

function isInQuestion(ingress: IngressState, endpoint: EndpointState): boolean {
  // While an outage of all ends, whoever else comes back should be seen at once.
  if (ingress.outage?.answeredMs !== undefined) return true;
  if (endpoint.addresses.some(isUnsettled)) return true;
  if (endpoint.health.verdict !== "up" && endpoint.health.verdict !== "down") return true;
  // While the primary is not up, or silent, whoever may take its place is watched closely.
  const primary = endpointNamed(ingress, ingress.selection?.primary);
  const isShaky = primary?.health.verdict !== "up" || primary.addresses.some(({ stalled }) => stalled.length > 0);
  return isShaky && endpoint.health.verdict === "up";
}

function isUnsettled({ health, vanishesAtMs, isUncheckable, unproven, stalled }: AddressState): boolean {
  const { verdict } = health;
  if (vanishesAtMs !== undefined) return false;
  if (unproven.length > 0 || (stalled.length > 0 && verdict !== "down")) return true;
  // What never could be checked is left in peace; what could be is looked for, until the connection is back.
  return isUncheckable ? verdict !== "unknown" && verdict !== "down" : verdict !== "up" && verdict !== "down";
}
