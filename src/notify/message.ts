// How a message to people is written. Foreign text is made harmless here.
import type { Line, Span } from "../core/message.ts";
import { plain } from "../lib/text.ts";

/**
 * A line of a message, as a template: every string put in is foreign until proven otherwise, so it loses its control
 * and direction characters and is shortened. A line put in is spread as it is.
 */
export function line(words: TemplateStringsArray, ...values: readonly (Span | number | Line)[]): Line {
  const merged: Span[] = [];
  for (const span of words.flatMap((word, index) => [word, ...spansOf(values[index] ?? "")])) {
    const last = merged.at(-1);
    if (typeof span === "string" && typeof last === "string") merged[merged.length - 1] = last + span;
    else if (span !== "") merged.push(span);
  }
  return merged;
}

/** Clean text from a template, under the same rules as `line`: for headlines. */
export function text(words: TemplateStringsArray, ...values: readonly (string | number)[]): string {
  return words.map((word, index) => word + plain(String(values[index] ?? ""))).join("");
}

function spansOf(value: Span | number | Line): readonly Span[] {
  if (typeof value === "number") return [String(value)];
  if (typeof value === "string") return [plain(value)];
  if (isLine(value)) return value;
  if ("strong" in value) return [{ strong: plain(value.strong) }];
  return ["code" in value ? { code: plain(value.code, 300) } : { foreign: plain(value.foreign) }];
}

function isLine(value: Span | Line): value is Line {
  return Array.isArray(value);
}
