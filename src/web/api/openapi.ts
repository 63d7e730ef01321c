// The OpenAPI document of the API, made of the same schemas that the documents are typed by.
import * as z from "zod";
import {
  drillRequestSchema,
  overrideAnswerSchema,
  overrideRequestSchema,
  resumeAnswerSchema,
  resumeRequestSchema,
} from "./schema/changes.ts";
import { eventSchema, eventsSchema, mostEvents, resetSchema } from "./schema/events.ts";
import { historySchema, rangeSchema } from "./schema/history.ts";
import { problemSchema } from "./schema/parts.ts";
import { statusSchema } from "./schema/status.ts";

interface Operation {
  readonly summary: string;
  readonly description?: string;
  readonly query?: z.ZodObject;
  readonly request?: z.ZodType;
  readonly answer: z.ZodType;
  /** What goes wrong, by status code. */
  readonly problems: Readonly<Record<number, string>>;
}

const ingress = z.string().describe("The record; may be omitted if there is only one.").exactOptional();
const endpoint = z.string().describe("Name of an endpoint of the ingress.").exactOptional();
/** Digits and nothing else: an empty text is no number. */
const wholeNumber = (least = 0, most = Number.MAX_SAFE_INTEGER) =>
  z
    .string()
    .regex(/^\d{1,15}$/, "expected a whole number")
    .transform(Number)
    .pipe(z.int().min(least).max(most));

export const eventsQuery = z.object({
  before: wholeNumber().describe("Only events with a lower id.").exactOptional(),
  limit: wholeNumber(1, mostEvents).describe("Maximum number of events (default: 50).").exactOptional(),
  ingress: z.string().describe("Only events about this record.").exactOptional(),
  endpoint: z
    .string()
    .describe("Only events about this endpoint, including changes of the active endpoint.")
    .exactOptional(),
});

export const historyQuery = z.object({
  ingress,
  endpoint: endpoint.describe("With an endpoint, its series are included; without one, all endpoints without series."),
  range: rangeSchema.exactOptional().describe("How far back from now (default: `24h`)."),
});

export const streamQuery = z.object({
  lastEventId: wholeNumber().describe("The same as the header Last-Event-ID.").exactOptional(),
});

const unknownName = "No such ingress or endpoint: the answer lists the existing ones.";
const badParameter = "A parameter is not valid.";
const foreign = "The request came from a page of another site.";
const unreadable = "The history cannot be read right now: the answer says why. Wait as long as Retry-After says.";
const tooOften = "Too many requests: wait as long as Retry-After says.";
const misnamed = "The request used a host name that is not the server's.";
const change = {
  400: "The body is not JSON, or not valid.",
  401: "The token is missing or wrong.",
  403: "Changes over HTTP need `http.token`, or the request came from a page of another site.",
  404: unknownName,
  413: "The body is too large.",
  415: "The body is not application/json.",
  421: misnamed,
  429: "Too many requests, changes or wrong tokens: wait as long as Retry-After says.",
};

/** Paths below `/api/v1`, and what each answers. */
export const operations: Readonly<Record<string, { readonly get?: Operation; readonly post?: Operation }>> = {
  "/status": {
    get: {
      summary: "The current state, why it is so, and what happens next",
      answer: statusSchema,
      problems: { 403: foreign, 421: misnamed, 429: tooOften },
    },
  },
  "/events": {
    get: {
      summary: "What happened, newest first",
      query: eventsQuery,
      answer: eventsSchema,
      problems: { 400: badParameter, 403: foreign, 404: unknownName, 421: misnamed, 429: tooOften, 503: unreadable },
    },
  },
  "/history": {
    get: {
      summary: "Checks as series for charts, outages, and which endpoint was active when",
      query: historyQuery,
      answer: historySchema,
      problems: { 400: badParameter, 403: foreign, 404: unknownName, 421: misnamed, 429: tooOften, 503: unreadable },
    },
  },
  "/stream": {
    get: {
      summary: "Server-sent events as things happen",
      description:
        "`status` carries a Status, at once and after each change, at most twice a second. " +
        "`event` carries an Event, with its id: a client that reconnects with Last-Event-ID gets what it missed, or " +
        "`reset` (a Reset) if that is too much. Comments keep the connection alive. Clients that do not read are disconnected.",
      query: streamQuery,
      answer: z.string(),
      problems: {
        400: badParameter,
        403: foreign,
        421: misnamed,
        429: tooOften,
        503: "Too many clients: wait as long as Retry-After says.",
      },
    },
  },
  "/pin": {
    post: {
      summary: "Use only one endpoint for a while, up or down",
      request: overrideRequestSchema,
      answer: overrideAnswerSchema,
      problems: change,
    },
  },
  "/drain": {
    post: {
      summary: "Do not use an endpoint for a while, unless no other endpoint is up",
      request: overrideRequestSchema,
      answer: overrideAnswerSchema,
      problems: change,
    },
  },
  "/drill": {
    post: {
      summary: "Simulate an outage of an endpoint on the real record; it ends by itself, with a report",
      request: drillRequestSchema,
      answer: overrideAnswerSchema,
      problems: { ...change, 409: "No other endpoint can take over, so a drill would change nothing." },
    },
  },
  "/resume": {
    post: {
      summary: "End pins, drains and drills, and resume automatic repair of the records",
      request: resumeRequestSchema,
      answer: resumeAnswerSchema,
      problems: change,
    },
  },
  "/openapi.json": {
    get: {
      summary: "This document",
      answer: z.record(z.string(), z.unknown()),
      problems: { 403: foreign, 421: misnamed, 429: tooOften },
    },
  },
};

type Json = Readonly<Record<string, unknown>>;

/** The whole document. */
export function openApiDocument(version: string): Json {
  const components: Record<string, unknown> = {};
  const schemaOf = (schema: z.ZodType, io: "input" | "output" = "output"): unknown => {
    const { $schema: _, $defs = {}, ...own } = z.toJSONSchema(schema, { io }) as Record<string, unknown>;
    for (const [name, part] of Object.entries($defs as Record<string, unknown>)) components[name] = withPaths(part);
    const id = schema.meta()?.id;
    if (id === undefined) return withPaths(own);
    const { id: __, ...body } = own;
    // What was named like this is among the parts already.
    if (!("$ref" in body)) components[id] = withPaths(body);
    return { $ref: `#/components/schemas/${id}` };
  };
  // Named in the text only.
  for (const schema of [eventSchema, resetSchema]) schemaOf(schema);
  const paths = Object.fromEntries(
    Object.entries(operations).map(([path, methods]) => [
      `/api/v1${path}`,
      Object.fromEntries(
        Object.entries(methods).map(([method, operation]: [string, Operation]) => [
          method,
          operationDocument(path, operation, schemaOf),
        ]),
      ),
    ]),
  );
  return {
    openapi: "3.1.0",
    info: {
      title: "Cloudflare CNAME Switcher",
      version,
      description:
        "Times are ISO 8601 strings in UTC; numbers ending in `Ms` are milliseconds, in `Seconds` seconds. " +
        "What is unknown or does not apply is missing. Some text comes from outside: show it as text, never as " +
        "markup.",
    },
    paths,
    components: {
      schemas: components,
      securitySchemes: { token: { type: "http", scheme: "bearer", description: "The token of `http.token`." } },
    },
  };
}

function operationDocument(
  path: string,
  { summary, description, query, request, answer, problems }: Operation,
  schemaOf: (schema: z.ZodType, io?: "input" | "output") => unknown,
): Json {
  const type = path === "/stream" ? "text/event-stream" : "application/json";
  return {
    operationId: path.replace(/^\/|\.json$/g, ""),
    summary,
    ...(description !== undefined && { description }),
    ...(query && { parameters: parametersOf(query) }),
    ...(request && {
      requestBody: { required: true, content: { "application/json": { schema: schemaOf(request, "input") } } },
      security: [{ token: [] }],
    }),
    responses: {
      200: { description: "The answer.", content: { [type]: { schema: schemaOf(answer) } } },
      ...Object.fromEntries(
        Object.entries(problems).map(([status, meaning]) => [
          status,
          { description: meaning, content: { "application/json": { schema: schemaOf(problemSchema) } } },
        ]),
      ),
    },
  };
}

function parametersOf(query: z.ZodObject): unknown {
  return Object.entries(query.shape).map(([name, part]) => {
    const { $schema: _, description, ...schema } = z.toJSONSchema(part as z.ZodType);
    return { name, in: "query", required: false, description, schema };
  });
}

/** JSON Schema keeps its parts in `$defs`, OpenAPI under `components`. */
function withPaths(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withPaths);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]: [string, unknown]) => {
      if (key === "id" && typeof item === "string") return [];
      if (key === "$ref" && typeof item === "string") return [[key, item.replace("#/$defs/", "#/components/schemas/")]];
      return [[key, withPaths(item)]];
    }),
  );
}
