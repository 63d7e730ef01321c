// What becomes of our own mistakes while the daemon runs: each is logged and counted, and costs what it was about a pause.
// Only a core that takes in nothing any more, or errors without an end, are reason to end.
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { messageOf } from "../lib/text.ts";

/** What is logged of one. */
export const internalError = "internal error; please report it";

/** The same error is logged no more often than this; it is counted each time. */
const quietMs = 60_000;
/** More different errors than this are not told apart. */
const mostKinds = 100;

/** So many errors that nobody caught, within a minute, are no accident any more. */
const mostStray = 20;
const strayMs = 60_000;

export interface InternalErrorPorts {
  readonly log: Log;
  readonly clock: Clock;
}

export class InternalErrors {
  readonly #ports: InternalErrorPorts;
  readonly #loggedMs = new Map<string, number>();
  readonly #corruption = Promise.withResolvers<string>();
  #strayMs: readonly number[] = [];
  #count = 0;

  constructor(ports: InternalErrorPorts) {
    this.#ports = ports;
  }

  /** How many there were. */
  get count(): number {
    return this.#count;
  }

  /** Resolves, to the reason in words, when the process can do no good any more. */
  get corruption(): Promise<string> {
    return this.#corruption.promise;
  }

  /** One that was caught where it happened: what it was about is tried again. */
  readonly report = (error: unknown): void => {
    this.#count += 1;
    const { log, clock } = this.#ports;
    const kind = messageOf(error);
    const nowMs = clock.nowMs();
    if ((this.#loggedMs.get(kind) ?? -Infinity) > nowMs - quietMs) return;
    if (this.#loggedMs.size >= mostKinds) this.#loggedMs.clear();
    this.#loggedMs.set(kind, nowMs);
    log.error({ err: error }, internalError);
  };

  /** One that nobody caught: in a timer, in the handler of a stream, in a promise that nobody awaits. */
  readonly reportStray = (error: unknown): void => {
    this.report(error);
    const nowMs = this.#ports.clock.nowMs();
    this.#strayMs = [...this.#strayMs.filter((atMs) => atMs > nowMs - strayMs), nowMs];
    if (this.#strayMs.length >= mostStray)
      this.corrupt(`${mostStray} errors within a minute, the last: ${messageOf(error)}`);
  };

  /** Nothing can be trusted any more. */
  readonly corrupt = (why: string): void => {
    this.#corruption.resolve(why);
  };
}
