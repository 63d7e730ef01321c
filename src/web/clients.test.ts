// Who a request counts for, directly and behind proxies, whatever their headers say.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { addressOf, clientOf, peerAddress, trusting } from "./clients.ts";

const isTrusted = trusting(["127.0.0.1", "10.0.0.0/8", "2001:db8:ffff::/48"]);

describe("the client is", () => {
  const cases: readonly (readonly [what: string, peer: string, headers: Record<string, string>, client: string])[] = [
    ["whoever connects, where nothing is trusted", "192.0.2.1", { "x-forwarded-for": "198.51.100.7" }, "192.0.2.1"],
    ["the proxy, where it says nothing", "10.1.2.3", {}, "10.1.2.3"],
    ["whom the proxy names", "127.0.0.1", { "x-forwarded-for": "198.51.100.7" }, "198.51.100.7"],
    [
      "not whom the client names itself",
      "127.0.0.1",
      { "x-forwarded-for": "203.0.113.5, 198.51.100.7" },
      "198.51.100.7",
    ],
    ["beyond several proxies", "127.0.0.1", { "x-forwarded-for": "6.6.6.6, 198.51.100.7, 10.9.9.9" }, "198.51.100.7"],
    ["the furthest, where all are trusted", "127.0.0.1", { "x-forwarded-for": "10.0.0.7, 10.9.9.9" }, "10.0.0.7"],
    ["named with a port", "127.0.0.1", { "x-forwarded-for": "198.51.100.7:4711" }, "198.51.100.7"],
    ["named with brackets and port", "127.0.0.1", { "x-forwarded-for": "[2001:DB8::0001]:4711" }, "2001:db8::1"],
    ["named by IPv6", "127.0.0.1", { "x-forwarded-for": "2001:db8:0::1" }, "2001:db8::1"],
    ["IPv4 that comes as IPv6", "127.0.0.1", { "x-forwarded-for": "::ffff:198.51.100.7" }, "198.51.100.7"],
    [
      "the hop before one that hides itself",
      "127.0.0.1",
      { "x-forwarded-for": "198.51.100.7, unknown, 10.9.9.9" },
      "10.9.9.9",
    ],
    ["the proxy, where it names nobody", "127.0.0.1", { "x-forwarded-for": "" }, "127.0.0.1"],
    ["the proxy, where it names nonsense", "127.0.0.1", { "x-forwarded-for": "198.51.100.7, <script>" }, "127.0.0.1"],
    ["named by Forwarded", "127.0.0.1", { forwarded: 'for=6.6.6.6, proto=https;For="198.51.100.7:1"' }, "198.51.100.7"],
    ["named by Forwarded, IPv6", "127.0.0.1", { forwarded: 'for="[2001:db8::7]:4711";by=10.0.0.1' }, "2001:db8::7"],
    ["the proxy, where Forwarded hides it", "127.0.0.1", { forwarded: "for=_secret" }, "127.0.0.1"],
    ["the proxy, where Forwarded has no for", "127.0.0.1", { forwarded: "by=198.51.100.7;proto=https" }, "127.0.0.1"],
    [
      "named by both alike",
      "127.0.0.1",
      { forwarded: "for=198.51.100.7", "x-forwarded-for": "198.51.100.7" },
      "198.51.100.7",
    ],
    [
      "the proxy, where they disagree: it wrote only one of them",
      "127.0.0.1",
      { forwarded: "for=203.0.113.5", "x-forwarded-for": "198.51.100.7" },
      "127.0.0.1",
    ],
    ["behind a proxy of a trusted network", "2001:db8:ffff:7::1", { "x-forwarded-for": "192.0.2.9" }, "192.0.2.9"],
  ];
  for (const [what, peer, headers, client] of cases) {
    test(what, () => assert.equal(addressOf(peer, headers, isTrusted), client));
  }

  test("nobody else, however long the chain", () => {
    const chain = Array.from({ length: 5_000 }, (_, index) => `10.0.${index >> 8}.${index & 255}`);
    assert.equal(
      addressOf("127.0.0.1", { "x-forwarded-for": ["6.6.6.6", ...chain].join(",") }, isTrusted),
      chain.at(-32),
    );
  });
});

test("IPv6 counts by network, IPv4 by address", () => {
  assert.equal(clientOf("192.0.2.1"), "192.0.2.1");
  assert.equal(clientOf("2001:db8::1"), "2001:db8:0:0::/64");
  assert.equal(clientOf("2001:db8::1"), clientOf("2001:db8:0:0:ffff::1"));
  assert.notEqual(clientOf("2001:db8:0:1::1"), clientOf("2001:db8::1"));
  assert.equal(clientOf("::1"), "0:0:0:0::/64");
});

test("an address is what a socket tells, in one form", () => {
  assert.equal(peerAddress("::ffff:127.0.0.1"), "127.0.0.1");
  assert.equal(peerAddress("fe80::1%eth0"), "fe80::1");
  assert.equal(peerAddress(undefined), "");
});
