// `ccs init`: asks for everything that a configuration needs, tries it out on the way, and writes the file.
import { existsSync, lstatSync, readlinkSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { cancel, intro, note, outro } from "@clack/prompts";
import { Argument } from "commander";
import { composeConfig, exampleComposition, type Composition, type WrittenSecret } from "../config/compose.ts";
import { readEnvironment } from "../config/environment.ts";
import { given } from "../config/variables.ts";
import { loadConfig } from "../config/load.ts";
import { formatProblem } from "../config/problem.ts";
import { messageOf } from "../lib/text.ts";
import { printLine } from "../terminal/terminal.ts";
import { isContainer } from "./container.ts";
import { CommandError, exitCodes, type ExitCode } from "./exit-codes.ts";
import { askAccount, tokenVariable, type InitWorld } from "./init/account.ts";
import { askBot, telegramVariable } from "./init/bot.ts";
import { askLines } from "./init/lines.ts";
import { askChoice, askYes, GivenUp } from "./init/prompts.ts";
import type { Register } from "./registration.ts";

/** Where the other commands look for it. */
const usualFile = given(process.env, "CCS_CONFIG") ?? "config.yml";

export const registerInit: Register = (program, run) => {
  program
    .command("init")
    .description("ask for everything a configuration needs, test it, and write the file")
    .addArgument(new Argument("[file]", "the file to write (also CCS_CONFIG)").default(usualFile))
    .option("--print-example", "ask no questions; print a commented example")
    .addHelpText("after", "\nExamples:\n  $ ccs init\n  $ ccs init --print-example > config.yml")
    .action((file: string, options: { printExample?: true }) =>
      run(() => {
        if (options.printExample === true) {
          printLine(composeConfig(exampleComposition).trimEnd());
          return exitCodes.ok;
        }
        return initCommand(file);
      }),
    );
};

/** Exit code 0 when the file was written, 1 when it was given up, 64 without a terminal. */
async function initCommand(file: string): Promise<ExitCode> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    throw new CommandError(
      exitCodes.usage,
      "ccs init asks questions, and there is no terminal to ask them on: run it in a terminal, or start from an example with " +
        "ccs init --print-example > config.yml",
    );
  }
  const { settings, problems } = readEnvironment(process.env);
  if (problems.length > 0) throw new CommandError(exitCodes.config, problems.map(formatProblem).join("\n"));
  const world: InitWorld = {
    env: process.env,
    cloudflareApiUrl: settings.cloudflareApiUrl ?? "https://api.cloudflare.com/client/v4",
    telegramApiUrl: settings.telegramApiUrl ?? "https://api.telegram.org",
  };
  intro("Cloudflare CNAME Switcher: a new configuration");
  try {
    if (existsSync(file) && !(await askYes(`${file} already exists. Overwrite it at the end?`, false))) {
      cancel(`${file} is left as it is. Name another file: ccs init other.yml`);
      return exitCodes.notSo;
    }
    const account = await askAccount(world);
    const lines = await askLines(account.record, settings.allowPrivate);
    const telegram = await askBot(world);
    const answers = await placeSecrets({ ...account, ...lines, ...(telegram !== undefined && { telegram }) });
    write(file, answers.composition);
    note(nextSteps(file, answers.variables), "Next steps");
    outro(`${file} has been written; only you can read it.`);
    return exitCodes.ok;
  } catch (error) {
    if (!(error instanceof GivenUp)) throw error;
    cancel("Cancelled: nothing was written.");
    return exitCodes.notSo;
  }
}

interface Placed {
  readonly composition: Composition;
  /** The variables that have to be set for the file to load. */
  readonly variables: readonly string[];
}

/** Tokens that were typed stand in the file, or only their variables do. */
async function placeSecrets(composition: Composition): Promise<Placed> {
  const { token, telegram } = composition;
  const isAnyTyped = token.kind === "literal" || telegram?.token.kind === "literal";
  const place = isAnyTyped
    ? await askChoice("Where should the tokens be stored?", [
        { value: "file", label: "In the file", hint: "which only you can read" },
        { value: "environment", label: "In the environment", hint: "the file refers to them" },
      ])
    : "file";
  const placed = (secret: WrittenSecret, name: string): WrittenSecret =>
    place === "environment" && secret.kind === "literal" ? { kind: "variable", name } : secret;
  const placedToken = placed(token, tokenVariable);
  const bot = telegram && { ...telegram, token: placed(telegram.token, telegramVariable) };
  const variables = [placedToken, bot?.token].flatMap((each) => (each?.kind === "variable" ? [each.name] : []));
  return { composition: { ...composition, token: placedToken, ...(bot && { telegram: bot }) }, variables };
}

/** Whole or not at all, and never readable by others, not even for a moment. */
function write(file: string, composition: Composition): void {
  const text = composeConfig(composition);
  assertLoads(file, text);
  try {
    replace(placeOf(file), text);
  } catch (error) {
    const owner = `the folder that is mounted there has to belong to the user of this container (${process.getuid?.()})`;
    const why = `${messageOf(error)}${isContainer(process.env) ? `: ${owner}` : ""}`;
    throw new CommandError(exitCodes.unavailable, `${file} cannot be written: ${why}`);
  }
}

function replace(path: string, text: string): void {
  const beside = `${path}.${process.pid}.new`;
  try {
    writeFileSync(beside, text, { mode: 0o600, flag: "wx" });
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}

/** Where the file itself is, or will be: a link to it stays a link. */
function placeOf(file: string): string {
  if (lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return file;
  if (existsSync(file)) return realpathSync(file);
  return resolve(realpathSync(dirname(file)), readlinkSync(file));
}

/** What we write has to be what we read. */
function assertLoads(file: string, text: string): void {
  const env = { ...process.env, [tokenVariable]: "token", [telegramVariable]: "1:token" };
  const loaded = loadConfig({ path: file, text, env });
  if (loaded.kind === "invalid")
    throw new Error(`internal error: what init writes does not load: ${loaded.problems.map(formatProblem).join("; ")}`);
}

function nextSteps(file: string, variables: readonly string[]): string {
  if (isContainer(process.env)) {
    return [
      "docker compose run --rm ccs doctor   check everything",
      "docker compose run --rm ccs plan     show what would be written",
      "docker compose up --detach           go",
    ].join("\n");
  }
  const option = file === usualFile ? "" : ` --config ${file}`;
  return [
    ...variables.map((name) => `export ${name}=…`),
    `ccs doctor${option}    check everything`,
    `ccs explain${option}   explain times and costs`,
    `ccs plan${option}      show what would be written`,
    `ccs run${option}       go`,
  ].join("\n");
}
