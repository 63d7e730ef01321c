// The files that `include` names, in their order: folders as in the habit of conf.d, single files, names with a star.
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { reasonOf, codeOf, type ListFolder } from "./format/files.ts";
import type { Report } from "./format/problem.ts";

export interface IncludedFile {
  /** Absolute. */
  readonly path: string;
  /** As problems call it: it begins as the path of the file that includes it does. */
  readonly name: string;
  /** The key that named it. */
  readonly from: string;
}

export interface IncludeRequest {
  readonly include: string | readonly (string | undefined)[] | undefined;
  /** The file that includes, as the person named it. */
  readonly path: string;
  readonly listFolder: ListFolder;
  readonly report: Report;
}

/** More than this is no folder of configurations. */
const mostFiles = 10_000;

/** Each file once. What is wrong is reported, and what is right comes out all the same. */
export function includedFiles({ include, path, listFolder, report }: IncludeRequest): readonly IncludedFile[] {
  const found = new Map<string, IncludedFile>();
  const own = resolve(path);
  for (const { entry, from } of entriesOf(include)) {
    const refuse = (message: string): void => report(from, `expected the path of a folder or a file, ${message}`);
    const files = filesOf(entry, { path, listFolder });
    if (typeof files === "string") {
      const where = isAbsolute(entry) ? "" : `; relative paths begin at ${dirname(own)}`;
      refuse(`but ${files}${where}`);
      continue;
    }
    if (found.size + files.length > mostFiles) {
      refuse(`got more than ${mostFiles} files`);
      continue;
    }
    for (const name of files) {
      const absolute = resolve(name);
      // A folder may hold the file that includes it.
      if (absolute === own && files.length > 1) continue;
      if (absolute === own) refuse("got the file itself");
      else if (found.has(absolute)) refuse(`got ${name} a second time: name each file once`);
      else found.set(absolute, { path: absolute, name, from });
    }
  }
  return [...found.values()];
}

function entriesOf(include: IncludeRequest["include"]): readonly { readonly entry: string; readonly from: string }[] {
  if (include === undefined) return [];
  if (typeof include === "string") return [{ entry: include, from: "include" }];
  return include.flatMap((entry, index) => (entry === undefined ? [] : [{ entry, from: `include[${index}]` }]));
}

/** The names of the files that an entry stands for, or why there are none. */
function filesOf(entry: string, { path, listFolder }: Pick<IncludeRequest, "path" | "listFolder">) {
  const name = isAbsolute(entry) ? entry : join(dirname(path), entry);
  const pattern = basename(name);
  const isWild = pattern.includes("*");
  const folder = isWild ? dirname(name) : name;
  try {
    const names = listFolder(resolve(folder)).filter(
      (each) => isConfiguration(each) && (!isWild || fits(each, pattern)),
    );
    return names.toSorted().map((each) => join(folder, each));
  } catch (error) {
    if (!isWild && codeOf(error) === "ENOTDIR") return [name];
    return codeOf(error) === "ENOENT" ? "there is no such folder or file" : reasonOf(error);
  }
}

/** Whether a file in a folder is one of a configuration: no hidden one, and none that an editor keeps. */
export function isConfiguration(name: string): boolean {
  return /^[^.].*\.ya?ml$/.test(name);
}

/** Whether a name fits a pattern, in which a star stands for any characters. */
function fits(name: string, pattern: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop() ?? "";
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0 || found + part.length > name.length - last.length) return false;
    at = found + part.length;
  }
  return true;
}
