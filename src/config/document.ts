// The YAML tree of a configuration file, in whichever format it is.
import { readDocument, type ParsedDocument } from "./format/document.ts";

/** Reads `text`; `file` is the name that problems carry. */
export function readConfigDocument(file: string, text: string): ParsedDocument {
  return readDocument(file, text, { needed: ["cloudflare", "ingresses"] });
}
