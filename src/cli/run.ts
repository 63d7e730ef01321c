// `ccs run`: the daemon itself, until it is told to end.
import type { Log } from "../lib/log.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { startDaemon, type RunningDaemon } from "./running.ts";

/** Runs until SIGTERM or SIGINT, then ends cleanly with 0. SIGHUP loads the configuration anew. */
export async function runCommand(path: string, { log }: { log: Log }): Promise<ExitCode> {
  await using running = await startDaemon({ path, env: process.env, log });
  const signal = await untilSignalled(running);
  log.info({ signal }, "ending");
  return exitCodes.ok;
}

function untilSignalled(running: RunningDaemon): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    process.on("SIGHUP", () => running.reload());
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, resolve);
  });
}
