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
    failures: z.array(z.int()).describe("Those of them that failed."),
    inconclusive: z.array(z.int()).describe("Those of them that prove nothing."),
    p50Ms: gaps.describe("Half of the good ones took no longer; null where there was none."),
    p95Ms: gaps.describe("95 % of the good ones took no longer."),
    maxMs: gaps.describe("The longest of the good ones."),
    recent: z
      .array(
        z.object({
          at: moment("When it ended."),
          kind: z.enum(["ok", "failed", "inconclusive"]),
          detail: text("Status line or error text."),
          tookMs: z.number(),
        }),
      )
      .describe("The newest checks, the oldest of them first; of this run of the daemon only."),
  })
  .meta({ id: "AddressSeries", description: "Checks of one address, over `startSeconds`." });

const outageSchema = z
  .object({
    from: moment("When it went down; the start of the range if that was earlier."),
    until: moment("When it was over; missing while it lasts.").exactOptional(),
    reason: text("Why it was believed down."),
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
      .exactOptional(),
    coveredFrom: moment(
      "Since when it is known whether it was down; missing without checks. Nothing is told of the time before.",
    ).exactOptional(),
    outages: z.array(outageSchema).describe("The oldest first; the newest 500."),
    addresses: z.array(addressSeriesSchema).describe("Missing when no endpoint was asked for by name.").exactOptional(),
  })
  .meta({ id: "EndpointHistory", description: "What happened to one endpoint." });

const servedSchema = z
  .object({
    from: moment("When it was chosen; the start of the range if that was earlier."),
    until: moment("When another was chosen; missing while it serves.").exactOptional(),
    primary: text("The endpoint."),
    sticky: z.array(z.string()).describe("Those beside it."),
    why: text("Why, in plain words."),
  })
  .meta({ id: "Served", description: "A time in which one endpoint served." });

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
      .describe("Start of each period, in seconds since 1970, without gaps; empty when no endpoint was asked for."),
    isWhole: flag("Whether the journal reaches back to the start of the range."),
    endpoints: z.array(endpointHistorySchema),
    served: z.array(servedSchema).describe("Who served, the oldest first; the newest 500."),
  })
  .meta({ id: "History", description: "What happened to an ingress and its endpoints." });

export type Range = z.output<typeof rangeSchema>;
export type History = z.output<typeof historySchema>;
export type EndpointHistory = z.output<typeof endpointHistorySchema>;
export type AddressSeries = z.output<typeof addressSeriesSchema>;
export type Outage = z.output<typeof outageSchema>;
export type Served = z.output<typeof servedSchema>;
