// Notices that the machine's two clocks went apart: somebody set the wall clock, or the machine was suspended.
import type { Event } from "../core/model.ts";
import { mostClockErrorMs } from "../core/time/time.ts";
import type { Clock } from "../lib/clock.ts";

export class ClockWatch {
  readonly #clock: Clock;
  readonly #dispatch: (event: Event) => void;
  #apartMs: number;

  constructor({ clock, dispatch }: { readonly clock: Clock; readonly dispatch: (event: Event) => void }) {
    this.#clock = clock;
    this.#dispatch = dispatch;
    this.#apartMs = this.#now();
  }

  /** Compares the clocks. Called whenever there is something to do anyway. */
  look(): void {
    const apartMs = this.#now();
    const movedMs = Math.abs(apartMs - this.#apartMs);
    // What is corrected bit by bit, as time servers do, is followed.
    this.#apartMs = apartMs;
    if (movedMs > mostClockErrorMs) this.#dispatch({ kind: "clock-jumped" });
  }

  #now(): number {
    return this.#clock.wallMs() - this.#clock.nowMs();
  }
}
