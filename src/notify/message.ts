// How a message to people is written, and how it becomes HTML or plain text. Foreign text is made harmless here.
import type { Line, Message, Span } from "../core/message.ts";
import { plain } from "../lib/text.ts";

export type Markup = "html" | "plain";

/** Telegram takes 4,096 characters and does not say how it counts those beyond the BMP: stay well below. */
export const messageLimit = 3_500;

/**
 * The whole text of a message: headline, details, and a last line with time and id. At most `limit` characters (800 at
 * least), markup included; details that do not fit are left out line by line, and the text says so.
 */
export function render(message: Message, markup: Markup, limit = messageLimit): string {
  const last = `${formatTime(message.atWallMs, message)} · ${message.id}`;
  const room = limit - last.length - longestCutNote.length - 2;
  let rendered = headlineWithin(message.headline, markup, room);
  for (const [index, detail] of message.details.entries()) {
    const next = detail.map((span) => renderSpan(span, markup)).join("");
    if (rendered.length + 1 + next.length > room) {
      rendered += `\n${cutNote(message.details.length - index)}`;
      break;
    }
    rendered += `\n${next}`;
  }
  return `${rendered}\n${last}`;
}

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

/** `12:34:05 UTC`, in the zone that is named (IANA; UTC unless it is), with the date in front unless that is today's. */
export function formatTime(
  wallMs: number,
  { timeZone = "UTC", todayWallMs }: { readonly timeZone?: string; readonly todayWallMs?: number } = {},
): string {
  const { date, time, zone } = partsOf(wallMs, timeZone);
  const isToday = todayWallMs !== undefined && partsOf(todayWallMs, timeZone).date === date;
  return `${isToday ? "" : `${date} `}${time} ${zone}`;
}

/** A moment in the words of a zone: `2025-11-22`, `13:34:05`, `CET`. */
function partsOf(
  wallMs: number,
  timeZone: string,
): { readonly date: string; readonly time: string; readonly zone: string } {
  // Short names are known by language: British English knows Europe's, American English those of North America.
  const shortNames = ["en-GB", "en-US"].map((language) => zoneName(wallMs, timeZone, language));
  const zone = shortNames.find((name) => !name.startsWith("GMT")) ?? shortNames[0] ?? timeZone;
  // Swedish dates are those of ISO 8601.
  const format = formatOf("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" });
  const [date = "", time = ""] = format.format(wallMs).split(" ");
  return { date, time, zone };
}

/** Formats take far longer to make than to use, and there are few of them. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(language: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = JSON.stringify([language, options]);
  const format = formats.get(key) ?? new Intl.DateTimeFormat(language, options);
  formats.set(key, format);
  return format;
}

function zoneName(wallMs: number, timeZone: string, language: string): string {
  const parts = formatOf(language, { timeZone, timeZoneName: "short" }).formatToParts(wallMs);
  return parts.find(({ type }) => type === "timeZoneName")?.value ?? timeZone;
}

const longestCutNote = cutNote(99_999);

function cutNote(lines: number): string {
  return `… (${lines} more ${lines === 1 ? "line" : "lines"})`;
}

/** The headline never crowds out everything else, however much longer escaping makes it. */
function headlineWithin(headline: string, markup: Markup, room: number): string {
  for (let length = 300; ; length = Math.floor(length / 2)) {
    const rendered = renderSpan({ strong: plain(headline, length) }, markup);
    if (rendered.length <= room) return rendered;
  }
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

function renderSpan(span: Span, markup: Markup): string {
  if (typeof span === "string") return markup === "html" ? escapeHtml(span) : span;
  if ("foreign" in span) return renderForeign(span.foreign, markup);
  const [tag, content] = "strong" in span ? ["b", span.strong] : ["code", span.code];
  // An empty entity is an error to Telegram.
  if (markup === "plain" || content === "") return content;
  return `<${tag}>${escapeHtml(content)}</${tag}>`;
}

/**
 * What messengers make links of by themselves: pages, people, tags, commands, telephone and card numbers
 * (https://core.telegram.org/bots/api#messageentity).
 */
const linked = /\p{L}\.\p{L}|:\/\/|[@#$][\p{L}\p{N}_]|(?<!\w)\/\p{L}|\+\d|\d{4}[ -]?\d{4}/u;

/** The words of another machine must not become a link that people tap on: verbatim text never does. */
function renderForeign(foreign: string, markup: Markup): string {
  if (markup === "plain") return foreign.replaceAll("://", "[:]//").replaceAll(/[@#](?=\S)/g, "$& ");
  return linked.test(foreign) ? `<code>${escapeHtml(foreign)}</code>` : escapeHtml(foreign);
}

function escapeHtml(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
