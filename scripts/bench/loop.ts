// What the loop alone costs for one check that succeeds, against the number of endpoints. Each size in a process of its own.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { medianOf, spreadOf, type BenchMeasure, type BenchPoint } from "./measure.ts";

const sizes = [2, 10, 100, 1_000, 10_000];
const child = join(import.meta.dirname, "loop-child.ts");
/** A size at which not even the first checks of all are done by then is not measured. */
const patienceMs = 60_000;

export const loopMeasure: BenchMeasure = {
  name: "loop",
  run(rounds) {
    const taken = new Map<number, number[]>(sizes.map((size) => [size, []]));
    for (let round = 0; round < rounds; round += 1) {
      // A size that is beyond reach is so in the next round as well.
      for (const [size, figures] of taken) if (round === figures.length) figures.push(...microsecondsAt(size));
    }
    const few = taken.get(10) ?? [];
    const points: BenchPoint[] = [];
    const rows = sizes.map((size) => {
      const figures = taken.get(size) ?? [];
      if (figures.length > 0) points.push({ size, microseconds: medianOf(figures) });
      return {
        what: `the loop alone, one check that succeeds, ${size.toLocaleString("en")} endpoints in pairs`,
        measured: figures.length > 0 ? `${spreadOf(figures, 1)} µs` : "the first checks of all take more than a minute",
        ratio: figures.length > 0 ? medianOf(figures.map((figure, round) => figure / (few[round] ?? NaN))) : undefined,
        peer: "10 endpoints",
        wanted: size > 10 ? "≤ 1.5" : "",
      };
    });
    return Promise.resolve({ rows, points });
  },
};

/** One figure, or none when it takes too long. */
function microsecondsAt(size: number): readonly number[] {
  const { status, stdout } = spawnSync(process.execPath, [child, String(size)], { timeout: patienceMs });
  return status === 0 ? [Number(String(stdout))] : [];
}
