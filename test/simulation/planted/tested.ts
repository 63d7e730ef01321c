// Runs one test of the suite in a process of its own, in which one file is read with a patch. Started with `--import`, it is
// that process's part.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { plantEverywhere, type Patch } from "./plant.ts";

const root = join(import.meta.dirname, "../../..");
const variable = "CCS_PLANTED";

/** The names of the tests in `file` that fail with the patch; only the one named `wanted` is run. */
export async function testWith(patch: Patch, file: string, wanted: string): Promise<readonly string[]> {
  const pattern = `^${RegExp.escape(wanted)}$`;
  const options = ["--import", import.meta.filename, "--test-reporter", "tap", "--test-name-pattern", pattern];
  // The runner of this process is not to be told of it.
  const { NODE_TEST_CONTEXT: _context, ...environment } = process.env;
  const child = spawn(process.execPath, [...options, join(root, file)], {
    cwd: root,
    env: { ...environment, [variable]: JSON.stringify(patch) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [report, trouble] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  if (trouble !== "") throw new Error(trouble);
  const results = report.split("\n").flatMap((line) => /^ *(not ok|ok) \d+ - (.*)$/.exec(line)?.slice(1) ?? []);
  if (!results.includes(wanted)) throw new Error(`there is no test "${wanted}" in ${file}`);
  return results.filter((_, index) => results[index - 1] === "not ok");
}

const given = process.env[variable];
if (given !== undefined) plantEverywhere(JSON.parse(given) as Patch);
