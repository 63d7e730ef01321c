// `${NAME}` and `${NAME:-default}` in values. They are filled in after the YAML was read, value by value, so that
// nothing in the environment can change the shape of the file.
import { valueOf, type Environment } from "./variables.ts";

export type Substituted =
  /** `names`: the variables that the text came from; empty when it is written in the file as it is. */
  { readonly kind: "text"; readonly text: string; readonly names: readonly string[] } | SubstitutionProblem;

interface SubstitutionProblem {
  /** `unset`: a variable that has no value, and the text no default. */
  readonly kind: "problem" | "unset";
  readonly message: string;
}

/**
 * Fills the variables into one value of the file. `$${` stands for the characters `${`. `otherKey`: one that takes the
 * path of a file with the value.
 */
export function substitute(text: string, env: Environment, otherKey?: string): Substituted {
  const names: string[] = [];
  const unset: string[] = [];
  let isMalformed = false;
  const filled = piecesOf(text, { ends: ["}"], hasEscapes: true }).map((piece) => {
    if (piece.kind === "text") return piece.text;
    if (piece.kind === "escape") return "${";
    if (piece.kind === "malformed") {
      isMalformed = true;
      return "";
    }
    const { name, fallback } = piece;
    names.push(name);
    const value = valueOf(env, name);
    if (fallback !== undefined) return value === undefined || value === "" ? fallback : value;
    if (value === undefined) unset.push(name);
    return value ?? "";
  });
  if (isMalformed) {
    const message =
      "expected ${NAME} or ${NAME:-default}, got ${ without a variable's name and }: write $${ for a literal ${";
    return { kind: "problem", message };
  }
  if (unset.some(isLikeToken)) {
    const message =
      "the environment variable in it is not set, and what should be its name looks like a secret: write a secret " +
      "without ${ and }";
    return { kind: "unset", message };
  }
  if (unset.length > 0) {
    const list = unset.join(", ");
    const subject =
      unset.length === 1 ? `the environment variable ${list} is` : `the environment variables ${list} are`;
    const fallback = `write \${${unset[0]}:-default}`;
    const advice =
      otherKey === undefined ? `or ${fallback}` : `${fallback}, or name a file with the value: ${otherKey}`;
    return { kind: "unset", message: `${subject} not set: set it (export ${unset[0]}=…), ${advice}` };
  }
  return { kind: "text", text: filled.join(""), names };
}

/** Somebody may have put a token itself between the braces, which no message may repeat. */
function isLikeToken(name: string): boolean {
  return name.split("_").some((part) => part.length >= 16 && /[A-Z]/i.test(part) && /[0-9]|[a-z][A-Z]/.test(part));
}

type Piece =
  | { readonly kind: "text"; readonly text: string }
  /** `$${` */
  | { readonly kind: "escape" }
  /** `${` with no name or no end. */
  | { readonly kind: "malformed" }
  | { readonly kind: "variable"; readonly text: string; readonly name: string; readonly fallback?: string };

const namePattern = /[A-Za-z_][A-Za-z0-9_]*/y;

/**
 * The text in pieces, of which all but plain text begin with a dollar sign. A default ends before any of `ends`.
 * Written by hand, as the time of a pattern would grow with the square of a text that begins many variables and ends
 * none.
 */
function piecesOf(
  text: string,
  { ends, hasEscapes }: { readonly ends: readonly string[]; readonly hasEscapes: boolean },
): readonly Piece[] {
  const pieces: Piece[] = [];
  const endings = ends.map((sign) => new NextPlace(text, sign));
  let at = 0;
  for (let begin = text.indexOf("${"); begin !== -1; begin = text.indexOf("${", at)) {
    if (hasEscapes && begin > at && text[begin - 1] === "$") {
      pieces.push({ kind: "text", text: text.slice(at, begin - 1) }, { kind: "escape" });
      at = begin + 2;
      continue;
    }
    pieces.push({ kind: "text", text: text.slice(at, begin) });
    namePattern.lastIndex = begin + 2;
    const name = namePattern.exec(text)?.[0] ?? "";
    const afterName = begin + 2 + name.length;
    const hasFallback = text.startsWith(":-", afterName);
    const end = hasFallback ? Math.min(...endings.map((sign) => sign.from(afterName + 2))) : afterName;
    const isWhole = name !== "" && text[end] === "}";
    at = isWhole ? end + 1 : begin + 2;
    if (!isWhole) pieces.push({ kind: "malformed" });
    else {
      const fallback = hasFallback ? { fallback: text.slice(afterName + 2, end) } : {};
      pieces.push({ kind: "variable", text: text.slice(begin, at), name, ...fallback });
    }
  }
  return [...pieces, { kind: "text", text: text.slice(at) }];
}

/** Where a sign comes next, asked for places that only grow: each part of the text is looked at once. */
class NextPlace {
  readonly #text: string;
  readonly #sign: string;
  #found = -1;

  constructor(text: string, sign: string) {
    this.#text = text;
    this.#sign = sign;
  }

  /** The length of the text when it comes no more. */
  from(place: number): number {
    if (this.#found < place) {
      const found = this.#text.indexOf(this.#sign, place);
      this.#found = found === -1 ? this.#text.length : found;
    }
    return this.#found;
  }
}

const privateUse = 0xe000;

/**
 * Hides the braces, brackets and commas of `${…}` from the YAML parser, to which they would end a value between
 * braces: `{ token: ${TOKEN}, chat_id: 1 }`. Keeps the length, so that positions stay true. `unmask` is the way back.
 */
export function mask(text: string): string {
  return piecesOf(text, { ends: ["}", "\n"], hasEscapes: false })
    .map((piece) => {
      if (piece.kind === "variable") {
        return piece.text.replaceAll(/[{}[\],]/g, (sign) => String.fromCharCode(privateUse + sign.charCodeAt(0)));
      }
      return piece.kind === "text" ? piece.text : "${";
    })
    .join("");
}

export function unmask(text: string): string {
  const ends = new NextPlace(text, "\uE07D");
  let unmasked = "";
  let at = 0;
  for (let begin = text.indexOf("$\uE07B"); begin !== -1; begin = text.indexOf("$\uE07B", at)) {
    const end = ends.from(begin) + 1;
    if (end > text.length) break;
    unmasked += text.slice(at, begin) + text.slice(begin, end).replaceAll(/[\uE02C\uE05B\uE05D\uE07B\uE07D]/g, shown);
    at = end;
  }
  return unmasked + text.slice(at);
}

function shown(sign: string): string {
  return String.fromCharCode(sign.charCodeAt(0) - privateUse);
}
