// The verdict on a scenario: whether anybody was worse off than with a record that nobody touches.
import type { KindOfClient } from "./crowd.ts";

/** An outage must be noticed, decided upon and heard of by resolvers; so much more than without ccs is no fault. */
export const detectionMs = 90_000;

/** Clients of one kind who were without service for too long. */
export interface WorseOff {
  readonly name: string;
  /** How much longer than with a static record, in the worst case of each. */
  readonly extraMs: number;
}

/**
 * Those whose worst time without service exceeds that with a static record by more than it takes to notice an outage.
 */
export function worseOff(clients: readonly KindOfClient[]): readonly WorseOff[] {
  return clients
    .map(({ name, withCcs, staticRecord }) => ({ name, extraMs: withCcs.worstMs - staticRecord.worstMs }))
    .filter(({ extraMs }) => extraMs > detectionMs);
}
