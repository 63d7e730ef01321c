// Text as YAML writes it, for files that we print for people.
import { parse } from "yaml";

/**
 * Text as a YAML scalar: bare where YAML reads it back unchanged, in double quotes otherwise. Variables stay variables.
 */
export function scalar(text: string): string {
  if (/^[\w./:-]+$/.test(text) && parse(text, { logLevel: "silent" }) === text) return text;
  // JSON's escapes are YAML's too.
  return JSON.stringify(text);
}

/** The same for text that means itself, whatever is in it: a `${` in it is no variable. */
export function literal(text: string): string {
  // As a function: in a replacement text the dollar signs would have a meaning of their own.
  return scalar(text.replaceAll("${", () => "$${"));
}
