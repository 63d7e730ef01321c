// What the list endpoints find, in which order and on which page.
import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { CloudflareApi } from "./api.ts";
import { listRecords, listZones } from "./list.ts";
import { ApiRefusal } from "./problem.ts";

const cf = new CloudflareApi({
  clock: new VirtualClock(),
  zones: [
    {
      name: "example.com",
      plan: "pro",
      records: [
        { type: "TXT", name: "www.example.com", content: "Hello", ttl: 300 },
        { type: "CNAME", name: "www.example.com", content: "x.example.net", ttl: 60, comment: "Managed by CCS" },
        { type: "A", name: "api.example.com", content: "203.0.113.1", proxied: true, tags: ["Owner:ccs", "live"] },
        { type: "A", name: "api.example.com", content: "203.0.113.2", proxied: true, tags: ["owner:other"] },
        { type: "SRV", name: "_sip._tcp.example.com", content: "1 2 3 x.example.net", ttl: 120 },
      ],
    },
    { name: "example.org", status: "pending", account: { id: "b".repeat(32), name: "Other" } },
    { name: "inside.test", type: "internal" },
  ],
});
const { records } = cf.zone("example.com");

function find(query: string): string[] {
  return listRecords(records, new URLSearchParams(query)).items.map(({ type, content }) => `${type} ${content}`);
}

const [txt, cname, one, two, srv] = [
  'TXT "Hello"',
  "CNAME x.example.net",
  "A 203.0.113.1",
  "A 203.0.113.2",
  "SRV 1 2 3 x.example.net",
];

const finds: readonly (readonly [query: string, found: readonly (string | undefined)[]])[] = [
  ["", [one, two, cname, srv, txt]],
  ["name=www.example.com", [cname, txt]],
  ["name.exact=WWW.example.COM", [cname, txt]],
  ["name.exact=www", []],
  ["name.exact=www.example.com.", []],
  ["name.startswith=_SIP", [srv]],
  ["name.endswith=api.example.com", [one, two]],
  ["name.contains=w.e", [cname, txt]],
  ["type=A", [one, two]],
  ["type=a&content=203.0.113.2", [two]],
  ["content.contains=X.EXAMPLE", [cname, srv]],
  ["content.exact=1 2 3 x.example.net", []],
  ["comment=managed by ccs", [cname]],
  ["comment=", []],
  ["comment.absent=", [one, two, srv, txt]],
  ["comment.present=true", [cname]],
  ["proxied=true", [one, two]],
  ["proxied=false&type=TXT", [txt]],
  ["match=any&type=TXT&name=api.example.com", [one, two, txt]],
  ["match=all&type=TXT&name=api.example.com", []],
  ["tag=owner", [one, two]],
  ["tag=owner:CCS", [one]],
  ["tag.absent=live&type=A", [two]],
  ["tag.contains=oth", [two]],
  ["tag=live&tag=owner:other&tag_match=any", [one, two]],
  ["tag=live&tag=owner:other", []],
  ["search=hello", [txt]],
  ["search=ccs", [cname]],
  ["order=content", [txt, srv, one, two, cname]],
  ["order=ttl&direction=desc", [txt, srv, cname, one, two]],
  ["order=name&direction=desc", [txt, cname, one, two, srv]],
  ["order=nonsense", [one, two, cname, srv, txt]],
  ["per_page=2", [one, two]],
  ["per_page=2&page=3", [txt]],
  ["per_page=2&page=4", []],
];

for (const [query, found] of finds) {
  test(`records by "${query}": ${found.length} found`, () => assert.deepEqual(find(query), found));
}

test("the info of a page counts pages from 1, and an empty list has one page", () => {
  const info = (query: string): unknown => listRecords(records, new URLSearchParams(query)).info;
  assert.deepEqual(info("per_page=2&page=3"), { page: 3, per_page: 2, count: 1, total_count: 5, total_pages: 3 });
  assert.deepEqual(info("name=x"), { page: 1, per_page: 100, count: 0, total_count: 0, total_pages: 1 });
});

for (const query of ["page=0", "page=x", "per_page=0", "per_page=5000001", "per_page=1.5"]) {
  test(`records by "${query}" are refused`, () => {
    assert.throws(() => listRecords(records, new URLSearchParams(query)), ApiRefusal);
  });
}

const zoneFinds: readonly (readonly [query: string, found: readonly string[]])[] = [
  ["", ["example.com", "example.org"]],
  ["name=example.com", ["example.com"]],
  ["name=EXAMPLE.com", ["example.com"]],
  ["name=ample", []],
  ["name=contains:ample", ["example.com", "example.org"]],
  ["name=starts_with:example.c", ["example.com"]],
  ["name=ends_with:.org", ["example.org"]],
  ["name=not_equal:example.com", ["example.org"]],
  ["name=contains_case_sensitive:EXAMPLE", []],
  ["name=unheard_of:example.com", []],
  ["status=active", ["example.com"]],
  ["account.name=Other", ["example.org"]],
  [`account.id=${"b".repeat(32)}`, ["example.org"]],
  ["type=internal", ["inside.test"]],
  ["match=any&status=active&account.name=Other", ["example.com", "example.org"]],
  ["order=name&direction=desc", ["example.org", "example.com"]],
];

for (const [query, found] of zoneFinds) {
  test(`zones by "${query}": ${found.length} found`, () => {
    const { items } = listZones(cf.zones(), new URLSearchParams(query));
    assert.deepEqual(
      items.map(({ name }) => name),
      found,
    );
  });
}

for (const query of ["per_page=4", "per_page=51"]) {
  test(`zones by "${query}" are refused`, () => {
    assert.throws(() => listZones(cf.zones(), new URLSearchParams(query)), ApiRefusal);
  });
}
