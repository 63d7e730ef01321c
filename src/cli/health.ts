// `ccs health` as the whole program knows it, for its help, --json and whatever the launcher does not take for a plain
// call.
import { printLine } from "../terminal/terminal.ts";
import { withControl, type ControlOptions } from "./control.ts";
import type { ExitCode } from "./exit-codes.ts";
import { healthCode, healthLine, healthOf } from "./health-call.ts";
import { printOutput } from "./outputs.ts";
import type { Register } from "./registration.ts";

export const registerHealth: Register = (program, run) => {
  withControl(program.command("health"))
    .addHelpText(
      "after",
      `
Examples:
  $ ccs health
  $ ccs health --json | jq .isReady

Healthy means that the daemon answers within 5 s and is not stuck. The health of endpoints makes no difference: see \`ccs status\`.`,
    )
    .action((options: ControlOptions) => run(() => healthCommand(options)));
};

async function healthCommand({ config, json }: ControlOptions): Promise<ExitCode> {
  const health = await healthOf(config);
  if (json === true) printOutput("health", health);
  else printLine(healthLine(health));
  return healthCode(health);
}
