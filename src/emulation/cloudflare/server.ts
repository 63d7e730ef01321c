// The emulated Cloudflare API on a loopback port.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { listenTcp, type ListenOptions, type Listening } from "../listen.ts";
import { readRequest } from "../read-request.ts";
import { CloudflareApi, demoToken, type ApiOptions, type ApiRequest } from "./api.ts";
import type { HttpOutcome } from "./delivery.ts";

const basePath = "/client/v4";

/** Starts an emulated Cloudflare. By default: zone `example.com`, one token that may do everything. */
export async function startCloudflare(options: ApiOptions & ListenOptions = {}): Promise<CloudflareServer> {
  const server = new CloudflareServer(options);
  await server.listen(options);
  return server;
}

/** The emulated API with its address. `await using` ends it. */
export class CloudflareServer extends CloudflareApi implements AsyncDisposable {
  /** The first token that may be used. */
  readonly token: string;
  #listening: Listening | undefined;

  constructor(options: ApiOptions = {}) {
    super(options);
    this.token = options.tokens?.[0]?.token ?? demoToken;
  }

  /** Base URL for clients, without trailing slash. */
  get url(): string {
    return `http://${this.#address.authority}${basePath}`;
  }

  get port(): number {
    return this.#address.port;
  }

  async listen(options: ListenOptions): Promise<void> {
    const server = createServer((request, response) => void this.#serve(request, response));
    this.#listening = await listenTcp(server, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.#listening?.[Symbol.asyncDispose]();
  }

  get #address(): Listening {
    if (this.#listening === undefined) throw new Error("The emulator is not listening yet.");
    return this.#listening;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const read = await readRequest(request);
    if (read === undefined) return void response.writeHead(400).end();
    if (!read.path.startsWith(`${basePath}/`)) return void response.writeHead(404).end();
    const { authorization, "content-type": contentType } = request.headers;
    const apiRequest: ApiRequest = {
      method: request.method ?? "GET",
      path: read.path.slice(basePath.length),
      query: read.query,
      body: read.body,
      clientIp: request.socket.remoteAddress ?? "",
      authorization,
      contentType,
    };
    send(response, await this.handle(apiRequest));
  }
}

function send(response: ServerResponse, delivery: HttpOutcome): void {
  if (delivery.kind === "drop") response.socket?.destroy();
  if (delivery.kind !== "response" || response.destroyed) return;
  const bytes = Buffer.from(delivery.body);
  response.writeHead(delivery.status, { ...delivery.headers, "content-length": bytes.length });
  if (delivery.stallsAfter === undefined) response.end(bytes);
  else response.write(bytes.subarray(0, delivery.stallsAfter));
}
