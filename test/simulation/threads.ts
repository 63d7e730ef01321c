// Plays seeds in several threads at once, each of which plays many. What a seed gives does not depend on who plays it, and
// the outcomes come in the order of the seeds, so that a report is the same whatever the number of threads.
/* oxlint-disable unicorn/require-post-message-target-origin -- threads have no origin; the rule means windows */
import { availableParallelism } from "node:os";
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";
import { scenarioOf } from "./scenario.ts";
import { simulate, type Outcome } from "./simulate.ts";

/** One for each core. */
export const usualThreads = availableParallelism();

/** The seeds from `first` on that make up at least so many simulated hours. */
export function* seedsFor(first: number, hours: number): Generator<number> {
  let left = hours;
  for (let seed = first; left > 0; seed += 1) {
    left -= scenarioOf(seed).endMs / 3_600_000;
    yield seed;
  }
}

/** What `simulate` gives for each seed, in their order. Whoever stops listening stops the threads. */
export async function* simulateAll(seeds: Iterable<number>, threads = usualThreads): AsyncGenerator<Outcome> {
  const waiting = seeds[Symbol.iterator]();
  const crew = new Set<Worker>();
  /** Those being played or played, in order. */
  const line: Promise<Outcome>[] = [];
  const give = (worker: Worker): void => {
    const next = waiting.next();
    if (next.done === true) return;
    const outcome = outcomeFrom(worker, next.value);
    line.push(outcome);
    // A thread that fails is given no more; its error is met in the order of the seeds.
    outcome.then(() => give(worker)).catch(() => {});
  };
  try {
    for (let count = 0; count < threads; count += 1) {
      const worker = new Worker(new URL(import.meta.url), { workerData: threadMark, execArgv: [], resourceLimits });
      crew.add(worker);
      give(worker);
    }
    for (let next = line.shift(); next !== undefined; next = line.shift()) yield await next;
  } finally {
    await Promise.all([...crew].map((worker) => worker.terminate()));
  }
}

function outcomeFrom(worker: Worker, seed: number): Promise<Outcome> {
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
  const ended = (code: number): void => reject(new Error(`seed ${seed} ended its thread with ${code}`));
  worker.once("message", resolve);
  worker.once("error", reject);
  worker.once("exit", ended);
  worker.postMessage(seed);
  return promise.finally(() => {
    worker.off("message", resolve);
    worker.off("error", reject);
    worker.off("exit", ended);
  });
}

const threadMark = "plays seeds";
/** Most of what is allocated lives for one event only: with more room for the young, less of it is ever copied. */
const resourceLimits = { maxYoungGenerationSizeMb: 64 };

if (!isMainThread && workerData === threadMark && parentPort !== null) {
  const main = parentPort;
  main.on("message", (seed: number) => {
    void simulate(seed).then((outcome) => main.postMessage(outcome));
  });
}
