// The machine for one name of an ingress: reads before it writes, has one request under way at most, and tries again
// for as long as published and desired records differ. All waiting is one timer; whenever it wakes, it looks at the
// newest state.
import type { NameRef } from "../core/events.ts";
import type { Event, IngressState, PublishedRecord } from "../core/model.ts";
import { isSameDemand } from "../core/records/records.ts";
import { backoffMs } from "../lib/backoff.ts";
import { begun, type Attempt, type Step } from "./attempt.ts";
import type { Purpose } from "./gate.ts";
import { isSameWanted, isWrong, type Lane } from "./lane.ts";
import { freshMemory, nextAttempt } from "./next-attempt.ts";
import { nextAttemptMs, transientPause, waitAfter } from "./pauses.ts";
import { performAttempt } from "./perform-attempt.ts";
import { CloudError } from "./provider.ts";
import type { Shared } from "./shared.ts";
import { Urgency } from "./urgency.ts";

/** Those who were told to wait come back one after the other, within this time. */
const spreadMs = 1_000;

/** A first attempt whose outcome is unknown may still land: look again this long after it. */
const secondLooksMs = [10_000, 60_000];

/** How often in a row a stale plan is answered by reading and planning again at once. */
const mostStaleInRow = 2;

/** A new desired record or a reload brings the next attempt forward, but no more often than this. */
const hurryEveryMs = 1_000;

export class IngressReconciler {
  readonly #id: string;
  readonly #lane: Lane;
  readonly #shared: Shared;
  #ingress: IngressState | undefined;
  #generation = 0;
  #isClosed = false;
  #cancelTimer: (() => void) | undefined;
  #attempt: Attempt | undefined;
  #ending: Promise<void> = Promise.resolve();
  readonly #memory = freshMemory();
  readonly #urgency = new Urgency();

  constructor(id: string, lane: Lane, shared: Shared) {
    this.#id = id;
    this.#lane = lane;
    this.#shared = shared;
  }

  get isBusy(): boolean {
    return this.#attempt !== undefined;
  }

  /** Takes in the newest state of its ingress; `undefined` when the ingress is no longer configured. */
  follow(ingress: IngressState | undefined, generation: number): void {
    this.#shielded(() => this.#take(ingress, generation));
  }

  #take(ingress: IngressState | undefined, generation: number): void {
    const before = this.#ingress;
    const isNewGeneration = generation !== this.#generation;
    this.#ingress = ingress;
    this.#generation = generation;
    if (ingress === undefined) this.#rest();
    else if (before === undefined || before.settings.zone !== ingress.settings.zone) this.startOver();
    // The world shows something else than what we wrote: perhaps somebody has changed it since.
    else if (isWrong(this.#lane, ingress) && !isWrong(this.#lane, before)) {
      this.#memory.mustRead = true;
      this.consider();
    }
    // Most turns are about a probe that tells nothing new.
    else if (
      isNewGeneration ||
      this.#memory.pause !== undefined ||
      !isSameDemand(before, ingress) ||
      before.drift !== ingress.drift
    ) {
      const wanted = this.#lane.wantedBy(ingress);
      this.#urgency.note(wanted);
      // Since repair rests, a lot may have happened to the records.
      if (before.standoff !== undefined && ingress.standoff === undefined) this.#memory.mustRead = true;
      if (isNewGeneration || (this.#memory.pause !== undefined && !isSameWanted(this.#memory.pause.wanted, wanted)))
        this.#hurry();
      this.consider();
    }
  }

  /**
   * Brings a read forward that is begun at or after `youngerThanMs`, for the time that its answer tells; `undefined`:
   * none.
   */
  seek(youngerThanMs: number | undefined): void {
    if (youngerThanMs === this.#memory.soughtMs) return;
    this.#memory.soughtMs = youngerThanMs;
    if (youngerThanMs !== undefined) this.consider();
  }

  /** Forgets what it knew and what went wrong, and begins with a read. */
  startOver(): void {
    this.#rest();
    if (this.#attempt !== undefined) this.#attempt.isObsolete = true;
    this.#memory.mustRead = true;
    this.#forgetFailures();
    this.#memory.pause = undefined;
    this.consider();
  }

  /** Starts what is due now, or sleeps until something is. */
  consider(): void {
    this.#shielded(() => this.#startWhatIsDue());
  }

  /**
   * An internal error costs this ingress a pause, and nothing else. The next turn or the end of the pause finds it at
   * work.
   */
  #shielded(action: () => void): void {
    try {
      action();
    } catch (error) {
      const { clock, onBug, random } = this.#shared;
      onBug(error);
      this.#memory.mustRead = true;
      this.#memory.failures += 1;
      this.#cancelTimer?.();
      this.#cancelTimer = clock.setTimer(backoffMs(transientPause, this.#memory.failures, random), () =>
        this.consider(),
      );
    }
  }

  #startWhatIsDue(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#ingress === undefined || this.#isClosed) return;
    const nowMs = this.#shared.clock.nowMs();
    const { step, dueMs } = nextAttempt(this.#memory, this.#ingress, {
      lane: this.#lane,
      isHeld: this.#shared.isHeld,
      nowMs,
    });
    if (this.#attempt !== undefined) {
      // A routine look must not delay a change by a round trip.
      if (step.kind === "write" && this.#attempt.kind === "read") this.abort();
      // Nor may a write go out late that is not wanted any more.
      else if (this.#attempt.isWaiting && !isSameWanted(this.#attempt.wanted, this.#lane.wantedBy(this.#ingress))) {
        this.abort();
      }
      return;
    }
    // The next turn of the state comes back to it.
    if (dueMs === Infinity) return;
    const laterMs = dueMs > nowMs ? dueMs : this.#shared.gate.enter(this.#purposeOf(step));
    if (laterMs === undefined) this.#start(step, this.#ingress);
    else this.#cancelTimer = this.#shared.clock.setTimer(laterMs - nowMs, () => this.consider());
  }

  /** Starts nothing more. Resolves when a write under way has ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#rest();
    await this.#ending;
  }

  /** Gives up whatever is under way. */
  abort(): void {
    if (this.#attempt === undefined) return;
    this.#attempt.isObsolete = true;
    this.#attempt.abort.abort();
  }

  #purposeOf(call: Pick<Step, "kind" | "isRoutine">): Purpose {
    const isVain = this.#memory.failures > 1 && !this.#memory.isHopeful;
    return this.#urgency.purposeOf(call, {
      mustRead: this.#memory.mustRead,
      isMix: this.#lane.mix !== undefined,
      isVain,
    });
  }

  #start(step: Step, ingress: IngressState): void {
    const { clock, gate, log } = this.#shared;
    const { zone } = ingress.settings;
    const attempt = begun(step, { startedMs: clock.nowMs(), zone, wanted: this.#lane.wantedBy(ingress), gate });
    this.#attempt = attempt;
    this.#memory.askedMs = attempt.startedMs;
    this.#urgency.spend(this.#purposeOf(step));
    log?.debug({ ...this.#ref, ...(step.kind === "write" && { plan: step.plan }) }, `${step.kind} records`);
    this.#ending = this.#run(attempt, step, ingress);
  }

  async #run(attempt: Attempt, step: Step, ingress: IngressState): Promise<void> {
    const outcome = await performAttempt(attempt, step, {
      shared: this.#shared,
      name: this.#lane.nameOf(ingress),
      known: this.#lane.stateOf(ingress)?.published?.records ?? [],
      purpose: () => this.#purposeOf(attempt),
      spend: (purpose) => this.#urgency.spend(purpose),
    });
    this.#attempt = undefined;
    this.#shielded(() => {
      const isFailed = outcome instanceof CloudError;
      const event = isFailed ? this.#failed(attempt, outcome) : this.#succeeded(attempt, outcome);
      if (event !== undefined && this.#ingress !== undefined) this.#shared.dispatch(event);
      if (!isFailed) this.#noteAgreement();
      this.#startWhatIsDue();
    });
  }

  #succeeded(attempt: Attempt, records: readonly PublishedRecord[]): Event | undefined {
    const { kind, startedMs, isObsolete } = attempt;
    if (kind === "read") {
      if (isObsolete) return undefined;
      this.#memory.mustRead = false;
      this.#memory.secondLooksMs = this.#memory.secondLooksMs.filter((atMs) => atMs > startedMs);
    }
    this.#memory.pause = undefined;
    this.#memory.lastSeenMs = this.#shared.clock.nowMs();
    // What was written to a zone that is no longer configured is of no interest.
    if (attempt.zone !== this.#ingress?.settings.zone) return undefined;
    return { kind: kind === "read" ? "records-read" : "records-written", ...this.#ref, records };
  }

  get #ref(): NameRef {
    return { ingress: this.#id, mix: this.#lane.mix };
  }

  #failed(attempt: Attempt, error: CloudError): Event | undefined {
    const { clock, log, random } = this.#shared;
    const nowMs = clock.nowMs();
    if (error.kind === "rate-limited") {
      attempt.gate.closeUntil(nowMs + waitAfter(error) + spreadMs * random());
    }
    if (error.isAmbiguous) this.#memory.secondLooksMs = secondLooksMs.map((afterMs) => nowMs + afterMs);
    if (attempt.isObsolete) return undefined;
    // A look that was merely unlucky takes nothing away from what is known, and must not hold up a change.
    const isUnlucky = error.kind === "transient" || error.kind === "rate-limited";
    if (attempt.kind === "write" || !isUnlucky) this.#memory.mustRead = true;
    if (error.kind === "stale" && this.#memory.staleInRow < mostStaleInRow) {
      this.#memory.staleInRow += 1;
      log?.debug(this.#ref, error.message);
      return undefined;
    }
    this.#memory.failures += 1;
    this.#memory.isHopeful = false;
    if (this.#memory.failures === 1) this.#memory.failingSinceMs = attempt.startedMs;
    const untilMs = nextAttemptMs(error, {
      startedMs: attempt.startedMs,
      nowMs,
      failures: this.#memory.failures,
      failingSinceMs: this.#memory.failingSinceMs,
      due: this.#noteDue(error.kind === "transient"),
      random,
    });
    this.#memory.pause = { untilMs, wanted: attempt.wanted };
    const { message } = error;
    log?.debug({ ...this.#ref, kind: error.kind, failures: this.#memory.failures, retryMs: untilMs - nowMs }, message);
    const kind = error.kind === "stale" ? "transient" : error.kind;
    return { kind: "cloud-failed", ...this.#ref, problem: { kind, message, during: attempt.kind } };
  }

  /**
   * How many machines have a write that waits for Cloudflare; 0 where this one has none. A mix and a routine look can
   * wait.
   */
  #noteDue(isTransient: boolean): number {
    const isDue =
      isTransient &&
      this.#lane.mix === undefined &&
      !this.#shared.isHeld &&
      this.#ingress !== undefined &&
      this.#lane.planFor(this.#ingress) !== undefined;
    if (isDue) this.#shared.due.add(this);
    else this.#shared.due.delete(this);
    return isDue ? this.#shared.due.size : 0;
  }

  /** Cloudflare works for another one again: it may for this one, too. */
  takeHeart(): void {
    this.#memory.isHopeful = true;
    this.#hurry();
    this.consider();
  }

  /** Once published and desired agree, past failures no longer count. */
  #noteAgreement(): void {
    if (this.#memory.mustRead || this.#ingress === undefined || this.#lane.planFor(this.#ingress) !== undefined) return;
    this.#forgetFailures();
  }

  #forgetFailures(): void {
    this.#memory.failures = 0;
    this.#memory.staleInRow = 0;
    if (this.#shared.due.delete(this)) for (const other of this.#shared.due) other.takeHeart();
  }

  #hurry(): void {
    if (this.#memory.pause === undefined || this.#ingress === undefined) return;
    const nowMs = this.#shared.clock.nowMs();
    const soonestMs = Math.max(nowMs, this.#memory.lastHurryMs + hurryEveryMs);
    this.#memory.lastHurryMs = soonestMs;
    this.#memory.pause = {
      untilMs: Math.min(this.#memory.pause.untilMs, soonestMs),
      wanted: this.#lane.wantedBy(this.#ingress),
    };
  }

  /**
   * Stops the timer, any read, and a write that still waits to be sent. One that was sent cannot be taken back: it may
   * end, so that its outcome is known.
   */
  #rest(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#shared.due.delete(this);
    if (this.#attempt?.kind === "read" || this.#attempt?.isWaiting === true) this.abort();
  }
}
