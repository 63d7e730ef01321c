// Runs tests of the suite in a process of their own, in which one file is read with a patch. Started with `--import`, it is
// that process's part.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { plantEverywhere, type Patch } from "./plant.ts";

const root = join(import.meta.dirname, "../../..");
const variable = "CCS_PLANTED";

/** No test that is named takes nearly as long. */
const longestMs = 90_000;

/** Of one test: whether it passed, and if not what was wrong. */
export interface Result {
  readonly name: string;
  readonly isPassed: boolean;
  readonly trouble: string;
}

/** What the tests of these names in `file` say, with the patch or without any. Throws where one of them is not found. */
export async function testsWith(file: string, wanted: readonly string[], patch?: Patch): Promise<readonly Result[]> {
  const folder = mkdtempSync(join(tmpdir(), "ccs-planted-"));
  try {
    const mark = join(folder, "read");
    const program = patch !== undefined && file.startsWith("test/e2e/") ? await builtWith(patch, folder) : undefined;
    const { report, trouble } = await run(file, wanted, {
      ...(patch !== undefined && { [variable]: JSON.stringify({ patch, mark } satisfies Planting) }),
      ...(program !== undefined && { CCS_PROGRAM: program }),
    });
    const results = resultsIn(report).filter(({ name }) => wanted.includes(name));
    const missing = wanted.filter((name) => !results.some((result) => result.name === name));
    if (missing.length > 0) throw new Error(`no test "${missing.join('", "')}" in ${file}:\n${trouble}\n${report}`);
    const isRead = patch === undefined || program !== undefined || existsSync(mark);
    if (!isRead) throw new Error(`${file} does not read ${patch.file}: the patch changes nothing`);
    return results;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The built program with the patch. The bundler is loaded for it alone: each process that this file is a part of would load it, too. */
async function builtWith(patch: Patch, folder: string): Promise<string> {
  const { programWith } = await import("../../support/patched-program.ts");
  return await programWith(patch, folder);
}

async function run(
  file: string,
  names: readonly string[],
  variables: Readonly<Record<string, string>>,
): Promise<{ report: string; trouble: string }> {
  const patterns = names.flatMap((name) => ["--test-name-pattern", `^${RegExp.escape(name)}$`]);
  const options = ["--import", import.meta.filename, "--test-reporter", "tap", "--test-timeout", "25000", ...patterns];
  // The runner of this process is not to be told of it.
  const { NODE_TEST_CONTEXT: _context, [variable]: _patch, ...environment } = process.env;
  const child = spawn(process.execPath, [...options, join(root, file)], {
    cwd: root,
    env: { ...environment, ...variables },
    stdio: ["ignore", "pipe", "pipe"],
  });
  // A defect may leave something that keeps the process, or a daemon of its own, from ending.
  const timer = setTimeout(() => child.kill("SIGKILL"), longestMs);
  const [report, trouble] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  clearTimeout(timer);
  return { report, trouble };
}

function resultsIn(report: string): Result[] {
  return report.split(/^(?= *(?:not )?ok \d+ - )/m).flatMap((part): Result[] => {
    const [, not, name] = /^ *(not )?ok \d+ - (.*)$/m.exec(part) ?? [];
    if (name === undefined) return [];
    // As TAP wants them written.
    const plain = name.replace(/ # (?:SKIP|TODO).*$/, "").replaceAll(/\\([\\#])/g, "$1");
    const [, trouble = ""] = /^ *error: ([\s\S]*?)^ *(?:code|name|stack): /m.exec(part) ?? [];
    return [{ name: plain, isPassed: not === undefined, trouble: trouble.trim() }];
  });
}

interface Planting {
  readonly patch: Patch;
  /** A file that says that the patched one was read. */
  readonly mark: string;
}

const given = process.env[variable];
if (given !== undefined) {
  const { patch, mark } = JSON.parse(given) as Planting;
  plantEverywhere(patch, () => writeFileSync(mark, ""));
}
