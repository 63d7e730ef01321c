// DNS packets: a query taken apart, an answer put together. The question travels back byte by byte, so that resolvers
// that vary its case recognise it.
import {
  AUTHORITATIVE_ANSWER,
  decode,
  encode,
  RECURSION_DESIRED,
  TRUNCATED_RESPONSE,
  type Answer,
  type OptAnswer,
} from "dns-packet";
import type { AnswerRecord, DnsAnswer, AskedName } from "./answer.ts";

export interface DnsQuery {
  readonly kind: "query";
  readonly id: number;
  readonly isRecursionDesired: boolean;
  readonly question: AskedName;
  /** The question as it was in the packet. */
  readonly questionBytes: Buffer;
  /** How large a UDP answer may be: 512 without EDNS. */
  readonly udpPayloadSize: number;
  readonly hasEdns: boolean;
}

export type ReadQuery =
  | DnsQuery
  /** Nothing that deserves an answer. */
  | { readonly kind: "ignored" }
  /** A query that is answered with an error alone. */
  | { readonly kind: "refused"; readonly reply: Buffer };

const rcodes = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 };
const headerBytes = 12;
/** Answers over UDP are never larger, whatever the client says it could take. */
const mostUdpBytes = 1232;

/** Takes a packet apart. Never throws. */
export function readQuery(message: Buffer): ReadQuery {
  if (message.length < headerBytes || (message.readUInt16BE(2) & 0x8000) !== 0) return { kind: "ignored" };
  const opcode = (message.readUInt16BE(2) >> 11) & 0xf;
  if (opcode !== 0) return { kind: "refused", reply: errorReply(message, "NOTIMP") };
  try {
    const packet = decode(message);
    const [question, ...more] = packet.questions ?? [];
    if (question === undefined || more.length > 0) return { kind: "refused", reply: errorReply(message, "FORMERR") };
    if (question.class !== "IN") return { kind: "refused", reply: errorReply(message, "REFUSED") };
    const opt = packet.additionals?.find((record): record is OptAnswer => record.type === "OPT");
    return {
      kind: "query",
      id: packet.id ?? 0,
      isRecursionDesired: packet.flag_rd,
      question: { name: question.name === "." ? "" : question.name, type: question.type },
      questionBytes: message.subarray(headerBytes, endOfQuestion(message)),
      udpPayloadSize: Math.min(mostUdpBytes, Math.max(512, opt?.udpPayloadSize ?? 512)),
      hasEdns: opt !== undefined,
    };
  } catch {
    return { kind: "refused", reply: errorReply(message, "FORMERR") };
  }
}

/** The packet of an answer, or one that says "truncated" where it would be larger than `limitBytes`. */
export function writeAnswer(query: DnsQuery, answer: DnsAnswer, limitBytes: number): Buffer {
  const whole = pack(query, answer, 0);
  return whole.length <= limitBytes
    ? whole
    : pack(query, { ...answer, answers: [], authorities: [] }, TRUNCATED_RESPONSE);
}

/** The packet that only says "truncated". */
export function truncatedAnswer(query: DnsQuery): Buffer {
  const nothing = { rcode: "NOERROR", isAuthoritative: true, answers: [], authorities: [] } as const;
  return pack(query, nothing, TRUNCATED_RESPONSE);
}

function pack(query: DnsQuery, answer: DnsAnswer, moreFlags: number): Buffer {
  const flags =
    moreFlags |
    (answer.isAuthoritative ? AUTHORITATIVE_ANSWER : 0) |
    (query.isRecursionDesired ? RECURSION_DESIRED : 0) |
    rcodes[answer.rcode];
  const opt: OptAnswer = {
    type: "OPT",
    name: ".",
    udpPayloadSize: mostUdpBytes,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  };
  const packet = encode({
    type: "response",
    id: query.id,
    flags,
    answers: answer.answers.map(toWire),
    authorities: answer.authorities.map(toWire),
    additionals: query.hasEdns ? [opt] : [],
  });
  // The encoder writes no pointers, so the question may be put in afterwards.
  packet.writeUInt16BE(1, 4);
  return Buffer.concat([packet.subarray(0, headerBytes), query.questionBytes, packet.subarray(headerBytes)]);
}

function toWire(record: AnswerRecord): Answer {
  return record.type === "TXT" ? { ...record, data: [...record.data] } : record;
}

/** A bare header: the query's id and opcode, and the error. */
function errorReply(message: Buffer, rcode: "FORMERR" | "NOTIMP" | "REFUSED"): Buffer {
  const reply = Buffer.alloc(headerBytes);
  reply.writeUInt16BE(message.readUInt16BE(0), 0);
  reply.writeUInt16BE(0x8000 | (message.readUInt16BE(2) & 0x7900) | rcodes[rcode], 2);
  return reply;
}

/**
 * Where the first question ends: after its labels, type and class. Throws for a name with pointers, which no client
 * sends.
 */
function endOfQuestion(message: Buffer): number {
  let offset = headerBytes;
  for (let length = message[offset]; length !== undefined && length !== 0; length = message[offset]) {
    if (length > 63) throw new Error("A question that points elsewhere.");
    offset += length + 1;
  }
  return offset + 5;
}
