// What the changing calls take and answer: pin, drain, drill and resume.
import * as z from "zod";
import { flag, overrideSchema, text } from "./parts.ts";

const ingress = text("The record; may be left out when there is only one.").exactOptional();

function lasting(usual: string, longest: string) {
  return text(
    `How long, such as \`30s\`, \`5m\` or \`2h\`; ${usual} unless given, at most ${longest}.`,
  ).exactOptional();
}

const endpoint = text("Name of the endpoint.");

export const overrideRequestSchema = z
  .strictObject({ ingress, endpoint, for: lasting("1h", "30d") })
  .meta({ id: "OverrideRequest", description: "Whom to pin or drain, and for how long." });

export const drillRequestSchema = z
  .strictObject({ ingress, endpoint, for: lasting("2m", "30m") })
  .meta({ id: "DrillRequest", description: "Whose outage to play, and for how long." });

export const resumeRequestSchema = z
  .strictObject({ ingress, endpoint: text("Only the word about this one; else all of them.").exactOptional() })
  .meta({ id: "ResumeRequest", description: "What to take back." });

export const overrideAnswerSchema = z
  .object({
    ingress: text("The record."),
    override: overrideSchema,
    follows: z.array(z.string()).describe("What follows from it, in plain words."),
  })
  .meta({ id: "OverrideAnswer", description: "The word that holds now." });

export const resumeAnswerSchema = z
  .object({
    ingress: text("The record."),
    ended: z.array(overrideSchema).describe("What was taken back; empty when there was nothing."),
    isStandoffEnded: flag("Whether the repair of the records had rested and goes on."),
    follows: z.array(z.string()).describe("What follows from it, in plain words."),
  })
  .meta({ id: "ResumeAnswer", description: "What was taken back." });

export type OverrideRequest = z.output<typeof overrideRequestSchema>;
export type ResumeRequest = z.output<typeof resumeRequestSchema>;
export type OverrideAnswer = z.output<typeof overrideAnswerSchema>;
export type ResumeAnswer = z.output<typeof resumeAnswerSchema>;
