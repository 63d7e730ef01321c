// One address: what a probe does to it, and what its failures are worth.
import { afterFailure, afterOk, freshHealth, isServing, type Thresholds } from "./health.ts";
import type { AddressState, EndpointState, Observation, Stalled, Undated, Unproven } from "../model.ts";
import type { Evidence } from "./proof-model.ts";

/**
 * More failures than this do not wait for proof at once. The first stays, whose time runs out first; then the newest.
 */
const mostUnproven = 16;

/** How long proof is sought for a failure. Without any by then, the monitor is blind. */
export const proofSearchMs = 2_000;

/** How failures are judged: how many it takes, and whether they prove anything. */
export interface Judging extends Thresholds {
  readonly evidence: Evidence;
}

/** What a failure of an address that ended at `endedMs` is worth: it counts, waits for proof, or is inconclusive. */
function weightOf(
  { family, health }: AddressState,
  endedMs: number,
  evidence: Evidence,
): "counts" | "waits" | "nothing" {
  // An address that is down already cannot fall any deeper.
  if (health.verdict === "down") return "counts";
  const { isBlind, provenMs } = evidence[family];
  if (isBlind) return "nothing";
  return provenMs >= endedMs ? "counts" : "waits";
}

/** The address after one probe of it. */
export function observe(
  { health: believed }: EndpointState,
  address: AddressState,
  observation: Observation,
  judging: Judging,
  nowMs: number,
): AddressState {
  const { startedMs } = observation;
  const stalled = address.stalled.find((probe) => probe.startedMs === startedMs);
  const ended = withoutStalls(address, (probe) => probe === stalled);
  if (isOvertaken(address, startedMs)) return overtaken(ended, observation);
  switch (observation.kind) {
    case "ok": {
      // While the endpoint serves, one answer is enough to trust its new address as much as the endpoint, not more:
      // a suspect one has to prove itself all the same before it may start to serve.
      const isTrusted = address.isNewcomer && address.health.verdict === "unknown" && isServing(believed.verdict);
      const reason = believed.verdict === "up" ? "answers" : believed.reason;
      const known = isTrusted ? freshHealth(nowMs, believed.verdict, reason) : address.health;
      const health = afterOk(known, judging, nowMs);
      return {
        // What began before it and is still silent is overtaken, and needs no proof any more.
        ...withoutStalls(withoutOvertakenDates(ended, startedMs), (probe) => probe.startedMs <= startedMs),
        lastObservation: observation,
        health,
        isNewcomer: address.isNewcomer && health.verdict === "unknown",
        isUncheckable: false,
        lastOkMs: Math.max(address.lastOkMs ?? -Infinity, observation.endedMs),
        lastOkStartedMs: startedMs,
        countedStartedMs: startedMs,
        // What began before this answer, failed, and could not be proven is over.
        unproven: withoutOvertaken(address.unproven, startedMs),
      };
    }
    case "failed": {
      const seen: AddressState = { ...ended, lastObservation: observation };
      // Our own connection may have been what was silent, for most of the probe.
      if (isSilence(observation) && stalled !== undefined && !isProvenEarly(stalled, observation)) {
        return withDoubt(seen, observation, judging, nowMs);
      }
      return withFailure(seen, observation, judging, nowMs);
    }
    case "inconclusive": {
      const isUncheckable = observation.reason === "no-route" || address.isUncheckable;
      const seen: AddressState = { ...ended, lastObservation: observation, isUncheckable };
      return observation.reason === "clock" ? withUndatedFailure(seen, observation) : seen;
    }
    default:
      return observation satisfies never;
  }
}

/**
 * What was seen, as it counts: an address that is down already cannot fall any deeper, so that the dates of a
 * certificate need nobody's word.
 */
export function asItCounts(observation: Observation, address: AddressState | undefined): Observation {
  if (observation.kind !== "inconclusive" || observation.reason !== "clock") return observation;
  if (address?.health.verdict !== "down") return observation;
  const { validity: _, ...seen } = observation;
  return { ...seen, kind: "failed", reason: "tls" };
}

function withUndatedFailure(
  address: AddressState,
  { startedMs, endedMs, detail, validity }: Observation & { kind: "inconclusive" },
): AddressState {
  if (validity === undefined) return address;
  const newest: Undated = { startedMs, endedMs, detail, validity };
  const [first, ...later] = address.undated;
  return {
    ...address,
    undated: first === undefined ? [newest] : [first, ...[...later, newest].slice(1 - mostUnproven)],
  };
}

/** The address without the failures by date that were decided on, or that an answer made pointless. */
export function withoutUndated(address: AddressState, rest: readonly Undated[] = []): AddressState {
  return address.undated.length === 0 ? address : { ...address, undated: rest };
}

/** Whether a result that counted began later than this one. Of probes that overlap, the youngest knows best. */
function isOvertaken({ countedStartedMs = -Infinity }: AddressState, startedMs: number): boolean {
  return startedMs < countedStartedMs;
}

/** A result that came too late to count. An ok still shows that this machine's connection works. */
function overtaken(address: AddressState, { kind, endedMs }: Observation): AddressState {
  return kind === "ok" ? { ...address, lastOkMs: Math.max(address.lastOkMs ?? -Infinity, endedMs) } : address;
}

function withoutStalls(address: AddressState, isOver: (probe: Stalled) => boolean): AddressState {
  return address.stalled.some(isOver)
    ? { ...address, stalled: address.stalled.filter((probe) => !isOver(probe)) }
    : address;
}

function withoutOvertaken(unproven: readonly Unproven[], startedMs: number): readonly Unproven[] {
  const left = unproven.filter((failure) => failure.startedMs > startedMs);
  return left.length === unproven.length ? unproven : left;
}

function withoutOvertakenDates(address: AddressState, startedMs: number): AddressState {
  return withoutUndated(
    address,
    address.undated.filter((failure) => failure.startedMs > startedMs),
  );
}

/** Whether nothing at all came back, as it does when this machine's connection is broken. */
function isSilence({ reason }: Observation & { kind: "failed" }): boolean {
  return reason === "timeout" || reason === "unreachable";
}

/** Whether our connection is known to have worked for at least the second half of the probe. */
function isProvenEarly({ provenMs }: Stalled, { startedMs, endedMs }: Observation): boolean {
  return provenMs !== undefined && provenMs <= (startedMs + endedMs) / 2;
}

/** A silence that may have been our own never counts; but where no proof is found, it shows that we are blind. */
function withDoubt(address: AddressState, failure: Failure, { evidence }: Judging, nowMs: number): AddressState {
  if (address.health.verdict === "down") return address;
  const doubted = { ...address, isUncheckable: true };
  return weightOf(address, failure.endedMs, evidence) === "waits"
    ? withWait(doubted, { ...failure, isDoubtful: true }, nowMs)
    : doubted;
}

/** A failed probe, or a look-up that denied the name. */
export interface Failure {
  readonly detail: string;
  readonly startedMs: number;
  readonly endedMs: number;
}

/** Lets a failure count, wait for proof, or be inconclusive. */
export function withFailure(address: AddressState, failure: Failure, judging: Judging, nowMs: number): AddressState {
  const weight = weightOf(address, failure.endedMs, judging.evidence);
  switch (weight) {
    case "counts":
      return counted(address, failure, judging, nowMs);
    case "waits":
      return withWait(address, failure, nowMs);
    case "nothing":
      return { ...address, isUncheckable: true };
    default:
      return weight satisfies never;
  }
}

function withWait(
  address: AddressState,
  { detail, startedMs, endedMs, isDoubtful = false }: Failure & Partial<Pick<Unproven, "isDoubtful">>,
  nowMs: number,
): AddressState {
  const newest: Unproven = {
    startedMs,
    endedMs,
    detail,
    untilMs: nowMs + proofSearchMs,
    isDoubtful,
  };
  const [first, ...later] = address.unproven;
  const unproven = first === undefined ? [newest] : [first, ...[...later, newest].slice(1 - mostUnproven)];
  return { ...address, unproven };
}

/** The address after a failure that counts. */
export function counted(
  address: AddressState,
  { detail, startedMs }: Pick<Failure, "detail" | "startedMs">,
  thresholds: Thresholds,
  nowMs: number,
): AddressState {
  const health = afterFailure(address.health, detail, thresholds, nowMs);
  const unproven = health.verdict === "down" ? [] : address.unproven;
  return { ...address, health, isUncheckable: false, unproven, countedStartedMs: startedMs };
}
