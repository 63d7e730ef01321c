// Time as a port: everything that waits or measures takes a Clock, so that a test or a simulation can own time.

/** Where time comes from. Decisions use `nowMs` only; `wallMs` is for people and for what is saved. */
export interface Clock {
  /** Monotonic milliseconds since an arbitrary origin. Never jumps. */
  nowMs(): number;
  /** Milliseconds since 1970 UTC by the machine's wall clock. May jump. */
  wallMs(): number;
  /** Calls `callback` once, not before `delayMs` milliseconds from now. Returns a function that cancels it. */
  setTimer(delayMs: number, callback: () => void): () => void;
}

/** A number in [0, 1), for jitter and first phases. */
export type Random = () => number;

/**
 * Milliseconds until the next beat of this period on the monotonic clock, at least half a period. Everything that only
 * looks whether something has changed waits for a beat: all of it then costs the machine one wake-up.
 */
export function untilBeat(clock: Clock, periodMs: number): number {
  const leftMs = periodMs - (clock.nowMs() % periodMs);
  return Math.ceil(leftMs < periodMs / 2 ? leftMs + periodMs : leftMs);
}

/** Resolves after `delayMs`, or at once when `signal` is or becomes aborted. Never rejects. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return Promise.resolve();
  return new Promise((resolve) => {
    const finish = (): void => {
      cancel();
      signal?.removeEventListener("abort", finish);
      resolve();
    };
    const cancel = clock.setTimer(delayMs, finish);
    signal?.addEventListener("abort", finish, { once: true });
  });
}
