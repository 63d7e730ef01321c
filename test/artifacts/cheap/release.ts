// A release, made for real in a checkout of its own, with all that can be made without a network: what lies in release/ is what the
// documentation says, fits together, and comes out the same when it is built from the tag once more.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { isAfter, versionIn } from "../../../scripts/release/version.ts";
import { architectures } from "../../../scripts/sea.ts";
import { problemsBy } from "../../support/schemas.ts";

const root = join(import.meta.dirname, "../../..");
const architecture = architectures.find((each) => process.platform === "linux" && each === process.arch);
const skip = architecture === undefined && "there is no executable for this machine";
const debianArchitecture = architecture === "arm64" ? "arm64" : "amd64";

const folder = mkdtempSync(join(tmpdir(), "ccs-release-check-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const checkout = join(folder, "checkout");
const version = "97.98.99-rc.1";
const repository = "https://git.example.com/owner/name";
const person = { GIT_CONFIG_GLOBAL: "/dev/null", GIT_AUTHOR_NAME: "Jo Doe", GIT_AUTHOR_EMAIL: "jo@example.org" };
const env = {
  ...process.env,
  ...person,
  GIT_COMMITTER_NAME: "Jo Doe",
  GIT_COMMITTER_EMAIL: "jo@example.org",
  CCS_REPOSITORY_URL: repository,
};

function run(command: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: checkout,
    encoding: "utf8",
    env,
    maxBuffer: 2 ** 28,
  });
  assert.equal(status, 0, `${command} ${args.join(" ")}\n${stdout}${stderr}`);
  return stdout;
}

/** This checkout as it is now, committed. */
function copyCheckout(): void {
  execFileSync("mkdir", ["-p", checkout]);
  const listing = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const names = execFileSync("git", listing, { cwd: root, encoding: "utf8" }).split("\0");
  const input = names.filter((name) => existsSync(join(root, name)) && name !== "").join("\0");
  const archive = execFileSync("tar", ["-cC", root, "--null", "-T", "-"], { input, maxBuffer: 2 ** 28 });
  execFileSync("tar", ["-xC", checkout], { input: archive });
  // As `npm ci` would lay it out there: a symbolic link would lead back here.
  const copying = 'cp -al "$1" "$2" 2>/dev/null || { rm -rf "$2"; cp -a "$1" "$2"; }';
  execFileSync("sh", ["-c", copying, "sh", join(root, "node_modules"), join(checkout, "node_modules")]);
  run("git", "init", "--quiet", "--initial-branch", "main");
  run("git", "add", "--all");
  run("git", "commit", "--quiet", "--message", "start");
}

function checksums(): ReadonlyMap<string, string> {
  const lines = readFileSync(join(checkout, "release/SHA256SUMS"), "utf8").trimEnd().split("\n");
  return new Map(lines.map((line) => [line.slice(66), line.slice(0, 64)]));
}

test("a release is made, and what lies in release/ fits together", { skip }, (t) => {
  assert.ok(architecture);
  assert.ok(isAfter(version, versionIn(root)));
  copyCheckout();
  run("npm", "run", "release", "--", version, "--quick", architecture);
  assert.equal(run("git", "tag", "--points-at", "HEAD").trim(), `v${version}`);
  assert.equal(run("git", "status", "--porcelain"), "");

  const name = "cloudflare-cname-switcher";
  const hasChart = existsSync(join(root, "deploy/kubernetes/chart"));
  assert.deepEqual(readdirSync(join(checkout, "release")), [
    "LICENSES.txt",
    "SHA256SUMS",
    `ccs-linux-${architecture}`,
    `ccs-linux-${architecture}.cdx.json`,
    `${name}-${version}.tgz`,
    ...(hasChart ? [`${name}-chart-${version}.tgz`] : []),
    `${name}.cdx.json`,
    `${name}_${version}-1_${debianArchitecture}.deb`,
  ]);
  run("sh", "-c", "cd release && sha256sum --check --strict SHA256SUMS");
  assert.equal(checksums().size, hasChart ? 7 : 6);
  for (const [each, sum] of checksums()) t.diagnostic(`${sum.slice(0, 12)} ${each}`);

  // Each says that it is this version.
  assert.equal(run(`release/ccs-linux-${architecture}`, "--version").trim(), version);
  const manifest = run("tar", "-xzOf", `release/${name}-${version}.tgz`, "package/package.json");
  const { version: packed, repository: place } = JSON.parse(manifest) as Record<string, unknown>;
  assert.deepEqual([packed, place], [version, { type: "git", url: `git+${repository}.git` }]);
  const control = run("dpkg-deb", "--field", `release/${name}_${version}-1_${debianArchitecture}.deb`);
  assert.match(control, /^Version: 97\.98\.99~rc\.1-1$/m);
  assert.match(control, /^Maintainer: Jo Doe <jo@example\.org>$/m);
  if (hasChart) {
    const chart = run("tar", "-xzOf", `release/${name}-chart-${version}.tgz`, `${name}/Chart.yaml`);
    assert.match(chart, /^version: 97\.98\.99-rc\.1$/m);
  }
  assert.match(readFileSync(join(checkout, "release/LICENSES.txt"), "utf8"), /Node\.js is licensed[\s\S]*^yaml \d/m);

  // The lists of parts: that of the package is the one within it, and that of the executable has more.
  const list = readFileSync(join(checkout, `release/${name}.cdx.json`), "utf8");
  assert.equal(run("tar", "-xzOf", `release/${name}-${version}.tgz`, "package/dist/sbom.cdx.json"), list);
  const namesIn = (text: string): readonly string[] => {
    const sbom = JSON.parse(text) as {
      readonly metadata: { readonly timestamp: string; readonly component: { readonly version: string } };
      readonly components: readonly { readonly name: string }[];
    };
    assert.deepEqual(problemsBy("bom-1.6.schema.json", sbom), []);
    assert.equal(sbom.metadata.component.version, version);
    assert.match(sbom.metadata.timestamp, /^\d{4}-\d\d-\d\dT00:00:00Z$/);
    return sbom.components.map((each) => each.name);
  };
  const ofExecutable = readFileSync(join(checkout, `release/ccs-linux-${architecture}.cdx.json`), "utf8");
  assert.deepEqual(namesIn(ofExecutable), [...namesIn(list), "node"]);
});

test("built from the tag once more, by another user in another time zone, the files are the same", { skip }, () => {
  assert.ok(architecture);
  const before = checksums();
  run("git", "checkout", "--quiet", `v${version}`);
  const build = `umask 077; npm run release:files -- --tag v${version} --quick ${architecture}`;
  run("env", "TZ=Pacific/Chatham", "GIT_AUTHOR_NAME=Other", "sh", "-c", build);
  assert.deepEqual(checksums(), before);
  const other = spawnSync("npm", ["run", "release:files", "--", "--tag", "v1.2.3"], {
    cwd: checkout,
    encoding: "utf8",
    env,
  });
  assert.equal(other.status, 64);
  assert.match(other.stderr, /the tag is v1\.2\.3, and package\.json has the version 97\.98\.99-rc\.1/);
});
