// A small world whose every turn is told to a narrator, and what people would read of it.
import { render } from "../../src/channels/telegram/render.ts";
import { Narrator } from "../../src/notify/narrator.ts";
import type { Story } from "../../src/notify/story.ts";
import { word } from "../../src/notify/wording.ts";
import { IngressWorld } from "./ingress-world.ts";

/** Wall clock when the world's monotonic clock shows 0. */
export const wallAtZero = Date.UTC(2025, 10, 22, 12, 0, 0);

export interface Told {
  readonly atMs: number;
  readonly story: Story;
  readonly headline: string;
  /** The whole message as plain text, without its last line. */
  readonly text: string;
}

export class NarratedWorld extends IngressWorld {
  readonly told: Told[] = [];

  constructor() {
    const narrator = new Narrator();
    const tell = (stories: readonly Story[], atMs: number): void => {
      for (const story of stories) {
        const wording = word(story, { nowMs: atMs, wallMs: wallAtZero + atMs });
        const whole = render({ ...wording, id: "id", atWallMs: wallAtZero + atMs }, "plain");
        this.told.push({ atMs, story, headline: wording.headline, text: whole.split("\n").slice(0, -1).join("\n") });
      }
    };
    super((turn) => tell(narrator.hear(turn), turn.atMs));
    this.nextWakeMs = () => narrator.wakeAtMs;
    this.onWake = () =>
      tell(
        narrator.hear({ facts: [], before: this.state, after: this.state, changes: [], atMs: this.nowMs }),
        this.nowMs,
      );
  }

  /** What was told since the last call. */
  news(): Told[] {
    return this.told.splice(0);
  }

  /** The headlines of what was told since the last call. */
  headlines(): string[] {
    return this.news().map(({ headline }) => headline);
  }
}
