// What becomes of our own mistakes while the daemon runs: each is logged, counted and told, and costs what it was about
// a pause. Only a core that takes in nothing any more is a reason to end.
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { messageOf } from "../lib/text.ts";
import { Wire } from "../lib/wire.ts";

/** What is logged of one. */
export const internalError = "internal error; please report it";

/** The same error is logged no more often than this; it is counted each time. */
const quietMs = 60_000;
/** More different errors than this are not told apart. */
const mostKinds = 100;
/** People get a message no more often than this, whatever the error. */
const tellEveryMs = 24 * 60 * 60_000;

export interface InternalErrorPorts {
  readonly log: Log;
  readonly clock: Clock;
}

export class InternalErrors {
  readonly #ports: InternalErrorPorts;
  readonly #loggedMs = new Map<string, number>();
  readonly #corruption = Promise.withResolvers<string>();
  #toldMs = -Infinity;
  #count = 0;
  /** For people, as soon as there is a way to tell them. `what`: the error in words. */
  readonly news = new Wire<[what: string]>();

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

  /**
   * One that was caught where it happened, or that nothing caught: in a timer, a stream, a promise that is not awaited.
   */
  readonly report = (error: unknown): void => {
    this.#count += 1;
    const { log, clock } = this.#ports;
    const kind = messageOf(error);
    const nowMs = clock.nowMs();
    if ((this.#loggedMs.get(kind) ?? -Infinity) > nowMs - quietMs) return;
    if (this.#loggedMs.size >= mostKinds) this.#loggedMs.clear();
    this.#loggedMs.set(kind, nowMs);
    log.error({ err: error }, internalError);
    if (!this.news.isConnected || nowMs < this.#toldMs + tellEveryMs) return;
    // First, since what tells may fail as well.
    this.#toldMs = nowMs;
    this.news.send(kind);
  };

  /** Nothing can be trusted any more. */
  readonly corrupt = (why: string): void => {
    this.#corruption.resolve(why);
  };
}
