// Tells the service manager (systemd) of the daemon: that it has started, what it does, that it reloads or ends, and
// that its loop turns. What cannot be told is logged once and tried again; the daemon does its work all the same.
//
// The messages are those of https://www.freedesktop.org/software/systemd/man/252/sd_notify.html.
import type { State } from "../core/model.ts";
import type { Turn } from "../core/turn.ts";
import { sleep, type Clock } from "../lib/clock.ts";
import { messageOf } from "../lib/text.ts";
import { statusText } from "./status-text.ts";

/** Delivers one message: names and their values, such as `READY` and `1`. Rejects with an Error for people. */
export type Send = (message: ReadonlyMap<string, string>) => Promise<void>;

export interface ServiceManagerOptions {
  readonly clock: Clock;
  readonly send: Send;
  /**
   * The manager restarts a daemon that has not told for this long that its loop turns; `undefined`: it does not wait
   * for that.
   */
  readonly watchdogMs?: number | undefined;
  /** Whether the loop turns. */
  readonly isAlive: () => boolean;
  /** Hears, once until it works again, that the manager cannot be told. */
  readonly onTrouble: (message: string) => void;
}

/** What could not be delivered is tried again so much later, and earlier where the watchdog is short. */
const longestRetryMs = 5_000;
/** How long the end waits for the last message. */
const lastWordMs = 1_000;
/** Of these, each has to be delivered by itself: a message that both begins and ends a reload would tell of none. */
const phases: readonly string[] = ["READY", "RELOADING", "STOPPING"];

/** A listener of the daemon's. Messages are sent one after the other; what changes meanwhile is sent together. */
export class ServiceManager implements AsyncDisposable {
  readonly #options: ServiceManagerOptions;
  readonly #queue: Map<string, string>[] = [];
  readonly #retryMs: number;
  #status: string | undefined;
  /** Resolves when nothing is left to be sent, or sending has failed. */
  #sending: Promise<void> | undefined;
  #isFailing = false;
  #isStuck = false;
  #isClosing = false;
  #cancelPing: (() => void) | undefined;
  #cancelRetry: (() => void) | undefined;

  constructor(options: ServiceManagerOptions) {
    this.#options = options;
    this.#retryMs = Math.min(longestRetryMs, (options.watchdogMs ?? Infinity) / 8);
  }

  /** The daemon has started, and does its work from now on. */
  ready(state: State): void {
    this.#status = statusText(state);
    this.#tell({ READY: "1", STATUS: this.#status });
    this.#schedulePing();
  }

  /** The status is sent when it changes. Only what is a fact changes it. */
  hear({ facts, after }: Pick<Turn, "facts" | "after">): void {
    if (this.#status === undefined || facts.length === 0) return;
    const status = statusText(after);
    if (status === this.#status) return;
    this.#status = status;
    this.#tell({ STATUS: status });
  }

  /** Loads the configuration again by `load`, between the messages that it begins and that it is done. */
  reload(load: () => void): void {
    // Where one still waits to be told, it is told of both.
    const isToldAlready = this.#waiting.some((message) => message.has("RELOADING"));
    if (!isToldAlready) this.#tell({ RELOADING: "1" });
    load();
    if (!isToldAlready) this.#tell({ READY: "1" });
  }

  /** Tells that the daemon ends, if that can be told within a second. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true;
    this.#cancelPing?.();
    this.#cancelRetry?.();
    this.#tell({ STOPPING: "1", STATUS: "ending" });
    const patience = new AbortController();
    await Promise.race([this.#sending, sleep(this.#options.clock, lastWordMs, patience.signal)]);
    patience.abort();
  }

  #schedulePing(): void {
    const { clock, watchdogMs } = this.#options;
    if (watchdogMs === undefined) return;
    this.#cancelPing = clock.setTimer(watchdogMs / 2, () => {
      this.#schedulePing();
      this.#ping();
    });
  }

  /**
   * A loop that does not turn is not vouched for: then the manager restarts the daemon, as when nothing here runs at
   * all.
   */
  #ping(): void {
    const { isAlive, onTrouble } = this.#options;
    const wasStuck = this.#isStuck;
    this.#isStuck = !isAlive();
    if (!this.#isStuck) this.#tell({ WATCHDOG: "1" });
    else if (!wasStuck) onTrouble("the main loop is stuck: the service manager is left to restart ccs");
  }

  #tell(message: Readonly<Record<string, string>>): void {
    const entries = Object.entries(message);
    const last = this.#waiting.at(-1);
    const hasPhase = entries.some(([name]) => phases.includes(name));
    if (last !== undefined && !(hasPhase && phases.some((name) => last.has(name)))) {
      for (const [name, value] of entries) last.set(name, value);
    } else {
      this.#queue.push(new Map(entries));
    }
    if (this.#cancelRetry === undefined || this.#isClosing) this.#sending ??= this.#sendAll();
  }

  /** What can still be added to: the first message may be on its way already. */
  get #waiting(): readonly Map<string, string>[] {
    return this.#sending === undefined ? this.#queue : this.#queue.slice(1);
  }

  async #sendAll(): Promise<void> {
    try {
      for (let message = this.#queue[0]; message !== undefined; message = this.#queue[0]) {
        await this.#options.send(message);
        this.#queue.shift();
        this.#isFailing = false;
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#sending = undefined;
    }
  }

  #fail(error: unknown): void {
    const { clock, onTrouble } = this.#options;
    if (!this.#isFailing) onTrouble(`the service manager cannot be told how ccs does: ${messageOf(error)}`);
    this.#isFailing = true;
    if (this.#isClosing) return;
    this.#cancelRetry = clock.setTimer(this.#retryMs, () => {
      this.#cancelRetry = undefined;
      this.#sending ??= this.#sendAll();
    });
  }
}
