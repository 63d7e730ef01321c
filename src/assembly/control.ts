// The control socket while the daemon runs: looked at again and again, and made anew where it was removed.
import { untilBeat, type Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { ControlSocket } from "../web/control-socket.ts";
import { ControlSocketError } from "../web/errors.ts";

/** How often the control socket is looked after. */
const lookMs = 2_000;

export interface ControlKeeperOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly stateDir: string;
  /** Rejects with a ControlSocketError. */
  readonly start: () => Promise<ControlSocket>;
  readonly onBug: (error: unknown) => void;
}

export class ControlKeeper implements AsyncDisposable {
  readonly #options: ControlKeeperOptions;
  #control: ControlSocket | undefined;
  /** What was told of it last. */
  #trouble: string | undefined;
  #isKeeping = false;
  #isClosing = false;
  #cancelLook: (() => void) | undefined;

  constructor(options: ControlKeeperOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    await this.keep();
    this.#look();
  }

  /** Makes sure that the command line finds the daemon. Never rejects: the daemon does its work without. */
  async keep(): Promise<void> {
    if (this.#isKeeping || this.#isClosing || this.#control?.isInPlace() === true) return;
    this.#isKeeping = true;
    try {
      await this.#control?.[Symbol.asyncDispose]();
      this.#control = undefined;
      await this.#startAnew();
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#isKeeping = false;
    }
  }

  /** No new socket is made from now on. */
  stopLooking(): void {
    this.#isClosing = true;
    this.#cancelLook?.();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stopLooking();
    await this.#control?.[Symbol.asyncDispose]();
  }

  #look(): void {
    const { clock } = this.#options;
    this.#cancelLook = clock.setTimer(untilBeat(clock, lookMs), () => {
      this.#look();
      void this.keep();
    });
  }

  async #startAnew(): Promise<void> {
    const control = await this.#options.start();
    // The end came meanwhile, and looked for nothing to close.
    if (this.#isClosing) return control[Symbol.asyncDispose]();
    this.#control = control;
    this.#options.log.debug({ path: control.path }, "the command line can use the control socket");
    this.#trouble = undefined;
  }

  #fail(error: unknown): void {
    const { log, stateDir, onBug } = this.#options;
    if (!(error instanceof ControlSocketError)) return onBug(error);
    if (error.message !== this.#trouble) log.warn({ folder: stateDir }, error.message);
    this.#trouble = error.message;
  }
}
