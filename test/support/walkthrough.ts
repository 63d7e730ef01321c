// A page of the documentation as a person follows it: its commands and files, by the headings that they are under.
import { readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

export interface Example {
  /** The heading that it is under. */
  readonly heading: string;
  /** What the fence says: `sh`, `yaml`. */
  readonly language: string;
  readonly text: string;
}

/** The fenced blocks of a page, which is named from the root of the repository. */
export function examplesIn(name: string): readonly Example[] {
  const examples: Example[] = [];
  let heading = "";
  const text = readFileSync(join(root, name), "utf8");
  for (const match of text.matchAll(/^#+ (?<heading>.*)$|^```(?<language>\w*)\n(?<body>[^]*?)^```$/gm)) {
    const { language, body = "" } = match.groups ?? {};
    if (language === undefined) heading = match.groups?.["heading"] ?? "";
    else examples.push({ heading, language, text: body });
  }
  return examples;
}

/** The commands of a block of shell, each with its further lines. */
export function commandsIn({ text }: Example): readonly string[] {
  return text
    .replaceAll("\\\n", "")
    .split("\n")
    .map((line) => line.replaceAll(/ {2,}(?!#)/g, " ").trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}
