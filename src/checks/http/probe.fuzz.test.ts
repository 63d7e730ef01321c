// Whatever bytes an HTTP server sends, in whatever pieces, and however it ends: a probe gives one observation in time.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { httpCheck } from "../../../test/support/checks.ts";
import { damagedBytes, inPieces } from "../../../test/support/damage.ts";
import { propertyRuns } from "../../../test/support/property-runs.ts";
import { startRawServer, until } from "../../../test/support/raw-server.ts";
import type { Sighting } from "../../core/model.ts";
import { systemClock } from "../../runtime/node/clock.ts";
import { plain } from "../../lib/text.ts";
import { probeHttp } from "./probe.ts";

const marker = "MARK";
const bytes = (text: string): Buffer => Buffer.from(text, "latin1");

const originals = [
  `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 10\r\n\r\nxx ${marker} yy`,
  `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n5;a=b\r\nxx MA\r\n5\r\nRK yy\r\n0\r\nX: y\r\n\r\n`,
  `HTTP/1.0 200 OK\r\n\r\n${"z".repeat(300)}${marker}`,
  `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n${marker}`,
  "HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
  "HTTP/1.1 204 No Content\r\nContent-Encoding: gzip\r\n\r\n",
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x05hello",
].map(bytes);

const pieces = [
  "\r\n",
  "\n",
  "\r",
  "\0",
  "\r\n\r\n",
  ":",
  " ",
  "HTTP/1.1 200 OK\r\n",
  "HTTP/2 200\r\n",
  "HTTP/1.1 100 Continue\r\n\r\n",
  "Content-Length: 99999999999999999999\r\n",
  "Content-Length: -1\r\n",
  "Content-Length: 4\r\nContent-Length: 5\r\n",
  "Transfer-Encoding: chunked, chunked\r\n",
  "Content-Encoding: br\r\n",
  "ffffffffffffffff\r\n",
  "\x1b[2J\x9b",
  marker,
  "a".repeat(20_000),
  "a: b\r\n".repeat(3_000),
].map(bytes);

type Ending = "end" | "reset" | "hang" | "pour";
const endings = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Ending>("end") },
  { weight: 2, arbitrary: fc.constant<Ending>("reset") },
  { weight: 1, arbitrary: fc.constantFrom<Ending>("hang", "pour") },
);

const answers = fc.record({
  pieces: inPieces(
    fc.oneof(
      // Most damage leaves nothing that is ok.
      { weight: 3, arbitrary: fc.constantFrom(...originals) },
      { weight: 5, arbitrary: damagedBytes(originals, pieces) },
      damagedBytes(pieces, pieces, 8),
    ),
  ),
  ending: endings,
  wantsMarker: fc.boolean(),
});

test("one observation, in time, plain, and ok only for what is", async () => {
  let script: { pieces: Buffer[]; ending: Ending } = { pieces: [], ending: "end" };
  let poured = 0;
  await using server = await startRawServer((socket) => {
    const { pieces: parts, ending } = script;
    socket.setNoDelay(true);
    for (const part of parts) socket.write(part);
    if (ending === "end") socket.end();
    if (ending === "reset") socket.resetAndDestroy();
    if (ending === "pour") {
      const drop = Buffer.alloc(16_384, "p");
      const pour = (): void => {
        while (!socket.destroyed && socket.write(drop)) poured += drop.length;
      };
      socket.on("drain", pour);
      pour();
    }
  });
  const seen: Record<Sighting["kind"], number> = { ok: 0, failed: 0, inconclusive: 0 };
  await fc.assert(
    fc.asyncProperty(answers, async ({ wantsMarker, ...answer }) => {
      script = answer;
      poured = 0;
      const timeoutMs = 60;
      const url = `http://a.example.com:${server.port}/`;
      const check = { ...httpCheck({ url, contains: wantsMarker ? marker : undefined }), timeoutMs };
      const address = { text: "127.0.0.1", family: "ipv4", scope: "private" } as const;
      const observation = await probeHttp(check, address, { clock: systemClock, timeoutMs });
      seen[observation.kind] += 1;
      assert.equal(plain(observation.detail), observation.detail);
      assert.doesNotMatch(observation.detail, /internal error|undefined/);
      if (observation.kind === "inconclusive") assert.equal(observation.reason, "late", observation.detail);
      const sent = Buffer.concat(answer.pieces).toString("latin1");
      if (observation.kind === "ok") {
        assert.match(sent, /HTTP\/\d\.\d 200/);
        // Chunked bodies have borders in them.
        if (wantsMarker) assert.match(sent.replaceAll(/\r?\n[0-9a-f]+[^\n]*\r?\n/gi, ""), /MARK/);
      }
      assert.ok(poured < 16 * 2 ** 20, `${poured} bytes were taken in`);
    }),
    { numRuns: propertyRuns(400) },
  );
  await until("all connections are closed", () => server.open === 0);
  assert.ok(seen.ok > 20 && seen.failed > 20, JSON.stringify(seen));
});
