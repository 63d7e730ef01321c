// `npm run simulate -- --seed N --hours H`: plays seeds, one after the other, until so many hours have been simulated, and
// reports. `--only 2,5` plays only those faults of a single seed; `--tell` shows everything that happens.
import { parseArgs } from "node:util";
import { simulate, type Outcome } from "../test/simulation/simulate.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    hours: { type: "string", default: "100" },
    seconds: { type: "string", default: "Infinity" },
    only: { type: "string" },
    tell: { type: "boolean", default: false },
  },
});
const first = Number(values.seed);
const only = values.only?.split(",").map(Number);
const outcomes: Outcome[] = [];
const limitMs = Number(values.seconds) * 1_000;
const startedMs = performance.now();
let hours = 0;
let failed = 0;
for (let seed = first; hours < Number(values.hours); seed += 1) {
  if (performance.now() - startedMs > limitMs) break;
  const outcome = await simulate(seed, {
    ...(only !== undefined && { only }),
    ...(values.tell && { tell: (line: string) => console.log(line) }),
  });
  outcomes.push(outcome);
  hours += outcome.hours;
  for (const { invariant, atMs, what } of outcome.violations) {
    failed += 1;
    console.log(`seed ${seed} at ${(atMs / 1_000).toFixed(3)} s: invariant ${invariant}: ${what}`);
    console.log(`  npm run simulate -- --seed ${seed} --hours 1 --tell`);
  }
  if (only !== undefined || values.tell) break;
}
const seconds = (performance.now() - startedMs) / 1_000;
const total = (of: (outcome: Outcome) => number): number => outcomes.reduce((sum, outcome) => sum + of(outcome), 0);
const fair = outcomes.filter(({ isFair }) => isFair);
/** Of the time of all clients in some of the outcomes. */
const share = (among: readonly Outcome[], what: "daemon" | "staticRecord" | "oracle"): string => {
  const sum = (of: keyof Outcome["downtime"]): number => among.reduce((ms, { downtime }) => ms + downtime[of], 0);
  return `${((100 * sum(what)) / sum("total")).toFixed(3)} %`;
};
const downtimes = (among: readonly Outcome[]): string =>
  `daemon ${share(among, "daemon")}, static record ${share(among, "staticRecord")}, oracle ${share(among, "oracle")}`;
const convergence = outcomes.flatMap(({ convergenceMs }) => convergenceMs).toSorted((a, b) => a - b);
console.log(
  `${outcomes.length} seeds, ${hours.toFixed(0)} hours in ${seconds.toFixed(1)} s (${(hours / seconds).toFixed(1)} h/s, ` +
    `${(hours / (process.cpuUsage().user / 1e6)).toFixed(1)} per CPU second), ${failed} violations`,
);
console.log(`no service for clients: ${downtimes(outcomes)}`);
console.log(`the same in ${fair.length} seeds where monitor and clients see the same: ${downtimes(fair)}`);
const quantile = (part: number): string =>
  `${((convergence[Math.floor(convergence.length * part)] ?? 0) / 1_000).toFixed(0)} s`;
console.log(
  `without a record: ${total(({ emptyMs }) => emptyMs)} ms at the database, ` +
    `${total(({ emptyAtEdgesMs }) => emptyAtEdgesMs).toFixed(0)} ms at edges while the type changed; ` +
    `API calls per day: ${((24 * total(({ requests }) => requests)) / hours).toFixed(0)}; ` +
    `converged within ${quantile(0.5)} (median), ${quantile(0.99)} (p99), ${quantile(1 - 1e-9)} (longest)`,
);
const kinds = Object.keys(outcomes[0]?.seen ?? {}) as (keyof Outcome["seen"])[];
console.log(kinds.map((kind) => `${kind} ${total(({ seen }) => seen[kind])}`).join(", "));
const peaks = ["probes", "timers", "messages"] as const;
console.log(
  `at most ${peaks.map((what) => `${Math.max(...outcomes.map((outcome) => outcome.peaks[what]))} ${what}`).join(", ")} at once`,
);
if (failed > 0) process.exitCode = 1;
