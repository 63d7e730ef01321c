// The documents of `GET /api/v1/events`, the journal in plain words, and of `GET /api/v1/stream`.
import * as z from "zod";
import { count, moment, text } from "./parts.ts";

export const eventSchema = z
  .object({
    id: count("Increases with time."),
    at: moment("When it happened."),
    kind: text("Such as `selection-changed`; later versions may add more."),
    importance: z.enum(["low", "normal", "high"]).describe("`high` deserves attention."),
    ingress: text("The record concerned.").optional(),
    endpoint: text("The endpoint concerned.").optional(),
    text: text("What happened, in plain words."),
    fact: z.record(z.string(), z.unknown()).describe("The same as data, with times as ISO 8601 strings."),
  })
  .meta({ id: "Event", description: "Something that happened." });

export const eventsSchema = z
  .object({
    events: z.array(eventSchema).describe("Newest first."),
    before: count("The value of `before` for the next page; missing on the last page.").optional(),
  })
  .meta({ id: "Events", description: "A page of the journal." });

export const resetSchema = z
  .object({ reason: text("Why the missed events are not replayed."), newest: count("Id of the newest event.") })
  .meta({ id: "Reset", description: "More was missed than can be replayed: load the journal again." });

export type EventDocument = z.output<typeof eventSchema>;
export type Events = z.output<typeof eventsSchema>;
export type Reset = z.output<typeof resetSchema>;

/** Most events of one page, and of one replay. */
export const mostEvents = 200;
