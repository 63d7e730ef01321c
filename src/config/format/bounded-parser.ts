// The YAML parser with an end to its work: time and memory grow with the pieces of a text and with how deep they are
// nested, and a file of the largest size can hold far more of both than any configuration.
import { Composer, type Document, type LineCounter, Parser, YAMLParseError } from "yaml";

export interface ParserLimits {
  /** A piece is what YAML reads at once: a value, a colon, an indentation, the end of a line. */
  readonly pieces: number;
  /** Each level of a file takes one or two. What is not much too deep is refused later, with a better place. */
  readonly levels: number;
}

/** A file of 10,000 endpoints with ten keys each has a million pieces. */
export const usualLimits: ParserLimits = { pieces: 2_000_000, levels: 2_000 };

export interface BoundedParse {
  /** `undefined` when a limit was passed. */
  readonly document: Document.Parsed | undefined;
  readonly passed: keyof ParserLimits | undefined;
  /** How many pieces were looked at. */
  readonly pieces: number;
}

/** Reads the first document of a text. Another one after it is an error of the first. */
export function parseBounded(text: string, lines: LineCounter, limits = usualLimits): BoundedParse {
  const parser = new BoundedParser(lines, limits);
  try {
    return { document: composed(parser.parse(text), text.length), passed: undefined, pieces: parser.pieces };
  } catch (error) {
    if (error instanceof LimitPassed) return { document: undefined, passed: error.limit, pieces: parser.pieces };
    throw error;
  }
}

/** As `parseDocument` of the library does it, which takes no parser. */
function composed(tokens: Iterable<Parameters<Composer["next"]>[0]>, length: number): Document.Parsed {
  const composer = new Composer({
    prettyErrors: false,
    logLevel: "error",
    schema: "core",
    merge: false,
    resolveKnownTags: false,
    // Keys given twice are looked for elsewhere: the library compares every key with every other.
    uniqueKeys: false,
  });
  let first: Document.Parsed | undefined;
  for (const document of composer.compose(tokens, true, length)) {
    if (first !== undefined) {
      const [start, end] = document.range;
      first.errors.push(new YAMLParseError([start, end], "MULTIPLE_DOCS", "more than one document"));
      break;
    }
    first = document;
  }
  if (first === undefined) throw new Error("a text without a YAML document");
  return first;
}

class BoundedParser extends Parser {
  pieces = 0;
  readonly #limits: ParserLimits;

  constructor(lines: LineCounter, limits: ParserLimits) {
    super(lines.addNewLine);
    this.#limits = limits;
  }

  override *next(source: string): ReturnType<Parser["next"]> {
    this.pieces++;
    if (this.pieces > this.#limits.pieces) throw new LimitPassed("pieces");
    if (this.stack.length > this.#limits.levels) throw new LimitPassed("levels");
    yield* super.next(source);
  }
}

class LimitPassed extends Error {
  override readonly name = "LimitPassed";
  readonly limit: keyof ParserLimits;

  constructor(limit: keyof ParserLimits) {
    super(limit);
    this.limit = limit;
  }
}
