// One turn of the loop, as everything outside the core hears it: one event, and what it made of the state.
import type { Event, Fact, State } from "./model.ts";
import type { IngressChange } from "./overview/ingresses.ts";

export interface Turn {
  readonly event: Event;
  /** What led from `before` to `after`, in the order of telling. */
  readonly facts: readonly Fact[];
  readonly before: State;
  readonly after: State;
  /** The ingresses that are not what they were, in the order of the configuration: nobody needs to look at another. */
  readonly changes: readonly IngressChange[];
  /** Monotonic time of the step. */
  readonly atMs: number;
}
