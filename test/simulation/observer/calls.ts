// Invariant 12: at most 100 calls and 2 per ingress in five minutes, and none before Retry-After is over.
import { minuteMs, type Ledger, type Part } from "./ledger.ts";

export class Calls implements Part {
  readonly #ledger: Ledger;
  #recentMs: number[] = [];
  /** When it was told to wait, and until when. What was on its way by then could not know. */
  #wait = { toldMs: -Infinity, untilMs: -Infinity };
  /** All of them. */
  count = 0;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  started(): void {
    // A new process knows nothing of what the last one was told.
    this.#wait = { toldMs: -Infinity, untilMs: -Infinity };
  }

  requested(_: boolean, sentMs: number): void {
    const { nowMs } = this.#ledger;
    const { toldMs, untilMs } = this.#wait;
    this.count += 1;
    this.#recentMs.push(nowMs);
    while ((this.#recentMs[0] ?? nowMs) < nowMs - 5 * minuteMs) this.#recentMs.shift();
    if (this.#recentMs.length === 103) this.#ledger.violate("12", "more than 102 calls within five minutes");
    if (sentMs >= toldMs && nowMs < untilMs) this.#ledger.violate("12", "a call before Retry-After was over");
  }

  answered(status: number, retryAfterSeconds: number | undefined): void {
    // Without a word on how long, it is five minutes.
    const { nowMs } = this.#ledger;
    const waitMs = Math.min(300, retryAfterSeconds ?? 300) * 1_000 - 200;
    if (status === 429) this.#wait = { toldMs: nowMs, untilMs: nowMs + waitMs };
  }
}
