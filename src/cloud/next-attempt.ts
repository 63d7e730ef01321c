// What the machine for one name does next, and when at the earliest: a pure choice from what it remembers and what is
// known of the ingress.
import type { IngressState } from "../core/model.ts";
import type { Pause, Step } from "./attempt.ts";
import type { Lane } from "./lane.ts";

/** Reads for the sake of the time that they tell are begun no more often than this. */
const seekEveryMs = 5_000;

/** What the machine remembers of its attempts. All times are monotonic milliseconds. */
export interface AttemptMemory {
  /** Nothing is written before the records were read: at first, after every write that failed, and after bad news. */
  mustRead: boolean;
  /** When the records were last read or confirmed. */
  lastSeenMs: number;
  /** A write whose outcome is unknown may still land: when to look again. */
  secondLooksMs: readonly number[];
  /** Failures since published and desired last agreed. */
  failures: number;
  /** Since when; of no meaning while there are none. */
  failingSinceMs: number;
  /** How often in a row the records were not what the plan was made from. */
  staleInRow: number;
  /** Others have succeeded since it failed last. */
  isHopeful: boolean;
  pause: Pause | undefined;
  lastHurryMs: number;
  /** The time is to be told by an answer that is asked for at or after this. */
  soughtMs: number | undefined;
  /** When the newest attempt was begun. */
  askedMs: number;
}

/** Before the first attempt. */
export function freshMemory(): AttemptMemory {
  return {
    mustRead: true,
    lastSeenMs: 0,
    secondLooksMs: [],
    failures: 0,
    failingSinceMs: 0,
    staleInRow: 0,
    isHopeful: false,
    pause: undefined,
    lastHurryMs: -Infinity,
    soughtMs: undefined,
    askedMs: -Infinity,
  };
}

export interface NextAttempt {
  readonly step: Step;
  /** Not before this time; Infinity: the next turn of the state says. */
  readonly dueMs: number;
}

/** What to do next at the name that `lane` looks at. `isHeld`: nothing may be written. */
export function nextAttempt(
  memory: Readonly<AttemptMemory>,
  ingress: IngressState,
  { lane, isHeld, nowMs }: { readonly lane: Lane; readonly isHeld: boolean; readonly nowMs: number },
): NextAttempt {
  const { step, atMs } = nextStep(memory, ingress, lane, isHeld, nowMs);
  const startMs = Math.max(memory.pause?.untilMs ?? nowMs, atMs);
  return { step, dueMs: lane.isFree(ingress, step.kind) ? startMs : Infinity };
}

function nextStep(
  { mustRead, lastSeenMs, secondLooksMs, soughtMs, askedMs }: Readonly<AttemptMemory>,
  ingress: IngressState,
  lane: Lane,
  isHeld: boolean,
  nowMs: number,
): { readonly step: Step; readonly atMs: number } {
  if (mustRead) return { step: { kind: "read", isRoutine: false }, atMs: 0 };
  const plan = isHeld ? undefined : lane.planFor(ingress);
  const isDoubted = lane.isDoubted(ingress);
  const routineMs = isDoubted ? 0 : lastSeenMs + ingress.settings.reconcileIntervalMs;
  // A name that nobody watches may have got other records meanwhile.
  if (plan !== undefined && (lane.mix === undefined || nowMs < routineMs)) {
    return { step: { kind: "write", plan, isRoutine: false }, atMs: nowMs };
  }
  if (!lane.isWatched(ingress)) {
    return { step: { kind: "read", isRoutine: false }, atMs: Math.min(Infinity, ...secondLooksMs) };
  }
  const tellingMs = soughtMs !== undefined && askedMs < soughtMs ? askedMs + seekEveryMs : Infinity;
  const atMs = Math.min(routineMs, tellingMs, ...secondLooksMs);
  return { step: { kind: "read", isRoutine: !isDoubted && atMs === routineMs }, atMs };
}
