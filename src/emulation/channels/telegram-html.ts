// Telegram's HTML as its servers read it: a handful of tags, balanced, and four named entities.

/** What a text with `parse_mode: HTML` means, or why it is refused. */
export type ReadHtml =
  | { readonly kind: "parsed"; readonly text: string }
  | { readonly kind: "broken"; readonly reason: string; readonly text?: undefined };

const tags = new Set("b strong i em u ins s strike del a code pre blockquote tg-spoiler tg-emoji span".split(" "));
const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"' };

/** Reads a text. Tags must be known and closed in order; unknown named entities stay as they are. */
export function readHtml(html: string): ReadHtml {
  const open: string[] = [];
  let text = "";
  for (let at = 0; at < html.length;) {
    if (html[at] === "<") {
      const tag =
        /^<(\/?)([a-zA-Z][a-zA-Z0-9-]*)((?:\s+[a-zA-Z-]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>"']+))?)*)\s*>/.exec(
          html.slice(at),
        );
      const offset = Buffer.byteLength(html.slice(0, at));
      if (tag === null) return broken(`Unclosed or malformed start tag at byte offset ${offset}`);
      const [whole, slash, rawName = ""] = tag;
      const name = rawName.toLowerCase();
      if (slash === "/") {
        const expected = open.pop();
        if (expected === undefined) return broken(`Unexpected end tag at byte offset ${offset}`);
        if (expected !== name) {
          return broken(`Unmatched end tag at byte offset ${offset}, expected "</${expected}>", found "</${name}>"`);
        }
      } else if (tags.has(name)) open.push(name);
      else return broken(`Unsupported start tag "${name}" at byte offset ${offset}`);
      at += whole.length;
    } else {
      const entity = /^&(?:(lt|gt|amp|quot)|#(\d{1,7})|#x([0-9a-fA-F]{1,6}));/.exec(html.slice(at, at + 12));
      text += entity === null ? html[at] : decodeEntity(entity);
      at += entity === null ? 1 : entity[0].length;
    }
  }
  const unclosed = open.pop();
  if (unclosed !== undefined) return broken(`Can't find end tag corresponding to start tag "${unclosed}"`);
  return { kind: "parsed", text };
}

function decodeEntity([whole, name, decimal, hex]: RegExpExecArray): string {
  if (name !== undefined) return entities[name] ?? whole;
  const code = decimal === undefined ? Number.parseInt(hex ?? "", 16) : Number(decimal);
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
}

function broken(reason: string): ReadHtml {
  return { kind: "broken", reason };
}
