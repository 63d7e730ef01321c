// `ccs replay`: which switches another configuration would have made of what was seen, beside those that were made.
import { Option } from "commander";
import type { Config } from "../config/config.ts";
import { findConfigPath } from "../config/find.ts";
import { systemClock } from "../runtime/node/clock.ts";
import { parseDurationMs } from "../core/units.ts";
import { openSnapshot, type Snapshot } from "../store/snapshot.ts";
import { withSpinner } from "../terminal/terminal.ts";
import type { Switch } from "../what-if/past.ts";
import { tryOut, type Trial } from "../what-if/trial.ts";
import { configPath, configWithoutSecrets } from "./config-option.ts";
import { CommandError, exitCodes, type ExitCode } from "./exit-codes.ts";
import { printOutput } from "./outputs.ts";
import type { Register } from "./registration.ts";
import { showReplay } from "./replay-view.ts";

interface ReplayOptions {
  readonly config?: string;
  readonly present?: string;
  readonly since: string;
  readonly json?: true;
}

export const registerReplay: Register = (program, run) => {
  program
    .command("replay")
    .option("-c, --config <file>", "the configuration to try (default: the current one)")
    .option("--present <file>", "the current one, whose history is used, also CCS_CONFIG (default: the usual places)")
    .addOption(new Option("--since <time>", "how far back, such as 12h or 30d").default("7d", "7d"))
    .option("--json", "print JSON")
    .addHelpText("after", help)
    .action((options: ReplayOptions) => run(() => replayCommand(options)));
};

const help = `
Examples:
  $ ccs replay --config other.yml    another configuration, the last 7 days
  $ ccs replay --since 30d --config other.yml
  $ ccs replay                       the current one: how accurate a replay is

The history is that of the state_dir of the current configuration. The daemon may keep running: nothing is written, and nothing outside is contacted.`;

/** What the reconstruction takes for granted, for people and programs. */
const assumptions = [
  "Checks are kept as counts for each minute. Within a minute their order is not stored: failures are placed where the endpoint was suspect, at the true times of changes that the journal knows, and are spread evenly otherwise.",
  "The checks are those that were made: their targets, intervals, timeouts and expectations are as recorded.",
  "Cloudflare carries out every write at once, and the daemon runs without interruption.",
];

/** Exit code 0 when it was replayed; 69 without a history. */
async function replayCommand(options: ReplayOptions): Promise<ExitCode> {
  const sinceMs = parseDurationMs(options.since);
  if (sinceMs === undefined || sinceMs <= 0) {
    throw new CommandError(exitCodes.usage, `--since: expected a time such as 12h or 7d, got ${options.since}`);
  }
  const present = configWithoutSecrets(presentPath(options));
  const other = options.config === undefined ? present : configWithoutSecrets(options.config);
  using history = historyOf(present.config);
  const toWallMs = Math.floor(systemClock.wallMs());
  const result = await withSpinner("Replaying the recorded checks", () =>
    Promise.resolve(
      tryOut(history, present.config.ingresses, other.config.ingresses, { fromWallMs: toWallMs - sinceMs, toWallMs }),
    ),
  );
  if (result.past.checks === 0) {
    const message = `no checks were recorded in the last ${options.since}, or none for the endpoints of ${present.path}`;
    throw new CommandError(exitCodes.unavailable, message);
  }
  if (options.json === true) printResult(result, { file: other.path, presentFile: present.path });
  else showReplay(result, { path: other.path, isPresent: other === present, assumptions });
  return exitCodes.ok;
}

/** Without a configuration in the usual places, the one to try is the present one. */
function presentPath({ present, config }: ReplayOptions): string {
  if (present !== undefined || config === undefined) return configPath(present);
  const found = findConfigPath(undefined, process.env);
  return found.kind === "found" ? found.path : config;
}

function historyOf({ stateDir }: Config): Snapshot {
  const opened = openSnapshot(stateDir);
  if (opened.kind === "opened") return opened;
  throw new CommandError(exitCodes.unavailable, opened.message);
}

function printResult({ past, ingresses, fidelity }: Trial, files: { file: string; presentFile: string }): void {
  printOutput("replay", {
    ...files,
    from: dateOf(past.fromWallMs),
    to: dateOf(past.toWallMs),
    checks: past.checks,
    ingresses: ingresses.map(({ record, rows, made, would, notReplayed }) => ({
      ingress: record,
      switches: rows.map((row) => ({
        made: row.made && datedSwitch(row.made),
        would: row.would && datedSwitch(row.would),
      })),
      made,
      would,
      notReplayed,
    })),
    fidelity,
    assumptions,
  });
}

function datedSwitch({ atWallMs, from, to, why }: Switch): { at: string; from: string; to: string; why: string } {
  return { at: dateOf(atWallMs), from, to, why };
}

function dateOf(wallMs: number): string {
  return new Date(wallMs).toISOString();
}
