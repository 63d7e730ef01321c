// `ccs completion`: prints the script that teaches a shell our commands, options, choices and the names in the
// configuration.
import { Argument, Option } from "commander";
import { findConfigPath } from "../config/find.ts";
import { loadConfig } from "../config/load.ts";
import { printRaw } from "../terminal/terminal.ts";
import { bashScript } from "./completion/bash.ts";
import { fishScript } from "./completion/fish.ts";
import { nameKinds, outlineOf, type NameKind, type Outline } from "./completion/outline.ts";
import { zshScript } from "./completion/zsh.ts";
import { CommandError, exitCodes, type ExitCode } from "./exit-codes.ts";
import type { Register } from "./registration.ts";

/** What makes the script, by shell. */
export const completionScripts = { bash: bashScript, zsh: zshScript, fish: fishScript } satisfies Record<
  string,
  (outline: Outline) => string
>;
const shells = Object.keys(completionScripts);

export const registerCompletion: Register = (program, run) => {
  program
    .command("completion")
    .description("print the script that completes ccs commands in a shell")
    .addArgument(new Argument("[shell]", "the shell").choices(shells))
    .addOption(new Option("--names <kind>", "print the names in the configuration").choices(nameKinds).hideHelp())
    .addHelpText(
      "after",
      `
Examples:
  $ source <(ccs completion bash)
  $ ccs completion zsh > ~/.zfunc/_ccs
  $ ccs completion fish > ~/.config/fish/completions/ccs.fish`,
    )
    .action((shell: string | undefined, options: { names?: NameKind }) =>
      run(() => {
        if (options.names !== undefined) return printNames(options.names);
        const script = Object.entries(completionScripts).find(([name]) => name === shell)?.[1];
        if (script === undefined) {
          throw new CommandError(
            exitCodes.usage,
            `name the shell: ccs completion ${shells.join(", or ccs completion ")}`,
          );
        }
        printRaw(script(outlineOf(program)));
        return exitCodes.ok;
      }),
    );
};

/** What the configuration calls its ingresses or endpoints, one a line. Without a usable one: nothing. */
function printNames(kind: NameKind): ExitCode {
  const found = findConfigPath(undefined, process.env);
  const loaded = found.kind === "found" ? loadConfig({ path: found.path, env: process.env }) : undefined;
  if (loaded?.kind !== "ok") return exitCodes.notSo;
  const { ingresses } = loaded.config;
  const names =
    kind === "ingress"
      ? ingresses.map(({ record }) => record)
      : ingresses.flatMap(({ endpoints }) => endpoints.map(({ name }) => name));
  for (const name of new Set(names)) printRaw(name);
  return exitCodes.ok;
}
