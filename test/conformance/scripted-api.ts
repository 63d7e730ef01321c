// A server on loopback whose every answer the test writes itself: for what no emulator would say on its own.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { CloudflareProvider, type CloudflareOptions } from "../../src/cloud/cloudflare.ts";
import type { Call } from "../../src/cloud/provider.ts";
import { listenTcp, type Listening } from "../../src/emulation/listen.ts";
import { systemClock } from "../../src/runtime/node/clock.ts";
import { Secret } from "../../src/lib/secret.ts";

export const canary = "cfut_CANARY0CANARY0CANARY0CANARY0CANARY0CANARY";
export const zoneId = "0123456789abcdef0123456789abcdef";

export interface SeenRequest {
  readonly method: string;
  /** With the query. */
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: unknown;
}

export type Handler = (request: SeenRequest, response: ServerResponse) => void;

/** Answers with JSON. */
export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Handler {
  return (_, response) =>
    void response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

export const success = (result: unknown): Handler => json({ success: true, errors: [], messages: [], result });

export class ScriptedApi implements AsyncDisposable {
  readonly requests: SeenRequest[] = [];
  /** Answers everything until the test puts another in its place. */
  handler: Handler = success([]);
  #listening: Listening | undefined;

  async listen(): Promise<this> {
    const server = createServer((request, response) => void this.#serve(request, response));
    this.#listening = await listenTcp(server);
    return this;
  }

  get url(): string {
    return `http://${this.#listening?.authority}/client/v4`;
  }

  /** A provider that talks to this server with the canary token. */
  provider(options: Partial<CloudflareOptions> = {}): CloudflareProvider {
    return new CloudflareProvider({
      token: new Secret(canary),
      apiUrl: this.url,
      clock: systemClock,
      fetch,
      ...options,
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = "";
    for await (const chunk of request) text += String(chunk);
    const { method = "", url = "", headers } = request;
    const seen = { method, url, headers, body: text === "" ? undefined : (JSON.parse(text) as unknown) };
    this.requests.push(seen);
    this.handler(seen, response);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listening?.[Symbol.asyncDispose]();
  }
}

/** A call that nobody holds up. */
export function freeCall(signal: AbortSignal = new AbortController().signal): Call {
  return { signal, admit: async () => {} };
}
