// The text of a message: its headline, its details and a last line with time and id, within a limit. How a span is
// written is up to the channel; here it is plain text.
import type { Message, Span } from "../core/message.ts";
import { plain } from "../lib/text.ts";
import { formatTime } from "./times.ts";

/**
 * The whole text of a message, each span as `write` writes it. At most `limit` characters (800 at least), markup
 * included; details that do not fit are left out line by line, and the text says so.
 */
export function renderWith(write: (span: Span) => string, message: Message, limit: number): string {
  const last = `${formatTime(message.atWallMs, message)} · ${message.id}`;
  const room = limit - last.length - longestCutNote.length - 2;
  let rendered = headlineWithin(write, message.headline, room);
  for (const [index, detail] of message.details.entries()) {
    const next = detail.map(write).join("");
    if (rendered.length + 1 + next.length > room) {
      rendered += `\n${cutNote(message.details.length - index)}`;
      break;
    }
    rendered += `\n${next}`;
  }
  return `${rendered}\n${last}`;
}

/** The text of a message without markup. Nothing in the words of another machine becomes a link where it is shown. */
export function plainText(message: Message, limit: number): string {
  return renderWith(plainSpan, message, limit);
}

function plainSpan(span: Span): string {
  if (typeof span === "string") return span;
  if ("strong" in span) return span.strong;
  return "code" in span ? span.code : span.foreign.replaceAll("://", "[:]//").replaceAll(/[@#](?=\S)/g, "$& ");
}

const longestCutNote = cutNote(99_999);

function cutNote(lines: number): string {
  return `… (${lines} more ${lines === 1 ? "line" : "lines"})`;
}

/** The headline never crowds out everything else, however much longer escaping makes it. */
function headlineWithin(write: (span: Span) => string, headline: string, room: number): string {
  for (let length = 300; ; length = Math.floor(length / 2)) {
    const rendered = write({ strong: plain(headline, length) });
    if (rendered.length <= room) return rendered;
  }
}
