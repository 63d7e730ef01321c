// Plays stories in a thread of its own, on the tree as it is or with a defect. A simulated crash abandons requests half
// way, and the real timers that a library keeps for them would hold the test's process open; they end with the thread.
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { play } from "../simulate.ts";
import { importPlanted, type Patch } from "./plant.ts";
import { scenarioOfStory, type Story } from "./story.ts";

/** What was seen broken first. Whatever nobody caught ends the process of a daemon, and counts as the invariant "dies". */
export interface Broken {
  readonly invariant: string;
  readonly what: string;
}

interface Order {
  readonly patch: Patch | undefined;
  readonly story: Story;
}

/** `trouble`: why it could not be played. */
type Answer = { readonly broken?: Broken } | { readonly trouble: string };

/** The thread, as others use it: one story at a time. */
export class Player implements AsyncDisposable {
  #worker: Worker | undefined;

  /** Plays the story on the tree with the patch, or without any. Rejects when the patch does not apply. */
  play(story: Story, patch?: Patch): Promise<Broken | undefined> {
    const { promise, resolve, reject } = Promise.withResolvers<Broken | undefined>();
    const worker = this.#worker ?? new Worker(new URL(import.meta.url), { execArgv: [] });
    this.#worker = worker;
    worker.removeAllListeners();
    worker.once("message", (answer: Answer) => {
      if ("trouble" in answer) reject(new Error(answer.trouble));
      else resolve(answer.broken);
    });
    worker.once("error", (error) => {
      this.#worker = undefined;
      resolve({ invariant: "dies", what: String(error) });
    });
    const order: Order = { story, patch };
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin; the rule means windows
    worker.postMessage(order);
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.terminate();
  }
}

async function answerTo({ story, patch }: Order): Promise<Answer> {
  let module: unknown = { play };
  try {
    if (patch !== undefined) module = await importPlanted(patch, "test/simulation/simulate.ts");
  } catch (error) {
    return { trouble: String(error) };
  }
  const outcome = await (module as { play: typeof play }).play(scenarioOfStory(story));
  const [first] = outcome.violations;
  if (first === undefined) return {};
  return { broken: { invariant: first.invariant, what: `${(first.atMs / 1_000).toFixed(3)} s: ${first.what}` } };
}

if (!isMainThread) {
  parentPort?.on("message", (order: Order) => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- as above
    void answerTo(order).then((answer) => parentPort?.postMessage(answer));
  });
}
