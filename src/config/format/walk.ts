// Reads a YAML tree by a schema. Each mistake becomes a problem with its place and in plain words, and what is right
// comes out even where something else is wrong, so that all mistakes of a file can be told at once.
import { isAlias, isMap, isScalar, isSeq, type Scalar, type YAMLMap } from "yaml";
import { z } from "zod";
import { describe, isNothing, kindOf } from "./describe.ts";
import { keyText, type YamlDocument } from "./document.ts";
import { choice as choiceOf, guessedChoice } from "./fields.ts";
import { joinPath, problemAt, type Place, type Problem } from "./problem.ts";
import type { Inherited, Partially, ReadOptions, Reading } from "./reading.ts";
import { adviceOnType, expectation, kindsOf, typed, unwrap, type KindsInFile } from "./schemas.ts";
import { standIns } from "./secrets.ts";
import { substitute, unmask } from "./substitute.ts";
import { adviceOnKey } from "./unknown-key.ts";

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
  const inheritedFrom = (path: string): string | undefined => walker.inheritedFrom(path);
  return { value, problems, warnings, has, textOf, inheritedFrom, placeOf: (path) => walker.placeOf(path) };
}

interface MappingCircumstances {
  /** What else it could be. */
  readonly kinds?: readonly z.ZodObject[];
  readonly inherited?: Inherited | undefined;
}

class Walker {
  readonly problems: Problem[] = [];
  readonly warnings: Problem[] = [];
  readonly #places = new Map<string, Place>();
  readonly #texts = new Map<string, string>();
  /** Values that may be in a file of their own instead, and the keys that name it. */
  readonly #fileKeys = new Map<string, string>();
  readonly #defaults = new Map<z.ZodType, unknown>();
  /** Where keys were taken over from, by their paths. */
  readonly #origins = new Map<string, string>();
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

  inheritedFrom(path: string): string | undefined {
    return this.#origins.get(path);
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

  #readMapping(
    schema: z.ZodObject,
    node: unknown,
    path: string,
    { kinds = [], inherited = this.#options.inherited?.get(schema) }: MappingCircumstances = {},
  ): unknown {
    if (!isMap(node)) {
      return this.#refuse(schema, node, path, isSeq(node) ? "it takes one value, not a list" : undefined);
    }
    const { values, present } = this.#readKeys(schema, node, path, kinds);
    for (const [key, wrapped] of Object.entries(schema.shape) as [string, z.ZodType][]) {
      if (present.has(key)) continue;
      const { inner, isOptional, hasDefault } = unwrap(wrapped);
      if (inherited !== undefined && Object.hasOwn(inherited.values, key)) {
        values[key] = inherited.values[key];
        this.#origins.set(joinPath(path, key), joinPath(inherited.from, key));
      } else if (hasDefault) values[key] = this.#defaultOf(wrapped);
      else if (!isOptional)
        this.#report(this.placeOf(path), joinPath(path, key), `missing, expected ${expectation(inner)}`);
    }
    return values;
  }

  /** Read once: what has the default shares it. */
  #defaultOf(schema: z.ZodType): unknown {
    if (!this.#defaults.has(schema)) this.#defaults.set(schema, schema.parse(undefined));
    return this.#defaults.get(schema);
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
    const all = kindsOf(schema);
    const { discriminator, options, names, usual } = all;
    if (!isMap(node)) return usual === undefined ? this.#refuse(schema, node, path) : this.read(usual, node, path);
    const pair = node.items.find(({ key }) => isScalar(key) && keyText(key) === discriminator);
    const at = joinPath(path, discriminator);
    const inherited = this.#options.inherited?.get(schema);
    // Where a kind is usual, any other one is by its name alone, and a mistake in it or without it is likely.
    const choice = usual === undefined ? choiceOf(names) : guessedChoice(names);
    const kinds = usual === undefined ? [] : options;
    const unwritten = inherited?.values[discriminator] ?? (usual && names[options.indexOf(usual)]);
    if (pair === undefined && unwritten === undefined) {
      this.#report(this.placeOf(path), at, `missing, expected ${expectation(choice)}`);
      return undefined;
    }
    const written = pair === undefined ? unwritten : this.read(choice, pair.value, at);
    const option = options[names.indexOf(String(written))];
    if (written === undefined || option === undefined) return undefined;
    return this.#readMapping(option, node, path, { kinds, inherited: inherited && takenOver(inherited, all, option) });
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
        const { name, message, meant } = this.#isElsewhere(key, path)
          ? { name: key, message: `it belongs in ${this.#options.elsewhere?.file}`, meant: undefined }
          : adviceOnKey(key, schema, { kinds, isWordAlone: pair.value === null });
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

  #isElsewhere(key: string, path: string): boolean {
    return path === "" && this.#options.elsewhere?.keys.includes(key) === true;
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

/** What a mapping of one kind takes over: of the same kind everything, of another one the keys that all kinds have. */
function takenOver(inherited: Inherited, all: KindsInFile, option: z.ZodObject): Inherited {
  const { discriminator, options, names, usual } = all;
  const given = inherited.values[discriminator] ?? (usual && names[options.indexOf(usual)]);
  if (names[options.indexOf(option)] === given) return inherited;
  const shared = Object.entries(inherited.values).filter(
    ([key]) => key !== discriminator && options.every(({ shape }) => Object.hasOwn(shape, key)),
  );
  return { ...inherited, values: Object.fromEntries(shared) };
}
