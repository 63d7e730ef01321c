// The configuration as commands get it: found, loaded, and its mistakes printed one a line.
import type { Config } from "../config/config.ts";
import { findConfigPath } from "../config/find.ts";
import { loadConfig } from "../config/load.ts";
import { formatProblem, type Problem } from "../config/problem.ts";
import { CommandError, exitCodes } from "./exit-codes.ts";
import { printError, styled } from "./terminal.ts";

/** The path of the configuration file. Throws a CommandError that lists what was tried. */
export function configPath(option: string | undefined): string {
  const found = findConfigPath(option, process.env);
  if (found.kind === "found") return found.path;
  throw new CommandError(exitCodes.config, found.message);
}

/** The configuration, its warnings printed. Throws a CommandError that holds every mistake. */
export function configOf(option: string | undefined): Config {
  const loaded = loadConfig({ path: configPath(option), env: process.env });
  if (loaded.kind === "invalid") throw invalidConfig(loaded.problems);
  for (const warning of loaded.warnings) printError(`${styled("yellow", "warning:")} ${formatProblem(warning)}`);
  return loaded.config;
}

/** The end of a command whose configuration is wrong: one line per mistake. */
export function invalidConfig(problems: readonly Problem[]): CommandError {
  return new CommandError(exitCodes.config, problems.map(formatProblem).join("\n"));
}
