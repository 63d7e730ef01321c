// The parameters of the routes that read.
import * as z from "zod";
import { mostEvents } from "./events.ts";
import { rangeSchema } from "./history.ts";

const ingress = z.string().describe("The record; may be omitted if there is only one.").optional();
const endpoint = z.string().describe("Name of an endpoint of the ingress.").optional();
/** Digits and nothing else: an empty text is no number. */
const wholeNumber = (least = 0, most = Number.MAX_SAFE_INTEGER) =>
  z
    .string()
    .regex(/^\d{1,15}$/, "expected a whole number")
    .transform(Number)
    .pipe(z.int().min(least).max(most));

export const eventsQuery = z.object({
  before: wholeNumber().describe("Only events with a lower id.").optional(),
  limit: wholeNumber(1, mostEvents).describe("Maximum number of events (default: 50).").optional(),
  ingress: z.string().describe("Only events about this record.").optional(),
  endpoint: z
    .string()
    .describe("Only events about this endpoint, including changes of the active endpoint.")
    .optional(),
});

export const statusQuery = z.object({
  ingress: z.string().describe("Only this record; without it, all.").optional(),
});

export const historyQuery = z.object({
  ingress,
  endpoint: endpoint.describe("With an endpoint, its series are included; without one, all endpoints without series."),
  range: rangeSchema.optional().describe("How far back from now (default: `24h`)."),
});

export const streamQuery = z.object({
  lastEventId: wholeNumber().describe("The same as the header Last-Event-ID.").optional(),
});
