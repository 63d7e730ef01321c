// The kinds of value that only the original's files have.
import { z } from "zod";
import { isZoneId } from "../fields.ts";
import { durationMs, kind, within } from "../format/fields.ts";
import { bad, ok, type Parsed } from "../format/names.ts";

/** A duration in milliseconds, within bounds (milliseconds, inclusive), written as plain seconds. */
export function seconds(fromMs: number, toMs: number) {
  const expects = `a number of seconds from ${fromMs / 1_000} to ${toMs / 1_000}`;
  return kind(z.number(), { expects }, (value) => within(durationMs(value), fromMs, toMs));
}

/** The original's TTL: 0 stood for 60. */
export const originalTtl = kind(
  z.int(),
  { expects: "a TTL from 60 to 65535 seconds, or 0 for 60" },
  (value): Parsed<number> => (value === 0 ? ok(60) : within(value, 60, 65_535)),
);

/** The original passed any text on as the zone's id. */
export const originalZoneId = kind(z.string(), { expects: "a zone id" }, (text) =>
  text.trim() === "" ? bad() : ok(isZoneId(text) ? text.toLowerCase() : text),
);

/** The original takes any text for a name or a marker, and an empty one for none. */
export const anyText = z.string().meta({ expects: "text" });
