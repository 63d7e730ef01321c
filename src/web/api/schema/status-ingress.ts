// The part of the status that is about one ingress: what DNS says, who serves, and what is believed of each endpoint.
import * as z from "zod";
import {
  count,
  familySchema,
  flag,
  milliseconds,
  moment,
  overrideSchema,
  recordSchema,
  text,
  verdictSchema,
} from "./parts.ts";
import { mixSchema } from "./status-mix.ts";

const visibilitySchema = z
  .object({
    status: z
      .enum(["checking", "visible", "wrong", "silent", "proxied"])
      .describe(
        "Whether the authoritative servers show what was written: `checking` is in progress, `wrong` is an alarm, `silent` and " +
          "`proxied` cannot be verified.",
      ),
    written: moment("When Cloudflare confirmed the write.").optional(),
    tookMs: milliseconds("Time from then until this became known.").optional(),
    detail: text("Which servers were asked, and what they answered. May be empty."),
  })
  .meta({ id: "Visibility", description: "Whether the daemon's latest write is visible." });

const publishedSchema = z
  .object({
    records: z.array(recordSchema).describe("A, AAAA and CNAME records at the name; empty if there are none."),
    since: moment("Since when these are known to be the records.").optional(),
    by: z.enum(["us", "others"]).describe("What wrote them, as far as that is known.").optional(),
    confirmed: moment("When Cloudflare last confirmed them."),
  })
  .meta({ id: "Published", description: "What DNS says, as Cloudflare last confirmed it." });

const observationSchema = z
  .object({
    at: moment("When it ended."),
    kind: z.enum(["ok", "failed", "inconclusive"]).describe("`inconclusive` says nothing about the endpoint."),
    reason: text("Why it did not succeed, in one word.").optional(),
    detail: text("Status line or error text."),
    tookMs: milliseconds("Total duration."),
    phases: z
      .object({
        resolve: z.number().optional(),
        connect: z.number().optional(),
        tls: z.number().optional(),
        processing: z.number().describe("From the request sent to the first byte.").optional(),
        transfer: z.number().describe("From the first byte to the verdict.").optional(),
      })
      .describe("Milliseconds of each phase that was reached."),
  })
  .meta({ id: "Observation", description: "The result of one probe." });

const addressSchema = z
  .object({
    address: text("The address."),
    family: familySchema,
    scope: z.enum(["public", "private", "special"]),
    verdict: verdictSchema,
    reason: text("Why, in plain words."),
    since: moment("Since when."),
    lastObservation: observationSchema.optional(),
    isUncheckable: flag("This machine has no route to it, or appears to be offline."),
    vanishes: moment("It is no longer in the DNS answer for the target, and is dropped at this time.").optional(),
    isPublished: flag("Whether it is in a published record."),
  })
  .meta({ id: "Address", description: "One address of an endpoint." });

const endpointSchema = z
  .object({
    name: text("Its name."),
    target: z.array(z.string()).min(1).describe("A host name, or addresses."),
    priority: z.int().describe("A lower number means higher priority."),
    rank: count("Its position by priority, 1 for the highest."),
    ttlSeconds: count("TTL while it is active; missing for Cloudflare's automatic TTL.").optional(),
    stickyMs: milliseconds("How long it is also published after a better endpoint has taken over.").optional(),
    check: z
      .object({
        url: text(
          "The requested URL; `?…` stands for a query, which may be secret. Only of checks over HTTP.",
        ).optional(),
        kind: text("The kind of check; missing for HTTP.").optional(),
        what: text("What is checked, in words; missing for HTTP.").optional(),
        intervalMs: milliseconds("The usual interval."),
        fastIntervalMs: milliseconds("The interval while the health is not settled."),
        nowMs: milliseconds("The interval now."),
        timeoutMs: milliseconds("Deadline of one probe."),
        rise: count("Successes in a row until it is up."),
        fall: count("Failures in a row until it is down."),
      })
      .describe("Missing for an endpoint that is assumed up without a check.")
      .optional(),
    role: z
      .enum(["primary", "sticky", "none"])
      .describe("Whether it is selected, as the primary or as an endpoint also published."),
    verdict: verdictSchema,
    isDegraded: flag("Up in one family, down in the other."),
    isUnseen: flag(
      "This machine appears to be offline: the verdict is what was last known, and may not be so any more.",
    ),
    reason: text("Why, in plain words."),
    since: moment("Since when."),
    heldUntil: moment("The ingress does not return to it before this time.").optional(),
    sharesWith: z
      .array(text("Name of an endpoint."))
      .describe(
        "Endpoints that have all of its addresses: failover to it gains nothing. Missing if it has an address of its own.",
      )
      .optional(),
    override: overrideSchema.optional(),
    certificateEnds: moment("When the first of its certificates expires.").optional(),
    resolution: z
      .object({
        kind: z.enum(["addresses", "none", "inconclusive"]),
        detail: text("What the resolvers answered. May be empty."),
        at: moment("When."),
      })
      .describe("The latest lookup of the target; missing for addresses and before the first lookup.")
      .optional(),
    addresses: z.array(addressSchema),
  })
  .meta({ id: "Endpoint", description: "One endpoint, and its health." });

const selectionSchema = z
  .object({
    primary: text("Name of the active endpoint."),
    sticky: z
      .array(z.object({ endpoint: text("Its name."), until: moment("Until when it is also published.") }))
      .describe("Endpoints that are also published for a while."),
    why: text("Why this primary, in plain words."),
    reason: z.enum(["adopted", "elected", "failover", "return", "configuration", "pin", "drain", "resume"]),
    since: moment("Since when."),
  })
  .meta({ id: "Selection", description: "The selected endpoint, and why." });

const nextSchema = z
  .object({
    at: moment("When, unless something happens first."),
    kind: z.enum([
      "sticky-ends",
      "return-possible",
      "override-ends",
      "records-read",
      "election",
      "standoff-ends",
      "address-forgotten",
      "turn-ends",
      "return-without-mix",
      "mix-pause-ends",
      "mix-removed",
    ]),
    endpoint: text("Name of the endpoint concerned.").optional(),
    what: text("In plain words."),
  })
  .meta({ id: "NextStep", description: "Something that will happen by itself." });

export const ingressSchema = z
  .object({
    record: text("The DNS name."),
    zone: text("Zone name or id, where it is configured.").optional(),
    publish: z.enum(["auto", "cname", "addresses"]),
    isServed: flag("Whether any endpoint is up."),
    published: publishedSchema.describe("Missing until it has been read for the first time.").optional(),
    visibility: visibilitySchema.describe("Missing until something has been written.").optional(),
    isInSync: flag("Whether DNS says what it should."),
    wanted: z
      .array(recordSchema)
      .describe("What it should say; missing while that is not decided, and everything is left as it is.")
      .optional(),
    isMixRefused: flag("Cloudflare rejected the mix, so only the primary is published."),
    mix: mixSchema
      .describe("Missing if there is no separate name for a mix: no endpoint is sticky, or the record holds addresses.")
      .optional(),
    trouble: z
      .object({
        kind: z.enum(["transient", "rate-limited", "auth", "invalid", "obstacle"]),
        during: z.enum(["read", "write"]),
        message: text("What happened and what to do."),
        since: moment("Since when."),
      })
      .describe("Why the records could not be read or written; missing if they could.")
      .optional(),
    standoff: z
      .object({
        until: moment("When automatic repair resumes."),
        message: text("What it means, and what to do."),
      })
      .describe("Another program keeps overwriting the records, so automatic repair is paused.")
      .optional(),
    selection: selectionSchema.describe("Missing until an endpoint has been selected.").optional(),
    overrides: z.array(overrideSchema),
    endpoints: z.array(endpointSchema).describe("In the order of the configuration."),
    next: z.array(nextSchema).describe("What will happen by itself, soonest first."),
  })
  .meta({ id: "Ingress", description: "One DNS name that the daemon manages." });

export type IngressStatus = z.output<typeof ingressSchema>;
export type EndpointStatus = z.output<typeof endpointSchema>;
export type AddressStatus = z.output<typeof addressSchema>;
export type ObservationDocument = z.output<typeof observationSchema>;
export type PublishedDocument = z.output<typeof publishedSchema>;
export type VisibilityDocument = z.output<typeof visibilitySchema>;
export type NextStep = z.output<typeof nextSchema>;
