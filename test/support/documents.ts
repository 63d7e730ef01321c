// The documentation, as tests look at it: README and the pages of docs/, with their blocks of code.
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

export interface Page {
  /** Relative to the repository, such as `docs/start.md`. */
  readonly name: string;
  readonly text: string;
}

export interface Block {
  /** `docs/start.md:12`, the line of its fence. */
  readonly at: string;
  readonly language: string;
  readonly code: string;
}

/** README, CONTRIBUTING and their like, and every page of the site. */
export function readPages(): readonly Page[] {
  return globSync(["*.md", "docs/*.md", ".github/**/*.md"], { cwd: root })
    .filter((name) => name !== "CHANGELOG.md")
    .toSorted()
    .map((name) => ({ name, text: readFileSync(join(root, name), "utf8") }));
}

/** The fenced blocks of these pages; those within a list lose its indentation. */
export function blocksOf(pages: readonly Page[]): readonly Block[] {
  return pages.flatMap(({ name, text }) =>
    [...text.matchAll(/^( *)```(\S*)[^\n]*\n([\s\S]*?)^ *```$/gm)].map(
      ({ 1: indentation = "", 2: language = "", 3: code = "", index }) => ({
        at: `${name}:${text.slice(0, index).split("\n").length}`,
        language,
        code: code.replaceAll(new RegExp(`^${indentation}`, "gm"), ""),
      }),
    ),
  );
}

/** What stands between backticks outside of blocks, with its page. */
export function inlineCode(pages: readonly Page[]): readonly { readonly at: string; readonly code: string }[] {
  return pages.flatMap(({ name, text }) => {
    const prose = text.replaceAll(/^( *)```[\s\S]*?^ *```$/gm, "");
    return [...prose.matchAll(/(?<!`)`([^`\n]+)`(?!`)/g)].map(({ 1: code = "" }) => ({ at: name, code }));
  });
}

/**
 * The `ccs` command lines in a piece of shell, each as its arguments: after `npx`, `sudo`, `docker exec NAME` and
 * variables, in a pipe, and within `$(…)` and `<(…)`. Redirections and comments are left out.
 */
export function ccsCommands(shell: string): readonly (readonly string[])[] {
  const joined = shell.replaceAll("\\\n", " ");
  return joined.split("\n").flatMap((line) => commandsOfLine(line));
}

function commandsOfLine(line: string): readonly (readonly string[])[] {
  // In a container it is the same program.
  const here = line.replaceAll(/\b(?:docker|podman|kubectl)(?: compose)? exec(?: -+\S+)* \S+(?: --)? (?=ccs )/g, "");
  const words = here.replaceAll(/\bdocker compose run --rm ccs(?= )/g, "ccs").match(wordsOfShell) ?? [];
  const commands: string[][] = [];
  /** Of the command that is being read; missing before its name. */
  let args: string[] | undefined;
  for (const word of words) {
    if (word.startsWith("#")) break;
    if (/^(?:&&|\|\||[|;()]|[<>$]+)$/.test(word)) args = undefined;
    else if (/^\d?[<>]/.test(word)) continue;
    else if (args !== undefined) args.push(word.replaceAll(/^["']|["']$/g, ""));
    else if (!/^(?:\w+=.*|npx|sudo|exec|-+\S+)$/.test(word)) {
      args = [];
      if (word === "ccs") commands.push(args);
    }
  }
  return commands;
}

const wordsOfShell =
  /"(?:[^"\\]|\\.)*"|'[^']*'|&&|\|\||[|;()]|#.*$|[<>$]+(?=\()|(?:\d?>{1,2}|<) *[^\s(]+|[^\s|;()"']+/g;
