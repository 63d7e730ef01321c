// What was found, in words, for a message: never anything that may be a secret.
import { isMap, isScalar, isSeq, type Scalar } from "yaml";
import { plain } from "../../lib/text.ts";
import { unmask } from "./substitute.ts";

/** What a node holds: `"text"`, `the number 5`, `a list`. A hushed one may be secret and is only named by its kind. */
export function describe(node: unknown, isHushed: boolean): string {
  if (isNothing(node)) return "nothing";
  if (isMap(node)) return "a section";
  if (isSeq(node)) return node.items.length === 0 ? "an empty list" : "a list";
  if (!isScalar(node)) return "something else";
  const { value } = node;
  if (typeof value === "string") {
    if (value === "") return "empty text";
    return isHushed ? "text (not shown)" : shown(unmask(value));
  }
  if (isHushed) return kindOf(node);
  const written = plain(node.source ?? String(value), 40);
  return typeof value === "boolean" ? written : `the number ${written}`;
}

/** Whether a node is null, or not there at all. */
export function isNothing(node: unknown): boolean {
  return node === null || (isScalar(node) && node.value === null);
}

/** The kind of a scalar alone. */
export function kindOf({ value }: Scalar): string {
  if (typeof value === "boolean") return "true or false";
  return typeof value === "string" ? "text" : "a number";
}

/** Text in quotes, unless it may hold a secret. */
export function shown(text: string): string {
  return mayBeSecret(text) ? "text (not shown)" : `"${plain(text, 60)}"`;
}

/** A secret may be in a wrong key: long unbroken words with digits in them, and URLs with a user or a query. */
function mayBeSecret(text: string): boolean {
  const hasToken = (text.match(/[\w-]{20,}/g) ?? []).some((word) => /\d/.test(word));
  return hasToken || (text.includes("://") && /[@?]/.test(text)) || text.length > 300;
}
