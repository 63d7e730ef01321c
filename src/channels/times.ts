// A moment in the words of a time zone, as messages tell it.

/**
 * `12:34:05 UTC`, in the zone that is named (IANA; UTC unless it is), with the date in front unless that is today's.
 */
export function formatTime(
  wallMs: number,
  { timeZone = "UTC", todayWallMs }: { readonly timeZone?: string; readonly todayWallMs?: number } = {},
): string {
  const { date, time, zone } = partsOf(wallMs, timeZone);
  const isToday = todayWallMs !== undefined && partsOf(todayWallMs, timeZone).date === date;
  return `${isToday ? "" : `${date} `}${time} ${zone}`;
}

/** A moment in the words of a zone: `2025-11-22`, `13:34:05`, `CET`. */
function partsOf(
  wallMs: number,
  timeZone: string,
): { readonly date: string; readonly time: string; readonly zone: string } {
  // Short names are known by language: British English knows Europe's, American English those of North America.
  const shortNames = ["en-GB", "en-US"].map((language) => zoneName(wallMs, timeZone, language));
  const zone = shortNames.find((name) => !name.startsWith("GMT")) ?? shortNames[0] ?? timeZone;
  // Swedish dates are those of ISO 8601.
  const format = formatOf("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" });
  const [date = "", time = ""] = format.format(wallMs).split(" ");
  return { date, time, zone };
}

/** Formats take far longer to make than to use, and there are few of them. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(language: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = JSON.stringify([language, options]);
  const format = formats.get(key) ?? new Intl.DateTimeFormat(language, options);
  formats.set(key, format);
  return format;
}

function zoneName(wallMs: number, timeZone: string, language: string): string {
  const parts = formatOf(language, { timeZone, timeZoneName: "short" }).formatToParts(wallMs);
  return parts.find(({ type }) => type === "timeZoneName")?.value ?? timeZone;
}
