// `ccs completion`: prints the script that teaches a shell our commands, options, choices and the names in the
// configuration.
import { Argument, Option } from "commander";
import { printRaw } from "../terminal/terminal.ts";
import { bashScript } from "./completion/bash.ts";
import { fishScript } from "./completion/fish.ts";
import { nameKinds, outlineOf, type NameKind, type Outline } from "./completion/outline.ts";
import { zshScript } from "./completion/zsh.ts";
import { configWithoutSecrets } from "./config-option.ts";
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
    .addArgument(new Argument("[shell]", "the shell").choices(shells))
    .addOption(new Option("--names <kind>", "print the names in the configuration").choices(nameKinds).hideHelp())
    .addOption(new Option("-c, --config <file>", "the configuration with the names").hideHelp())
    .addHelpText(
      "after",
      `
Examples:
  $ source <(ccs completion bash)
  $ ccs completion zsh > ~/.zfunc/_ccs
  $ ccs completion fish > ~/.config/fish/completions/ccs.fish`,
    )
    .action((shell: string | undefined, options: { names?: NameKind; config?: string }) =>
      run(() => {
        if (options.names !== undefined) return printNames(options.names, options.config);
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

/**
 * What the configuration calls its ingresses or endpoints, one a line. Secrets are not needed for that, and the shell
 * of a person seldom has them. Fails without a usable configuration, of which the scripts show nothing.
 */
function printNames(kind: NameKind, config: string | undefined): ExitCode {
  const { ingresses } = configWithoutSecrets(config).config;
  const names =
    kind === "ingress"
      ? ingresses.map(({ record }) => record)
      : ingresses.flatMap(({ endpoints }) => endpoints.map(({ name }) => name));
  for (const name of new Set(names)) printRaw(name);
  return exitCodes.ok;
}
