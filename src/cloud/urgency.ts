// What a call of one name is for, and how many calls of it may use what is reserved for decisions.
import type { Step } from "./attempt.ts";
import type { Wanted } from "../core/records/mix.ts";
import type { Purpose } from "./gate.ts";
import { isSameWanted } from "./lane.ts";

/**
 * The calls that a new decision, or the start, may need with a little bad luck. More than these wait in line with all.
 */
const urgentCalls = 4;

export class Urgency {
  /** What the urgent calls left are for. */
  #wanted: Wanted;
  #left = urgentCalls;

  /** This is desired now. */
  note(wanted: Wanted): void {
    if (wanted === undefined || isSameWanted(wanted, this.#wanted)) return;
    this.#wanted = wanted;
    this.#left = urgentCalls;
  }

  /** `isVain`: what has been tried failed again and again. A mix can wait. */
  purposeOf(
    { kind, isRoutine }: Pick<Step, "kind" | "isRoutine">,
    { mustRead, isMix, isVain }: { readonly mustRead: boolean; readonly isMix: boolean; readonly isVain: boolean },
  ): Purpose {
    if (isRoutine && !mustRead) return "routine";
    if (isMix || this.#left === 0) return "follow-up";
    // While it fails again and again, what is reserved is kept for the attempt that may succeed.
    return kind === "write" || (mustRead && !isVain) ? "decision" : "follow-up";
  }

  spend(purpose: Purpose): void {
    if (purpose === "decision") this.#left -= 1;
  }
}
