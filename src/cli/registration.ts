// What the commands share when they register themselves with the program: the options that most of them take, and the
// logs that follow from these.
import { Option, type Command } from "commander";
import { createLog, logLevels, type Log, type LogLevel } from "../lib/log.ts";
import type { ExitCode } from "./exit-codes.ts";

/** Runs a command's work and keeps its exit code. */
export type Run = (work: () => ExitCode | Promise<ExitCode>) => Promise<void>;

/** Adds one command, with its options and its help, to the program. Each file of a command exports one. */
export type Register = (program: Command, run: Run) => void;

export interface CommonOptions {
  readonly config?: string;
  readonly json?: true;
  readonly logLevel?: LogLevel;
}

/** Gives `command` the options that every command over a configuration takes. */
export function withCommon(command: Command): Command {
  return command
    .option("-c, --config <file>", "the configuration, also CCS_CONFIG (default: config.yml, then the usual places)")
    .option("--json", "print JSON")
    .addOption(
      new Option("--log-level <level>", "how much to log (default: info for the daemon, otherwise warn)").choices(
        logLevels,
      ),
    );
}

/** The daemon's log is its output: JSON, or pretty on a terminal. */
export function daemonLog({ logLevel = "info", json }: CommonOptions): Log {
  return createLog({ level: logLevel, isForPeople: process.stdout.isTTY && json === undefined });
}

/** Other commands print their result; what is logged goes to standard error. */
export function commandLog({ logLevel = "warn" }: CommonOptions): Log {
  const stream = { write: (line: string) => void process.stderr.write(line) };
  return createLog({ level: logLevel, isForPeople: process.stderr.isTTY, stream });
}
