// How long a failover takes while a crowd reads: `npm run bench:readers [-- --failovers 5]`. Measures it without anybody and
// beside each crowd, in one run of the built daemon over a full history, and prints the median and the worst of each. Exits
// with 1 where a median is more than three times the one without a crowd.
import { parseArgs } from "node:util";
import { FullHistory, type Crowd } from "../test/support/readers.ts";

const { values } = parseArgs({ options: { failovers: { type: "string", default: "5" } } });

/** No crowd may make a failover take more than so many times as long. */
const mostGrowth = 3;

const worst: readonly Crowd[] = [
  { kind: "a quiet endpoint's events", count: 20 },
  { kind: "history", count: 100 },
  { kind: "hostile headers", count: 8 },
];

const crowds: readonly (readonly Crowd[])[] = [
  [],
  [{ kind: "a quiet endpoint's events", count: 20 }],
  [{ kind: "pages of events", count: 20 }],
  [{ kind: "history", count: 100 }],
  [{ kind: "history of an endpoint", count: 100 }],
  [{ kind: "hostile headers", count: 8 }],
  [{ kind: "metrics", count: 100 }],
  [{ kind: "liveness", count: 100 }],
  worst,
  worst.map((crowd) => ({ ...crowd, isSpread: true })),
  [{ kind: "pages of events", count: 100, isSpread: true }],
  [{ kind: "history of an endpoint", count: 100, isSpread: true }],
  [],
];

function medianOf(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? NaN;
}

using history = new FullHistory();
const medians: number[] = [];
for (const crowd of crowds) {
  const { failoversMs, answers, refusals } = await history.measure(crowd, Number(values.failovers));
  const medianMs = medianOf(failoversMs);
  medians.push(medianMs);
  const growth = medianMs / (medians[0] ?? NaN);
  const name = crowd.map(({ kind, count, isSpread }) => `${count} × ${kind}${isSpread === true ? " (spread)" : ""}`);
  const times = `${Math.round(medianMs)} ms (worst ${Math.round(Math.max(...failoversMs))})`;
  console.log(
    `${name.join(" + ") || "no readers"}: failover ${times}, ${growth.toFixed(2)} times; ${answers} answers/s, ${refusals} refusals/s`,
  );
}
const most = Math.max(...medians) / (medians[0] ?? NaN);
console.log(`At most ${most.toFixed(2)} times as long as without readers; ${mostGrowth} are allowed.`);
if (!(most <= mostGrowth)) process.exitCode = 1;
