// DNS messages: a question put into bytes, and bytes read into the few things that we ever need of an answer.
import { decode, encode, RECURSION_DESIRED, type Answer, type DecodedPacket } from "dns-packet";

export type QuestionType = "A" | "AAAA" | "CNAME" | "NS" | "SOA";

export interface Question {
  /** Host name in ASCII, with or without the trailing dot. */
  readonly name: string;
  readonly type: QuestionType;
}

/** One A, AAAA, CNAME or NS record of an answer. */
export interface DnsRecord {
  /** Lower case, no trailing dot. */
  readonly name: string;
  readonly type: "A" | "AAAA" | "CNAME" | "NS";
  readonly ttlSeconds: number;
  /** The address, or the host name in lower case. */
  readonly data: string;
}

/** A valid answer to our question. What the server means by it is for the caller to judge. */
export interface Answered {
  readonly kind: "answered";
  /** `NOERROR`, `NXDOMAIN`, `SERVFAIL`, `REFUSED`, … */
  readonly rcode: string;
  readonly isAuthoritative: boolean;
  readonly answers: readonly DnsRecord[];
  /** The zone whose SOA came along: it vouches for a negative answer, for this long (RFC 2308, section 5). */
  readonly negative?: { readonly zone: string; readonly ttlSeconds: number };
  /** It only names other servers to ask: says nothing about whether the name exists. */
  readonly isReferral: boolean;
}

/** The library's types leave out the result code. */
type Decoded = DecodedPacket & { readonly rcode: string };

/** The largest answer that we take in: far more than any honest set of addresses needs. */
export const largestAnswerBytes = 16_384;
/** What fits into one packet nearly everywhere (DNS flag day 2020). */
const udpPayloadBytes = 1_232;

/** More records than any honest answer has within `largestAnswerBytes`. */
const mostRecords = 512;
/** Pointers in a row that lead to nothing but a further pointer. Honest encoders write one. */
const mostPointersInRow = 4;
const headerBytes = 12;

/**
 * The answer in `message` to our `query`, or:
 * - `"truncated"` when it did not fit;
 * - `"other-case"` when it repeats our question with other upper and lower case, while `isCaseExact` asks for the same;
 * - `undefined` when it is no valid answer to this question: another id or name, not an answer, torn, too large, or
 *   made so that reading it takes long.
 *
 * What a forger cannot know is compared first, before anything is decoded. Never throws.
 */
export function readAnswer(
  message: Buffer,
  query: Buffer,
  { isCaseExact }: { readonly isCaseExact: boolean },
): Answered | "truncated" | "other-case" | undefined {
  if (message.length < headerBytes || message.length > largestAnswerBytes) return undefined;
  if (message.readUInt16BE(0) !== query.readUInt16BE(0)) return undefined;
  const isAnswer = (message.readUInt8(2) & 0b1111_1000) === 0b1000_0000;
  if (!isAnswer) return undefined;
  const isTruncated = (message.readUInt8(2) & 0b10) !== 0;
  const match = matchQuestion(message, query);
  // Some servers cut a truncated message anywhere, even within the question.
  if (match === "none" || match === "torn") return isTruncated && match === "torn" ? "truncated" : undefined;
  if (match === "other-case" && isCaseExact) return "other-case";
  // Some servers cut a truncated message in the middle of a record, so it is not read any further.
  if (isTruncated) return "truncated";
  if (isCostly(message)) return undefined;
  try {
    const packet = decode(message) as Decoded;
    // The library reads addresses beyond the end of a torn message as `undefined`.
    const isWhole = decode.bytes <= message.length;
    return isWhole && (match !== "absent" || isRefusal(packet)) ? describe(packet) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * How the question that `message` repeats compares with the one in `query`. It comes first, and is never compressed.
 */
function matchQuestion(message: Buffer, query: Buffer): "same" | "other-case" | "absent" | "torn" | "none" {
  const count = message.readUInt16BE(4);
  if (count === 0) return message.length === headerBytes ? "torn" : "absent";
  if (count !== 1) return "none";
  const asked = questionIn(query);
  const repeated = message.subarray(headerBytes, headerBytes + asked.length);
  if (repeated.length < asked.length) return "torn";
  if (repeated.equals(asked)) return "same";
  return lowerCase(repeated).equals(lowerCase(asked)) ? "other-case" : "none";
}

/** Name, type and class, as bytes of our query. */
function questionIn(query: Buffer): Buffer {
  let end = headerBytes;
  while (query.readUInt8(end) !== 0) end += 1 + query.readUInt8(end);
  return query.subarray(headerBytes, end + 5);
}

/** A length of a label is below 64 and thus never a letter, and type and class are not either. */
function lowerCase(bytes: Buffer): Buffer {
  return Buffer.from(bytes.map((byte) => (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte)));
}

/** Whether decoding would take more than a look at each byte: too many records, or chains of pointers to pointers. */
function isCostly(message: Buffer): boolean {
  const records = message.readUInt16BE(6) + message.readUInt16BE(8) + message.readUInt16BE(10);
  if (records > mostRecords) return true;
  const inRow = new Uint8Array(message.length);
  for (let at = headerBytes; at + 1 < message.length; at += 1) {
    const word = message.readUInt16BE(at);
    const target = word & 0x3fff;
    // Pointers ahead are refused when a name is decoded.
    if (word < 0xc000 || target >= at) continue;
    const many = 1 + (inRow[target] ?? 0);
    if (many > mostPointersInRow) return true;
    inRow[at] = many;
  }
  return false;
}

/**
 * The bytes of a question. The name is written as it is, upper and lower case included. Throws on a name that
 * `isAskable` refuses.
 */
export function writeQuestion(
  id: number,
  question: Question,
  options: { isRecursive: boolean; isExtended: boolean },
): Buffer {
  if (!isAskable(question.name)) throw new Error(`not a DNS name: ${question.name}`);
  return encode({
    type: "query",
    id,
    flags: options.isRecursive ? RECURSION_DESIRED : 0,
    questions: [{ type: question.type, name: question.name }],
    additionals: options.isExtended
      ? [
          {
            type: "OPT",
            name: ".",
            udpPayloadSize: udpPayloadBytes,
            extendedRcode: 0,
            ednsVersion: 0,
            flags: 0,
            flag_do: false,
            options: [],
          },
        ]
      : [],
  });
}

/** Whether a name can be asked for at all: labels of 1 to 63 bytes, 253 in sum, nothing that is not printable ASCII. */
export function isAskable(name: string): boolean {
  const bare = canonicalName(name);
  return (
    bare.length <= 253 && /^[!-~]+$/.test(bare) && bare.split(".").every(({ length }) => length > 0 && length < 64)
  );
}

/** Lower case, no trailing dot. */
export function canonicalName(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}

/** Servers that do not understand a question may leave it out of their answer; everybody else repeats it. */
function isRefusal({ rcode }: Decoded): boolean {
  return rcode !== "NOERROR" && rcode !== "NXDOMAIN";
}

function describe(packet: Decoded): Answered {
  const negative = (packet.authorities ?? []).flatMap(negativeOf)[0];
  const namesServers = (packet.authorities ?? []).some(({ type }) => type === "NS");
  const isEmpty = (packet.answers ?? []).length === 0;
  return {
    kind: "answered",
    rcode: hasExtendedError(packet) ? "BADVERS" : packet.rcode,
    isAuthoritative: packet.flag_aa,
    answers: (packet.answers ?? []).flatMap(recordOf),
    ...(negative && { negative }),
    isReferral: isEmpty && namesServers && negative === undefined && !packet.flag_aa,
  };
}

/** The upper bits of the result code travel in the OPT record; the lower ones alone may read as success. */
function hasExtendedError(packet: Decoded): boolean {
  return (packet.additionals ?? []).some((record) => record.type === "OPT" && record.extendedRcode > 0);
}

function recordOf(record: Answer): DnsRecord[] {
  if (record.type !== "A" && record.type !== "AAAA" && record.type !== "CNAME" && record.type !== "NS") return [];
  if (record.class !== "IN") return [];
  const { type, name, data } = record;
  return [{ name: canonicalName(name), type, ttlSeconds: ttlOf(record.ttl), data: canonicalName(data) }];
}

function negativeOf(record: Answer): NonNullable<Answered["negative"]>[] {
  if (record.type !== "SOA" || record.class !== "IN") return [];
  return [{ zone: canonicalName(record.name), ttlSeconds: Math.min(ttlOf(record.ttl), ttlOf(record.data.minimum)) }];
}

/** A TTL with the top bit set counts as zero (RFC 2181, section 8). */
function ttlOf(ttl: number | undefined): number {
  return ttl === undefined || ttl >= 2 ** 31 ? 0 : ttl;
}
