// What commands print: tables, colours and a spinner for people, JSON for programs.
import { stripVTControlCharacters, styleText } from "node:util";
import type { Style } from "./screen-text.ts";
import yoctoSpinner from "yocto-spinner";

/** Narrower terminals get lines of this width. */
const narrowest = 40;

/** `text` in a style where standard output is a terminal that wants colour (NO_COLOR and FORCE_COLOR are honoured). */
export function styled(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

/** Prints lines for people: what is wider than the terminal is broken at spaces. */
export function printLine(text = ""): void {
  printRaw(fitted(text, columnsOf(process.stdout)));
}

/** Prints lines for programs and files, as they are. */
export function printRaw(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function printError(text: string): void {
  process.stderr.write(`${fitted(text, columnsOf(process.stderr))}\n`);
}

export function printJson(value: unknown): void {
  printRaw(JSON.stringify(value, null, 2));
}

/**
 * The columns of a terminal, or what COLUMNS says where the stream is none; `undefined` where nothing says so: what
 * goes into a pipe or a file is broken by its reader.
 */
function columnsOf(stream: NodeJS.WriteStream): number | undefined {
  // Node's types do not know that there are no columns where there is no terminal.
  const columns: number | undefined = stream.columns;
  const told = Number(process.env["COLUMNS"]);
  return columns ?? (Number.isInteger(told) && told >= narrowest ? told : undefined);
}

/** The columns that there are for standard output; `undefined` where nothing says how many. */
export function outputColumns(): number | undefined {
  return columnsOf(process.stdout);
}

/** `text` with each line that is wider than `width` broken at spaces. */
export function fitted(text: string, width: number | undefined): string {
  if (width === undefined) return text;
  const lines = text.split("\n").map((line) => {
    if (widthOf(line) <= width) return line;
    const indent = /^ */.exec(line)?.[0].length ?? 0;
    // What is in columns continues in its column, other lines a little further in.
    const head = /^ *(?:\S+(?: \S+)* {2,})*/.exec(stripVTControlCharacters(line))?.[0].length ?? 0;
    const hanging = head > indent && head <= width / 2 ? head : indent + 2;
    const [first = "", ...more] = wrapped(line.slice(indent), width - indent, hanging - indent).split("\n");
    return [first, ...more].map((each) => " ".repeat(indent) + each).join("\n");
  });
  return lines.join("\n");
}

/** Rows under a heading, columns aligned, two spaces between them. */
export function printTable(heading: readonly string[], rows: readonly (readonly string[])[]): void {
  const all = [heading.map((title) => styled("bold", title)), ...rows];
  const widths = heading.map((_, column) => Math.max(...all.map((row) => widthOf(row[column] ?? ""))));
  for (const row of all) {
    const cells = row.map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - widthOf(cell)));
    printCells(cells, widths);
  }
}

/** One row. A last cell that does not fit continues below itself. */
function printCells(cells: readonly string[], widths: readonly number[]): void {
  const head = cells.slice(0, -1).map((cell) => `${cell}  `);
  const indent = widths.slice(0, -1).reduce((sum, width) => sum + width + 2, 0);
  const room = (columnsOf(process.stdout) ?? Infinity) - indent;
  const last = cells.at(-1)?.trimEnd() ?? "";
  if (room < leastRoom) return printLine(cells.join("  ").trimEnd());
  const [first = "", ...more] = wrapped(last, room).split("\n");
  printLine(`${head.join("")}${first}`.trimEnd());
  for (const line of more) printLine(" ".repeat(indent) + line);
}

/** A last column that is narrower is not wrapped within itself. */
const leastRoom = 16;

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
  return Math.min(100, Math.max(narrowest, columnsOf(process.stdout) ?? 80));
}

/** A number and its unit stay together: `10 min`. */
function withUnits(text: string): string {
  return text.replaceAll(/(?<=\d) (?=(?:ms|s|min|h|d|%)(?!\w))/g, "\u00A0");
}

/**
 * `text` broken at spaces into lines of at most `width`; later lines begin with `indent` spaces, which count. A
 * no-break space becomes an ordinary one, unbroken.
 */
export function wrapped(text: string, width: number, indent = 0): string {
  const lines: string[] = [];
  let line = "";
  for (const word of withUnits(text).split(" ")) {
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
