// Decides what people are told about whether a write is visible: its message waits a moment to say so, and only what
// stays wrong is a message of its own. Knows no clock: time comes with every turn.
import type { IngressState } from "../core/model.ts";
import type { Story } from "./story.ts";

/** The message of a change waits no longer than this for the authoritative servers. */
const visibilityPatienceMs = 5_000;

/** A story of what was written. */
type Written = Extract<Story, { readonly kind: "switched" | "repaired" | "updated" }>;

export class VisibilityNarrator {
  #held: { readonly story: Written; readonly untilMs: number } | undefined;
  #isAlarmTold = false;

  /** The stories to tell by now: those of this turn, those that had to wait, and the alarm. Their order is kept. */
  hear(stories: readonly Story[], ingress: IngressState, nowMs: number): Story[] {
    const told = this.#due(stories, ingress, nowMs);
    const newest = stories.at(-1);
    if (newest !== undefined && isAwaited(newest)) {
      this.#held = { story: newest, untilMs: nowMs + visibilityPatienceMs };
      return [...told, ...stories.slice(0, -1), ...this.#alarm(ingress)];
    }
    return [...told, ...stories, ...this.#alarm(ingress)];
  }

  /** When `hear` should be called again though nothing happens. */
  get wakeAtMs(): number | undefined {
    return this.#held?.untilMs;
  }

  /** What still waits, to be told now. */
  release(): Story[] {
    const held = this.#held;
    this.#held = undefined;
    return held === undefined ? [] : [held.story];
  }

  #due(stories: readonly Story[], ingress: IngressState, nowMs: number): Story[] {
    if (this.#held === undefined) return [];
    const { story, untilMs } = this.#held;
    const { visibility } = ingress;
    const isSame = visibility?.writtenAtMs === story.ingress.visibility?.writtenAtMs;
    const waits = isSame && visibility?.status === "checking" && nowMs < untilMs && stories.length === 0;
    if (waits) return [];
    this.#held = undefined;
    // All else stays as it was when the write was confirmed.
    return [isSame && visibility !== undefined ? { ...story, ingress: { ...story.ingress, visibility } } : story];
  }

  #alarm(ingress: IngressState): Story[] {
    const { visibility } = ingress;
    if (visibility?.status === "wrong" && !this.#isAlarmTold) {
      this.#isAlarmTold = true;
      return [...this.release(), { kind: "invisible", ingress, visibility }];
    }
    if (visibility?.status !== "visible" || !this.#isAlarmTold) return [];
    this.#isAlarmTold = false;
    return [...this.release(), { kind: "visible-at-last", ingress, visibility }];
  }
}

/** Whether a story is of a write that the authoritative servers are being asked about. */
function isAwaited(story: Story): story is Written {
  if (story.kind !== "switched" && story.kind !== "repaired" && story.kind !== "updated") return false;
  const { published, visibility } = story.ingress;
  return published?.by === "write" && visibility?.status === "checking" && visibility.writtenAtMs === published.atMs;
}
