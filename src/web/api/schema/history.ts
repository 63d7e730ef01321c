// The document of `GET /api/v1/history`: series for charts, outages, and who served when. Series are arrays of equal
// length, ready for uPlot.
import * as z from "zod";
import { count, flag, moment, text } from "./parts.ts";

export const rangeSchema = z.enum(["1h", "24h", "7d", "30d"]).describe("How far back from now.");

const gaps = z.array(z.number().nullable());

const addressSeriesSchema = z
  .object({
    address: text("The address."),
    checks: z.array(z.int()).describe("Checks in each period."),
    failures: z.array(z.int()).describe("Checks that failed."),
    inconclusive: z.array(z.int()).describe("Inconclusive checks."),
    p50Ms: gaps.describe("Median duration of the successes; null where there was none."),
    p95Ms: gaps.describe("95th percentile of the duration of the successes."),
    maxMs: gaps.describe("The longest duration of a success."),
    recent: z
      .array(
        z.object({
          at: moment("When it ended."),
          kind: z.enum(["ok", "failed", "inconclusive"]),
          detail: text("Status line or error text."),
          tookMs: z.number(),
        }),
      )
      .describe("The latest checks, oldest first; only since the daemon was started."),
  })
  .meta({ id: "AddressSeries", description: "Checks of one address, over `startSeconds`." });

const outageSchema = z
  .object({
    from: moment("When it went down; the start of the range if that was earlier."),
    until: moment("When it ended; missing while it lasts.").optional(),
    reason: text("Why it was considered down."),
  })
  .meta({ id: "Outage", description: "A time in which an endpoint was down." });

const endpointHistorySchema = z
  .object({
    name: text("The endpoint."),
    availabilityPercent: z
      .number()
      .min(0)
      .max(100)
      .describe("Share of the time with checks in which it was not down; missing without checks.")
      .optional(),
    coveredFrom: moment(
      "Since when it is known whether it was down; missing without checks. Nothing is known about the time before.",
    ).optional(),
    outages: z.array(outageSchema).describe("The latest 500, oldest first."),
    addresses: z.array(addressSeriesSchema).describe("Missing if no endpoint was requested by name.").optional(),
  })
  .meta({ id: "EndpointHistory", description: "What happened to one endpoint." });

const servedSchema = z
  .object({
    from: moment("When it was selected; the start of the range if that was earlier."),
    until: moment("When another was selected; missing while it is active.").optional(),
    primary: text("The endpoint."),
    sticky: z.array(z.string()).describe("Endpoints published with it."),
    why: text("Why, in plain words."),
  })
  .meta({ id: "Served", description: "A time in which one endpoint was active." });

export const historySchema = z
  .object({
    ingress: text("The record."),
    range: rangeSchema,
    from: moment("Start of the range."),
    until: moment("End of the range."),
    resolution: z.enum(["minute", "hour"]),
    stepSeconds: count("Length of a period."),
    startSeconds: z
      .array(z.int())
      .describe("Start of each period, in seconds since 1970, without gaps; empty if no endpoint was requested."),
    isWhole: flag("Whether the journal reaches back to the start of the range."),
    endpoints: z.array(endpointHistorySchema),
    served: z.array(servedSchema).describe("The active endpoints, the latest 500, oldest first."),
  })
  .meta({ id: "History", description: "What happened to an ingress and its endpoints." });

export type HistoryRange = z.output<typeof rangeSchema>;
export type History = z.output<typeof historySchema>;
export type EndpointHistory = z.output<typeof endpointHistorySchema>;
export type AddressSeries = z.output<typeof addressSeriesSchema>;
export type OutageDocument = z.output<typeof outageSchema>;
export type Served = z.output<typeof servedSchema>;
