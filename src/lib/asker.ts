// Questions to a person, as far as those who ask know them.
import type { z } from "zod";

export interface AskSecretOptions {
  /** The one from before, which Enter alone takes again. */
  readonly earlier?: string | undefined;
  /** Enter alone takes none, unless there is an earlier one. */
  readonly isOptional?: boolean;
}

/** Questions on a terminal. Giving one up throws. */
export interface Asker {
  /** One line of text that `kind` takes, as it was typed, without spaces around it. */
  askText(
    message: string,
    options: {
      readonly kind?: z.ZodType;
      readonly placeholder?: string;
      /** What Enter alone takes: a usual answer, or the one from before. */
      readonly initial?: string | undefined;
      readonly isOptional?: boolean;
    },
  ): Promise<string>;
  /** Not shown while it is typed. Empty where it is optional, and none was given. */
  askSecret(message: string, kind: z.ZodType, options?: AskSecretOptions): Promise<string>;
  askChoice<const Value extends string>(
    message: string,
    options: readonly { readonly value: Value; readonly label: string; readonly hint?: string }[],
  ): Promise<Value>;
  /** Shows that something is being found out, and then what came of it. */
  findOut<Result>(
    message: string,
    work: () => Promise<Result>,
    describe: (result: Result) => { readonly isGood: boolean; readonly text: string },
  ): Promise<Result>;
  say(message: string): void;
}
