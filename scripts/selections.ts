// `npm run selections`: plays 2,000 simulated hours and keeps, for each seed, a hash of who was selected at which
// ingress and why. A change that is not meant to select others leaves the file as it is; `npm test` compares.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { seedsFor, simulateAll } from "../test/simulation/threads.ts";

const firstSeed = 101;
const hours = 2_000;

const kept: Record<string, string> = {};
for await (const { seed, selections } of simulateAll(seedsFor(firstSeed, hours))) kept[seed] = selections;
const path = join(import.meta.dirname, "../test/simulation/selections.json");
writeFileSync(path, `${JSON.stringify(kept, undefined, 2)}\n`);
console.log(`${Object.keys(kept).length} seeds are kept in test/simulation/selections.json: review the difference`);
