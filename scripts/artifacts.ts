// `npm run artifacts`: builds what people install and runs it for real. Each check is a test file, named after its artifact:
// those in test/artifacts/cheap/ run by default, and in CI; those in test/artifacts/expensive/, which take minutes or need much
// of a machine, only by name. They are no part of `npm test`.
//
//   npm run artifacts                     all cheap ones
//   npm run artifacts -- package arm64    these
//   npm run artifacts -- --all            everything
//   npm run artifacts -- --list           their names
//
// To add one, put a file of node:test into one of the folders. Programs that it needs come from `requireProgram`
// (test/support/programs.ts), so that it is skipped where they are missing and fails in CI; what it builds on comes from
// `artifactOnce` (test/support/artifacts.ts), so that it is built once for all.
import { globSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { parseArgs } from "node:util";

const root = dirname(import.meta.dirname);
const folder = join(root, "test/artifacts");

interface Check {
  readonly name: string;
  readonly file: string;
  readonly price: "cheap" | "expensive";
}

const checks: readonly Check[] = (["cheap", "expensive"] as const).flatMap((price) =>
  globSync("*.ts", { cwd: join(folder, price) })
    .toSorted()
    .map((file) => ({ name: basename(file, ".ts"), file: join(folder, price, file), price })),
);

/** A file that takes longer hangs. What is expensive may have half an hour of building to do first. */
const timeoutMs = { cheap: 30 * 60_000, expensive: 120 * 60_000 };

const { values, positionals } = parseArgs({
  options: { all: { type: "boolean", default: false }, list: { type: "boolean", default: false } },
  allowPositionals: true,
});
if (values.list) {
  for (const { name, price } of checks) console.log(`${name} (${price})`);
} else {
  runChecks(chosen(positionals));
}

function chosen(names: readonly string[]): readonly Check[] {
  const unknown = names.filter((name) => !checks.some((check) => check.name === name));
  if (unknown.length > 0) {
    console.error(`There is no check ${unknown.join(", ")}. Known: ${checks.map(({ name }) => name).join(", ")}`);
    process.exit(64);
  }
  if (values.all) return checks;
  return checks.filter(({ name, price }) => (names.length === 0 ? price === "cheap" : names.includes(name)));
}

/** One after the other: most of them need the whole machine, and what one has built the next can use. */
function runChecks(these: readonly Check[]): void {
  const built = mkdtempSync(join(tmpdir(), "ccs-artifacts-"));
  process.on("exit", () => rmSync(built, { recursive: true, force: true }));
  process.env["CCS_ARTIFACTS_FOLDER"] = built;
  const interruption = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => interruption.abort());
  // Until all have passed.
  process.exitCode = 1;
  run({
    files: these.map(({ file }) => file),
    cwd: root,
    concurrency: 1,
    timeout: Math.max(...these.map(({ price }) => timeoutMs[price])),
    signal: interruption.signal,
  })
    .on("test:summary", ({ file, success }) => {
      if (file === undefined && success) process.exitCode = 0;
    })
    .compose(spec)
    .pipe(process.stdout);
}
