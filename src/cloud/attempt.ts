// What the machine for one name is about: the call under way, and the one that comes next.
import type { Plan, PublishedRecord } from "../core/model.ts";
import type { Wanted } from "../core/records/mix.ts";
import type { CallGate, Purpose } from "./gate.ts";
import type { IngressName, NameOutcome } from "./provider.ts";

/** A read or a write under way, with all the calls that it takes. */
export interface Attempt {
  readonly kind: "read" | "write";
  /** Nothing but the time called for it. */
  readonly isRoutine: boolean;
  readonly startedMs: number;
  readonly zone: string | undefined;
  /** What was desired: a failure is no reason to hold back something else. */
  readonly wanted: Wanted;
  readonly abort: AbortController;
  readonly gate: CallGate;
  /** Something newer has made it pointless: its failure says nothing, and a read is cancelled. */
  isObsolete: boolean;
  /** Its next request has not been admitted yet. A write is the last request of its attempt, so nothing was written. */
  isWaiting: boolean;
}

/** What to do next. `isRoutine`: nothing but the time calls for it. */
export type Step =
  | { readonly kind: "read"; readonly isRoutine: boolean }
  | { readonly kind: "write"; readonly plan: Plan; readonly isRoutine: false };

/** What a machine would send now. */
export interface Candidate {
  readonly step: Step;
  readonly purpose: Purpose;
  readonly name: IngressName;
  /** The records that the plan is about. */
  readonly known: readonly PublishedRecord[];
}

/**
 * How an attempt ended. `again`: nothing was learned or done, and what is due then is to be sent; `reread`: the same,
 * after a read.
 */
export type AttemptOutcome = NameOutcome | "again" | "reread";

/** The wait after a failure. What is wanted now may be something else: that need not wait as long. */
export interface Pause {
  readonly untilMs: number;
  readonly wanted: Wanted;
}

/** An attempt at its beginning. */
export function begun(
  { kind, isRoutine }: Step,
  circumstances: Pick<Attempt, "startedMs" | "zone" | "wanted" | "gate">,
): Attempt {
  return { kind, isRoutine, ...circumstances, abort: new AbortController(), isObsolete: false, isWaiting: false };
}
