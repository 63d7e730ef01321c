// Decides when people hear that the monitor's own connection is in doubt. A short doubt is nobody's business.
import type { Family, State } from "../core/model.ts";
import { Recurring } from "./recurring.ts";
import type { Story } from "./story.ts";
import { families } from "../core/words.ts";

/** A doubt that lasts longer is told. */
const longDoubtMs = 15_000;

export class BlindnessNarrator {
  readonly #byFamily: Readonly<Record<Family, Recurring<"blind" | "seeing">>>;
  #wakeAtMs: number | undefined;

  constructor(nowMs: number) {
    this.#byFamily = { ipv4: new Recurring("seeing", nowMs), ipv6: new Recurring("seeing", nowMs) };
  }

  /** The stories of one turn. */
  hear({ connection }: State, nowMs: number): Story[] {
    const stories: Story[] = [];
    const wakeUps: number[] = [];
    for (const family of families) {
      const { blindSinceMs } = connection[family];
      const isLong = blindSinceMs !== undefined && nowMs >= blindSinceMs + longDoubtMs;
      if (blindSinceMs !== undefined && !isLong) wakeUps.push(blindSinceMs + longDoubtMs);
      const recurring = this.#byFamily[family];
      const telling = recurring.observe(isLong ? "blind" : "seeing", nowMs);
      if (recurring.wakeAtMs !== undefined) wakeUps.push(recurring.wakeAtMs);
      if (telling === undefined) continue;
      const { wasForMs, quietUntilMs } = telling;
      const quiet = quietUntilMs === undefined ? {} : { quietUntilMs };
      if (isLong) stories.push({ kind: "blindness-began", families: [family], sinceMs: blindSinceMs, ...quiet });
      else {
        const lasted = wasForMs === undefined ? {} : { lastedMs: wasForMs + longDoubtMs };
        stories.push({ kind: "blindness-ended", families: [family], ...lasted, ...quiet });
      }
    }
    this.#wakeAtMs = wakeUps.length === 0 ? undefined : Math.min(...wakeUps);
    return inOne(stories);
  }

  /** When `hear` should be called again though nothing happens. */
  get wakeAtMs(): number | undefined {
    return this.#wakeAtMs;
  }
}

/** Both families usually go and come together: that is one message. */
function inOne(stories: Story[]): Story[] {
  const [first, second] = stories;
  if (first === undefined || second === undefined || first.kind !== second.kind) return stories;
  return [{ ...first, families } as Story];
}
