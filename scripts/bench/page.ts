// What `npm run bench` writes into docs/performance.md: a table, and what machine it is of.
import { cpus, loadavg } from "node:os";
import type { BenchRow } from "./measure.ts";

export const beginning = "<!-- What follows is written by npm run bench. -->";

export function tableOf(rows: readonly BenchRow[]): string {
  const lines = rows.map(({ what, measured, ratio, peer, wanted }) =>
    ["", what, measured, ratio === undefined ? "" : `${ratio.toFixed(2)} ×`, peer, wanted, ""].join(" | ").trim(),
  );
  return ["| what | measured | ratio | compared with | wanted |", "|---|---|---|---|---|", ...lines].join("\n");
}

/** The page with the new figures in the place of the old ones. */
export function pageWith(page: string, { rows, rounds }: { rows: readonly BenchRow[]; rounds: number }): string {
  const head = page.split(beginning)[0] ?? "";
  const [{ model } = { model: "unknown" }] = cpus();
  return `${head}${beginning}

Medians of ${rounds} rounds (smallest to largest), on ${cpus().length} × ${model.trim()}, Node.js ${process.version}, the load of the machine ${loadavg()[0]?.toFixed(1)} at the end.
A ratio is the median of ratios that were each taken in one window.

${tableOf(rows)}

![Cost against size](cost-against-size.svg)
`;
}
