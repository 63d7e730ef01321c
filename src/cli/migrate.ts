// `ccs migrate`: prints a file of the original's format in the present one.
import { largestConfigBytes, readText } from "../config/format/files.ts";
import { readFromDisk } from "../runtime/node/read-file.ts";
import { migrate } from "../config/original/migrate.ts";
import { formatProblem } from "../config/format/problem.ts";
import { printError, printRaw, styled } from "../terminal/terminal.ts";
import { configPath, invalidConfig, oneOf } from "./config-option.ts";
import { CommandError, exitCodes, type ExitCode } from "./exit-codes.ts";
import { printOutput } from "./outputs.ts";
import type { Register } from "./registration.ts";

interface MigrateOptions {
  readonly config?: string;
  readonly json?: true;
}

export const registerMigrate: Register = (program, run) => {
  program
    .command("migrate")
    .argument("[file]", "the file (default: config.yml, then the other usual places)")
    .option("-c, --config <file>", "the file, as for other commands (also CCS_CONFIG)")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ ccs migrate old.yml > config.yml")
    .action((file: string | undefined, { config, json }: MigrateOptions) =>
      run(() => migrateCommand(oneOf(file, config), { json: json === true })),
    );
};

function migrateCommand(file: string | undefined, { json }: { json: boolean }): ExitCode {
  const path = configPath(file);
  const migrated = migrate(path, read(path));
  if (migrated.kind === "invalid") throw invalidConfig(migrated.problems);
  for (const warning of migrated.warnings) printError(`${styled("yellow", "warning:")} ${formatProblem(warning)}`);
  if (json) printOutput("migrate", { file: path, text: migrated.text, warnings: migrated.warnings });
  else printRaw(migrated.text.trimEnd());
  return exitCodes.ok;
}

function read(path: string): string {
  const content = readText(path, readFromDisk, largestConfigBytes);
  if (content.kind === "text") return content.text;
  throw new CommandError(exitCodes.config, `${path} cannot be read: ${content.reason}`);
}
