// What `npm test` runs once dist/ is built: all test files, several at once. Those with daemons and browsers mostly wait, and
// simulated hours only compute, so that side by side they leave no core idle. Node's own order is by name; here those that
// take long begin first, and nobody is waited for alone in the end.
import { globSync } from "node:fs";
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

// Until all have passed.
process.exitCode = 1;
run({
  files,
  cwd: root,
  concurrency,
  timeout: 120_000,
  execArgv: ["--import", join(root, "test/support/leak-check.ts")],
  signal: interruption.signal,
})
  .on("test:summary", ({ file, success }) => {
    if (file === undefined && success) process.exitCode = 0;
  })
  .compose(spec)
  .pipe(process.stdout);
