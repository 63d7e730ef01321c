// `ccs pin`, `drain`, `drill` and `resume`: manual overrides in the running daemon, and what follows from them.
import { printLine, styled } from "../terminal/terminal.ts";
import { overrideAnswerSchema, resumeAnswerSchema } from "../web/api/schema/changes.ts";
import { Control, withControl, type ControlOptions } from "./control.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { printOutput } from "./outputs.ts";
import type { Register } from "./registration.ts";
import { timeOf } from "./times.ts";
import { overridden } from "../core/words.ts";

interface OverrideOptions extends ControlOptions {
  readonly for?: string;
  readonly ingress?: string;
}

const kinds = {
  pin: {
    usual: "at most 30d (default: 1h)",
    example: "ccs pin mobile --for 2h",
    after: "It ends by itself; `ccs resume` ends it at once. A new pin replaces the old one.",
  },
  drain: {
    usual: "at most 30d (default: 1h)",
    example: "ccs drain cable --for 30m",
    after:
      "It ends by itself; `ccs resume` ends it at once. While no other endpoint is up, a drained endpoint is still used.",
  },
} as const;

export const registerPin: Register = registerKind("pin");
export const registerDrain: Register = registerKind("drain");

export const registerResume: Register = (program, run) => {
  withControl(program.command("resume"))
    .argument("[endpoint]", "only those of this endpoint (default: all)")
    .option("-i, --ingress <record>", "the ingress; required when there are several")
    .addHelpText("after", "\nExample:\n  $ ccs resume")
    .action((endpoint: string | undefined, options: OverrideOptions) => run(() => resumeCommand(endpoint, options)));
};

function registerKind(kind: keyof typeof kinds): Register {
  const { usual, example, after } = kinds[kind];
  return (program, run) => {
    withControl(program.command(kind))
      .argument("<endpoint>", "the endpoint's name")
      .option("-f, --for <duration>", `how long, such as 30s, 5m or 2h; ${usual}`)
      .option("-i, --ingress <record>", "the ingress; required when there are several")
      .addHelpText("after", `\nExample:\n  $ ${example}\n\n${after}`)
      .action((endpoint: string, options: OverrideOptions) => run(() => overrideCommand(kind, endpoint, options)));
  };
}

async function overrideCommand(
  kind: keyof typeof kinds,
  endpoint: string,
  { ingress, for: length, ...options }: OverrideOptions,
): Promise<ExitCode> {
  const answer = await new Control(options).post(kind, { ingress, endpoint, for: length }, overrideAnswerSchema);
  if (options.json === true) printOutput(kind, answer);
  else {
    const { override, follows } = answer;
    printLine(
      `${styled("bold", answer.ingress)}: ${override.endpoint} is ${overridden[kind]} until ${timeOf(override.until)}`,
    );
    for (const line of follows) printLine(`  ${line}`);
  }
  return exitCodes.ok;
}

async function resumeCommand(
  endpoint: string | undefined,
  { ingress, ...options }: OverrideOptions,
): Promise<ExitCode> {
  const answer = await new Control(options).post("resume", { ingress, endpoint }, resumeAnswerSchema);
  if (options.json === true) printOutput("resume", answer);
  else {
    const ended = answer.ended.map((override) => `the ${override.kind} of ${override.endpoint}`);
    if (answer.isStandoffEnded) ended.push("the pause of automatic repair");
    const what = ended.length === 0 ? "nothing ends" : `${ended.join(" and ")} ${ended.length === 1 ? "ends" : "end"}`;
    printLine(`${styled("bold", answer.ingress)}: ${what}`);
    for (const line of answer.follows) printLine(`  ${line}`);
  }
  return exitCodes.ok;
}
