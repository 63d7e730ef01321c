// The shape of what `simulate` and `replay` print with --json; a part of outputs.ts.
import * as z from "zod";

const ms = z.number().nonnegative();
const count = z.int().nonnegative();
const names = z.array(z.string()).readonly();

function listOf<Item extends z.ZodType>(item: Item) {
  return z.array(item).readonly();
}

/** Milliseconds since the start of the simulation. */
const atMs = z.number().nonnegative();
const spell = z.strictObject({ averageMs: ms, worstMs: ms });

export const simulate = z.strictObject({
  file: z.string(),
  /** The scenario as it was understood, one line each. */
  scenario: listOf(z.strictObject({ atMs, endMs: atMs.optional(), text: z.string() })),
  seed: z.int(),
  lengthMs: ms,
  timeline: listOf(
    z.strictObject({
      atMs,
      kind: z.enum(["outside", "sees", "decides", "writes", "tells", "clients"]),
      text: z.string(),
      tone: z.enum(["plain", "good", "bad"]),
      ingress: z.string().optional(),
    }),
  ),
  ingresses: listOf(
    z.strictObject({
      ingress: z.string(),
      /** How long each was what the record named; several at once, or none, are a case of their own. */
      served: listOf(z.strictObject({ endpoints: names, ms })),
      switches: count,
      /** Time without service. */
      clients: listOf(z.strictObject({ name: z.string(), withCcs: spell, staticRecord: spell, oracle: spell })),
      /** Kinds whose worst time without service is more than 90 s longer than with a static record, and by how much. */
      worseOff: listOf(z.strictObject({ name: z.string(), extraMs: ms })),
      /** How often a client asked while the name had no record. */
      emptyAnswers: count,
    }),
  ),
  apiCalls: z.strictObject({ reads: count, writes: count }),
  messages: listOf(z.strictObject({ atMs, text: z.string() })),
});

export const scenarios = z.strictObject({
  scenarios: listOf(z.strictObject({ name: z.string(), about: z.string(), lines: names })),
});

// ---------------------------------------------------------------------------------------------------------------
// replay
// ---------------------------------------------------------------------------------------------------------------

/** ISO 8601. */
const date = z.iso.datetime();
const recordedSwitch = z.strictObject({ at: date, from: z.string(), to: z.string(), why: z.string() });
const course = z.strictObject({
  switches: count,
  served: listOf(z.strictObject({ endpoint: z.string(), ms })),
  /** How long the primary was an endpoint whose newest check had failed. */
  failingMs: ms,
});

export const replay = z.strictObject({
  /** The configuration that was tried, and the one whose history it was tried on. */
  file: z.string(),
  presentFile: z.string(),
  from: date,
  to: date,
  checks: count,
  ingresses: listOf(
    z.strictObject({
      ingress: z.string(),
      /** Each switch that was made, would have been made, or both. */
      switches: listOf(z.strictObject({ made: recordedSwitch.optional(), would: recordedSwitch.optional() })),
      made: course,
      would: course,
      /** What differs between the two configurations and cannot be replayed. */
      notReplayed: names,
    }),
  ),
  /** How well the replay does with the present configuration: how many of the switches that were made it makes too. */
  fidelity: z.strictObject({ made: count, again: count, besides: count }),
  assumptions: names,
});
