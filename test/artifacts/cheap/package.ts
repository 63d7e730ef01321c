// The npm package: what is in it, that it is the same wherever it is built, and that it runs where it is installed.
import assert from "node:assert/strict";
import { execFile, execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, delimiter, join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { buildPackage } from "../../../scripts/package.ts";
import { artifactOnce, assertServesDashboard } from "../../support/artifacts.ts";
import { findOldNode } from "../../support/old-node.ts";

const root = join(import.meta.dirname, "../../..");
const mostBytes = 4_000_000;

const folder = mkdtempSync(join(tmpdir(), "ccs-package-check-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Where nothing but the Node that runs this is found, npm, and what every system has. */
const path = [join(folder, "node"), "/usr/local/bin", "/usr/bin", "/bin"].join(delimiter);
const env = {
  PATH: path,
  HOME: join(folder, "home"),
  npm_config_cache: join(folder, "cache"),
  npm_config_update_notifier: "false",
  // There is no way out, and npm is not to look for one.
  npm_config_offline: "true",
  npm_config_registry: "http://127.0.0.1:1/",
};

let file = "";
let unpacked = "";
before(async () => {
  for (const name of ["node", "home", "cache", "unpacked", "empty"]) mkdirSync(join(folder, name));
  symlinkSync(process.execPath, join(folder, "node/node"));
  file = await artifactOnce("package", buildPackage);
  execFileSync("tar", ["xzf", file, "-C", join(folder, "unpacked")]);
  unpacked = join(folder, "unpacked/package");
});

function filesIn(place: string): readonly string[] {
  return readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function run(command: string, args: readonly string[], options: { cwd?: string } = {}) {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: join(folder, "empty"),
    encoding: "utf8",
    timeout: 120_000,
    ...options,
    env,
  });
  return { code: status, stdout, stderr };
}

test("it holds the program and the papers, brings no other package and runs nothing when it is installed", () => {
  const manifest = JSON.parse(readFileSync(join(unpacked, "package.json"), "utf8")) as Record<string, unknown>;
  const expected = ["author", "bin", "description", "engines", "keywords", "license", "name", "type", "version"];
  const optional = ["bugs", "homepage", "repository"];
  assert.deepEqual(
    Object.keys(manifest)
      .filter((key) => !optional.includes(key))
      .toSorted(),
    expected,
  );
  for (const name of ["README.md", "LICENSE", "CHANGELOG.md", "dist/LICENSES.txt", "dist/dashboard/index.html"]) {
    assert.ok(statSync(join(unpacked, name)).size > 0, name);
  }
  assert.deepEqual(readdirSync(join(unpacked, "examples")), readdirSync(join(root, "examples")));
});

test("it is small, and nothing in it is native code", (t) => {
  const files = filesIn(unpacked);
  const unpackedBytes = files.reduce((sum, each) => sum + statSync(each).size, 0);
  const packedBytes = statSync(file).size;
  t.diagnostic(`${packedBytes} bytes packed, ${unpackedBytes} unpacked, ${files.length} files`);
  assert.ok(packedBytes < mostBytes, `${packedBytes} bytes packed`);
  assert.ok(unpackedBytes < mostBytes, `${unpackedBytes} bytes unpacked`);
  const isNative = (bytes: Buffer): boolean =>
    ["7f454c46", "cffaedfe", "feedfacf", "4d5a9000", "0061736d"].includes(bytes.subarray(0, 4).toString("hex"));
  assert.deepEqual(
    files.filter((each) => each.endsWith(".node") || isNative(readFileSync(each))),
    [],
  );
});

test("it runs where it is installed for all users, without a way out", () => {
  const prefix = join(folder, "prefix");
  const installed = run("npm", ["install", "--global", "--prefix", prefix, file]);
  assert.equal(installed.code, 0, installed.stderr);
  const ccs = join(prefix, "bin/ccs");
  assert.deepEqual(run(ccs, ["--version"]), { code: 0, stdout: `${versionOf()}\n`, stderr: "" });
  const examples = join(prefix, "lib/node_modules/cloudflare-cname-switcher/examples");
  const secrets = ["CLOUDFLARE_API_TOKEN", "TELEGRAM_TOKEN"].map((name) => `${name}=123456789:${"a".repeat(35)}`);
  const checked = run("env", [...secrets, ccs, "validate", "--config", join(examples, "config.yml")]);
  assert.equal(checked.code, 0, checked.stdout + checked.stderr);
  assert.match(run(ccs, ["health"]).stdout, /^unhealthy: no daemon answers at /);
  const demo = run(ccs, ["demo", "--once"]);
  assert.equal(demo.code, 0, demo.stdout + demo.stderr);
});

test("its demo serves the dashboard, and ends in peace", async () => {
  await assertServesDashboard([process.execPath, join(unpacked, "dist/ccs.js"), "demo"], env);
});

test("npx runs it by its name, from a registry", async () => {
  await using registry = await startRegistry();
  const npx = ["--yes", "cloudflare-cname-switcher", "--version"];
  const { stdout } = await promisify(execFile)("npx", npx, {
    cwd: join(folder, "empty"),
    env: { ...env, npm_config_offline: "false", npm_config_registry: registry.url },
  });
  assert.equal(stdout, `${versionOf()}\n`);
});

/** A registry that has this package, and nothing else. */
async function startRegistry(): Promise<AsyncDisposable & { readonly url: string }> {
  const bytes = readFileSync(file);
  const manifest = JSON.parse(readFileSync(join(unpacked, "package.json"), "utf8")) as Record<string, unknown>;
  const version = versionOf();
  const server = createServer(({ url: asked = "" }, response) => {
    if (asked === "/package.tgz") return response.end(bytes);
    if (asked !== "/cloudflare-cname-switcher") return response.writeHead(404).end("{}");
    const dist = {
      tarball: `${url}package.tgz`,
      integrity: `sha512-${createHash("sha512").update(bytes).digest("base64")}`,
    };
    const packument = {
      name: manifest["name"],
      "dist-tags": { latest: version },
      versions: { [version]: { ...manifest, dist } },
    };
    return response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(packument));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return { url, [Symbol.asyncDispose]: close };
}

const oldNode = findOldNode();
test("an older Node gets one clear sentence", { skip: oldNode === undefined && "no Node before 24 here" }, () => {
  const { code, stdout, stderr } = run(oldNode ?? "", [join(unpacked, "dist/ccs.js"), "run"]);
  assert.deepEqual([code, stdout], [69, ""]);
  assert.match(
    stderr,
    /^ccs needs Node\.js 24 or newer, and \S+ is v\d+\.\d+\.\d+: install [^\n.]+nodejs\.org[^\n.]*\n$/,
  );
});

test("another folder, time zone, language and umask make the same bytes", async (t) => {
  const elsewhere = join(folder, "un autre dossier");
  const sources = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
  });
  for (const name of sources.trimEnd().split("\n")) {
    // What was removed and not committed yet is listed as well.
    if (statSync(join(root, name), { throwIfNoEntry: false }) !== undefined) {
      cpSync(join(root, name), join(elsewhere, name), { recursive: true });
    }
  }
  // As `npm ci` would lay it out there: a symbolic link would lead back here.
  const copying = 'cp -al "$1" "$2" 2>/dev/null || { rm -rf "$2"; cp -a "$1" "$2"; }';
  execFileSync("sh", ["-c", copying, "sh", join(root, "node_modules"), join(elsewhere, "node_modules")]);
  const script = `umask 077; exec "${process.execPath}" scripts/package.ts`;
  const output = execFileSync("sh", ["-c", script], {
    cwd: elsewhere,
    encoding: "utf8",
    env: { ...env, TZ: "Pacific/Chatham", LC_ALL: "tr_TR.UTF-8", LANG: "tr_TR.UTF-8" },
  });
  const [here, there] = [file, output.trim()].map((each) =>
    createHash("sha256").update(readFileSync(each)).digest("hex"),
  );
  t.diagnostic(`${basename(file)} sha256 ${here ?? ""}`);
  assert.equal(there, here);
});

function versionOf(): string {
  return (JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string }).version;
}
