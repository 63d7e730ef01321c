// `ccs pin`, `drain`, `drill` and `resume`: a person's word to the running daemon, and what follows from it.
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
    does: "let one endpoint serve alone, whatever its health, for a while",
    usual: "1h unless told, at most 30d",
    example: "ccs pin mobile --for 2h",
    after: "It ends by itself; `ccs resume` ends it at once. A new pin takes the place of the old one.",
  },
  drain: {
    does: "keep an endpoint from serving, for a while",
    usual: "1h unless told, at most 30d",
    example: "ccs drain cable --for 30m",
    after: "It ends by itself; `ccs resume` ends it at once. While nobody else is up, a drained endpoint still serves.",
  },
} as const;

export const registerPin: Register = registerKind("pin");
export const registerDrain: Register = registerKind("drain");

export const registerResume: Register = (program, run) => {
  withControl(program.command("resume"))
    .description("take pins, drains and drills back, and let a repair that rests go on")
    .argument("[endpoint]", "only the word about this one; else all of them")
    .option("-i, --ingress <record>", "which ingress; needed when there are several")
    .addHelpText("after", "\nExample:\n  $ ccs resume")
    .action((endpoint: string | undefined, options: OverrideOptions) => run(() => resumeCommand(endpoint, options)));
};

function registerKind(kind: keyof typeof kinds): Register {
  const { does, usual, example, after } = kinds[kind];
  return (program, run) => {
    withControl(program.command(kind))
      .description(does)
      .argument("<endpoint>", "its name")
      .option("-f, --for <duration>", `how long, such as 30s, 5m or 2h; ${usual}`)
      .option("-i, --ingress <record>", "which ingress; needed when there are several")
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
    if (answer.isStandoffEnded) ended.push("the rest of the repair");
    const what = ended.length === 0 ? "nothing ends" : `${ended.join(" and ")} ${ended.length === 1 ? "ends" : "end"}`;
    printLine(`${styled("bold", answer.ingress)}: ${what}`);
    for (const line of answer.follows) printLine(`  ${line}`);
  }
  return exitCodes.ok;
}
