// The lists of parts: in the format that they say they are in, complete, and the same each time.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { librariesOf } from "../../scripts/release/libraries.ts";
import { sbomOf, type Component } from "../../scripts/release/sbom.ts";
import { problemsBy } from "../support/schemas.ts";

const root = join(import.meta.dirname, "../..");
const text = readFileSync(join(root, "dist/sbom.cdx.json"), "utf8");

interface Sbom {
  readonly serialNumber: string;
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}
const parsed = (content: string): Sbom => JSON.parse(content) as Sbom;
const sbom = parsed(text);

const libraries = librariesOf(["yaml/a.js", "zod/b.js", "pino/c.js"].map((path) => join(root, "node_modules", path)));

test("the list in the package is what CycloneDX 1.6 takes, and a mistake in one is noticed", () => {
  assert.deepEqual(problemsBy("bom-1.6.schema.json", sbom), []);
  const [first, ...others] = sbom.components;
  const wrong = [
    { ...first, type: "librarie" },
    { ...first, licenses: [{ license: { id: "MTI" } }] },
    { ...first, hashes: [{ alg: "SHA-512", content: "zz" }] },
    { ...first, name: undefined },
  ];
  for (const component of wrong) {
    const broken: unknown = JSON.parse(JSON.stringify({ ...sbom, components: [component, ...others] }));
    assert.notDeepEqual(problemsBy("bom-1.6.schema.json", broken), []);
  }
});

test("it names every library whose licence is in the package, as the lock file has it, and no other", () => {
  const licences = readFileSync(join(root, "dist/LICENSES.txt"), "utf8");
  const inLicences = licences
    .split(`${"-".repeat(80)}\n\n`)
    .map((part) => /^(\S+ \d+\.\d+\.\d+\S*)$/m.exec(part)?.[1] ?? part)
    .toSorted();
  assert.deepEqual(sbom.components.map(({ name, version }) => `${name} ${version}`).toSorted(), inLicences);
  assert.ok(inLicences.length > 30);
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    packages: Readonly<Record<string, { readonly version: string; readonly integrity?: string }>>;
  };
  const locked = new Set(
    Object.entries(packages).map(([path, { version, integrity = "" }]) => {
      const sum = Buffer.from(integrity.replace("sha512-", ""), "base64").toString("hex");
      return `${path.replace(/^.*node_modules\//, "")} ${version} ${sum}`;
    }),
  );
  for (const { name, version, hashes } of sbom.components) {
    assert.ok(locked.has(`${name} ${version} ${hashes?.[0]?.content ?? ""}`), name);
  }
});

test("what the bundler says that it put in is in the list", () => {
  // It leaves the file of each part in a comment.
  const names = new Set(sbom.components.map(({ name }) => name));
  const files = readdirSync(join(root, "dist")).filter((name) => name.endsWith(".js"));
  const program = files.map((name) => readFileSync(join(root, "dist", name), "utf8"));
  const found = program.flatMap((code) =>
    [...code.matchAll(/^\/\/ (?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)\//gm)].map(([, name = ""]) => name),
  );
  assert.ok(new Set(found).size > 20, `${new Set(found).size}`);
  assert.deepEqual(
    [...new Set(found)].filter((name) => !names.has(name)),
    [],
  );
});

test("every part is used by the program or by another part of it", () => {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  const subject = sbom.metadata.component["bom-ref"] ?? "";
  assert.equal(subject, `pkg:npm/cloudflare-cname-switcher@${version}`);
  const uses = new Map(sbom.dependencies.map(({ ref, dependsOn }) => [ref, dependsOn]));
  const reached = new Set([subject]);
  for (const ref of reached) for (const other of uses.get(ref) ?? []) reached.add(other);
  assert.deepEqual(
    sbom.components.flatMap((each) => each["bom-ref"] ?? []).filter((ref) => !reached.has(ref)),
    [],
  );
  assert.equal(reached.size, sbom.components.length + 1);
});

test("the same parts make the same list, and others another", () => {
  assert.equal(sbomOf({ libraries }), sbomOf({ libraries }));
  const fewer = parsed(sbomOf({ libraries: libraries.slice(1) }));
  assert.notEqual(fewer.serialNumber, parsed(sbomOf({ libraries })).serialNumber);
});

test("a library that is not what the lock file says is refused", () => {
  const [first, ...others] = libraries;
  assert.ok(first);
  assert.throws(() => sbomOf({ libraries: [{ ...first, version: "0.0.1" }, ...others] }), /package-lock\.json says/);
  assert.throws(() => sbomOf({ libraries: [{ ...first, lockPath: "node_modules/none" }] }), /does not name it/);
});

test("the list of an executable has Node in it, and what Node contains", { skip: process.platform !== "linux" }, () => {
  for (const architecture of ["x64", "arm64"]) {
    const content = parsed(sbomOf({ libraries, node: `node-linux-${architecture}`, tools: ["rolldown", "postject"] }));
    assert.deepEqual(problemsBy("bom-1.6.schema.json", content), []);
    const node = content.components.find(({ name }) => name === "node");
    assert.equal(node?.purl, `pkg:npm/node-linux-${architecture}@${node?.version}`);
    assert.match(node?.cpe ?? "", new RegExp(`^cpe:2\\.3:a:nodejs:node\\.js:${node?.version}:`));
    assert.match(node?.components?.find(({ name }) => name === "openssl")?.version ?? "", /^3\.\d+\.\d+/);
    assert.equal(content.components.length, libraries.length + 1);
  }
});
