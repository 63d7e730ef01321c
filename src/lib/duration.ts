// Durations as people write and read them: 400ms, 30s, 5m, 2h, 1d.

const unitsMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/**
 * Milliseconds of a duration text: a number with a unit (`400ms`, `1.5s`, `5m`, `2h`, `1d`), or a bare number of
 * seconds. `undefined` when the text is none.
 */
export function parseDurationMs(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text.trim());
  if (match?.[1] === undefined) return undefined;
  const unit = (match[2] ?? "s") as keyof typeof unitsMs;
  return Math.round(Number(match[1]) * unitsMs[unit]);
}

/** A duration for people: its two largest units, such as `2h 5m`, `45s`, `400ms`. */
export function formatDuration(durationMs: number): string {
  const totalMs = Math.max(0, Math.round(durationMs));
  if (totalMs < 1_000) return `${totalMs}ms`;
  let rest = totalMs < 10_000 ? totalMs : Math.round(totalMs / 1_000) * 1_000;
  const parts: string[] = [];
  for (const unit of ["d", "h", "m", "s", "ms"] as const) {
    const count = Math.floor(rest / unitsMs[unit]);
    rest -= count * unitsMs[unit];
    if (count > 0) parts.push(`${count}${unit}`);
    if (parts.length === 2) break;
  }
  return parts.join(" ");
}
