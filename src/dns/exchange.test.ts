import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { describe, test } from "node:test";
import { decode, encode } from "dns-packet";
import fc from "fast-check";
import { closedAuthority } from "../../test/support/ports.ts";
import { propertyRuns } from "../../test/support/property-runs.ts";
import { startRawServer, until } from "../../test/support/raw-server.ts";
import {
  a,
  aaaa,
  answerTo,
  cname,
  isAuthoritative,
  isTruncated,
  rcodes,
  soa,
  startScriptedDns,
  type Script,
} from "../../test/support/scripted-dns.ts";
import { systemClock } from "../runtime/node/clock.ts";
import { createExchange, parseServer, type ExchangeOptions, type Reply } from "./exchange.ts";
import { isAskable, readAnswer, writeQuestion, type Question } from "./wire.ts";

const exchange = createExchange(systemClock);
const name = "cable.example.com";

/** Asks a server that answers by `script` for the A records of cable.example.com. */
async function ask(script: Script, options: Partial<ExchangeOptions> = {}): Promise<{ reply: Reply; asked: string[] }> {
  await using server = await startScriptedDns(script);
  const reply = await exchange(
    server.address,
    { name, type: "A" },
    { timeoutMs: 2_000, isRecursive: true, ...options },
  );
  return { reply, asked: server.asked };
}

const valid = { answers: [a(name, "192.0.2.1")] };
const answered = (reply: Reply): string[] =>
  reply.kind === "answered" ? reply.answers.map(({ data }) => data) : [`${reply.kind}: ${reply.detail}`];

describe("one question to one server", () => {
  test("is answered over UDP", async () => {
    const { reply, asked } = await ask(() => ({
      answers: [cname(name, "Real.Example.NET", 30), a("real.example.net", "192.0.2.1")],
    }));
    assert.deepEqual(reply, {
      kind: "answered",
      rcode: "NOERROR",
      isAuthoritative: false,
      isReferral: false,
      answers: [
        { name, type: "CNAME", ttlSeconds: 30, data: "real.example.net" },
        { name: "real.example.net", type: "A", ttlSeconds: 60, data: "192.0.2.1" },
      ],
    });
    assert.deepEqual(asked, [`A ${name}`]);
  });

  test("goes over IPv6 as well", async () => {
    await using server = await startScriptedDns(() => valid, "::1");
    const reply = await exchange(server.address, { name, type: "A" }, { timeoutMs: 2_000, isRecursive: true });
    assert.deepEqual(answered(reply), ["192.0.2.1"]);
  });

  test("carries the wish for recursion and the size that fits", async () => {
    const queries: Buffer[] = [];
    const keep: Script = ({ query }) => {
      queries.push(query);
      return valid;
    };
    await ask(keep);
    await ask(keep, { isRecursive: false });
    const [resolver, authoritative] = queries.map((query) => decode(query));
    assert.equal(resolver?.flag_rd, true);
    assert.equal(authoritative?.flag_rd, false);
    const [opt] = resolver?.additionals ?? [];
    assert.equal(opt?.type === "OPT" && opt.udpPayloadSize, 1_232);
  });

  test("is put from another port with another id each time", async () => {
    const ids = new Set<number>();
    for (let count = 0; count < 20; count += 1) {
      await ask(({ query }) => {
        ids.add(query.readUInt16BE(0));
        return valid;
      });
    }
    assert.ok(ids.size > 15, `${ids.size} different ids of 20`);
  });

  test("is asked again when the first packet is lost", async () => {
    let count = 0;
    const { reply } = await ask(() => ((count += 1) === 1 ? undefined : valid), { timeoutMs: 600 });
    assert.deepEqual(answered(reply), ["192.0.2.1"]);
    assert.equal(count, 2);
  });

  test("ends silent at the deadline", async () => {
    const { reply, asked } = await ask(() => undefined, { timeoutMs: 150 });
    assert.deepEqual(reply, { kind: "silent", detail: "did not answer" });
    assert.ok(asked.length >= 1 && asked.length <= 4, `asked ${asked.length} times`);
  });

  test("ends at once when nobody listens there", async () => {
    const address = await closedAuthority();
    const reply = await exchange(address, { name, type: "A" }, { timeoutMs: 60_000, isRecursive: true });
    assert.deepEqual(reply, { kind: "silent", detail: "refused the connection" });
  });

  test("ends at once when it is aborted", async () => {
    const stop = new AbortController();
    const { reply } = await ask(
      () => {
        stop.abort();
        return undefined;
      },
      { signal: stop.signal, timeoutMs: 60_000 },
    );
    assert.equal(reply.kind, "silent");
    assert.equal((await ask(() => valid, { signal: AbortSignal.abort() })).asked.length, 0);
  });

  test("that cannot leave this machine is a local trouble", async () => {
    const reply = await exchange("255.255.255.255", { name, type: "A" }, { timeoutMs: 2_000, isRecursive: true });
    assert.equal(reply.kind, "local");
  });

  test("is asked without EDNS when the server does not understand it", async () => {
    const { reply, asked } = await ask(({ query }) =>
      (decode(query).additionals ?? []).length > 0 ? { rcode: rcodes.formerr } : valid,
    );
    assert.deepEqual(answered(reply), ["192.0.2.1"]);
    assert.equal(asked.length, 2);
  });

  test("is refused when the name cannot be written", async () => {
    const question: Question = { name: `${"x".repeat(64)}.example.com`, type: "A" };
    await assert.rejects(exchange("127.0.0.1", question, { timeoutMs: 1, isRecursive: true }), /not a DNS name/);
  });
});

/** The same message with every letter of its question in the other case. */
function otherCase(message: Buffer): Buffer {
  const copy = Buffer.from(message);
  for (let at = 12; copy.readUInt8(at) !== 0; at += 1) {
    if (/[a-z]/i.test(String.fromCharCode(copy.readUInt8(at)))) copy.writeUInt8(copy.readUInt8(at) ^ 0x20, at);
  }
  return copy;
}

/** An answer with `chain` pointers, each to the one before, and `records` records whose names begin at the last one. */
function withPointers(query: Buffer, chain: number, firstTarget: number, records: number): Buffer {
  const start = answerTo(query, {});
  start.writeUInt16BE(records + 1, 6);
  // The chain lies in the data of a NULL record, whose name is the root.
  const holder = Buffer.from([0, 0, 10, 0, 1, 0, 0, 0, 60, 0, 0]);
  holder.writeUInt16BE(2 * chain, 9);
  const pointers = Buffer.alloc(2 * chain);
  const at = (index: number): number => start.length + holder.length + 2 * index;
  for (let index = 0; index < chain; index += 1) {
    pointers.writeUInt16BE(0xc000 | (index === 0 ? firstTarget : at(index - 1)), 2 * index);
  }
  const record = Buffer.from([0xc0, 0, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 203, 0, 113, 66]);
  record.writeUInt16BE(0xc000 | at(chain - 1), 0);
  return Buffer.concat([start, holder, pointers, ...Array.from({ length: records }, () => record)]);
}

describe("what a forger cannot know", () => {
  test("is the case of the letters, by chance each time", async () => {
    const spellings = new Set<string>();
    for (let count = 0; count < 10; count += 1) {
      await ask(({ query }) => {
        spellings.add(decode(query).questions?.[0]?.name ?? "");
        return valid;
      });
    }
    assert.ok(spellings.size > 7, `${spellings.size} different spellings of 10`);
    assert.ok(spellings.values().every((spelling) => spelling.toLowerCase() === name));
  });

  test("an answer in another case is not believed, but asked for over TCP", async () => {
    const { reply, asked } = await ask(({ query, transport }) =>
      transport === "udp" ? [otherCase(answerTo(query, { answers: [a(name, "203.0.113.66")] }))] : valid,
    );
    assert.deepEqual(answered(reply), ["192.0.2.1"]);
    assert.deepEqual(asked, [`A ${name}`, `A ${name} over TCP`]);
  });

  test("a server that repeats names in lower case, over UDP alone, is asked in lower case", async () => {
    const { reply, asked } = await ask(({ query, transport }) => {
      if (transport === "tcp") return { stream: [Buffer.from([0, 0])] };
      const lower = decode(query).questions?.map((question) => ({ ...question, name: name.toUpperCase() })) ?? [];
      return [
        encode({ ...decode(query), type: "response", flags: 0x0180, questions: lower, ...valid, additionals: [] }),
      ];
    });
    assert.deepEqual(answered(reply), ["192.0.2.1"]);
    assert.deepEqual(asked, [`A ${name}`, `A ${name} over TCP`, `A ${name}`]);
  });

  test("one who keeps guessing is counted, and the question goes over TCP", async () => {
    const { reply, asked } = await ask(({ query, transport }) => {
      if (transport === "tcp") return valid;
      const guess = (shift: number): Buffer => {
        const answer = answerTo(query, { answers: [a(name, "203.0.113.66")] });
        answer.writeUInt16BE((query.readUInt16BE(0) + shift) % 2 ** 16, 0);
        return answer;
      };
      return Array.from({ length: 40 }, (_, index) => guess(index + 1));
    });
    assert.deepEqual(answered(reply), ["192.0.2.1"]);
    assert.deepEqual(asked, [`A ${name}`, `A ${name} over TCP`]);
  });

  test("an answer made to take long is not decoded, nor one to another question", () => {
    const query = writeQuestion(7, { name, type: "A" }, { isRecursive: true, isExtended: true });
    const honest = answerTo(query, { answers: Array.from({ length: 400 }, (_, at) => a(name, `192.0.2.${at % 250}`)) });
    const costly = withPointers(query, 3_500, 12, 480);
    assert.ok(costly.length < 16_384);
    const otherQuestion = Buffer.from(costly);
    otherQuestion.write("d", 13);
    const read = (message: Buffer): ReturnType<typeof readAnswer> => readAnswer(message, query, { isCaseExact: true });
    assert.equal(typeof read(honest), "object");
    assert.equal(read(costly), undefined);
    assert.equal(read(otherQuestion), undefined);
    // Decoded, it takes about a hundred times what the honest one does.
    const spentMs = (message: Buffer): number => {
      const startedMs = systemClock.nowMs();
      for (let round = 0; round < 20; round += 1) read(message);
      return systemClock.nowMs() - startedMs;
    };
    assert.ok(spentMs(costly) < 5 * spentMs(honest) + 5);
  });
});

describe("what is not a valid answer to the question is passed over:", () => {
  const forged: Record<string, (query: Buffer) => Buffer> = {
    "another id": (query) => {
      const answer = answerTo(query, { answers: [a(name, "203.0.113.66")] });
      answer.writeUInt16BE(query.readUInt16BE(0) ^ 1, 0);
      return answer;
    },
    "another name": (query) => {
      const answer = answerTo(query, { answers: [a(name, "203.0.113.66")] });
      answer.write("d", 13);
      return answer;
    },
    "another type": (query) =>
      encode({ ...decode(query), type: "response", flags: 0, questions: [{ name, type: "AAAA" }], additionals: [] }),
    "two questions": (query) =>
      encode({
        ...decode(query),
        type: "response",
        flags: 0,
        questions: [
          { name, type: "A" },
          { name, type: "A" },
        ],
        additionals: [],
      }),
    "no question": (query) =>
      encode({ type: "response", id: query.readUInt16BE(0), answers: [a(name, "203.0.113.66")] }),
    "the query itself": (query) => query,
    "a torn record": (query) => answerTo(query, { answers: [a(name, "203.0.113.66")] }).subarray(0, -2),
    "a name in another case and a wrong id": (query) => {
      const answer = answerTo(query, { answers: [a(name, "203.0.113.66")] });
      answer.writeUInt16BE(query.readUInt16BE(0) ^ 1, 0);
      return otherCase(answer);
    },
    "pointers to pointers to pointers": (query) => withPointers(query, 3_000, 12, 1),
    "more records than anybody has": (query) => {
      const answers = Array.from({ length: 600 }, () => a(name, "203.0.113.66"));
      return answerTo(query, { answers }).subarray(0, 16_000);
    },
    "a header alone": (query) => answerTo(query, {}).subarray(0, 12),
    nothing: () => Buffer.alloc(0),
    noise: (query) => Buffer.concat([query.subarray(0, 2), Buffer.from([0x81, 0x80]), Buffer.alloc(500, 0xff)]),
    "far too much": (query) =>
      Buffer.concat([answerTo(query, { answers: [a(name, "203.0.113.66")] }), Buffer.alloc(17_000)]),
  };
  for (const [what, forge] of Object.entries(forged)) {
    test(what, async () => {
      const { reply } = await ask(({ query }) => [forge(query), answerTo(query, valid)]);
      assert.deepEqual(answered(reply), ["192.0.2.1"]);
      const { reply: alone } = await ask(({ query }) => [forge(query)], { timeoutMs: 60 });
      assert.equal(alone.kind, "silent");
    });
  }
});

describe("TCP", () => {
  const tooLong: Script = ({ query, transport }) =>
    transport === "udp" ? [answerTo(query, { answers: [a(name, "203.0.113.66")] }, isTruncated)] : valid;

  test("is used when the answer does not fit", async () => {
    const { reply, asked } = await ask(tooLong);
    assert.deepEqual(answered(reply), ["192.0.2.1"]);
    assert.deepEqual(asked, [`A ${name}`, `A ${name} over TCP`]);
  });

  test("is used even when the truncated answer is torn", async () => {
    const { reply } = await ask((asked) =>
      asked.transport === "udp"
        ? [answerTo(asked.query, { answers: [a(name, "203.0.113.66")] }, isTruncated).subarray(0, -3)]
        : valid,
    );
    assert.deepEqual(answered(reply), ["192.0.2.1"]);
  });

  for (const [what, script, detail] of [
    ["is silent", (): undefined => undefined, /^did not answer$/],
    ["truncates again", ({ query }) => [answerTo(query, valid, isTruncated)], /^sent a truncated answer over TCP$/],
    ["sends nonsense", () => [Buffer.from("SSH-2.0-OpenSSH")], /^sent an invalid answer over TCP$/],
    ["sends far too much", () => [Buffer.alloc(60_000)], /^sent an answer of 60000 bytes$/],
  ] as const satisfies readonly (readonly [string, Script, RegExp])[]) {
    test(`that ${what} is silence`, async () => {
      await using server = await startScriptedDns((asked) =>
        asked.transport === "udp" ? tooLong(asked) : script(asked),
      );
      const reply = await exchange(server.address, { name, type: "A" }, { timeoutMs: 150, isRecursive: true });
      assert.equal(reply.kind, "silent");
      assert.match(reply.kind === "silent" ? reply.detail : "", detail);
      await until("the connection is closed", () => server.openConnections === 0);
    });
  }

  test("that is closed by the server is silence", async () => {
    await using tcp = await startRawServer((socket) => socket.end());
    // The same port: UDP says "truncated", TCP hangs up.
    const udp = createSocket("udp4");
    udp.bind(tcp.port, "127.0.0.1");
    await once(udp, "listening");
    udp.on("message", (query, from) => udp.send(answerTo(query, {}, isTruncated), from.port, from.address));
    const reply = await exchange(`127.0.0.1:${tcp.port}`, { name, type: "A" }, { timeoutMs: 2_000, isRecursive: true });
    udp.close();
    assert.deepEqual(reply, { kind: "silent", detail: "closed the TCP connection without an answer" });
  });
});

describe("an answer is described", () => {
  const describeAnswer = async (script: Script): Promise<Extract<Reply, { kind: "answered" }>> => {
    const { reply } = await ask(script);
    assert.equal(reply.kind, "answered");
    return reply;
  };

  test("by its result code", async () => {
    for (const [rcode, text] of [
      [rcodes.servfail, "SERVFAIL"],
      [rcodes.refused, "REFUSED"],
      [rcodes.nxdomain, "NXDOMAIN"],
    ] as const) {
      assert.equal((await describeAnswer(() => ({ rcode }))).rcode, text);
    }
  });

  test("as an error when the upper bits of the code say so", async () => {
    const reply = await describeAnswer(({ query }) => [
      encode({
        ...decode(query),
        type: "response",
        flags: 0,
        additionals: [
          {
            type: "OPT",
            name: ".",
            udpPayloadSize: 1_232,
            extendedRcode: 1,
            ednsVersion: 0,
            flags: 0,
            flag_do: false,
            options: [],
          },
        ],
      }),
    ]);
    assert.equal(reply.rcode, "BADVERS");
  });

  test("with the zone that vouches for a negative answer, and for how long", async () => {
    const reply = await describeAnswer(() => ({ authorities: [soa("Example.com", 900, 120)] }));
    assert.deepEqual(reply.negative, { zone: "example.com", ttlSeconds: 120 });
  });

  test("as a referral when it only names other servers", async () => {
    const ns = { type: "NS", name: "example.com", data: "ns.example.com", ttl: 60 } as const;
    assert.equal((await describeAnswer(() => ({ authorities: [ns] }))).isReferral, true);
    assert.equal((await describeAnswer(() => ({ authorities: [ns, soa("example.com")] }))).isReferral, false);
    assert.equal(
      (await describeAnswer(({ query }) => [answerTo(query, { authorities: [ns] }, isAuthoritative)])).isReferral,
      false,
    );
  });

  test("with a TTL of zero where its top bit is set", async () => {
    const reply = await describeAnswer(() => ({ answers: [a(name, "192.0.2.1", 2 ** 31)] }));
    assert.equal(reply.answers[0]?.ttlSeconds, 0);
  });

  test("without records of other kinds", async () => {
    const reply = await describeAnswer(() => ({
      answers: [{ type: "TXT", name, data: "hello" }, aaaa(name, "2001:db8::1")],
    }));
    assert.deepEqual(
      reply.answers.map(({ type }) => type),
      ["AAAA"],
    );
  });
});

test("servers are written as ip:port, [ip]:port or an address alone", () => {
  assert.deepEqual(parseServer("192.0.2.1:5353"), { host: "192.0.2.1", port: 5353 });
  assert.deepEqual(parseServer("[2001:db8::1]:5353"), { host: "2001:db8::1", port: 5353 });
  assert.deepEqual(parseServer("192.0.2.1"), { host: "192.0.2.1", port: 53 });
  assert.deepEqual(parseServer("2001:db8::1"), { host: "2001:db8::1", port: 53 });
  for (const text of ["", "dns.example.com", "192.0.2.1:", "192.0.2.1:x", "[192.0.2.1", "2001:db8::1:5353:x"]) {
    assert.throws(() => parseServer(text), /not a DNS server's address/, text);
  }
});

test("names that can be asked for", () => {
  for (const good of ["a", "a.b.", "_ingress.example.com", "xn--bcher-kva.example", `${"x".repeat(63)}.com`]) {
    assert.ok(isAskable(good), good);
  }
  for (const bad of ["", ".", "a..b", ".a", "bücher.example", "a b", `${"x".repeat(64)}.com`, "x.".repeat(127) + "x"]) {
    assert.ok(!isAskable(bad), bad);
  }
});

test("no bytes whatever make reading an answer throw", () => {
  const query = writeQuestion(7, { name, type: "A" }, { isRecursive: true, isExtended: true });
  const good = answerTo(query, {
    answers: [cname(name, "x.example.net"), a("x.example.net", "192.0.2.1")],
    authorities: [soa("example.net")],
  });
  const header = Buffer.from([0, 7, 0x81, 0x80]);
  const bytes = fc.uint8Array({ maxLength: 400 });
  const changes = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 4 });
  const damaged = fc.tuple(changes, fc.constantFrom(0, 0, 1, 20)).map(([places, cut]) => {
    const copy = Buffer.from(good);
    for (const [at, value] of places) copy[at] = value;
    return copy.subarray(0, copy.length - cut);
  });
  let read = 0;
  fc.assert(
    fc.property(
      fc.oneof(
        bytes,
        bytes.map((rest) => Buffer.concat([header, rest])),
        damaged,
      ),
      (message) => {
        const answer = readAnswer(Buffer.from(message), query, { isCaseExact: true });
        if (typeof answer === "object") {
          read += 1;
          assert.ok(answer.answers.every(({ data }) => typeof data === "string"));
        }
      },
    ),
    { numRuns: propertyRuns(3_000) },
  );
  assert.ok(read > 50, `only ${read} of the damaged answers could be read: the generator is too rough`);
});

test("nothing is left open after many exchanges", async () => {
  await using server = await startScriptedDns(({ transport, query }) =>
    transport === "udp" ? [answerTo(query, {}, isTruncated)] : valid,
  );
  const before = process.getActiveResourcesInfo().length;
  for (let round = 0; round < 10; round += 1) {
    const asking = Array.from({ length: 20 }, () =>
      exchange(server.address, { name, type: "A" }, { timeoutMs: 5_000, isRecursive: true }),
    );
    for (const reply of await Promise.all(asking)) assert.deepEqual(answered(reply), ["192.0.2.1"]);
  }
  await until("all connections are closed", () => server.openConnections === 0);
  await until("all resources are released", () => process.getActiveResourcesInfo().length <= before + 1);
});
