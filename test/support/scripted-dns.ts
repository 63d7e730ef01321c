// A DNS server on loopback, UDP and TCP on one port, that answers each question exactly as a test says.
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { decode, encode, type Answer } from "dns-packet";

export interface Asked {
  /** In lower case, whatever the case in the query. */
  readonly name: string;
  readonly type: string;
  readonly transport: "udp" | "tcp";
  /** The query as it came in. */
  readonly query: Buffer;
}

export interface Parts {
  readonly rcode?: number;
  readonly answers?: readonly Answer[];
  readonly authorities?: readonly Answer[];
}

/** What to answer: an answer in parts, packets as they are, the bytes of a TCP stream as they are, or nothing at all. */
export type Script = (asked: Asked) => Parts | Buffer[] | { readonly stream: readonly Buffer[] } | undefined;

export interface ScriptedDns extends AsyncDisposable {
  /** `127.0.0.1:port` */
  readonly address: string;
  /** All questions so far: `A cable.example.com`, with ` over TCP` where it was. */
  readonly asked: string[];
  /** How many TCP connections are open. */
  readonly openConnections: number;
  /** May be replaced while the server runs. */
  script: Script;
}

const lengthBytes = 2;

export async function startScriptedDns(script: Script, host = "127.0.0.1"): Promise<ScriptedDns> {
  const { udp, tcp, port } = await listen(host);
  const sockets = new Set<Socket>();
  const server: ScriptedDns = {
    address: host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`,
    asked: [],
    script,
    get openConnections() {
      return sockets.size;
    },
    [Symbol.asyncDispose]: async () => {
      const closed = Promise.all([once(tcp, "close"), once(udp, "close")]);
      tcp.close();
      udp.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
  const answersTo = (query: Buffer, transport: "udp" | "tcp"): readonly Buffer[] => {
    const [question] = decode(query).questions ?? [];
    if (question === undefined) return [];
    const name = question.name.toLowerCase();
    server.asked.push(`${question.type} ${name}${transport === "tcp" ? " over TCP" : ""}`);
    const scripted = server.script({ name, type: question.type, transport, query });
    if (scripted === undefined) return [];
    if ("stream" in scripted) return scripted.stream;
    const packets = Array.isArray(scripted) ? scripted : [answerTo(query, scripted)];
    return transport === "tcp" ? packets.map(framed) : packets;
  };
  udp.on("message", (query, from) => {
    for (const answer of answersTo(query, "udp")) udp.send(answer, from.port, from.address);
  });
  tcp.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
    socket.once("data", (chunk) => {
      for (const answer of answersTo(chunk.subarray(lengthBytes), "tcp")) socket.write(answer);
    });
  });
  return server;
}

/** An answer to `query`, question and id repeated. `flags` are further header bits. */
export function answerTo(query: Buffer, { rcode = 0, answers = [], authorities = [] }: Parts, flags = 0): Buffer {
  const { id, questions } = decode(query);
  const isRecursive = 0x0180;
  return encode({
    type: "response",
    ...(id !== undefined && { id }),
    flags: isRecursive | flags | rcode,
    ...(questions && { questions }),
    answers: [...answers],
    authorities: [...authorities],
  });
}

/** A message as it travels over TCP. */
export function framed(message: Buffer): Buffer {
  const length = Buffer.alloc(lengthBytes);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

export const rcodes = { formerr: 1, servfail: 2, nxdomain: 3, notimp: 4, refused: 5 } as const;
export const isTruncated = 0x0200;
export const isAuthoritative = 0x0400;

export function a(name: string, data: string, ttl = 60): Answer {
  return { type: "A", name, data, ttl };
}

export function aaaa(name: string, data: string, ttl = 60): Answer {
  return { type: "AAAA", name, data, ttl };
}

export function cname(name: string, data: string, ttl = 60): Answer {
  return { type: "CNAME", name, data, ttl };
}

export function soa(name: string, ttl = 900, minimum = 300): Answer {
  return { type: "SOA", name, ttl, data: { mname: `ns.${name}`, rname: `admin.${name}`, minimum } };
}

/** A port that is free for TCP may be taken for UDP: then another one is tried. */
async function listen(host: string): Promise<{ udp: UdpSocket; tcp: Server; port: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const tcp = createServer();
    tcp.listen({ port: 0, host });
    await once(tcp, "listening");
    const { port } = tcp.address() as AddressInfo;
    const udp = createSocket(host.includes(":") ? "udp6" : "udp4");
    try {
      udp.bind({ port, address: host, exclusive: true });
      await once(udp, "listening");
      return { udp, tcp, port };
    } catch (error) {
      tcp.close();
      if (attempt === 20) throw error;
    }
  }
}
