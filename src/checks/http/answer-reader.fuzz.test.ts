// Whatever bytes arrive, in whatever pieces: what the reader takes for an answer, Node's own client takes for the same
// one. The reader may refuse more. CCS_PROPERTY_RUNS=100000 hunts for longer.
import assert from "node:assert/strict";
import { request, type IncomingMessage } from "node:http";
import { Duplex } from "node:stream";
import { test } from "node:test";
import fc from "fast-check";
import { damagedBytes, inPieces } from "../../../test/support/damage.ts";
import { propertyRuns } from "../../../test/support/property-runs.ts";
import { AnswerReader, headLimitBytes } from "./answer-reader.ts";

const bytes = (text: string): Buffer => Buffer.from(text, "latin1");

const originals = [
  "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 10\r\n\r\nxx MARK yy",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n5;a=b\r\nxx MA\r\n5\r\nRK yy\r\n0\r\nX: y\r\n\r\n",
  `HTTP/1.0 200 OK\r\n\r\n${"z".repeat(300)}MARK`,
  "HTTP/1.1 200\r\nA: \r\nB:c\t\r\n\r\nMARK",
  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nMARK",
  "HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
  "HTTP/1.1 204 No Content\r\nContent-Encoding: gzip\r\n\r\n",
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x05hello",
].map(bytes);

const pieces = [
  ..."\r\n|\n|\r|\0|\r\n\r\n|:| |\t|é".split("|"),
  ...'0\r\n\r\n|0x4\r\n|4 \r\n|4;\r\n|4;a="b\r\n|ffffffffffffffff\r\n'.split("|"),
  "HTTP/1.1 200 OK\r\n",
  "HTTP/2 200\r\n",
  "HTTP/1.1 100 Continue\r\n\r\n",
  "Content-Length: 99999999999999999999\r\n",
  "Content-Length: -1\r\n",
  "Content-Length: 4 \r\n",
  "Content-Length: +4\r\n",
  "Content-Length:\r\n",
  "Content-Length: 4\r\nContent-Length: 5\r\n",
  "Content-Length: 4, 4\r\n",
  "Transfer-Encoding: chunked, chunked\r\n",
  "Transfer-Encoding: gzip, chunked\r\n",
  "Transfer-Encoding: chunked, gzip\r\n",
  "Transfer-Encoding: identity\r\n",
  "Transfer-Encoding: xchunked\r\n",
  "Transfer-Encoding : chunked\r\n",
  " folded\r\n",
  "X y: z\r\n",
  "Connection: close\r\n",
  "Connection: upgrade\r\nUpgrade: h2c\r\n",
  `X: ${"a".repeat(headLimitBytes)}\r\n`,
].map(bytes);

const answers = inPieces(
  fc.oneof(
    { weight: 1, arbitrary: fc.constantFrom(...originals) },
    { weight: 8, arbitrary: damagedBytes(originals, pieces) },
    damagedBytes(pieces, pieces, 8),
  ),
);

/** What an answer says; `undefined` for one that is none, or ends too early. */
interface Understood {
  readonly status: number;
  readonly encoding: string;
  readonly body: string;
}

function readByUs(parts: readonly Buffer[]): Understood | undefined {
  let body = "";
  const reader = new AnswerReader((piece) => (body += piece.toString("latin1")));
  for (const part of parts) reader.take(part);
  const { head, fault } = reader;
  if (head === undefined || fault !== undefined || !reader.end()) return undefined;
  return { status: head.status, encoding: head.headers.get("content-encoding") ?? "", body };
}

function readByNode(parts: readonly Buffer[]): Promise<Understood | undefined> {
  const { promise, resolve } = Promise.withResolvers<Understood | undefined>();
  const socket = new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done() });
  const asked = request({ createConnection: () => socket, setHost: false, maxHeaderSize: headLimitBytes });
  const understood = ({ statusCode = 0, headers }: IncomingMessage, body: string): void => {
    resolve({ status: statusCode, encoding: headers["content-encoding"]?.trim() ?? "", body });
  };
  asked.on("error", () => resolve(undefined));
  asked.on("close", () => setImmediate(resolve, undefined));
  asked.on("upgrade", (answer) => understood(answer, ""));
  asked.on("response", (answer) => {
    let body = "";
    answer.on("error", () => resolve(undefined));
    answer.on("data", (piece: Buffer) => (body += piece.toString("latin1")));
    answer.on("end", () => understood(answer, body));
  });
  asked.on("socket", () =>
    setImmediate(() => {
      for (const part of parts) socket.push(part);
      socket.push(null);
    }),
  );
  asked.end();
  return promise.finally(() => asked.destroy());
}

test("the reader understands what Node's own client does, and nothing else", async () => {
  const seen = { understood: 0, refused: 0, stricter: 0 };
  await fc.assert(
    fc.asyncProperty(answers, async (parts) => {
      const [ours, theirs] = [readByUs(parts), await readByNode(parts)];
      if (ours !== undefined) assert.deepEqual(ours, theirs);
      if (ours !== undefined) seen.understood += 1;
      else if (theirs === undefined) seen.refused += 1;
      else seen.stricter += 1;
    }),
    { numRuns: propertyRuns(3_000) },
  );
  const runs = seen.understood + seen.refused + seen.stricter;
  assert.ok(seen.understood > runs / 10 && seen.refused > runs / 10, JSON.stringify(seen));
  assert.ok(seen.stricter < runs / 100, JSON.stringify(seen));
});
