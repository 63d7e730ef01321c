// What is known of the real time, apart from the machine's wall clock, which may be wrong: certificates are judged by
// it. It is vouched for by the Date of Cloudflare's newest answer, carried on by the monotonic clock. That clock may
// stand still, in a suspended machine, but never runs ahead. So before a certificate's dates are held against an
// endpoint, a Date younger than the probe is asked for.
import { withFailure, withoutUndated, type Judging } from "../evidence/address.ts";
import { noThresholds, withHealth } from "../evidence/endpoint.ts";
import type { AddressState, State, TimeState, Undated } from "../model.ts";
import { evidenceFor } from "../evidence/proof.ts";
import { releasedWallMs } from "./release.ts";
import { withIngresses } from "../overview/ingresses.ts";
import { digestOfAll, placesWhere } from "../overview/overview.ts";
import { withEach, withEachEndpoint } from "../sharing.ts";

/** A wall clock that is wrong by more than this is told. */
export const mostClockErrorMs = 60_000;

/** Without any Date for this long, a certificate's dates count as they are. */
export const dateSearchMs = 10 * 60_000;

/** What Cloudflare said in the Date of an answer. */
export interface Told {
  /** Milliseconds since 1970. */
  readonly wallMs: number;
  /** Monotonic time when the request was begun: the Date is younger. */
  readonly askedMs: number;
  /** What the machine's wall clock said when the answer came. */
  readonly machineWallMs: number;
}

/** The time as far as it is vouched for, milliseconds since 1970; `undefined` while it is unknown. */
export function vouchedWallMs({ told }: TimeState, nowMs: number): number | undefined {
  return told === undefined ? undefined : Math.max(releasedWallMs, told.wallMs + (nowMs - told.atMs));
}

/**
 * The time to judge certificates by: what is vouched for, else the machine's wall clock, but never before the release.
 */
export function judgingWallMs(vouchedMs: number | undefined, machineWallMs: number): number {
  return Math.max(releasedWallMs, vouchedMs ?? machineWallMs);
}

/** The state after an answer of Cloudflare told the time. */
export function afterTold(state: State, { wallMs, askedMs, machineWallMs }: Told, nowMs: number): State {
  const { sought } = state.time;
  const isFound = sought === undefined || sought.youngerThanMs <= askedMs;
  const told: TimeState = {
    ...state.time,
    told: { wallMs, askedMs, atMs: nowMs },
    sought: isFound ? undefined : sought,
    isContradicted: false,
  };
  const timed = { ...state, time: withError(told, machineWallMs - wallMs, nowMs) };
  if (sought === undefined) return timed;
  return withUndated(timed, nowMs, (undated) => undated.startedMs <= askedMs, wallMs);
}

/** The state after Cloudflare's own certificate was refused by its dates: the machine's clock is wrong. */
export function afterContradiction(state: State, machineWallMs: number, nowMs: number): State {
  const vouchedMs = vouchedWallMs(state.time, nowMs);
  const time: TimeState = { ...state.time, isContradicted: true };
  // Nobody has told the time yet: then a clock is known to be wrong only where it is behind the release.
  const aheadMs = vouchedMs === undefined ? Math.min(0, machineWallMs - releasedWallMs) : machineWallMs - vouchedMs;
  const isSame = state.time.isContradicted && !isOff(aheadMs);
  return isSame ? state : { ...state, time: isOff(aheadMs) ? withError(time, aheadMs, nowMs) : time };
}

/** The state when a Date younger than `youngerThanMs` is wanted. */
export function seekingTime(state: State, youngerThanMs: number): State {
  if ((state.time.told?.askedMs ?? -Infinity) >= youngerThanMs) return state;
  return { ...state, time: { ...state.time, sought: { youngerThanMs } } };
}

/** The state after time passed: where no Date was available for ten minutes, certificates' dates count as they are. */
export function afterVainDateSearch(state: State, nowMs: number): State {
  // Where Cloudflare's own certificate fails in the same way, it is our clock that is wrong.
  if (state.time.sought === undefined || state.time.isContradicted) return state;
  return withUndated(state, nowMs, (_, first) => first.startedMs + dateSearchMs <= nowMs, undefined);
}

/** When that will be so, at the earliest. */
export function dateDeadlineMs({ time, overview }: State): number | undefined {
  if (time.sought === undefined || time.isContradicted) return undefined;
  const { undatedSinceMs } = digestOfAll(overview);
  return undatedSinceMs === Infinity ? undefined : undatedSinceMs + dateSearchMs;
}

/** Which failures by date are decided on; `first` is the oldest that waits at the same address. */
type IsDue = (undated: Undated, first: Undated) => boolean;

/** Decides on the failures by date that are due: they count where the certificate is not valid at `wallMs`, if told. */
function withUndated(state: State, nowMs: number, isDue: IsDue, wallMs: number | undefined): State {
  const places = placesWhere(state.overview, ({ undatedSinceMs }) => undatedSinceMs < Infinity);
  return withIngresses(state, places, (ingress) =>
    withEachEndpoint(ingress, (endpoint) => {
      if (!endpoint.addresses.some(({ undated }) => undated.length > 0)) return endpoint;
      const evidence = evidenceFor(state, { ingress: ingress.settings.id, endpoint: endpoint.settings.name });
      const judging = { ...(endpoint.settings.check ?? noThresholds), evidence };
      const addresses = withEach(endpoint.addresses, (address) => decided(address, isDue, wallMs, judging, nowMs));
      return addresses === endpoint.addresses ? endpoint : withHealth({ ...endpoint, addresses }, nowMs);
    }),
  );
}

/** The address after a decision on its failures by date that are due: those that are right after all are forgotten. */
function decided(
  address: AddressState,
  isDue: IsDue,
  wallMs: number | undefined,
  judging: Judging,
  nowMs: number,
): AddressState {
  const { undated } = address;
  const [first] = undated;
  const due = undated.filter((each) => first !== undefined && isDue(each, first));
  if (due.length === 0) return address;
  const isRight = ({ validity }: Undated): boolean =>
    wallMs !== undefined && validity.fromWallMs <= wallMs && wallMs <= validity.untilWallMs;
  const rest = withoutUndated(
    address,
    undated.filter((each) => !due.includes(each)),
  );
  return due
    .filter((each) => !isRight(each))
    .reduce((next, failure) => withFailure(next, failure, judging, nowMs), rest);
}

function withError(time: TimeState, aheadMs: number, nowMs: number): TimeState {
  return { ...time, wrong: isOff(aheadMs) ? { aheadMs, sinceMs: time.wrong?.sinceMs ?? nowMs } : undefined };
}

function isOff(aheadMs: number): boolean {
  return Math.abs(aheadMs) > mostClockErrorMs;
}
