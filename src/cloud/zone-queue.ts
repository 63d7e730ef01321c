// The requests of one kind for one zone, one at a time: what becomes due while one is under way waits for its end, and
// then goes together. Nobody waits long for a request that others have made.
import type { AttemptOutcome, Candidate, Step } from "./attempt.ts";
import { operationsOf } from "./batch.ts";
import { GroupLimits } from "./group-limits.ts";
import { performShared, type Rider } from "./perform-shared.ts";
import type { SharingMeans } from "./shared.ts";
import type { Passenger, Sharing } from "./sharing.ts";
import { byUrgency, type Purpose } from "./gate.ts";
import { transientPause } from "./pauses.ts";
import { CloudError } from "./provider.ts";

/** The longest that a request under way holds up others. Cloudflare answers within this, unless it has trouble. */
const patienceMs = 500;

/** Cloudflare takes so many operations in a batch on its Free plan; more on others. */
const mostOperations = 200;

interface Boarded {
  readonly passenger: Passenger;
  readonly candidate: Candidate;
}

/** An internal error is reported, and costs its own ingress a pause, when the machine considers it by itself. */
function candidateOf(passenger: Passenger): Candidate | undefined {
  try {
    return passenger.candidate;
  } catch {
    return undefined;
  }
}

function givenUp(): CloudError {
  return new CloudError("transient", "cancelled", { isAmbiguous: true });
}

export class ZoneQueue {
  readonly #shared: SharingMeans;
  readonly #sharing: Sharing;
  readonly #kind: Step["kind"];
  /** `undefined`: the zone of those who wait is not known yet. */
  readonly #zone: string | undefined;
  /** And how urgent it was when they came. */
  readonly #waiting = new Map<Passenger, Purpose>();
  /** When each request under way was started. */
  readonly #underWay = new Set<{ readonly startedMs: number }>();
  readonly #limits = new GroupLimits<Passenger>();
  /** The gate is closed for what waits. */
  #refused: { readonly untilMs: number; readonly purpose: Purpose } | undefined;
  #cancelTimer: (() => void) | undefined;

  constructor(shared: SharingMeans, sharing: Sharing, kind: Step["kind"], zone: string | undefined) {
    this.#shared = shared;
    this.#sharing = sharing;
    this.#kind = kind;
    this.#zone = zone;
  }

  join(passenger: Passenger, purpose: Purpose): void {
    this.#waiting.set(passenger, purpose);
    // The gate may be open for what is more urgent.
    if (this.#refused !== undefined && byUrgency(purpose, this.#refused.purpose) < 0) this.#refused = undefined;
  }

  leave(passenger: Passenger): void {
    this.#waiting.delete(passenger);
  }

  /** The machine has ended. */
  forget(passenger: Passenger): void {
    this.leave(passenger);
    this.#limits.forget(passenger);
  }

  close(): void {
    this.#waiting.clear();
    this.#cancelTimer?.();
  }

  /** Sends what may go now. The rest waits. After an internal error all of it is tried again. */
  depart(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    try {
      this.#sendWhatMayGo();
    } catch (error) {
      this.#shared.onBug(error);
      this.#wakeAt(this.#shared.clock.nowMs() + transientPause.firstMs);
    }
  }

  #sendWhatMayGo(): void {
    while (this.#waiting.size > 0) {
      const startedMs = Math.max(...[...this.#underWay].map((request) => request.startedMs));
      if (this.#wakeAt(Math.max(startedMs + patienceMs, this.#refused?.untilMs ?? -Infinity))) return;
      this.#refused = undefined;
      const group = this.#board();
      if (this.#isApart(group)) for (const each of group) this.#sendAlone(each);
      else this.#sendTogether(group);
    }
  }

  /** Comes back at this time, if it is not over. */
  #wakeAt(atMs: number): boolean {
    const leftMs = atMs - this.#shared.clock.nowMs();
    if (leftMs <= 0) return false;
    this.#cancelTimer = this.#shared.clock.setTimer(leftMs, () => this.depart());
    return true;
  }

  /** Those who go together next: of those of whom least bad is known, the most urgent first. */
  #board(): readonly Boarded[] {
    const most = Math.max(...this.#waiting.keys().map((passenger) => this.#limits.mostWith(passenger)));
    const alike = [...this.#waiting].filter(([passenger]) => this.#limits.mostWith(passenger) === most);
    const group: Boarded[] = [];
    let operations = 0;
    for (const [passenger] of alike.toSorted(([, a], [, b]) => byUrgency(a, b))) {
      // Those who need requests of their own are sent by themselves, all of them.
      if (most > 1 && group.length === most) break;
      const boarded = this.#ready(passenger);
      if (boarded === undefined) continue;
      const { step } = boarded.candidate;
      operations += step.kind === "write" ? operationsOf(step.plan) : 0;
      // A plan that is too large for any group goes alone.
      if (operations > mostOperations && group.length > 0 && most > 1) break;
      group.push(boarded);
    }
    return group;
  }

  #ready(passenger: Passenger): Boarded | undefined {
    const candidate = candidateOf(passenger);
    if (candidate?.step.kind === this.#kind) return { passenger, candidate };
    this.#sharing.leave(passenger);
    this.#limits.forget(passenger);
    passenger.consider();
    return undefined;
  }

  #isApart(group: readonly Boarded[]): boolean {
    if (group.length <= 1 || group.some(({ passenger }) => this.#limits.mostWith(passenger) === 1)) return true;
    if (this.#kind === "write" || this.#zone === undefined) return false;
    return this.#shared.provider.shared?.isWorthListing(this.#zone, group.length) !== true;
  }

  #sendAlone({ passenger, candidate }: Boarded): void {
    if (this.#refused !== undefined) return;
    const request = { startedMs: this.#shared.clock.nowMs() };
    const ending = passenger.goAlone(candidate);
    if (typeof ending === "number") return void (this.#refused = { untilMs: ending, purpose: candidate.purpose });
    this.#sharing.leave(passenger);
    this.#underWay.add(request);
    void ending.then((isDone) => {
      if (isDone) this.#limits.succeeded([passenger]);
      this.#underWay.delete(request);
      this.depart();
    });
  }

  #sendTogether(group: readonly Boarded[]): void {
    const purpose = group.map(({ candidate }) => candidate.purpose).toSorted(byUrgency)[0] ?? "routine";
    const untilMs = this.#shared.gate.enter(purpose);
    if (untilMs !== undefined) return void (this.#refused = { untilMs, purpose });
    const { clock } = this.#shared;
    const request = { startedMs: clock.nowMs() };
    this.#underWay.add(request);
    const abort = new AbortController();
    const riders = group.map(({ passenger, candidate }): Rider => {
      this.#sharing.leave(passenger);
      return { passenger, candidate, attempt: passenger.begin(candidate) };
    });
    for (const rider of riders) {
      rider.attempt.abort.signal.addEventListener("abort", () => {
        // The request continues for the others.
        if (riders.every(({ attempt }) => attempt.abort.signal.aborted)) abort.abort();
        queueMicrotask(() => rider.passenger.end(rider.attempt, givenUp()));
      });
    }
    void this.#carry(riders, request, { signal: abort.signal, purpose });
  }

  async #carry(
    riders: readonly Rider[],
    request: { readonly startedMs: number },
    circumstances: { readonly signal: AbortSignal; readonly purpose: Purpose },
  ): Promise<void> {
    const outcomes = await performShared(this.#shared, riders, { ...circumstances, zone: this.#zone });
    const endings = this.#judge(riders, outcomes);
    this.#sharing.gather(() => {
      for (const [index, { passenger, attempt }] of riders.entries()) passenger.end(attempt, endings[index] ?? "again");
      this.#underWay.delete(request);
    });
    this.depart();
  }

  /** Notes who may go together from now on, and gives what each is told. */
  #judge(riders: readonly Rider[], outcomes: CloudError | readonly AttemptOutcome[]): readonly AttemptOutcome[] {
    const passengers = riders.map(({ passenger }) => passenger);
    if (!(outcomes instanceof CloudError)) return this.#judgeEach(riders, outcomes);
    const { kind, isAmbiguous } = outcomes;
    if (this.#kind === "write" && !isAmbiguous && (kind === "invalid" || kind === "stale")) {
      // Where the records are not what was thought, a look may show whose. The others are split without another look.
      const isNew = !passengers.some((passenger) => this.#limits.isSuspect(passenger));
      this.#limits.split(passengers);
      return riders.map(() => (kind === "stale" && isNew ? "reread" : "again"));
    }
    if (kind === "transient" || kind === "invalid") this.#limits.shrink(passengers);
    return riders.map(({ candidate }) => outcomes.about(candidate.name.record));
  }

  #judgeEach(riders: readonly Rider[], outcomes: readonly AttemptOutcome[]): readonly AttemptOutcome[] {
    const isDone = (index: number): boolean => Array.isArray(outcomes[index]);
    this.#limits.succeeded(riders.flatMap(({ passenger }, index) => (isDone(index) ? [passenger] : [])));
    return riders.map(({ passenger }, index) => {
      const outcome = outcomes[index] ?? "apart";
      if (outcome !== "apart") return outcome;
      this.#limits.isolate(passenger);
      return "again";
    });
  }
}
