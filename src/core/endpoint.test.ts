import assert from "node:assert/strict";
import { test } from "node:test";
import { endpointSettings } from "../../test/support/ingress-world.ts";
import { parseIp } from "../lib/ip.ts";
import { freshEndpoint, withSavedAddresses } from "./endpoint.ts";

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
