// What the documents of the API are made of. Moments are ISO 8601 texts in UTC, by the wall clock, and have no unit in
// their names (`since`, `until`, `at`); lengths of time are milliseconds (`tookMs`); series for charts count seconds
// since 1970 (`startSeconds`). What is not known, or does not apply, is missing: nothing is null but gaps in series.
import * as z from "zod";

/** A moment. */
export function moment(description: string) {
  return z.iso.datetime().describe(description);
}

/** Text without control characters, shortened. Names and messages from outside are among it: show it as text. */
export function text(description: string) {
  return z.string().describe(description);
}

export function flag(description: string) {
  return z.boolean().describe(description);
}

export function milliseconds(description: string) {
  return z.number().min(0).describe(description);
}

export function count(description: string) {
  return z.int().min(0).describe(description);
}

export const familySchema = z.enum(["ipv4", "ipv6"]).describe("Address family.");

export const verdictSchema = z
  .enum(["unknown", "up", "suspect", "down", "recovering"])
  .describe("The health. A `suspect` endpoint still counts as up, a `recovering` one still as down.");

export const recordSchema = z
  .object({
    type: z.enum(["A", "AAAA", "CNAME"]),
    content: text("An address or a host name."),
    ttlSeconds: count("1 means Cloudflare's automatic TTL."),
    proxied: flag("Whether Cloudflare proxies the name."),
  })
  .meta({ id: "Record", description: "One DNS record." });

export const overrideSchema = z
  .object({
    kind: z
      .enum(["pin", "drain", "drill"])
      .describe(
        "`pin`: only this endpoint is used. `drain`: it is not used. `drill`: a drain that ends with a report.",
      ),
    endpoint: text("Name of the endpoint."),
    until: moment("When it ends by itself."),
  })
  .meta({ id: "Override", description: "A manual override of an endpoint." });

export const problemSchema = z
  .object({
    error: text("What is wrong."),
    hint: text("What to do now.").optional(),
    known: z.array(z.string()).describe("The existing names, if an unknown one was given.").optional(),
  })
  .meta({ id: "Problem", description: "Why a request failed." });

export type RecordDocument = z.output<typeof recordSchema>;
export type OverrideDocument = z.output<typeof overrideSchema>;
export type ProblemDocument = z.output<typeof problemSchema>;
