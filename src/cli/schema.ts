// `ccs schema`: the JSON Schema of the configuration, or of what a command prints with --json.
import { Argument } from "commander";
import { configJsonSchema } from "../config/json-schema.ts";
import { printJson } from "../terminal/terminal.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { outputNames, outputSchema, type OutputName } from "./outputs.ts";
import type { Register } from "./registration.ts";

const configName = "config";

export const registerSchema: Register = (program, run) => {
  program
    .command("schema")
    .addArgument(
      new Argument("[of]", "instead, the schema of what this command prints with --json")
        .choices([configName, ...outputNames])
        .default(configName),
    )
    .addHelpText("after", "\nExamples:\n  $ ccs schema > config.schema.json\n  $ ccs schema plan")
    .action((of: typeof configName | OutputName) => run(() => schemaCommand(of)));
};

function schemaCommand(of: typeof configName | OutputName): ExitCode {
  printJson(of === configName ? configJsonSchema() : outputSchema(of));
  return exitCodes.ok;
}
