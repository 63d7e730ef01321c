// The loop: event → step → facts → keepers, followers, listeners. Declares the ports that the rest of the daemon plugs
// into.
import { nextDeadline } from "./core/deadline.ts";
import { factsBetween } from "./core/facts.ts";
import { changesBetween, type IngressChange } from "./core/overview/ingresses.ts";
import type { Event, State } from "./core/model.ts";
import { initialState, step } from "./core/step.ts";
import type { Turn } from "./core/turn.ts";
import { backoffMs } from "./lib/backoff.ts";
import type { Clock } from "./lib/clock.ts";
import { formatDuration } from "./core/units.ts";
import { messageOf } from "./lib/text.ts";

export type { Turn };

/** Makes durable what must be on the disk before anybody acts on it. Comes first in every turn. */
export interface Keeper {
  /**
   * Says for itself what could not be kept, and tries again later: followers act all the same, since the record matters
   * more than the memory of it. What it throws is reported.
   */
  keep(turn: Turn): void;
  /** Hears how long that held up the turn. More than `keeperPatienceMs` is worth telling. */
  held(tookMs: number): void;
}

/** A keeper that takes longer delays what was decided. */
export const keeperPatienceMs = 250;

/**
 * Converges on what the state wants and reports back with events. Must return at once and never throw. `changes` are
 * the ingresses that are not what they were when it followed last; those that are gone are not among them, and only
 * another generation or the end of one that was leaving takes any away.
 */
export interface Follower {
  follow(state: State, changes: readonly IngressChange[]): void;
}

/** A follower, with the state that it followed last. */
interface Led {
  readonly follower: Follower;
  followed: State;
}

/** Hears every turn. What it throws is reported and otherwise ignored: no listener can slow or break the loop. */
export interface Listener {
  hear(turn: Turn): void;
}

export interface DaemonPorts {
  readonly clock: Clock;
  /** Called with what a keeper, follower or listener threw: an internal error, worth a log line, never worth a stop. */
  readonly onBug: (error: unknown) => void;
  /** Called when events fail and fail, and none is taken in: the state itself must be at fault. `why` is for people. */
  readonly onCorruption?: (why: string) => void;
}

/** After an event that could not be taken in, the timer waits: what is due stays due. */
const pauseAfterFailure = { firstMs: 1_000, mostMs: 30_000 };
/** When so many events in a row have failed over so long, none will succeed. */
const corruption = { events: 5, afterMs: 15_000 };

/**
 * Owns the state. Everybody else sees it through `state`, and through each turn in this order, whatever the order in
 * which they were added: keepers make durable what must be, then followers act, then listeners hear.
 */
export class Daemon {
  readonly #ports: DaemonPorts;
  readonly #keepers: Keeper[] = [];
  readonly #followers: Led[] = [];
  readonly #listeners: Listener[] = [];
  readonly #queue: Event[] = [];
  #state: State = initialState;
  #isTurning = false;
  /** When the timer is due that is running, if one is. */
  #deadlineMs: number | undefined;
  #cancelTimer: (() => void) | undefined;
  #isClosed = false;
  #lastTurnMs: number;
  /** Events in a row that could not be taken in. */
  #failed = { count: 0, sinceMs: 0 };

  constructor(ports: DaemonPorts) {
    this.#ports = ports;
    this.#lastTurnMs = ports.clock.nowMs();
  }

  get state(): State {
    return this.#state;
  }

  /** Monotonic time of the newest turn. */
  get lastTurnMs(): number {
    return this.#lastTurnMs;
  }

  addKeeper(keeper: Keeper): void {
    this.#keepers.push(keeper);
  }

  addFollower(follower: Follower): void {
    this.#followers.push({ follower, followed: initialState });
  }

  addListener(listener: Listener): void {
    this.#listeners.push(listener);
  }

  /**
   * Takes an event in. Safe to call from keepers, followers and listeners: events are taken one after the other, in
   * order. False when an internal error kept it from being taken in: then nothing has changed.
   */
  dispatch(event: Event): boolean {
    if (this.#isClosed) return false;
    if (this.#isTurning) return this.#queue.push(event) > 0;
    this.#isTurning = true;
    let isTaken = false;
    try {
      isTaken = this.#turn(event);
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.#turn(next);
    } finally {
      this.#isTurning = false;
    }
    this.#sleepUntilDeadline();
    return isTaken;
  }

  /** Stops taking events. */
  close(): void {
    this.#isClosed = true;
    this.#cancelTimer?.();
  }

  /** False when the event could not be taken in. */
  #turn(event: Event): boolean {
    const atMs = this.#ports.clock.nowMs();
    const before = this.#state;
    const turn = this.#taken(before, event, atMs);
    if (turn === undefined) return false;
    const { after } = turn;
    this.#state = after;
    this.#lastTurnMs = atMs;
    this.#failed = { count: 0, sinceMs: 0 };
    for (const keeper of this.#keepers) this.#shielded(() => this.#timed(keeper, turn));
    for (const each of this.#followers) this.#shielded(() => this.#lead(each, turn));
    for (const listener of this.#listeners) this.#shielded(() => listener.hear(turn));
    return true;
  }

  /**
   * What the event makes of the state. An event that makes `step` throw is dropped, and the state stays what it was: it
   * is never half changed, and whoever reported the event looks again in its own rhythm.
   */
  #taken(before: State, event: Event, atMs: number): Turn | undefined {
    try {
      const after = step(before, event, atMs);
      const changes = changesBetween(before, after);
      return { event, facts: factsBetween(before, after, atMs, changes), before, after, changes, atMs };
    } catch (error) {
      this.#fail(error, atMs);
      return undefined;
    }
  }

  #fail(error: unknown, atMs: number): void {
    this.#ports.onBug(error);
    const { count, sinceMs } = this.#failed;
    this.#failed = { count: count + 1, sinceMs: count === 0 ? atMs : sinceMs };
    const forMs = atMs - this.#failed.sinceMs;
    if (this.#failed.count < corruption.events || forMs < corruption.afterMs) return;
    this.#ports.onCorruption?.(`no event has been processed for ${formatDuration(forMs)}: ${messageOf(error)}`);
  }

  /** One that threw, or came late, is given all that has changed since it followed last. */
  #lead(each: Led, { before, after, changes }: Turn): void {
    each.follower.follow(after, each.followed === before ? changes : changesBetween(each.followed, after));
    each.followed = after;
  }

  #timed(keeper: Keeper, turn: Turn): void {
    const { clock } = this.#ports;
    const startedMs = clock.nowMs();
    try {
      keeper.keep(turn);
    } finally {
      keeper.held(clock.nowMs() - startedMs);
    }
  }

  #shielded(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#ports.onBug(error);
    }
  }

  #sleepUntilDeadline(): void {
    const deadlineMs = this.#isClosed ? undefined : this.#nextDeadline();
    if (deadlineMs === this.#deadlineMs) return;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#deadlineMs = deadlineMs;
    if (deadlineMs === undefined) return;
    const delayMs = deadlineMs - this.#ports.clock.nowMs();
    this.#cancelTimer = this.#ports.clock.setTimer(delayMs, () => {
      this.#deadlineMs = undefined;
      this.dispatch({ kind: "time-passed" });
    });
  }

  #nextDeadline(): number | undefined {
    const nowMs = this.#ports.clock.nowMs();
    let dueMs: number | undefined = nowMs;
    try {
      dueMs = nextDeadline(this.#state);
    } catch (error) {
      this.#fail(error, nowMs);
    }
    if (this.#failed.count === 0 || dueMs === undefined) return dueMs;
    // Known already: the same pause counts until it is over.
    if (this.#deadlineMs !== undefined && this.#deadlineMs > nowMs) return this.#deadlineMs;
    return Math.max(dueMs, nowMs + backoffMs(pauseAfterFailure, this.#failed.count, () => 0.5));
  }
}
