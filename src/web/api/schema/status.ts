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
    missing: z.array(z.string()).describe("What it is still waiting for, in plain words; empty when it is ready."),
    blind: z
      .array(z.object({ family: familySchema, since: moment("Since when this machine appears to be offline.") }))
      .describe("The address families in which this machine appears to be offline, so failover is suspended."),
    clock: z
      .object({
        aheadMs: z.number().describe("Milliseconds by which it is ahead of Cloudflare's clock; behind if negative."),
        since: moment("Since when that is known."),
      })
      .describe("This machine's clock is wrong by more than a minute; missing otherwise, and while that is unknown.")
      .optional(),
    configuration: z.object({
      generation: count("Number of configurations in force since the start; 0 before the first."),
      loaded: moment("When the one in force was loaded.").optional(),
      rejected: z
        .object({
          at: moment("When."),
          problems: z.array(z.string()).describe("What is wrong, with lines."),
        })
        .describe("The latest configuration was rejected, and the previous one stays in force.")
        .optional(),
    }),
    notifications: z
      .array(z.object({ channel: text("Name of the channel."), queued: count("Messages waiting to be sent.") }))
      .describe("The channels for messages; empty if there are none."),
    state: z.object({
      isKept: flag("Whether decisions, history, overrides and unsent messages would all survive a restart now."),
      path: text(
        "The file that holds them; missing if there is none. While it cannot be written, the latest of them are kept in memory.",
      ).optional(),
    }),
    changesOverHttp: z
      .enum(["with-token", "refused"])
      .describe("Whether pin, drain, resume and drill work over HTTP: with the token of `http.token`, or not at all."),
  })
  .meta({ id: "Daemon", description: "The daemon itself." });

export const statusSchema = z
  .object({
    at: moment("The time of this document."),
    daemon: daemonSchema,
    ingresses: z.array(ingressSchema).describe("In the order of the configuration."),
  })
  .meta({ id: "Status", description: "The current state, why it is so, and what happens next." });

export type Status = z.output<typeof statusSchema>;
export type DaemonStatus = z.output<typeof daemonSchema>;
export type {
  AddressStatus,
  EndpointStatus,
  IngressStatus,
  NextStep,
  ObservationDocument,
  PublishedDocument,
  VisibilityDocument,
} from "./status-ingress.ts";
