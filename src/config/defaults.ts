// What all endpoints share: `defaults`, read before the sections that take it over.
import { isMap, type ParsedNode } from "yaml";
import type { z } from "zod";
import { checkSchema } from "./checks.ts";
import { topLevelPair, type YamlDocument } from "./format/document.ts";
import type { Inherited, ReadOptions } from "./format/reading.ts";
import { readBySchema } from "./format/walk.ts";
import { configSchema, endpointSchema } from "./schema.ts";

/**
 * What sections of `document` take over. Mistakes in the defaults are not told here: they are found again when the
 * whole file is read.
 */
export function inheritedIn(document: YamlDocument, options: ReadOptions): ReadonlyMap<z.ZodType, Inherited> {
  const pair = topLevelPair(document, "defaults");
  if (!isMap(pair?.value)) return new Map();
  const { defaults } = configSchema.shape;
  const { value } = readBySchema(defaults, { ...document, root: pair.value as ParsedNode }, options);
  const { check, ...endpoint } = value ?? {};
  return new Map<z.ZodType, Inherited>([
    [endpointSchema, { from: "defaults", values: endpoint }],
    [checkSchema, { from: "defaults.check", values: { ...check } }],
  ]);
}
