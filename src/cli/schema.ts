// `ccs schema`: the JSON Schema of the configuration.
import { configJsonSchema } from "../config/json-schema.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import type { Register } from "./registration.ts";
import { printJson } from "./terminal.ts";

export const registerSchema: Register = (program, run) => {
  program
    .command("schema")
    .description("print the JSON Schema of the configuration, for editors")
    .addHelpText("after", "\nExample:\n  $ ccs schema > config.schema.json")
    .action(() => run(schemaCommand));
};

export function schemaCommand(): ExitCode {
  printJson(configJsonSchema());
  return exitCodes.ok;
}
