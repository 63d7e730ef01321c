// The connections of the server, bounded: when there are too many, the client with the most gives one up, an idle one
// first. So the next client is always served, however many another one holds open.
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "../lib/clock.ts";
import { clientOf, peerAddress, type IsTrusted } from "./clients.ts";

interface HeldConnection {
  readonly socket: Socket;
  /** Who it counts for. A trusted proxy's connections are many people's: each counts for itself. */
  readonly holder: string;
  /** Requests that are not answered in full yet. */
  busy: number;
  /** When it last began or ended anything. */
  activeMs: number;
}

export interface ConnectionLimits {
  readonly clock: Clock;
  /** So many at once. */
  readonly most: number;
  readonly isTrusted: IsTrusted;
}

/** Keeps the connections of a server within bounds, from now on. */
export function limitConnections(server: Server, { clock, most, isTrusted }: ConnectionLimits): void {
  const connections = new Map<Socket, HeldConnection>();
  let count = 0;
  // Those that were given up are gone a moment later; the system may deliver many in between.
  server.maxConnections = 2 * most;
  server.on("connection", (socket: Socket) => {
    const peer = peerAddress(socket.remoteAddress);
    count += 1;
    const holder = isTrusted(peer) ? `${peer} ${count}` : clientOf(peer);
    const connection = { socket, holder, busy: 0, activeMs: clock.nowMs() };
    connections.set(socket, connection);
    socket.once("close", () => connections.delete(socket));
    if (connections.size > most) giveUp(leastWorth([...connections.values()], connection));
  });
  server.prependListener("request", (_incoming: IncomingMessage, outgoing: ServerResponse) => {
    const connection = outgoing.socket === null ? undefined : connections.get(outgoing.socket);
    if (connection === undefined) return;
    connection.busy += 1;
    connection.activeMs = clock.nowMs();
    outgoing.once("close", () => {
      connection.busy -= 1;
      connection.activeMs = clock.nowMs();
    });
  });

  function giveUp(connection: HeldConnection | undefined): void {
    if (connection === undefined) return;
    connections.delete(connection.socket);
    connection.socket.destroy();
  }
}

/** Of those who hold the most: an idle one before a busy one, and of these the one that has been so for the longest. */
function leastWorth(connections: readonly HeldConnection[], newest: HeldConnection): HeldConnection | undefined {
  const held = new Map<string, number>();
  for (const { holder } of connections) held.set(holder, (held.get(holder) ?? 0) + 1);
  const most = Math.max(...held.values());
  const [least] = connections
    .filter((connection) => held.get(connection.holder) === most && connection !== newest)
    .toSorted((a, b) => Number(a.busy > 0) - Number(b.busy > 0) || a.activeMs - b.activeMs);
  return least;
}
