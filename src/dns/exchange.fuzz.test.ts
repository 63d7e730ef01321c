// Whatever a DNS server sends, over UDP and TCP: every question gets its reply in time, and what counts as an answer is
// one.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { damagedBytes, inPieces } from "../../test/support/damage.ts";
import { propertyRuns } from "../../test/support/property-runs.ts";
import { until } from "../../test/support/raw-server.ts";
import {
  a,
  aaaa,
  answerTo,
  cname,
  framed,
  isTruncated,
  soa,
  startScriptedDns,
  type Parts,
  type ScriptedDns,
} from "../../test/support/scripted-dns.ts";
import { systemClock } from "../runtime/node/clock.ts";
import { parseIp } from "../lib/ip.ts";
import { plain } from "../lib/text.ts";
import { askForAddresses, type ServerAnswers } from "./ask.ts";
import { createExchange } from "./exchange.ts";
import { writeQuestion } from "./wire.ts";

const host = "cable.example.com";

/** Good answers to any question; id and question are filled in when it comes. */
const good: readonly Parts[] = [
  { answers: [a(host, "192.0.2.1"), a(host, "192.0.2.2", 300), aaaa(host, "2001:db8::1")] },
  { answers: [cname(host, "x.example.net"), a("x.example.net", "192.0.2.3"), aaaa("x.example.net", "2001:db8::3")] },
  { answers: [cname(host, "x.example.net")], authorities: [soa("example.net")] },
  { rcode: 3, authorities: [soa("example.com")] },
  { rcode: 2 },
  {},
];

/** As `answerTo`, for a question that is unknown: the id is 0, and is written over. */
function templatesOf(answers: readonly Parts[]): readonly Buffer[] {
  return (["A", "AAAA"] as const).flatMap((type) => {
    const question = writeQuestion(0, { name: host, type }, { isRecursive: true, isExtended: true });
    return answers.map((parts) => answerTo(question, parts));
  });
}

const templates = templatesOf(good);
/** Those that say which addresses there are, or that there are none. */
const conclusive = templatesOf(good.slice(0, 4));

const bytes = (...values: number[]): Buffer => Buffer.from(values);
const pieces = [
  // Pointers: to themselves, to each other, to the header, ahead, to the end.
  bytes(0xc0, 0x0c),
  bytes(0xc0, 0x00),
  bytes(0xc0, 0x0e, 0xc0, 0x0c),
  bytes(0xff, 0xff),
  // Labels of forbidden length, and odd letters.
  bytes(0x80, 0x40, 0x7f),
  bytes(0x05, 0x1b, 0x5b, 0x32, 0x4a, 0x2e),
  bytes(0x00),
  // Types and lengths.
  bytes(0, 1, 0, 1, 0xff, 0xff, 0xff, 0xff, 0, 4),
  bytes(0, 28, 0, 1, 0, 0, 0, 60, 0, 16),
  bytes(0, 5, 0, 1, 0, 0, 0, 60, 0xff, 0xff),
  bytes(0, 41, 4, 208, 1, 0, 0, 0, 0, 0),
  Buffer.alloc(2_000, 0xc0),
];

/** Most damage leaves no answer, so that many packets have none. */
const packet = fc.oneof(
  fc.constantFrom(...templates),
  fc.constantFrom(...conclusive),
  damagedBytes(templates, pieces, 3),
);
/** Whether the id is that of the question; forgers have to guess it. */
const aimed = fc.tuple(
  packet,
  fc.boolean().map((isForged) => !isForged || undefined),
);
type Aimed = readonly [packet: Buffer, isRightId: true | undefined];

const scripts = fc.record({
  udp: fc.array(aimed, { minLength: 1, maxLength: 3 }),
  isTruncated: fc.boolean(),
  tcp: inPieces(
    fc.tuple(packet, fc.constantFrom(0, 0, 0, 1, -1, 20_000)).map(([message, lie]) => {
      const stream = framed(message);
      stream.writeUInt16BE(Math.max(0, Math.min(65_535, message.length + lie)));
      return stream;
    }),
  ),
});

/** The packet as an answer to this query, its question in the same upper and lower case. */
function withIdOf(query: Buffer, message: Buffer, isRight: boolean): Buffer {
  const copy = Buffer.from(message);
  const asked = query.subarray(12, query.indexOf(0, 12));
  const repeated = copy.subarray(12, 12 + asked.length);
  if (repeated.toString("latin1").toLowerCase() === asked.toString("latin1").toLowerCase()) asked.copy(repeated);
  if (copy.length >= 2) copy.writeUInt16BE(query.readUInt16BE(0) ^ (isRight ? 0 : 1), 0);
  return copy;
}

test("every question is replied to in time, with addresses that are some, and forged ids count for nothing", async () => {
  let script: { udp: readonly Aimed[]; isTruncated: boolean; tcp: readonly Buffer[] } = {
    udp: [],
    isTruncated: false,
    tcp: [],
  };
  await using server: ScriptedDns = await startScriptedDns(({ transport, query }) => {
    if (transport === "tcp") {
      const [first, ...rest] = script.tcp;
      if (first !== undefined && first.length >= 4) first.writeUInt16BE(query.readUInt16BE(0), 2);
      return { stream: first === undefined ? [] : [first, ...rest] };
    }
    if (script.isTruncated) return [answerTo(query, {}, isTruncated)];
    return script.udp.map(([message, isRightId]) => withIdOf(query, message, isRightId === true));
  });
  const exchange = createExchange(systemClock);
  const seen = { addresses: 0, absent: 0, unknown: 0 };
  await fc.assert(
    fc.asyncProperty(scripts, async (next) => {
      script = next;
      const startedMs = systemClock.nowMs();
      const answers: ServerAnswers = await askForAddresses({
        exchange,
        clock: systemClock,
        server: server.address,
        host,
        deadlineMs: startedMs + 40,
        signal: new AbortController().signal,
      });
      for (const family of ["ipv4", "ipv6"] as const) {
        const answer = answers[family];
        seen[answer.kind] += 1;
        if (answer.kind === "unknown") assert.equal(plain(answer.detail), answer.detail);
        if (answer.kind === "addresses") {
          assert.ok(answer.addresses.length > 0);
          for (const address of answer.addresses) assert.deepEqual(parseIp(address.text), address);
          assert.ok(answer.addresses.every((address) => address.family === family));
        }
        if (answer.kind !== "unknown") {
          const { ttlSeconds = 0 } = answer;
          assert.ok(Number.isInteger(ttlSeconds) && ttlSeconds >= 0 && ttlSeconds < 2 ** 31, `${ttlSeconds}`);
          assert.ok(next.isTruncated || next.udp.some(([, isRightId]) => isRightId), "only forged ones were sent");
        }
      }
    }),
    // So many that chance, and a busy machine, leave enough of each kind.
    { numRuns: propertyRuns(250) },
  );
  await until("all connections are closed", () => server.openConnections === 0);
  for (const [kind, count] of Object.entries(seen)) assert.ok(count > 5, `${kind}: ${count}`);
});
