// Follows the state: while failures wait for proof that the monitor's own connection works, or while it is blind, tries
// to connect to the anchors. What comes of it goes back as an event; deciding is the core's.
import type { Event, Family, State } from "../core/model.ts";
import { isProofWanted } from "../core/evidence/proof.ts";
import { type Clock, sleep } from "../lib/clock.ts";
import type { IpAddress } from "../lib/ip.ts";
import { families } from "../core/words.ts";

/** A well-known place on the net: nothing is said to it, it only has to take a connection. */
export interface Anchor {
  readonly address: IpAddress;
  readonly port: number;
}

/** Whether the anchor takes a TCP connection before the signal fires. Never rejects. */
export type Reach = (anchor: Anchor, signal: AbortSignal) => Promise<boolean>;

export interface AnchorPorts {
  readonly clock: Clock;
  readonly reach: Reach;
  readonly dispatch: (event: Event) => void;
  /** Is told about internal errors. */
  readonly onBug: (error: unknown) => void;
}

/** One try of all anchors takes no longer than proof is waited for. */
const tryTimeoutMs = 2_000;
/** Between two tries that were inconclusive. */
const pauseMs = 500;

export class Anchors implements AsyncDisposable {
  readonly #ports: AnchorPorts;
  readonly #closing = new AbortController();
  readonly #tries = new Map<Family, Promise<void>>();
  #anchors: readonly Anchor[];
  #state: State | undefined;

  constructor(ports: AnchorPorts, anchors: readonly Anchor[]) {
    this.#ports = ports;
    this.#anchors = anchors;
  }

  /** From now on, other anchors. */
  use(anchors: readonly Anchor[]): void {
    this.#anchors = anchors;
  }

  follow(state: State): void {
    this.#state = state;
    for (const family of families) {
      const hasAny = this.#anchors.some(({ address }) => address.family === family);
      if (!hasAny || this.#tries.has(family) || this.#closing.signal.aborted || !isProofWanted(state, family)) continue;
      this.#tries.set(family, this.#tryUntilSettled(family));
    }
  }

  /** Gives up what is under way. Resolves when nothing is any more. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#tries.values());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Never rejects. After an internal error it continues after a pause. */
  async #tryUntilSettled(family: Family): Promise<void> {
    const { clock, onBug } = this.#ports;
    try {
      await this.#tryWhileWanted(family);
    } catch (error) {
      onBug(error);
      await sleep(clock, pauseMs, this.#closing.signal);
    }
    this.#tries.delete(family);
    if (this.#state !== undefined) this.follow(this.#state);
  }

  async #tryWhileWanted(family: Family): Promise<void> {
    const { clock, dispatch } = this.#ports;
    const { signal } = this.#closing;
    const anchors = this.#anchors.filter(({ address }) => address.family === family);
    while (!signal.aborted && this.#state !== undefined && isProofWanted(this.#state, family)) {
      const answers = await this.#tryAll(anchors);
      if (signal.aborted) return;
      // What the first one proved holds from then on; later answers only make it a majority.
      const endedMs = answers[0] ?? clock.nowMs();
      const before = this.#state;
      dispatch({ kind: "anchors-tried", family, asked: anchors.length, answered: answers.length, endedMs });
      // Proof that was not taken in is no reason to ask without a pause.
      const isProven = answers.length * 2 > anchors.length && this.#state !== before;
      if (!isProven) await sleep(clock, pauseMs, signal);
    }
  }

  /** When each anchor answered, in order; resolves as soon as they are the majority, or all have been tried. */
  async #tryAll(anchors: readonly Anchor[]): Promise<readonly number[]> {
    const { clock } = this.#ports;
    const done = new AbortController();
    const signal = AbortSignal.any([done.signal, this.#closing.signal]);
    const answers: number[] = [];
    const cancel = clock.setTimer(tryTimeoutMs, () => done.abort());
    await Promise.all(
      anchors.map(async (anchor) => {
        if (await this.#isReached(anchor, signal)) answers.push(clock.nowMs());
        if (answers.length * 2 > anchors.length) done.abort();
      }),
    );
    cancel();
    return answers;
  }

  async #isReached(anchor: Anchor, signal: AbortSignal): Promise<boolean> {
    try {
      return await this.#ports.reach(anchor, signal);
    } catch (error) {
      this.#ports.onBug(error);
      return false;
    }
  }
}
