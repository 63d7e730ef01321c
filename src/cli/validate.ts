// `ccs validate`: says whether the configuration is right, and if not, every mistake with its place.
import { loadConfig } from "../config/load.ts";
import { onDisk } from "../runtime/node/read-file.ts";
import { formatProblem } from "../config/format/problem.ts";
import { printError, printLine, styled } from "../terminal/terminal.ts";
import { configPath, oneOf } from "./config-option.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { printOutput } from "./outputs.ts";
import { withCommon, type CommonOptions, type Register } from "./registration.ts";

export const registerValidate: Register = (program, run) => {
  withCommon(program.command("validate"))
    .argument("[file]", "the file, instead of --config")
    .addHelpText("after", "\nExample:\n  $ ccs validate config.yml")
    .action((file: string | undefined, options: CommonOptions) =>
      run(() => validateCommand(oneOf(file, options.config), { json: options.json === true })),
    );
};

/** Exit code 0 when the configuration can be used, else 78. */
function validateCommand(option: string | undefined, { json }: { json: boolean }): ExitCode {
  const path = configPath(option);
  const loaded = loadConfig({ path, env: process.env, ...onDisk });
  const isValid = loaded.kind === "ok";
  if (json) {
    const found = isValid ? { warnings: loaded.warnings, problems: [] } : { warnings: [], problems: loaded.problems };
    printOutput("validate", { valid: isValid, file: path, format: isValid ? loaded.format : undefined, ...found });
    return isValid ? exitCodes.ok : exitCodes.config;
  }
  if (!isValid) {
    for (const problem of loaded.problems) printError(formatProblem(problem));
    return exitCodes.config;
  }
  for (const warning of loaded.warnings) printError(`${styled("yellow", "warning:")} ${formatProblem(warning)}`);
  const { ingresses } = loaded.config;
  const format =
    loaded.format === "original" ? ", in the original's format; `ccs migrate` converts it to the current format" : "";
  printLine(`${styled("green", "valid:")} ${path}${format}`);
  for (const { record, endpoints } of ingresses) {
    printLine(`  ${record}: ${endpoints.map(({ name }) => name).join(", ")}`);
  }
  return exitCodes.ok;
}
