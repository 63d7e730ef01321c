// The documents of `GET /api/v1/events`, the journal in plain words, and of `GET /api/v1/stream`.
import * as z from "zod";
import { count, moment, text } from "./parts.ts";

export const eventSchema = z
  .object({
    id: count("Grows with time."),
    at: moment("When it happened."),
    kind: text("Such as `selection-changed`; there may be more of them in later versions."),
    importance: z.enum(["low", "normal", "high"]).describe("`high` is worth a person's attention."),
    ingress: text("The record that it is about.").exactOptional(),
    endpoint: text("The endpoint that it is about.").exactOptional(),
    text: text("What happened, in plain words."),
    fact: z.record(z.string(), z.unknown()).describe("The same as data, with moments as ISO 8601 texts."),
  })
  .meta({ id: "Event", description: "Something that happened." });

export const eventsSchema = z
  .object({
    events: z.array(eventSchema).describe("The newest first."),
    before: count("To be given as `before` for the page after this one; missing at the end.").exactOptional(),
  })
  .meta({ id: "Events", description: "A page of the journal." });

export const resetSchema = z
  .object({ reason: text("Why what was missed is not replayed."), newest: count("Id of the newest event.") })
  .meta({ id: "Reset", description: "More was missed than can be replayed: load the journal anew." });

export type EventDocument = z.output<typeof eventSchema>;
export type Events = z.output<typeof eventsSchema>;
export type Reset = z.output<typeof resetSchema>;

/** Most events of one page, and of one replay. */
export const mostEvents = 200;
