// `npm run simulate -- --seed N --hours H`: plays seeds, on all cores, until so many hours have been simulated, and reports:
// the same report for the same seeds, whatever the number of threads. `--only 2,5` plays only those faults of a single
// seed; `--tell` shows everything that happens.
import { parseArgs } from "node:util";
import { printTable } from "../src/terminal/terminal.ts";
import { simulate, type Company, type Outcome } from "../test/simulation/simulate.ts";
import { seedsFor, simulateAll, usualThreads } from "../test/simulation/threads.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    hours: { type: "string", default: "100" },
    seconds: { type: "string", default: "Infinity" },
    threads: { type: "string", default: String(usualThreads) },
    only: { type: "string" },
    tell: { type: "boolean", default: false },
  },
});
const first = Number(values.seed);
const limitMs = Number(values.seconds) * 1_000;
const startedMs = performance.now();
const outcomes: Outcome[] = [];
let failed = 0;
for await (const outcome of played()) {
  outcomes.push(outcome);
  for (const { invariant, atMs, what } of outcome.violations) {
    failed += 1;
    console.log(`seed ${outcome.seed} at ${(atMs / 1_000).toFixed(3)} s: invariant ${invariant}: ${what}`);
    console.log(`  npm run simulate -- --seed ${outcome.seed} --tell`);
  }
  if (performance.now() - startedMs > limitMs) break;
}
report();
if (failed > 0) process.exitCode = 1;

/** One seed here, where it can be told of; many in threads. */
async function* played(): AsyncGenerator<Outcome> {
  const only = values.only?.split(",").map(Number);
  if (only === undefined && !values.tell) {
    yield* simulateAll(seedsFor(first, Number(values.hours)), Number(values.threads));
  } else {
    yield await simulate(first, {
      ...(only !== undefined && { only }),
      ...(values.tell && { tell: (line: string) => console.log(line) }),
    });
  }
}

function report(): void {
  const hours = total((outcome) => outcome.hours);
  const convergence = outcomes.flatMap(({ convergenceMs }) => convergenceMs).toSorted((a, b) => a - b);
  const quantile = (part: number): string =>
    `${((convergence[Math.floor(convergence.length * part)] ?? 0) / 1_000).toFixed(0)} s`;
  console.log(`${outcomes.length} seeds, ${hours.toFixed(0)} hours, ${failed} violations\n`);
  printTable(
    ["clients without service", "daemon", "static record", "oracle"],
    [
      downtimesIn("where monitor and clients see the same", "nobody"),
      downtimesIn("where only some see a fault", "one-sided"),
      downtimesIn("where others write or steer", "others"),
    ].filter((row) => row !== undefined),
  );
  console.log(
    `\nneedless switches: ${total(({ seen }) => seen.needlessMoves)}; to one that clients cannot reach: ` +
      `${total(({ seen }) => seen.vainMoves)}, of ${total(({ seen }) => seen.failovers + seen.returns)}`,
  );
  console.log(
    `without a record: ${total(({ emptyMs }) => emptyMs)} ms at the database, ` +
      `${total(({ emptyAtEdgesMs }) => emptyAtEdgesMs).toFixed(0)} ms at edges while the type changed; ` +
      `API calls per day: ${((24 * total(({ requests }) => requests)) / hours).toFixed(0)}; ` +
      `converged within ${quantile(0.5)} (median), ${quantile(0.99)} (p99), ${quantile(1 - 1e-9)} (longest)`,
  );
  const kinds = (Object.keys(outcomes[0]?.seen ?? {}) as (keyof Outcome["seen"])[]).filter(
    (kind) => !kind.endsWith("Moves"),
  );
  console.log(kinds.map((kind) => `${kind} ${total(({ seen }) => seen[kind])}`).join(", "));
  const peaks = ["probes", "timers", "messages"] as const;
  console.log(
    `at most ${peaks.map((what) => `${Math.max(...outcomes.map((outcome) => outcome.peaks[what]))} ${what}`).join(", ")} at once`,
  );
  // How long it took says nothing about the daemon, and is never the same twice.
  const seconds = (performance.now() - startedMs) / 1_000;
  const { user, system } = process.cpuUsage();
  console.error(
    `in ${seconds.toFixed(1)} s (${(hours / seconds).toFixed(1)} hours per second, ` +
      `${(hours / ((user + system) / 1e6)).toFixed(1)} per CPU second)`,
  );
}

function total(of: (outcome: Outcome) => number): number {
  return outcomes.reduce((sum, outcome) => sum + of(outcome), 0);
}

/** The shares of the time of all clients, in the outcomes of one kind; `undefined` when there are none. */
function downtimesIn(what: string, company: Company): string[] | undefined {
  const among = outcomes.filter((outcome) => outcome.company === company);
  if (among.length === 0) return undefined;
  const sum = (of: keyof Outcome["downtime"]): number => among.reduce((ms, { downtime }) => ms + downtime[of], 0);
  const share = (of: keyof Outcome["downtime"]): string => `${((100 * sum(of)) / sum("total")).toFixed(3)} %`;
  return [`${what} (${among.length} seeds)`, share("daemon"), share("staticRecord"), share("oracle")];
}
