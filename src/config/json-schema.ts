// The configuration's schema as JSON Schema, for editors that complete and check YAML.
import { z } from "zod";
import { configSchema } from "./schema.ts";

/** JSON Schema (draft 7, which the YAML extensions of editors know) of the file as people write it. */
export function configJsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(configSchema, {
    io: "input",
    target: "draft-7",
    override: ({ zodSchema, jsonSchema }) => {
      for (const key of ["expects", "isHushed", "defaultInWords", "heading", "otherNames"]) delete jsonSchema[key];
      // They show what people write, also where the daemon reads something else out of it.
      const examples = z.globalRegistry.get(zodSchema)?.["examples"];
      if (Array.isArray(examples)) jsonSchema.examples = examples;
    },
  });
  const title = "Configuration of Cloudflare CNAME Switcher";
  const anyOf = ["ingresses", "include"].map((key) => ({ type: "object", properties: { [key]: {} }, required: [key] }));
  return { $schema, title, ...openToVariables(schema), anyOf };
}

type JsonObject = Readonly<Record<string, unknown>>;

/** Any value may also be a variable, so a key that takes no text takes `${NAME}` all the same. */
function openToVariables(schema: JsonObject): JsonObject {
  const { anyOf, oneOf, items, properties } = schema;
  if (isList(oneOf)) return { ...schema, oneOf: oneOf.map(openToVariables) };
  const types = isList(anyOf) ? anyOf.map(({ type }) => type) : [];
  if (isList(anyOf) && types.includes("string")) {
    const [first, second] = types;
    // Text or number: one line says it.
    if (types.length === 2 && second === "number") return { ...without(schema, ["anyOf"]), type: [first, second] };
    return { ...schema, anyOf: anyOf.map((each) => (each["type"] === "string" ? each : openToVariables(each))) };
  }
  if (isList(anyOf)) return { ...schema, anyOf: anyOf.map(openToVariables) };
  if (isObject(items)) return { ...schema, items: openToVariables(items) };
  if (isObject(properties)) {
    const opened = Object.entries(properties).map(([key, value]) => [
      key,
      isObject(value) ? openToVariables(value) : value,
    ]);
    return { ...schema, properties: Object.fromEntries(opened) };
  }
  const takesAnyText = schema["type"] === "string" && schema["enum"] === undefined;
  if (takesAnyText || schema["type"] === "object" || schema["type"] === undefined) return schema;
  const words = ["description", "default", "examples"];
  const wording = Object.fromEntries(Object.entries(schema).filter(([key]) => words.includes(key)));
  return { ...wording, anyOf: [without(schema, words), { type: "string", pattern: String.raw`\$\{` }] };
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isList(value: unknown): value is readonly JsonObject[] {
  return Array.isArray(value) && value.every(isObject);
}

function without(object: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}
