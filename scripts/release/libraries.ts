// Which packages a bundle contains, by what the bundler read; and their licences.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const root = join(dirname(import.meta.dirname), "..");

export interface Library {
  readonly name: string;
  readonly version: string;
  /** As its package.json says it: an SPDX identifier or expression. */
  readonly licence: string;
  /** Where it is in the lock file, such as node_modules/yaml. */
  readonly lockPath: string;
  readonly folder: string;
}

/** The packages that these sources are of, each once, by path. */
export function librariesOf(moduleIds: readonly string[]): readonly Library[] {
  const folders = moduleIds.flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id) ?? []);
  return [...new Set(folders)].toSorted().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
      readonly name: string;
      readonly version: string;
      readonly license: string;
    };
    const lockPath = folder.slice(folder.indexOf("/node_modules/") + 1);
    return { name, version, licence: license, lockPath, folder };
  });
}

/** The licence texts of all packages that these sources are of, as most of them ask for. */
export function licencesOf(moduleIds: readonly string[]): string {
  const texts = librariesOf(moduleIds).map(({ name, version, licence, folder }) => {
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file === undefined ? `Licence: ${licence}\n` : readFileSync(join(folder, file), "utf8");
    return `${name} ${version}\n\n${text.trim()}\n`;
  });
  return `The program and the dashboard contain these libraries.\n\n${texts.join(`\n${"-".repeat(80)}\n\n`)}`;
}

/** The licence of the Node in a single executable, and those in dist/LICENSES.txt, which has to be there. */
export function licencesWithNode(): string {
  const libraries = readFileSync(join(root, "dist/LICENSES.txt"), "utf8");
  const rule = "-".repeat(80);
  return `The executable ccs is Node.js, with this licence:\n\n${licenceOfNode().trim()}\n\n${rule}\n\n${libraries}`;
}

/** One text for all architectures. */
function licenceOfNode(): string {
  const folder = readdirSync(join(root, "node_modules")).find((name) => name.startsWith("node-linux-"));
  if (folder === undefined) throw new Error("no Node is installed here: run npm ci");
  return readFileSync(join(root, "node_modules", folder, "LICENSE"), "utf8");
}
