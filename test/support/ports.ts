// Ports that nobody has: for servers that must know theirs beforehand, and for places where nobody listens.
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import { authority, listenTcp } from "../../src/emulation/listen.ts";

/**
 * Below where Linux takes ports from for connections and for servers that ask for any (32768 to 60999): a port from there
 * that was free a moment ago may be somebody's by now.
 */
const range = { from: 10_000, below: 32_768 };

/** A port that nobody has at this address of this machine, for UDP and TCP. */
export async function freePort(host = "127.0.0.1"): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const port = range.from + Math.floor(Math.random() * (range.below - range.from));
    try {
      await using _ = await listenTcp(createServer(), { host, port });
      await tryUdp(host, port);
      return port;
    } catch (error) {
      if (attempt === 20) throw error;
    }
  }
}

/** `127.0.0.1:port`: connections to it are refused. */
export async function closedAuthority(): Promise<string> {
  return authority("127.0.0.1", await freePort());
}

async function tryUdp(host: string, port: number): Promise<void> {
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  try {
    socket.bind({ address: host, port, exclusive: true });
    await once(socket, "listening");
  } finally {
    socket.close();
  }
}
