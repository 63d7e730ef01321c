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
        "Whether the authoritative servers show what was written: `checking` goes on, `wrong` is an alarm, `silent` and " +
          "`proxied` cannot be verified.",
      ),
    written: moment("When Cloudflare confirmed the write.").exactOptional(),
    tookMs: milliseconds("From there until that became known.").exactOptional(),
    detail: text("Whom was asked, and what they said. May be empty."),
  })
  .meta({ id: "Visibility", description: "Whether the newest write of ours is visible." });

const publishedSchema = z
  .object({
    records: z.array(recordSchema).describe("A, AAAA and CNAME records at the name; empty when there is none."),
    since: moment("Since when they are known to say this.").exactOptional(),
    by: z.enum(["us", "others"]).describe("Who wrote them, as far as that is known.").exactOptional(),
    confirmed: moment("When Cloudflare last confirmed them."),
  })
  .meta({ id: "Published", description: "What DNS says, as Cloudflare last confirmed it." });

const observationSchema = z
  .object({
    at: moment("When it ended."),
    kind: z.enum(["ok", "failed", "inconclusive"]).describe("`inconclusive` proves nothing."),
    reason: text("Why not ok, in one word.").exactOptional(),
    detail: text("Status line or error text."),
    tookMs: milliseconds("How long it took in all."),
    phases: z
      .object({
        resolve: z.number().exactOptional(),
        connect: z.number().exactOptional(),
        tls: z.number().exactOptional(),
        processing: z.number().describe("From the request sent to the first byte.").exactOptional(),
        transfer: z.number().describe("From the first byte to the verdict.").exactOptional(),
      })
      .describe("Milliseconds of each phase that was reached."),
  })
  .meta({ id: "Observation", description: "What one probe saw." });

const addressSchema = z
  .object({
    address: text("The address itself."),
    family: familySchema,
    scope: z.enum(["public", "private", "special"]),
    verdict: verdictSchema,
    reason: text("Why, in plain words."),
    since: moment("Since when."),
    lastObservation: observationSchema.exactOptional(),
    isUncheckable: flag("This machine has no route to it, or cannot trust its own connection."),
    vanishes: moment("It is no longer in the answer for the target, and forgotten then.").exactOptional(),
    isPublished: flag("Whether a record has it."),
  })
  .meta({ id: "Address", description: "One address of an endpoint." });

const endpointSchema = z
  .object({
    name: text("Its name."),
    target: z.array(z.string()).min(1).describe("A host name, or addresses."),
    priority: z.int().describe("Lower serves first."),
    rank: count("Its place among the endpoints, 1 for the best."),
    ttlSeconds: count("TTL while it serves; missing for Cloudflare's automatic one.").exactOptional(),
    stickyMs: milliseconds("How long it stays in the mix after a better one took over.").exactOptional(),
    check: z
      .object({
        url: text("What is asked for; `?…` stands for a query, which may be secret."),
        intervalMs: milliseconds("The steady rhythm."),
        fastIntervalMs: milliseconds("The rhythm while something is in question."),
        nowMs: milliseconds("The rhythm now."),
        timeoutMs: milliseconds("Deadline of one probe."),
        rise: count("Good results in a row for up."),
        fall: count("Failures in a row for down."),
      })
      .describe("Missing for an endpoint that is believed up without a check.")
      .exactOptional(),
    role: z
      .enum(["primary", "sticky", "none"])
      .describe("Whether it was chosen to serve, alone or beside the primary."),
    verdict: verdictSchema,
    isDegraded: flag("Up in one family, down in the other."),
    reason: text("Why, in plain words."),
    since: moment("Since when."),
    heldUntil: moment("Nobody returns to it before.").exactOptional(),
    sharesWith: z
      .array(text("Name of an endpoint."))
      .describe(
        "Endpoints that all its addresses belong to: nothing is gained by a move to it. Missing when it has its own.",
      )
      .exactOptional(),
    override: overrideSchema.exactOptional(),
    certificateEnds: moment("When the certificate that ends first ends.").exactOptional(),
    resolution: z
      .object({
        kind: z.enum(["addresses", "none", "inconclusive"]),
        detail: text("What the resolvers said. May be empty."),
        at: moment("When."),
      })
      .describe("The newest look-up of the target; missing for addresses and before the first.")
      .exactOptional(),
    addresses: z.array(addressSchema),
  })
  .meta({ id: "Endpoint", description: "One way in, and what is believed of it." });

const selectionSchema = z
  .object({
    primary: text("Name of the endpoint that serves."),
    sticky: z
      .array(z.object({ endpoint: text("Its name."), until: moment("When it leaves the mix.") }))
      .describe("Endpoints that serve beside it for a while."),
    why: text("Why this primary, in plain words."),
    reason: z.enum(["adopted", "elected", "failover", "return", "configuration", "pin", "drain", "resume"]),
    since: moment("Since when."),
  })
  .meta({ id: "Selection", description: "Who was chosen to serve, and why." });

const nextSchema = z
  .object({
    at: moment("When, unless something happens before."),
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
    endpoint: text("Name of the endpoint that it is about.").exactOptional(),
    what: text("In plain words."),
  })
  .meta({ id: "NextStep", description: "Something that will happen by itself." });

export const ingressSchema = z
  .object({
    record: text("The DNS name."),
    zone: text("Zone name or id, where it is configured.").exactOptional(),
    publish: z.enum(["auto", "cname", "addresses"]),
    isServed: flag("Whether any endpoint is up."),
    published: publishedSchema.describe("Missing until it was read for the first time.").exactOptional(),
    visibility: visibilitySchema.describe("Missing while nothing was written.").exactOptional(),
    isInSync: flag("Whether DNS says what it should."),
    wanted: z
      .array(recordSchema)
      .describe("What it should say; missing while there is no saying, and all is left as it is.")
      .exactOptional(),
    isMixRefused: flag("Cloudflare refused the mix, so that the primary serves alone."),
    mix: mixSchema
      .describe("Missing where no mix has a name of its own: no endpoint is sticky, or the record holds addresses.")
      .exactOptional(),
    trouble: z
      .object({
        kind: z.enum(["transient", "rate-limited", "auth", "invalid", "obstacle"]),
        during: z.enum(["read", "write"]),
        message: text("What happened and what to do."),
        since: moment("Since when."),
      })
      .describe("Why DNS could not be read or written; missing when it could.")
      .exactOptional(),
    standoff: z
      .object({
        until: moment("When repair goes on."),
        message: text("What it means, and what to do."),
      })
      .describe("Somebody keeps undoing our records, so that repair rests.")
      .exactOptional(),
    selection: selectionSchema.describe("Missing while nobody was chosen.").exactOptional(),
    overrides: z.array(overrideSchema),
    endpoints: z.array(endpointSchema).describe("In the order of the configuration."),
    next: z.array(nextSchema).describe("What will happen by itself, the soonest first."),
  })
  .meta({ id: "Ingress", description: "One DNS name that the daemon owns." });

export type IngressStatus = z.output<typeof ingressSchema>;
export type EndpointStatus = z.output<typeof endpointSchema>;
export type AddressStatus = z.output<typeof addressSchema>;
export type ObservationDocument = z.output<typeof observationSchema>;
export type PublishedDocument = z.output<typeof publishedSchema>;
export type Visibility = z.output<typeof visibilitySchema>;
export type NextStep = z.output<typeof nextSchema>;
