// Listening on loopback, and ending it again for good: with every connection that is still open.
import { once } from "node:events";
import type { AddressInfo, Server, Socket } from "node:net";

export interface ListenOptions {
  /** Loopback address; `127.0.0.1` by default. */
  readonly host?: string;
  /** 0 by default: any free port. */
  readonly port?: number;
}

/** Where a server listens. Ending it closes the listener and destroys its connections. */
export interface Listening extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** `host:port`, with brackets around an IPv6 address. */
  readonly authority: string;
}

/** Starts listening. Throws the system's error (`EADDRINUSE`, …) when it cannot. */
export async function listenTcp(server: Server, options: ListenOptions = {}): Promise<Listening> {
  const host = options.host ?? "127.0.0.1";
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.listen({ host, port: options.port ?? 0 });
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    host,
    port,
    authority: authority(host, port),
    [Symbol.asyncDispose]: async () => {
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** `host:port` as it is written in URLs and configuration. */
export function authority(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
