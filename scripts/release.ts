// Prepares a release: `npm run release -- 1.2.3` sets the version everywhere, gives what is unreleased in CHANGELOG.md its
// heading, builds the files of the release into release/, commits, and tags v1.2.3. Nothing leaves this machine: pushing the tag
// does the rest. If anything fails, the checkout is as it was. docs/releasing.md tells the whole way.
//
//   npm run release -- 1.2.3 --dry-run    shows what it would change, and changes nothing
//   npm run release -- 1.2.3 --no-files   without building, since the workflow builds them anyway
//   npm run release -- 1.2.3 --quick x64  builds for one architecture, and compressed less, for a trial
//   npm run --silent release -- --notes   prints what CHANGELOG.md says of this version
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { asReleased, notesOf, unreleasedIn } from "./release/changelog.ts";
import { isAfter, isVersion, versionIn, withVersion } from "./release/version.ts";

const root = dirname(import.meta.dirname);
const read = (name: string): string => readFileSync(join(root, name), "utf8");

const usage = "Usage: npm run release -- VERSION [--dry-run | --no-files] [--quick] [x64] [arm64]";
/** As every command of ccs has them. */
const exitCodes = { failed: 1, usage: 64 } as const;

/** A part of it that did not work, and said why. */
class Failure extends Error {}

const { values, positionals } = parseArgs({
  options: {
    "dry-run": { type: "boolean", default: false },
    "no-files": { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    notes: { type: "boolean", default: false },
  },
  allowPositionals: true,
});
if (values.notes) printNotes();
else release(positionals);

function printNotes(): void {
  const version = versionIn(root);
  const notes = notesOf(read("CHANGELOG.md"), version);
  if (notes === undefined) end(exitCodes.failed, `CHANGELOG.md has no heading for ${version}`);
  console.log(notes);
}

function release([version, ...architectures]: readonly string[]): void {
  if (version === undefined) end(exitCodes.usage, usage);
  const problems = problemsWith(version);
  if (problems.length > 0)
    end(exitCodes.usage, `${version} cannot be released:`, ...problems.map((each) => `- ${each}`));

  // One moment for everything: the files say when the commit was made, so that they can be built from it again.
  const epoch = Math.floor(Date.now() / 1_000);
  const date = new Date(epoch * 1_000).toISOString().slice(0, 10);
  const texts = new Map([
    ...withVersion(root, version),
    ["CHANGELOG.md", asReleased(read("CHANGELOG.md"), version, date)] as const,
  ]);
  if (values["dry-run"]) {
    showChanges(texts);
    const files = values["no-files"] ? "" : "build the files of the release into release/, ";
    console.log(`\nWould ${files}commit this as "release: ${version}", and tag v${version}. Nothing was changed.`);
    return;
  }
  // Ctrl-C goes to the children as well: they end, and what is done here is taken back.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
  const before = git("rev-parse", "HEAD");
  try {
    make(version, texts, epoch, architectures);
  } catch (error) {
    git("reset", "--quiet", "--soft", before);
    git("checkout", "--quiet", before, "--", ...texts.keys());
    if (!(error instanceof Failure)) throw error;
    end(exitCodes.failed, `\n${error.message}. All files are as they were, and there is no commit and no tag.`);
  }
  console.log(`\nCommitted and tagged v${version}; nothing was pushed. Look at it, and publish it:\n`);
  console.log(`  git show v${version}\n  git push --atomic origin HEAD v${version}\n`);
  console.log(`Or take it back:\n\n  git tag --delete v${version} && git reset --hard HEAD~1`);
}

/** Does it all. Throws a `Failure` where a part of it fails. */
function make(
  version: string,
  texts: ReadonlyMap<string, string>,
  epoch: number,
  architectures: readonly string[],
): void {
  const dates = { GIT_AUTHOR_DATE: `@${epoch} +0000`, GIT_COMMITTER_DATE: `@${epoch} +0000` };
  const environment = { ...process.env, SOURCE_DATE_EPOCH: `${epoch}`, ...dates, ...builder() };
  const run = (command: string, ...args: readonly string[]): void => {
    const { status, error } = spawnSync(command, args, { cwd: root, env: environment, stdio: "inherit" });
    if (status === 0) return;
    throw new Failure(`${[command, ...args].join(" ")} failed: ${error?.message ?? "what it says is above"}`);
  };
  for (const [name, text] of texts) writeFileSync(join(root, name), text);
  run("node_modules/.bin/oxfmt", "--check", ...texts.keys());
  if (!values["no-files"]) {
    const quick = values.quick ? ["--quick"] : [];
    run(process.execPath, "scripts/release/files.ts", ...quick, "--tag", `v${version}`, ...architectures);
  }
  run("git", "commit", "--quiet", "--message", `release: ${version}`, "--", ...texts.keys());
  run("git", "tag", "--annotate", `v${version}`, "--message", version);
}

/** All that speaks against releasing this version now. */
function problemsWith(version: string): readonly string[] {
  const now = versionIn(root);
  const changelog = read("CHANGELOG.md");
  const problems: string[] = [];
  if (!isVersion(version)) problems.push(`it is no version: write it like ${now}, without a v (https://semver.org)`);
  else if (!isAfter(version, now)) problems.push(`package.json has ${now} already: choose a version after that`);
  const changed = git("status", "--porcelain");
  if (changed !== "") problems.push(`there are changes that are not committed; commit or stash them:\n${changed}`);
  if (git("branch", "--show-current") === "") problems.push("no branch is checked out: git switch main");
  if (git("tag", "--list", `v${version}`) !== "") problems.push(`the tag v${version} exists already`);
  if (unreleasedIn(changelog) === "") {
    problems.push('CHANGELOG.md has nothing under "## Unreleased": write there what changes for people');
  }
  if (notesOf(changelog, version) !== undefined) problems.push(`CHANGELOG.md has a heading for ${version} already`);
  return problems;
}

/** Each line that changes, as it is and as it will be. */
function showChanges(texts: ReadonlyMap<string, string>): void {
  for (const [name, text] of texts) {
    console.log(`${name}:`);
    const after = text.split("\n");
    for (const [index, line] of read(name).split("\n").entries()) {
      if (line !== after[index]) console.log(`- ${line.trim()}\n+ ${after[index]?.trim() ?? ""}`);
    }
  }
}

/** The author of the commit to be, for the Debian package: see scripts/deb.ts. */
function builder(): Readonly<Record<string, string>> {
  if (process.env["DEBEMAIL"] !== undefined) return {};
  const [, name = "", address = ""] = /^(.*) <(.*)> /.exec(git("var", "GIT_AUTHOR_IDENT")) ?? [];
  return { DEBFULLNAME: name, DEBEMAIL: address };
}

function git(...args: readonly string[]): string {
  return execFileSync("git", args, { cwd: root, encoding: "utf8" }).trimEnd();
}

function end(code: number, ...lines: readonly string[]): never {
  for (const line of lines) console.error(line);
  process.exit(code);
}
