// `ccs run`: the daemon itself, until it is told to end.
import { watchConfig, type ConfigWatcher } from "../config/watch.ts";
import type { LoadResult } from "../config/load.ts";
import { formatProblem } from "../config/problem.ts";
import { systemClock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { Assembly } from "./assembly.ts";
import { invalidConfig } from "./config-option.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { Surroundings } from "./surroundings.ts";

/** Runs until SIGTERM or SIGINT, then ends cleanly with 0. SIGHUP loads the configuration anew. */
export async function runCommand(path: string, { log }: { log: Log }): Promise<ExitCode> {
  const reload: { apply?: (result: LoadResult) => void } = {};
  using watcher = watchConfig({
    path,
    env: process.env,
    clock: systemClock,
    onResult: (result) => reload.apply?.(result),
    onBlindSpot: (message) => log.warn({ path }, message),
  });
  const { first } = watcher;
  if (first.kind === "invalid") throw invalidConfig(first.problems);
  logWarnings(log, first);
  await using surroundings = new Surroundings({ config: first.config, log });
  await using assembly = new Assembly({ config: first.config, log, onRequest: surroundings.onRequest });
  await surroundings.surround(assembly.daemon);
  reload.apply = (result) => {
    if (result.kind === "invalid") {
      return assembly.daemon.dispatch({ kind: "config-rejected", problems: result.problems.map(formatProblem) });
    }
    logWarnings(log, result);
    surroundings.reconfigure(result.config);
    return assembly.reconfigure(result.config);
  };
  assembly.start();
  const signal = await untilSignalled(watcher);
  log.info({ signal }, "ending");
  return exitCodes.ok;
}

function logWarnings(log: Log, result: LoadResult): void {
  if (result.kind !== "ok") return;
  for (const warning of result.warnings) log.warn({ problem: formatProblem(warning) }, "configuration warning");
}

function untilSignalled(watcher: ConfigWatcher): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    process.on("SIGHUP", () => watcher.reload());
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, resolve);
  });
}
