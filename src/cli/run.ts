// `ccs run`: the daemon itself, until it is told to end.
import { InternalErrors } from "../assembly/internal-errors.ts";
import type { State } from "../core/model.ts";
import { systemClock } from "../runtime/node/clock.ts";
import type { Log } from "../lib/log.ts";
import { Wire } from "../lib/wire.ts";
import {
  exitWithin,
  keepYoungGenerationSmall,
  ownProcessIds,
  ownUserId,
  untilSignalled,
} from "../runtime/node/process.ts";
import { startDaemon } from "../runtime/node/start.ts";
import { missingForReady } from "../web/readiness.ts";
import { configOf, configPath } from "./config-option.ts";
import { onStrayError } from "./stray-errors.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { onceCommand } from "./once.ts";
import { isNothingReached } from "./round.ts";
import { commandLog, daemonLog, withCommon, type CommonOptions, type Register } from "./registration.ts";

export const registerRun: Register = (program, run) => {
  withCommon(program.command("run"))
    .option("--once", "one full round of checks, apply, exit: for cron")
    .addHelpText(
      "after",
      `
Examples:
  $ ccs run                            with ./config.yml
  $ ccs run --config /etc/ccs.yml      with another file
  $ ccs run --once && echo in sync     from cron

SIGHUP reloads the configuration, as does every change of the file; SIGTERM and SIGINT stop the daemon cleanly.
With --once, the exit code is 0 if every record is as it should be, else 1.`,
    )
    .action((options: CommonOptions & { once?: true }) =>
      run(() => {
        if (options.once === undefined) return runCommand(configPath(options.config), { log: daemonLog(options) });
        return onceCommand(configOf(options.config), { json: options.json === true, log: commandLog(options) });
      }),
    );
};

/** By then a daemon that can reach the network knows enough to do its work. */
const readyWithinMs = 15_000;

/** The longest that the last messages of a broken process may take. */
const lastResortMs = 10_000;

/** Runs until SIGTERM or SIGINT, then ends cleanly with 0. SIGHUP loads the configuration again. */
async function runCommand(path: string, { log }: { log: Log }): Promise<ExitCode> {
  keepYoungGenerationSmall();
  // Signals may come before everything stands, and none of them may end us as it ends a program that knows nothing of
  // it.
  const hangUps = new Wire<[]>();
  const signalled = untilSignalled(hangUps.send);
  const errors = new InternalErrors({ log, clock: systemClock });
  onStrayError(errors.report);
  await using running = await startDaemon({
    path,
    env: process.env,
    log,
    errors,
    userId: ownUserId(),
    processIds: ownProcessIds(),
  });
  hangUps.connect(() => running.reload());
  setTimeout(() => tellWhatIsMissing(running.daemon.state, log), readyWithinMs).unref();
  const end = await Promise.race([signalled, errors.corruption.then((why) => ({ why }))]);
  if (typeof end === "string") {
    log.info({ signal: end }, "ending");
    return exitCodes.ok;
  }
  log.fatal(`ccs ends because of an internal error: ${end.why}. The records stay as they are.`);
  // Nothing may hold up the end of a process that can do no good.
  exitWithin(lastResortMs, exitCodes.bug);
  running.tellOfEnd(end.why);
  return exitCodes.bug;
}

/** A person who has just started it waits for something to happen: what keeps it from that, and what to do. */
function tellWhatIsMissing(state: State, log: Log): void {
  const missing = missingForReady(state);
  if (missing.length === 0) return;
  const what = isNothingReached(state)
    ? "nothing could be reached so far, neither Cloudflare nor an endpoint: is this machine online?"
    : `not ready yet: ${missing.join("; ")}.`;
  log.warn(`${what} ccs doctor, in another terminal, says what is wrong and what to do`);
}
