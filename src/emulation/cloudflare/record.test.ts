// Each check of a single record, by the code that the real API gives.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PlanName } from "./plans.ts";
import { canonicalFields, patchFields, readFields, type RecordRules } from "./record.ts";
import { ApiRefusal } from "./problem.ts";

interface Case {
  readonly body: unknown;
  readonly plan?: PlanName;
  readonly rules?: RecordRules;
}

function store({ body, plan = "free", rules = { proxiedTtl: "ignored" } }: Case): ReturnType<typeof canonicalFields> {
  const zone = { name: "example.com", plan, created_on: "2026-01-01T00:00:00.000000Z" };
  return canonicalFields(readFields(body), zone, rules);
}

const a = { type: "A", name: "www.example.com", content: "203.0.113.1" };
const cname = { type: "CNAME", name: "www.example.com", content: "target.example.net" };
const strict: RecordRules = { proxiedTtl: "refused" };
const dots = (length: number): string => "a.".repeat(Math.ceil(length / 2)).slice(0, length);

const refused: readonly (readonly [claim: string, code: number, refused: Case])[] = [
  ["a body that is no object", 9208, { body: [a] }],
  ["a TTL written as text", 9208, { body: { ...a, ttl: "300" } }],
  ["a proxied flag written as text", 9208, { body: { ...a, proxied: "true" } }],
  ["a name that is no text", 9208, { body: { ...a, name: 7 } }],
  ["content that is no text", 9208, { body: { ...a, content: null } }],
  ["tags that are no list of texts", 9208, { body: { ...a, tags: [1] } }],
  ["settings that are no flags", 9208, { body: { ...a, settings: { ipv4_only: "yes" } } }],
  ["a type that does not exist", 1004, { body: { ...a, type: "ALIAS" } }],
  ["a missing type", 1004, { body: { name: "www.example.com", content: "203.0.113.1" } }],
  ["a missing name", 9000, { body: { type: "A", content: "203.0.113.1" } }],
  ["an empty label", 9000, { body: { ...a, name: "a..example.com" } }],
  ["a label of 64 characters", 9000, { body: { ...a, name: `${"a".repeat(64)}.example.com` } }],
  ["a name of 254 characters", 9000, { body: { ...a, name: `${dots(241)}a.example.com` } }],
  ["a space in a name", 9000, { body: { ...a, name: "a b.example.com" } }],
  ["a hyphen at the start of a label", 9000, { body: { ...a, name: "-a.example.com" } }],
  ["a hyphen at the end of a label", 9000, { body: { ...a, name: "a-.example.com" } }],
  ["a host name as the content of A", 9005, { body: { ...a, content: "www.example.net" } }],
  ["short IPv4", 9005, { body: { ...a, content: "1.1" } }],
  ["IPv6 as the content of A", 9005, { body: { ...a, content: "2001:db8::1" } }],
  ["IPv4 with a port", 9005, { body: { ...a, content: "203.0.113.1:80" } }],
  ["empty content of A", 9005, { body: { ...a, content: "" } }],
  ["missing content of A", 9005, { body: { type: "A", name: "www.example.com" } }],
  ["IPv4 as the content of AAAA", 9006, { body: { ...a, type: "AAAA" } }],
  ["IPv6 with a zone index", 9006, { body: { ...a, type: "AAAA", content: "fe80::1%eth0" } }],
  ["one of Cloudflare's own addresses", 9007, { body: { ...a, content: "104.16.1.1" } }],
  ["an address as the content of CNAME", 9007, { body: { ...cname, content: "203.0.113.1" } }],
  ["a URL as the content of CNAME", 9007, { body: { ...cname, content: "https://example.net/" } }],
  ["empty content of CNAME", 9007, { body: { ...cname, content: "" } }],
  ["MX without a priority", 9007, { body: { ...cname, type: "MX" } }],
  ["MX with a priority beyond 65535", 9007, { body: { ...cname, type: "MX", priority: 65_536 } }],
  ["SRV without anything in it", 9007, { body: { type: "SRV", name: "_sip._tcp.example.com" } }],
  ["empty TXT", 9007, { body: { ...a, type: "TXT", content: "" } }],
  ["TXT beyond 2048 characters", 9015, { body: { ...a, type: "TXT", content: "x".repeat(2049) } }],
  ["a CNAME to itself", 9039, { body: { ...cname, content: "WWW.example.com." } }],
  ["a CNAME of the zone to itself, as @", 9039, { body: { ...cname, name: "@", content: "@" } }],
  ["TTL 0", 9021, { body: { ...a, ttl: 0 } }],
  ["TTL 59", 9021, { body: { ...a, ttl: 59 } }],
  ["TTL 86401", 9021, { body: { ...a, ttl: 86_401 } }],
  ["a TTL with a fraction", 9021, { body: { ...a, ttl: 60.5 } }],
  ["TTL 29 on an Enterprise zone", 9021, { body: { ...a, ttl: 29 }, plan: "enterprise" }],
  ["a bad TTL even where it will be automatic", 9021, { body: { ...a, ttl: 5, proxied: true } }],
  [
    "a TTL of its own on a proxied record, by the strict rule",
    1004,
    { body: { ...a, ttl: 300, proxied: true }, rules: strict },
  ],
  ["a proxied TXT", 9004, { body: { ...a, type: "TXT", content: "x", proxied: true } }],
  ["a proxied private address", 9003, { body: { ...a, content: "10.0.0.1", proxied: true } }],
  ["a proxied loopback address", 9003, { body: { ...a, content: "127.0.0.1", proxied: true } }],
  ["a proxied shared address (RFC 6598)", 9003, { body: { ...a, content: "100.64.0.1", proxied: true } }],
  ["a proxied link-local address", 9003, { body: { ...a, type: "AAAA", content: "fe80::1", proxied: true } }],
  ["a proxied unique local address", 9003, { body: { ...a, type: "AAAA", content: "fd00::1", proxied: true } }],
  ["a proxied 1.1.1.1", 9003, { body: { ...a, content: "1.1.1.1", proxied: true } }],
  ["a proxied mail signature", 9003, { body: { ...cname, content: "x.dkim.amazonses.com", proxied: true } }],
  ["a comment of 101 characters on a free zone", 9313, { body: { ...a, comment: "x".repeat(101) } }],
  ["a comment of 501 characters on a paid zone", 9313, { body: { ...a, comment: "x".repeat(501) }, plan: "pro" }],
  ["a line break in a comment", 1004, { body: { ...a, comment: "a\nb" } }],
  ["a tag on a free zone", 9300, { body: { ...a, tags: ["owner:ccs"] } }],
  [
    "21 tags on a paid zone",
    9300,
    { body: { ...a, tags: Array.from({ length: 21 }, (_, n) => `t${n}`) }, plan: "pro" },
  ],
  ["a tag with a space in its name", 1004, { body: { ...a, tags: ["a b:c"] }, plan: "pro" }],
  ["flattening set on a free zone", 1004, { body: { ...cname, settings: { flatten_cname: true } } }],
  // Of several mistakes, the first in the order of the checks is told.
  ["a bad name before bad content", 9000, { body: { ...a, name: "-", content: "x", ttl: 0 } }],
  ["bad content before a bad TTL", 9005, { body: { ...a, content: "x", ttl: 0 } }],
  ["a bad TTL before a bad proxy", 9021, { body: { ...a, content: "10.0.0.1", ttl: 0, proxied: true } }],
];

for (const [claim, code, refusal] of refused) {
  test(`refuses ${claim} with ${code}`, () => {
    assert.throws(
      () => store(refusal),
      (error) => error instanceof ApiRefusal && error.problem.code === code && error.problem.status === 400,
    );
  });
}

const accepted: readonly (readonly [claim: string, accepted: Case, stored: Record<string, unknown>])[] = [
  ["a missing TTL as automatic", { body: a }, { ttl: 1, proxied: false, tags: [], comment: null }],
  ["the lowest TTL", { body: { ...a, ttl: 60 } }, { ttl: 60 }],
  ["the highest TTL", { body: { ...a, ttl: 86_400 } }, { ttl: 86_400 }],
  ["TTL 30 on an Enterprise zone", { body: { ...a, ttl: 30 }, plan: "enterprise" }, { ttl: 30 }],
  ["a proxied record's TTL as automatic", { body: { ...a, ttl: 300, proxied: true } }, { ttl: 1, proxied: true }],
  ["the placeholder addresses, proxied", { body: { ...a, content: "192.0.2.0", proxied: true } }, { proxied: true }],
  ["100::, proxied", { body: { ...a, type: "AAAA", content: "100::", proxied: true } }, { content: "100::" }],
  ["a private address, not proxied", { body: { ...a, content: "10.0.0.1" } }, { content: "10.0.0.1" }],
  ["@ as the zone", { body: { ...a, name: "@" } }, { name: "example.com" }],
  ["a relative name", { body: { ...a, name: "www" } }, { name: "www.example.com" }],
  [
    "a name of another zone as a relative one",
    { body: { ...a, name: "mail.foo.org" } },
    { name: "mail.foo.org.example.com" },
  ],
  [
    "a name that only ends like the zone as a relative one",
    { body: { ...a, name: "badexample.com" } },
    { name: "badexample.com.example.com" },
  ],
  ["a trailing dot and capitals", { body: { ...a, name: "WWW.Example.COM." } }, { name: "www.example.com" }],
  ["a Unicode name", { body: { ...a, name: "bücher" } }, { name: "xn--bcher-kva.example.com" }],
  ["underscores", { body: { ...a, name: "_ingress" } }, { name: "_ingress.example.com" }],
  ["a wildcard", { body: { ...a, name: "*" } }, { name: "*.example.com" }],
  ["a name of 253 characters", { body: { ...a, name: `${dots(240)}a.example.com` } }, {}],
  ["long IPv6 in its short form", { body: { ...a, type: "AAAA", content: "FE80::0:0:1" } }, { content: "fe80::1" }],
  [
    "a host name with capitals and a dot",
    { body: { ...cname, content: "Target.Example.NET." } },
    { content: "target.example.net" },
  ],
  ["TXT, quoting it", { body: { ...a, type: "TXT", content: 'v=spf1 "x"' } }, { content: '"v=spf1 \\"x\\""' }],
  ["quoted TXT as it is", { body: { ...a, type: "TXT", content: '"a" "b"' } }, { content: '"a" "b"' }],
  ["a null MX", { body: { ...a, type: "MX", content: ".", priority: 0 } }, { content: ".", priority: 0 }],
  [
    "SRV by its data",
    { body: { type: "SRV", name: "_sip._tcp", data: { priority: 1, weight: 2, port: 3, target: "a.b" } } },
    { content: "1 2 3 a.b" },
  ],
  ["a comment of 100 characters", { body: { ...a, comment: "é".repeat(100) } }, { comment: "é".repeat(100) }],
  ["an empty comment as none", { body: { ...a, comment: "" } }, { comment: null }],
  ["tags on a paid zone", { body: { ...a, tags: ["Owner:ccs", "x"] }, plan: "pro" }, { tags: ["Owner:ccs", "x"] }],
  ["fields that it does not know, ignoring them", { body: { ...a, zone_name: "x", id: "y" } }, {}],
];

for (const [claim, accepting, stored] of accepted) {
  test(`takes ${claim}`, () => {
    const fields = store(accepting);
    assert.deepEqual({ ...fields, ...stored }, fields);
  });
}

test("a patch keeps what it does not name, and a canonical record stays as it is", () => {
  const old = store({ body: { ...cname, ttl: 60, comment: "mine", settings: { ipv4_only: true } } });
  assert.deepEqual(patchFields(old, {}), old);
  assert.deepEqual(patchFields(old, { content: "b.example.net", settings: { ipv6_only: true } }), {
    ...old,
    content: "b.example.net",
    settings: { ipv4_only: true, ipv6_only: true },
  });
});
