// How long an endpoint that came back from an outage is held back before the ingress returns to it.
import type { IngressSettings, IngressState } from "../model.ts";

/** Departures older than this neither count nor are kept. */
export const departureMemoryMs = 60 * 60_000;

/** However often an endpoint was left, the ingress returns to it after this long without an outage. */
const longestHoldMs = 60 * 60_000;

/** How often an endpoint was left as down within the last hour. */
export function departuresOf({ departures }: IngressState, endpoint: string, nowMs: number): number {
  return departures.filter((past) => past.endpoint === endpoint && past.atMs > nowMs - departureMemoryMs).length;
}

/** Until when an endpoint that becomes up now is kept from being returned to. */
export function holdUntilMs(ingress: IngressState, endpoint: string, nowMs: number): number {
  return nowMs + holdMs(ingress.settings, departuresOf(ingress, endpoint, nowMs));
}

/** How long an endpoint that is up again is held back, after it was left as down so often within the last hour. */
export function holdMs({ holdUpMs }: IngressSettings, departures: number): number {
  return Math.min(longestHoldMs, holdUpMs * 2 ** (Math.max(1, departures) - 1));
}
