// `ccs run`: the daemon itself, until it is told to end.
import type { Log } from "../lib/log.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { startDaemon } from "./running.ts";

/** Runs until SIGTERM or SIGINT, then ends cleanly with 0. SIGHUP loads the configuration anew. */
export async function runCommand(path: string, { log }: { log: Log }): Promise<ExitCode> {
  // Signals may come before everything stands, and none of them may end us as it ends a program that knows nothing of it.
  const onHangUp: { reload?: () => void } = {};
  const signalled = untilSignalled(() => onHangUp.reload?.());
  await using running = await startDaemon({ path, env: process.env, log });
  onHangUp.reload = () => running.reload();
  const signal = await signalled;
  log.info({ signal }, "ending");
  return exitCodes.ok;
}

function untilSignalled(onHangUp: () => void): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    process.on("SIGHUP", onHangUp);
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, resolve);
  });
}
