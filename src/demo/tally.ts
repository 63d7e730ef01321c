// Counts, over one playing of the story, what a switch may cost: write requests, messages, and states without a record.
import { isDeepStrictEqual } from "node:util";
import type { Witness } from "./witness.ts";
import { mixName, type World } from "../emulation/world.ts";

export class DemoTally implements Disposable {
  readonly #world: World;
  readonly #witness: Witness;
  readonly #stop: () => void;
  readonly #emptyStatesBefore: number;
  readonly #newestMessageBefore: number;
  #takenWrites: number;
  #changes = 0;
  #writes = 0;
  /** When the first change of the present step was committed. */
  #committedMs: number | undefined;

  constructor(world: World, witness: Witness) {
    this.#world = world;
    this.#witness = witness;
    this.#emptyStatesBefore = witness.emptyStates;
    this.#newestMessageBefore = world.telegram.messages.at(-1)?.id ?? 0;
    this.#takenWrites = witness.writes;
    this.#stop = world.cloudflare.onCommit(({ atMs, by, zone, before }) => {
      // What is prepared at the name of a mix changes nothing for clients.
      const [now, then] = [zone, before].map((each) => each?.records.filter(({ name }) => name !== mixName));
      if (by !== "api" || isDeepStrictEqual(now, then)) return;
      this.#changes += 1;
      this.#committedMs ??= atMs;
    });
  }

  /** Whether a message has arrived since the first change of this step was committed. */
  get isTold(): boolean {
    const newest = this.#world.telegram.messages.at(-1);
    return newest !== undefined && this.#committedMs !== undefined && newest.atMs >= this.#committedMs;
  }

  /** Ends a step. Returns its write requests: all since the end of the step before. */
  endStep(): number {
    const writes = this.#witness.writes - this.#takenWrites;
    this.#takenWrites += writes;
    this.#writes += writes;
    this.#committedMs = undefined;
    return writes;
  }

  /** What no single step could notice. */
  problemsAtEnd(): string[] {
    const late = this.endStep();
    const empty = this.#witness.emptyStates - this.#emptyStatesBefore;
    return [
      ...(late === 0 ? [] : [`after the last step, ${late} more write requests came`]),
      ...(empty === 0 ? [] : [`the ingress was without a record in ${empty} committed states`]),
    ];
  }

  /** The sum of it all. */
  words(): string {
    const messages = this.#world.telegram.messages.filter(({ id }) => id > this.#newestMessageBefore).length;
    return (
      `${this.#changes} changes of the record by ${this.#writes} write requests, told in ${messages} Telegram messages, ` +
      "and at no time without a record."
    );
  }

  [Symbol.dispose](): void {
    this.#stop();
  }
}
