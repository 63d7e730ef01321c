// What to say about a key that does not exist: the one that was probably meant.
import { z } from "zod";
import { distance } from "../../lib/spelling.ts";
import { isShowable } from "./problem.ts";

export interface KeyAdvice {
  readonly message: string;
  /** The key's name, where it may be shown: a secret put in the wrong place can look like a key. */
  readonly name?: string;
  /** The key that was probably meant. */
  readonly meant?: string;
}

export interface KeyCircumstances {
  /** All kinds that the mapping could be of; the schema is one of them. Empty for a mapping of one kind. */
  readonly kinds: readonly z.ZodObject[];
  /** It has no colon, as in `{ word }`. */
  readonly isWordAlone: boolean;
}

/** What to say about a key that the schema does not know. */
export function adviceOnKey(key: string, schema: z.ZodObject, { kinds, isWordAlone }: KeyCircumstances): KeyAdvice {
  if (key === "<<") return { message: "merging with << is not supported: write the keys out" };
  // `{token:abc}` is one key to YAML, and what follows the colon is nothing to show.
  const [, before] = /^([A-Za-z_]+):./.exec(key) ?? [];
  if (before !== undefined) {
    const isKnown = Object.hasOwn(schema.shape, before);
    return { message: "expected a space after the colon", ...(isKnown && { name: before, meant: before }) };
  }
  if (isWordAlone) return { message: "expected a key, a colon and a value, got a single word" };
  if (!isShowable(key)) return { message: "unknown key (not shown)" };
  const known = Object.keys(schema.shape);
  const owner = kinds.find(({ shape }) => Object.hasOwn(shape, key));
  if (owner !== undefined) {
    return { name: key, message: `unknown key, it belongs to ${literalIn(owner)}, and this is ${literalIn(schema)}` };
  }
  const meant = otherNameOf(key, schema) ?? likeliest(key, known);
  if (meant !== undefined) return { name: key, meant, message: `unknown key, did you mean ${meant}?` };
  const parent = known.find((each) =>
    sectionsIn(schema.shape[each] as z.ZodType).some(({ shape }) => Object.hasOwn(shape, key)),
  );
  if (parent !== undefined) return { name: key, message: `unknown key, it belongs under ${parent}` };
  const listed = known.filter((each) => !isUsualKind(schema.shape[each] as z.ZodType));
  return { name: key, message: `unknown key: the keys here are ${listed.join(", ")}` };
}

/** How the kind of a mapping is written: `kind: webhook`. */
function literalIn({ shape }: z.ZodObject): string {
  for (const [key, schema] of Object.entries(shape) as [string, z.ZodType][]) {
    const value = schema instanceof z.ZodOptional ? schema.unwrap() : schema;
    if (value instanceof z.ZodLiteral) return `${key}: ${String(value.value)}`;
  }
  return "another kind";
}

/** The kind of a mapping that has one of itself. */
function isUsualKind(schema: z.ZodType): boolean {
  return schema instanceof z.ZodOptional && schema.unwrap() instanceof z.ZodLiteral;
}

/** The key that other programs call so. */
function otherNameOf(key: string, { shape }: z.ZodObject): string | undefined {
  return Object.keys(shape).find((each) => (shape[each] as z.ZodType).meta()?.otherNames?.includes(key) === true);
}

function likeliest(key: string, known: readonly string[]): string | undefined {
  const lower = simplified(key);
  const [nearest] = known
    .map((each) => ({ each, distance: distance(lower, simplified(each)) }))
    .toSorted((a, b) => a.distance - b.distance);
  if (nearest === undefined) return undefined;
  return nearest.distance <= Math.max(1, Math.floor(nearest.each.length / 3)) ? nearest.each : undefined;
}

function simplified(key: string): string {
  return key.toLowerCase().replaceAll(/[_-]/g, "");
}

/** The mappings that a key's value may be; where it may also be a list, without what is in that. */
function sectionsIn(schema: z.ZodType): readonly z.ZodObject[] {
  if (schema instanceof z.ZodObject) return [schema];
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault)
    return sectionsIn(schema.unwrap() as z.ZodType);
  if (schema instanceof z.ZodArray) return sectionsIn(schema.element as z.ZodType);
  if (!(schema instanceof z.ZodUnion)) return [];
  return (schema.options as readonly z.ZodType[]).filter((each) => !(each instanceof z.ZodArray)).flatMap(sectionsIn);
}
