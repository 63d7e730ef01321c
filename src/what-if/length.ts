// How long a scenario has to be played until all that follows from it is over.
import type { Config } from "../config/config.ts";
import { longestMs, type Occurrence } from "./scenario.ts";
import { minuteMs } from "../core/units.ts";

/** Until the last thing is over, and the ingress has had time to return. Milliseconds. */
export function usualPlayMs(occurrences: readonly Occurrence[], { ingresses }: Pick<Config, "ingresses">): number {
  const overMs = Math.max(...occurrences.map(({ atMs, endMs = atMs }) => endMs));
  const settleMs = Math.max(
    ...ingresses.map(
      ({ holdUpMs, endpoints }) => 2 * holdUpMs + Math.max(0, ...endpoints.map(({ stickyMs = 0 }) => stickyMs)),
    ),
  );
  const step = 15 * minuteMs;
  return Math.min(longestMs, Math.ceil((overMs + settleMs + step) / step) * step);
}
