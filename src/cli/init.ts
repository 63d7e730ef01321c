// `ccs init`: asks for everything that a configuration needs, tries it out on the way, and writes the file.
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import { cancel, intro, note, outro } from "@clack/prompts";
import { Argument } from "commander";
import { composeConfig, exampleComposition } from "../config/compose.ts";
import { readEnvironment } from "../config/environment.ts";
import { given } from "../config/format/variables.ts";
import { loadConfig } from "../config/load.ts";
import { formatProblem } from "../config/format/problem.ts";
import { messageOf } from "../lib/text.ts";
import { lineWidth, printRaw, wrapped } from "../terminal/terminal.ts";
import { isContainer } from "./container.ts";
import { CommandError, exitCodes, type ExitCode } from "./exit-codes.ts";
import { askAccount, tokenVariable, type InitWorld } from "./init/account.ts";
import { askChannels } from "./init/channels.ts";
import { nearestFolder } from "./doctor/here.ts";
import { askLines } from "./init/lines.ts";
import { askYes, GivenUp } from "./init/prompts.ts";
import { channelVariables, placeSecrets, type Placed } from "./init/secrets.ts";
import { askWay, besides, httpVariable, nextSteps, tokenFiles } from "./init/way.ts";
import type { Register } from "./registration.ts";
import { typedName } from "./typed-name.ts";

/** Where the other commands look for it. */
const usualFile = given(process.env, "CCS_CONFIG") ?? "config.yml";

export const registerInit: Register = (program, run) => {
  program
    .command("init")
    .addArgument(new Argument("[file]", "the file to write (also CCS_CONFIG)").default(usualFile, usualFile))
    .option("--print-example", "ask no questions; print a commented example")
    .addHelpText("after", "\nExamples:\n  $ ccs init\n  $ ccs init --print-example > config.yml")
    .action((file: string, options: { printExample?: true }) =>
      run(() => {
        if (options.printExample === true) {
          printRaw(composeConfig(exampleComposition).trimEnd());
          return exitCodes.ok;
        }
        return initCommand(file);
      }),
    );
};

/** Exit code 0 when the file was written, 1 when it was cancelled, 64 without a terminal. */
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
    channels: settings.channels ?? {},
  };
  assertWritable(file);
  intro("Cloudflare CNAME Switcher: a new configuration");
  try {
    if (existsSync(file) && !(await askYes(`${file} already exists. Overwrite it at the end?`, false))) {
      cancel(`${file} is left as it is. Name another file: ccs init other.yml`);
      return exitCodes.notSo;
    }
    const account = await askAccount(world);
    const lines = await askLines(account.record, settings.allowPrivate);
    const channels = await askChannels(world);
    const way = await askWay();
    const answers = { ...account, ...lines, channels };
    const placed = await placeSecrets(answers, way, file);
    write(file, placed);
    const { variables } = placed;
    const ccs = typedName(process.env, process.argv[1]);
    note(nextSteps(way, { ccs, file, isUsual: file === usualFile, variables }).join("\n"), "Next steps");
    outro(wrapped(farewell(file, placed), lineWidth() - 3));
    return exitCodes.ok;
  } catch (error) {
    if (!(error instanceof GivenUp)) throw error;
    cancel("Cancelled: nothing was written.");
    // What was being tried out may take some time yet.
    process.exit(exitCodes.notSo);
  }
}

/** What was written, who can read it, and where the token of the dashboard is. */
function farewell(file: string, { files, composition: { httpToken } }: Placed): string {
  const names = [...files.keys()];
  const tokens = ` has been written, and ${names.join(", ")}, which only you can read`;
  const written = names.length === 0 ? " has been written; only you can read it" : tokens;
  const places = {
    literal: `http.token in ${file}`,
    variable: `what you set ${httpVariable} to`,
    credential: `in ${besides(file, tokenFiles.service.http)}`,
    file: "in the file that http.token_file names",
  };
  const place = places[httpToken?.kind ?? "literal"];
  return `${file}${written}. The dashboard will be at http://127.0.0.1:3000/; its token, for changes, is ${place}.`;
}

/** Whole or not at all, and never readable by others, not even for a moment. */
function write(file: string, { composition, files }: Placed): void {
  const text = composeConfig(composition);
  assertLoads(file, text);
  // A service of another user reads the configuration; no token is in it then.
  const isForAll = composition.token.kind === "credential";
  try {
    for (const [path, token] of files) {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      replace(path, `${token}\n`, 0o600);
    }
    mkdirSync(dirname(file), { recursive: true });
    replace(placeOf(file), text, isForAll ? 0o644 : 0o600);
  } catch (error) {
    throw unwritable(file, error);
  }
}

/** Before the first question: answers that cannot be kept would be given for nothing. */
function assertWritable(file: string): void {
  try {
    accessSync(nearestFolder(dirname(resolve(placeOf(file)))), constants.W_OK | constants.X_OK);
  } catch (error) {
    throw unwritable(file, error);
  }
}

function unwritable(file: string, error: unknown): CommandError {
  const owner = `the folder that is mounted there has to belong to the user of this container (${process.getuid?.()})`;
  const why = `${messageOf(error)}${isContainer(process.env) ? `: ${owner}` : ""}`;
  return new CommandError(exitCodes.unavailable, `${file} cannot be written: ${why}`);
}

function replace(path: string, text: string, mode: number): void {
  const beside = `${path}.${process.pid}.new`;
  try {
    writeFileSync(beside, text, { mode: 0o600, flag: "wx" });
    // Whatever the umask of this shell.
    chmodSync(beside, mode);
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
  const env = {
    ...process.env,
    [tokenVariable]: "token",
    ...Object.fromEntries(channelVariables.map((name) => [name, "1:token"])),
    [httpVariable]: "token",
  };
  const loaded = loadConfig({ path: file, text, env, readFile: () => Buffer.from("1:token") });
  if (loaded.kind === "invalid")
    throw new Error(`internal error: what init writes does not load: ${loaded.problems.map(formatProblem).join("; ")}`);
}
