// One DNS question to one server: over UDP, and over TCP when the answer does not fit.
import { randomBytes, randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { connect, isIPv6 } from "node:net";
import type { Clock } from "../lib/clock.ts";
import { parseSocket } from "../lib/ip.ts";
import { messageOf } from "../lib/text.ts";
import { largestAnswerBytes, readAnswer, writeQuestion, type Answered, type Question } from "./wire.ts";

export interface ExchangeOptions {
  /** One deadline over everything, TCP included. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Whether the server should look further: true for resolvers, false for authoritative servers. */
  readonly isRecursive: boolean;
}

export type Reply =
  | Answered
  /** No valid answer in time. `detail` continues after the server's name: `did not answer`. */
  | { readonly kind: "silent"; readonly detail: string }
  /** The question never left: no route, out of file descriptors. */
  | { readonly kind: "local"; readonly detail: string };

/**
 * Asks `server` (`ip:port`, `[ip]:port`, or an address alone: port 53). Never rejects; throws on a name that is none.
 */
export type Exchange = (server: string, question: Question, options: ExchangeOptions) => Promise<Reply>;

export function createExchange(clock: Clock): Exchange {
  return async (server, question, options) => {
    const deadlineMs = clock.nowMs() + options.timeoutMs;
    const ask = async (way: QueryForm): Promise<Reply> => {
      // The kernel picks a random source port for each socket; with the id and the case of the letters, that makes a
      // blind forgery hopeless.
      const id = randomInt(2 ** 16);
      const name = way.isMixedCase ? inRandomCase(question.name) : question.name;
      const { isExtended } = way;
      const trip: ExchangeTrip = {
        clock,
        server: parseServer(server),
        message: writeQuestion(id, { ...question, name }, { isRecursive: options.isRecursive, isExtended }),
        deadlineMs,
        signal: options.signal,
      };
      const reply = await overUdp(trip, way.isMixedCase);
      if (reply === "truncated") return overTcp(trip);
      if (reply !== "distrusted") return reply;
      // What comes over TCP can hardly be forged, so the case does not matter there.
      const safer = await overTcp(trip);
      return safer.kind === "silent" && clock.nowMs() < deadlineMs ? ask({ ...way, isMixedCase: false }) : safer;
    };
    const reply = await ask({ isExtended: true, isMixedCase: true });
    // Old servers take EDNS for a malformed question (RFC 6891, section 7).
    return reply.kind === "answered" && reply.rcode === "FORMERR"
      ? ask({ isExtended: false, isMixedCase: true })
      : reply;
  };
}

interface QueryForm {
  readonly isExtended: boolean;
  readonly isMixedCase: boolean;
}

/** More packets in answer to one question that are no answer to it than this, and an attacker is guessing. */
const mostInvalid = 16;

/**
 * The name with each letter in upper or lower case by chance: servers repeat it as it is, and forgers have to guess it.
 */
function inRandomCase(name: string): string {
  const chance = randomBytes(name.length);
  return name.replaceAll(/[a-z]/gi, (letter, at: number) =>
    ((chance[at] ?? 0) & 1) === 1 ? letter.toUpperCase() : letter.toLowerCase(),
  );
}

/** Address and port of a server written as `ip:port`, `[ip]:port` or `ip`. Throws for anything else, a bug. */
export function parseServer(text: string): { host: string; port: number } {
  const socket = parseSocket(text, 53);
  if (socket === undefined) throw new Error(`not a DNS server's address: ${text}`);
  return { host: socket.address.text, port: socket.port };
}

interface ExchangeTrip {
  readonly clock: Clock;
  readonly server: { readonly host: string; readonly port: number };
  readonly message: Buffer;
  readonly deadlineMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * What is not a valid answer is passed over, so that a stray or forged packet costs nothing but itself. `"distrusted"`:
 * too many of those came, or the server does not repeat the case of the name. It is then better asked over TCP.
 */
function overUdp(trip: ExchangeTrip, isCaseExact: boolean): Promise<Reply | "truncated" | "distrusted"> {
  return settled<Reply | "truncated" | "distrusted">(trip, (finish) => {
    let invalid = 0;
    const socket = createSocket(isIPv6(trip.server.host) ? "udp6" : "udp4");
    let cancelResend: (() => void) | undefined;
    const onError = (error: Error | null | undefined): void => {
      if (error) finish(troubleOf(error));
    };
    // A lost packet is nobody's fault: ask again, on the same socket and with the same id.
    const resendMs = Math.min(1_000, (trip.deadlineMs - trip.clock.nowMs()) / 3);
    const send = (): void => {
      socket.send(trip.message, onError);
      cancelResend = trip.clock.setTimer(resendMs, send);
    };
    socket.on("error", onError);
    socket.on("message", (message) => {
      const answer = readAnswer(message, trip.message, { isCaseExact });
      if (answer === "other-case") finish("distrusted");
      else if (answer !== undefined) finish(answer);
      else if ((invalid += 1) > mostInvalid) finish("distrusted");
    });
    let isClosed = false;
    socket.connect(trip.server.port, trip.server.host, (error?: Error) => {
      if (isClosed) return;
      if (error) onError(error);
      else send();
    });
    return () => {
      isClosed = true;
      cancelResend?.();
      socket.close();
    };
  });
}

function overTcp(trip: ExchangeTrip): Promise<Reply> {
  return settled<Reply>(trip, (finish) => {
    const socket = connect(trip.server);
    let received = Buffer.alloc(0);
    socket.on("connect", () => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(trip.message.length);
      socket.write(Buffer.concat([length, trip.message]));
    });
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 2) return;
      const length = received.readUInt16BE(0);
      if (length > largestAnswerBytes) finish({ kind: "silent", detail: `sent an answer of ${length} bytes` });
      if (received.length < 2 + length) return;
      const answer = readAnswer(received.subarray(2, 2 + length), trip.message, { isCaseExact: false });
      if (answer === undefined || answer === "other-case")
        finish({ kind: "silent", detail: "sent an invalid answer over TCP" });
      else if (answer === "truncated") finish({ kind: "silent", detail: "sent a truncated answer over TCP" });
      else finish(answer);
    });
    socket.on("error", (error) => finish(troubleOf(error)));
    socket.on("close", () => finish({ kind: "silent", detail: "closed the TCP connection without an answer" }));
    return () => socket.destroy();
  });
}

/** Runs `start` until it calls `finish`, the deadline passes or the signal fires; then calls what `start` returned. */
function settled<Outcome>(
  trip: ExchangeTrip,
  start: (finish: (outcome: Outcome | Reply) => void) => () => void,
): Promise<Outcome | Reply> {
  const { promise, resolve } = Promise.withResolvers<Outcome | Reply>();
  const cleanUps: (() => void)[] = [];
  let isFinished = false;
  const finish = (outcome: Outcome | Reply): void => {
    isFinished = true;
    for (const cleanUp of cleanUps.splice(0)) cleanUp();
    resolve(outcome);
  };
  const abort = (): void => finish({ kind: "silent", detail: "was cancelled" });
  const expire = (): void => finish({ kind: "silent", detail: "did not answer" });
  if (trip.signal?.aborted === true) return Promise.resolve({ kind: "silent", detail: "was cancelled" });
  trip.signal?.addEventListener("abort", abort, { once: true });
  cleanUps.push(trip.clock.setTimer(trip.deadlineMs - trip.clock.nowMs(), expire));
  cleanUps.push(() => trip.signal?.removeEventListener("abort", abort));
  const stop = start(finish);
  // It may have finished before it returned.
  if (isFinished) stop();
  else cleanUps.push(stop);
  return promise;
}

/** Errors that are this machine's own, not the server's. */
const localTroubles: Readonly<Record<string, string>> = {
  EMFILE: "could not be queried: out of file descriptors",
  ENFILE: "could not be queried: out of file descriptors",
  ENOBUFS: "could not be queried: out of buffers",
  ENOMEM: "could not be queried: out of memory",
  EADDRNOTAVAIL: "could not be queried: no local address or port",
  EADDRINUSE: "could not be queried: no local port",
  EAFNOSUPPORT: "could not be queried: no such address family here",
  EACCES: "could not be queried: not permitted here",
  EPERM: "could not be queried: not permitted here",
  EINVAL: "could not be queried: no route",
  ENETUNREACH: "could not be queried: no route",
  ENETDOWN: "could not be queried: the network is down",
  EHOSTUNREACH: "could not be queried: no route",
};

function troubleOf(error: NodeJS.ErrnoException): Reply {
  const local = localTroubles[error.code ?? ""];
  if (local !== undefined) return { kind: "local", detail: local };
  if (error.code === "ECONNREFUSED") return { kind: "silent", detail: "refused the connection" };
  return { kind: "silent", detail: `failed: ${messageOf(error)}` };
}
