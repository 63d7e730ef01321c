// The web server across reloads: it moves when `http.listen` changes, one move after the other, and where a move is not
// possible it stays.
import { ListenError } from "./errors.ts";
import type { WebServer } from "./server.ts";

/** Where to listen. */
export interface ListenPlace {
  readonly host: string;
  readonly port: number;
}

export interface MovableServerPorts {
  /** Starts a server. Rejects with `ListenError`. */
  readonly start: (place: ListenPlace) => Promise<WebServer>;
  /** Hears, in a sentence for people, that a move was not possible. */
  readonly onStay: (message: string) => void;
  readonly onBug: (error: unknown) => void;
}

export class MovableServer implements AsyncDisposable {
  readonly #ports: MovableServerPorts;
  #server: WebServer | undefined;
  /** Where it was told to listen, as far as it does. */
  #place: ListenPlace | undefined;
  /** The newest wish. */
  #wanted: ListenPlace | undefined;
  #moves: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(ports: MovableServerPorts) {
    this.#ports = ports;
  }

  /** The port; `undefined` while nothing listens. */
  get port(): number | undefined {
    return this.#server?.port;
  }

  /** Listens for the first time. Rejects with `ListenError`. */
  async listen(place: ListenPlace): Promise<void> {
    this.#wanted = place;
    await this.#startAt(place);
  }

  /** Moves as soon as the moves before it are over. Resolves when it is done, or was not possible. */
  async moveTo(place: ListenPlace): Promise<void> {
    this.#wanted = place;
    this.#moves = this.#moves.then(() => this.#move());
    await this.#moves;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    // A server that is just being started would outlive us.
    await this.#moves;
    await this.#stop();
  }

  /** Goes to the newest place: what was wanted in between is of no interest any more. Never rejects. */
  async #move(): Promise<void> {
    const [from, to] = [this.#place, this.#wanted];
    if (this.#isClosed || to === undefined || isSame(from, to)) return;
    try {
      // Under the same port the old server may be what is in the way: `127.0.0.1` is a part of `0.0.0.0`.
      if (from !== undefined && this.port === to.port) await this.#replace(from, to);
      else await this.#follow(to);
    } catch (error) {
      if (error instanceof ListenError) this.#ports.onStay(error.message);
      else this.#ports.onBug(error);
    }
  }

  /** The new server is there before the old one goes. */
  async #follow(to: ListenPlace): Promise<void> {
    const old = this.#server;
    await this.#startAt(to);
    await old?.close();
  }

  /** The old server goes first, and comes back when the new one cannot be. */
  async #replace(from: ListenPlace, to: ListenPlace): Promise<void> {
    await this.#stop();
    try {
      await this.#startAt(to);
    } catch (error) {
      await this.#startAt(from);
      throw error;
    }
  }

  async #startAt(place: ListenPlace): Promise<void> {
    this.#server = await this.#ports.start(place);
    this.#place = place;
  }

  async #stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#place = undefined;
    await server?.close();
  }
}

function isSame(a: ListenPlace | undefined, b: ListenPlace): boolean {
  return a?.host === b.host && a.port === b.port;
}
