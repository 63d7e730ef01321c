// The shape of everything that commands print with --json, in one place: programs rely on it, `ccs schema COMMAND`
// prints it, and a command whose output differs does not compile.
import * as z from "zod";
import { printJson, printRaw } from "../terminal/terminal.ts";
import { overrideAnswerSchema, resumeAnswerSchema } from "../web/api/schema/changes.ts";
import { eventSchema, eventsSchema } from "../web/api/schema/events.ts";
import { statusSchema } from "../web/api/schema/status.ts";
import { replay, scenarios, simulate } from "./what-if-outputs.ts";

const ms = z.number().nonnegative();
const seconds = z.number().nonnegative();
const count = z.int().nonnegative();

function listOf<Item extends z.ZodType>(item: Item) {
  return z.array(item).readonly();
}

// ---------------------------------------------------------------------------------------------------------------
// validate, migrate
// ---------------------------------------------------------------------------------------------------------------

const problem = z.strictObject({
  /** The file as it was named, or `environment`. */
  file: z.string(),
  line: count.optional(),
  column: count.optional(),
  /** The key that it is about; may be empty. */
  path: z.string(),
  message: z.string(),
});

const validate = z.strictObject({
  valid: z.boolean(),
  file: z.string(),
  format: z.enum(["current", "original"]).optional(),
  warnings: listOf(problem),
  problems: listOf(problem),
});

const migrate = z.strictObject({ file: z.string(), text: z.string(), warnings: listOf(problem) });

// ---------------------------------------------------------------------------------------------------------------
// probe, plan, run --once
// ---------------------------------------------------------------------------------------------------------------

const phases = z.strictObject({
  resolve: ms.optional(),
  connect: ms.optional(),
  tls: ms.optional(),
  processing: ms.optional(),
  transfer: ms.optional(),
});

const probe = z.strictObject({
  probes: listOf(
    z.strictObject({
      ingress: z.string(),
      endpoint: z.string(),
      address: z.string().optional(),
      result: z.enum(["ok", "failed", "inconclusive", "not checked"]),
      detail: z.string(),
      phases,
    }),
  ),
});

const plannedRecord = z.strictObject({
  type: z.enum(["A", "AAAA", "CNAME"]),
  content: z.string(),
  ttlSeconds: seconds,
  proxied: z.boolean(),
});
const publishedRecord = plannedRecord.extend({ id: z.string() });

/** How the mix of a CNAME is used, or why there is none. */
const mixOutlook = z.strictObject({
  record: z.string().optional(),
  whyNot: z.string().optional(),
  paths: listOf(
    z.strictObject({
      from: z.string(),
      to: z.string(),
      steps: listOf(
        z.strictObject({
          when: z.enum(["first", "shown", "end", "unused"]),
          afterMs: ms,
          record: z.string(),
          members: listOf(z.string()).optional(),
          content: z.string().optional(),
          ttlSeconds: seconds.optional(),
        }),
      ),
    }),
  ),
});

const plan = z.strictObject({
  ingresses: listOf(
    z.strictObject({
      ingress: z.string(),
      /** Our records at the name of the mix, and what the next return through it does. */
      mix: mixOutlook
        .extend({
          published: listOf(publishedRecord),
          /** What the first step of each path writes, such as `A 192.0.2.1`. */
          addresses: listOf(listOf(z.string())),
          isPointedTo: z.boolean(),
        })
        .optional(),
      /** A change of type that the configuration asks for, and why. */
      conversion: z
        .strictObject({ from: z.enum(["cname", "addresses"]), to: z.enum(["cname", "addresses"]), why: z.string() })
        .optional(),
      warnings: listOf(z.string()),
      published: listOf(publishedRecord),
      plan: z
        .strictObject({
          deletes: listOf(z.strictObject({ id: z.string() })),
          patches: listOf(publishedRecord),
          posts: listOf(plannedRecord),
        })
        .optional(),
      primary: z.string().optional(),
      why: z.string(),
      endpoints: listOf(z.strictObject({ name: z.string(), health: z.string(), reason: z.string() })),
      problem: z.string().optional(),
    }),
  ),
});

const once = z.strictObject({
  ingresses: listOf(
    z.strictObject({ ingress: z.string(), isDone: z.boolean(), primary: z.string().optional(), text: z.string() }),
  ),
});

// ---------------------------------------------------------------------------------------------------------------
// explain
// ---------------------------------------------------------------------------------------------------------------

const family = z.enum(["ipv4", "ipv6"]);

const sum = z.strictObject({
  totalMs: ms,
  terms: listOf(
    z.strictObject({
      kind: z.enum(["interval", "half-interval", "timeout", "fast-interval", "proof", "api-call", "hold-up"]),
      times: count,
      eachMs: ms,
    }),
  ),
});

/** A URL for checks over HTTP; the kind, and in words what is checked, for others. */
const shownTask = { url: z.string().optional(), kind: z.string().optional(), what: z.string().optional() };

const checkOutlook = z.strictObject({
  ...shownTask,
  intervalMs: ms,
  fastIntervalMs: ms,
  timeoutMs: ms,
  rise: count,
  fall: count,
  checksPerDay: count,
  bytesPerMonth: count,
  brownOut: z.strictObject({ failures: count, oksToForgive: count }),
});

const endpointOutlook = z.strictObject({
  name: z.string(),
  target: z.string(),
  priority: z.int(),
  ttlSeconds: seconds,
  isTtlAutomatic: z.boolean(),
  stickyMs: ms.optional(),
  families: listOf(family).optional(),
  check: checkOutlook.optional(),
});

const move = z.strictObject({
  from: z.string(),
  to: z.string(),
  failover: z
    .strictObject({ worst: sum, silent: sum, refused: sum, ttlSeconds: seconds, clientsWorstMs: ms })
    .optional(),
  comeback: z
    .strictObject({
      worst: sum,
      typical: sum,
      holdsMs: listOf(ms),
      ttlSeconds: seconds,
      stickyMs: ms.optional(),
      mixTtlSeconds: seconds.optional(),
    })
    .optional(),
  writes: count,
});

const names = listOf(z.string());
const ofEndpoint = { endpoint: z.string() };

const pitfall = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("alone"), ...ofEndpoint }),
  z.strictObject({ kind: z.literal("unchecked"), ...ofEndpoint, isFirst: z.boolean() }),
  z.strictObject({ kind: z.literal("rank"), ...ofEndpoint, after: z.string() }),
  z.strictObject({ kind: z.literal("sticky-below-ttl"), ...ofEndpoint, stickyMs: ms, ttlSeconds: seconds }),
  z.strictObject({ kind: z.literal("sticky-on-best"), ...ofEndpoint }),
  z.strictObject({
    kind: z.literal("no-mix"),
    endpoints: names,
    reason: z.enum(["proxied", "no-name"]),
    why: z.string().optional(),
  }),
  z.strictObject({ kind: z.literal("long-ttl"), ...ofEndpoint, ttlSeconds: seconds, detectionMs: ms }),
  z.strictObject({ kind: z.literal("proxied-ttl"), endpoints: names }),
  z.strictObject({ kind: z.literal("families"), from: z.string(), to: z.string(), lost: family }),
  z.strictObject({ kind: z.literal("private"), ...ofEndpoint, addresses: names }),
  z.strictObject({ kind: z.literal("private-names") }),
  z.strictObject({ kind: z.literal("fall-of-one"), ...ofEndpoint }),
  z.strictObject({ kind: z.literal("no-hold-up") }),
  z.strictObject({ kind: z.literal("no-marker"), ...ofEndpoint }),
  z.strictObject({ kind: z.literal("same-target"), endpoints: names, target: z.string() }),
]);

const explain = z.strictObject({
  ingresses: listOf(
    z.strictObject({
      ingress: z.string(),
      records: z.strictObject({ alone: z.enum(["cname", "addresses"]), mixed: z.literal("addresses").optional() }),
      mix: mixOutlook.optional(),
      proxied: z.boolean().optional(),
      endpoints: listOf(endpointOutlook),
      moves: listOf(move),
      calls: z.strictObject({ readsPerDay: count, reconcileIntervalMs: ms }),
      pitfalls: listOf(pitfall),
    }),
  ),
  /** What is not configured, and so taken for granted. */
  assumptions: z.strictObject({
    apiCallMs: ms,
    probeBytes: z.record(z.string(), count),
    daysPerMonth: count,
  }),
});

// ---------------------------------------------------------------------------------------------------------------
// doctor
// ---------------------------------------------------------------------------------------------------------------

const doctor = z.strictObject({
  /** Nothing is wrong. */
  isFine: z.boolean(),
  sections: listOf(
    z.strictObject({
      title: z.string(),
      findings: listOf(
        z.strictObject({
          level: z.enum(["ok", "warning", "wrong", "unknown"]),
          subject: z.string(),
          detail: z.string(),
          remedy: z.string().optional(),
        }),
      ),
    }),
  ),
});

// ---------------------------------------------------------------------------------------------------------------
// health
// ---------------------------------------------------------------------------------------------------------------

const health = z.strictObject({
  /** The daemon answers, and its loop turns. */
  isHealthy: z.boolean(),
  /** It also has read its records and has a verdict on each endpoint. */
  isReady: z.boolean(),
  /** Why not, in plain words; empty when it is healthy and ready. */
  detail: z.string(),
});

// ---------------------------------------------------------------------------------------------------------------
// service status
// ---------------------------------------------------------------------------------------------------------------

const service = z.strictObject({
  /** systemd knows a unit ccs.service. */
  isInstalled: z.boolean(),
  /** It is started with the machine, or when the user logs in. */
  isEnabled: z.boolean(),
  isActive: z.boolean(),
  /** In systemd's words: `active`, `inactive`, `failed`, `activating`, … */
  state: z.string(),
  /** The path of the unit. */
  unit: z.string().optional(),
  /** What the daemon says of itself; empty when it does not run. */
  status: z.string(),
  /** Automatic ones since it was started. */
  restarts: count,
  /** How it ended last, in systemd's words. */
  result: z.string(),
});

/**
 * By the command whose output it is; `once` is that of `run --once`, `scenarios` that of `simulate --list`, `event` a
 * line of `events --follow`.
 */
export const outputs = {
  validate,
  migrate,
  probe,
  plan,
  once,
  explain,
  doctor,
  health,
  service,
  simulate,
  scenarios,
  replay,
  // The running daemon's own words.
  status: statusSchema,
  events: eventsSchema,
  event: eventSchema,
  pin: overrideAnswerSchema,
  drain: overrideAnswerSchema,
  drill: overrideAnswerSchema.extend({ report: eventSchema.exactOptional() }),
  resume: resumeAnswerSchema,
} as const;

export type OutputName = keyof typeof outputs;

export const outputNames = Object.keys(outputs) as readonly OutputName[];

/** Prints what a command has to say as JSON, in its declared shape. */
export function printOutput<Name extends OutputName>(_name: Name, value: z.input<(typeof outputs)[Name]>): void {
  printJson(value);
}

/** The same on a line of its own, for outputs that continue. */
export function printOutputLine<Name extends OutputName>(_name: Name, value: z.input<(typeof outputs)[Name]>): void {
  printRaw(JSON.stringify(value));
}

/** The JSON Schema of what a command prints with --json. */
export function outputSchema(name: OutputName): Record<string, unknown> {
  return z.toJSONSchema(outputs[name]);
}
