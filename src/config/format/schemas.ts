// What schemas say about themselves: what they expect, whether they may be missing, which kinds there are.
import type { Scalar } from "yaml";
import { z } from "zod";

/** A schema without the wrappers that say whether it may be missing. */
export function unwrap(schema: z.ZodType): { inner: z.ZodType; isOptional: boolean; hasDefault: boolean } {
  if (schema instanceof z.ZodOptional)
    return { inner: schema.unwrap() as z.ZodType, isOptional: true, hasDefault: false };
  if (schema instanceof z.ZodPrefault)
    return { inner: schema.unwrap() as z.ZodType, isOptional: false, hasDefault: true };
  return { inner: schema, isOptional: false, hasDefault: false };
}

/** The same key for a section where it may always be missing. */
export function withoutNeed<T extends z.ZodType>(
  schema: T,
  defaultInWords = "none",
): z.ZodOptional<z.ZodType<z.output<T>>> {
  const inner = unwrap(schema).inner as z.ZodType<z.output<T>>;
  return inner.optional().meta({ ...schema.meta(), defaultInWords });
}

/** Ends the sentence "expected …". */
export function expectation(schema: z.ZodType): string {
  return schema.meta()?.expects ?? "another value";
}

/** The text as YAML would read it, had it been in the file. */
export function typed(text: string): unknown {
  if (/^[-+]?\d+(\.\d+)?$/.test(text)) return Number(text);
  return text === "true" ? true : text === "false" ? false : text;
}

/** What to do about a value that would be right with quotes, without them, or as `true`. */
export function adviceOnType(schema: z.ZodType, node: Scalar): string {
  const fits = (value: unknown): boolean => schema.safeParse(value).success;
  if (typeof node.value !== "string") return fits(node.source ?? String(node.value)) ? "put it in quotes" : "";
  if (node.type !== "PLAIN" && fits(typed(node.value))) return "remove the quotes";
  if (!fits(true)) return "";
  if (/^(y|yes|on)$/i.test(node.value)) return "write true";
  return /^(n|no|off)$/i.test(node.value) ? "write false" : "";
}

/** What a mapping of several kinds says of them. */
export interface KindsInFile {
  /** The key that says which one it is. */
  readonly discriminator: string;
  readonly options: readonly z.ZodObject[];
  /** How each is written, in the same order. */
  readonly names: readonly string[];
  /** The one that is meant where the key is missing, if it may be. */
  readonly usual: z.ZodObject | undefined;
}

export function kindsOf(schema: z.ZodDiscriminatedUnion): KindsInFile {
  const { discriminator } = schema.def;
  const options = schema.options as readonly z.ZodObject[];
  const naming = options.map(({ shape }) => unwrap(shape[discriminator] as z.ZodType));
  return {
    discriminator,
    options,
    names: naming.map(({ inner }) => String((inner as z.ZodLiteral).value)),
    usual: options.find((_, index) => naming[index]?.isOptional === true),
  };
}
