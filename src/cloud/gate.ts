// The one gate that every request with a token passes. It keeps the budget of calls, whatever goes wrong, and closes
// for all when Cloudflare says "too many".
import { sleep, type Clock } from "../lib/clock.ts";
import { CloudError } from "./provider.ts";

/**
 * In any five minutes at most so many calls, and so many more for each ingress, but never more than `mostCalls`:
 * Cloudflare allows a user 1200, and people have other programs.
 */
const callsPerWindow = 100;
const callsPerIngress = 2;
const mostCalls = 900;
const windowMs = 5 * 60_000;

/** Half of them can be made in one go; the other half comes back evenly, so that there is never long to wait. */
const burstShare = 0.5;

/** And in any six seconds at most so many. */
const callsPerShortWindow = 40;
const shortWindowMs = 6_000;

/**
 * What a call is for: what has just been decided; what such a decision waits for, or a retry; or a look by routine.
 * Each leaves a share of the calls to those before it, so that it never starves them, however often it comes.
 */
export type Purpose = "decision" | "follow-up" | "routine";

const shares: Readonly<Record<Purpose, number>> = { decision: 1, "follow-up": 0.7, routine: 0.4 };

/** Orders by urgency, the most urgent first. */
export function byUrgency(a: Purpose, b: Purpose): number {
  return shares[b] - shares[a];
}

/** What may be spent now. */
export interface CallBudget {
  /** Calls in any five minutes. */
  readonly limit: number;
  /** Calls that could be made at once for a new decision. */
  readonly remaining: number;
}

export class CallGate {
  readonly #clock: Clock;
  #opensAtMs = 0;
  #ingresses: number;
  #credit: number;
  #creditedAtMs: number;
  /** When the calls of the last six seconds were made. */
  #recentMs: readonly number[] = [];

  constructor(clock: Clock, ingresses = 1) {
    this.#clock = clock;
    this.#ingresses = ingresses;
    this.#credit = this.#mostCredit;
    this.#creditedAtMs = clock.nowMs();
  }

  /** How many ingresses share the budget from now on. What was spent stays spent. */
  share(ingresses: number): void {
    this.#accrue();
    const before = this.#mostCredit;
    this.#ingresses = ingresses;
    this.#credit += this.#mostCredit - before;
  }

  get budget(): CallBudget {
    this.#accrue();
    const spentJustNow = this.#recent(this.#clock.nowMs()).length;
    const remaining = Math.floor(Math.min(this.#credit, callsPerShortWindow - spentJustNow));
    return { limit: this.#limit, remaining: Math.max(0, remaining) };
  }

  /** Lets one request through and returns `undefined`, or returns the time at which to ask again. */
  enter(purpose: Purpose): number | undefined {
    const nowMs = this.#clock.nowMs();
    if (nowMs < this.#opensAtMs) return this.#opensAtMs;
    this.#accrue();
    const share = shares[purpose];
    const recentMs = this.#recent(nowMs);
    const tooMany = recentMs.length + 1 - Math.floor(callsPerShortWindow * share);
    const freeAtMs = tooMany > 0 ? (recentMs[tooMany - 1] ?? nowMs) + shortWindowMs : nowMs;
    const missing = 1 + this.#mostCredit * (1 - share) - this.#credit;
    const paidAtMs = missing > 0 ? nowMs + missing / this.#creditPerMs : nowMs;
    const atMs = Math.max(freeAtMs, paidAtMs);
    // Whole milliseconds, so that a caller that comes back then does not find a trifle missing.
    if (atMs > nowMs) return nowMs + Math.ceil(atMs - nowMs);
    this.#credit -= 1;
    this.#recentMs = [...recentMs, nowMs];
    return undefined;
  }

  /** Resolves when one more request may be sent; rejects when `signal` aborts first. */
  async admit(signal: AbortSignal, purpose: Purpose): Promise<void> {
    for (let atMs = this.enter(purpose); atMs !== undefined; atMs = this.enter(purpose)) {
      await sleep(this.#clock, atMs - this.#clock.nowMs(), signal);
      if (signal.aborted) break;
    }
    if (signal.aborted) throw new CloudError("transient", "cancelled before it was sent");
  }

  /** Lets nothing through before this time. Never opens earlier than it was told before. */
  closeUntil(atMs: number): void {
    this.#opensAtMs = Math.max(this.#opensAtMs, atMs);
  }

  get #limit(): number {
    return Math.min(mostCalls, callsPerWindow + callsPerIngress * this.#ingresses);
  }

  get #mostCredit(): number {
    return this.#limit * burstShare;
  }

  get #creditPerMs(): number {
    return (this.#limit * (1 - burstShare)) / windowMs;
  }

  #accrue(): void {
    const nowMs = this.#clock.nowMs();
    this.#credit = Math.min(this.#mostCredit, this.#credit + (nowMs - this.#creditedAtMs) * this.#creditPerMs);
    this.#creditedAtMs = nowMs;
  }

  #recent(nowMs: number): readonly number[] {
    return this.#recentMs.filter((atMs) => atMs > nowMs - shortWindowMs);
  }
}
