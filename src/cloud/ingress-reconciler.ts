// The machine for one name of an ingress: reads before it writes, has one request under way at most, and tries again
// for as long as published and desired records differ. All waiting is one timer; whenever it wakes, it looks at the
// newest state.
import type { NameRef } from "../core/events.ts";
import type { Event, IngressState, PublishedRecord } from "../core/model.ts";
import { isSameDemand } from "../core/records/records.ts";
import { backoffMs } from "../lib/backoff.ts";
import { hurry, noteFailure, noteSuccess } from "./after-attempt.ts";
import { begun, type Attempt, type AttemptOutcome, type Candidate, type Step } from "./attempt.ts";
import type { Purpose } from "./gate.ts";
import { isSameWanted, isWrong, type Lane } from "./lane.ts";
import { freshMemory, nextAttempt, type NextAttempt } from "./next-attempt.ts";
import { transientPause } from "./pauses.ts";
import { performAttempt } from "./perform-attempt.ts";
import { CloudError } from "./provider.ts";
import type { Shared } from "./shared.ts";
import type { Passenger } from "./sharing.ts";
import { Urgency } from "./urgency.ts";

export class IngressReconciler implements Passenger {
  readonly #id: string;
  readonly #lane: Lane;
  readonly #shared: Shared;
  #ingress: IngressState | undefined;
  #generation = 0;
  #isClosed = false;
  #cancelTimer: (() => void) | undefined;
  #attempt: Attempt | undefined;
  #ending: Promise<unknown> = Promise.resolve();
  #noteEnd: () => void = () => undefined;
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
    this.#shared.sharing.leave(this);
    if (this.#ingress === undefined || this.#isClosed) return;
    const nowMs = this.#shared.clock.nowMs();
    const { step, dueMs } = this.#nextAttempt(this.#ingress, nowMs);
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
    if (dueMs > nowMs) return this.#wakeAt(dueMs);
    const candidate = this.#candidateFor(step, this.#ingress);
    if (this.#shared.sharing.take(this, candidate)) return;
    const laterMs = this.goAlone(candidate);
    if (typeof laterMs === "number") this.#wakeAt(laterMs);
  }

  #nextAttempt(ingress: IngressState, nowMs: number): NextAttempt {
    return nextAttempt(this.#memory, ingress, { lane: this.#lane, isHeld: this.#shared.isHeld, nowMs });
  }

  #wakeAt(atMs: number): void {
    const { clock } = this.#shared;
    this.#cancelTimer = clock.setTimer(atMs - clock.nowMs(), () => this.consider());
  }

  get candidate(): Candidate | undefined {
    if (this.#ingress === undefined || this.#isClosed || this.#attempt !== undefined) return undefined;
    const nowMs = this.#shared.clock.nowMs();
    const { step, dueMs } = this.#nextAttempt(this.#ingress, nowMs);
    return dueMs > nowMs ? undefined : this.#candidateFor(step, this.#ingress);
  }

  #candidateFor(step: Step, ingress: IngressState): Candidate {
    const known = this.#lane.stateOf(ingress)?.published?.records ?? [];
    return { step, purpose: this.#purposeOf(step), name: this.#lane.nameOf(ingress), known };
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
    const { mustRead, failures, isHopeful } = this.#memory;
    const isVain = failures > 1 && !isHopeful;
    return this.#urgency.purposeOf(call, { mustRead, isMix: this.#lane.mix !== undefined, isVain });
  }

  goAlone(candidate: Candidate): Promise<boolean> | number {
    const laterMs = this.#shared.gate.enter(candidate.purpose);
    if (laterMs !== undefined) return laterMs;
    const attempt = this.#begun(candidate);
    this.#urgency.spend(candidate.purpose);
    const isDone = this.#run(attempt, candidate);
    this.#ending = isDone;
    return isDone;
  }

  begin(candidate: Candidate): Attempt {
    const { promise, resolve } = Promise.withResolvers<void>();
    [this.#ending, this.#noteEnd] = [promise, resolve];
    return this.#begun(candidate);
  }

  #begun({ step, name }: Candidate): Attempt {
    const { clock, gate, log } = this.#shared;
    const wanted = this.#ingress && this.#lane.wantedBy(this.#ingress);
    const attempt = begun(step, { startedMs: clock.nowMs(), zone: name.zone, wanted, gate });
    this.#attempt = attempt;
    this.#memory.askedMs = attempt.startedMs;
    log?.debug({ ...this.#ref, ...(step.kind === "write" && { plan: step.plan }) }, `${step.kind} records`);
    return attempt;
  }

  async #run(attempt: Attempt, { step, name, known }: Candidate): Promise<boolean> {
    const outcome = await performAttempt(attempt, step, {
      shared: this.#shared,
      name,
      known,
      purpose: () => this.#purposeOf(attempt),
      spend: (purpose) => this.#urgency.spend(purpose),
    });
    this.end(attempt, outcome);
    return !(outcome instanceof CloudError);
  }

  end(attempt: Attempt, outcome: AttemptOutcome): void {
    if (this.#attempt !== attempt) return;
    this.#attempt = undefined;
    this.#noteEnd();
    this.#shielded(() => {
      if (outcome === "reread") this.#memory.mustRead = true;
      if (typeof outcome !== "string") this.#learn(attempt, outcome);
      this.#startWhatIsDue();
    });
  }

  #learn(attempt: Attempt, outcome: readonly PublishedRecord[] | CloudError): void {
    const isFailed = outcome instanceof CloudError;
    const event = isFailed ? this.#failed(attempt, outcome) : this.#succeeded(attempt, outcome);
    if (event !== undefined && this.#ingress !== undefined) this.#shared.dispatch(event);
    if (!isFailed) this.#noteAgreement();
  }

  #succeeded(attempt: Attempt, records: readonly PublishedRecord[]): Event | undefined {
    if (!noteSuccess(this.#memory, attempt, this.#shared.clock.nowMs())) return undefined;
    // What was written to a zone that is no longer configured is of no interest.
    if (attempt.zone !== this.#ingress?.settings.zone) return undefined;
    return { kind: attempt.kind === "read" ? "records-read" : "records-written", ...this.#ref, records };
  }

  get #ref(): NameRef {
    return { ingress: this.#id, mix: this.#lane.mix };
  }

  #failed(attempt: Attempt, error: CloudError): Event | undefined {
    const { clock, log, random } = this.#shared;
    const nowMs = clock.nowMs();
    const noteDue = (isTransient: boolean): number => this.#noteDue(isTransient);
    const isTold = noteFailure(this.#memory, attempt, error, { nowMs, random, noteDue });
    if (attempt.isObsolete) return undefined;
    const { message } = error;
    const { failures, pause } = this.#memory;
    const retry = isTold && pause && { kind: error.kind, failures, retryMs: pause.untilMs - nowMs };
    log?.debug({ ...this.#ref, ...retry }, message);
    if (!isTold) return undefined;
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
    if (this.#ingress === undefined) return;
    hurry(this.#memory, this.#lane.wantedBy(this.#ingress), this.#shared.clock.nowMs());
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
