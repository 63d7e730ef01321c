// Keys of the configuration file with what the reference and the JSON Schema say of them.
import type { z } from "zod";

/** The keys of a section, as they are made here. */
export type Keys = Readonly<Record<string, z.ZodType>>;

interface KeyInfo {
  readonly description: string;
  readonly example?: unknown;
  readonly defaultInWords?: string;
  /** What other programs call it: a file that says so gets the right name as advice. */
  readonly otherNames?: readonly string[];
}

/** A key that must be there. */
export function required<T extends z.ZodType>(schema: T, info: KeyInfo): T {
  return schema.meta({ ...schema.meta(), ...metaOf(info) });
}

/** A key that may be left out and then has no value, or one that depends on others. */
export function optional<T extends z.ZodType>(schema: T, info: KeyInfo): z.ZodOptional<T> {
  return schema.optional().meta(metaOf(info));
}

/** A key with a default, written as a person would write it. */
export function withDefault<T extends z.ZodType>(schema: T, value: z.input<T>, info: KeyInfo): z.ZodPrefault<T> {
  return schema.prefault(value as never).meta(metaOf(info));
}

function metaOf({ description, example, defaultInWords, otherNames }: KeyInfo): z.core.GlobalMeta {
  return {
    description,
    ...(example !== undefined && { examples: [example] }),
    ...(defaultInWords !== undefined && { defaultInWords }),
    ...(otherNames !== undefined && { otherNames }),
  };
}
