// What comes out when a file is read by a schema, and what it depends on.
import type { z } from "zod";
import type { Address, Target } from "../../core/model.ts";
import type { Secret } from "../../lib/secret.ts";
import type { ListenAddress } from "./names.ts";
import type { Place, Problem } from "./problem.ts";
import type { Environment } from "./variables.ts";

/** The values that a scalar stands for; never partly right. */
type Whole = string | number | boolean | Secret | Target | Address | ListenAddress | readonly [number, number];

/** `T` with a hole wherever something was wrong. */
export type Partially<T> = T extends Whole | undefined
  ? T | undefined
  : T extends readonly (infer Item)[]
    ? readonly (Partially<Item> | undefined)[]
    : { readonly [Key in keyof T]: Partially<T[Key]> | undefined };

export interface ReadOptions {
  /** Where `${NAME}` comes from; `as-written` leaves it as it stands. */
  readonly env: Environment | "as-written";
  /**
   * Whether what is not shown, such as a token, may be a variable without a value: something that fits takes its place.
   */
  readonly mayLackSecrets?: boolean;
  /** The ways of the original's files: null is missing, unknown keys are warned of, any scalar may be text. */
  readonly isLenient: boolean;
  /** What sections take over for keys that they lack, by the schema of the section. */
  readonly inherited?: ReadonlyMap<z.ZodType, Inherited>;
  /** Top-level keys that belong in another file, and that file. */
  readonly elsewhere?: { readonly keys: readonly string[]; readonly file: string };
}

/** Values for keys that a section lacks. */
export interface Inherited {
  /** The path of the section that they come from. */
  readonly from: string;
  /** A key whose value was wrong has none. */
  readonly values: Readonly<Record<string, unknown>>;
}

export interface Reading<T> {
  /** Everything that was right; see `whole`. */
  readonly value: Partially<T>;
  /** Those of the document included. */
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  /** Whether the file has a key, right or wrong. */
  has(path: string): boolean;
  /**
   * A single value as it stands in the file, variables included; `undefined` for a key that is not there, or has parts.
   */
  textOf(path: string): string | undefined;
  /** The path that the value of a key was taken over from; `undefined` for all others. */
  inheritedFrom(path: string): string | undefined;
  /** Where the value of a key stands, or its next parent that is there. Paths are those of problems. */
  placeOf(path: string): Place;
}

/** The value without holes; `undefined` when something was wrong. */
export function whole<T>(reading: Reading<T>): T | undefined {
  // Only a problem leaves a hole.
  return reading.problems.length === 0 ? (reading.value as T) : undefined;
}
