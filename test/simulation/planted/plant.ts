// Plants a defect: loads the tree once more, with one place of one file changed as it is read. Nothing is copied, and the
// tree without the defect stays loaded beside it.
import { readFileSync } from "node:fs";
import { registerHooks, type LoadFnOutput } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** An exact change of the source. */
export interface Patch {
  /** From the root of the repository. */
  readonly file: string;
  /** Exactly one place in the file. How it is broken into lines, and how far they are indented, does not matter. */
  readonly from: string;
  readonly to: string;
}

const root = join(import.meta.dirname, "../../..");
const rootUrl = `${pathToFileURL(root).href}/`;
const mark = "planted";

const planted: { readonly patch: Patch; isRead: boolean }[] = [];

/** What the module at `path` exports when it, and whatever it imports of ours, is loaded with the patch. */
export async function importPlanted(patch: Patch, path: string): Promise<unknown> {
  if (planted.length === 0) watchImports();
  const entry = { patch, isRead: false };
  const number = planted.push(entry) - 1;
  const module: unknown = await import(`${pathToFileURL(join(root, path)).href}?${mark}=${number}`);
  if (!entry.isRead) throw new Error(`${patch.file} is not part of what is played: the patch changes nothing`);
  return module;
}

/** Lets this process read the file with the patch, whoever imports it. `onRead`: once that has happened. */
export function plantEverywhere(patch: Patch, onRead: () => void): void {
  const url = rootUrl + patch.file;
  registerHooks({
    load: (wanted, context, next) => {
      const loaded = next(wanted, context);
      if (wanted !== url) return loaded;
      onRead();
      return { ...loaded, source: patched(textOf(loaded.source), patch) };
    },
  });
}

/** Throws when the patch does not apply to the file as it is now. */
export function assertApplies(patch: Patch): void {
  patched(readFileSync(join(root, patch.file), "utf8"), patch);
}

function watchImports(): void {
  registerHooks({
    resolve: (specifier, context, next) => {
      const resolved = next(specifier, context);
      const number = numberIn(context.parentURL);
      const isOurs = resolved.url.startsWith(rootUrl) && !resolved.url.includes("/node_modules/");
      return number === undefined || !isOurs ? resolved : { ...resolved, url: `${resolved.url}?${mark}=${number}` };
    },
    load: (url, context, next) => {
      const loaded = next(url, context);
      const entry = planted[numberIn(url) ?? -1];
      if (entry === undefined || !url.startsWith(`${rootUrl}${entry.patch.file}?`)) return loaded;
      entry.isRead = true;
      return { ...loaded, source: patched(textOf(loaded.source), entry.patch) };
    },
  });
}

function textOf(source: LoadFnOutput["source"]): string {
  if (source === undefined || source === null) throw new Error("a file without text cannot be patched");
  return typeof source === "string" ? source : new TextDecoder().decode(source);
}

function numberIn(url: string | undefined): number | undefined {
  const found = new RegExp(`[?]${mark}=([0-9]+)$`).exec(url ?? "");
  return found === null ? undefined : Number(found[1]);
}

/** The text with its one place changed. Throws when there is no such place, or more than one. */
export function patched(text: string, { file, from, to }: Patch): string {
  const words = from.trim().split(/\s+/);
  const pattern = new RegExp(words.map((word) => RegExp.escape(word)).join("\\s+"), "g");
  const places = text.match(pattern)?.length ?? 0;
  if (places !== 1) {
    const what = places === 0 ? "has no such place any more" : `has ${places} such places`;
    throw new Error(`${file} ${what}; give the defect its text as the file says it now:\n  ${from}`);
  }
  return text.replace(pattern, () => to.trim());
}
