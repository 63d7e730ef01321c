// Reads the files that a configuration includes: each by itself, together no larger than one file may be.
import { usualLimits } from "./format/bounded-parser.ts";
import { readDocument, type YamlDocument } from "./format/document.ts";
import { largestConfigBytes, readText, type ReadFile } from "./format/files.ts";
import { problemAt, type Problem } from "./format/problem.ts";
import type { ReadOptions } from "./format/reading.ts";
import { readBySchema } from "./format/walk.ts";
import type { IncludedFile } from "./include.ts";
import type { ConfigParts } from "./parts.ts";
import { configSchema, includedSchema } from "./schema.ts";

interface IncludedContext {
  /** The file that includes them. */
  readonly document: YamlDocument;
  readonly readFile: ReadFile;
  /** Grows as mistakes are found. */
  readonly problems: Problem[];
  readonly options: ReadOptions;
}

/** Adds each of them to the parts, also where another one is wrong. */
export function addIncluded(files: readonly IncludedFile[], parts: ConfigParts, context: IncludedContext): void {
  const { document, readFile, problems } = context;
  const options = { ...context.options, elsewhere: elsewhere(document.file) };
  let { length, pieces } = document;
  for (const { path, name } of files) {
    const content = readText(path, readFile, largestConfigBytes);
    if (content.kind === "unreadable") {
      problems.push(problemAt(name, content.place, "", `the file cannot be read: ${content.reason}`));
      continue;
    }
    length += content.text.length;
    if (length > largestConfigBytes) {
      problems.push(problemAt(name, undefined, "", "the files of a configuration have at most 8 MB together"));
      return;
    }
    const limits = { ...usualLimits, pieces: usualLimits.pieces - pieces };
    const parsed = readDocument(name, content.text, { needed: ["ingresses"], limits });
    if (parsed.kind === "unreadable") {
      problems.push(...parsed.problems);
      continue;
    }
    pieces += parsed.document.pieces;
    const reading = readBySchema(includedSchema, parsed.document, options);
    problems.push(...reading.problems);
    parts.add(parsed.document, reading);
  }
}

/** What only the file that includes others may have. */
function elsewhere(file: string): NonNullable<ReadOptions["elsewhere"]> {
  const keys = Object.keys(configSchema.shape).filter((key) => !Object.hasOwn(includedSchema.shape, key));
  return { keys, file: `${file}, which includes this file` };
}
