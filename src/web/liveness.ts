// Whether the loop that decides turns, as `/healthz` says.
import { nextDeadline } from "../core/deadline.ts";
import type { State } from "../core/model.ts";
import { probeIntervalMs } from "../core/evidence/rhythm.ts";

/** The loop may be this late before it counts as stuck. */
const toleranceMs = 10_000;

/** What is said of a loop that does not turn. */
export const stuck = "the main loop is stuck";

/** What is known of the loop: where it stands, and when it turned last. */
export interface Loop {
  readonly state: State;
  readonly lastTurnMs: number;
}

/**
 * Whether the loop has turned when something was due: a deadline of its own, or the report of the endpoint that is
 * checked most often.
 */
export function isTurning({ state, lastTurnMs }: Loop, nowMs: number): boolean {
  const waits = state.ingresses.flatMap((ingress) =>
    ingress.endpoints.flatMap((endpoint) => {
      const intervalMs = probeIntervalMs(ingress, endpoint);
      return intervalMs === undefined ? [] : [intervalMs + (endpoint.settings.check?.timeoutMs ?? 0)];
    }),
  );
  const reportDueMs = lastTurnMs + Math.min(...waits);
  return Math.min(nextDeadline(state) ?? Infinity, reportDueMs) + toleranceMs > nowMs;
}
