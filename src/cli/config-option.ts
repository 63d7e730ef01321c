// The configuration as commands get it: found, loaded, and its mistakes printed one a line.
import type { Config } from "../config/config.ts";
import { onDisk } from "../runtime/node/read-file.ts";
import { findConfigPath } from "../config/find.ts";
import { loadConfig, type LoadRequest } from "../config/load.ts";
import { formatProblem, type Problem } from "../config/format/problem.ts";
import { printError, styled } from "../terminal/terminal.ts";
import { missingInContainer } from "./container.ts";
import { CommandError, exitCodes } from "./exit-codes.ts";

/** The file that was named, as an argument or by --config: some commands take it in either way. */
export function oneOf(file: string | undefined, config: string | undefined): string | undefined {
  if (file === undefined || config === undefined || file === config) return file ?? config;
  throw new CommandError(exitCodes.usage, `expected one file, got ${file} and --config ${config}: name one of them`);
}

/**
 * The path of the configuration file. Throws a CommandError that lists what was tried, or says what a container lacks.
 */
export function configPath(option: string | undefined): string {
  const found = findConfigPath(option, process.env);
  if (found.kind === "missing") throw new CommandError(exitCodes.config, found.message);
  const missing = missingInContainer(found.path, process.env, process.getuid?.());
  if (missing !== undefined) throw new CommandError(exitCodes.config, missing);
  return found.path;
}

/** The configuration, its warnings printed. Throws a CommandError that holds every mistake. */
export function configOf(option: string | undefined): Config {
  const config = loadedFrom({ path: configPath(option), env: process.env });
  // What this command prints is for people too.
  if (config.timeZone !== undefined) process.env["TZ"] = config.timeZone;
  return config;
}

/**
 * The configuration for commands that work offline, so that a file from elsewhere can be looked at as it is: secrets
 * may be missing on this machine. Throws as `configOf` does.
 */
export function configWithoutSecrets(option: string | undefined): { readonly path: string; readonly config: Config } {
  const path = configPath(option);
  return { path, config: loadedFrom({ path, env: process.env, mayLackSecrets: true }) };
}

function loadedFrom(request: LoadRequest): Config {
  const loaded = loadConfig({ ...onDisk, ...request });
  if (loaded.kind === "invalid") throw invalidConfig(loaded.problems);
  for (const warning of loaded.warnings) printError(`${styled("yellow", "warning:")} ${formatProblem(warning)}`);
  return loaded.config;
}

/** The end of a command whose configuration is wrong: one line per mistake. */
export function invalidConfig(problems: readonly Problem[]): CommandError {
  return new CommandError(exitCodes.config, problems.map(formatProblem).join("\n"));
}
