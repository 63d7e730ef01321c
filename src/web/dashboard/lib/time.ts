// Times in words. Relative ones in the page's English, absolute ones as the reader's locale and time zone have them.

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** A length of time in one or two units, such as `45 s`, `3 min`, `1 h 5 min` or `12 d`. */
export function durationText(lengthMs: number): string {
  const length = Math.max(0, lengthMs);
  if (length < second) return `${Math.round(length)} ms`;
  if (length < minute) return `${Math.floor(length / second)} s`;
  if (length < hour) return `${Math.floor(length / minute)} min`;
  if (length < day) return twoUnits(Math.floor(length / minute), 60, "h", "min");
  if (length < 10 * day) return twoUnits(Math.floor(length / hour), 24, "d", "h");
  return `${Math.floor(length / day)} d`;
}

function twoUnits(small: number, perLarge: number, largeName: string, smallName: string): string {
  const rest = small % perLarge;
  const large = `${Math.floor(small / perLarge)} ${largeName}`;
  return rest === 0 ? large : `${large} ${rest} ${smallName}`;
}

/** How long is left, to the second, so that it can be watched: `2:05`, `1:00:00`. */
export function countdownText(leftMs: number): string {
  const seconds = Math.max(0, Math.ceil(leftMs / second));
  if (seconds >= day / second) return durationText(seconds * second);
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, "0"));
  const hours = Math.floor(seconds / 3_600);
  return hours > 0 ? `${hours}:${parts.join(":")}` : parts.join(":").replace(/^0/, "");
}

/** `just now`, `3 min ago`, `5 h ago`. */
export function agoText(passedMs: number): string {
  if (passedMs < 5 * second) return "just now";
  if (passedMs < hour) return `${durationText(passedMs)} ago`;
  return passedMs < 2 * day ? `${Math.floor(passedMs / hour)} h ago` : `${Math.floor(passedMs / day)} d ago`;
}

const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
const clockTime = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const dayAndTime = new Intl.DateTimeFormat(undefined, {
  month: "short",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
});
const hourAndMinute = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const dayOfMonth = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });
const date = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });

/** Everything: day, time and time zone. */
export function fullText(wallMs: number): string {
  return full.format(wallMs);
}

export function clockText(wallMs: number): string {
  return clockTime.format(wallMs);
}

export function dayAndTimeText(wallMs: number): string {
  return dayAndTime.format(wallMs);
}

export function dateText(wallMs: number): string {
  return date.format(wallMs);
}

export function hourText(wallMs: number): string {
  return hourAndMinute.format(wallMs);
}

export function dayText(wallMs: number): string {
  return dayOfMonth.format(wallMs);
}

/** Milliseconds as people read them: `0.8 ms`, `23 ms`, `1.2 s`. */
export function latencyText(tookMs: number): string {
  if (tookMs === 0) return "0 ms";
  if (tookMs < 10) return `${tookMs.toFixed(1)} ms`;
  if (tookMs < 1_000) return `${Math.round(tookMs)} ms`;
  return `${(tookMs / 1_000).toFixed(1)} s`;
}

/** A share that never rounds a fault away: 99.996 % is not 100 %. */
export function percentText(percent: number): string {
  if (percent >= 100) return "100 %";
  const decimals = percent < 99 ? 1 : percent < 99.9 ? 2 : 3;
  const unit = 10 ** decimals;
  return `${(Math.floor(percent * unit) / unit).toFixed(decimals)} %`;
}
