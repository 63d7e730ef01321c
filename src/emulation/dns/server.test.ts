// The DNS server on the wire: as c-ares, `dig` and plain packets see it, and as a resolver that misbehaves.
import { decode, encode, type DecodedPacket, type Packet } from "dns-packet";
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createSocket } from "node:dgram";
import { Resolver } from "node:dns/promises";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { freePort } from "../../../test/support/ports.ts";
import { requireProgram } from "../../../test/support/programs.ts";
import { setImmediate as setImmediatePromise } from "node:timers/promises";
import { promisify } from "node:util";
import fc from "fast-check";
import { propertyRuns } from "../../../test/support/property-runs.ts";
import { startCloudflare } from "../cloudflare/server.ts";
import { startDns, type DnsFault, type DnsServer } from "./server.ts";
import { FixedZones } from "./zones.ts";

const run = promisify(execFile);

const many = Array.from({ length: 40 }, (_, index) => ({
  type: "A",
  name: "many.example.com",
  content: `203.0.113.${index + 1}`,
}));
const source = new FixedZones({
  "example.com": [
    { type: "A", name: "www.example.com", content: "203.0.113.1" },
    { type: "AAAA", name: "www.example.com", content: "2001:db8::1" },
    { type: "CNAME", name: "alias.example.com", content: "www.example.com" },
    { type: "TXT", name: "www.example.com", content: "hello" },
    { type: "MX", name: "www.example.com", content: "mx.example.net", priority: 10 },
    ...many,
  ],
});

function resolverOf(dns: DnsServer, options: { timeout?: number; tries?: number } = {}): Resolver {
  const resolver = new Resolver({ timeout: 2000, tries: 2, ...options });
  resolver.setServers([dns.address]);
  return resolver;
}

/** Sends bytes over UDP and resolves to the next answer, or to "silence" after `patienceMs`. */
async function sendUdp(dns: DnsServer, message: Buffer, patienceMs = 5000): Promise<Buffer | "silence"> {
  const socket = createSocket("udp4");
  try {
    socket.send(message, dns.port, "127.0.0.1");
    const [reply] = (await once(socket, "message", { signal: AbortSignal.timeout(patienceMs) })) as [Buffer];
    return reply;
  } catch {
    return "silence";
  } finally {
    socket.close();
  }
}

/** Sends packets over one TCP connection and resolves to as many answers. */
async function askTcp(dns: DnsServer, packets: readonly Packet[]): Promise<DecodedPacket[]> {
  const socket = connect(dns.port, "127.0.0.1");
  const messages = packets.map((packet) => {
    const bytes = encode(packet);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(bytes.length);
    return Buffer.concat([length, bytes]);
  });
  // In two pieces that fit no message: TCP keeps no borders.
  const all = Buffer.concat(messages);
  socket.write(all.subarray(0, 5));
  setImmediate(() => socket.write(all.subarray(5)));
  const replies: DecodedPacket[] = [];
  let pending: Buffer = Buffer.alloc(0);
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const end = 2 + pending.readUInt16BE(0);
      replies.push(decode(pending.subarray(2, end)));
      pending = pending.subarray(end);
    }
    if (replies.length === packets.length) break;
  }
  socket.destroy();
  return replies;
}

function question(name: string, type: "A" | "AAAA" | "TXT" = "A", more: Partial<Packet> = {}): Packet {
  return { type: "query", id: 4711, flags: 0, questions: [{ name, type }], ...more };
}

async function askUdp(dns: DnsServer, packet: Packet): Promise<DecodedPacket> {
  const reply = await sendUdp(dns, encode(packet));
  assert.notEqual(reply, "silence");
  return decode(reply as Buffer);
}

/** The low four bits of the flags: 0 NOERROR, 1 FORMERR, 2 SERVFAIL, 3 NXDOMAIN, 4 NOTIMP, 5 REFUSED. */
function rcodeOf(packet: DecodedPacket): number {
  return (packet.flags ?? 0) & 0xf;
}

test("c-ares resolves every type, follows aliases and tells the two kinds of no apart", async () => {
  await using dns = await startDns({ source });
  const resolver = resolverOf(dns);
  assert.deepEqual(await resolver.resolve4("alias.example.com", { ttl: true }), [{ address: "203.0.113.1", ttl: 60 }]);
  assert.deepEqual(await resolver.resolve6("www.example.com"), ["2001:db8::1"]);
  assert.deepEqual(await resolver.resolveCname("alias.example.com"), ["www.example.com"]);
  assert.deepEqual(await resolver.resolveTxt("www.example.com"), [["hello"]]);
  const [mx] = await resolver.resolveMx("www.example.com");
  assert.deepEqual([mx?.exchange, mx?.priority], ["mx.example.net", 10]);
  assert.deepEqual(await resolver.resolveNs("example.com"), ["ns.example.com"]);
  assert.equal((await resolver.resolveSoa("example.com")).minttl, 1800);
  await assert.rejects(resolver.resolve4("gone.example.com"), { code: "ENOTFOUND" });
  await assert.rejects(resolver.resolveMx("many.example.com"), { code: "ENODATA" });
  await assert.rejects(resolver.resolve4("www.example.net"), { code: "EREFUSED" });
});

test("an answer that is too large for UDP comes over TCP", async () => {
  await using dns = await startDns({ source });
  const addresses = await resolverOf(dns).resolve4("many.example.com");
  assert.equal(addresses.length, 40);
  assert.ok(dns.counts.udp >= 1 && dns.counts.tcp === 1, JSON.stringify(dns.counts));
  const small = await askUdp(dns, question("many.example.com"));
  assert.deepEqual([small.flag_tc, small.answers?.length], [true, 0]);
});

test("EDNS is answered with EDNS, and its size is respected", async () => {
  await using dns = await startDns({ source });
  const opt = (udpPayloadSize: number): Partial<Packet> => ({
    additionals: [
      {
        type: "OPT",
        name: ".",
        udpPayloadSize,
        extendedRcode: 0,
        ednsVersion: 0,
        flags: 0,
        flag_do: false,
        options: [],
      },
    ],
  });
  // 34 bytes of header and question, 32 for each address, 11 for EDNS: 14 addresses fit into 512 bytes, 15 do not.
  const zone = (count: number): FixedZones => new FixedZones({ "example.com": many.slice(0, count) });
  await using fitting = await startDns({ source: zone(14) });
  await using tooMany = await startDns({ source: zone(15) });
  assert.equal((await askUdp(fitting, question("many.example.com"))).flag_tc, false);
  assert.equal((await askUdp(fitting, question("many.example.com", "A", opt(100)))).flag_tc, false);
  assert.equal((await askUdp(tooMany, question("many.example.com"))).flag_tc, true);
  await using small = await startDns({ source: zone(20) });
  assert.equal((await askUdp(small, question("many.example.com"))).flag_tc, true);
  const large = await askUdp(small, question("many.example.com", "A", opt(1232)));
  assert.deepEqual([large.flag_tc, large.answers?.length, large.additionals?.[0]?.type], [false, 20, "OPT"]);
  assert.equal((await askUdp(small, question("many.example.com", "A", opt(100)))).flag_tc, true);
  assert.equal((await askUdp(dns, question("many.example.com", "A", opt(65_535)))).flag_tc, true);
  assert.deepEqual((await askUdp(dns, question("www.example.com"))).additionals, []);
});

test("question, id and the wish for recursion come back as they were sent, capitals and all", async () => {
  await using dns = await startDns({ source });
  const reply = await askUdp(dns, question("wWw.exAMPLE.com", "A", { flags: 0x100 }));
  assert.deepEqual([reply.id, reply.flag_rd, reply.flag_ra, reply.flag_aa], [4711, true, false, true]);
  assert.deepEqual(reply.questions, [{ name: "wWw.exAMPLE.com", type: "A", class: "IN" }]);
  assert.equal(reply.answers?.[0]?.name, "wWw.exAMPLE.com");
  assert.deepEqual(
    dns.queries.map(({ name, type, transport }) => [name, type, transport]),
    [["www.example.com", "A", "udp"]],
  );
});

test("one TCP connection carries several queries, in pieces of any size", async () => {
  await using dns = await startDns({ source });
  const replies = await askTcp(dns, [
    question("www.example.com"),
    question("gone.example.com"),
    question("many.example.com"),
  ]);
  assert.deepEqual(
    replies.map((reply) => [rcodeOf(reply), reply.answers?.length]),
    [
      [0, 1],
      [3, 0],
      [0, 40],
    ],
  );
});

test("an unknown type is answered as a type that is not there", async () => {
  await using dns = await startDns({ source });
  const query = encode(question("www.example.com"));
  query.writeUInt16BE(65_280, query.length - 4);
  const reply = await sendUdp(dns, query);
  assert.ok(reply !== "silence");
  assert.deepEqual([rcodeOf(decode(reply)), reply.readUInt16BE(query.length - 4)], [0, 65_280]);
});

test("garbage gets FORMERR or nothing, other operations NOTIMP, other classes REFUSED; it goes on working", async () => {
  await using dns = await startDns({ source });
  const query = encode(question("www.example.com"));
  const answerTo = async (bytes: Buffer, patienceMs?: number): Promise<number | "silence"> => {
    const reply = await sendUdp(dns, bytes, patienceMs);
    return reply === "silence" ? reply : reply.readUInt16BE(2) & 0xf;
  };
  const changed = (offset: number, value: number): Buffer => {
    const copy = Buffer.from(query);
    copy.writeUInt16BE(value, offset);
    return copy;
  };
  assert.equal(await answerTo(query.subarray(0, 20)), 1, "the question breaks off");
  assert.equal(await answerTo(changed(4, 2)), 1, "two questions");
  assert.equal(await answerTo(changed(4, 0)), 1, "no question");
  assert.equal(await answerTo(changed(12, 0xc00c)), 1, "a name that points at itself");
  const pointing = Buffer.from("000000000001000000000000c00000010001", "hex");
  assert.equal(await answerTo(pointing), 1, "a name that points into the header");
  assert.equal(await answerTo(changed(2, 0x2800)), 4, "an update");
  assert.equal(await answerTo(changed(query.length - 2, 3)), 5, "class CHAOS");
  assert.equal(await answerTo(changed(2, 0x8000), 200), "silence", "an answer is not answered");
  assert.equal(await answerTo(Buffer.from("hi"), 200), "silence");
  assert.equal(await answerTo(query), 0);
});

test("no bytes whatever end the server", async () => {
  await using dns = await startDns({ source });
  const query = encode(question("www.example.com"));
  const damaged = fc.tuple(fc.nat(query.length - 1), fc.nat(255)).map(([offset, value]) => {
    const copy = Buffer.from(query);
    copy[offset] = value;
    return copy;
  });
  const anything = fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes));
  const socket = createSocket("udp4");
  await fc.assert(
    fc.asyncProperty(fc.oneof(damaged, anything), async (bytes) => {
      const seen = dns.counts.udp;
      await promisify((done: (error: Error | null) => void) => socket.send(bytes, dns.port, "127.0.0.1", done))();
      // One at a time: the kernel drops what does not fit its buffer.
      while (dns.counts.udp === seen) await setImmediatePromise();
    }),
    { numRuns: propertyRuns(500) },
  );
  socket.close();
  assert.equal(rcodeOf(await askUdp(dns, question("www.example.com"))), 0);
});

// As a resolver that misbehaves

const faults: readonly (readonly [fault: DnsFault, error: string])[] = [
  [{ kind: "servfail" }, "ESERVFAIL"],
  [{ kind: "refused" }, "EREFUSED"],
  [{ kind: "nxdomain" }, "ENOTFOUND"],
  [{ kind: "no-data" }, "ENODATA"],
  [{ kind: "silent" }, "ETIMEOUT"],
  [{ kind: "wrong-id" }, "ETIMEOUT"],
  [{ kind: "wrong-question" }, "ETIMEOUT"],
];

for (const [fault, code] of faults) {
  test(`a resolver that is ${fault.kind}: c-ares says ${code}`, async () => {
    await using dns = await startDns({ source });
    dns.faults.always(fault, ({ name }) => name === "www.example.com");
    await assert.rejects(
      resolverOf(dns, { timeout: code === "ETIMEOUT" ? 100 : 5000, tries: 1 }).resolve4("www.example.com"),
      { code },
    );
    assert.equal((await resolverOf(dns).resolve4("many.example.com")).length, 40, "other names are spared");
    dns.faults.clear();
    assert.deepEqual(await resolverOf(dns).resolve4("www.example.com"), ["203.0.113.1"]);
  });
}

test("a malformed answer promises records and breaks off", async () => {
  await using dns = await startDns({ source });
  dns.faults.next({ kind: "malformed" });
  const reply = await sendUdp(dns, encode(question("www.example.com")));
  assert.ok(reply !== "silence" && reply.readUInt16BE(6) === 1);
  assert.throws(() => decode(reply));
});

test("an answer may say truncated for no reason; over TCP it is whole", async () => {
  await using dns = await startDns({ source });
  dns.faults.always({ kind: "truncated" });
  assert.deepEqual(await resolverOf(dns).resolve4("www.example.com"), ["203.0.113.1"]);
  assert.equal(dns.counts.tcp, 1);
});

test("an answer may come late, and an aim may be the transport", async () => {
  await using dns = await startDns({ source });
  dns.faults.next({ kind: "delay", delayMs: 100 });
  assert.equal(await sendUdp(dns, encode(question("www.example.com")), 20), "silence");
  dns.faults.always({ kind: "servfail" }, ({ transport }) => transport === "tcp");
  assert.equal(rcodeOf(await askUdp(dns, question("www.example.com"))), 0);
  assert.deepEqual((await askTcp(dns, [question("www.example.com")])).map(rcodeOf), [2]);
});

// With the emulated Cloudflare behind it

test("a change at the emulated Cloudflare is seen by the next question", async () => {
  const record = { type: "A", name: "www.example.com", content: "203.0.113.1", ttl: 60 };
  await using cf = await startCloudflare({ zones: [{ name: "example.com", records: [record] }] });
  await using dns = await startDns({ source: cf });
  const resolver = resolverOf(dns);
  assert.deepEqual(await resolver.resolve4("www.example.com"), ["203.0.113.1"]);
  cf.hand.edit(cf.recordsAt("www.example.com")[0]?.id ?? "", { content: "203.0.113.2" });
  assert.deepEqual(await resolver.resolve4("www.example.com"), ["203.0.113.2"]);
  assert.equal((await resolver.resolveSoa("example.com")).nsname, "ada.ns.cloudflare.com");
});

test("UDP and TCP share a port, on IPv6 too, and both are free again afterwards", async () => {
  const dns = await startDns({ source, host: "::1", port: await freePort("::1") });
  assert.match(dns.address, /^\[::1\]:\d+$/);
  assert.deepEqual(await resolverOf(dns).resolve4("www.example.com"), ["203.0.113.1"]);
  await assert.rejects(startDns({ source, host: "::1", port: dns.port }), { code: "EADDRINUSE" });
  await dns[Symbol.asyncDispose]();
  await using again = await startDns({ source, host: "::1", port: dns.port });
  assert.equal(again.port, dns.port);
});

test("a port that is taken for UDP alone is refused, and left free for TCP", async () => {
  const taken = createSocket("udp4");
  const port = await freePort();
  taken.bind(port, "127.0.0.1");
  await once(taken, "listening");
  await assert.rejects(startDns({ source, port }), { code: "EADDRINUSE" });
  taken.close();
  await once(taken, "close");
  await using dns = await startDns({ source, port });
  assert.equal(dns.port, port);
});

test("dig likes it, over UDP and TCP", async (t) => {
  const program = requireProgram(t, "dig");
  if (program === undefined) return;
  await using dns = await startDns({ source });
  const dig = async (...more: string[]): Promise<string> =>
    (await run(program, ["@127.0.0.1", "-p", String(dns.port), "+norecurse", "+tries=1", ...more])).stdout;
  assert.equal(await dig("+short", "Alias.example.com"), "www.example.com.\n203.0.113.1\n");
  assert.equal(await dig("+short", "+tcp", "www.example.com", "AAAA"), "2001:db8::1\n");
  assert.equal(await dig("+short", "www.example.com", "TXT"), '"hello"\n');
  assert.equal((await dig("+short", "many.example.com")).trim().split("\n").length, 40);
  const gone = await dig("gone.example.com");
  assert.match(gone, /status: NXDOMAIN[^]*flags: qr aa;[^]*example\.com\.\s+1800\s+IN\s+SOA/);
  assert.doesNotMatch(gone, /WARNING|malformed/i);
  assert.match(await dig("+bufsize=512", "+ignore", "many.example.com"), /flags: qr aa tc;/);
});
