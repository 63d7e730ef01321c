// `ccs service`: runs the daemon as a service of systemd, and undoes that.
import { realpathSync } from "node:fs";
import { isSea } from "node:sea";
import { Argument } from "commander";
import { printError, printLine } from "../terminal/terminal.ts";
import { CommandError, exitCodes, type ExitCode } from "./exit-codes.ts";
import { askYes, GivenUp } from "./init/prompts.ts";
import { printOutput } from "./outputs.ts";
import type { Register } from "./registration.ts";
import { runHere, type Host, type Scope } from "./service/host.ts";
import { installService } from "./service/install.ts";
import { serviceCode, serviceLines, serviceStatus } from "./service/status.ts";
import { uninstallService } from "./service/uninstall.ts";

const actions = ["install", "uninstall", "status"] as const;

interface ServiceOptions {
  readonly config?: string;
  readonly user?: true;
  readonly yes?: true;
  readonly keepState?: true;
  readonly json?: true;
}

export const registerService: Register = (program, run) => {
  program
    .command("service")
    .addArgument(new Argument("<action>", "what to do").choices(actions))
    .option("-c, --config <file>", "install: the configuration (default: /etc/ccs/config.yml)")
    .option("--user", "a service of your own instead of the system's; needs no root")
    .option("-y, --yes", "install, uninstall: do not ask")
    .option("--keep-state", "uninstall: keep /var/lib/ccs")
    .option("--json", "status: print JSON, for programs")
    .addHelpText(
      "after",
      `
Examples:
  $ sudo ccs service install
  $ ccs service install --user --config ~/ccs/config.yml
  $ ccs service status
  $ sudo ccs service uninstall

What will be written or removed is shown first. Tokens are files in /etc/ccs/credentials, which only root can read: see docs/systemd.md.`,
    )
    .action((action: (typeof actions)[number], options: ServiceOptions) =>
      run(async () => {
        try {
          return await serviceCommand(action, options);
        } catch (error) {
          if (!(error instanceof GivenUp)) throw error;
          return exitCodes.notSo;
        }
      }),
    );
};

async function serviceCommand(
  action: (typeof actions)[number],
  { config, user, yes, keepState, json }: ServiceOptions,
): Promise<ExitCode> {
  const host = thisHost();
  const scope: Scope = user === true ? "user" : "system";
  switch (action) {
    case "install":
      return installService(host, { scope, config, isAgreed: yes === true });
    case "uninstall":
      return uninstallService(host, { scope, isStateKept: keepState === true, isAgreed: yes === true });
    case "status": {
      const status = serviceStatus(host, scope);
      if (json === true) printOutput("service", status);
      else for (const line of serviceLines(status, scope)) printLine(line);
      return serviceCode(status);
    }
    default:
      return action satisfies never;
  }
}

function thisHost(): Host {
  return {
    root: "/",
    userId: process.getuid?.(),
    env: process.env,
    program: programHere(),
    run: runHere,
    print: printLine,
    warn: printError,
    ask: (question, usual) => {
      if (process.stdin.isTTY && process.stdout.isTTY) return askYes(question, usual);
      throw new CommandError(exitCodes.usage, "there is no terminal to ask on: agree to it by --yes");
    },
  };
}

/** What started this process: the single executable, or Node with the launcher. */
function programHere(): readonly string[] {
  const [, script] = process.argv;
  return isSea() || script === undefined ? [process.execPath] : [process.execPath, realpathSync(script)];
}
