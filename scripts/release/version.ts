// Where the version is written down, and how versions follow each other (https://semver.org).
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

interface Place {
  /** A file, or a pattern of `globSync`. */
  readonly files: string;
  /** Its only group is the version. */
  readonly pattern: RegExp;
  /** How often it has to be found in a file; left out, any number of times. */
  readonly count?: number;
}

const version = String.raw`\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?`;

/** Where to change what is expected here. */
const source = "scripts/release/version.ts";

const places: readonly Place[] = [
  { files: "package.json", pattern: new RegExp(`^  "version": "(${version})",$`, "gm"), count: 1 },
  {
    files: "package-lock.json",
    pattern: new RegExp(String.raw`"name": "cloudflare-cname-switcher",\n\s+"version": "(${version})",`, "g"),
    count: 2,
  },
  { files: "Dockerfile", pattern: new RegExp(`^ARG VERSION=(${version})$`, "gm"), count: 1 },
  // The image, the chart, and where a cluster gets them from.
  {
    files: "{deploy/kubernetes/**/*.{yaml,md},docs/kubernetes.md}",
    pattern: new RegExp(`(?:cloudflare-cname-switcher[:-]|[vV]ersion:? "?|ref=v)(${version})(?![\\w.])`, "g"),
  },
];

/**
 * The new texts of all files that name the version, by path within `root`. Throws where a place is missing or names another
 * version than package.json, since nobody could say then what is meant.
 */
export function withVersion(root: string, next: string): ReadonlyMap<string, string> {
  const now = versionIn(root);
  const texts = new Map<string, string>();
  for (const { files, pattern, count } of places) {
    const names = globSync(files, { cwd: root }).toSorted();
    for (const name of names) {
      const text = texts.get(name) ?? readFileSync(join(root, name), "utf8");
      const found = [...text.matchAll(pattern)].map(([, each = ""]) => each);
      if (count !== undefined && found.length !== count) {
        throw new Error(`${name} names the version in ${found.length} places and not in ${count}: see ${source}`);
      }
      const other = found.find((each) => each !== now);
      if (other !== undefined) throw new Error(`${name} says version ${other}, and package.json ${now}`);
      texts.set(
        name,
        text.replaceAll(pattern, (whole: string, each: string) => whole.replace(each, () => next)),
      );
    }
  }
  return texts;
}

/** The version in package.json. */
export function versionIn(root: string): string {
  return (JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { readonly version: string }).version;
}

export function isVersion(text: string): boolean {
  const number = String.raw`(?:0|[1-9]\d*)`;
  const part = String.raw`(?:${number}|\d*[A-Za-z-][0-9A-Za-z-]*)`;
  return new RegExp(String.raw`^${number}\.${number}\.${number}(?:-${part}(?:\.${part})*)?$`).test(text);
}

/** Whether `one` comes after `other` (https://semver.org/#spec-item-11). */
export function isAfter(one: string, other: string): boolean {
  const [ours, theirs] = [one, other].map(partsOf);
  if (ours === undefined || theirs === undefined) return false;
  for (const index of [0, 1, 2]) {
    const difference = (ours.numbers[index] ?? 0) - (theirs.numbers[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return comparePrerelease(ours.prerelease, theirs.prerelease) > 0;
}

function partsOf(text: string): { readonly numbers: readonly number[]; readonly prerelease: readonly string[] } {
  const [, numbers = "", prerelease] = /^([\d.]+)(?:-(.+))?$/.exec(text) ?? [];
  return { numbers: numbers.split(".").map(Number), prerelease: prerelease?.split(".") ?? [] };
}

function comparePrerelease(one: readonly string[], other: readonly string[]): number {
  // What is finished comes after what leads to it.
  if (one.length === 0 || other.length === 0) return other.length - one.length;
  for (const [index, part] of one.entries()) {
    const against = other[index];
    if (against === undefined) return 1;
    if (part === against) continue;
    const [isNumber, isOtherNumber] = [part, against].map((each) => /^\d+$/.test(each));
    if (isNumber === true && isOtherNumber === true) return Number(part) - Number(against);
    if (isNumber !== isOtherNumber) return isNumber === true ? -1 : 1;
    return part < against ? -1 : 1;
  }
  return one.length - other.length;
}
