// The manual page ccs(1), made of the help of every command, so that it never says more or less than the program does.
import type { Command, Option } from "commander";
import { createProgram, exitCodeHelp } from "../src/main.ts";

/** The text of the page, in the language of man(7). `date`: such as `2026-11-30`. */
export async function manPage({ version, date }: { readonly version: string; readonly date: string }): Promise<string> {
  const program = await createProgram(() => Promise.resolve());
  return `${[
    `.TH CCS 1 "${date}" "ccs ${version}" "User Commands"`,
    ".SH NAME",
    String.raw`ccs \- keep one DNS name on Cloudflare pointing at the best endpoint that works`,
    ".SH SYNOPSIS",
    ".B ccs",
    String.raw`.I command`,
    "[options]",
    ".SH DESCRIPTION",
    escaped(
      "ccs checks every endpoint (one way into the same service) over HTTP or HTTPS, and rewrites one record at Cloudflare " +
        "when the active endpoint is really down. Services point at that record with CNAMEs of their own.",
    ),
    ".SH COMMANDS",
    ...program.commands.flatMap((command) => commandSection(program, command)),
    ".SH EXIT STATUS",
    ...preformatted(exitCodeHelp.trim().split("\n").slice(1)),
    ".SH FILES",
    ...[
      ["/etc/ccs/config.yml", "The configuration, where none is named and none is in the working folder."],
      ["/etc/ccs/credentials/", "Tokens, for the service of the system; only root may read them."],
      ["/var/lib/ccs/", "The state of the service of the system: history, overrides and unsent messages."],
    ].flatMap(([path = "", meaning = ""]) => [".TP", `.I ${escaped(path)}`, escaped(meaning)]),
    ".SH SEE ALSO",
    ".BR systemctl (1),",
    ".BR journalctl (1)",
  ].join("\n")}\n`;
}

function commandSection(program: Command, command: Command): readonly string[] {
  const usage = `${program.name()} ${command.name()} ${command.usage()}`;
  const after = helpAfter(command);
  return [
    `.SS "${escaped(usage)}"`,
    escaped(sentence(command.description())),
    ...command.options.filter(({ hidden }) => !hidden).flatMap(optionLines),
    ...(after.length === 0 ? [] : [".PP", ...mixed(after)]),
  ];
}

function optionLines({ flags, description, argChoices }: Option): readonly string[] {
  const choices = argChoices === undefined ? "" : ` (${argChoices.join(", ")})`;
  return [".TP", `.B ${escaped(flags)}`, escaped(`${description}${choices}`)];
}

/** What the help of a command says below its options: examples, and what they do. */
function helpAfter(command: Command): readonly string[] {
  let all = "";
  command.configureOutput({ writeOut: (text) => (all += text), getOutHasColors: () => false });
  command.outputHelp();
  const lines = all.slice(command.helpInformation().length).split("\n");
  return lines
    .slice(lines.findIndex((line) => line !== ""))
    .filter((line, at, those) => line !== "" || at < those.length - 1);
}

/** Examples and their headings stay as they are; prose is filled. */
function mixed(lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => {
    if (line === "") return [".PP"];
    return /^ |:$/.test(line) ? preformatted([line]) : [escaped(line), ".br"];
  });
}

function preformatted(lines: readonly string[]): readonly string[] {
  return [".nf", ...lines.map((line) => (line === "" ? "" : escaped(line))), ".fi"];
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** As it is, for troff: https://man7.org/linux/man-pages/man7/groff_char.7.html. */
function escaped(text: string): string {
  return text
    .replaceAll("\\", String.raw`\e`)
    .replaceAll("-", String.raw`\-`)
    .replaceAll('"', String.raw`\(dq`)
    .replaceAll(/^(['.])/gm, String.raw`\&$1`)
    .replaceAll("`", String.raw`\(ga`)
    .replaceAll("→", String.raw`\(->`)
    .replaceAll("…", "...");
}
