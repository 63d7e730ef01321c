// `ccs migrate`: prints a file of the original's format in the present one.
import { readFromDisk, readText } from "../config/files.ts";
import { migrate } from "../config/migrate.ts";
import { formatProblem } from "../config/problem.ts";
import { configPath, invalidConfig } from "./config-option.ts";
import { CommandError, exitCodes, type ExitCode } from "./exit-codes.ts";
import { printOutput } from "./outputs.ts";
import type { Register } from "./registration.ts";
import { printError, printLine, styled } from "../terminal/terminal.ts";

export const registerMigrate: Register = (program, run) => {
  program
    .command("migrate")
    .description("print a file of the original tool's format in the present one")
    .argument("[file]", "the file; config.yml and the other usual places unless told")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ ccs migrate old.yml > config.yml")
    .action((file: string | undefined, options: { json?: true }) =>
      run(() => migrateCommand(file, { json: options.json === true })),
    );
};

function migrateCommand(file: string | undefined, { json }: { json: boolean }): ExitCode {
  const path = configPath(file);
  const migrated = migrate(path, read(path));
  if (migrated.kind === "invalid") throw invalidConfig(migrated.problems);
  for (const warning of migrated.warnings) printError(`${styled("yellow", "warning:")} ${formatProblem(warning)}`);
  if (json) printOutput("migrate", { file: path, text: migrated.text, warnings: migrated.warnings });
  else printLine(migrated.text.trimEnd());
  return exitCodes.ok;
}

function read(path: string): string {
  const content = readText(path, readFromDisk);
  if (content.kind === "text") return content.text;
  throw new CommandError(exitCodes.config, `${path} cannot be read: ${content.reason}`);
}
