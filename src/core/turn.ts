// One turn of the loop, as everybody hears of it who is no part of the core: one event, and what it made of the state.
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
