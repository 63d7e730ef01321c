// Moments as commands print them: short, in the reader's time zone.
import { dayMs, formatDuration } from "../core/units.ts";

/** `21:07:33`, with the date in front where that is not today. Takes an ISO 8601 moment. */
export function timeOf(moment: string, nowWallMs = Date.now()): string {
  const date = new Date(moment);
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return dateOf(date) === dateOf(new Date(nowWallMs)) ? time : `${dateOf(date)} ${time}`;
}

/** `3 min 20 s`: how long ago a moment was. */
export function ago(moment: string, nowWallMs: number): string {
  const passedMs = whole(nowWallMs - Date.parse(moment));
  return passedMs === 0 ? "0 s" : formatDuration(passedMs);
}

/** `in 3 min 20 s`; `now` for what is due. */
export function ahead(moment: string, nowWallMs: number): string {
  const leftMs = whole(Date.parse(moment) - nowWallMs);
  return leftMs <= 0 ? "now" : `in ${formatDuration(leftMs)}`;
}

/** Fractions of a second, and seconds beside days, only catch the eye. */
function whole(durationMs: number): number {
  const step = durationMs >= dayMs ? 60 * 60_000 : 1_000;
  return Math.max(0, Math.round(durationMs / step) * step);
}

function dateOf(date: Date): string {
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}
