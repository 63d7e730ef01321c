// Reads an HTTP/1 answer as it arrives, strictly by RFC 9112: what is not as it should be is no answer. Holds no more
// than its head, and never more than `headLimitBytes` of that.
import { LineReader } from "./line-reader.ts";

/** Of the first line and the headers together, as in Node's own client. */
export const headLimitBytes = 16_384;

export interface AnswerHead {
  readonly status: number;
  /** Values by name in lower case, those of a name that came several times joined by `, `. */
  readonly headers: ReadonlyMap<string, string>;
}

type Body =
  /** Nothing follows the head. */
  | { readonly kind: "none" }
  | { readonly kind: "length"; leftBytes: number }
  | Chunks
  /** All until the connection is closed. */
  | { readonly kind: "rest" };

interface Chunks {
  readonly kind: "chunks";
  state: "size" | "data" | "end of data" | "trailer";
  /** Of the chunk. */
  leftBytes: number;
}

export class AnswerReader {
  /** The final head; interim ones are passed over. */
  head: AnswerHead | undefined;
  /** The body has been read to its end. */
  isComplete = false;
  /** What is wrong with the answer, for people. */
  fault: string | undefined;
  readonly #onBody: (piece: Buffer) => void;
  readonly #line = new LineReader();
  /** Of the head so far. */
  #lines: string[] = [];
  #headBytes = 0;
  #body: Body | undefined;

  /** `onBody` is given the body piece by piece, without the borders of its chunks. */
  constructor(onBody: (piece: Buffer) => void) {
    this.#onBody = onBody;
  }

  take(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0 && !this.isComplete && this.fault === undefined) {
      rest = this.#body === undefined ? this.#takeHead(rest) : this.#takeBody(this.#body, rest);
    }
    // After a switch of protocols, another one speaks.
    const isOver = this.isComplete && this.head?.status !== 101;
    if (isOver && rest.some((byte) => !isLineBreak(byte))) this.fault = invalid("it goes on after its end");
  }

  /** The connection has been closed. True where that is the end of the answer. */
  end(): boolean {
    if (this.#body?.kind === "rest") this.isComplete = true;
    return this.isComplete;
  }

  /** Takes one line, and returns what follows it. */
  #takeHead(chunk: Buffer): Buffer {
    const isFirst = this.#lines.length === 0;
    // Line breaks before a head are passed over.
    const isBetween = isFirst && (this.#line.isWhole || this.#line.text === "");
    const begun = isBetween ? withoutLineBreaks(chunk) : chunk;
    const rest = this.#line.take(begun);
    this.#headBytes += begun.length - rest.length;
    const { text, isWhole, isBroken } = this.#line;
    if (this.#headBytes > headLimitBytes) this.fault = "the answer's headers are larger than 16 KiB";
    else if (isFirst && !firstLineStart.startsWith(text.slice(0, firstLineStart.length)))
      this.fault = firstLineFault(text);
    else if (isBroken) this.fault = invalid("a line is broken");
    else if (isWhole) this.#takeHeadLine(text, isFirst);
    return rest;
  }

  #takeHeadLine(line: string, isFirst: boolean): void {
    if (line === "\r\n") this.#endHead();
    else if (!(isFirst ? firstLine : headerLine).test(line)) {
      this.fault = isFirst ? firstLineFault(line) : invalid("a header is broken");
    } else this.#lines.push(line);
  }

  #endHead(): void {
    const [first = "", ...rest] = this.#lines;
    this.#lines = [];
    this.#headBytes = 0;
    const status = Number(first.slice(9, 12));
    const headers = new Map<string, string>();
    for (const line of rest) {
      // Not everybody takes a tab for white space, and on these all have to agree.
      if (framing.test(line) && line.includes("\t")) this.fault = invalid("a header is broken");
      const colon = line.indexOf(":");
      const name = line.slice(0, colon).toLowerCase();
      const value = line.slice(colon + 1).trim();
      const known = headers.get(name);
      headers.set(name, known === undefined ? value : `${known}, ${value}`);
    }
    // After a switch of protocols nothing more of HTTP comes.
    if (status < 200 && status !== 101) {
      // An interim answer has no body (RFC 9110, sections 8.6 and 15.2), and another one follows it.
      const isOdd = ["content-length", "transfer-encoding", "connection"].some((name) => headers.has(name));
      if (isOdd) this.fault = invalid("it is preceded by half of another one");
      return;
    }
    const body = bodyOf(status, headers);
    if (typeof body === "string") {
      this.fault = body;
      return;
    }
    this.head = { status, headers };
    this.#body = body;
    this.isComplete = body.kind === "none" || (body.kind === "length" && body.leftBytes === 0);
  }

  /** Returns what the body leaves over. */
  #takeBody(body: Body, chunk: Buffer): Buffer {
    switch (body.kind) {
      case "none":
        return chunk;
      case "rest":
        this.#onBody(chunk);
        return chunk.subarray(chunk.length);
      case "length": {
        const rest = this.#takeBytes(body, chunk);
        this.isComplete = body.leftBytes === 0;
        return rest;
      }
      case "chunks": {
        if (body.state !== "data") return this.#takeChunkLine(body, chunk);
        const rest = this.#takeBytes(body, chunk);
        if (body.leftBytes === 0) body.state = "end of data";
        return rest;
      }
      default:
        return body satisfies never;
    }
  }

  #takeBytes(body: { leftBytes: number }, chunk: Buffer): Buffer {
    const piece = chunk.subarray(0, body.leftBytes);
    body.leftBytes -= piece.length;
    this.#onBody(piece);
    return chunk.subarray(piece.length);
  }

  #takeChunkLine(body: Chunks, chunk: Buffer): Buffer {
    const rest = this.#line.take(chunk);
    const { text, isWhole, isBroken } = this.#line;
    const isSound = !isBroken && text.length <= headLimitBytes && (!isWhole || this.#isChunkLine(body, text));
    if (!isSound) this.fault = invalid("a chunk is broken");
    return rest;
  }

  /** Takes in what a line between two chunks, or after the last, says. False where it is none. */
  #isChunkLine(body: Chunks, line: string): boolean {
    switch (body.state) {
      case "end of data":
        body.state = "size";
        return line === "\r\n";
      case "trailer":
        this.isComplete = line === "\r\n";
        // What says how the body ends comes too late there (RFC 9110, section 6.5.1).
        return this.isComplete || (headerLine.test(line) && !framing.test(line));
      default: {
        const bytes = Number.parseInt(chunkLine.exec(line)?.[1] ?? "", 16);
        body.leftBytes = bytes;
        body.state = bytes === 0 ? "trailer" : "data";
        return Number.isSafeInteger(bytes);
      }
    }
  }
}

const firstLineStart = "HTTP/1.";
const firstLine = /^HTTP\/1\.[01] [1-9][0-9]{2}(?: [^\r\n\0]*)?\r\n$/;
const token = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const headerLine = new RegExp(`^${token}:[\\t\\x20-\\x7e\\x80-\\xff]*\\r\\n$`);
const chunkLine = new RegExp(`^([0-9A-Fa-f]{1,16})(?:;${token}(?:=(?:${token}|"[\\t !#-[\\]-~]*"))?)*\\r\\n$`);
const framing = /^(?:content-length|transfer-encoding):/i;
const encodings = new RegExp(`^${token}(?:\\s*,\\s*${token})*$`);

/** Without those at its beginning. */
function withoutLineBreaks(chunk: Buffer): Buffer {
  const at = chunk.findIndex((byte) => !isLineBreak(byte));
  return chunk.subarray(at === -1 ? chunk.length : at);
}

function isLineBreak(byte: number): boolean {
  return byte === 10 || byte === 13;
}

function firstLineFault(line: string): string {
  if (!line.startsWith("HTTP/")) return "the answer is not HTTP";
  return line.startsWith(firstLineStart) ? invalid("its first line is broken") : "the answer is not HTTP/1";
}

function invalid(why: string): string {
  return `not a valid HTTP answer: ${why}`;
}

/** How the body ends (RFC 9112, section 6.3); a text says what is wrong. */
function bodyOf(status: number, headers: AnswerHead["headers"]): Body | string {
  const [length, encoding] = [headers.get("content-length"), headers.get("transfer-encoding")];
  // Two of them have been joined by a comma.
  if (length !== undefined && !/^[0-9]{1,15}$/.test(length)) return invalid("its length is not a number");
  if (encoding !== undefined && !encodings.test(encoding)) return invalid("the encoding of the transfer is broken");
  if (encoding !== undefined && length !== undefined) return invalid("it has a length, and a transfer that is encoded");
  if (status === 101 || status === 204 || status === 304) return { kind: "none" };
  if (length !== undefined) return { kind: "length", leftBytes: Number(length) };
  const isChunked = encoding !== undefined && /(?:^|,)\s*chunked$/i.test(encoding);
  return isChunked ? { kind: "chunks", state: "size", leftBytes: 0 } : { kind: "rest" };
}
