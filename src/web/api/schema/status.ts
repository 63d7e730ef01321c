// The document of `GET /api/v1/status`: all that is believed now, why, and what will happen next.
import * as z from "zod";
import { ingressSchema } from "./status-ingress.ts";
import { count, familySchema, flag, milliseconds, moment, text } from "./parts.ts";

const daemonSchema = z
  .object({
    version: text("Version of the program."),
    started: moment("When the daemon was started."),
    uptimeMs: milliseconds("How long it has been running."),
    isReady: flag("Whether it knows enough to decide."),
    missing: z.array(z.string()).describe("What it still waits for, in plain words; empty when it is ready."),
    blind: z
      .array(z.object({ family: familySchema, since: moment("Since when failures prove nothing.") }))
      .describe("Where the daemon's own connection is in doubt, so that nothing is switched."),
    clock: z
      .object({
        aheadMs: z
          .number()
          .describe("Milliseconds that it is ahead of the time that Cloudflare tells, or behind it where negative."),
        since: moment("Since when that is known."),
      })
      .describe("This machine's clock is wrong by more than a minute; missing while it is not, as far as is known.")
      .exactOptional(),
    configuration: z.object({
      generation: count("Counts the configurations in force since the start; 0 before the first."),
      loaded: moment("When the one in force was loaded.").exactOptional(),
      rejected: z
        .object({
          at: moment("When."),
          problems: z.array(z.string()).describe("What is wrong, with lines."),
        })
        .describe("The newest configuration was refused, and the one before it is in force.")
        .exactOptional(),
    }),
    notifications: z
      .array(z.object({ channel: text("Name of the channel."), queued: count("Messages that wait to be sent.") }))
      .describe("Where people are told; empty when nobody is."),
    state: z.object({
      isKept: flag("Whether decisions, history, overrides and unsent messages would all survive a restart now."),
      path: text(
        "The file that they are in; missing where none can be had. While it cannot be written, the newest of them wait in memory.",
      ).exactOptional(),
    }),
    changesOverHttp: z
      .enum(["with-token", "refused"])
      .describe("Whether pin, drain, resume and drill work over HTTP: with the token of `http.token`, or not at all."),
  })
  .meta({ id: "Daemon", description: "The daemon itself." });

export const statusSchema = z
  .object({
    at: moment("The moment that this document is of."),
    daemon: daemonSchema,
    ingresses: z.array(ingressSchema).describe("In the order of the configuration."),
  })
  .meta({ id: "Status", description: "All that is believed now, why, and what will happen next." });

export type Status = z.output<typeof statusSchema>;
export type DaemonStatus = z.output<typeof daemonSchema>;
export type {
  AddressStatus,
  EndpointStatus,
  IngressStatus,
  NextStep,
  ObservationDocument,
  PublishedDocument,
  Visibility,
} from "./status-ingress.ts";
