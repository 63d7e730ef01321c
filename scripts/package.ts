// Makes the npm package: `npm run package` writes artifacts/cloudflare-cname-switcher-VERSION.tgz, and `npm publish` of that
// file is the release. It holds what package.json lists under `files`, built anew, and a package.json of its own: without
// scripts, dependencies and workspaces, which are the checkout's affair. CCS_REPOSITORY_URL, such as
// https://git.example.com/owner/name, is put into it: a registry that verifies where a package comes from compares it with the
// repository whose workflow publishes. The same sources give the same bytes.
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { build, productSources } from "./build.ts";

const root = dirname(import.meta.dirname);

/** Where everything that people install is put. */
export const artifactsFolder = join(root, "artifacts");

/** Of the checkout's package.json, what is of no use, or does harm, to those who install the package. */
const notPublished: ReadonlySet<string> = new Set([
  "files",
  "workspaces",
  "scripts",
  "devDependencies",
  "overrides",
  "private",
]);

/** What npm adds to each package by itself, wherever it is. */
const alwaysPacked = ["README.md", "LICENSE"];

/** Builds the package into `folder`. The path of the file. */
export async function buildPackage(folder: string): Promise<string> {
  const stage = mkdtempSync(join(tmpdir(), "ccs-package-"));
  try {
    const manifest = publishedManifest();
    const { files } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { files: readonly string[] };
    for (const name of [...alwaysPacked, ...files.filter((each) => each !== "dist")]) copy(name, stage);
    await build({ ...productSources, folder: join(stage, "dist") });
    writeFileSync(join(stage, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
    normalise(stage);
    mkdirSync(folder, { recursive: true });
    const args = ["pack", stage, "--pack-destination", folder, "--ignore-scripts", "--json"];
    const output = execFileSync("npm", args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
    const [packed] = JSON.parse(output) as { filename: string }[];
    if (packed === undefined) throw new Error(`npm packed nothing: ${output}`);
    return join(folder, packed.filename);
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

/** The package.json of the package. */
export function publishedManifest(): Record<string, unknown> {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<string, unknown>;
  const published = Object.fromEntries(Object.entries(manifest).filter(([key]) => !notPublished.has(key)));
  const address = process.env["CCS_REPOSITORY_URL"] ?? "";
  if (address === "") return published;
  return { ...published, repository: { type: "git", url: `git+${address.replace(/\.git$/, "")}.git` } };
}

function copy(name: string, stage: string): void {
  mkdirSync(dirname(join(stage, name)), { recursive: true });
  cpSync(join(root, name), join(stage, name), { recursive: true });
}

/** The rights of files are part of the package, and a umask is not: only the launcher can be executed. */
function normalise(stage: string): void {
  for (const entry of readdirSync(stage, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) chmodSync(join(entry.parentPath, entry.name), entry.name === "ccs.js" ? 0o755 : 0o644);
  }
}

if (import.meta.main) console.log(await buildPackage(artifactsFolder));
