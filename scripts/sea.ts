// Makes the single executable: `npm run sea` writes artifacts/ccs-linux-x64 and artifacts/ccs-linux-arm64, `npm run sea -- x64`
// one of them, each with the list of its parts beside it. Each is the Node of the lock file with the program and the dashboard
// in it, and runs where no Node is. Neither has to be built on a machine of its kind.
// See https://nodejs.org/docs/latest-v24.x/api/single-executable-applications.html.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { buildDashboard } from "./build-dashboard.ts";
import { bundle, productSources } from "./build.ts";
import { artifactsFolder } from "./package.ts";
import { librariesOf, licencesOf, type Library } from "./release/libraries.ts";
import { sbomOf } from "./release/sbom.ts";

const root = dirname(import.meta.dirname);

export const architectures = ["x64", "arm64"] as const;
export type Architecture = (typeof architectures)[number];

/** What Node looks for in itself: https://github.com/nodejs/postject. */
const fuse = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";

/** Builds the executable for Linux on `architecture` into `folder`, and beside it the list of its parts. Its path. */
export async function buildExecutable(architecture: Architecture, folder: string): Promise<string> {
  const work = mkdtempSync(join(tmpdir(), "ccs-sea-"));
  try {
    const { blob, libraries } = await buildBlob(work);
    const draft = join(work, "ccs");
    copyFileSync(nodeFor(architecture, work), draft);
    chmodSync(draft, 0o755);
    const injection = [draft, "NODE_SEA_BLOB", blob, "--sentinel-fuse", fuse];
    execFileSync(join(root, "node_modules/.bin/postject"), injection, { stdio: "pipe" });
    mkdirSync(folder, { recursive: true });
    const path = join(folder, `ccs-linux-${architecture}`);
    rmSync(path, { force: true });
    copyFileSync(draft, path);
    const tools = ["rolldown", "vite", "postject"];
    writeFileSync(`${path}.cdx.json`, sbomOf({ libraries, node: `node-linux-${architecture}`, tools }));
    return path;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

interface Blob {
  readonly blob: string;
  readonly libraries: readonly Library[];
}

/** All that is put into Node, as one file in `work`. It is the same for every architecture. */
async function buildBlob(work: string): Promise<Blob> {
  const script = { target: "node24", isScript: true };
  const main = await bundle(join(root, "src/executable.ts"), script);
  const parts = {
    "main.js": await bundle(productSources.program, script),
    "archive.js": await bundle(productSources.thread, script),
    "health.js": await bundle(productSources.health, script),
  };
  const page = await buildDashboard(productSources.dashboard);
  const moduleIds = [main, ...Object.values(parts), page].flatMap((part) => part.moduleIds);
  const files = new Map<string, string | Uint8Array>([
    ...Object.entries(parts).map(([name, { code }]) => [name, code] as const),
    ...[...page.files].map(([name, bytes]) => [`dashboard/${name}`, bytes] as const),
    ["LICENSES.txt", licencesOf(moduleIds)],
  ]);
  write(work, "executable.js", main.code);
  const configuration = {
    // As it is named here it is in the executable: a path would make each one another.
    main: "executable.js",
    output: "blob",
    disableExperimentalSEAWarning: true,
    // As the launcher has it: a signal must not open the debugger.
    execArgv: ["--disable-sigusr1"],
    assets: Object.fromEntries([...files].map(([name, content]) => [name, write(join(work, "assets"), name, content)])),
  };
  write(work, "sea-config.json", JSON.stringify(configuration));
  execFileSync(process.execPath, ["--experimental-sea-config", "sea-config.json"], { cwd: work, stdio: "pipe" });
  return { blob: join(work, "blob"), libraries: librariesOf(moduleIds) };
}

function write(folder: string, name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

/** The Node for Linux that the lock file names. One that this machine is not made for is fetched from npm, and checked. */
export function nodeFor(architecture: Architecture, work: string): string {
  const name = `node-linux-${architecture}`;
  const installed = join(root, "node_modules", name, "bin/node");
  if (existsSync(installed)) return installed;
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, { readonly version: string; readonly integrity: string } | undefined>;
  };
  const locked = packages[`node_modules/${name}`];
  if (locked === undefined) throw new Error(`package-lock.json does not name ${name}`);
  const args = ["pack", `${name}@${locked.version}`, "--pack-destination", work, "--json"];
  const output = execFileSync("npm", args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  const [{ filename }] = JSON.parse(output) as [{ readonly filename: string }];
  const file = join(work, filename);
  const integrity = `sha512-${createHash("sha512").update(readFileSync(file)).digest("base64")}`;
  if (integrity !== locked.integrity) {
    throw new Error(`${name} ${locked.version} has ${integrity}, and package-lock.json says ${locked.integrity}`);
  }
  execFileSync("tar", ["xzf", file, "-C", work, "package/bin/node"]);
  return join(work, "package/bin/node");
}

/** The architectures named on the command line; all, where none is. Ends the process where there is no such `what`. */
export function askedArchitectures(what: string): readonly Architecture[] {
  const asked = process.argv.slice(2);
  const unknown = asked.filter((name) => !architectures.some((each) => each === name));
  if (unknown.length > 0) {
    console.error(`There is no ${what} for ${unknown.join(", ")}. Known: ${architectures.join(", ")}`);
    process.exit(64);
  }
  return architectures.filter((each) => asked.length === 0 || asked.includes(each));
}

if (import.meta.main) {
  for (const architecture of askedArchitectures("executable")) {
    console.log(await buildExecutable(architecture, artifactsFolder));
  }
}
