// What the package promises to those who install it, and the lock file to those who clone it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { publishedManifest } from "../../scripts/package.ts";
import { packagesByProgram } from "../support/programs.ts";

const root = join(import.meta.dirname, "../..");

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly bin: Record<string, string>;
  readonly scripts: Record<string, string>;
  readonly dependencies?: Record<string, string>;
  readonly devDependencies: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
  readonly workspaces?: readonly string[];
}

interface Locked {
  readonly version: string;
  readonly resolved?: string;
  readonly integrity?: string;
  /** A folder of this checkout, not a package that is fetched. */
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
  readonly devDependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
}

const manifest = readManifest("");

const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
  packages: Record<string, Locked>;
};
const fetched = Object.entries(lock.packages).filter(
  ([path, { link }]) => path.startsWith("node_modules/") && link !== true,
);

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as Manifest;
}

test("installing the package installs nothing else and runs nothing", () => {
  const published = publishedManifest();
  const harmful = /dependencies$|^(?:scripts|workspaces|files|private|overrides|gypfile)$/i;
  assert.deepEqual(
    Object.keys(published).filter((key) => harmful.test(key)),
    [],
  );
  assert.deepEqual(published["bin"], { ccs: "dist/ccs.js" });
  assert.deepEqual(published["engines"], { node: ">=24" });
});

test("the package names the repository that it is published from, if that is known", () => {
  assert.equal(publishedManifest()["repository"], undefined);
  for (const address of ["https://git.example.com/a/b", "https://git.example.com/a/b.git"]) {
    process.env["CCS_REPOSITORY_URL"] = address;
    const { repository } = publishedManifest();
    delete process.env["CCS_REPOSITORY_URL"];
    assert.deepEqual(repository, { type: "git", url: "git+https://git.example.com/a/b.git" });
  }
});

test("what is published is the package, never the checkout", () => {
  assert.equal(manifest.private, true);
});

test("installing from a checkout runs nothing of a dependency either", () => {
  const asked = Object.keys(manifest).filter((key) => /dependencies$/i.test(key));
  assert.deepEqual(asked, ["devDependencies"]);
  const run = Object.keys(manifest.scripts).filter((name) => name.endsWith("install"));
  assert.deepEqual(run, []);
});

test("the package holds the program and the papers, and nothing else", () => {
  const output = execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
    cwd: root,
    encoding: "utf8",
    stdio: "pipe",
  });
  const [packed] = JSON.parse(output) as { files: { path: string }[] }[];
  // Hashes change with the content of the assets.
  const paths = (packed?.files ?? [])
    .map(({ path }) => path.replace(/^(dist\/dashboard\/.*)-[\w-]{8}\./, "$1-HASH."))
    .toSorted();
  const page = [
    "assets/chart-HASH.js",
    "assets/demo-HASH.css",
    "assets/demo-HASH.js",
    "assets/icon-HASH.svg",
    "assets/index-HASH.js",
    "assets/start-HASH.css",
    "assets/start-HASH.js",
    "demo.html",
    "index.html",
  ];
  assert.deepEqual(paths, [
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "dist/LICENSES.txt",
    "dist/archive.js",
    "dist/ccs.js",
    ...page.flatMap((name) => ["", ".br", ".gz"].map((variant) => `dist/dashboard/${name}${variant}`)),
    "dist/health.js",
    "dist/main.js",
    ...paths.filter((path) => /^dist\/part-[a-z0-9-]+\.js$/.test(path)),
    "dist/sbom.cdx.json",
    "docs/config.schema.json",
    "examples/config.yml",
    "examples/full.yml",
    "examples/original.yml",
    "package.json",
  ]);
  assert.deepEqual(manifest.bin, { ccs: "dist/ccs.js" });
});

test("every version is exact, and the lock file agrees and names no registry", () => {
  const workspace = readManifest("scripts/node");
  assert.deepEqual(manifest.workspaces, ["scripts/node"]);
  assert.equal(workspace.private, true);
  const asked = { ...manifest.devDependencies, ...workspace.optionalDependencies };
  assert.deepEqual(
    Object.entries(asked).filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version)),
    [],
  );
  assert.deepEqual(lock.packages[""]?.devDependencies, manifest.devDependencies);
  assert.deepEqual(lock.packages["scripts/node"]?.optionalDependencies, workspace.optionalDependencies);
  assert.deepEqual(
    fetched.filter(([, { resolved }]) => resolved !== undefined),
    [],
  );
});

test("all that `npm ci` fetches has its hash in the lock file, the Node binaries included, and nothing of it runs", () => {
  assert.ok(fetched.length > 50);
  assert.deepEqual(
    fetched.filter(([, { integrity }]) => integrity?.startsWith("sha512-") !== true),
    [],
  );
  assert.deepEqual(
    fetched.filter(([, { hasInstallScript }]) => hasInstallScript === true),
    [],
  );
  const nodes = Object.keys(readManifest("scripts/node").optionalDependencies ?? {});
  assert.ok(nodes.length > 0);
  assert.deepEqual(
    nodes.filter((name) => !fetched.some(([path]) => path === `node_modules/${name}`)),
    [],
  );
});

test("CI installs every program that a test may ask for", () => {
  const script = readFileSync(join(root, ".ci/run"), "utf8");
  const installed = /^packages=\((.*)\)$/m.exec(script)?.[1]?.split(" ") ?? [];
  const missing = Object.values(packagesByProgram).filter((name) => !installed.includes(name));
  assert.deepEqual(missing, []);
});
