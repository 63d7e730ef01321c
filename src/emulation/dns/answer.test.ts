// What the authoritative server says to which question, without packets.
import assert from "node:assert/strict";
import { test } from "node:test";
import { answerQuestion, proxyAddresses, type AnswerOptions, type ServedZone } from "./answer.ts";
import { FixedZones } from "./zones.ts";

const source = new FixedZones({
  "example.com": [
    { type: "CNAME", name: "ingress.example.com", content: "primary.example.com", ttl: 60 },
    { type: "TXT", name: "ingress.example.com", content: '"beside" "the alias"' },
    { type: "MX", name: "ingress.example.com", content: "mx.example.net", priority: 10 },
    { type: "A", name: "primary.example.com", content: "203.0.113.1", ttl: 120 },
    { type: "A", name: "primary.example.com", content: "203.0.113.2", ttl: 120 },
    { type: "AAAA", name: "six.example.com", content: "2001:db8::1", ttl: 1 },
    { type: "CNAME", name: "chain.example.com", content: "ingress.example.com" },
    { type: "CNAME", name: "away.example.com", content: "www.example.net" },
    { type: "CNAME", name: "far.example.com", content: "away.example.com" },
    { type: "CNAME", name: "there.example.com", content: "host.example.org" },
    { type: "CNAME", name: "nowhere.example.com", content: "gone.example.com" },
    { type: "CNAME", name: "loop.example.com", content: "pool.example.com" },
    { type: "CNAME", name: "pool.example.com", content: "loop.example.com" },
    { type: "A", name: "leaf.deep.example.com", content: "203.0.113.3" },
    { type: "CNAME", name: "example.com", content: "primary.example.com" },
    { type: "NS", name: "sub.example.com", content: "ns1.example.net" },
    { type: "A", name: "proxied.example.com", content: "203.0.113.4", proxied: true, ttl: 1 },
    { type: "A", name: "proxied.example.com", content: "203.0.113.5", ttl: 60 },
    { type: "TXT", name: "proxied.example.com", content: "x".repeat(300) },
  ],
  "example.org": [{ type: "A", name: "host.example.org", content: "203.0.113.9" }],
  "wild.example": [
    { type: "CNAME", name: "*.wild.example", content: "ingress.wild.example" },
    { type: "A", name: "ingress.wild.example", content: "203.0.113.20" },
    { type: "TXT", name: "own.wild.example", content: "beside" },
    { type: "A", name: "leaf.deep.wild.example", content: "203.0.113.21" },
  ],
  "low.example.org": [{ type: "CNAME", name: "low.example.org", content: "away.example.com" }],
});

function ask(name: string, type: string, more: Partial<AnswerOptions> = {}, zones = source.zones()): string {
  const options = { isFlattening: false, negativeTtlSeconds: 1800, ...more };
  const { rcode, isAuthoritative, answers, authorities } = answerQuestion(zones, { name, type }, options);
  const lines = answers.map((record) => `${record.name} ${record.ttl} ${record.type} ${JSON.stringify(record.data)}`);
  const says = authorities.map((record) => `${record.type} of ${record.name} ${record.ttl}`);
  return [`${rcode}${isAuthoritative ? " aa" : ""}`, ...lines.map((line) => line.replaceAll('"', "")), ...says].join(
    ", ",
  );
}

const primary = "primary.example.com 120 A 203.0.113.1, primary.example.com 120 A 203.0.113.2";
const alias = "ingress.example.com 60 CNAME primary.example.com";
const no = "SOA of example.com 1800";

const answers: readonly (readonly [name: string, type: string, answer: string])[] = [
  ["primary.example.com", "A", `NOERROR aa, ${primary}`],
  ["primary.example.com", "AAAA", `NOERROR aa, ${no}`],
  ["PRIMARY.Example.com", "A", `NOERROR aa, ${primary.replaceAll("primary.example.com", "PRIMARY.Example.com")}`],
  ["six.example.com", "AAAA", "NOERROR aa, six.example.com 300 AAAA 2001:db8::1"],
  ["ingress.example.com", "A", `NOERROR aa, ${alias}, ${primary}`],
  ["inGRESS.example.com", "A", `NOERROR aa, inGRESS${alias.slice(7)}, ${primary}`],
  ["ingress.example.com", "AAAA", `NOERROR aa, ${alias}, ${no}`],
  ["ingress.example.com", "CNAME", `NOERROR aa, ${alias}`],
  ["ingress.example.com", "TXT", "NOERROR aa, ingress.example.com 60 TXT [beside,the alias]"],
  ["ingress.example.com", "MX", "NOERROR aa, ingress.example.com 60 MX {preference:10,exchange:mx.example.net}"],
  ["chain.example.com", "A", `NOERROR aa, chain.example.com 60 CNAME ingress.example.com, ${alias}, ${primary}`],
  ["away.example.com", "A", "NOERROR aa, away.example.com 60 CNAME www.example.net"],
  [
    "there.example.com",
    "A",
    "NOERROR aa, there.example.com 60 CNAME host.example.org, host.example.org 60 A 203.0.113.9",
  ],
  [
    "far.example.com",
    "A",
    "NOERROR aa, far.example.com 60 CNAME away.example.com, away.example.com 60 CNAME www.example.net",
  ],
  ["nowhere.example.com", "A", `NXDOMAIN aa, nowhere.example.com 60 CNAME gone.example.com, ${no}`],
  ["gone.example.com", "A", `NXDOMAIN aa, ${no}`],
  ["deep.example.com", "A", `NOERROR aa, ${no}`],
  ["very.deep.example.com", "A", `NXDOMAIN aa, ${no}`],
  ["example.com", "A", "NOERROR aa, example.com 60 A 203.0.113.1, example.com 60 A 203.0.113.2"],
  [
    "any.wild.example",
    "A",
    "NOERROR aa, any.wild.example 60 CNAME ingress.wild.example, ingress.wild.example 60 A 203.0.113.20",
  ],
  [
    "two.labels.wild.example",
    "A",
    "NOERROR aa, two.labels.wild.example 60 CNAME ingress.wild.example, ingress.wild.example 60 A 203.0.113.20",
  ],
  ["own.wild.example", "A", "NOERROR aa, SOA of wild.example 1800"],
  ["deep.wild.example", "A", "NOERROR aa, SOA of wild.example 1800"],
  ["other.deep.wild.example", "A", "NXDOMAIN aa, SOA of wild.example 1800"],
  ["wild.example", "A", "NOERROR aa, SOA of wild.example 1800"],
  ["example.com", "MX", `NOERROR aa, ${no}`],
  ["example.com", "NS", "NOERROR aa, example.com 86400 NS ns.example.com"],
  ["low.example.org", "A", "SERVFAIL"],
  ["x.low.example.org", "A", "NXDOMAIN aa, SOA of low.example.org 1800"],
  ["sub.example.com", "A", "NOERROR, NS of sub.example.com 60"],
  ["www.sub.example.com", "A", "NOERROR, NS of sub.example.com 60"],
  [
    "proxied.example.com",
    "A",
    `NOERROR aa, ${proxyAddresses.A.map((a) => `proxied.example.com 300 A ${a}`).join(", ")}`,
  ],
  [
    "proxied.example.com",
    "AAAA",
    `NOERROR aa, ${proxyAddresses.AAAA.map((a) => `proxied.example.com 300 AAAA ${a}`).join(", ")}`,
  ],
  ["proxied.example.com", "CNAME", `NOERROR aa, ${no}`],
  ["proxied.example.com", "TXT", `NOERROR aa, proxied.example.com 60 TXT [${"x".repeat(250)},${"x".repeat(50)}]`],
  ["www.example.net", "A", "REFUSED"],
  ["com", "A", "REFUSED"],
  ["", "NS", "REFUSED"],
  ["badexample.com", "A", "REFUSED"],
];

for (const [name, type, answer] of answers) {
  test(`${type} of "${name}": ${answer.slice(0, 60)}`, () => assert.equal(ask(name, type), answer));
}

test("the SOA names the negative TTL, as record and as minimum", () => {
  const zones = source.zones();
  const { answers: found } = answerQuestion(
    zones,
    { name: "example.com", type: "SOA" },
    { isFlattening: false, negativeTtlSeconds: 60 },
  );
  const [soa] = found;
  assert.ok(soa?.type === "SOA");
  assert.deepEqual([soa.ttl, soa.data.minimum, soa.data.mname], [60, 60, "ns.example.com"]);
});

test("a loop of aliases ends", () => {
  assert.match(
    ask("loop.example.com", "A"),
    /^NOERROR aa(?:, (?:loop|pool)\.example\.com 60 CNAME \w+\.example\.com){8}$/,
  );
  assert.equal(ask("loop.example.com", "A", { isFlattening: true }), "SERVFAIL");
});

test("flattening answers with the addresses under the alias's name, at the lower TTL", () => {
  const flat = "ingress.example.com 60 A 203.0.113.1, ingress.example.com 60 A 203.0.113.2";
  assert.equal(ask("ingress.example.com", "A", { isFlattening: true }), `NOERROR aa, ${flat}`);
  assert.equal(
    ask("chain.example.com", "A", { isFlattening: true }),
    `NOERROR aa, ${flat.replaceAll("ingress", "chain")}`,
  );
  assert.equal(ask("ingress.example.com", "AAAA", { isFlattening: true }), `NOERROR aa, ${no}`);
  assert.equal(
    ask("far.example.com", "A", { isFlattening: true }),
    "NOERROR aa, far.example.com 60 CNAME away.example.com, away.example.com 60 CNAME www.example.net",
    "where the addresses cannot be known from here, the chain is shown",
  );
  assert.equal(
    ask("away.example.com", "A", { isFlattening: true }),
    "NOERROR aa, away.example.com 60 CNAME www.example.net",
  );
});

test("a paused or pending zone shows the origins of proxied names", () => {
  const shown = (change: Partial<ServedZone>): string =>
    ask(
      "proxied.example.com",
      "A",
      {},
      source.zones().map((zone) => ({ ...zone, ...change })),
    );
  const origins = "NOERROR aa, proxied.example.com 300 A 203.0.113.4, proxied.example.com 60 A 203.0.113.5";
  assert.equal(shown({ paused: true }), origins);
  assert.equal(shown({ status: "pending" }), origins);
  assert.notEqual(shown({ status: "active" }), origins);
});
