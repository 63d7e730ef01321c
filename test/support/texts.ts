// What people read, taken out of the sources: every text of more than one word, by the area that shows it.
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAst } from "rolldown/parseAst";

const root = join(import.meta.dirname, "../..");

export const areas = [
  "README and docs",
  "command line",
  "messages and log",
  "dashboard",
  "configuration errors",
  "API documents",
  "docstrings",
] as const;
export type Area = (typeof areas)[number];

export interface Text {
  /** `src/cli/run.ts:14`. */
  readonly place: string;
  readonly text: string;
}

/** All texts of an area; `folder` is that of the project. */
export function textsOf(area: Area, folder = root): readonly Text[] {
  if (area === "README and docs")
    return ["README.md", "SECURITY.md", ...globSync("docs/*.md", { cwd: folder })].flatMap((file) =>
      prose(folder, file),
    );
  const files = globSync("src/**/*.{ts,tsx}", { cwd: folder })
    .filter((file) => !file.includes(".test."))
    .toSorted();
  if (area === "docstrings") return files.flatMap((file) => docstrings(folder, file));
  return files.filter((file) => areaOf(file) === area).flatMap((file) => literals(folder, file));
}

/** Where the texts of a file are shown; `undefined` for the emulated world, which speaks as the real one does. */
function areaOf(file: string): Area | undefined {
  if (/^src\/(?:simulation|demo\/(?:cloudflare|telegram))/.test(file)) return undefined;
  if (file.startsWith("src/web/dashboard/")) return "dashboard";
  if (file.startsWith("src/web/")) return "API documents";
  if (file.startsWith("src/config/")) return "configuration errors";
  const isOfCommands =
    /^src\/(?:cli|terminal|demo|service|what-if)\/|^src\/(?:main|launcher)\.ts$|^src\/core\/(?:pitfalls|mix-outlook)\.ts$/;
  return isOfCommands.test(file) ? "command line" : "messages and log";
}

/** Paragraphs, headings, items and cells, without blocks of code. */
function prose(folder: string, file: string): readonly Text[] {
  const lines = readFileSync(join(folder, file), "utf8").replaceAll(/^```[^]*?^```/gm, (block) =>
    block.replaceAll(/[^\n]/g, ""),
  );
  return lines.split("\n").flatMap((text, index) => (isText(text) ? [{ place: `${file}:${index + 1}`, text }] : []));
}

function docstrings(folder: string, file: string): readonly Text[] {
  const source = readFileSync(join(folder, file), "utf8");
  return [...source.matchAll(/\/\*\*([^]*?)\*\//g)].map((match) => ({
    place: `${file}:${lineAt(source, match.index)}`,
    text: (match[1] ?? "").replaceAll(/\s*\n\s*\*?\s*/g, " ").trim(),
  }));
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly [key: string]: unknown;
}

/** String literals, templates and the text of JSX. Literals that are added up are one text; values in a template are left out. */
function literals(folder: string, file: string): readonly Text[] {
  const source = readFileSync(join(folder, file), "utf8");
  const found: Text[] = [];
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(visit);
    if (
      !isNode(node) ||
      (/^(?:Import|Export(?:All|Named))Declaration$/.test(node.type) && "source" in node && node["source"] !== null)
    )
      return;
    const text = textIn(node);
    if (text !== undefined && isText(text))
      found.push({ place: `${file}:${lineAt(source, node.start)}`, text: text.replaceAll(/\s+/g, " ").trim() });
    // What is added up has been taken as a whole; only the values between may hold further texts.
    for (const child of Object.values(node)) if (text === undefined || node.type === "TemplateLiteral") visit(child);
  };
  visit(parseAst(source, { lang: file.endsWith("x") ? "tsx" : "ts" }).body);
  return found;
}

function textIn(node: Node): string | undefined {
  if (node.type === "Literal" || node.type === "JSXText")
    return typeof node["value"] === "string" ? node["value"] : undefined;
  if (node.type === "TemplateLiteral") {
    const parts = node["quasis"] as readonly { readonly value: { readonly cooked: string } }[];
    return parts.map(({ value }) => value.cooked).join("{…}");
  }
  if (node.type !== "BinaryExpression" || node["operator"] !== "+") return undefined;
  const sides = [node["left"], node["right"]].map((side) => (isNode(side) ? textIn(side) : undefined));
  return sides.some((side) => side === undefined) ? undefined : sides.join("");
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

/** Two words at least, and no statement of SQL. */
function isText(text: string): boolean {
  return (
    /[a-z]{2,}[^a-z]* [^a-z]*[a-z]{2,}/i.test(text) &&
    !/^\s*(?:SELECT|INSERT|CREATE|PRAGMA|UPDATE|DELETE|ALTER|--)/.test(text)
  );
}

function lineAt(source: string, index: number): number {
  return source.slice(0, index).split("\n").length;
}
