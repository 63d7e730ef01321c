import assert from "node:assert/strict";
import { test } from "node:test";
import { endpointSettings, ingressSettings } from "../../test/support/ingress-world.ts";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import { parseIp } from "../lib/ip.ts";
import { NameServerFinder } from "./name-servers.ts";
import type { DnsRecord } from "./wire.ts";

test("name servers whose names no host can have are neither asked for nor shown", async () => {
  const looked: string[] = [];
  const names = ["ns1.example.net", "ns\u001B[2J.example.net", "ns\u202E.example.net", "a b", ""];
  const finder = new NameServerFinder({
    clock: new VirtualClock(),
    exchange: async (_, { name }) => ({
      kind: "answered",
      rcode: "NOERROR",
      isAuthoritative: false,
      isReferral: false,
      answers: names.map((data): DnsRecord => ({ name, type: "NS", ttlSeconds: 60, data })),
    }),
    resolve: async (host) => {
      looked.push(host);
      const address = parseIp("192.0.2.53") ?? assert.fail();
      return { kind: "addresses", addresses: [address], ttlSeconds: 60 };
    },
  });
  const ingress = ingressSettings("ingress.example.com", [endpointSettings("cable")]);
  const found = await finder.find(ingress, new AbortController().signal);
  assert.ok(found.kind === "found");
  assert.deepEqual(found.servers, [{ address: "192.0.2.53", label: "ns1.example.net (192.0.2.53)" }]);
  assert.deepEqual(looked, ["ns1.example.net"]);
});

test("servers that pointed further down for no reason are found again", async () => {
  const address = parseIp("192.0.2.53") ?? assert.fail();
  const finder = new NameServerFinder({
    clock: new VirtualClock(),
    exchange: async (_, { name }) => ({
      kind: "answered",
      rcode: "NOERROR",
      isAuthoritative: false,
      isReferral: false,
      answers: name === "example.com" ? [{ name, type: "NS", ttlSeconds: 60, data: "ns1.example.net" }] : [],
    }),
    resolve: async () => ({ kind: "addresses", addresses: [address], ttlSeconds: 60 }),
  });
  const ingress = ingressSettings("ingress.example.com", [endpointSettings("cable")]);
  const find = () => finder.find(ingress, new AbortController().signal);
  assert.equal((await find()).kind, "found");
  finder.goDeeper(ingress);
  assert.equal((await find()).kind, "none", "there is no zone further down");
  assert.equal((await find()).kind, "found");
});
