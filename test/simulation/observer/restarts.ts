// Invariants 11 and 13: a daemon that ends and starts again, in whatever way, writes nothing that the one before would not
// have written.
import type { Config } from "../../../src/config/config.ts";
import type { IngressState } from "../../../src/core/model.ts";
import { ranked } from "../../../src/core/members.ts";
import type { Turn } from "../../../src/daemon.ts";
import type { Commit } from "../../../src/emulation/cloudflare/store.ts";
import type { Fault } from "../../../src/simulation/faults.ts";
import { isOurs, minuteMs, textOf, type Ledger, type Part } from "./ledger.ts";

/** So long before it nothing else may have happened, for a restart to be judged, and for so long it is. */
const quietMs = minuteMs;
const judgedMs = 4 * minuteMs;

interface Candidate {
  readonly text: string;
  readonly stickyEndsMs: number;
  readonly isMix: boolean;
  readonly config: Config;
}

export class Restarts implements Part {
  readonly #ledger: Ledger;
  #state: IngressState | undefined;
  /** Its wall-independent time: the run's clock at its last turn, and the world's. */
  #stateAtMs = 0;
  #runNowMs = 0;
  #changedMs = -Infinity;
  #otherFaultsMs = -Infinity;
  /** Somebody else wrote last: that may have to be put right, before a restart or after it. */
  #isByHand = false;
  /** Since the last run ended. */
  #isLost = false;
  /** While a restart is judged: what stands in the zone and may not change. */
  #judged: { readonly untilMs: number; readonly text: string } | undefined;

  /** The run before has ended in such a way that the next one can be judged. */
  #candidate: Candidate | undefined;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  lost(): void {
    this.#isLost = true;
  }

  struck(fault: Fault): void {
    const { nowMs } = this.#ledger;
    if (fault.kind === "crash" || fault.kind === "restart" || fault.kind === "state-lost") return;
    if (fault.kind === "bot" || fault.kind === "edges") return;
    const forMs = "forMs" in fault ? fault.forMs : 0;
    this.#otherFaultsMs = Math.max(this.#otherFaultsMs, nowMs + forMs);
    this.#judged = undefined;
    this.#candidate = undefined;
  }

  turned({ event, before, after, facts, atMs }: Turn): void {
    // What a restart took up, a reload may change, also one that only puts back what was configured at first.
    if (event.kind === "config-loaded" && before.generation > 0) this.#judged = undefined;
    this.#state = after.ingresses[0];
    this.#stateAtMs = this.#ledger.nowMs;
    this.#runNowMs = atMs;
    if (facts.some(({ kind }) => kind === "selection-changed")) this.#changedMs = this.#ledger.nowMs;
  }

  ended(): void {
    const { nowMs } = this.#ledger;
    this.#judged = undefined;
    this.#isLost = false;
    const state = this.#state;
    if (state === undefined || nowMs < Math.max(this.#otherFaultsMs, this.#changedMs) + quietMs) return;
    const { selection, endpoints, overrides, standoff } = state;
    // Where another one is better, a return may be under way.
    const isCalm =
      selection?.primary === ranked(endpoints)[0]?.settings.name &&
      endpoints.every(({ health, heldUntilMs }) => health.verdict === "up" && heldUntilMs === undefined);
    const hasWord = overrides.length > 0 || standoff !== undefined;
    const endsMs = Math.min(Infinity, ...(selection?.sticky ?? []).map(({ untilMs }) => untilMs));
    const stickyEndsMs = this.#stateAtMs + endsMs - this.#runNowMs;
    if (!isCalm || hasWord || this.#isByHand) return;
    const text = textOf(this.#ledger.records);
    this.#candidate = { text, stickyEndsMs, isMix: Number.isFinite(endsMs), config: this.#ledger.world.config };
  }

  started(): void {
    const candidate = this.#candidate;
    this.#candidate = undefined;
    const { nowMs } = this.#ledger;
    // A file that is lost costs the ends of what is sticky; and with another configuration begins another story.
    if (candidate === undefined || (candidate.isMix && this.#isLost)) return;
    if (candidate.config !== this.#ledger.world.config) return;
    const untilMs = Math.min(nowMs + judgedMs, candidate.stickyEndsMs - 1_000);
    if (untilMs > nowMs + minuteMs) this.#judged = { untilMs, text: candidate.text };
    if (candidate.isMix) this.#ledger.seen.restored += 1;
  }

  committed({ zone, by }: Commit): void {
    this.#isByHand = by === "hand";
    if (by !== "api") return;
    this.#changedMs = this.#ledger.nowMs;
    if (this.#judged === undefined || this.#ledger.nowMs > this.#judged.untilMs) return;
    const text = textOf(zone.records.filter(isOurs));
    this.#ledger.violate("13", `after a restart ${text} was written in place of ${this.#judged.text}`);
  }
}
