// Mistakes in the syntax of YAML, in plain words and at the place where people look for them.
import { isCollection, isNode, isPair, isScalar, type Document, type ErrorCode, type YAMLError } from "yaml";
import { problemAt, type Place, type Problem } from "./problem.ts";

/** By the parser's code. None repeats what the parser says word for word, since that may quote a secret. */
const wordsByCode: Partial<Record<ErrorCode, string>> = {
  BAD_DIRECTIVE: "expected a key, got a directive: remove this line",
  BAD_DQ_ESCAPE: 'expected \\\\, \\" or another escape that YAML knows: use single quotes to take \\ as it is',
  BAD_INDENT: "expected the indentation of the lines above, got another one",
  BAD_SCALAR_START: "expected a value, got a character that YAML reserves: put the value in quotes",
  BLOCK_AS_IMPLICIT_KEY:
    "expected one value, got keys inside it: indent the keys of one section alike, and put a value with ': ' in quotes",
  MISSING_CHAR: "expected a key and a value here: check the characters at the beginning of this line",
  MULTILINE_IMPLICIT_KEY: "expected a key on one line, got more lines: check quotes, brackets and the indentation",
  MULTIPLE_DOCS: "expected the end of the file, got a second document: remove this --- and what follows",
  RESOURCE_EXHAUSTION: "expected the keys of the configuration, got lists or sections nested too deeply",
  TAB_AS_INDENT: "expected spaces at the beginning of the line, got a tab, which YAML does not allow there",
  TAG_RESOLVE_FAILED: "expected a plain value, got a tag: remove it; a value that starts with ! must be in quotes",
};

/** Where one code stands for several mistakes, by the beginning of what the parser says. */
const wordsByBeginning: readonly (readonly [beginning: string, words: string])[] = [
  ["Missing closing", "expected a closing quote for the text that starts here"],
  ["Missing ,", "expected a comma before this"],
  ["Missing space", "expected a space after the colon"],
  ["Implicit map keys", "expected a colon and a value after this key"],
  ["Sequence item", "expected a dash and a space before this entry, or as many spaces as before the keys above it"],
  ["A block sequence", "expected a key like those above, got an entry of a list: check the indentation"],
  ["Comments must", "expected a space before the #"],
];

const unexpected = "expected the value to end here, got more of it: check quotes, commas, brackets and the indentation";

/** The first mistake, since it usually drags others along, and besides it the tabs and tags, which do not. */
export function syntaxProblems(
  file: string,
  text: string,
  document: Document.Parsed,
  placeOf: (offset: number) => Place,
): readonly Problem[] {
  const refused = document.warnings.filter(({ code }) => code === "TAG_RESOLVE_FAILED" || code === "BAD_DIRECTIVE");
  const errors = [...document.errors, ...refused].toSorted((a, b) => a.pos[0] - b.pos[0]);
  const told = errors.filter(
    ({ code }, index) => index === 0 || code === "TAB_AS_INDENT" || code === "TAG_RESOLVE_FAILED",
  );
  const lines = new Set<number>();
  return told.flatMap((error) => {
    const { offset, message } = inWords(error, document, text);
    const place = placeOf(offset);
    if (lines.has(place.line)) return [];
    lines.add(place.line);
    return [problemAt(file, place, "", message)];
  });
}

interface Words {
  readonly offset: number;
  readonly message: string;
}

function inWords(
  { code, message: said, pos: [offset] }: YAMLError,
  { contents }: Document.Parsed,
  text: string,
): Words {
  if (/^(Flow (map|sequence)|Expected flow)/.test(said)) {
    const message = "expected a closing bracket for the { or [ here, and all lines until then indented further";
    return { offset: startOf(contents, offset, (node) => isCollection(node) && node.flow === true) ?? offset, message };
  }
  const message =
    wordsByBeginning.find(([beginning]) => said.startsWith(beginning))?.[1] ?? wordsByCode[code] ?? unexpected;
  if (said.startsWith("Missing closing")) return { offset: startOf(contents, offset, isQuoted) ?? offset, message };
  // How far the parser gets depends on the stack that is left, so its position says nothing.
  if (code === "RESOURCE_EXHAUSTION") return { offset: 0, message };
  // Noticed at the beginning of the line; people look for its first word.
  const indentation = code === "BAD_INDENT" ? (/^ */.exec(text.slice(offset))?.[0].length ?? 0) : 0;
  return { offset: offset + indentation, message };
}

function isQuoted(node: unknown): boolean {
  return isScalar(node) && (node.type === "QUOTE_SINGLE" || node.type === "QUOTE_DOUBLE");
}

/**
 * Where the outermost node of a kind begins that reaches up to `end`. What is never closed is noticed where the file
 * ends or the next key stands; where it opens is what people need to know.
 */
function startOf(root: unknown, end: number, isOfKind: (node: unknown) => boolean): number | undefined {
  let start: number | undefined;
  const visit = (node: unknown): void => {
    if (start !== undefined) return;
    if (isPair(node)) {
      visit(node.key);
      visit(node.value);
    } else if (isNode(node)) {
      const [from, to] = node.range ?? [0, 0];
      if (from < end && to >= end && isOfKind(node)) start = from;
      else if (isCollection(node)) node.items.forEach(visit);
    }
  };
  visit(root);
  return start;
}
