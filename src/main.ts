// The entry of `ccs`: reads the command line, runs the command, and turns its end into an exit code.
import { Command, CommanderError, Option } from "commander";
import { configOf, configPath } from "./cli/config-option.ts";
import { demoCommand } from "./cli/demo.ts";
import { CommandError, exitCodes, type ExitCode } from "./cli/exit-codes.ts";
import { migrateCommand } from "./cli/migrate.ts";
import { onceCommand } from "./cli/once.ts";
import { planCommand } from "./cli/plan.ts";
import { probeCommand } from "./cli/probe.ts";
import { runCommand } from "./cli/run.ts";
import { schemaCommand } from "./cli/schema.ts";
import { printError, styled } from "./cli/terminal.ts";
import { validateCommand } from "./cli/validate.ts";
import { version } from "./cli/version.ts";
import { createLog, logLevels, type Log, type LogLevel } from "./lib/log.ts";

interface CommonOptions {
  readonly config?: string;
  readonly json?: true;
  readonly logLevel?: LogLevel;
}

const exitCodeHelp = `
Exit codes:
  0   done, and all is well
  1   done, but what was looked at is not as it should be
  2   plan: something would be written
  64  the command line makes no sense
  69  something that is needed could not be had: a port, a file, an answer
  70  a bug of ours
  78  the configuration is wrong`;

/** Runs one command line (without the program's name). Resolves to its exit code. */
export async function runCli(args: readonly string[]): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.ok;
  const program = createProgram(async (command) => {
    exitCode = await command();
  });
  try {
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    if (error instanceof CommandError) {
      for (const line of error.message.split("\n")) printError(`${styled("red", "error:")} ${line}`);
      return error.exitCode;
    }
    throw error;
  }
}

type Run = (command: () => ExitCode | Promise<ExitCode>) => Promise<void>;

function createProgram(run: Run): Command {
  const program = new Command("ccs")
    .description("Keeps one DNS name on Cloudflare pointing at the best of your endpoints that works.")
    .version(version)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .addHelpText("after", exitCodeHelp);

  withCommon(program.command("run"))
    .description("watch the endpoints and keep the records right, until told to end")
    .option("--once", "a full round of checks, apply, end: for cron")
    .addHelpText(
      "after",
      `
Examples:
  $ ccs run                            with ./config.yml
  $ ccs run --config /etc/ccs.yml      with another file
  $ ccs run --once && echo in sync     from cron

SIGHUP loads the configuration anew, as does every change of the file; SIGTERM and SIGINT end it cleanly.
With --once the exit code is 0 when every record says what it should, else 1.`,
    )
    .action((options: CommonOptions & { once?: true }) =>
      run(() => {
        if (options.once === undefined) return runCommand(configPath(options.config), { log: daemonLog(options) });
        return onceCommand(configOf(options.config), { json: options.json === true, log: commandLog(options) });
      }),
    );

  withCommon(program.command("validate"))
    .description("check the configuration and name every mistake in it")
    .addHelpText("after", "\nExample:\n  $ ccs validate --config config.yml")
    .action((options: CommonOptions) => run(() => validateCommand(options.config, { json: options.json === true })));

  withCommon(program.command("probe"))
    .description("probe every address of every endpoint once; exit code 1 unless all are ok")
    .addHelpText("after", "\nExample:\n  $ ccs probe --json | jq '.probes[] | select(.result != \"ok\")'")
    .action((options: CommonOptions) =>
      run(() => probeCommand(configOf(options.config), { json: options.json === true, log: commandLog(options) })),
    );

  withCommon(program.command("plan"))
    .description("show what would be written now, and write nothing; exit code 2 when there is something")
    .addHelpText("after", "\nExample:\n  $ ccs plan")
    .action((options: CommonOptions) =>
      run(() => planCommand(configOf(options.config), { json: options.json === true, log: commandLog(options) })),
    );

  program
    .command("migrate")
    .description("print a file of the original tool's format in the present one")
    .argument("[file]", "the file; config.yml and the other usual places unless told")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ ccs migrate old.yml > config.yml")
    .action((file: string | undefined, options: { json?: true }) =>
      run(() => migrateCommand(file, { json: options.json === true })),
    );

  program
    .command("demo")
    .description("play the demo: the daemon in an emulated world, no account needed")
    .option("--once", "end after the story; exit code 1 when not all of it happened as told")
    .addHelpText("after", "\nExamples:\n  $ ccs demo          until Ctrl-C\n  $ ccs demo --once   for a pipe, or CI")
    .action((options: { once?: true }) => run(() => demoCommand({ isOnce: options.once === true })));

  program
    .command("schema")
    .description("print the JSON Schema of the configuration, for editors")
    .addHelpText("after", "\nExample:\n  $ ccs schema > config.schema.json")
    .action(() => run(schemaCommand));

  return program;
}

function withCommon(command: Command): Command {
  return command
    .option("-c, --config <file>", "the configuration (also CCS_CONFIG); config.yml and the usual places unless told")
    .option("--json", "print JSON, for programs")
    .addOption(
      new Option("--log-level <level>", "how much to log: info for the daemon, warn otherwise").choices(logLevels),
    );
}

/** The daemon's log is its output: JSON, or pretty on a terminal. */
function daemonLog({ logLevel = "info", json }: CommonOptions): Log {
  return createLog({ level: logLevel, isForPeople: process.stdout.isTTY && json === undefined });
}

/** Other commands print their result; what is logged goes to standard error. */
function commandLog({ logLevel = "warn" }: CommonOptions): Log {
  const stream = { write: (line: string) => void process.stderr.write(line) };
  return createLog({ level: logLevel, isForPeople: process.stderr.isTTY, stream });
}

/** Runs one command line as this process, and sets its exit code. */
export async function main(args: readonly string[]): Promise<void> {
  // `ccs … | head` closes our output early. Nobody reads on, so there is nobody to tell.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit();
    throw error;
  });
  try {
    process.exitCode = await runCli(args);
  } catch (error) {
    printError(
      `This is a bug of ours; please report it with what follows.\n${String((error as Error).stack ?? error)}`,
    );
    process.exitCode = exitCodes.bug;
  }
}

if (import.meta.main) await main(process.argv.slice(2));
