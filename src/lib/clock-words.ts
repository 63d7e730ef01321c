// How wrong a clock is, for people.
import { formatDuration } from "./duration.ts";

/** `3h 5m ahead`, or `2d behind` where `aheadMs` is negative. */
export function clockError(aheadMs: number): string {
  return `${formatDuration(Math.abs(aheadMs))} ${aheadMs > 0 ? "ahead" : "behind"}`;
}
