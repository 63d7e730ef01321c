// Builds all files of a release: `npm run release:files` writes the folder release/, with the npm package, the single
// executables, the Debian packages, the chart for Kubernetes, the lists of their parts, the licences, and the checksums of all
// of them. The same commit gives the same bytes. Nothing is published.
//
//   npm run release:files                    everything
//   npm run release:files -- --tag v1.2.3    the same, but only if the sources are those of this tag
//   npm run release:files -- --quick x64     for one architecture, and compressed less, for a trial
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import { build, productSources } from "../build.ts";
import { assertCanPack, buildDeb, sourceEpoch } from "../deb.ts";
import { buildPackage } from "../package.ts";
import { architectures, buildExecutable, type Architecture } from "../sea.ts";
import { releaseDateOf } from "./changelog.ts";
import { licencesWithNode } from "./libraries.ts";
import { versionIn } from "./version.ts";

const root = join(dirname(import.meta.dirname), "..");

/** Where they are put. */
export const releaseFolder = join(root, "release");

export interface ReleaseFilesOptions {
  /** Everything in it is replaced. */
  readonly folder: string;
  readonly architectures?: readonly Architecture[];
  readonly compression?: "small" | "quick";
}

/** Builds them. Their names, in the order of the file with the checksums, which is the last. */
export async function buildReleaseFiles(options: ReleaseFilesOptions): Promise<readonly string[]> {
  const { folder, architectures: wanted = architectures, compression = "small" } = options;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  // The licences in the Debian package are those of dist/.
  await build({ ...productSources, folder: join(root, "dist") });
  const file = await buildPackage(folder);
  const list = execFileSync("tar", ["-xzOf", file, "package/dist/sbom.cdx.json"]);
  writeFileSync(join(folder, "cloudflare-cname-switcher.cdx.json"), list);
  for (const architecture of wanted) {
    const executable = await buildExecutable(architecture, folder);
    await buildDeb({ architecture, executable, folder, compression });
  }
  packChart(folder);
  writeFileSync(join(folder, "LICENSES.txt"), licencesWithNode());
  return await writeChecksums(folder);
}

/** The chart as `helm package` would make it, without helm. Byte for byte the same, whoever makes it. */
function packChart(folder: string): void {
  const chart = join(root, "deploy/kubernetes/chart");
  if (!existsSync(chart)) return;
  const name = "cloudflare-cname-switcher";
  // Nothing that an editor left there.
  const listing = execFileSync("git", ["ls-files", "-z"], { cwd: chart, encoding: "utf8" });
  const entries = listing.split("\0").filter((entry) => entry !== "");
  const same = ["--sort=name", "--format=ustar", "--owner=0", "--group=0", "--numeric-owner", "--mode=u=rwX,go=rX"];
  const moved = [`--mtime=@${sourceEpoch()}`, `--transform=s,^,${name}/,`, "--directory", chart];
  const tar = execFileSync("tar", ["--create", ...same, ...moved, ...entries]);
  const path = join(folder, `${name}-chart-${versionIn(root)}.tgz`);
  writeFileSync(path, execFileSync("gzip", ["--no-name", "-9"], { input: tar }));
}

/** Writes SHA256SUMS, which `sha256sum --check` reads. The names in it, and its own. */
async function writeChecksums(folder: string): Promise<readonly string[]> {
  const names = readdirSync(folder).toSorted();
  let sums = "";
  for (const name of names) {
    const sum = createHash("sha256");
    await pipeline(createReadStream(join(folder, name)), sum);
    sums += `${sum.digest("hex")}  ${name}\n`;
  }
  writeFileSync(join(folder, "SHA256SUMS"), sums);
  return [...names, "SHA256SUMS"];
}

/** Why the sources are not those of this tag; `undefined` where they are. */
export function whyNotTag(tag: string): string | undefined {
  const version = versionIn(root);
  if (tag !== `v${version}`) return `the tag is ${tag}, and package.json has the version ${version}`;
  if (releaseDateOf(readFileSync(join(root, "CHANGELOG.md"), "utf8"), version) === undefined) {
    return `CHANGELOG.md has no heading with a date for ${version}: npm run release makes one`;
  }
  return undefined;
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    options: { tag: { type: "string" }, quick: { type: "boolean", default: false } },
    allowPositionals: true,
  });
  const wanted = architectures.filter((each) => positionals.length === 0 || positionals.includes(each));
  const refusal = values.tag === undefined ? undefined : whyNotTag(values.tag);
  const isKnown = positionals.every((each) => architectures.some((known) => known === each));
  if (refusal !== undefined || !isKnown) {
    console.error(refusal ?? `Known architectures: ${architectures.join(", ")}`);
    process.exit(64);
  }
  assertCanPack();
  const compression = values.quick ? "quick" : "small";
  const names = await buildReleaseFiles({ folder: releaseFolder, architectures: wanted, compression });
  for (const name of names) console.log(join(releaseFolder, name));
}
