// The program as completion sees it: its commands with their options and arguments, read off commander's own tree, so
// that no script ever knows more or less than the program does.
import type { Argument, Command, Option } from "commander";
import { namedScenarios } from "../../what-if/named-scenarios.ts";

export interface Outline {
  readonly name: string;
  readonly commands: readonly CommandOutline[];
  readonly options: readonly OptionOutline[];
}

export interface CommandOutline {
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionOutline[];
  readonly arguments: readonly Values[];
}

export interface OptionOutline {
  /** `-c`, `--config`. */
  readonly flags: readonly string[];
  readonly description: string;
  /** Missing for a switch. */
  readonly values?: Values;
}

/** What an argument or an option takes. */
export type Values =
  /** `orFile`: the name of a file may take the place of each. */
  | { readonly kind: "choices"; readonly choices: readonly string[]; readonly orFile?: true }
  /** Whatever the configuration calls so; the program itself is asked. */
  | { readonly kind: "names"; readonly of: NameKind }
  | { readonly kind: "files" }
  | { readonly kind: "anything" };

export const nameKinds = ["ingress", "endpoint"] as const;
export type NameKind = (typeof nameKinds)[number];

const help: OptionOutline = { flags: ["-h", "--help"], description: "display help for command" };

export function outlineOf(program: Command): Outline {
  return {
    name: program.name(),
    options: [...program.options.map(optionOutline), help],
    commands: program.commands.map((command) => ({
      name: command.name(),
      description: command.description(),
      options: [...command.options.filter(({ hidden }) => !hidden).map(optionOutline), help],
      arguments: command.registeredArguments.map(valuesOf),
    })),
  };
}

function optionOutline(option: Option): OptionOutline {
  const flags = [option.short, option.long].filter((flag) => flag !== undefined);
  const takesValue = option.required || option.optional;
  return { flags, description: option.description, ...(takesValue && { values: valuesOfOption(option) }) };
}

function valuesOf(argument: Argument): Values {
  return valuesNamed(argument.argChoices, argument.name());
}

/**
 * `--ingress <record>` takes an ingress, whatever the placeholder; otherwise that of `--config <file>` says what it is.
 */
function valuesOfOption(option: Option): Values {
  const kind = nameKinds.find((each) => each === option.attributeName());
  return valuesNamed(option.argChoices, kind ?? /[<[]([\w-]+)/.exec(option.flags)?.[1] ?? "");
}

function valuesNamed(choices: readonly string[] | undefined, name: string): Values {
  if (choices !== undefined) return { kind: "choices", choices };
  if (name === "scenario") return { kind: "choices", choices: namedScenarios.map((each) => each.name), orFile: true };
  const kind = nameKinds.find((each) => each === name);
  if (kind !== undefined) return { kind: "names", of: kind };
  return /file|folder|path/.test(name) ? { kind: "files" } : { kind: "anything" };
}
