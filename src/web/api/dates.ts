// Monotonic times as dates, for readers outside who know nothing of our clock.
import type { Clock } from "../../lib/clock.ts";

/** The same moment on both clocks. */
export interface Now {
  readonly nowMs: number;
  readonly wallMs: number;
}

/** JavaScript knows no later date. */
const latestMs = 8.64e15;

export function nowOf(clock: Clock): Now {
  return { nowMs: clock.nowMs(), wallMs: clock.wallMs() };
}

/** A wall-clock time as ISO 8601 text in UTC. */
export function isoOf(wallMs: number): string {
  return new Date(Math.min(latestMs, Math.max(0, Math.round(wallMs)))).toISOString();
}

/** A monotonic time as ISO 8601 text in UTC. */
export function dateOf(atMs: number, { nowMs, wallMs }: Now): string {
  return isoOf(wallMs + (atMs - nowMs));
}
