// What the emulated services of channels share: each is an HTTP server on loopback that can be ended with its scope.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { listenTcp, type Listening, type ListenOptions } from "../listen.ts";

export abstract class HttpEmulator implements AsyncDisposable {
  #listening: Listening | undefined;

  /** Base URL without trailing slash. */
  get url(): string {
    if (this.#listening === undefined) throw new Error("The emulator is not listening yet.");
    return `http://${this.#listening.authority}`;
  }

  async listen(options: ListenOptions): Promise<void> {
    const server = createServer((request, response) => void this.serve(request, response));
    this.#listening = await listenTcp(server, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listening?.[Symbol.asyncDispose]();
  }

  protected abstract serve(request: IncomingMessage, response: ServerResponse): Promise<void>;
}
