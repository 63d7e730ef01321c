// Questions on a terminal, each answered or given up. Giving up any of them gives up all.
import { confirm, isCancel, log, password, select, spinner, text } from "@clack/prompts";
import type { z } from "zod";
import { lineWidth, wrapped } from "../../terminal/terminal.ts";

/** The person pressed Ctrl-C or Escape. */
export class GivenUp extends Error {
  constructor() {
    super("cancelled");
  }
}

/** One line of text that `kind` takes. Returns it as it was typed, without spaces around. */
export async function askText(
  message: string,
  { kind, ...options }: { kind?: z.ZodType; placeholder?: string; initial?: string; isOptional?: boolean } = {},
): Promise<string> {
  const answer = await text({
    message: shown(message),
    ...(options.placeholder !== undefined && { placeholder: options.placeholder }),
    ...(options.initial !== undefined && { initialValue: options.initial }),
    validate: (typed) => {
      const value = (typed ?? "").trim();
      if (value === "" && options.isOptional === true) return undefined;
      return complaint(kind, value);
    },
  });
  return given(answer).trim();
}

/** A secret, not shown while it is typed. */
export async function askSecret(message: string, kind: z.ZodType): Promise<string> {
  return given(
    await password({ message: shown(message), validate: (typed) => complaint(kind, (typed ?? "").trim()) }),
  ).trim();
}

export async function askYes(message: string, initialValue: boolean): Promise<boolean> {
  return given(await confirm({ message: shown(message), initialValue }));
}

export async function askChoice<const Value extends string>(
  message: string,
  options: readonly { readonly value: Value; readonly label: string; readonly hint?: string }[],
): Promise<Value> {
  const [first] = options;
  const answer = await select<string>({
    message: shown(message),
    options: [...options],
    ...(first && { initialValue: first.value }),
  });
  return given(answer) as Value;
}

/** Shows that something is being found out, and then what came of it. */
export async function findOut<Result>(
  message: string,
  work: () => Promise<Result>,
  describe: (result: Result) => { readonly isGood: boolean; readonly text: string },
): Promise<Result> {
  const turning = spinner();
  turning.start(message);
  const result = await work();
  const { isGood, text: outcome } = describe(result);
  if (isGood) turning.stop(shown(outcome));
  else turning.error(shown(outcome));
  return result;
}

export function say(message: string): void {
  log.info(shown(message));
}

export function warn(message: string): void {
  log.warn(shown(message));
}

/** Broken at spaces beside the bar that the questions are drawn with. */
function shown(message: string): string {
  return wrapped(message, lineWidth() - barWidth);
}

/** The bar or the mark of a question, and the spaces around it. */
const barWidth = 4;

function given<Answer>(answer: Answer): Exclude<Answer, symbol> {
  if (isCancel(answer)) throw new GivenUp();
  return answer as Exclude<Answer, symbol>;
}

/** What speaks against an answer, in the words of the configuration's own errors. */
export function complaint(kind: z.ZodType | undefined, value: string): string | undefined {
  if (kind === undefined) return value === "" ? "Please enter something." : undefined;
  const result = kind.safeParse(value);
  if (result.success) return undefined;
  const [issue] = result.error.issues;
  const reason = issue?.code === "custom" ? String(issue.params?.["reason"] ?? "") : "";
  return `Expected ${kind.meta()?.expects ?? "something else"}${reason === "" ? "" : `: ${reason}`}.`;
}
