// The entry of `ccs`: reads the command line, runs the command, and turns its end into an exit code.
import { Command, CommanderError } from "commander";
import { StartError } from "./assembly/start-error.ts";
import { version } from "./assembly/version.ts";
import { CommandError, exitCodes, type ExitCode } from "./cli/exit-codes.ts";
import { everyCommand, outlines, type CommandName } from "./cli/outlines.ts";
import type { Register, Run } from "./cli/registration.ts";
import { dieOf, takeStrayErrors } from "./cli/stray-errors.ts";
import { plainly } from "./lib/plainly.ts";
import { shellWord } from "./lib/text.ts";
import { lineWidth, printError, printLine, styled, wrapped } from "./terminal/terminal.ts";

/** Every command registers itself, beside what it does, and is loaded when it is asked for. */
const commands: Readonly<Record<CommandName, () => Promise<Register>>> = {
  init: async () => (await import("./cli/init.ts")).registerInit,
  run: async () => (await import("./cli/run.ts")).registerRun,
  validate: async () => (await import("./cli/validate.ts")).registerValidate,
  probe: async () => (await import("./cli/probe.ts")).registerProbe,
  plan: async () => (await import("./cli/plan.ts")).registerPlan,
  status: async () => (await import("./cli/status.ts")).registerStatus,
  health: async () => (await import("./cli/health.ts")).registerHealth,
  events: async () => (await import("./cli/events.ts")).registerEvents,
  pin: async () => (await import("./cli/override.ts")).registerPin,
  drain: async () => (await import("./cli/override.ts")).registerDrain,
  drill: async () => (await import("./cli/drill.ts")).registerDrill,
  resume: async () => (await import("./cli/override.ts")).registerResume,
  explain: async () => (await import("./cli/explain.ts")).registerExplain,
  doctor: async () => (await import("./cli/doctor.ts")).registerDoctor,
  simulate: async () => (await import("./cli/simulate.ts")).registerSimulate,
  replay: async () => (await import("./cli/replay.ts")).registerReplay,
  migrate: async () => (await import("./cli/migrate.ts")).registerMigrate,
  service: async () => (await import("./cli/service.ts")).registerService,
  demo: async () => (await import("./cli/demo.ts")).registerDemo,
  schema: async () => (await import("./cli/schema.ts")).registerSchema,
  completion: async () => (await import("./cli/completion.ts")).registerCompletion,
};

/** The end of `ccs --help`. */
export const exitCodeHelp = `
Exit codes:
  0   done, and everything is fine
  1   done, but what was checked is not as it should be
  2   plan: something would be written
  64  the command line is not valid
  69  something that is needed is not available: a port, a file, an answer
  70  internal error; please report it
  78  the configuration is not valid`;

/** Runs one command line (without the program's name). Resolves to its exit code. */
export async function runCli(args: readonly string[]): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.ok;
  const run: Run = async (command) => {
    exitCode = await command();
  };
  try {
    const program = await createProgram(run, commandsFor(args), args);
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    if (error instanceof CommandError || error instanceof StartError) {
      // What is indented goes on with the line before it.
      for (const line of error.message.split("\n")) {
        printError(line.startsWith("  ") ? line : `${styled("red", "error:")} ${plainly(line)}`);
      }
      return error instanceof StartError ? exitCodes[error.reason] : error.exitCode;
    }
    throw error;
  }
}

/** The commands of a program: whole, or no more of them than its help says. */
type Choice = ReadonlyMap<CommandName, "whole" | "outline">;

/**
 * The commands that this command line can be about: the one that it names first, or what its help and mistakes are
 * about.
 */
function commandsFor(args: readonly string[]): Choice {
  const [first] = args;
  // What completes commands has to know them.
  if (first === "completion") return allWhole;
  if (everyCommand.some((name) => name === first)) return choiceOf((name) => (name === first ? "whole" : undefined));
  return choiceOf((name) => (args.includes(name) ? "whole" : "outline"));
}

function choiceOf(choose: (name: CommandName) => "whole" | "outline" | undefined): Choice {
  const chosen = new Map<CommandName, "whole" | "outline">();
  for (const name of everyCommand) {
    const choice = choose(name);
    if (choice !== undefined) chosen.set(name, choice);
  }
  return chosen;
}

const allWhole = choiceOf(() => "whole");

/**
 * The command line with these commands; without them with all. `run` gets the work of the command that was given, and
 * decides whether to do it. `args`: the command line, for what is said of a mistake in it.
 */
export async function createProgram(
  run: Run,
  choice: Choice = allWhole,
  args: readonly string[] = [],
): Promise<Command> {
  const program = new Command("ccs")
    .description("Keeps one DNS name on Cloudflare pointing at the best of your endpoints that works.")
    .version(version)
    .exitOverride()
    .configureOutput({
      getOutHelpWidth: lineWidth,
      writeOut: (text) => printLine(helpText(text).trimEnd()),
      outputError: (text) => printError(`${text}${hintFor(text, args)}`.trimEnd()),
    })
    .configureHelp({ showGlobalOptions: true })
    .addHelpText("after", exitCodeHelp);

  const whole = [...choice].filter(([, how]) => how === "whole").map(([name]) => name);
  const registered = new Map(await Promise.all(whole.map(async (name) => [name, await commands[name]()] as const)));
  for (const name of choice.keys()) {
    const { takes, does } = outlines[name];
    const register = registered.get(name) ?? outlined(name, takes);
    register(program, run);
    program.commands.at(-1)?.description(does);
  }
  return program;
}

/** A command of which no more is known than what follows its name. */
function outlined(name: CommandName, takes: string): Register {
  return (program) => {
    const command = program.command(name);
    for (const word of takes.split(" ")) {
      if (word === "[options]") command.option("--any");
      else command.argument(word);
    }
  };
}

/** Commander breaks its own lines, and this the prose beneath them. Indented lines are commands. */
function helpText(help: string): string {
  return help.replaceAll(/^[^\s].*$/gm, (line) => wrapped(line, lineWidth()));
}

/**
 * Most commands take the configuration by name only; anyone who gives it like any other file is told how. And options
 * are those of a command: anyone who gives one before it is told where it goes.
 */
function hintFor(mistake: string, args: readonly string[]): string {
  const at = args.findIndex((arg) => everyCommand.some((name) => name === arg));
  if (at > 0 && args[0]?.startsWith("-") === true && /^error: unknown option/m.test(mistake)) {
    const moved = [args[at], ...args.slice(at + 1), ...args.slice(0, at)].map((arg) => shellWord(arg ?? ""));
    return `(Options come after the command: ccs ${moved.join(" ")})\n`;
  }
  const [, command, file] = /^error: too many arguments for '(\S+)'.*: (\S+\.ya?ml)\.$/m.exec(mistake) ?? [];
  return command === undefined ? "" : `(Did you mean ccs ${command} --config ${file}?)\n`;
}

/** Runs one command line as this process, and sets its exit code. */
export async function main(args: readonly string[]): Promise<void> {
  // `ccs … | head` closes our output early. Nobody reads on, so there is nobody to tell.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit();
    throw error;
  });
  takeStrayErrors();
  verifyCertificatesAlways();
  try {
    process.exitCode = await runCli(args);
  } catch (error) {
    dieOf(error);
  }
}

/** Node's switch for tests would send the tokens to any server that answers. */
function verifyCertificatesAlways(): void {
  const name = "NODE_TLS_REJECT_UNAUTHORIZED";
  if (process.env[name] === "0") {
    printError(
      `${name}=0 is ignored: certificates are always verified. To trust one more authority, set NODE_EXTRA_CA_CERTS=FILE`,
    );
  }
  delete process.env[name];
}

if (import.meta.main) await main(process.argv.slice(2));
