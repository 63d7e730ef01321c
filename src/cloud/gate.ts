// The one gate that every request with a token passes. When Cloudflare says "too many", it closes for all of them.
import { sleep, type Clock } from "../lib/clock.ts";
import { CloudError } from "./provider.ts";

/** Counts nothing yet but the time: a budget of calls belongs here. */
export class CallGate {
  readonly #clock: Clock;
  #opensAtMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Lets one request through and returns `undefined`, or returns the time at which to ask again. */
  enter(): number | undefined {
    return this.#clock.nowMs() < this.#opensAtMs ? this.#opensAtMs : undefined;
  }

  /** Resolves when one more request may be sent; rejects when `signal` aborts first. */
  async admit(signal: AbortSignal): Promise<void> {
    for (let atMs = this.enter(); atMs !== undefined; atMs = this.enter()) {
      await sleep(this.#clock, atMs - this.#clock.nowMs(), signal);
      if (signal.aborted) break;
    }
    if (signal.aborted) throw new CloudError("transient", "given up before it was sent");
  }

  /** Lets nothing through before this time. Never opens earlier than it was told before. */
  closeUntil(atMs: number): void {
    this.#opensAtMs = Math.max(this.#opensAtMs, atMs);
  }
}
