// A TCP or TLS server on loopback that does with each connection exactly what a test wants, byte by byte.
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import type { Credentials } from "./certificates.ts";

export interface RawServer extends AsyncDisposable {
  readonly port: number;
  /** Connections accepted since the start, and those still open. */
  readonly accepted: number;
  readonly open: number;
  /** Everything that clients sent, as text. */
  readonly received: string;
  /** The names that clients asked for in their TLS handshakes; `false` where they named none. */
  readonly serverNames: readonly (string | false)[];
}

/** Starts a server. `talk` gets each connection once the first bytes of a request are there, `greet` before that. */
export async function startRawServer(
  talk: (socket: Socket) => void,
  options: { tls?: Credentials; host?: string; greet?: (socket: Socket) => void } = {},
): Promise<RawServer> {
  const sockets = new Set<Socket>();
  const serverNames: (string | false)[] = [];
  let accepted = 0;
  let received = "";
  const onConnection = (socket: Socket): void => {
    accepted += 1;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
  };
  const onReady = (socket: Socket): void => {
    socket.on("error", () => {});
    options.greet?.(socket);
    socket.on("data", (chunk) => (received += chunk.toString("latin1")));
    socket.once("data", () => talk(socket));
  };
  const server =
    options.tls === undefined
      ? createServer(onReady)
      : createTlsServer(options.tls, (socket: TLSSocket) => {
          serverNames.push((socket as { servername?: string | false }).servername ?? false);
          onReady(socket);
        });
  server.on("connection", onConnection);
  server.listen({ port: 0, host: options.host ?? "127.0.0.1" });
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    get accepted() {
      return accepted;
    },
    get open() {
      return sockets.size;
    },
    get received() {
      return received;
    },
    serverNames,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Polls until `isTrue` holds; throws with `what` after five seconds. */
export async function until(what: string, isTrue: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 5_000;
  while (!isTrue()) {
    if (performance.now() > deadlineMs) throw new Error(`Waited in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
