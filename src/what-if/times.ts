// Times and lengths of time as they stand in a scenario: `0:05`, `at 90s`, `for 10 min`, `until 1:30`.
import { parseDurationMs } from "../core/units.ts";

const unit = "(?:ms|milliseconds?|h|hours?|hrs?|m|mins?|minutes?|s|secs?|seconds?|d|days?)";
const length = `\\d+(?:\\.\\d+)?\\s*${unit}(?:\\s*\\d+(?:\\.\\d+)?\\s*${unit})*`;
/** Hours and minutes, and seconds if need be. */
const clock = "\\d{1,3}:\\d{2}(?::\\d{2})?";

/** A length of time, for use within other patterns. Holds no groups. */
export const lengthPattern = `${length}(?![a-z0-9])`;
const timePattern = `(?:${clock}|${length})(?![a-z0-9:])`;

/** What a line says of time, and what is left of it. */
export interface Timing {
  readonly atMs: number | undefined;
  readonly forMs: number | undefined;
  readonly untilMs: number | undefined;
  readonly rest: string;
}

/** Takes the times out of a line in lower case. */
export function takeTimes(line: string): Timing {
  let rest = line;
  const take = (pattern: RegExp): number | undefined => {
    const match = pattern.exec(rest);
    if (match?.[1] === undefined) return undefined;
    rest = `${rest.slice(0, match.index)} ${rest.slice(match.index + match[0].length)}`.trim();
    return parseTimeMs(match[1]);
  };
  const atMs =
    take(new RegExp(`^(?:at\\s+|after\\s+|from\\s+)?(${timePattern})\\s*[:,]?`)) ??
    take(new RegExp(`(?:^|\\s)(?:at|after|from)\\s+(${timePattern})`));
  const untilMs = take(new RegExp(`(?:^|\\s)(?:until|till|to)\\s+(${timePattern})`));
  const forMs = take(new RegExp(`(?:^|\\s)for\\s+(${lengthPattern})`));
  return {
    atMs,
    forMs,
    untilMs,
    rest: bare(rest.replaceAll(/\s+/g, " ")),
  };
}

/** Milliseconds of `h:mm`, `h:mm:ss` or a length of time; `undefined` for anything else. */
export function parseTimeMs(text: string): number | undefined {
  const parts = /^(\d{1,3}):(\d{2})(?::(\d{2}))?$/.exec(text.trim());
  if (parts === null) return parseLengthMs(text);
  const [hours = 0, minutes = 0, seconds = 0] = parts.slice(1).map((part) => Number(part ?? 0));
  return minutes > 59 || seconds > 59 ? undefined : ((hours * 60 + minutes) * 60 + seconds) * 1_000;
}

/** Milliseconds of `10m`, `10 min` or `1h 30m`; `undefined` for anything else. */
export function parseLengthMs(text: string): number | undefined {
  if (!new RegExp(`^${length}$`).test(text.trim())) return undefined;
  return [...text.matchAll(new RegExp(`(\\d+(?:\\.\\d+)?)\\s*(${unit})`, "g"))].reduce(
    (sum, [, number = "", name = ""]) => sum + (parseDurationMs(number + shortUnit(name)) ?? 0),
    0,
  );
}

function shortUnit(name: string): string {
  return name === "ms" || name.startsWith("milli") ? "ms" : name.slice(0, 1);
}

/** `0:05:30`: a time since the start. */
export function formatTime(atMs: number): string {
  const seconds = Math.floor(atMs / 1_000);
  return `${Math.floor(seconds / 3_600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

/** Without spaces, commas and colons at its ends. */
function bare(text: string): string {
  let [from, end] = [0, text.length];
  while (from < end && " ,:".includes(text.charAt(from))) from += 1;
  while (end > from && " ,:".includes(text.charAt(end - 1))) end -= 1;
  return text.slice(from, end);
}
