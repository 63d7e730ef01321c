// What the single executable starts, in the place of the launcher: it brings its own Node, and all of the program
// within it. A CommonJS script, as Node 24 wants it here; the parts of the program are such scripts too, kept beside it
// in the executable and compiled only when they are needed.
import { createRequire } from "node:module";
import { getAsset } from "node:sea";
import { compileFunction } from "node:vm";
import { endAsOthersDo, ignoreHarmlessSignals } from "./signals.ts";

/** Of main.js. */
interface Program {
  readonly main: (args: readonly string[]) => Promise<void>;
}

/** Of health.js. */
interface HealthCall {
  readonly runHealth: (args: readonly string[]) => Promise<boolean>;
}

/** Node's own exit code for a program that waits for what can never come. */
const unsettled = 13;

// First of all.
ignoreHarmlessSignals();
endAsOthersDo();
void start(process.argv.slice(2));

async function start(args: readonly string[]): Promise<void> {
  let isDone = false;
  process.once("beforeExit", () => {
    if (!isDone) process.exitCode = unsettled;
  });
  const [command, ...rest] = args;
  if (command !== "health" || !(await (load("health.js") as HealthCall).runHealth(rest))) {
    await (load("main.js") as Program).main(args);
  }
  isDone = true;
}

/** What one of the scripts within the executable exports. */
function load(name: string): unknown {
  const module = { exports: {} };
  const run = compileFunction(getAsset(name, "utf8"), ["exports", "require", "module", "__filename", "__dirname"], {
    filename: name,
  }) as (...values: readonly unknown[]) => void;
  run(module.exports, createRequire(process.execPath), module, process.execPath, process.execPath);
  return module.exports;
}
