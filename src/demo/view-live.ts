// The live view on a terminal: redraws it, and lets a person take over with single keys.
import type { ReadStream, WriteStream } from "node:tty";
import type { Paint } from "../terminal/screen-text.ts";
import { Screen } from "../terminal/screen.ts";
import type { Controls } from "./controls.ts";
import { nextWay } from "./ways.ts";
import type { Stage } from "./stage.ts";
import { renderView, type Shown } from "./view.ts";
import type { Places } from "./view-plain.ts";
import type { Sight } from "./witness.ts";

const frameMs = 100;

export interface LiveOptions {
  readonly stage: Stage;
  readonly controls: Controls;
  readonly places: () => Places;
  readonly paint: Paint;
  readonly output: WriteStream;
  /** Missing where there is no keyboard. */
  readonly input: ReadStream | undefined;
  /** Whether endpoints may be broken and repaired by hand. */
  readonly isOpen: boolean;
  readonly onQuit: () => void;
}

export class LiveView implements Disposable {
  readonly #options: LiveOptions;
  readonly #screen: Screen;
  readonly #frames: NodeJS.Timeout;
  #sight: Sight | undefined;
  #isAsking = false;
  #way = nextWay();

  constructor(options: LiveOptions) {
    this.#options = options;
    this.#screen = new Screen(options.output);
    this.#frames = setInterval(() => void this.#refresh(), frameMs);
    options.output.on("resize", this.#draw);
    options.input?.setRawMode(true).on("data", this.#press).resume();
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
      this.#sight = await this.#options.stage.witness.ask();
      this.#isAsking = false;
    }
    this.#draw();
  }

  readonly #draw = (): void => {
    const { stage, controls, places, paint, input, isOpen } = this.#options;
    const broken = { cable: isBroken(controls, "cable"), mobile: isBroken(controls, "mobile") };
    const shown: Shown = {
      ingress: stage.ingress,
      sight: this.#sight,
      story: controls.story,
      entries: stage.feed.entries,
      places: places(),
      ...(input && { keys: { way: this.#way, isBroken: broken, isOpen } }),
      nowMs: stage.clock.nowMs(),
    };
    this.#screen.draw(renderView(shown, this.#screen.size, paint));
  };

  readonly #press = (keys: Buffer): void => {
    for (const key of keys.toString()) this.#obey(key);
    this.#draw();
  };

  #obey(key: string): void {
    const { onQuit, controls, isOpen } = this.#options;
    // Ctrl-C and Ctrl-D, which raw mode hands over as they are.
    if (key === "q" || key === "\u0003" || key === "\u0004") return onQuit();
    if (!isOpen) return;
    if (key === "c") this.#toggle("cable");
    if (key === "m") this.#toggle("mobile");
    if (key === "h") this.#way = nextWay(this.#way);
    if (key === "s") void controls.act({ deed: "story" });
  }

  #toggle(name: "cable" | "mobile"): void {
    const { controls } = this.#options;
    void controls.act({ deed: "endpoint", endpoint: name, way: isBroken(controls, name) ? "ok" : this.#way.name });
  }
}

function isBroken({ troubles }: Controls, name: "cable" | "mobile"): boolean {
  return !["ok", "slow"].includes(troubles.wayOf(name));
}
