// Which format a file is in: the current one, that of the original program, or its even older one.
import { isMap, isScalar } from "yaml";
import { keyText, type YamlDocument } from "../format/document.ts";
import { problemAt, type Problem } from "../format/problem.ts";

export type Format = "current" | "original" | "ancient";

/** Which format a file has: the original's has a `record` at the top level, the one before it three sections. */
export function formatOf({ root }: YamlDocument): Format {
  if (!isMap(root)) return "current";
  const keys = new Set(root.items.flatMap(({ key }) => (isScalar(key) ? [keyText(key)] : [])));
  if (keys.has("ingresses")) return "current";
  if (keys.has("record")) return "original";
  return ["general", "primary", "secondary"].some((key) => keys.has(key)) ? "ancient" : "current";
}

/** What to say to a file in the oldest form. */
export function ancientProblem({ file }: YamlDocument): Problem {
  const message =
    "this is the oldest format of the file (general, primary, secondary), which is no longer supported: write the name of " +
    "general as ingresses[0].record, and primary and secondary as its endpoints; examples/config.yml shows how";
  return problemAt(file, { line: 1, column: 1 }, "", message);
}
