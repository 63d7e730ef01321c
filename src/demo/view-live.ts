// The live view on a terminal: redraws it, and lets a person take over with single keys.
import type { ReadStream, WriteStream } from "node:tty";
import { systemClock } from "../lib/clock.ts";
import { nextWay } from "./scenes.ts";
import type { Stage } from "./stage.ts";
import { brief, type Telling } from "./story.ts";
import { renderView, type Shown } from "./view.ts";
import type { Places } from "./view-plain.ts";
import type { StoryStatus } from "./view-story.ts";
import { Screen } from "../cli/screen.ts";
import type { Paint } from "../cli/screen-text.ts";
import { isSameSight, showSight, type Sight } from "./witness.ts";

const frameMs = 100;

export interface LiveOptions {
  readonly stage: Stage;
  readonly places: () => Places;
  readonly paint: Paint;
  readonly output: WriteStream;
  /** Missing where nobody can press keys. */
  readonly input: ReadStream | undefined;
  /** Whether endpoints may be broken and mended by hand. */
  readonly isOpen: boolean;
  readonly onQuit: () => void;
  /** Somebody has taken over, or wants the story back. */
  readonly onTakeOver: () => void;
  readonly onResume: () => void;
}

export class LiveView implements Disposable {
  readonly #options: LiveOptions;
  readonly #screen: Screen;
  readonly #frames: NodeJS.Timeout;
  #story: StoryStatus = { kind: "starting" };
  #sight: Sight | undefined;
  #isAsking = false;
  #way = nextWay();
  /** What the newest key did, and when. */
  #deed: { readonly words: string; readonly atMs: number } | undefined;

  constructor(options: LiveOptions) {
    this.#options = options;
    this.#screen = new Screen(options.output);
    this.#frames = setInterval(() => void this.#refresh(), frameMs);
    options.output.on("resize", this.#draw);
    options.input?.setRawMode(true).on("data", this.#press).resume();
  }

  /** Shows how the story goes on, unless a person has taken over. */
  tell(telling: Telling): void {
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

  [Symbol.dispose](): void {
    const { input, output } = this.#options;
    clearInterval(this.#frames);
    output.off("resize", this.#draw);
    input?.off("data", this.#press).setRawMode(false).pause();
    this.#screen[Symbol.dispose]();
  }

  async #refresh(): Promise<void> {
    // An answer that does not come must not pile up questions.
    if (!this.#isAsking) {
      this.#isAsking = true;
      this.#see(await this.#options.stage.witness.ask());
      this.#isAsking = false;
    }
    this.#draw();
  }

  #see(sight: Sight | undefined): void {
    const before = this.#sight;
    this.#sight = sight;
    if (this.#story.kind !== "aside" || sight === undefined || isSameSight(before, sight)) return;
    if (this.#deed === undefined || before === undefined) return;
    const after = brief(systemClock.nowMs() - this.#deed.atMs);
    this.#story = { kind: "aside", echo: `${showSight(sight)}: visible ${after} after ${this.#deed.words}.` };
  }

  readonly #draw = (): void => {
    const { stage, places, paint, input, isOpen } = this.#options;
    const { cable, mobile } = stage.world;
    const isBroken = { cable: isDown(cable.server), mobile: isDown(mobile.server) };
    const shown: Shown = {
      ingress: stage.ingress,
      sight: this.#sight,
      story: this.#story,
      entries: stage.feed.entries,
      places: places(),
      ...(input && { keys: { way: this.#way, isBroken, isOpen } }),
      nowMs: stage.clock.nowMs(),
    };
    this.#screen.draw(renderView(shown, this.#screen.size, paint));
  };

  readonly #press = (keys: Buffer): void => {
    for (const key of keys.toString()) this.#obey(key);
    this.#draw();
  };

  #obey(key: string): void {
    const { onQuit, onResume, isOpen } = this.#options;
    // Ctrl-C and Ctrl-D, which raw mode hands over as they are.
    if (key === "q" || key === "\u0003" || key === "\u0004") return onQuit();
    if (!isOpen) return;
    if (key === "c") this.#toggle("cable");
    if (key === "m") this.#toggle("mobile");
    if (key === "h") this.#way = nextWay(this.#way);
    if (key === "s") onResume();
  }

  #toggle(name: "cable" | "mobile"): void {
    const { stage, onTakeOver } = this.#options;
    const { server } = stage.world[name];
    onTakeOver();
    const words = isDown(server) ? `${name} came back` : `${name} broke`;
    const echo = isDown(server) ? `${name} answers again.` : `${name} ${this.#way.words}.`;
    this.#deed = { words, atMs: systemClock.nowMs() };
    this.#story = { kind: "aside", echo };
    void server.behave(isDown(server) ? { kind: "ok" } : this.#way.behaviour);
  }
}

function isDown({ behaviour }: { readonly behaviour: { readonly kind: string } }): boolean {
  return behaviour.kind !== "ok";
}
