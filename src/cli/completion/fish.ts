// The completion script for fish.
import type { CommandOutline, OptionOutline, Outline, Values } from "./outline.ts";

export function fishScript({ name, commands, options }: Outline): string {
  return [
    `# fish completion of ${name}. For this shell: ${name} completion fish | source`,
    `# For all: ${name} completion fish > ~/.config/fish/completions/${name}.fish`,
    `# The configuration on the line, if any, says which names there are.`,
    `function __${name}_config`,
    `  set --local words (commandline --tokenize --cut-at-cursor)`,
    `  for at in (seq (count $words))`,
    `    switch $words[$at]`,
    `      case -c --config`,
    `        set --local value (math $at + 1)`,
    `        if test $value -le (count $words)`,
    `          printf '%s\\n' --config (string replace --regex '^~/' "$HOME/" -- $words[$value])`,
    `        end`,
    `      case '--config=*'`,
    `        printf '%s\\n' --config (string replace -- --config= '' $words[$at] | string replace --regex '^~/' "$HOME/")`,
    `    end`,
    `  end`,
    `end`,
    `complete --command ${name} --no-files`,
    ...options.map((option) => optionLine("__fish_use_subcommand", option)),
    ...commands.flatMap(commandLines),
  ].join("\n");

  function commandLines(command: CommandOutline): string[] {
    const seen = `__fish_seen_subcommand_from ${command.name}`;
    const { description } = command;
    return [
      `complete --command ${name} --condition __fish_use_subcommand --arguments ${command.name} --description ${quoted(description)}`,
      ...command.options.map((option) => optionLine(seen, option)),
      ...command.arguments.flatMap((values) => {
        const words = wordsOf(values);
        return words === "" ? [] : [`complete --command ${name} --condition ${quoted(seen)} ${words}`];
      }),
    ];
  }

  function optionLine(condition: string, { flags, description, values }: OptionOutline): string {
    const names = flags.map((flag) =>
      flag.startsWith("--") ? `--long-option ${flag.slice(2)}` : `--short-option ${flag.slice(1)}`,
    );
    const value = values === undefined ? [] : ["--require-parameter", wordsOf(values)];
    const parts = [...names, ...value, `--description ${quoted(description)}`].filter((part) => part !== "");
    return `complete --command ${name} --condition ${quoted(condition)} ${parts.join(" ")}`;
  }

  function wordsOf(values: Values): string {
    switch (values.kind) {
      case "choices":
        return `${values.orFile ? "--force-files " : ""}--arguments ${quoted(values.choices.join(" "))}`;
      case "names":
        return `--arguments ${quoted(`(${name} completion --names ${values.of} (__${name}_config) 2>/dev/null)`)}`;
      case "files":
        return "--force-files";
      case "anything":
        return "";
      default:
        return values satisfies never;
    }
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll(/[\\']/g, (sign) => `\\${sign}`)}'`;
}
