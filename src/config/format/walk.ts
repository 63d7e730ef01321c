// Reads a YAML tree by a schema. Each mistake becomes a problem with its place and in plain words, and what is right
// comes out even where something else is wrong, so that all mistakes of a file can be told at once.
import { isAlias, isMap, isScalar, isSeq, type Scalar, type YAMLMap } from "yaml";
import { z } from "zod";
import type { Address, Target } from "../../core/model.ts";
import type { Secret } from "../../lib/secret.ts";
import { describe, isNothing, kindOf } from "./describe.ts";
import { keyText, type YamlDocument } from "./document.ts";
import { choice as choiceOf, guessedChoice } from "./fields.ts";
import type { ListenAddress } from "./names.ts";
import { joinPath, problemAt, type Place, type Problem } from "./problem.ts";
import { adviceOnType, expectation, kindsOf, typed, unwrap } from "./schemas.ts";
import { standIns } from "./secrets.ts";
import { substitute, unmask } from "./substitute.ts";
import type { Environment } from "./variables.ts";
import { adviceOnKey } from "./unknown-key.ts";

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
  /** Where the value of a key stands, or its next parent that is there. Paths are those of problems. */
  placeOf(path: string): Place;
}

/** Reads the document, a mapping, by the schema of a mapping. */
export function readBySchema<T extends z.ZodType>(
  schema: T,
  document: YamlDocument,
  options: ReadOptions,
): Reading<z.output<T>> {
  const walker = new Walker(document, options);
  const value = walker.read(schema, document.root, "") as Partially<z.output<T>>;
  const { problems, warnings } = walker;
  const has = (path: string): boolean => walker.has(path);
  const textOf = (path: string): string | undefined => walker.textOf(path);
  return { value, problems, warnings, has, textOf, placeOf: (path) => walker.placeOf(path) };
}

/** The value without holes; `undefined` when something was wrong. */
export function whole<T>(reading: Reading<T>): T | undefined {
  // Only a problem leaves a hole.
  return reading.problems.length === 0 ? (reading.value as T) : undefined;
}

class Walker {
  readonly problems: Problem[] = [];
  readonly warnings: Problem[] = [];
  readonly #places = new Map<string, Place>();
  readonly #texts = new Map<string, string>();
  /** Values that may be in a file of their own instead, and the keys that name it. */
  readonly #fileKeys = new Map<string, string>();
  readonly #document: YamlDocument;
  readonly #options: ReadOptions;

  constructor(document: YamlDocument, options: ReadOptions) {
    this.#document = document;
    this.#options = options;
    this.problems.push(...document.problems);
  }

  has(path: string): boolean {
    return this.#places.has(path);
  }

  textOf(path: string): string | undefined {
    return this.#texts.get(path);
  }

  placeOf(path: string): Place {
    for (let known = path; ; known = known.slice(0, Math.max(0, known.search(/(\.[^.[]*|\[\d+\])$/)))) {
      const place = this.#places.get(known);
      if (place !== undefined) return place;
      if (known === "") return { line: 1, column: 1 };
    }
  }

  /** The value of a node by its schema; `undefined` when it is missing or wrong. */
  read(wrapped: z.ZodType, node: unknown, path: string): unknown {
    const schema = unwrap(wrapped).inner;
    // The alias was reported when the file was parsed.
    if (isAlias(node)) return undefined;
    if (!this.#places.has(path)) this.#places.set(path, this.#placeOfNode(node));
    if (schema instanceof z.ZodObject) return this.#readMapping(schema, node, path);
    if (schema instanceof z.ZodRecord) return this.#readRecord(schema, node, path);
    if (schema instanceof z.ZodArray) return this.#readList(schema, node, path);
    if (schema instanceof z.ZodDiscriminatedUnion) return this.#readKind(schema, node, path);
    if (schema instanceof z.ZodUnion) {
      const option = (schema.options as readonly z.ZodType[]).find((each) =>
        isSeq(node)
          ? each instanceof z.ZodArray
          : isMap(node) === each instanceof z.ZodObject && !(each instanceof z.ZodArray),
      );
      return option === undefined ? this.#refuse(schema, node, path) : this.read(option, node, path);
    }
    return isScalar(node) && node.value !== null
      ? this.#readScalar(schema, node, path)
      : this.#refuse(schema, node, path);
  }

  /** `kinds`: what else it could be. */
  #readMapping(schema: z.ZodObject, node: unknown, path: string, kinds: readonly z.ZodObject[] = []): unknown {
    if (!isMap(node)) {
      return this.#refuse(schema, node, path, isSeq(node) ? "it takes one value, not a list" : undefined);
    }
    const { values, present } = this.#readKeys(schema, node, path, kinds);
    for (const [key, wrapped] of Object.entries(schema.shape) as [string, z.ZodType][]) {
      if (present.has(key)) continue;
      const { inner, isOptional, hasDefault } = unwrap(wrapped);
      if (hasDefault) values[key] = wrapped.parse(undefined);
      else if (!isOptional)
        this.#report(this.placeOf(path), joinPath(path, key), `missing, expected ${expectation(inner)}`);
    }
    return values;
  }

  /** A mapping with keys of the reader's own, each of one kind. */
  #readRecord(schema: z.ZodRecord, node: unknown, path: string): unknown {
    if (!isMap(node)) return this.#refuse(schema, node, path);
    const kind = schema.keyType as z.ZodType;
    const values: [string, unknown][] = [];
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? keyText(key) : "";
      const result = kind.safeParse(name);
      if (result.success) {
        values.push([name, this.read(schema.valueType as z.ZodType, value, joinPath(path, name))]);
        continue;
      }
      const [issue] = result.error.issues;
      const reason = issue?.code === "custom" ? String(issue.params?.["reason"]) : "";
      const message = `expected ${expectation(kind)}, got a key (not shown)${reason === "" ? "" : `: ${reason}`}`;
      this.#report(this.#placeOfNode(key), path, message);
    }
    return Object.fromEntries(values);
  }

  /** A mapping of which one key says what the others are. Where it may be missing, that kind is meant. */
  #readKind(schema: z.ZodDiscriminatedUnion, node: unknown, path: string): unknown {
    const { discriminator, options, names, usual } = kindsOf(schema);
    if (!isMap(node)) return usual === undefined ? this.#refuse(schema, node, path) : this.read(usual, node, path);
    const pair = node.items.find(({ key }) => isScalar(key) && keyText(key) === discriminator);
    const at = joinPath(path, discriminator);
    // Where a kind is usual, any other one is by its name alone, and a mistake in it or without it is likely.
    const choice = usual === undefined ? choiceOf(names) : guessedChoice(names);
    const others = usual === undefined ? [] : options;
    if (pair === undefined && usual !== undefined) return this.#readMapping(usual, node, path, others);
    if (pair === undefined) {
      this.#report(this.placeOf(path), at, `missing, expected ${expectation(choice)}`);
      return undefined;
    }
    const written = this.read(choice, pair.value, at);
    const option = options[names.indexOf(String(written))];
    return written === undefined || option === undefined ? undefined : this.#readMapping(option, node, path, others);
  }

  #readKeys(schema: z.ZodObject, node: YAMLMap, path: string, kinds: readonly z.ZodObject[]) {
    const values: Record<string, unknown> = {};
    const present = new Set<string>();
    const misspelt = new Map<string, Place>();
    for (const pair of node.items) {
      const place = this.#placeOfNode(pair.key);
      if (!isScalar(pair.key)) {
        if (!isAlias(pair.key)) this.#report(place, path, "expected a plain key, got a list or a section instead");
        continue;
      }
      const key = keyText(pair.key);
      const wrapped = Object.hasOwn(schema.shape, key) ? (schema.shape[key] as z.ZodType) : undefined;
      if (wrapped === undefined) {
        const { name, message, meant } = adviceOnKey(key, schema, { kinds, isWordAlone: pair.value === null });
        const at = name === undefined ? path : joinPath(path, name);
        const problem = problemAt(this.#document.file, place, at, message);
        (this.#options.isLenient ? this.warnings : this.problems).push(problem);
        if (meant !== undefined) misspelt.set(meant, place);
        continue;
      }
      if (Object.hasOwn(values, key)) continue;
      const hasNothing = isNothing(pair.value);
      if (hasNothing && this.#options.isLenient) continue;
      present.add(key);
      const at = joinPath(path, key);
      if (Object.hasOwn(schema.shape, `${key}_file`)) this.#fileKeys.set(at, `${key}_file`);
      // Nothing has no place of its own.
      if (hasNothing) this.#places.set(at, place);
      values[key] = this.read(wrapped, pair.value, at);
    }
    // One mistake, one message: a key that is there in other letters is not missing as well.
    for (const [key, place] of this.#options.isLenient ? [] : misspelt) {
      if (present.has(key)) continue;
      present.add(key);
      this.#places.set(joinPath(path, key), place);
    }
    return { values, present };
  }

  #readList(schema: z.ZodArray, node: unknown, path: string): unknown {
    if (!isSeq(node)) {
      const element = unwrap(schema.element as z.ZodType).inner;
      const advice =
        isMap(node) || element instanceof z.ZodObject ? "start each entry with a dash" : "write it as a list, [ … ]";
      return this.#refuse(schema, node, path, isNothing(node) ? undefined : advice);
    }
    if (node.items.length === 0 && !schema.safeParse([]).success) return this.#refuse(schema, node, path);
    return node.items.map((item, index) => this.read(schema.element as z.ZodType, item, `${path}[${index}]`));
  }

  #readScalar(schema: z.ZodType, node: Scalar, path: string): unknown {
    const isText = typeof node.value === "string";
    this.#texts.set(path, isText ? unmask(String(node.value)) : (node.source ?? String(node.value)));
    const written = this.#valuesOf(schema, node, path);
    if (written === undefined) return undefined;
    let reason = "";
    for (const value of written.values) {
      const result = schema.safeParse(value);
      if (result.success) return this.#isToStay(value, result.data) ? value : result.data;
      const issue = result.error.issues[0];
      if (issue?.code === "custom") reason = String(issue.params?.["reason"]);
    }
    if (this.#options.env === "as-written" && written.values.some((value) => String(value).includes("${"))) {
      return this.#say(schema, path, "a variable", "its value is needed here: write it out");
    }
    if (written.names.length === 0) {
      const got = describe(node, schema.meta()?.isHushed === true);
      return this.#say(schema, path, got, reason === "" ? adviceOnType(schema, node) : reason);
    }
    const variables = `\${${written.names.join("}${")}}`;
    if (written.values[0] === "") return this.#say(schema, path, "nothing", `${variables} is empty`);
    return this.#say(schema, path, `the value of ${variables} (not shown)`, reason);
  }

  /** A variable stays as it is written: a URL, for one, would make another name of it. */
  #isToStay(value: unknown, understood: unknown): boolean {
    return this.#options.env === "as-written" && typeof understood === "string" && String(value).includes("${");
  }

  /** What a scalar may mean, best first; `undefined` when that was reported as a problem. */
  #valuesOf(
    schema: z.ZodType,
    node: Scalar,
    path: string,
  ): { values: readonly unknown[]; names: readonly string[] } | undefined {
    const { env, isLenient } = this.#options;
    if (typeof node.value !== "string") {
      const text = node.source ?? String(node.value);
      return { values: isLenient ? [node.value, text] : [node.value], names: [] };
    }
    const text = unmask(node.value);
    if (env === "as-written") return { values: [text], names: [] };
    const substituted = substitute(text, env, this.#fileKeys.get(path));
    if (substituted.kind === "unset" && this.#options.mayLackSecrets === true && schema.meta()?.isHushed === true) {
      return { values: standIns, names: [] };
    }
    if (substituted.kind !== "text") {
      this.#report(this.placeOf(path), path, substituted.message);
      return undefined;
    }
    const { names } = substituted;
    // In the environment everything is text, so what looks like a number there may be one.
    return { values: names.length === 0 ? [substituted.text] : [substituted.text, typed(substituted.text)], names };
  }

  #refuse(schema: z.ZodType, node: unknown, path: string, advice = ""): undefined {
    const got = isScalar(node) && !isNothing(node) ? kindOf(node) : describe(node, false);
    return this.#say(schema, path, got, isNothing(node) ? "give it a value or remove it" : advice);
  }

  #say(schema: z.ZodType, path: string, got: string, advice: string): undefined {
    this.#report(
      this.placeOf(path),
      path,
      `expected ${expectation(schema)}, got ${got}${advice === "" ? "" : `: ${advice}`}`,
    );
    return undefined;
  }

  #report(place: Place, path: string, message: string): void {
    this.problems.push(problemAt(this.#document.file, place, path, message));
  }

  #placeOfNode(node: unknown): Place {
    const range = isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range : undefined;
    return this.#document.placeOf(range?.[0] ?? 0);
  }
}
