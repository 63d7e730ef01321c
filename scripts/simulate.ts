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
const share = (of: (outcome: Outcome) => number): string =>
  `${((100 * total(of)) / total(({ downtime }) => downtime.total)).toFixed(3)} %`;
const convergence = outcomes.flatMap(({ convergenceMs }) => convergenceMs).toSorted((a, b) => a - b);
console.log(
  `${outcomes.length} seeds, ${hours.toFixed(0)} hours in ${seconds.toFixed(1)} s (${(hours / seconds).toFixed(1)} h/s, ` +
    `${(hours / (process.cpuUsage().user / 1e6)).toFixed(1)} per CPU second), ${failed} violations`,
);
console.log(
  `no service for clients: daemon ${share(({ downtime }) => downtime.daemon)}, static record ${share(({ downtime }) => downtime.staticRecord)}, ` +
    `oracle ${share(({ downtime }) => downtime.oracle)}`,
);
console.log(
  `without a record: ${total(({ emptyMs }) => emptyMs)} ms; API calls per day: ${((24 * total(({ requests }) => requests)) / hours).toFixed(0)}; ` +
    `converged within ${((convergence[Math.floor(convergence.length / 2)] ?? 0) / 1_000).toFixed(0)} s (median), ` +
    `${((convergence.at(-1) ?? 0) / 1_000).toFixed(0)} s (longest)`,
);
const kinds = Object.keys(outcomes[0]?.seen ?? {}) as (keyof Outcome["seen"])[];
console.log(kinds.map((kind) => `${kind} ${total(({ seen }) => seen[kind])}`).join(", "));
if (failed > 0) process.exitCode = 1;
