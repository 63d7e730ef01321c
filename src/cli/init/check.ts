// Asks how to check an endpoint, and lets the kind of check ask what it needs.
import type { CheckKind, CheckQuestions } from "../../checks/kind.ts";
import type { ComposedEndpoint } from "../../config/compose.ts";
import type { Asker } from "../../lib/asker.ts";
import type { Option } from "./prompts.ts";

/** What is asked with; `prompts` has it. */
export interface CheckAsker extends Asker {
  askYes(message: string, initial: boolean): Promise<boolean>;
  askChoice<const Value extends string>(
    message: string,
    options: readonly Option<Value>[],
    initial?: NoInfer<Value>,
  ): Promise<Value>;
}

export interface AskedEndpoint {
  readonly name: string;
  readonly target: string;
  /** What was answered the last time, when it is asked again. */
  readonly earlier: ComposedEndpoint | undefined;
}

/** The check in the new file; `undefined` for none. Where only one kind has questions, there is nothing to choose. */
export async function askCheck(
  asker: CheckAsker,
  kinds: readonly Pick<CheckKind, "kind" | "init">[],
  endpoint: AskedEndpoint,
): Promise<ComposedEndpoint["check"]> {
  const offers = kinds.flatMap(({ kind, init }) => (init === undefined ? [] : [{ kind, questions: init }]));
  const chosen = await choose(asker, offers, endpoint);
  const { target, earlier } = endpoint;
  // What was answered to another kind is no answer to this one.
  const isAgain = earlier?.check !== undefined && earlier.check.kind === chosen?.kind;
  return chosen?.questions.ask(asker, target, isAgain ? { target: earlier.target, check: earlier.check } : undefined);
}

interface Offer {
  readonly kind: string;
  readonly questions: CheckQuestions;
}

async function choose(
  asker: CheckAsker,
  offers: readonly Offer[],
  { name, earlier }: AskedEndpoint,
): Promise<Offer | undefined> {
  const [first, ...others] = offers;
  if (first === undefined) return undefined;
  const isUsual = earlier === undefined || earlier.check !== undefined;
  if (others.length === 0) {
    return (await asker.askYes(`Check ${name} over ${first.questions.label}?`, isUsual)) ? first : undefined;
  }
  const options = offers.map(({ kind, questions: { label, hint } }) => ({ value: kind, label: `Over ${label}`, hint }));
  const none = { value: "", label: "Not at all", hint: "it is assumed up" };
  const usual = isUsual ? (earlier?.check?.kind ?? first.kind) : none.value;
  const chosen = await asker.askChoice(`How should ${name} be checked?`, [...options, none], usual);
  return offers.find(({ kind }) => kind === chosen);
}
