// One probe under one deadline: ended by its own result, by the deadline, or by being called off, whichever comes
// first.
import type { Phases, Sighting } from "../core/model.ts";
import { formatDuration } from "../core/units.ts";
import type { Clock } from "../lib/clock.ts";
import { failed, inconclusive, type ProbeResult, type ProbeStage } from "./verdict.ts";

export interface AttemptOptions {
  readonly clock: Clock;
  /** One deadline over everything. */
  readonly timeoutMs: number;
  /** Ends the probe at once; its observation means nothing then. */
  readonly signal?: AbortSignal;
  /** The time as far as something vouches for it; without, certificates are judged by the machine's wall clock. */
  readonly vouchedWallMs?: number | undefined;
}

/** The way of one probe through its stages. */
export interface ProbeAttempt {
  readonly phases: Phases;
  /** When the server's certificate ends, if there was one. */
  readonly certificateEndsWallMs: number | undefined;
  readonly stages: StageTimes;
  /** Never rejects. */
  run(): Promise<ProbeResult>;
  /** Drops the connection; called once, whatever ended the probe. */
  end(): void;
}

/** How far a probe has come, and how long each stage took. */
export class StageTimes {
  stage: ProbeStage = "connecting";
  /** When the probe began. */
  readonly startedMs: number;
  readonly #clock: Clock;
  #sinceMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.startedMs = clock.nowMs();
    this.#sinceMs = this.startedMs;
  }

  /** Continues to a stage and returns how long the one before it took, in milliseconds. */
  enter(stage: ProbeStage): number {
    const nowMs = this.#clock.nowMs();
    const tookMs = nowMs - this.#sinceMs;
    this.stage = stage;
    this.#sinceMs = nowMs;
    return tookMs;
  }
}

/**
 * `configuredMs`: the whole timeout of the check, of which looking the name up may have taken a part. Never rejects.
 */
export async function underDeadline(
  attempt: ProbeAttempt,
  configuredMs: number,
  { clock, timeoutMs, signal }: AttemptOptions,
): Promise<Sighting> {
  const { startedMs } = attempt.stages;
  const deadline = Promise.withResolvers<ProbeResult>();
  const timedOut = (): ProbeResult =>
    failed("timeout", `timed out while ${attempt.stages.stage} (${formatDuration(configuredMs)})`);
  // When this process was too busy to run in time, timers come before what arrived meanwhile: that is heard first.
  const cancelDeadline = clock.setTimer(timeoutMs, () => {
    setImmediate(() => deadline.resolve(timedOut()));
  });
  const abort = (): void => deadline.resolve(inconclusive("local", "cancelled"));
  signal?.addEventListener("abort", abort, { once: true });
  if (signal?.aborted === true) abort();

  const verdict = await Promise.race([deadline.promise, attempt.run()]);
  cancelDeadline();
  signal?.removeEventListener("abort", abort);
  attempt.end();
  const endedMs = clock.nowMs();
  const { phases, certificateEndsWallMs } = attempt;
  return {
    startedMs,
    endedMs,
    phases,
    ...(certificateEndsWallMs !== undefined && { certificateEndsWallMs }),
    ...believable(verdict, endedMs - startedMs, timeoutMs),
  };
}

/** A failure that took far longer than the deadline allows says that this machine was suspended or too busy. */
function believable(verdict: ProbeResult, tookMs: number, timeoutMs: number): ProbeResult {
  if (verdict.kind !== "failed" || tookMs <= timeoutMs + Math.max(250, timeoutMs / 2)) return verdict;
  return inconclusive("late", `the monitor was suspended or too busy for ${formatDuration(tookMs)}`);
}
