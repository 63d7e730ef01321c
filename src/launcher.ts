#!/usr/bin/env node
// What `ccs` starts: sees to it that Node is new enough, then loads the program, main.js beside this file, or for a
// health check health.js alone. A checkout brings a new Node as a development dependency; where the machine's is too
// old, the program runs under that one.
//
// Has to load on old Nodes: nothing that Node 18 lacks.
import { existsSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { endAsOthersDo, ignoreHarmlessSignals } from "./signals.ts";

const oldestMajor = 24;
/** As in cli/exit-codes.ts: something that is needed is not available. */
const unavailable = 69;
const program = new URL("main.js", import.meta.url).href;
const healthCall = new URL("health.js", import.meta.url).href;
const ownNode = fileURLToPath(new URL("../node_modules/.bin/node", import.meta.url));
/** Only a checkout has it. */
const lockFile = fileURLToPath(new URL("../package-lock.json", import.meta.url));
/** In the environment of a program that runs under `ownNode`. */
const childMark = "CCS_LAUNCHER_CHILD";

// First of all.
ignoreHarmlessSignals();
endAsOthersDo();

if (Number.parseInt(process.versions.node, 10) >= oldestMajor) {
  if (process.env[childMark] !== undefined) dieWithLauncher();
  keepCompiled();
  if (isCommand(process.argv[2])) spareHttpClient();
  if (!(await isHealthCall(process.argv.slice(2)))) await import(program);
} else if (existsSync(ownNode)) {
  await runUnderOwnNode();
} else {
  const what = existsSync(lockFile)
    ? `run \`npm ci\` in ${fileURLToPath(new URL("..", import.meta.url))}, which brings one along`
    : "install one from https://nodejs.org/en/download, then try again";
  console.error(`ccs needs Node.js ${oldestMajor} or newer, and ${process.execPath} is ${process.version}: ${what}`);
  process.exitCode = unavailable;
}

/**
 * Keeps what Node has compiled for the next start, which takes a third less of the processor then. It is code, and so
 * is kept only where nobody else can write: below the own home of the user as whom this runs, and not that of another
 * with `sudo`. Where that is not possible, everything is compiled each time.
 */
function keepCompiled(): void {
  const { HOME = "", XDG_CACHE_HOME, NODE_COMPILE_CACHE, NODE_DISABLE_COMPILE_CACHE } = process.env;
  // Node has done it already, or is not to do it.
  if (NODE_COMPILE_CACHE !== undefined || NODE_DISABLE_COMPILE_CACHE !== undefined) return;
  try {
    if (!HOME.startsWith("/") || !isOwn(HOME)) return;
    const folder = join(XDG_CACHE_HOME?.startsWith("/") === true ? XDG_CACHE_HOME : join(HOME, ".cache"), "ccs");
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (isOwn(folder)) process.getBuiltinModule("node:module").enableCompileCache(folder);
  } catch {
    // A home that is not there, or cannot be written: it is only about time.
  }
}

/** Whether a folder is of the user as whom this runs, and no other can write in it. */
function isOwn(folder: string): boolean {
  const { uid, mode } = statSync(folder);
  return uid === process.geteuid?.() && (mode & 0o022) === 0;
}

/** Help and the version need no network, and no preparations for it. */
function isCommand(word: string | undefined): boolean {
  return word !== undefined && !word.startsWith("-");
}

/** Whether this is a plain `ccs health`: then it has been done. */
async function isHealthCall([command, ...args]: readonly string[]): Promise<boolean> {
  if (command !== "health") return false;
  const { runHealth } = (await import(healthCall)) as { runHealth: (args: readonly string[]) => Promise<boolean> };
  return runHealth(args);
}

/**
 * Node reads every export of its own modules that are imported, and these three of `node:http` load a second HTTP
 * client, undici, which is a quarter of what most commands cost. ccs does not use them.
 */
function spareHttpClient(): void {
  const http = process.getBuiltinModule("node:http");
  for (const name of ["WebSocket", "CloseEvent", "MessageEvent"])
    Object.defineProperty(http, name, { value: undefined });
}

/** Runs this file again under the newer Node, as if it were this process: same streams, signals and exit code. */
async function runUnderOwnNode(): Promise<void> {
  const { spawn } = await import("node:child_process");
  const { constants } = await import("node:os");
  const child = spawn(ownNode, ["--disable-sigusr1", fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    // The channel carries no messages. It closes when this process ends, however it ends.
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: { ...process.env, [childMark]: "1" },
  });
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to both processes; twice would look like impatience.
      if (signal === "SIGINT" && process.stdin.isTTY) return;
      child.kill(signal);
    });
  }
  child.on("error", (error) => {
    console.error(`ccs could not start ${ownNode}: ${error.message}. Run \`npm ci\` again.`);
    process.exitCode = unavailable;
  });
  child.on("exit", (code, signal) => {
    if (code === 127) {
      // The loader's own exit code: it has already named the library that is missing.
      console.error(`ccs could not start ${ownNode}: install that library, or a newer Node.js from https://nodejs.org`);
      process.exit(unavailable);
    }
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
    // A signal that does not end this process ends it all the same, with the shell's code for it.
    process.exit(128 + constants.signals[signal]);
  });
}

/** `kill -9` reaches only the launcher: the program notices the closed channel and dies the same death. */
function dieWithLauncher(): void {
  delete process.env[childMark];
  process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
  // The channel alone must not keep a program alive that has ended.
  process.channel?.unref();
}
