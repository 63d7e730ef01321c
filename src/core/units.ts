// Lengths of time: how many milliseconds a unit has, and how people and configuration files write a duration.

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

const syntaxUnitsMs = { ms: 1, s: 1_000, m: minuteMs, h: hourMs, d: dayMs } as const;
const spokenUnitsMs = { d: dayMs, h: hourMs, min: minuteMs, s: 1_000 } as const;

/**
 * Milliseconds of a duration in the configuration's syntax: a number with a unit (`400ms`, `1.5s`, `5m`, `2h`, `1d`),
 * or a bare number of seconds. `undefined` for any other text.
 */
export function parseDurationMs(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text.trim());
  if (match?.[1] === undefined) return undefined;
  const unit = (match[2] ?? "s") as keyof typeof syntaxUnitsMs;
  return Math.round(Number(match[1]) * syntaxUnitsMs[unit]);
}

/** A duration for people: its two largest units, such as `3 h 5 min`, `45 s`, `2.5 s` (below 10 s), `400 ms`. */
export function formatDuration(durationMs: number): string {
  const totalMs = Math.max(0, Math.round(durationMs));
  if (totalMs < 1_000) return `${totalMs} ms`;
  const tenths = Math.round(totalMs / 100);
  if (tenths < 100) return `${tenths / 10} s`;
  let rest = Math.round(totalMs / 1_000) * 1_000;
  const parts: string[] = [];
  for (const [unit, unitMs] of Object.entries(spokenUnitsMs)) {
    const count = Math.floor(rest / unitMs);
    rest -= count * unitMs;
    if (count > 0) parts.push(`${count} ${unit}`);
    if (parts.length === 2) break;
  }
  return parts.join(" ");
}

/**
 * A duration as the reader would type it, in the largest unit that it is a whole number of: `90s`, `5m`, `24h`, `30d`.
 */
export function durationSyntax(durationMs: number): string {
  const ms = Math.round(durationMs);
  if (ms === dayMs) return "24h";
  if (ms === 0) return "0s";
  const [unit, unitMs] = Object.entries(syntaxUnitsMs).findLast(([, each]) => ms % each === 0) ?? ["ms", 1];
  return `${ms / unitMs}${unit}`;
}

/** How wrong a clock is: `3 h 5 min ahead`, or `2 d behind` where `aheadMs` is negative. */
export function clockError(aheadMs: number): string {
  return `${formatDuration(Math.abs(aheadMs))} ${aheadMs > 0 ? "ahead" : "behind"}`;
}
