// Text → YAML tree with positions, or the mistakes in its syntax in plain words. What YAML allows and a configuration
// here does not (anchors, aliases, tags, a second document, a key given twice) is refused here.
import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  type ParsedNode,
  type Scalar,
  type YAMLMap,
} from "yaml";
import { parseBounded, type ParserLimits } from "./bounded-parser.ts";
import { isShowable, joinPath, problemAt, type Place, type Problem } from "./problem.ts";
import { mask, unmask } from "./substitute.ts";
import { syntaxProblems } from "./syntax.ts";

/** A readable file: the tree of a mapping, which may hold refused aliases, each reported already. */
export interface YamlDocument {
  readonly file: string;
  readonly root: ParsedNode;
  /** Mistakes that leave the tree readable. */
  readonly problems: readonly Problem[];
  /** How much it is, in characters and in pieces of YAML. */
  readonly length: number;
  readonly pieces: number;
  /** Where an offset of the text is. */
  placeOf(offset: number): Place;
}

export type ParsedDocument =
  | { readonly kind: "tree"; readonly document: YamlDocument }
  | { readonly kind: "unreadable"; readonly problems: readonly Problem[] };

/** Deeper than any configuration goes; keeps everything that walks the tree well within the stack. */
const deepest = 40;

const tooDeep = "expected the keys of the configuration, got lists or sections nested too deeply";
const tooMuch = "expected a configuration, got far more values than any has: is it the right file?";

export interface DocumentOptions {
  /** The top-level keys that it cannot do without. */
  readonly needed: readonly [string, ...string[]];
  readonly limits?: ParserLimits;
}

/** Reads `text`; `file` is the name that problems carry. */
export function readDocument(file: string, text: string, { needed, limits }: DocumentOptions): ParsedDocument {
  const lines = new LineCounter();
  const masked = mask(text);
  const placeOf = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    // An empty file has no lines yet.
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const unreadable = (place: Place | undefined, message: string): ParsedDocument => ({
    kind: "unreadable",
    problems: [problemAt(file, place, "", message)],
  });

  // eslint-disable-next-line no-control-regex -- YAML 1.2, section 5.1: these are not allowed in a file.
  const control = /[\u0000-\u0008\u000B\u000C\u000E-\u001F]/.exec(text);
  if (control !== null) {
    const code = control[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
    const place = placeInText(text, control.index);
    return unreadable(place, `expected text, got the control character U+${code}: is this a text file?`);
  }

  const { document, passed, pieces } = parseBounded(masked, lines, limits);
  if (document === undefined) return unreadable({ line: 1, column: 1 }, passed === "levels" ? tooDeep : tooMuch);
  const syntax = syntaxProblems(file, text, document, placeOf);
  if (syntax.length > 0) return { kind: "unreadable", problems: syntax };
  const root = document.contents;
  if (root === null || (isScalar(root) && root.value === null && root.source === "")) {
    return unreadable(undefined, `the file is empty: it needs at least ${needed.join(" and ")}`);
  }
  if (isAlias(root) || !isMap(root)) {
    return unreadable(placeOf(root.range[0]), `expected keys and values, such as "${needed[0]}:", got ${nameOf(root)}`);
  }
  const inspector = new Inspector(file, masked, placeOf);
  inspector.inspect(root, "", 0);
  if (inspector.isTooDeep) return { kind: "unreadable", problems: inspector.problems };
  const { problems } = inspector;
  return { kind: "tree", document: { file, root, problems, length: text.length, pieces, placeOf } };
}

function nameOf(node: ParsedNode): string {
  if (isAlias(node)) return "an alias";
  return isScalar(node) ? "a single value" : "a list";
}

/** Finds what is well-formed YAML and refused all the same. */
class Inspector {
  readonly problems: Problem[] = [];
  isTooDeep = false;
  readonly #file: string;
  readonly #text: string;
  readonly #placeOf: (offset: number) => Place;

  constructor(file: string, text: string, placeOf: (offset: number) => Place) {
    this.#file = file;
    this.#text = text;
    this.#placeOf = placeOf;
  }

  inspect(node: unknown, path: string, depth: number): void {
    if (this.isTooDeep || !isNode(node)) return;
    const start = node.range?.[0] ?? 0;
    if (depth > deepest) {
      this.isTooDeep = true;
      this.#report(start, "", tooDeep);
      return;
    }
    if (isAlias(node)) {
      const advice = "write the value out; a value that starts with * must be in quotes";
      this.#report(start, path, `expected a value, got an alias, and aliases are not supported: ${advice}`);
      return;
    }
    if (node.anchor !== undefined) {
      const at = this.#text.lastIndexOf(`&${node.anchor}`, start);
      const advice = "remove it; a value that starts with & must be in quotes";
      this.#report(
        at < 0 ? start : at,
        path,
        `expected a value, got a YAML anchor, and anchors are not supported: ${advice}`,
      );
    }
    if (isMap(node)) this.#inspectKeys(node, path, depth);
    else if (isSeq(node)) node.items.forEach((item, index) => this.inspect(item, `${path}[${index}]`, depth + 1));
  }

  #inspectKeys(node: YAMLMap, path: string, depth: number): void {
    const firstByKey = new Map<string, number>();
    for (const { key, value } of node.items) {
      const text = isScalar(key) ? keyText(key) : "";
      const at = isShowable(text) ? joinPath(path, text) : path;
      this.inspect(key, at, depth + 1);
      this.inspect(value, at, depth + 1);
      if (!isScalar(key)) continue;
      const first = firstByKey.get(text);
      const offset = key.range?.[0] ?? 0;
      if (first === undefined) firstByKey.set(text, offset);
      else
        this.#report(
          offset,
          at,
          `expected each key once, got one that is already on line ${this.#placeOf(first).line}`,
        );
    }
  }

  #report(offset: number, path: string, message: string): void {
    this.problems.push(problemAt(this.#file, this.#placeOf(offset), path, message));
  }
}

/** A key as it is written in the file: `8080` and `true` are keys like any other. */
export function keyText(key: Scalar): string {
  return unmask(key.source ?? String(key.value));
}

/** The pair of a top-level key. */
export function topLevelPair({ root }: YamlDocument, name: string): Pair | undefined {
  return isMap(root) ? root.items.find(({ key }) => isScalar(key) && keyText(key) === name) : undefined;
}

function placeInText(text: string, offset: number): Place {
  const before = text.slice(0, offset);
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}
