// What an attempt leaves in the memory of its machine when it has ended.
import type { Wanted } from "../core/records/mix.ts";
import type { Random } from "../lib/clock.ts";
import type { Attempt } from "./attempt.ts";
import type { AttemptMemory } from "./next-attempt.ts";
import { nextAttemptMs, waitAfter } from "./pauses.ts";
import type { CloudError } from "./provider.ts";

/** Those who were told to wait come back one after the other, within this time. */
const spreadMs = 1_000;

/** A first attempt whose outcome is unknown may still land: look again this long after it. */
const secondLooksMs = [10_000, 60_000];

/** How often in a row a stale plan is answered by reading and planning again at once. */
const mostStaleInRow = 2;

/** A new desired record or a reload brings the next attempt forward, but no more often than this. */
const hurryEveryMs = 1_000;

/** Notes a success. `false`: it is about something that is of no interest any more. */
export function noteSuccess(memory: AttemptMemory, attempt: Attempt, nowMs: number): boolean {
  if (attempt.kind === "read") {
    if (attempt.isObsolete) return false;
    memory.mustRead = false;
    memory.secondLooksMs = memory.secondLooksMs.filter((atMs) => atMs > attempt.startedMs);
  }
  memory.pause = undefined;
  memory.lastSeenMs = nowMs;
  return true;
}

export interface FailureCircumstances {
  readonly nowMs: number;
  readonly random: Random;
  /** How many machines wait with something to write, this one among them; 0 where it has nothing. */
  readonly noteDue: (isTransient: boolean) => number;
}

/** Notes a failure. `false`: there is nothing to tell of it. */
export function noteFailure(
  memory: AttemptMemory,
  attempt: Attempt,
  error: CloudError,
  { nowMs, random, noteDue }: FailureCircumstances,
): boolean {
  if (error.kind === "rate-limited") {
    attempt.gate.closeUntil(nowMs + waitAfter(error) + spreadMs * random());
  }
  if (error.isAmbiguous) memory.secondLooksMs = secondLooksMs.map((afterMs) => nowMs + afterMs);
  if (attempt.isObsolete) return false;
  // A look that was merely unlucky takes nothing away from what is known, and must not hold up a change.
  const isUnlucky = error.kind === "transient" || error.kind === "rate-limited";
  if (attempt.kind === "write" || !isUnlucky) memory.mustRead = true;
  if (error.kind === "stale" && memory.staleInRow < mostStaleInRow) {
    memory.staleInRow += 1;
    return false;
  }
  memory.failures += 1;
  memory.isHopeful = false;
  if (memory.failures === 1) memory.failingSinceMs = attempt.startedMs;
  const untilMs = nextAttemptMs(error, {
    startedMs: attempt.startedMs,
    nowMs,
    failures: memory.failures,
    failingSinceMs: memory.failingSinceMs,
    due: noteDue(error.kind === "transient"),
    random,
  });
  memory.pause = { untilMs, wanted: attempt.wanted };
  return true;
}

/** Brings the next attempt forward, for what is wanted now. */
export function hurry(memory: AttemptMemory, wanted: Wanted, nowMs: number): void {
  if (memory.pause === undefined) return;
  const soonestMs = Math.max(nowMs, memory.lastHurryMs + hurryEveryMs);
  memory.lastHurryMs = soonestMs;
  memory.pause = { untilMs: Math.min(memory.pause.untilMs, soonestMs), wanted };
}
