// The files of a configuration as one: the ingresses of all, and where each of them is.
import type { YamlDocument } from "./format/document.ts";
import { problemAt, type Place, type Problem, type Report } from "./format/problem.ts";
import type { Partially, Reading } from "./format/reading.ts";
import type { IngressInFile } from "./schema.ts";

interface ConfigPartInFile {
  readonly ingresses?: IngressInFile[] | undefined;
}

interface ConfigPart {
  readonly document: YamlDocument;
  readonly reading: Reading<ConfigPartInFile>;
  /** How many ingresses are in the files before. */
  readonly first: number;
}

/** Paths name ingresses by their number in all files. Problems name them by their number in their own. */
export class ConfigParts {
  readonly ingresses: (Partially<IngressInFile> | undefined)[] = [];
  readonly #parts: ConfigPart[] = [];
  /** That of each ingress. */
  readonly #partOf: ConfigPart[] = [];

  /** The file that includes the others comes first. */
  add(document: YamlDocument, reading: Reading<ConfigPartInFile>): void {
    const part = { document, reading, first: this.ingresses.length };
    this.#parts.push(part);
    for (const ingress of reading.value.ingresses ?? []) {
      this.ingresses.push(ingress);
      this.#partOf.push(part);
    }
  }

  textOf(path: string): string | undefined {
    const { part, path: own } = this.#locate(path);
    return part.reading.textOf(own);
  }

  /** How an ingress is called in a problem of another one: with its place, if that is in another file. */
  readonly nameOf = (index: number, readBy: number): string => {
    const { part, path } = this.#locate(`ingresses[${index}]`);
    if (part === this.#partOf[readBy]) return path;
    return `${path} in ${placed(part.document.file, part.reading.placeOf(path))}`;
  };

  /** Adds problems to a list, each at the place of its key. What was taken over is told once, where it comes from. */
  reporterTo(problems: Problem[]): Report {
    const told = new Set<string>();
    return (path, message) => {
      const { part, path: own } = this.#locate(path);
      const from = part.reading.inheritedFrom(own);
      const main = this.#main();
      if (from === undefined) {
        problems.push(problemAt(part.document.file, part.reading.placeOf(own), own, message));
        return;
      }
      if (told.has(from)) return;
      told.add(from);
      const place = part === main ? own : `${own} in ${placed(part.document.file, part.reading.placeOf(own))}`;
      problems.push(problemAt(main.document.file, main.reading.placeOf(from), from, `${message}, for ${place}`));
    };
  }

  #locate(path: string): { readonly part: ConfigPart; readonly path: string } {
    const [prefix = "", digits] = /^ingresses\[(\d+)\]/.exec(path) ?? [];
    const part = this.#partOf[Number(digits)] ?? this.#main();
    if (part.first === 0) return { part, path };
    return { part, path: `ingresses[${Number(digits) - part.first}]${path.slice(prefix.length)}` };
  }

  #main(): ConfigPart {
    const [main] = this.#parts;
    if (main === undefined) throw new Error("a configuration without a file");
    return main;
  }
}

function placed(file: string, { line, column }: Place): string {
  return `${file}:${line}:${column}`;
}
