import assert from "node:assert/strict";
import { test } from "node:test";
import { endpointSettings } from "../../../test/support/ingress-world.ts";
import { parseIp } from "../../lib/ip.ts";
import { afterResolution, freshEndpoint, withSavedAddresses } from "./endpoint.ts";

const proven = { isBlind: false, provenMs: Infinity };

test("remembered private addresses are used only where they are permitted now", () => {
  const endpoint = freshEndpoint(endpointSettings("cable"), 0, 0);
  const { target } = endpoint.settings;
  const host = target.kind === "host" ? target.host : assert.fail();
  const addresses = ["10.0.0.7", "198.51.100.7"].map((text) => parseIp(text) ?? assert.fail());
  const saved = { endpoint: "cable", target: host, addresses, usableUntilMs: 60_000 };
  const known = (allowPrivate: boolean): readonly string[] =>
    withSavedAddresses(endpoint, saved, { allowPrivate, nowMs: 1_000 }).addresses.map(({ text }) => text);
  assert.deepEqual(known(true), ["10.0.0.7", "198.51.100.7"]);
  assert.deepEqual(known(false), ["198.51.100.7"]);
  const onlyPrivate = { ...saved, addresses: addresses.slice(0, 1) };
  assert.equal(withSavedAddresses(endpoint, onlyPrivate, { allowPrivate: false, nowMs: 1_000 }), endpoint);
});

test("many addresses of one family leave room for the other one, and those in use stay", () => {
  const endpoint = freshEndpoint(endpointSettings("cable"), 0, 0);
  const answered = (texts: readonly string[], before = endpoint): typeof endpoint =>
    afterResolution(
      before,
      { kind: "addresses", addresses: texts.map((text) => parseIp(text) ?? assert.fail()), ttlSeconds: 60 },
      { allowPrivate: false, evidence: { ipv4: proven, ipv6: proven }, nowMs: 1_000 },
    );
  const many = Array.from({ length: 20 }, (_, index) => `192.0.2.${index + 100}`);
  const first = answered([...many.slice(10), "2001:db8::1"]);
  const textsOf = ({ addresses }: typeof endpoint): readonly string[] => addresses.map(({ text }) => text);
  assert.deepEqual(textsOf(first), [...many.slice(10), "2001:db8::1"]);
  // Sorted as text, the IPv6 address comes last and the known ones late.
  const second = textsOf(answered([...many, "2001:db8::1"], first));
  assert.equal(second.length, 17);
  for (const known of textsOf(first)) assert.ok(second.includes(known), known);
});
