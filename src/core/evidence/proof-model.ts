// What waits for proof that the monitor's own connection works, and what is known of that connection. Types only.
import type { Family } from "./observation-model.ts";

/** A probe under way, known by its start. Its silence is only held against the address if proof came early. */
export interface Stalled {
  readonly startedMs: number;
  readonly sinceMs: number;
  /** When proof came, during this probe, that the monitor's own connection worked. */
  readonly provenMs: number | undefined;
}

/** A failure that waits for proof of connection. Without one by `untilMs` it is inconclusive. */
export interface Unproven {
  readonly startedMs: number;
  readonly endedMs: number;
  readonly detail: string;
  readonly untilMs: number;
  /**
   * It can never count: this machine's connection is not known to have worked during the probe. The search continues
   * all the same.
   */
  readonly isDoubtful: boolean;
}

/** What there is to judge the failures of one endpoint by, at one moment, in each family. */
export type Evidence = { readonly [family in Family]: Proof };

export interface Proof {
  /** Probe failures do not count: this machine appears to be offline. */
  readonly isBlind: boolean;
  /**
   * When the monitor's own connection worked last, by an ok of another endpoint or by most anchors; -Infinity for
   * never.
   */
  readonly provenMs: number;
}

/** What the monitor knows of its own connection in one family. */
export interface Connection {
  /** When most anchors answered last. */
  readonly anchorsMs: number | undefined;
  /** Since when failures are inconclusive, until the next ok; missing while the connection works. */
  readonly blindSinceMs: number | undefined;
}
