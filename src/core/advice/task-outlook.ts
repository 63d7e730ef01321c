// What a kind of check says of its own settings: how they are shown, what a probe costs, and what is loose about them.
import type { CheckTask } from "../model.ts";

/** A check's task in documents: what is requested, or else the name of the kind, and what it checks in words. */
export interface ShownTask {
  /** Without what may be secret. */
  readonly url?: string;
  readonly kind?: string;
  readonly what?: string;
}

export interface TaskOutlook {
  readonly shown: ShownTask;
  readonly probe: ProbeCost;
  /** Why more than the service itself would pass, to follow "the check of cable". */
  readonly looseness: string | undefined;
}

export interface ProbeCost {
  /** What a probe is called, such as `https`. */
  readonly name: string;
  /** Of one probe in both directions, roughly. */
  readonly bytes: number;
  /** What comes on top, if anything does. */
  readonly besides: string | undefined;
}

/** Asks the kind of the task. */
export type Foresee = (task: CheckTask) => TaskOutlook;
