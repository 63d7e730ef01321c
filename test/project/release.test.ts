// `npm run release`: which versions it takes, that it forgets no place of the version, and that it does all of it or nothing. What it
// builds is checked by `npm run artifacts -- release`.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { maintainerScript } from "../../scripts/deb.ts";
import { asReleased, notesOf, releaseDateOf, unreleasedIn } from "../../scripts/release/changelog.ts";
import { whyNotTag } from "../../scripts/release/files.ts";
import { isAfter, isVersion, versionIn, withVersion } from "../../scripts/release/version.ts";
import { channelKinds } from "../../src/channels/registry.ts";
import { packagedUnit } from "../../src/cli/service/unit-text.ts";

const root = join(import.meta.dirname, "../..");
const current = versionIn(root);
const [major = "0"] = current.split(".");
const next = `${Number(major) + 1}.0.0`;

test("a purge takes every token with it that the unit reads", () => {
  const read = [...packagedUnit().matchAll(/^LoadCredential=([^:]+):/gm)].map(([, name]) => name);
  const [, taken = ""] = /^ *for token in (.*); do$/m.exec(maintainerScript("postrm")) ?? [];
  assert.deepEqual(taken.split(" "), read);
  for (const { kind, secrets } of channelKinds)
    for (const key of Object.keys(secrets)) assert.ok(read.includes(`${kind}-${key}`), `${kind}-${key}`);
});

test("a version is one of semver, and follows the one before", () => {
  for (const version of ["0.2.0", "1.0.0-rc.1", "10.20.30", "1.0.0-0.3.7"]) assert.ok(isVersion(version), version);
  for (const text of [
    "v0.2.0",
    "0.2",
    "0.2.0.1",
    "01.2.3",
    "1.0.0-",
    "1.0.0-rc..1",
    "1.0.0+5",
    "",
    "latest",
    "1.0.0-01",
  ]) {
    assert.ok(!isVersion(text), text);
  }
  // The order that the specification gives as its example, and the usual one.
  const inOrder = [
    "0.1.0",
    "0.1.1",
    "0.2.0",
    "0.10.0",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.1-rc.1",
  ];
  for (const [index, one] of inOrder.entries()) {
    for (const [otherIndex, other] of inOrder.entries()) {
      assert.equal(isAfter(one, other), index > otherIndex, `${one} after ${other}`);
    }
  }
});

const changelog = `# Changelog

## Unreleased

- One thing.
- Another, which mentions ## Unreleased.

## 0.1.0 – 2026-01-02

The first.
`;

test("what is unreleased becomes the version, with its day", () => {
  assert.equal(unreleasedIn(changelog), "- One thing.\n- Another, which mentions ## Unreleased.");
  const released = asReleased(changelog, "0.2.0", "2026-03-04");
  assert.equal(released, changelog.replace("## Unreleased", "## 0.2.0 – 2026-03-04"));
  assert.equal(unreleasedIn(released), "");
  assert.equal(notesOf(released, "0.2.0"), unreleasedIn(changelog));
  assert.equal(notesOf(released, "0.1.0"), "The first.");
  assert.equal(notesOf(released, "0.1"), undefined);
  assert.equal(releaseDateOf(released, "0.2.0"), "2026-03-04");
  assert.equal(releaseDateOf(changelog, "0.2.0"), undefined);
  assert.equal(releaseDateOf("## 0.1.0 – never released\n", "0.1.0"), undefined);
});

const folder = mkdtempSync(join(tmpdir(), "ccs-release-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const checkout = join(folder, "checkout");
const env = {
  ...process.env,
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_SYSTEM: "/dev/null",
  GIT_AUTHOR_NAME: "Jo",
  GIT_AUTHOR_EMAIL: "jo@example.org",
  GIT_COMMITTER_NAME: "Jo",
  GIT_COMMITTER_EMAIL: "jo@example.org",
};

function git(...args: readonly string[]): string {
  return execFileSync("git", args, { cwd: checkout, encoding: "utf8", env, stdio: "pipe" }).trim();
}

function release(...args: readonly string[]): { readonly code: number | null; readonly output: string } {
  const script = join(checkout, "scripts/release.ts");
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    cwd: checkout,
    encoding: "utf8",
    env,
  });
  return { code: status, output: stdout + stderr };
}

/** The files of this checkout, as they are now, committed in another. */
const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: root,
  encoding: "utf8",
})
  .trimEnd()
  .split("\n");

before(() => {
  for (const name of files) {
    mkdirSync(dirname(join(checkout, name)), { recursive: true });
    cpSync(join(root, name), join(checkout, name), { verbatimSymlinks: true });
  }
  git("init", "--quiet", "--initial-branch", "main");
  symlinkSync(join(root, "node_modules"), join(checkout, "node_modules"));
  appendFileSync(join(checkout, ".git/info/exclude"), "/node_modules\n");
  const text = readFileSync(join(checkout, "CHANGELOG.md"), "utf8");
  if (unreleasedIn(text) === "") {
    writeFileSync(join(checkout, "CHANGELOG.md"), text.replace(/^(?=## )/m, "## Unreleased\n\n- Something.\n\n"));
  }
  git("add", "--all");
  git("commit", "--quiet", "--message", "start");
});
beforeEach(() => {
  git("reset", "--quiet", "--hard", "HEAD");
  git("clean", "--quiet", "--force", "-d");
});

/** Files that name the version in any place, but for tests and the changelog; those of npm have versions of others as well. */
function filesWith(version: string, place: string): readonly string[] {
  const pattern = new RegExp(`(?<![\\w.])v?${version.replaceAll(".", "\\.")}(?![\\w.]*\\d)`);
  const names = files.filter((name) => !/^(?:test\/|CHANGELOG\.md$|package(?:-lock)?\.json$)|\.test\.ts$/.test(name));
  return names.filter((name) => pattern.test(readFileSync(join(place, name), "latin1")));
}

test("no place of the version is forgotten", () => {
  const texts = withVersion(checkout, "97.98.99-rc.1");
  for (const [name, text] of texts) writeFileSync(join(checkout, name), text);
  const left = filesWith(current, checkout);
  assert.deepEqual(left, [], "scripts/release/version.ts does not know these, or they tell of something else");
  const lock = JSON.parse(readFileSync(join(checkout, "package-lock.json"), "utf8")) as {
    readonly version: string;
    readonly packages: Readonly<Record<string, { readonly version: string }>>;
  };
  assert.deepEqual([versionIn(checkout), lock.version, lock.packages[""]?.version], Array(3).fill("97.98.99-rc.1"));
  assert.ok(texts.size >= 3);
  // And one that is forgotten is noticed.
  appendFileSync(join(checkout, "README.md"), `\nInstall v${current}.\n`);
  assert.deepEqual(filesWith(current, checkout), ["README.md"]);
});

test("a place that says another version stops the release", () => {
  const dockerfile = readFileSync(join(checkout, "Dockerfile"), "utf8");
  writeFileSync(join(checkout, "Dockerfile"), dockerfile.replace(/^ARG VERSION=.*$/m, "ARG VERSION=9.9.9"));
  assert.throws(() => withVersion(checkout, next), /Dockerfile says version 9\.9\.9, and package\.json/);
  writeFileSync(join(checkout, "Dockerfile"), dockerfile.replace(/^ARG VERSION=.*$/m, "ARG VERSION"));
  assert.throws(() => withVersion(checkout, next), /Dockerfile names the version in 0 places and not in 1/);
});

test("a dry run shows what would change, and changes nothing", () => {
  const head = git("rev-parse", "HEAD");
  const { code, output } = release(next, "--dry-run");
  assert.equal(code, 0, output);
  assert.match(output, new RegExp(`^package\\.json:\n- "version": "${current}",\n\\+ "version": "${next}",$`, "m"));
  assert.match(output, new RegExp(`^\\+ ARG VERSION=${next}$`, "m"));
  assert.match(output, new RegExp(`^- ## Unreleased\n\\+ ## ${next} – \\d{4}-\\d\\d-\\d\\d$`, "m"));
  assert.match(output, new RegExp(`tag v${next}\\. Nothing was changed\\.`));
  assert.deepEqual([git("status", "--porcelain"), git("rev-parse", "HEAD"), git("tag")], ["", head, ""]);
});

test("what cannot be released is refused, with all reasons at once", () => {
  const refused = (version: string, reason: RegExp): void => {
    const status = git("status", "--porcelain");
    const { code, output } = release(version);
    assert.equal(code, 64, output);
    assert.match(output, reason);
    assert.doesNotMatch(output, /^\s+at /m, "a stack trace");
    assert.equal(git("status", "--porcelain"), status);
  };
  refused("", /it is no version/);
  refused(`v${next}`, /without a v/);
  refused(current, /choose a version after that/);
  refused("0.0.1", /choose a version after that/);
  const text = readFileSync(join(checkout, "CHANGELOG.md"), "utf8");
  writeFileSync(join(checkout, "CHANGELOG.md"), text.replace(/^## Unreleased$[\s\S]*?(?=^## )/m, "## Unreleased\n\n"));
  writeFileSync(join(checkout, "stray.txt"), "");
  refused(next, /- there are changes that are not committed[\s\S]*stray\.txt[\s\S]*- CHANGELOG\.md has nothing under/);
  rmSync(join(checkout, "stray.txt"));
  git("checkout", "--quiet", "HEAD", "--", "CHANGELOG.md");
  git("tag", `v${next}`);
  refused(next, /the tag v\S+ exists already/);
  git("tag", "--delete", `v${next}`);
  git("checkout", "--quiet", "--detach");
  refused(next, /no branch is checked out/);
  git("checkout", "--quiet", "main");
  assert.equal(release().code, 64);
});

test("what fails on the way leaves no trace", () => {
  const head = git("rev-parse", "HEAD");
  const hook = join(checkout, ".git/hooks/pre-commit");
  writeFileSync(hook, "#!/bin/sh\necho no >&2\nexit 1\n", { mode: 0o755 });
  const commit = release(next, "--no-files");
  rmSync(hook);
  assert.equal(commit.code, 1, commit.output);
  assert.match(commit.output, /git commit .* failed: [\s\S]*All files are as they were/);
  assert.deepEqual([git("status", "--porcelain"), git("rev-parse", "HEAD"), git("tag")], ["", head, ""]);
  // The commit is there already.
  git("config", "tag.gpgSign", "true");
  git("config", "gpg.program", "/bin/false");
  const tag = release(next, "--no-files");
  git("config", "tag.gpgSign", "false");
  assert.equal(tag.code, 1, tag.output);
  assert.deepEqual([git("status", "--porcelain"), git("rev-parse", "HEAD"), git("tag")], ["", head, ""]);
});

test("a release is one commit and one tag, and the tag fits the sources", () => {
  const { code, output } = release(next, "--no-files");
  assert.equal(code, 0, output);
  assert.equal(git("log", "-1", "--format=%s"), `release: ${next}`);
  assert.equal(git("tag", "--points-at", "HEAD"), `v${next}`);
  assert.equal(git("cat-file", "-t", `v${next}`), "tag");
  assert.equal(git("status", "--porcelain"), "");
  assert.deepEqual([versionIn(checkout), git("diff", "--name-only", "HEAD~1").includes("CHANGELOG.md")], [next, true]);
  const notes = release("--notes");
  assert.equal(notes.output.trim(), unreleasedIn(git("show", "HEAD~1:CHANGELOG.md")));
  git("tag", "--delete", `v${next}`);
  git("reset", "--quiet", "--hard", "HEAD~1");
  assert.match(whyNotTag(`v${next}`) ?? "", /the tag is v\S+, and package\.json has the version/);
});
