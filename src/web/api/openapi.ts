// The OpenAPI document of the API, made of its routes and of the schemas that the documents are typed by.
import * as z from "zod";
import { namesInPath, type Route } from "./route.ts";
import { eventSchema, resetSchema } from "./schema/events.ts";
import { problemSchema } from "./schema/parts.ts";

type Json = Readonly<Record<string, unknown>>;

const jsonType = "application/json";

/** The whole document. */
export function openApiDocument(routes: readonly Route[], version: string): Json {
  const components: Record<string, unknown> = {};
  const schemaOf = (schema: z.ZodType, io: "input" | "output" = "output"): unknown => {
    const { $defs = {}, ...own } = z.toJSONSchema(schema, { io }) as Record<string, unknown>;
    for (const [name, part] of Object.entries($defs as Record<string, unknown>)) components[name] = withPaths(part);
    const id = schema.meta()?.id;
    if (id === undefined) return withPaths(own);
    // What was named like this is among the parts already.
    if (!("$ref" in own)) components[id] = withPaths(own);
    return { $ref: `#/components/schemas/${id}` };
  };
  // Named in the text only.
  for (const schema of [eventSchema, resetSchema]) schemaOf(schema);
  const paths = Object.fromEntries(
    routes.map((route) => [`/api/v1${route.path}`, { [route.method]: operationOf(route, schemaOf) }]),
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

type SchemaOf = (schema: z.ZodType, io?: "input" | "output") => unknown;

/** The operation of a route; what it has not is `undefined`, which no JSON shows. */
function operationOf(route: Route, schemaOf: SchemaOf): Json {
  const { path, summary, description, query, request, answer, type, problems } = route;
  const hasParameters = Object.keys(query.shape).length > 0;
  return {
    operationId: path.replaceAll(/^\/|\.json$|[{}]/g, "").replaceAll("/", "-"),
    summary,
    description,
    parameters: hasParameters ? parametersOf(query, namesInPath(path)) : undefined,
    requestBody: request && { required: true, content: { [jsonType]: { schema: schemaOf(request, "input") } } },
    security: request && [{ token: [] }],
    responses: {
      200: { description: "The answer.", content: { [type]: { schema: schemaOf(answer) } } },
      ...Object.fromEntries(
        Object.entries(problems).map(([status, meaning]) => [
          status,
          { description: meaning, content: { [jsonType]: { schema: schemaOf(problemSchema) } } },
        ]),
      ),
    },
  };
}

function parametersOf(query: z.ZodObject, inPath: readonly string[]): unknown {
  return Object.entries(query.shape).map(([name, part]) => {
    const { description, ...schema } = z.toJSONSchema(part as z.ZodType);
    const isInPath = inPath.includes(name);
    return { name, in: isInPath ? "path" : "query", required: isInPath, description, schema: withPaths(schema) };
  });
}

/**
 * JSON Schema keeps its parts in `$defs` by id, OpenAPI under `components`; and only a whole document has a `$schema`.
 */
function withPaths(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withPaths);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]: [string, unknown]) => {
      if ((key === "id" || key === "$schema") && typeof item === "string") return [];
      if (key === "$ref" && typeof item === "string") return [[key, item.replace("#/$defs/", "#/components/schemas/")]];
      return [[key, withPaths(item)]];
    }),
  );
}
