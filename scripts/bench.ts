// What ccs costs: `npm run bench` measures everything and writes docs/performance.md (half an hour); `npm run bench -- help idle`
// measures some of it and only prints. Ours and what it is compared with are measured in the same windows, for at least five
// rounds; `--rounds 9` for more. Nothing here is a test: a busy machine changes every figure, and ratios least.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { checkMeasures } from "./bench/checks.ts";
import { idleMeasure } from "./bench/idle.ts";
import { loopMeasure } from "./bench/loop.ts";
import type { BenchPoint, BenchRow } from "./bench/measure.ts";
import { metricsMeasure } from "./bench/metrics-bytes.ts";
import { pageWith, tableOf } from "./bench/page.ts";
import { missingPeers } from "./bench/peers.ts";
import { plotOf } from "./bench/plot.ts";
import { helpMeasure, readyMeasure } from "./bench/starts.ts";

const measures = [helpMeasure, readyMeasure, idleMeasure, ...checkMeasures, loopMeasure, metricsMeasure];
const leastRounds = 5;

const { values, positionals } = parseArgs({ options: { rounds: { type: "string" } }, allowPositionals: true });
const rounds = Math.max(leastRounds, Number(values.rounds ?? leastRounds));
const unknown = positionals.filter((name) => !measures.some((measure) => measure.name === name));
if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(", ")}; there are ${measures.map(({ name }) => name).join(", ")}`);
  process.exit(64);
}
for (const line of missingPeers()) console.error(line);

const chosen = measures.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
const rows: BenchRow[] = [];
const points: BenchPoint[] = [];
for (const measure of chosen) {
  console.error(`measuring ${measure.name} …`);
  const result = await measure.run(rounds);
  rows.push(...result.rows);
  points.push(...(result.points ?? []));
}
console.log(tableOf(rows));
if (chosen.length === measures.length) {
  const docs = join(import.meta.dirname, "../docs");
  mkdirSync(docs, { recursive: true });
  const page = join(docs, "performance.md");
  writeFileSync(page, pageWith(readFileSync(page, "utf8"), { rows, rounds }));
  writeFileSync(join(docs, "cost-against-size.svg"), plotOf(points));
  console.error("docs/performance.md and docs/cost-against-size.svg are written: run npm run format");
}
