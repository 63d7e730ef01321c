// The built `ccs`, as `npm ci` leaves it behind: found by the `bin` of package.json, and run as a child process.
import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { cpSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";

const root = join(import.meta.dirname, "../..");

/** For the environment of a process: hundreds compile the same files, and each but the first has them from here. */
export const compileCache = { NODE_COMPILE_CACHE: join(root, "node_modules/.cache/ccs-tests") };

let found: string | undefined;

/**
 * The path of the built program. It is built first when it is missing or older than its sources. A run of the tests with
 * another program names that in its environment.
 */
export function builtProgram(): string {
  found ??= process.env["CCS_PROGRAM"] ?? findOrBuild();
  return found;
}

function findOrBuild(): string {
  const { bin } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { bin: { ccs: string } };
  const program = join(root, bin.ccs);
  const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(ts|tsx|css|html|svg)$/.test(name) && !name.endsWith(".test.ts"))
    .map((name) => join(root, "src", name));
  const newestMs = Math.max(...[...sources, join(root, "package.json")].map(modifiedMs));
  if (newestMs > modifiedMs(program)) build();
  return program;
}

function build(): void {
  const { status, stderr } = spawnSync(process.execPath, [join(root, "scripts/build.ts")], { encoding: "utf8" });
  if (status !== 0) throw new Error(`The program cannot be built:\n${stderr}`);
}

/** 0 for a file that is not there. */
function modifiedMs(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** A copy of the program in this folder, which says that it is of another version. Its path. */
export function programOfVersion(version: string, folder: string): string {
  const program = builtProgram();
  const packed = readFileSync(join(root, "package.json"), "utf8");
  const said = `version: "${(JSON.parse(packed) as { version: string }).version}"`;
  cpSync(dirname(program), join(folder, "dist"), { recursive: true });
  writeFileSync(join(folder, "package.json"), packed);
  const files = readdirSync(join(folder, "dist")).map((name) => join(folder, "dist", name));
  const says = files.filter(
    (path) => /[/\\](?:main|part-[^/\\]*)\.js$/.test(path) && readFileSync(path, "utf8").includes(said),
  );
  const [file = "", ...others] = says;
  const parts = file === "" ? [] : readFileSync(file, "utf8").split(said);
  if (others.length > 0 || parts.length !== 2)
    throw new Error(`the program says its version in ${says.join() || "no file"}`);
  writeFileSync(file, parts.join(`version: "${version}"`));
  return join(folder, "dist", basename(program));
}

export interface RunOptions {
  /** Another program than the built one. */
  readonly program?: string;
  /** Besides PATH and HOME, everything that the program finds in its environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Arguments of Node. */
  readonly nodeArgs?: readonly string[];
}

/** Starts `ccs` with these arguments under the Node that runs the test. Its standard input is empty. */
export function spawnCcs(
  args: readonly string[],
  { env = {}, cwd, program = builtProgram(), nodeArgs = [] }: RunOptions = {},
): ChildProcessWithoutNullStreams {
  const child = spawn(process.execPath, [...nodeArgs, program, ...args], {
    // Nothing of the developer's own settings gets in.
    env: {
      PATH: process.env["PATH"],
      HOME: join(tmpdir(), "nobody-is-at-home"),
      ...compileCache,
      ...env,
    },
    ...(cwd !== undefined && { cwd }),
  });
  child.stdin.end();
  return child;
}

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Most commands end before they have made so much garbage, and a daemon's start makes as much: collecting less of it takes a
 * seventh less of the processor, and a twelfth.
 */
export const withoutGarbage = ["--min-semi-space-size=16"];

/** Runs a command of `ccs` to its end. */
export async function runCcs(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const child = spawnCcs(args, { nodeArgs: withoutGarbage, ...options });
  const ended = once(child, "close") as Promise<[code: number | null]>;
  const [stdout, stderr, [code]] = await Promise.all([child.stdout.toArray(), child.stderr.toArray(), ended]);
  return { code, stdout: stdout.join(""), stderr: stderr.join("") };
}
