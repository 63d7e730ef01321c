// Questions on a terminal, each answered or given up. Giving up any of them gives up all, so a person is asked back
// first.
import { confirm, isCancel, log, password, select, text } from "@clack/prompts";
import type { z } from "zod";
import type { AskSecretOptions } from "../../lib/asker.ts";
import { lineWidth, withSpinner, wrapped } from "../../terminal/terminal.ts";
import { cancelled, doneOrCancelled } from "./keyboard.ts";

/** The person pressed Ctrl-C or Escape, and wants to leave. */
export class GivenUp extends Error {
  constructor() {
    super("cancelled");
  }
}

interface TextOptions {
  readonly kind?: z.ZodType;
  readonly placeholder?: string;
  /** What Enter alone takes: a usual answer, or the one from before. */
  readonly initial?: string | undefined;
  readonly isOptional?: boolean;
  /** What else speaks against an answer. */
  readonly refuse?: (value: string) => string | undefined;
}

/** One line of text that `kind` takes. Returns it as it was typed, without spaces around. */
export async function askText(message: string, { kind, refuse, ...options }: TextOptions = {}): Promise<string> {
  const answer = await answered(() =>
    text({
      message: shown(message),
      ...(options.placeholder !== undefined && { placeholder: options.placeholder }),
      ...(options.initial !== undefined && { initialValue: options.initial }),
      validate: (typed) => {
        const value = (typed ?? "").trim();
        if (value === "" && options.isOptional === true) return undefined;
        return complaint(kind, value) ?? refuse?.(value);
      },
    }),
  );
  return answer.trim();
}

/** A secret, not shown while it is typed. Empty where it is optional, and none was given. */
export async function askSecret(
  message: string,
  kind: z.ZodType,
  { earlier, isOptional = false }: AskSecretOptions = {},
): Promise<string> {
  const validate = (typed: string | undefined): string | undefined => {
    const value = (typed ?? "").trim();
    return value === "" && (isOptional || earlier !== undefined) ? undefined : complaint(kind, value);
  };
  const enter = earlier === undefined ? "Enter alone: none" : "Enter alone takes the one from before";
  const question = isOptional || earlier !== undefined ? `${message}; ${enter}` : message;
  const answer: string | undefined = await answered(() => password({ message: shown(question), validate }));
  const value = (answer ?? "").trim();
  return value === "" && earlier !== undefined ? earlier : value;
}

export async function askYes(message: string, initialValue: boolean): Promise<boolean> {
  return answered(() => confirm({ message: shown(message), initialValue }));
}

export interface Option<Value extends string> {
  readonly value: Value;
  readonly label: string;
  readonly hint?: string;
}

/** One of `options`. Enter alone takes `initial`, or else the first. */
export async function askChoice<const Value extends string>(
  message: string,
  options: readonly Option<Value>[],
  initial: NoInfer<Value> | undefined = options[0]?.value,
): Promise<Value> {
  const answer = await answered(() =>
    select<string>({
      message: shown(message),
      options: [...options],
      ...(initial !== undefined && { initialValue: initial }),
    }),
  );
  return answer as Value;
}

/** Shows that something is being found out, and then what came of it. */
export async function findOut<Result>(
  message: string,
  work: () => Promise<Result>,
  describe: (result: Result) => { readonly isGood: boolean; readonly text: string },
): Promise<Result> {
  const working = work();
  for (;;) {
    const result = await doneOrCancelled(working, (either) => withSpinner(message, () => either));
    if (result === cancelled) {
      await leaveOrStay();
      continue;
    }
    const { isGood, text: outcome } = describe(result);
    if (isGood) log.success(shown(outcome));
    else log.error(shown(outcome));
    return result;
  }
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

/** Whether there is anything that leaving would lose. */
let hasAnswers = false;

/** Asks until there is an answer. Throws `GivenUp`. */
async function answered<Answer>(ask: () => Promise<Answer>): Promise<Exclude<Answer, symbol>> {
  for (;;) {
    const answer = await ask();
    if (!isCancel(answer)) {
      hasAnswers = true;
      return answer as Exclude<Answer, symbol>;
    }
    await leaveOrStay();
  }
}

/** Ctrl-C is easily pressed, and a dozen answers are gone: asks back once, unless there are none. Throws `GivenUp`. */
async function leaveOrStay(): Promise<void> {
  if (!hasAnswers) throw new GivenUp();
  const isLeaving = await confirm({
    message: shown("Leave ccs init? Nothing has been written, and the answers so far will be lost."),
    active: "Leave",
    inactive: "Stay",
    initialValue: false,
  });
  if (isLeaving !== false) throw new GivenUp();
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
