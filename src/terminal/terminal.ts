// What commands print: tables, colours and a spinner for people, JSON for programs.
import { stripVTControlCharacters, styleText } from "node:util";
import yoctoSpinner from "yocto-spinner";

type Style = Parameters<typeof styleText>[0];

/** `text` in a style where standard output is a terminal that wants colour (NO_COLOR and FORCE_COLOR are honoured). */
export function styled(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

export function printLine(text = ""): void {
  process.stdout.write(`${text}\n`);
}

export function printError(text: string): void {
  process.stderr.write(`${text}\n`);
}

export function printJson(value: unknown): void {
  printLine(JSON.stringify(value, null, 2));
}

/** Rows under a heading, columns aligned, two spaces between them. */
export function printTable(heading: readonly string[], rows: readonly (readonly string[])[]): void {
  const all = [heading.map((title) => styled("bold", title)), ...rows];
  const widths = heading.map((_, column) => Math.max(...all.map((row) => widthOf(row[column] ?? ""))));
  for (const row of all) {
    const cells = row.map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - widthOf(cell)));
    printLine(cells.join("  ").trimEnd());
  }
}

/** Runs `work` under a spinner where a person watches. `report` changes its text. */
export async function withSpinner<T>(text: string, work: (report: (text: string) => void) => Promise<T>): Promise<T> {
  if (!process.stderr.isTTY) return work(() => {});
  const spinner = yoctoSpinner({ text, stream: process.stderr }).start();
  try {
    return await work((next) => {
      spinner.text = next;
    });
  } finally {
    spinner.stop();
  }
}

function widthOf(cell: string): number {
  return stripVTControlCharacters(cell).length;
}

/** The width to write for: the terminal's, within what reads well, and 80 columns where there is none. */
export function lineWidth(): number {
  // Node's types do not know that there are no columns where there is no terminal.
  const columns: number | undefined = process.stdout.columns;
  return Math.min(100, Math.max(40, columns ?? 80));
}

/**
 * `text` broken at spaces into lines of at most `width`; later lines begin with `indent` spaces, which count. A no-break
 * space becomes an ordinary one, unbroken.
 */
export function wrapped(text: string, width: number, indent = 0): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const next = line === "" ? word : `${line} ${word}`;
    if (widthOf(next) <= width || line.trim() === "") {
      line = next;
      continue;
    }
    lines.push(line);
    line = `${" ".repeat(indent)}${word}`;
  }
  return [...lines, line].join("\n").replaceAll("\u00A0", " ");
}
