// One turn of the loop, as everything outside the core hears it: one event, and what it made of the state.
import type { Event, Fact, State } from "./model.ts";

export interface Turn {
  readonly event: Event;
  /** What led from `before` to `after`, in the order of telling. */
  readonly facts: readonly Fact[];
  readonly before: State;
  readonly after: State;
  /** Monotonic time of the step. */
  readonly atMs: number;
}
