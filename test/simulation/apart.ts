// Plays a seed in a thread of its own. A simulated crash abandons requests half way, and the real timers that a library
// keeps for them would hold the test's process open; they end with the thread.
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";
import { simulate, type Outcome } from "./simulate.ts";

/** What `simulate(seed)` gives. */
export async function simulateApart(seed: number): Promise<Outcome> {
  const worker = new Worker(new URL(import.meta.url), { workerData: { seed }, execArgv: [] });
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
  worker.once("message", resolve);
  worker.once("error", reject);
  worker.once("exit", (code) => reject(new Error(`seed ${seed} ended its thread with ${code}`)));
  try {
    return await promise;
  } finally {
    await worker.terminate();
  }
}

if (!isMainThread && parentPort !== null) {
  const { seed } = workerData as { seed: number };
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin; the rule means windows
  parentPort.postMessage(await simulate(seed));
}
