// Growing pauses between attempts, with jitter, so that many daemons do not come back in step.
import type { Random } from "./clock.ts";

/** Bounds of a backoff, in milliseconds. */
export interface BackoffBounds {
  readonly firstMs: number;
  readonly mostMs: number;
}

/**
 * The pause before retry number `attempt` (1 is the first): doubles each time up to `mostMs`, then 50–100 % of that.
 */
export function backoffMs(bounds: BackoffBounds, attempt: number, random: Random): number {
  const ceilingMs = Math.min(bounds.mostMs, bounds.firstMs * 2 ** Math.min(attempt - 1, 30));
  return ceilingMs * (0.5 + random() / 2);
}
