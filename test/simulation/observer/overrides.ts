// A person's word: it holds for as long as was said, in this run of the daemon and the next, and not a moment longer.
import type { Override, State } from "../../../src/core/model.ts";
import type { Turn } from "../../../src/daemon.ts";
import type { DaemonRun } from "../../../src/simulation/daemon-run.ts";
import type { Ledger, Part } from "./ledger.ts";

/** The end is reckoned on wall clocks across a restart, in whole milliseconds. */
const toleranceMs = 1_000;

/** A word, with its end in the world's time. */
interface Word {
  readonly kind: Override["kind"];
  readonly endpoint: string;
  readonly endsMs: number;
}

export class Overrides implements Part {
  readonly #ledger: Ledger;
  #words: readonly Word[] = [];
  /** What the run before this one had in force when it ended. */
  #left: readonly Word[] = [];
  /** Until the first configuration of a run was taken in. */
  #isFresh = true;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** A word that was about to replace another, or to move its end, may have got onto the disk, though a crash kept it from being heard of. */
  ended(run: DaemonRun): void {
    const last = this.#wordsIn(run.state, run.clock.nowMs());
    this.#words = this.#words.filter(({ kind, endpoint, endsMs }) =>
      last.some(
        (word) => word.kind === kind && word.endpoint === endpoint && Math.abs(word.endsMs - endsMs) < toleranceMs,
      ),
    );
  }

  started(): void {
    this.#left = this.#words;
    this.#words = [];
    this.#isFresh = true;
  }

  /** Only the file knew of them. */
  lost(): void {
    this.#words = [];
    this.#left = [];
  }

  turned({ event, after }: Turn, run: DaemonRun): void {
    const nowMs = run.clock.nowMs();
    this.#words = this.#wordsIn(after, nowMs);
    if (event.kind === "config-loaded" && this.#isFresh) {
      this.#isFresh = false;
      this.#checkRestored();
    }
    const overdue = this.#words.find(({ endsMs }) => endsMs < this.#ledger.nowMs - toleranceMs);
    if (overdue !== undefined) {
      this.#ledger.violate("overrides", `the ${overdue.kind} of ${overdue.endpoint} should be over`);
    }
  }

  settles(): void {
    // Nobody says anything during a calm.
    const [word] = this.#words;
    if (word !== undefined) this.#ledger.violate("overrides", `${word.endpoint} is still under a ${word.kind}`);
  }

  #checkRestored(): void {
    const { nowMs } = this.#ledger;
    // Whoever sets the clock while nobody is watching may end them early, and never late.
    const isClockSound = this.#ledger.lastTroubleMs("wall-jump", "asleep") === -Infinity;
    for (const { kind, endpoint, endsMs } of this.#left) {
      const isKnown = this.#ledger.state?.endpoints.some(({ settings }) => settings.name === endpoint) === true;
      const found = this.#words.find((word) => word.kind === kind && word.endpoint === endpoint);
      if (found === undefined && isClockSound && isKnown && endsMs > nowMs + toleranceMs) {
        this.#ledger.violate("13", `the restart lost the ${kind} of ${endpoint}, ${endsMs - nowMs} ms before its end`);
      }
      if (found !== undefined && isClockSound && Math.abs(found.endsMs - endsMs) > toleranceMs) {
        this.#ledger.violate("13", `the restart moved the end of the ${kind} of ${endpoint}`);
      }
    }
  }

  #wordsIn({ ingresses }: State, runNowMs: number): readonly Word[] {
    const overrides = ingresses[0]?.overrides ?? [];
    return overrides.map(({ kind, endpoint, untilMs }) => ({
      kind,
      endpoint,
      endsMs: this.#ledger.nowMs + untilMs - runNowMs,
    }));
  }
}
