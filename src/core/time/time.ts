// What is known of the real time, apart from the machine's wall clock, which may be wrong: certificates are judged by it.
// It is vouched for by the Date of Cloudflare's newest answer, carried on by the monotonic clock. That clock may stand
// still, in a suspended machine, but never runs ahead. So before a certificate's dates are held against an endpoint, a
// Date younger than the probe is asked for.
import { afterUndated, isUndatedSince } from "../evidence/endpoint.ts";
import type { EndpointRef, State, TimeState, Undated } from "../model.ts";
import { weightOf } from "../evidence/proof.ts";
import { releasedWallMs } from "./release.ts";
import { withEachEndpoint, withIngresses } from "../sharing.ts";

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

/** The time to judge certificates by: what is vouched for, else the machine's wall clock, but never before the release. */
export function judgingWallMs(vouchedMs: number | undefined, machineWallMs: number): number {
  return Math.max(releasedWallMs, vouchedMs ?? machineWallMs);
}

/** The state after an answer of Cloudflare told the time. */
export function afterTold(state: State, { wallMs, askedMs, machineWallMs }: Told, nowMs: number): State {
  const { sought, isContradicted: _, ...known } = state.time;
  const isFound = sought === undefined || sought.youngerThanMs <= askedMs;
  const told: TimeState = {
    ...known,
    told: { wallMs, askedMs, atMs: nowMs },
    ...(isFound ? {} : { sought }),
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
  const isSame = state.time.isContradicted === true && !isOff(aheadMs);
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
  if (state.time.sought === undefined || state.time.isContradicted === true) return state;
  return withUndated(state, nowMs, (_, first) => first.startedMs + dateSearchMs <= nowMs, undefined);
}

/** When that will be so, at the earliest. */
export function dateDeadlineMs({ time, ingresses }: State): number | undefined {
  if (time.sought === undefined || time.isContradicted === true) return undefined;
  let firstMs: number | undefined;
  for (const { endpoints } of ingresses) {
    for (const { addresses } of endpoints) {
      for (const { undated: [first] = [] } of addresses) {
        if (first !== undefined) firstMs = Math.min(firstMs ?? Infinity, first.startedMs);
      }
    }
  }
  return firstMs === undefined ? undefined : firstMs + dateSearchMs;
}

/** Decides on the failures by date that `isDue` picks: they count where the certificate is not valid at `wallMs`, if told. */
function withUndated(
  state: State,
  nowMs: number,
  isDue: (undated: Undated, first: Undated) => boolean,
  wallMs: number | undefined,
): State {
  return withIngresses(state, (ingress) =>
    withEachEndpoint(ingress, (endpoint) => {
      if (!endpoint.addresses.some(isUndatedSince)) return endpoint;
      const ref: Omit<EndpointRef, "revision"> = { ingress: ingress.settings.id, endpoint: endpoint.settings.name };
      return afterUndated(endpoint, {
        isDue,
        isRight: ({ validity }) =>
          wallMs !== undefined && validity.fromWallMs <= wallMs && wallMs <= validity.untilWallMs,
        weigh: (address, endedMs) => weightOf(state, ref, address, endedMs),
        nowMs,
      });
    }),
  );
}

function withError({ wrong, ...time }: TimeState, aheadMs: number, nowMs: number): TimeState {
  return isOff(aheadMs) ? { ...time, wrong: { aheadMs, sinceMs: wrong?.sinceMs ?? nowMs } } : time;
}

function isOff(aheadMs: number): boolean {
  return Math.abs(aheadMs) > mostClockErrorMs;
}
