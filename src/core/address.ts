// One address: what a probe does to it, and what its failures are worth.
import { afterFailure, afterOk, freshHealth, isServing, type Thresholds } from "./health.ts";
import type { AddressState, EndpointState, Observation, Undated, Unproven } from "./model.ts";

/** More failures than this do not wait for proof at once. The first stays, whose time runs out first; then the newest. */
const mostUnproven = 16;

/** How long proof is sought for a failure. Without any by then, the monitor is blind. */
export const proofSearchMs = 2_000;

/** What a failure of an address that ended at `endedMs` is worth: it counts, waits for proof, or proves nothing. */
export type Weigh = (address: AddressState, endedMs: number) => "counts" | "waits" | "nothing";

/** The address after one probe of it. `weigh` says what a failure is worth. */
export function observe(
  { health: believed }: EndpointState,
  address: AddressState,
  observation: Observation,
  { weigh, ...thresholds }: Thresholds & { readonly weigh: Weigh },
  nowMs: number,
): AddressState {
  const { stalled } = address;
  switch (observation.kind) {
    case "ok": {
      // While the endpoint serves, one answer is enough to trust its new address as much as the endpoint, not more:
      // a suspect one has to prove itself all the same before it may start to serve.
      const isTrusted = address.isNewcomer && address.health.verdict === "unknown" && isServing(believed.verdict);
      const reason = believed.verdict === "up" ? "answers" : believed.reason;
      const known = isTrusted ? freshHealth(nowMs, believed.verdict, reason) : address.health;
      const health = afterOk(known, thresholds, nowMs);
      return {
        ...withoutUndated(withoutStall(address)),
        lastObservation: observation,
        health,
        isNewcomer: address.isNewcomer && health.verdict === "unknown",
        isUncheckable: false,
        lastOkMs: observation.endedMs,
        // What failed before this answer and could not be proven is over.
        unproven: address.unproven.length === 0 ? address.unproven : [],
      };
    }
    case "failed": {
      const seen: AddressState = { ...withoutStall(address), lastObservation: observation };
      // Our own connection may have been what was silent, for most of the probe.
      if (isSilence(observation) && stalled !== undefined && !isProvenEarly(stalled, observation)) {
        return withDoubt(seen, observation, weigh, nowMs);
      }
      return withFailure(seen, observation, thresholds, weigh, nowMs);
    }
    case "inconclusive": {
      const isUncheckable = observation.reason === "no-route" || address.isUncheckable;
      const seen: AddressState = { ...withoutStall(address), lastObservation: observation, isUncheckable };
      return observation.reason === "clock" ? withUndatedFailure(seen, observation) : seen;
    }
    default:
      return observation satisfies never;
  }
}

/**
 * What was seen, as it counts: an address that is down already cannot fall any deeper, so that the dates of a certificate
 * need nobody's word.
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
  const [first, ...later] = address.undated ?? [];
  return {
    ...address,
    undated: first === undefined ? [newest] : [first, ...[...later, newest].slice(1 - mostUnproven)],
  };
}

/** The address without the failures by date that were decided on, or that an answer made pointless. */
export function withoutUndated(address: AddressState, rest: readonly Undated[] = []): AddressState {
  if (address.undated === undefined) return address;
  const { undated: _, ...others } = address;
  return rest.length === 0 ? others : { ...others, undated: rest };
}

function withoutStall(address: AddressState): AddressState {
  if (address.stalled === undefined) return address;
  const { stalled: _, ...rest } = address;
  return rest;
}

/** Whether nothing at all came back, as it does when our own connection is broken. */
function isSilence({ reason }: Observation & { kind: "failed" }): boolean {
  return reason === "timeout" || reason === "unreachable";
}

/** Whether our connection is known to have worked for at least the second half of the probe. */
function isProvenEarly(
  { provenMs }: NonNullable<AddressState["stalled"]>,
  { startedMs, endedMs }: Observation,
): boolean {
  return provenMs !== undefined && provenMs <= (startedMs + endedMs) / 2;
}

/** A silence that may have been our own never counts; but where no proof is found, it shows that we are blind. */
function withDoubt(address: AddressState, failure: Failure, weigh: Weigh, nowMs: number): AddressState {
  if (address.health.verdict === "down") return address;
  const doubted = { ...address, isUncheckable: true };
  return weigh(address, failure.endedMs) === "waits"
    ? withWait(doubted, { ...failure, isDoubtful: true }, nowMs)
    : doubted;
}

interface Failure {
  readonly detail: string;
  readonly endedMs: number;
}

/** Lets a failure count, wait for proof, or prove nothing. */
export function withFailure(
  address: AddressState,
  failure: Failure,
  thresholds: Thresholds,
  weigh: Weigh,
  nowMs: number,
): AddressState {
  const weight = weigh(address, failure.endedMs);
  switch (weight) {
    case "counts":
      return counted(address, failure.detail, thresholds, nowMs);
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
  { detail, endedMs, isDoubtful }: Failure & Pick<Unproven, "isDoubtful">,
  nowMs: number,
): AddressState {
  const newest: Unproven = { endedMs, detail, untilMs: nowMs + proofSearchMs, ...(isDoubtful && { isDoubtful }) };
  const [first, ...later] = address.unproven;
  const unproven = first === undefined ? [newest] : [first, ...[...later, newest].slice(1 - mostUnproven)];
  return { ...address, unproven };
}

/** The address after a failure that counts. */
export function counted(address: AddressState, detail: string, thresholds: Thresholds, nowMs: number): AddressState {
  const health = afterFailure(address.health, detail, thresholds, nowMs);
  const unproven = health.verdict === "down" ? [] : address.unproven;
  return { ...address, health, isUncheckable: false, unproven };
}
