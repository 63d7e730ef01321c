// Plays the story again and again, each time with another way to break, and steps aside when a person takes over.
import { sleep } from "../lib/clock.ts";
import { nextWay, type Way } from "./ways.ts";
import type { Stage } from "./stage.ts";
import { playStory, type StoryOptions } from "./story.ts";

export interface DirectorOptions extends Omit<StoryOptions, "way"> {
  /** Time between the end of the story and its next beginning. */
  readonly restMs: number;
}

export class Director {
  readonly #stage: Stage;
  readonly #options: DirectorOptions;
  #takenOver = new AbortController();
  #resumed = new AbortController();

  constructor(stage: Stage, options: DirectorOptions) {
    this.#stage = stage;
    this.#options = options;
  }

  /** Plays until the signal fires. */
  async playOn(): Promise<void> {
    const { signal, restMs } = this.#options;
    let way: Way | undefined;
    while (!signal.aborted) {
      way = nextWay(way);
      this.#takenOver = new AbortController();
      const either = AbortSignal.any([signal, this.#takenOver.signal]);
      await this.#stage.startAfresh();
      await playStory(this.#stage, { ...this.#options, way, signal: either });
      await sleep(this.#stage.clock, restMs, either);
      if (!this.#takenOver.signal.aborted) continue;
      await sleep(this.#stage.clock, Infinity, AbortSignal.any([signal, this.#resumed.signal]));
    }
  }

  /** A person breaks or repairs something: the story ends where it is. */
  stepAside(): void {
    if (this.#takenOver.signal.aborted) return;
    this.#resumed = new AbortController();
    this.#takenOver.abort();
  }

  /** Lets the story begin again after a person had taken over. */
  resume(): void {
    this.#resumed.abort();
  }
}
