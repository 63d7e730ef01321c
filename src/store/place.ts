// The folder of the state while it is in use: looked at again and again, made anew when it was removed or replaced, and
// left to another ccs that has taken it over.
import { join } from "node:path";
import { untilBeat, type Clock } from "../lib/clock.ts";
import { Guard, strangersIn } from "./guard.ts";
import { rebuildHome, type Home, type Leftover } from "./home.ts";
import { lockState } from "./lock.ts";

export interface PlaceWatch {
  /** Of the user as whom we run. */
  readonly userId: number | undefined;
  /** Hears what happened to the folder or its files, and what became of it: worth a message to people. */
  readonly onNews: (text: string) => void;
  /** Hears whether another ccs has taken the folder over: then only that one may write records. */
  readonly onUsurped: (isUsurped: boolean) => void;
}

export interface PlaceOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly onWarning: (message: string) => void;
  readonly watch: PlaceWatch;
  /** Missing where none was available. */
  readonly lock: Disposable | undefined;
  /** Whether the store lives at the place already; else that is tried again and again. */
  readonly isThere: boolean;
  /**
   * Moves the store to the home that `open` gives for what it knows, or to memory where that gives none. Says which.
   */
  readonly move: (open: (left: Leftover) => Home | undefined) => "file" | "memory";
}

/** Between two looks. Each change of the store looks first, so that nothing is decided beside a second daemon. */
const lookMs = 1_000;
/** Between two tries to keep anything at the place. */
const retryMs = 5_000;

export class Folder implements Disposable {
  readonly #options: PlaceOptions;
  readonly #guard: Guard;
  #lock: Disposable | undefined;
  /** Nothing can be kept at the place for now. */
  #isLost = false;
  #isUsurped = false;
  #strangers: string | undefined;
  #cancelTimer: (() => void) | undefined;

  constructor(options: PlaceOptions) {
    this.#options = options;
    this.#lock = options.lock;
    this.#isLost = !options.isThere;
    this.#guard = new Guard(options.folder);
    this.#guard.remember();
    this.#strangers = strangersIn(options.folder, options.watch.userId);
    if (this.#strangers !== undefined) options.onWarning(this.#strangers);
    this.#sleep();
  }

  /** Looks whether all is as it was, and sees to it that it is again. */
  look(): void {
    if (this.#isLost) return;
    const finding = this.#guard.finding();
    if (finding !== undefined) this.#moved(finding);
    this.#lookForStrangers();
  }

  /** What is there now was put there by us. */
  remember(): void {
    this.#guard.remember();
  }

  [Symbol.dispose](): void {
    this.#cancelTimer?.();
    this.#lock?.[Symbol.dispose]();
  }

  /** The folder or a file was removed, or another one is in its place. */
  #moved(finding: string): void {
    this.#isLost = !this.#isKeptAgain();
    const what = `${finding} while ccs was running.`;
    if (!this.#isLost) return this.#tell(`${what} It was created again, with the state that ccs has in memory.`);
    if (this.#isUsurped) return this.#tell(`${what} Another ccs keeps its state there now. ${usurped}`);
    this.#tell(
      `${what} It cannot be created again. State is kept in memory only, and ccs tries again every few seconds.`,
    );
  }

  #return(): void {
    const wasUsurped = this.#isUsurped;
    this.#isLost = !this.#isKeptAgain();
    const { folder } = this.#options;
    if (!this.#isLost) this.#tell(`State is kept in ${folder} again.`);
    else if (this.#isUsurped && !wasUsurped) this.#tell(`Another ccs keeps its state in ${folder} now. ${usurped}`);
  }

  /** Takes the lock, and moves back into the folder. The old lock goes first: it may be on the very same file. */
  #isKeptAgain(): boolean {
    const { folder, clock, watch, onWarning, move } = this.#options;
    this.#lock?.[Symbol.dispose]();
    const lock = lockState(folder, clock.wallMs());
    const isUsurped = lock.kind === "locked";
    if (isUsurped !== this.#isUsurped) watch.onUsurped(isUsurped);
    this.#isUsurped = isUsurped;
    this.#lock = lock.kind === "held" ? lock : undefined;
    if (lock.kind === "held" && lock.warning !== undefined) onWarning(lock.warning);
    const home = move((left) =>
      lock.kind === "held" ? rebuildHome(join(folder, "ccs.db"), left, clock.wallMs()) : undefined,
    );
    this.#guard.remember();
    return home === "file";
  }

  #lookForStrangers(): void {
    const before = this.#strangers;
    const { folder, watch } = this.#options;
    this.#strangers = strangersIn(folder, watch.userId);
    if (this.#strangers !== undefined && this.#strangers !== before) this.#tell(this.#strangers);
  }

  #tell(text: string): void {
    this.#options.onWarning(text);
    this.#options.watch.onNews(text);
  }

  #sleep(): void {
    const { clock } = this.#options;
    this.#cancelTimer = clock.setTimer(untilBeat(clock, this.#isLost ? retryMs : lookMs), () => {
      this.#sleep();
      if (this.#isLost) this.#return();
      else this.look();
    });
  }
}

const usurped = "This one writes no records until the other one has stopped: stop one of the two.";
