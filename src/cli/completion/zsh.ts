// The completion script for zsh.
import type { CommandOutline, OptionOutline, Outline, Values } from "./outline.ts";

export function zshScript({ name, commands, options }: Outline): string {
  return `#compdef ${name}
# zsh completion of ${name}. For this shell: source <(${name} completion zsh)
# For all: put it as _${name} into a folder of your $fpath, and start a new shell.
_${name}() {
  local -a commands
  commands=(
${commands.map((command) => `    ${quoted(`${command.name}:${command.description}`)}`).join("\n")}
  )
  if (( CURRENT == 2 )); then
    if [[ $words[2] == -* ]]; then
      _arguments ${options.flatMap(specs).join(" ")}
    else
      _describe command commands
    fi
    return
  fi
  local command=$words[2] at
  # The configuration on the line, if any, says which names there are.
  local -a config
  at=$words[(I)(-c|--config)]
  if (( at && at + 1 < CURRENT )); then config=(--config \${\${(Q)words[at + 1]}/#\\~\\//$HOME/}); fi
  at=$words[(I)--config=*]
  if (( at && at < CURRENT )); then config=(--config \${\${\${(Q)words[at]}#--config=}/#\\~\\//$HOME/}); fi
  shift words
  (( CURRENT-- ))
  case $command in
${commands.map(commandCase).join("\n")}
  esac
}

if [[ $funcstack[1] == _${name} ]]; then _${name} "$@"; else compdef _${name} ${name}; fi`;

  function commandCase(command: CommandOutline): string {
    const places = command.arguments.map((values) => quoted(`::${labelOf(values)}:${action(values)}`));
    const all = [...command.options.flatMap(specs), ...places];
    return `    ${command.name}) _arguments ${all.join(" \\\n      ")} ;;`;
  }

  function specs({ flags, description, values }: OptionOutline): string[] {
    const excluded = flags.length > 1 ? `(${flags.join(" ")})` : "";
    const value = values === undefined ? "" : `:${labelOf(values)}:${action(values)}`;
    return flags.map((flag) => quoted(`${excluded}${flag}[${bracketed(description)}]${value}`));
  }

  function action(values: Values): string {
    switch (values.kind) {
      case "choices":
        return values.orFile ? `{compadd -- ${values.choices.join(" ")}; _files}` : `(${values.choices.join(" ")})`;
      case "names":
        return `{compadd -- \${(f)"$(${name} completion --names ${values.of} $config 2>/dev/null)"}}`;
      case "files":
        return "_files";
      case "anything":
        return " ";
      default:
        return values satisfies never;
    }
  }
}

function labelOf(values: Values): string {
  return values.kind === "names" ? values.of : values.kind === "files" ? "file" : "value";
}

/** Brackets and colons have a meaning of their own in the words of `_arguments`. */
function bracketed(text: string): string {
  return text.replaceAll(/[[\]:\\]/g, (sign) => `\\${sign}`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
