// The completion script for bash.
import type { CommandOutline, OptionOutline, Outline, Values } from "./outline.ts";

export function bashScript({ name, commands, options }: Outline): string {
  const valued = [...new Set(commands.flatMap((command) => command.options.filter(takesValue).flatMap(flagsOf)))];
  const first = [...commands.map((command) => command.name), ...options.flatMap(flagsOf)].join(" ");
  return `# bash completion of ${name}. For this shell: source <(${name} completion bash)
# For all: ${name} completion bash > ~/.local/share/bash-completion/completions/${name}
_${name}_files() {
  local IFS=$'\\n'
  compopt -o filenames 2>/dev/null
  COMPREPLY+=($(compgen -f -- "$1"))
}

# Word by word: compgen -W would expand whatever a name has in it. The configuration is the one on the line, if any.
_${name}_names() {
  local name
  while IFS= read -r name; do
    if [[ $name == "$2"* ]]; then COMPREPLY+=("$(printf '%q' "$name")"); fi
  done < <(${name} completion --names "$1" \${config:+--config "$config"} 2>/dev/null)
}

_${name}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]}
  local command="" position=0 config="" option i
  COMPREPLY=()
  # --option=value comes as three words.
  if [[ $cur == "=" ]]; then cur=""; elif [[ $prev == "=" ]]; then prev=\${COMP_WORDS[COMP_CWORD - 2]}; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      ${valued.length === 0 ? "--" : valued.join(" | ")})
        option=\${COMP_WORDS[i]}
        ((i++))
        if [[ \${COMP_WORDS[i]} == "=" ]]; then ((i++)); fi
        if [[ $option == -c || $option == --config ]] && ((i < COMP_CWORD)); then
          config=\${COMP_WORDS[i]//\\\\/}
          config=\${config//\\"/}
          config=\${config//\\'/}
          config=\${config/#\\~\\//$HOME/}
        fi
        ;;
      -*) ;;
      *) if [[ -z $command ]]; then command=\${COMP_WORDS[i]}; else ((position++)); fi ;;
    esac
  done
  if [[ -z $command ]]; then
    COMPREPLY=($(compgen -W "${first}" -- "$cur"))
    return
  fi
  case $command in
${commands.map(commandCase).join("\n")}
  esac
}

complete -F _${name} ${name}`;

  function commandCase(command: CommandOutline): string {
    const flags = command.options.flatMap(flagsOf).join(" ");
    const values = command.options.flatMap((option) =>
      option.values === undefined ? [] : [`        ${option.flags.join(" | ")}) ${reply(option.values)}; return ;;`],
    );
    const places = command.arguments.map((value, position) => `        ${position}) ${reply(value)} ;;`);
    return [
      `    ${command.name})`,
      ...(values.length === 0 ? [] : ["      case $prev in", ...values, "      esac"]),
      `      if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W "${flags}" -- "$cur")); return; fi`,
      ...(places.length === 0 ? [] : ["      case $position in", ...places, "      esac"]),
      "      ;;",
    ].join("\n");
  }

  function reply(values: Values): string {
    switch (values.kind) {
      case "choices":
        return `COMPREPLY=($(compgen -W "${values.choices.join(" ")}" -- "$cur"))${values.orFile ? `; _${name}_files "$cur"` : ""}`;
      case "names":
        return `_${name}_names ${values.of} "$cur"`;
      case "files":
        return `_${name}_files "$cur"`;
      case "anything":
        return "COMPREPLY=()";
      default:
        return values satisfies never;
    }
  }
}

function takesValue({ values }: OptionOutline): boolean {
  return values !== undefined;
}

function flagsOf({ flags }: OptionOutline): readonly string[] {
  return flags;
}
