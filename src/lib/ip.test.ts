import assert from "node:assert/strict";
import { isIP, isIPv6 } from "node:net";
import { describe, test } from "node:test";
import fc from "fast-check";
import { propertyRuns } from "../../test/support/property-runs.ts";
import { parseIp, parseSocket } from "./ip.ts";

const scopeOf = (text: string): string | undefined => parseIp(text)?.scope;

describe("an address", () => {
  test("is read in every form, and written in one", () => {
    for (const [text, canonical] of [
      ["192.0.2.1", "192.0.2.1"],
      ["2001:DB8::1", "2001:db8::1"],
      ["2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"],
      ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
      ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
      ["::", "::"],
      ["::1", "::1"],
      ["::1.2.3.4", "::102:304"],
      ["::ffff:192.0.2.1", "::ffff:c000:201"],
      ["64:ff9b::192.0.2.1", "64:ff9b::c000:201"],
      ["2001:db8::192.0.2.33", "2001:db8::c000:221"],
      ["1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"],
    ] as const) {
      assert.equal(parseIp(text)?.text, canonical, text);
    }
  });

  test("is none in any other", () => {
    for (const text of [
      "",
      "1.2.3",
      "1.2.3.4.5",
      "01.2.3.4",
      "256.1.1.1",
      "0x1.2.3.4",
      "1.2.3.4 ",
      "1.2.3.-4",
      "16909060",
      ":",
      ":::",
      "1::2::3",
      "1:2:3:4:5:6:7",
      "1:2:3:4:5:6:7:8:9",
      "12345::",
      "::g",
      "[::1]",
      "::1%eth0",
      "fe80::1%1",
      "::1.2.3",
      "::1.2.3.256",
      "::01.2.3.4",
      "1.2.3.4::",
      "example.com",
    ]) {
      assert.equal(parseIp(text), undefined, text);
    }
  });

  test("is read rightly whatever its groups, as Node tells addresses from other text", () => {
    const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
    const groups = fc.array(group, { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(groups, fc.boolean(), fc.boolean(), (numbers, isDotted, isUpper) => {
        const hex = numbers.map((number) => number.toString(16).padStart(isUpper ? 4 : 1, "0"));
        const [high = 0, low = 0] = numbers.slice(6);
        const dotted = [high >> 8, high & 255, low >> 8, low & 255].join(".");
        const written = [...hex.slice(0, 6), ...(isDotted ? [dotted] : hex.slice(6))].join(":");
        const read = parseIp(isUpper ? written.toUpperCase() : written);
        assert.ok(read !== undefined && isIPv6(read.text));
        assert.deepEqual(groupsOf(read.text), numbers, `${written} became ${read.text}`);
        assert.deepEqual(parseIp(read.text), read);
        assert.doesNotMatch(read.text, /[A-Z]|(?:^|:)0[0-9a-f]/);
      }),
      { numRuns: propertyRuns(1_000) },
    );
    const letters = fc.stringMatching(/^[0-9a-fF:.%[\] ]{0,20}$/);
    fc.assert(
      fc.property(letters, (text) => {
        assert.equal(parseIp(text) !== undefined, isIP(text) !== 0 && !text.includes("%"), text);
      }),
      { numRuns: propertyRuns(2_000) },
    );
  });
});

describe("what an address means to the world:", () => {
  const meanings = {
    public: [
      "8.8.8.8",
      "192.0.0.9",
      "192.0.0.10",
      "192.31.196.1",
      "192.52.193.1",
      "192.175.48.1",
      "100.63.255.255",
      "100.128.0.1",
      "172.15.255.255",
      "172.32.0.1",
      "198.17.255.255",
      "198.20.0.1",
      "223.255.255.255",
      // Documentation: nothing is there, but examples and tests live there.
      "192.0.2.1",
      "198.51.100.1",
      "203.0.113.1",
      "2001:db8::1",
      "3fff::1",
      "2a00:1450:4001::1",
      "2001:1::1",
      "2001:1::3",
      "2001:3::1",
      "2001:4:112::1",
      "2001:20::1",
      "2001:30::1",
      "2001:200::1",
      "2620:4f:8000::1",
    ],
    private: [
      "10.0.0.1",
      "127.0.0.1",
      "127.255.255.254",
      "169.254.1.1",
      "172.16.0.1",
      "172.31.255.255",
      "192.168.1.1",
      "::1",
      "fc00::1",
      "fdff::1",
      "fe80::1",
      "febf::1",
    ],
    special: [
      "0.0.0.0",
      "0.1.2.3",
      "100.64.0.1",
      "100.127.255.255",
      "192.0.0.1",
      "192.0.0.8",
      "192.0.0.170",
      "192.88.99.1",
      "198.18.0.6",
      "198.19.255.255",
      "224.0.0.1",
      "239.1.1.1",
      "240.0.0.1",
      "255.255.255.255",
      // Whatever they embed: a public address or a private one.
      "::1.2.3.4",
      "::10.0.0.1",
      "::ffff:8.8.8.8",
      "::ffff:10.0.0.1",
      "64:ff9b::8.8.8.8",
      "64:ff9b::10.0.0.1",
      "64:ff9b:1::1",
      "2002:808:808::1",
      "2002:a00:1::1",
      "2001::1",
      "2001:0:808:808::1",
      "::",
      "100::1",
      "2001:1::4",
      "2001:2::1",
      "2001:10::1",
      "2001:4:113::1",
      "2001:1ff::1",
      "fec0::1",
      "ff02::1",
      "5f00::1",
      "1::1",
      "4000::1",
      "e000::1",
      // Cloudflare's own.
      "104.16.1.1",
      "172.64.0.1",
      "1.1.1.1",
      "2606:4700::1111",
      "2a06:98c1::1",
    ],
  } as const;
  for (const [scope, texts] of Object.entries(meanings)) {
    test(scope, () => {
      for (const text of texts) assert.equal(scopeOf(text), scope, text);
    });
  }

  test("what a special one is for is told", () => {
    assert.equal(parseIp("198.18.0.6")?.purpose, "benchmarking (198.18.0.0/15)");
    assert.equal(parseIp("64:ff9b::c000:201")?.purpose, "NAT64 (64:ff9b::/96)");
    assert.equal(parseIp("104.16.1.1")?.purpose, "Cloudflare itself (104.16.0.0/13)");
  });
});

test("a socket is an address with a port, or takes the one that is usual", () => {
  assert.deepEqual(parseSocket("192.0.2.1", 53), { address: parseIp("192.0.2.1"), port: 53 });
  assert.deepEqual(parseSocket("[::1.2.3.4]:5353", 53), { address: parseIp("::102:304"), port: 5353 });
  assert.equal(parseSocket("192.0.2.1:65536", 53), undefined);
});

/** The eight numbers of an address in hexadecimal groups. */
function groupsOf(text: string): number[] {
  const [head = "", tail] = text.split("::");
  const numbers = (part: string): number[] =>
    part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16));
  const [before, after] = [numbers(head), numbers(tail ?? "")];
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after];
}
