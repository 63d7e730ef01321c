// `ccs schema`: the JSON Schema of the configuration.
import { configJsonSchema } from "../config/json-schema.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { printJson } from "./terminal.ts";

export function schemaCommand(): ExitCode {
  printJson(configJsonSchema());
  return exitCodes.ok;
}
