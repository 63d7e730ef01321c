// What the log says of changes that would read like mistakes: another type, an ingress that has left, a mix that cannot
// be.
import assert from "node:assert/strict";
import { test } from "node:test";
import { endpointSettings, ingressSettings, publishedRecord } from "../../test/support/ingress-world.ts";
import { conversionBetween, conversionText } from "../core/records/conversion.ts";
import { parseIp } from "../lib/ip.ts";
import { wordFact } from "./fact-words.ts";

const ingress = "ingress.example.com";
const cname = [publishedRecord("CNAME", "cable.example.com")];
const addresses = [publishedRecord("A", "192.0.2.1"), publishedRecord("AAAA", "2001:db8::1")];
const settings = ingressSettings(ingress, [endpointSettings("cable")]);

test("a write of another type says so, any other does not", () => {
  const written = (from: typeof cname | undefined, to: typeof cname): string =>
    wordFact({ kind: "records-changed", ingress, ...(from && { from }), to, by: "write" }).text;
  assert.match(written(cname, addresses), /^written, addresses instead of a CNAME: A 192\.0\.2\.1, /);
  assert.match(written(addresses, cname), /^written, a CNAME instead of addresses: CNAME cable/);
  assert.match(written(cname, [publishedRecord("CNAME", "mobile.example.com")]), /^written: /);
  assert.match(written([], cname), /^written: /);
});

test("an ingress that has left says what is still done to its record", () => {
  const { text } = wordFact({ kind: "ingress-released", ingress, primary: "cable" });
  assert.equal(text, "no longer configured: its record is changed from its mix to cable, and then left as it is");
  assert.match(wordFact({ kind: "ingress-released", ingress }).text, /its records stay as they are$/);
});

test("a conversion names what asks for it", () => {
  const asked = conversionBetween({ ...settings, publish: "addresses" }, cname, addresses);
  assert.ok(asked !== undefined);
  assert.equal(`${conversionText(asked)}: ${asked.why}`, "from a CNAME to addresses: publish: addresses asks for it");
  const target = { kind: "addresses", addresses: [parseIp("192.0.2.1") ?? assert.fail()] } as const;
  const literal = { ...settings, endpoints: [endpointSettings("cable", { target })] };
  assert.equal(conversionBetween(literal, cname, addresses)?.why, "the target of cable is an address");
  assert.equal(conversionBetween({ ...settings, publish: "cname" }, addresses, cname)?.to, "cname");
  assert.equal(conversionBetween(settings, addresses, cname)?.why, "that is what the record was before");
  for (const [from, to] of [
    [cname, cname],
    [[], cname],
    [[...cname, ...addresses], cname],
  ] as const) {
    assert.equal(conversionBetween({ ...settings, publish: "cname" }, from, to), undefined);
  }
});
