// What a person may do while the demo runs, by key or by button, and what is told meanwhile: how the story goes on, or
// what came of the newest deed. The terminal and the page in the browser share it.
import { sleep, type Clock } from "../lib/clock.ts";
import { demoHttpToken, type ControlsDocument, type Deed, type StoryDocument } from "../web/dashboard/demo/document.ts";
import type { Director } from "./director.ts";
import { brief, type StoryTelling } from "./story.ts";
import { Troubles } from "./troubles.ts";
import type { StoryStatus } from "./view-story.ts";
import { ways } from "./ways.ts";
import { isSameSight, showSight, type Sight, type Witness } from "./witness.ts";
import type { World } from "../emulation/world.ts";

const lookMs = 100;

export interface ControlsPlace {
  readonly world: World;
  readonly witness: Witness;
  readonly clock: Clock;
}

export class Controls implements Disposable {
  readonly troubles: Troubles;
  readonly #place: ControlsPlace;
  readonly #director: Director;
  readonly #closing = new AbortController();
  #story: StoryStatus = { kind: "starting" };
  /** The newest deed, and when it was done. */
  #done: { readonly words: string; readonly atMs: number } | undefined;
  #isWatching = false;
  /** How often the record was edited by hand since the story stepped aside. */
  #edits = 0;

  constructor(place: ControlsPlace, director: Director) {
    this.#place = place;
    this.#director = director;
    this.troubles = new Troubles(place.world);
  }

  get story(): StoryStatus {
    return this.#story;
  }

  /** Takes in how the story continues. */
  tell(telling: StoryTelling): void {
    switch (telling.kind) {
      case "step-began":
        this.#story = { kind: "step", step: telling.step };
        return;
      case "step-ended":
        this.#story = { kind: "step", step: telling.step, outcome: telling.outcome };
        return;
      case "ended":
        if (telling.ending.kind !== "interrupted") this.#story = { kind: "ended", ending: telling.ending };
        return;
      default:
        return telling satisfies never;
    }
  }

  /** Does it; the story steps aside. */
  async act(deed: Deed): Promise<void> {
    if (deed.deed === "story") return this.#giveBack();
    this.#director.stepAside();
    this.#done = { words: afterWhat(deed), atMs: this.#place.clock.nowMs() };
    this.#story = { kind: "aside" };
    void this.#watch();
    const echo = await this.#perform(deed);
    this.#story = { kind: "aside", echo };
  }

  document(): ControlsDocument {
    const { troubles } = this;
    return {
      story: storyDocument(this.#story),
      endpoints: (["cable", "mobile"] as const).map((name) => ({ name, way: troubles.wayOf(name) })),
      isCut: troubles.isCut,
      isCloudflareDown: troubles.isCloudflareDown,
      token: demoHttpToken,
    };
  }

  [Symbol.dispose](): void {
    this.#closing.abort();
  }

  async #giveBack(): Promise<void> {
    if (this.#story.kind !== "aside") return;
    this.#story = { kind: "starting" };
    this.#edits = 0;
    await this.troubles.mendAll();
    this.#director.resume();
  }

  /** Does it. Resolves to what is told of it. */
  async #perform(deed: Exclude<Deed, { deed: "story" }>): Promise<string> {
    const { troubles } = this;
    switch (deed.deed) {
      case "endpoint":
        await troubles.setWay(deed.endpoint, deed.way);
        return `${deed.endpoint} ${ways[deed.way].words}.`;
      case "connection":
        await troubles.setCut(deed.isCut);
        return deed.isCut
          ? "Nothing answers the monitor any more, so it appears to be offline, and failover is suspended."
          : "The monitor's connection works again.";
      case "cloudflare":
        troubles.setCloudflareDown(deed.isDown);
        return deed.isDown
          ? "Cloudflare answers 503 to every call. What is published stays; new decisions wait."
          : "Cloudflare works again.";
      case "edit-record":
        this.#edits += 1;
        return (
          `The record was edited by hand to point at ${troubles.editRecord()}. ` +
          (this.#edits === 1
            ? "The daemon looks every 10 s."
            : "Again: the daemon pauses automatic repair, and reports it.")
        );
      default:
        return deed satisfies never;
    }
  }

  /** Tells each change in DNS, for as long as a person is in charge. */
  async #watch(): Promise<void> {
    if (this.#isWatching) return;
    this.#isWatching = true;
    const { witness, clock } = this.#place;
    const { signal } = this.#closing;
    let before: Sight | undefined;
    while (this.#story.kind === "aside" && !signal.aborted) {
      const sight = await witness.ask();
      const isNews = before !== undefined && sight !== undefined && !isSameSight(before, sight);
      if (isNews && this.#done !== undefined && this.#story.kind === "aside") {
        const after = brief(clock.nowMs() - this.#done.atMs);
        this.#story = { kind: "aside", echo: `${showSight(sight)}: visible ${after} after ${this.#done.words}.` };
      }
      before = sight ?? before;
      await sleep(clock, lookMs, signal);
    }
    this.#isWatching = false;
  }
}

/** What later changes are told to come after. */
function afterWhat(deed: Exclude<Deed, { deed: "story" }>): string {
  switch (deed.deed) {
    case "endpoint":
      if (deed.way === "ok") return `${deed.endpoint} came back`;
      return `${deed.endpoint} ${deed.way === "slow" ? "became slow" : "broke"}`;
    case "connection":
      return deed.isCut ? "the connection was cut" : "the connection came back";
    case "cloudflare":
      return deed.isDown ? "Cloudflare broke" : "Cloudflare came back";
    case "edit-record":
      return "the edit by hand";
    default:
      return deed satisfies never;
  }
}

function storyDocument(story: StoryStatus): StoryDocument {
  switch (story.kind) {
    case "starting":
    case "aside":
      return story;
    case "step": {
      const { step, outcome } = story;
      if (outcome === undefined) return { kind: "step", ...step };
      const isAsTold = outcome.kind === "as-told";
      return { kind: "step", ...step, outcome: { isAsTold, words: isAsTold ? outcome.words : outcome.problem } };
    }
    case "ended": {
      const { ending } = story;
      if (ending.kind === "well") return { kind: "ended", isWell: true, words: ending.words };
      const words = ending.kind === "badly" ? ending.problems.join("; ") : "The story was interrupted.";
      return { kind: "ended", isWell: false, words };
    }
    default:
      return story satisfies never;
  }
}
