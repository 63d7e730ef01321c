// What `npm test` runs once dist/ is built: all test files, several at once. Those with daemons and browsers mostly wait, and
// simulated hours only compute, so that side by side they leave no core idle. Node's own order is by name; here those that
// take long begin first, and nobody is waited for alone in the end.
import { once } from "node:events";
import { existsSync, globSync } from "node:fs";
import { dirname, join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";

const root = dirname(import.meta.dirname);

/** Where tests take longest; whatever is elsewhere comes after them. */
const longest = ["test/simulation/", "test/browser/", "test/demo", "test/e2e/"];
const rank = (file: string): number => [...longest, ""].findIndex((start) => file.startsWith(start));

const files = globSync("{src,test}/**/*.test.ts", { cwd: root }).toSorted(
  (one, other) => rank(one) - rank(other) || one.localeCompare(other),
);

/** Few enough, even for two cores, that daemons keep the times that tests ask of them. */
const concurrency = 5;

// Libraries are compiled, and types stripped, once and not anew for each file.
process.env["NODE_COMPILE_CACHE"] ??= join(root, "node_modules/.cache/ccs-tests");

const interruption = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => interruption.abort());

/**
 * Runs the files and prints what comes of them. Resolves to those that failed; files that ended badly although each test in
 * them passed are among them.
 */
async function failing(which: readonly string[], atOnce: number): Promise<readonly string[]> {
  const failed = new Set<string>();
  const stream = run({
    files: [...which],
    cwd: root,
    concurrency: atOnce,
    timeout: 120_000,
    execArgv: ["--import", join(root, "test/support/leak-check.ts")],
    signal: interruption.signal,
  });
  stream.on("test:fail", ({ file }) => failed.add(file ?? "a file without a name"));
  const isWell = Promise.withResolvers<boolean>();
  stream.on("test:summary", ({ file, success }) => {
    if (file === undefined) isWell.resolve(success);
  });
  const shown = stream.compose(spec);
  shown.pipe(process.stdout);
  await once(shown, "end");
  isWell.resolve(false);
  if (!(await isWell.promise) && failed.size === 0) failed.add("a file that said nothing");
  return [...failed];
}

// Until all have passed.
process.exitCode = 1;
let failed = await failing(files, concurrency);
const again = failed.filter((file) => existsSync(file));
// Where it cannot be looked at right away, as in CI: what failed beside all others is given the machine to itself, once.
if (process.env["CCS_TEST_AGAIN"] === "1" && again.length > 0 && again.length === failed.length && again.length <= 3) {
  console.log(`\nAgain, by themselves: ${again.join(", ")}\n`);
  failed = await failing(again, 1);
  if (failed.length === 0) console.log(`\nFailed beside the others, passed alone; look at why: ${again.join(", ")}`);
}
if (failed.length === 0) process.exitCode = 0;
