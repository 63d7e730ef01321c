// The part of the status that is about the mix of a CNAME ingress: the second name, and what it is good for.
import * as z from "zod";
import { moment, recordSchema, text } from "./parts.ts";

export const mixSchema = z
  .object({
    state: z
      .enum(["none", "blocked", "unread", "pointed-to", "waiting", "prepared", "kept", "idle"])
      .describe(
        "`none`: there is never a mix; `blocked`: no mix is possible for now; `unread`: its name has not been read yet; `pointed-to`: the " +
          "ingress points to it; `waiting`: a failback is due and waits until every name server shows it; `prepared`: for " +
          "the next failback; `kept`: not in use, its records are kept for the next failback; `idle`: it has no records.",
      ),
    record: text("Its name; missing if it has none.").optional(),
    text: text("What the state means and, where there is no mix, why and what to do."),
    since: moment("Since when a failback waits for it.").optional(),
    until: moment(
      "When this ends by itself: the failback is made without it, its records are removed, or it is tried again.",
    ).optional(),
    records: z.array(recordSchema).describe("The records of ccs there; empty if there are none."),
  })
  .meta({ id: "Mix", description: "The second name of a CNAME ingress, for the addresses of several endpoints." });

export type MixStatus = z.output<typeof mixSchema>;
