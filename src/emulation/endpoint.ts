// A toy web endpoint on a loopback address that can be switched between working and every way of failing while it runs.
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type Server as TlsServer } from "node:tls";
import { setTimeout as pause } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { authority, listenTcp, type Listening, type ListenOptions } from "./listen.ts";

export interface EndpointOptions extends ListenOptions {
  /** Serves HTTPS with this key and certificate chain, PEM. */
  readonly tls?: Credentials;
  readonly behaviour?: Behaviour;
}

/** A private key and its certificate chain, PEM. */
export interface Credentials {
  readonly key: string;
  readonly cert: string;
}

/** How an endpoint behaves. */
export type Behaviour =
  /** 200 with the marker in the body (`OK` by default). */
  | { readonly kind: "ok"; readonly marker?: string; readonly status?: number; readonly delayMs?: number }
  /** This status, marker and all. */
  | { readonly kind: "status"; readonly status: number }
  /** 200 with a body that says something else. */
  | { readonly kind: "unmarked" }
  /** The port is closed. */
  | { readonly kind: "refuse" }
  /** Connections are accepted; not a byte comes. */
  | { readonly kind: "hang" }
  | { readonly kind: "hang-after-headers" }
  /** Headers, then a byte of the body every `everyMs`. */
  | { readonly kind: "drip"; readonly everyMs?: number }
  /** A body that never ends, as fast as the client reads; the marker never comes. */
  | { readonly kind: "endless" }
  | { readonly kind: "redirect-loop" }
  /** Bytes that are no HTTP. */
  | { readonly kind: "garbage" }
  /** Connections are accepted and reset at once. */
  | { readonly kind: "reset" }
  /** 200 with the marker in a gzip body, asked for or not. */
  | { readonly kind: "gzip" };

/** What a request asked for, as far as it names things. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  /** The Host header. */
  readonly host: string | undefined;
  /** The name asked for in the TLS handshake. */
  readonly serverName: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

const marker = "OK";

/** Starts a toy endpoint; it works by default. */
export async function startEndpoint(options: EndpointOptions = {}): Promise<Endpoint> {
  const endpoint = new Endpoint(options);
  await endpoint.listen(options);
  await endpoint.behave(options.behaviour ?? { kind: "ok" });
  return endpoint;
}

export class Endpoint implements AsyncDisposable {
  /** Since the start: accepted connections, and requests that were understood. */
  readonly counts = { connections: 0, requests: 0 };
  newest: SeenRequest | undefined;
  /** Never listens: connections are handed to it. */
  readonly #tls: TlsServer | undefined;
  readonly #http = createHttpServer((request, response) => this.#respond(request, response));
  readonly #timers = new Set<NodeJS.Timeout>();
  #behaviour: Behaviour = { kind: "ok" };
  #listening: Listening | undefined;
  #address: { host: string; port: number } | undefined;

  constructor(options: EndpointOptions) {
    if (options.tls === undefined) return;
    this.#tls = createTlsServer(options.tls, (socket) => this.#talk(socket));
    this.#tls.on("tlsClientError", (_error, socket) => socket.destroy());
  }

  get behaviour(): Behaviour {
    return this.#behaviour;
  }

  get host(): string {
    return this.#bound.host;
  }

  get port(): number {
    return this.#bound.port;
  }

  /** `http://127.0.0.2:40123`, without trailing slash. */
  get url(): string {
    return `${this.#tls === undefined ? "http" : "https"}://${authority(this.host, this.port)}`;
  }

  async listen(options: ListenOptions): Promise<void> {
    this.#listening = await listenTcp(this.#server(), options);
    this.#address = { host: this.#listening.host, port: this.#listening.port };
  }

  /** Serves new connections with another certificate. Only for an endpoint that was started with one. */
  certify(credentials: Credentials): void {
    if (this.#tls === undefined) throw new Error("This endpoint speaks plain HTTP; start it with a certificate.");
    this.#tls.setSecureContext(credentials);
  }

  /**
   * Switches the behaviour of new connections. The port stays the same, closed or open; while it stays open, no
   * connection is refused. `refuse` ends all connections, as the end of a process does.
   */
  async behave(behaviour: Behaviour): Promise<void> {
    this.#behaviour = behaviour;
    if (behaviour.kind === "refuse") await this.#close();
    else this.#listening ??= await this.#reopen();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }

  get #bound(): { host: string; port: number } {
    if (this.#address === undefined) throw new Error("The endpoint is not listening yet.");
    return this.#address;
  }

  async #close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers.clear();
    const listening = this.#listening;
    this.#listening = undefined;
    await listening?.[Symbol.asyncDispose]();
  }

  #server(): Server {
    return createServer((socket) => this.#accept(socket));
  }

  /** Another socket may sit on the port for a moment: an outgoing connection that happened to get it. */
  async #reopen(): Promise<Listening> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await listenTcp(this.#server(), this.#bound);
      } catch (error) {
        if (attempt === 20) throw error;
        await pause(50);
      }
    }
  }

  #accept(socket: Socket): void {
    this.counts.connections += 1;
    socket.on("error", () => socket.destroy());
    if (this.#behaviour.kind === "hang") return void socket.resume();
    if (this.#behaviour.kind === "reset") return void socket.resetAndDestroy();
    if (this.#tls === undefined) return this.#talk(socket);
    this.#tls.emit("connection", socket);
  }

  #talk(socket: Socket): void {
    socket.on("error", () => socket.destroy());
    if (this.#behaviour.kind === "garbage") {
      // After the request has come: unread bytes would turn the end of the connection into a reset.
      return void socket.once("data", () => socket.end("220 not a web server\r\n\u0000\u0001\u0002\r\n"));
    }
    this.#http.emit("connection", socket);
  }

  #respond(request: IncomingMessage, response: ServerResponse): void {
    this.counts.requests += 1;
    // So that a pooled connection of a client does not outlive a change of behaviour.
    response.setHeader("connection", "close");
    const { socket, method = "", url = "", headers } = request;
    this.newest = { method, url, headers, host: headers.host, serverName: serverNameOf(socket) };
    const behaviour = this.#behaviour;
    switch (behaviour.kind) {
      case "ok":
        return this.#after(behaviour.delayMs ?? 0, () => {
          answer(response, behaviour.status ?? 200, `${behaviour.marker ?? marker}\n`);
        });
      case "status":
        return answer(response, behaviour.status, `${marker}\n`);
      case "unmarked":
        return answer(response, 200, "Under construction\n");
      case "redirect-loop":
        response.setHeader("location", url);
        return answer(response, 302, `${marker}\n`);
      case "gzip":
        response.writeHead(200, { "content-type": "text/plain", "content-encoding": "gzip" });
        return void response.end(gzipSync(`${marker}\n`));
      case "hang-after-headers":
        response.writeHead(200, { "content-type": "text/plain", "content-length": 1_000_000 });
        return response.flushHeaders();
      case "drip": {
        response.writeHead(200, { "content-type": "text/plain" });
        const timer = setInterval(() => response.write("."), behaviour.everyMs ?? 100);
        this.#timers.add(timer);
        return void response.once("close", () => {
          clearInterval(timer);
          this.#timers.delete(timer);
        });
      }
      case "endless":
        response.writeHead(200, { "content-type": "text/plain" });
        return pour(response);
      case "hang":
        return;
      default:
        // Switched to since the connection was accepted; the rest of these act on connections.
        return void socket.destroy();
    }
  }

  #after(delayMs: number, action: () => void): void {
    if (delayMs === 0) return action();
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, delayMs);
    this.#timers.add(timer);
  }
}

/** The first `count` loopback addresses that can be bound: 127.0.0.2 and up, else 127.0.0.1 and ::1. */
export async function pickLoopbackAddresses(count: number): Promise<readonly string[]> {
  const many = Array.from({ length: count }, (_, index) => `127.0.0.${index + 2}`);
  if (await canBind(many.at(-1) ?? "127.0.0.1")) return many;
  const few = (await canBind("::1")) ? ["127.0.0.1", "::1"] : ["127.0.0.1"];
  if (few.length < count)
    throw new Error(`This machine has only ${few.length} loopback address(es), ${count} are needed.`);
  return few.slice(0, count);
}

async function canBind(host: string): Promise<boolean> {
  try {
    await using _ = await listenTcp(createServer(), { host });
    return true;
  } catch {
    return false;
  }
}

/** The name that the client asked for in its TLS handshake. Node's types do not know the field. */
function serverNameOf(socket: Socket): string | undefined {
  const name = (socket as { servername?: string | false | null }).servername;
  return typeof name === "string" ? name : undefined;
}

function answer(response: ServerResponse, status: number, body: string): void {
  response.setHeader("content-type", "text/plain");
  response.setHeader("content-length", Buffer.byteLength(body));
  response.writeHead(status);
  response.end(body);
}

/** Writes for as long as the client takes it. */
function pour(response: ServerResponse): void {
  const chunk = ".".repeat(16_384);
  const more = (): void => {
    while (!response.destroyed && response.write(chunk));
    if (!response.destroyed) response.once("drain", more);
  };
  more();
}
