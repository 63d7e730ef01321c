// What `npm ci` builds has to run without anything from node_modules beside it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { brotliDecompressSync } from "node:zlib";
import { build } from "../../scripts/build.ts";

const root = join(import.meta.dirname, "../..");
let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "ccs-build-"));
  mkdirSync(join(folder, "source"));
  // Packages are found from the sources, and nowhere else.
  symlinkSync(join(root, "node_modules"), join(folder, "source/node_modules"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
});
after(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => rmSync(join(folder, "dist"), { recursive: true, force: true }));

test("the program is one file that runs by itself, and the launcher can be executed", async () => {
  await buildProgram('import { parse } from "yaml"; import "node:sqlite"; console.log(parse("a: 1"));');
  assert.deepEqual(readdirSync(join(folder, "dist")).toSorted(), [
    "LICENSES.txt",
    "ccs.js",
    "main.js",
    "sbom.cdx.json",
  ]);
  assert.match(readFileSync(join(folder, "dist/ccs.js"), "utf8"), /^#!\/usr\/bin\/env node\n/);
  assert.equal(execFileSync(join(folder, "dist/ccs.js"), { encoding: "utf8" }), "{ a: 1 }\n");
});

test("what is loaded when it is needed is a part of its own, and replaces no other file", async () => {
  for (const name of ["health", "ccs"])
    writeFileSync(join(folder, `source/${name}.ts`), `export const said = ${JSON.stringify(name)};`);
  await buildProgram(`
    const { said } = process.argv[2] === "health" ? await import("./health.ts") : await import("./ccs.ts");
    console.log(said);`);
  const names = readdirSync(join(folder, "dist")).filter((name) => name.endsWith(".js"));
  assert.deepEqual(names.toSorted(), ["ccs.js", "main.js", "part-ccs.js", "part-health.js"]);
  assert.equal(execFileSync(join(folder, "dist/ccs.js"), ["other"], { encoding: "utf8" }), "ccs\n");
});

test("only the entry believes that it was started", async () => {
  writeFileSync(join(folder, "source/other.ts"), 'if (import.meta.main) console.log("other"); export const x = 1;');
  await buildProgram('import { x } from "./other.ts"; if (import.meta.main) console.log("entry", x);');
  assert.equal(execFileSync(join(folder, "dist/ccs.js"), { encoding: "utf8" }), "entry 1\n");
});

test("the licences of the libraries in it are beside it, and no others", async () => {
  await buildProgram('import { parse } from "yaml"; console.log(parse);');
  const licences = readFileSync(join(folder, "dist/LICENSES.txt"), "utf8");
  assert.match(licences, /^yaml \d+\.\d+\.\d+$/m);
  assert.match(licences, /Permission to use, copy, modify/);
  assert.doesNotMatch(licences, /^zod /m);
});

test("what is left of an older build goes", async () => {
  mkdirSync(join(folder, "dist/old"), { recursive: true });
  writeFileSync(join(folder, "dist/old/page.html"), "");
  await buildProgram("console.log(1);");
  assert.deepEqual(readdirSync(join(folder, "dist")).toSorted(), [
    "LICENSES.txt",
    "ccs.js",
    "main.js",
    "sbom.cdx.json",
  ]);
});

test("a library that is not installed fails the build, and leaves no file", async () => {
  await assert.rejects(buildProgram('import "no-such-library";'), /no-such-library/);
  assert.throws(() => readdirSync(join(folder, "dist")), { code: "ENOENT" });
});

test("the dashboard is a page and hashed assets, compressed as well, with the licences of its libraries", async () => {
  const page = join(folder, "source/page");
  mkdirSync(page, { recursive: true });
  writeFileSync(
    join(page, "index.html"),
    '<!doctype html><div id="app"></div><script type="module" src="./a.tsx"></script>',
  );
  writeFileSync(join(page, "a.tsx"), 'import { render } from "preact"; render(<p>built</p>, document.body);');
  await buildProgram("console.log(1);", page);
  const names = readdirSync(join(folder, "dist/dashboard"), { recursive: true, encoding: "utf8" }).toSorted();
  assert.deepEqual(
    names.map((name) => name.replace(/-[\w-]{8}\./, "-HASH.")),
    [
      "assets",
      "assets/index-HASH.js",
      "assets/index-HASH.js.br",
      "assets/index-HASH.js.gz",
      "index.html",
      "index.html.br",
      "index.html.gz",
    ],
  );
  const text = readFileSync(join(folder, "dist/dashboard", names[1] ?? ""), "utf8");
  assert.match(text, /built/);
  assert.deepEqual(brotliDecompressSync(readFileSync(join(folder, "dist/dashboard", names[2] ?? ""))).toString(), text);
  assert.match(readFileSync(join(folder, "dist/LICENSES.txt"), "utf8"), /^preact \d/m);
  // Nothing within it, so that the content security policy can forbid what is.
  assert.doesNotMatch(
    readFileSync(join(folder, "dist/dashboard/index.html"), "utf8"),
    /<script[^>]*>[^<]|<style|data:/,
  );
  await buildProgram("console.log(1);");
  assert.deepEqual(readdirSync(join(folder, "dist")).toSorted(), [
    "LICENSES.txt",
    "ccs.js",
    "main.js",
    "sbom.cdx.json",
  ]);
});

async function buildProgram(source: string, dashboard?: string): Promise<void> {
  const program = join(folder, "source/program.ts");
  writeFileSync(program, source);
  const launcher = join(root, "src/launcher.ts");
  await build({ program, launcher, folder: join(folder, "dist"), ...(dashboard !== undefined && { dashboard }) });
}
