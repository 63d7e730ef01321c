// Foreign text (errors, bodies, names from outside) made fit to be shown.

/** `text` without control and direction characters, on one line, at most `maxLength` characters long. */
export function plain(text: string, maxLength = 200): string {
  const line = text
    // Unicode's Cc, Cf, line and paragraph separators: terminal escapes, bidi overrides, zero-width marks.
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu, " ")
    .replaceAll(/ {2,}/g, " ")
    .trim();
  return line.length <= maxLength ? line : `${line.slice(0, maxLength - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

/** `text` with what steers a terminal replaced by spaces, and otherwise as it is. */
export function harmless(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, " ");
}

/** `text` as one word of a command for a shell, as people paste it: quoted where it has to be. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** The words of any thrown value, as plain text. */
export function messageOf(error: unknown): string {
  return plain(error instanceof Error ? error.message : String(error));
}
