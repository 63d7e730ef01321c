// A real DNS server on a loopback port, UDP and TCP, over the zones of an emulated Cloudflare or of a test. On demand
// it misbehaves as resolvers do.
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { sleep, type Clock } from "../../lib/clock.ts";
import { systemClock } from "../../runtime/node/clock.ts";
import { answerQuestion, type AnswerOptions, type DnsAnswer } from "./answer.ts";
import { readQuery, truncatedAnswer, writeAnswer, type DnsQuery } from "./wire.ts";
import type { ZoneSource } from "./zones.ts";
import { FaultQueue } from "../fault-queue.ts";
import { listenTcp, type Listening, type ListenOptions } from "../listen.ts";

export interface DnsOptions extends ListenOptions, Partial<AnswerOptions> {
  readonly source: ZoneSource;
  readonly clock?: Clock;
}

/** What goes wrong with one query. */
export type DnsFault =
  | { readonly kind: "silent" }
  | { readonly kind: "delay"; readonly delayMs: number }
  | { readonly kind: "servfail" }
  | { readonly kind: "refused" }
  | { readonly kind: "nxdomain" }
  /** The name exists, but has nothing of this type. */
  | { readonly kind: "no-data" }
  /** The answer to another query, as a forger or a late answer would have it. */
  | { readonly kind: "wrong-id" }
  | { readonly kind: "wrong-question" }
  /** Over UDP: "ask again over TCP", and nothing else. TCP answers in full. */
  | { readonly kind: "truncated" }
  /** A header that promises records, and no records. */
  | { readonly kind: "malformed" };

/** A query as it came in: what faults are aimed by, and what is remembered. */
export interface SeenQuery {
  /** Lower case, no trailing dot. */
  readonly name: string;
  readonly type: string;
  readonly transport: "udp" | "tcp";
  readonly atMs: number;
}

const mostQueriesKept = 10_000;
const idleMs = 10_000;

/** Starts a DNS server. UDP and TCP share one port. */
export async function startDns(options: DnsOptions): Promise<DnsServer> {
  const server = new DnsServer(options);
  await server.listen(options);
  return server;
}

export class DnsServer implements AsyncDisposable {
  readonly faults = new FaultQueue<DnsFault, SeenQuery>();
  /** All queries since the start, also those that got no answer. */
  readonly counts = { udp: 0, tcp: 0 };
  /** The newest queries, oldest first. */
  readonly queries: SeenQuery[] = [];
  readonly #source: ZoneSource;
  readonly #clock: Clock;
  readonly #options: AnswerOptions;
  readonly #closing = new AbortController();
  #udp: UdpSocket | undefined;
  #tcp: Listening | undefined;

  constructor(options: DnsOptions) {
    this.#source = options.source;
    this.#clock = options.clock ?? systemClock;
    this.#options = {
      isFlattening: options.isFlattening ?? false,
      negativeTtlSeconds: options.negativeTtlSeconds ?? 1800,
    };
  }

  get port(): number {
    return this.#listening.port;
  }

  /** `ip:port`, as configuration wants it. */
  get address(): string {
    return this.#listening.authority;
  }

  async listen(options: ListenOptions): Promise<void> {
    // A port that is free for TCP may be taken for UDP: then another one is tried, if any would do.
    for (let attempt = 1; ; attempt += 1) {
      const tcp = await listenTcp(
        createServer((socket) => this.#serveTcp(socket)),
        options,
      );
      try {
        this.#udp = await this.#listenUdp(tcp.host, tcp.port);
        this.#tcp = tcp;
        return;
      } catch (error) {
        await tcp[Symbol.asyncDispose]();
        if ((options.port ?? 0) !== 0 || attempt === 20) throw error;
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    const udp = this.#udp;
    this.#udp = undefined;
    if (udp !== undefined) {
      const closed = once(udp, "close");
      udp.close();
      await closed;
    }
    await this.#tcp?.[Symbol.asyncDispose]();
  }

  get #listening(): Listening {
    if (this.#tcp === undefined) throw new Error("The DNS server is not listening yet.");
    return this.#tcp;
  }

  async #listenUdp(host: string, port: number): Promise<UdpSocket> {
    const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
    socket.on("message", (message, { address, port: clientPort }) => {
      void this.#answer(message, "udp").then((reply) => {
        // Whether it arrives is the client's concern; a client that is gone must not end the server.
        if (reply !== undefined) this.#udp?.send(reply, clientPort, address, () => undefined);
      });
    });
    try {
      socket.bind({ address: host, port, exclusive: true });
      await once(socket, "listening");
    } catch (error) {
      socket.close();
      throw error;
    }
    return socket;
  }

  #serveTcp(socket: Socket): void {
    let pending: Buffer = Buffer.alloc(0);
    socket.setTimeout(idleMs, () => socket.destroy());
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
        const end = 2 + pending.readUInt16BE(0);
        const message = pending.subarray(2, end);
        pending = pending.subarray(end);
        void this.#answer(message, "tcp").then((reply) => {
          if (reply === undefined || socket.destroyed) return;
          const length = Buffer.alloc(2);
          length.writeUInt16BE(reply.length);
          socket.write(Buffer.concat([length, reply]));
        });
      }
    });
  }

  async #answer(message: Buffer, transport: "udp" | "tcp"): Promise<Buffer | undefined> {
    this.counts[transport] += 1;
    const query = readQuery(message);
    if (query.kind === "ignored") return undefined;
    if (query.kind === "refused") return query.reply;
    const name = query.question.name.toLowerCase();
    const seen: SeenQuery = { name, type: query.question.type, transport, atMs: this.#clock.nowMs() };
    this.queries.push(seen);
    if (this.queries.length > mostQueriesKept) this.queries.shift();
    const fault = this.faults.take(seen);
    if (fault?.kind === "silent") return undefined;
    if (fault?.kind === "delay") await sleep(this.#clock, fault.delayMs, this.#closing.signal);
    const limit = transport === "tcp" ? 65_535 : query.udpPayloadSize;
    return spoilt(fault, query, writeAnswer(query, this.#decide(query, fault), limit), transport);
  }

  #decide({ question }: DnsQuery, fault: DnsFault | undefined): DnsAnswer {
    const bare = { isAuthoritative: true, answers: [], authorities: [] };
    switch (fault?.kind) {
      case "servfail":
        return { ...bare, rcode: "SERVFAIL" };
      case "refused":
        return { ...bare, rcode: "REFUSED" };
      case "nxdomain":
        return { ...bare, rcode: "NXDOMAIN" };
      case "no-data":
        return { ...bare, rcode: "NOERROR" };
      default:
        return answerQuestion(this.#source.zones(), question, this.#options);
    }
  }
}

/** The reply with the damage of a fault that concerns bytes. */
function spoilt(fault: DnsFault | undefined, query: DnsQuery, reply: Buffer, transport: "udp" | "tcp"): Buffer {
  switch (fault?.kind) {
    case "wrong-id":
      reply.writeUInt16BE((reply.readUInt16BE(0) + 1) % 65_536, 0);
      return reply;
    case "wrong-question":
      // Another first letter in the first label of the question.
      reply[13] = (reply[13] ?? 0) ^ 1;
      return reply;
    case "truncated":
      return transport === "udp" ? truncatedAnswer(query) : reply;
    case "malformed":
      return reply.subarray(0, Math.min(reply.length - 1, 12 + query.questionBytes.length + 5));
    default:
      return reply;
  }
}
