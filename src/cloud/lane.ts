// The two kinds of name that an ingress has, as its machines see them: its own, and that of a mix. Writes to a mix are
// a lower lane: they wait while anything is to be done at the ingress' own name, and hold nothing up there.
import { desiredMix, mixNamed, mixPlan, mixPointedTo, type Wanted } from "../core/records/mix.ts";
import type { IngressState, NameState, Plan } from "../core/model.ts";
import { isEmptyPlan, isSameSet, planBetween } from "../core/records/plan.ts";
import { desiredRecords } from "../core/records/records.ts";
import type { IngressName } from "./provider.ts";

export interface Lane {
  /** The name of a mix; missing for the ingress' own. */
  readonly mix?: string;
  /** What a provider needs to know of the name. */
  nameOf(ingress: IngressState): IngressName;
  /** What is known of the name; `undefined` once it is of no concern any more. */
  stateOf(ingress: IngressState): NameState | undefined;
  /** What has to change, or `undefined` when nothing has to, or when it is not known what there is. */
  planFor(ingress: IngressState): Plan | undefined;
  /** What is desired; to be compared by `isSameWanted`. */
  wantedBy(ingress: IngressState): Wanted;
  /** Whether a call may start, as far as the other lane is concerned. */
  isFree(ingress: IngressState, kind: "read" | "write"): boolean;
  /** Whether servers show something else than what is known of the name, so that it is to be read. */
  isDoubted(ingress: IngressState): boolean;
  /** Whether the name is looked at as a routine. */
  isWatched(ingress: IngressState): boolean;
}

/** The ingress' own name. */
export const ownLane: Lane = {
  nameOf: ({ settings }) => settings,
  stateOf: (ingress) => ingress,
  planFor: ownPlan,
  wantedBy: desiredRecords,
  isFree: () => true,
  isDoubted: ({ drift }) => drift !== undefined,
  isWatched: () => true,
};

/** The name of a mix, present or former. */
export function mixLane(record: string): Lane {
  const mixIn = (ingress: IngressState) => mixNamed(ingress, record);
  const desiredIn = (ingress: IngressState) => {
    const mix = mixIn(ingress);
    return mix && desiredMix(ingress, mix);
  };
  return {
    mix: record,
    nameOf: ({ settings }) => ({ record, mixOf: settings.record, zone: settings.zone }),
    stateOf: mixIn,
    planFor: (ingress) => {
      const mix = mixIn(ingress);
      return mix && mixPlan(ingress, mix);
    },
    wantedBy: desiredIn,
    // Which names there are, and in which zone, is known once the ingress' own was read.
    isFree: (ingress, kind) => ingress.published !== undefined && (kind === "read" || ownPlan(ingress) === undefined),
    // What servers show for an ingress that points to its mix is what stands at the mix.
    isDoubted: (ingress) => ingress.drift !== undefined && mixPointedTo(ingress)?.record === record,
    isWatched: (ingress) => {
      const mix = mixIn(ingress);
      return mix?.published?.records.length !== 0 || mix.foreign !== undefined || desiredIn(ingress) !== undefined;
    },
  };
}

function ownPlan(ingress: IngressState): Plan | undefined {
  const desired = desiredRecords(ingress);
  if (desired === undefined || ingress.published === undefined) return undefined;
  const plan = planBetween(ingress.published.records, desired, ingress.unseen?.ids);
  return isEmptyPlan(plan) ? undefined : plan;
}

/** Whether the same is asked of a name. */
export function isSameWanted(a: Wanted, b: Wanted): boolean {
  if (a === undefined || b === undefined || a === "none" || b === "none") return a === b;
  return a === b || isSameSet(a, b);
}

/** Whether the world shows something else at this name than what was written. */
export function isWrong(lane: Lane, ingress: IngressState): boolean {
  return lane.stateOf(ingress)?.visibility?.status === "wrong";
}
