// `ccs simulate`: what would happen. The user's own configuration in a simulated world, in which things go wrong.
import { existsSync } from "node:fs";
import { Option } from "commander";
import type { Config } from "../config/config.ts";
import { readFromDisk } from "../runtime/node/read-file.ts";
import { readText } from "../config/format/files.ts";
import { nearest } from "../lib/spelling.ts";
import { lineWidth, printLine, styled, withSpinner, wrapped } from "../terminal/terminal.ts";
import { namedScenario, namedScenarios } from "../what-if/named-scenarios.ts";
import { usualPlayMs } from "../what-if/length.ts";
import { play } from "../what-if/play.ts";
import { longestMs, parseScenario, wordsOf, type Occurrence } from "../what-if/scenario.ts";
import { servedTimes } from "../what-if/served.ts";
import { parseLengthMs } from "../what-if/times.ts";
import { channelsIn, vocabularyOf } from "../what-if/user-world.ts";
import { worseOff } from "../what-if/verdict.ts";
import { configWithoutSecrets } from "./config-option.ts";
import { CommandError, exitCodes, type ExitCode } from "./exit-codes.ts";
import { printOutput } from "./outputs.ts";
import type { Register } from "./registration.ts";
import { showPlayed } from "./simulate-view.ts";

interface SimulateOptions {
  readonly config?: string;
  readonly json?: true;
  readonly list?: true;
  readonly seed: string;
  readonly for?: string;
  readonly messages?: true;
}

export const registerSimulate: Register = (program, run) => {
  program
    .command("simulate")
    .argument("[scenario...]", "a name (see --list), a file, or lines such as: cable down for 10m at 0:05")
    .option("-c, --config <file>", "the configuration, also CCS_CONFIG (default: config.yml, then the usual places)")
    .option("--for <time>", "how long to play, such as 2h (default: until everything has settled)")
    .addOption(new Option("--seed <number>", "the seed of the network's random behaviour").default("1", "1"))
    .option("--messages", "print messages in full")
    .option("--list", "list the named scenarios, and the words for writing your own")
    .option("--json", "print JSON")
    .addHelpText("after", help)
    .action((words: readonly string[], options: SimulateOptions) => run(() => simulateCommand(words, options)));
};

const help = `
Examples:
  $ ccs simulate                  the best endpoint fails, and comes back
  $ ccs simulate flapping --for 2h
  $ ccs simulate bad-night.txt    one event per line, # starts a comment
  $ ccs simulate "primary down for 10 min at 0:05"
  $ ccs simulate "0:05 cable slow 3s for 5m; 0:07 our connection down for 2m"

Endpoints are given by name, target or rank (primary, secondary). Times count from the start: 0:05 is five minutes. A line without a time happens at 0:05, and one without a length lasts 10m.`;

/** Exit code 0 when it was played; 64 for a scenario that is not valid. */
async function simulateCommand(words: readonly string[], options: SimulateOptions): Promise<ExitCode> {
  const isJson = options.json === true;
  if (options.list === true) return listScenarios(options, isJson);
  const seed = Number(options.seed);
  if (!Number.isSafeInteger(seed))
    throw new CommandError(exitCodes.usage, `--seed: ${options.seed} is not a whole number`);
  const { path, config } = configWithoutSecrets(options.config);
  const { occurrences, hasIpv6 } = scenarioOf(words, config);
  const lengthMs = options.for === undefined ? usualPlayMs(occurrences, config) : lengthOf(options.for);
  const played = await withSpinner("Playing the scenario", () =>
    play({ config, occurrences, seed, lengthMs, hasIpv6 }),
  );
  const [bug] = played.bugs;
  if (bug !== undefined) throw new Error(`in the simulation: ${bug}`);
  if (!isJson) {
    const isTold = config.notify.length > 0;
    showPlayed(played, { path, seed, lengthMs, isTold, withMessages: options.messages === true });
    return exitCodes.ok;
  }
  printOutput("simulate", {
    file: path,
    scenario: occurrences.map(({ atMs, endMs, text }) => ({ atMs, endMs, text })),
    seed,
    lengthMs,
    timeline: played.entries,
    ingresses: played.ingresses.map(({ ingress, served, switches, clients, emptyAnswers }) => ({
      ingress,
      served: servedTimes(served, lengthMs),
      switches,
      clients,
      worseOff: worseOff(clients),
      emptyAnswers,
    })),
    apiCalls: played.apiCalls,
    messages: played.messages,
  });
  return exitCodes.ok;
}

function scenarioOf(
  words: readonly string[],
  config: Config,
): { readonly occurrences: readonly Occurrence[]; readonly hasIpv6: boolean } {
  const vocabulary = vocabularyOf(config);
  const text = words.join(" ").trim() || "failover";
  const named = namedScenario(text);
  const [first = "primary", second] = config.ingresses.length === 1 ? bestOf(vocabulary.endpoints) : usualNames;
  const lines = named?.lines(first, second).join("\n") ?? textOf(text);
  const scenario = parseScenario(lines, vocabulary);
  if (scenario.kind === "understood") return scenario;
  const known = wordsOf(vocabulary).map(({ subject, words: each }) =>
    wrapped(`${subject}: ${each}`, lineWidth() - 4, 2),
  );
  const namesOf = namedScenarios.map(({ name }) => name);
  const names = wrapped(`Named scenarios: ${namesOf.join(", ")}`, lineWidth() - 2, 2);
  const begun = namesOf.find((name) => name.startsWith(text.toLowerCase()));
  const meant = /\s/.test(text) ? undefined : (begun ?? nearest(text, namesOf));
  const advice = [
    ...(meant === undefined ? [] : [`Did you mean the scenario ${meant}?`]),
    "What can happen, and to what:",
    ...known.map((each) => each.replaceAll(/^/gm, "  ")),
    names,
  ];
  throw new CommandError(
    exitCodes.usage,
    [...scenario.problems, ...advice.map((each) => each.replaceAll(/^/gm, "  "))].join("\n"),
  );
}

/** What every configuration understands. */
const usualNames = ["primary", "secondary"] as const;

function bestOf(endpoints: ReturnType<typeof vocabularyOf>["endpoints"]): readonly string[] {
  return endpoints.map(({ name }) => name);
}

/** The lines of a file, where it is one. */
function textOf(scenario: string): string {
  const isPath = existsSync(scenario);
  if (!isPath && !/^\S*(?:\/\S*|\.txt)$/.test(scenario)) return scenario;
  const content = readText(scenario, readFromDisk);
  if (content.kind === "text") return content.text;
  throw new CommandError(exitCodes.usage, `${scenario} cannot be read: ${content.reason}`);
}

function lengthOf(text: string): number {
  const lengthMs = parseLengthMs(text.toLowerCase());
  if (lengthMs !== undefined && lengthMs > 0 && lengthMs <= longestMs) return lengthMs;
  throw new CommandError(exitCodes.usage, `--for: expected a time such as 90m or 2h, up to 7d, got ${text}`);
}

function listScenarios({ config: option }: SimulateOptions, isJson: boolean): ExitCode {
  const scenarios = namedScenarios.map(({ name, about, lines }) => ({ name, about, lines: lines(...usualNames) }));
  if (isJson) {
    printOutput("scenarios", { scenarios });
    return exitCodes.ok;
  }
  const longest = Math.max(...scenarios.map(({ name }) => name.length));
  for (const { name, about } of scenarios) {
    const [first = "", ...rest] = wrapped(about, lineWidth() - longest - 2).split("\n");
    printLine(`${styled("cyan", name.padEnd(longest))}  ${first}`);
    for (const line of rest) printLine(`${" ".repeat(longest)}  ${line}`);
  }
  printLine();
  printLine(`${styled("bold", "In your own words")}, one line each or with ; between them:`);
  const vocabulary =
    option === undefined
      ? { endpoints: [], channels: channelsIn([]) }
      : vocabularyOf(configWithoutSecrets(option).config);
  for (const { subject, words } of wordsOf(vocabulary)) {
    printLine(`  ${styled("cyan", subject)}`);
    for (const line of wrapped(words, lineWidth() - 4).split("\n")) printLine(`    ${line}`);
  }
  printLine();
  const more =
    "with  at 0:05 · for 10m · until 0:30 · over\u00A0ipv6 · only\u00A0for\u00A0us · only\u00A0for\u00A0clients";
  for (const line of wrapped(more, lineWidth() - 2, 6).split("\n")) printLine(`  ${line}`);
  return exitCodes.ok;
}
