// What the changing calls take and answer: pin, drain, drill and resume.
import * as z from "zod";
import { flag, overrideSchema, text } from "./parts.ts";

const ingress = text("The record; may be omitted if there is only one.").optional();

function lasting(usual: string, longest: string) {
  return text(`How long, such as \`30s\`, \`5m\` or \`2h\`; ${usual} unless given, at most ${longest}.`).optional();
}

const endpoint = text("Name of the endpoint.");

export const overrideRequestSchema = z
  .strictObject({ ingress, endpoint, for: lasting("1h", "30d") })
  .meta({ id: "OverrideRequest", description: "The endpoint to pin or drain, and for how long." });

export const drillRequestSchema = z
  .strictObject({ ingress, endpoint, for: lasting("2m", "30m") })
  .meta({ id: "DrillRequest", description: "The endpoint whose outage to simulate, and for how long." });

export const resumeRequestSchema = z
  .strictObject({ ingress, endpoint: text("Only the overrides of this endpoint (default: all).").optional() })
  .meta({ id: "ResumeRequest", description: "The overrides to end." });

export const overrideAnswerSchema = z
  .object({
    ingress: text("The record."),
    override: overrideSchema,
    follows: z.array(z.string()).describe("The consequences, in plain words."),
  })
  .meta({ id: "OverrideAnswer", description: "The override that is now in force." });

export const resumeAnswerSchema = z
  .object({
    ingress: text("The record."),
    ended: z.array(overrideSchema).describe("The overrides that were ended; empty if there were none."),
    isStandoffEnded: flag("Whether automatic repair of the records was paused and has resumed."),
    follows: z.array(z.string()).describe("The consequences, in plain words."),
  })
  .meta({ id: "ResumeAnswer", description: "The overrides that were ended." });

export type OverrideRequest = z.output<typeof overrideRequestSchema>;
export type ResumeRequest = z.output<typeof resumeRequestSchema>;
export type OverrideAnswer = z.output<typeof overrideAnswerSchema>;
export type ResumeAnswer = z.output<typeof resumeAnswerSchema>;
