// Text for a terminal of a given width: styled pieces are measured, cut and wrapped first, and painted last.
import type { styleText } from "node:util";

export type Style = Parameters<typeof styleText>[0];

/** Puts a style around text; where colours are not wanted, returns the text as it is. */
export type Paint = (style: Style, text: string) => string;

export type ScreenSpan = string | { readonly style: Style; readonly text: string };
export type ScreenLine = readonly ScreenSpan[];

/** Characters that take two columns in terminals, as far as names and messages may hold them. */
const wide =
  /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}\uFF01-\uFF60]/u;
const invisible = /[\p{M}\p{Cf}\p{Cc}]/u;

/** How many columns the line takes. */
export function widthOf(line: ScreenLine): number {
  return line.reduce((sum, span) => sum + columnsOf(textOf(span)), 0);
}

/** The line cut to `width` columns, with `…` in the place of what is lost. */
export function cut(line: ScreenLine, width: number): ScreenLine {
  if (widthOf(line) <= width) return line;
  const kept: ScreenSpan[] = [];
  let room = width - 1;
  for (const span of line) {
    const text = startOf(textOf(span), room);
    room -= columnsOf(text);
    kept.push(withText(span, text));
    if (text !== textOf(span)) break;
  }
  return width < 1 ? [] : [...kept, "…"];
}

/** The line cut or filled up to exactly `width` columns. */
export function fitted(line: ScreenLine, width: number): ScreenLine {
  const short = cut(line, width);
  return [...short, " ".repeat(Math.max(0, width - widthOf(short)))];
}

/** A number and its unit stay together. */
const betweenWords = /(?<!\d) | (?!(?:ms|s|min|h|d|%)(?!\w))/;

/** The words in lines of `width` columns; a longer word is left to be cut. At most `mostLines`, the last one cut. */
export function wrap(text: string, width: number, mostLines = Infinity): string[] {
  const lines: string[] = [];
  for (const word of text.split(betweenWords)) {
    const last = lines.at(-1);
    const isFull = last === undefined || columnsOf(last) + 1 + columnsOf(word) > width;
    if (isFull && lines.length < mostLines) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/** With empty lines below, up to `rows` in all. */
export function filledUp(lines: readonly ScreenLine[], rows: number): ScreenLine[] {
  return [...lines, ...Array.from({ length: Math.max(0, rows - lines.length) }, (): ScreenLine => [])];
}

export function painted(line: ScreenLine, paint: Paint): string {
  return line.map((span) => (typeof span === "string" ? span : paint(span.style, span.text))).join("");
}

function textOf(span: ScreenSpan): string {
  return typeof span === "string" ? span : span.text;
}

function withText(span: ScreenSpan, text: string): ScreenSpan {
  return typeof span === "string" ? text : { ...span, text };
}

function columnsOf(text: string): number {
  return Array.from(text).reduce((sum, character) => sum + columnsOfCharacter(character), 0);
}

function columnsOfCharacter(character: string): number {
  if (invisible.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}

/** As much of the beginning as fits into `room` columns. */
function startOf(text: string, room: number): string {
  let left = room;
  let start = "";
  for (const character of text) {
    left -= columnsOfCharacter(character);
    if (left < 0) break;
    start += character;
  }
  return start;
}
