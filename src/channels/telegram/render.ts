// A message as Telegram shows it: in its HTML, or in plain text where that is refused.
import type { Message, Span } from "../../core/message.ts";
import { plainText, renderWith } from "../rendering.ts";

type Markup = "html" | "plain";

/** Telegram takes 4,096 characters and does not say how it counts those beyond the BMP: stay well below. */
export const messageLimit = 3_500;

/** The whole text of a message. At most `limit` characters (800 at least), markup included. */
export function render(message: Message, markup: Markup, limit = messageLimit): string {
  return markup === "plain" ? plainText(message, limit) : renderWith(htmlSpan, message, limit);
}

function htmlSpan(span: Span): string {
  if (typeof span === "string") return escapeHtml(span);
  if ("foreign" in span) return foreignInHtml(span.foreign);
  const [tag, content] = "strong" in span ? ["b", span.strong] : ["code", span.code];
  // An empty entity is an error to Telegram.
  return content === "" ? content : `<${tag}>${escapeHtml(content)}</${tag}>`;
}

/**
 * What messengers make links of by themselves: pages, people, tags, commands, telephone and card numbers
 * (https://core.telegram.org/bots/api#messageentity).
 */
const linked = /\p{L}\.\p{L}|:\/\/|[@#$][\p{L}\p{N}_]|(?<!\w)\/\p{L}|\+\d|\d{4}[ -]?\d{4}/u;

/** The words of another machine must not become a link that people tap on: verbatim text never does. */
function foreignInHtml(foreign: string): string {
  return linked.test(foreign) ? `<code>${escapeHtml(foreign)}</code>` : escapeHtml(foreign);
}

function escapeHtml(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
