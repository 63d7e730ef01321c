// When time alone will change the state next, so that the loop can sleep until then.
import type { State } from "./model.ts";
import { earlier } from "./overview/earlier.ts";
import { mixesDeadlineMs } from "./overview/ingress-deadline.ts";
import { digestOfAll } from "./overview/overview.ts";
import { dateDeadlineMs } from "./time/time.ts";

/** Monotonic time of the next change that needs no event; `undefined` when there is none. */
export function nextDeadline(state: State): number | undefined {
  const { dueMs } = digestOfAll(state.overview);
  let nextMs = earlier(dateDeadlineMs(state), dueMs === Infinity ? undefined : dueMs);
  for (const ingress of state.leaving) nextMs = earlier(nextMs, mixesDeadlineMs(ingress));
  return nextMs;
}
