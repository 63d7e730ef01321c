// Answers as no API should give them: what may be believed of them is, and what may be one of our records without
// saying so is never taken for nothing.
import assert from "node:assert/strict";
import { test } from "node:test";
import { freeCall, json, ScriptedApi, success, zoneId } from "../../test/conformance/scripted-api.ts";
import { CloudError } from "./provider.ts";

const record = "ingress.example.com";
const ingress = { record, zone: zoneId };

const cname = {
  id: "1".repeat(32),
  name: record,
  type: "CNAME",
  content: "a.example.net",
  ttl: 60,
  proxied: false,
};
const listed = { id: cname.id, type: "CNAME", content: "a.example.net", ttlSeconds: 60, proxied: false };
const a = { ...cname, id: "2".repeat(32), type: "A", content: "192.0.2.1" };
const listedA = { ...listed, id: a.id, type: "A", content: a.content };

/** What is listed, or the kind of failure. */
const cases: readonly {
  readonly name: string;
  readonly result: unknown;
  readonly info?: unknown;
  readonly is: unknown;
}[] = [
  { name: "a record twice", result: [cname, cname], is: [listed] },
  { name: "the same id with another content", result: [cname, { ...cname, content: "b.example.net" }], is: [listed] },
  { name: "a page that repeats", result: Array.from({ length: 150 }, () => cname), is: [listed] },
  { name: "entries that are none", result: [null, 5, "x", [], [cname], cname], is: [listed] },
  { name: "records of other names", result: [cname, { ...a, name: "x.example.com" }], is: [listed] },
  {
    name: "a record of another name without a content",
    result: [cname, { name: "x.example.com", type: "A" }],
    is: [listed],
  },
  { name: "an unknown type", result: [cname, { ...a, type: "WALLET", content: {} }, { type: "X" }], is: [listed] },
  { name: "a type in lower case", result: [{ ...cname, type: "cname" }], is: [listed] },
  { name: "a TTL in words", result: [{ ...cname, ttl: "60" }], is: [listed] },
  { name: "no TTL", result: [{ ...cname, ttl: undefined }], is: [{ ...listed, ttlSeconds: 1 }] },
  { name: "a TTL that is none", result: [{ ...cname, ttl: -7.5 }], is: [{ ...listed, ttlSeconds: 1 }] },
  { name: "a proxied flag and meta that are none", result: [{ ...cname, proxied: "no", meta: 7 }], is: [listed] },
  { name: "a total that is too low", result: [cname], info: { total_count: 0, per_page: 100 }, is: [listed] },
  { name: "a total that is too high", result: [cname], info: { total_count: 1e9, per_page: 100 }, is: [listed] },
  { name: "totals that are none", result: [cname], info: { total_count: "x", per_page: {} }, is: [listed] },
  { name: "totals in a list", result: [cname], info: [], is: [listed] },
  { name: "half of what there is", result: [a], info: { total_count: 2, per_page: 1 }, is: "transient" },
  { name: "half of what there is, a CNAME", result: [cname], info: { total_count: 2, per_page: 1 }, is: [listed] },
  { name: "what may be ours beside a CNAME", result: [cname, { ...a, content: null }, { name: record }], is: [listed] },
  { name: "what may be ours beside an address", result: [a, { ...a, id: "3", content: null }], is: "transient" },
  { name: "what may be another address", result: [a, { id: "3", name: record }], is: "transient" },
  { name: "what says nothing beside an address", result: [a, null, { id: "3" }], is: [listedA] },
  { name: "nothing but another name", result: [{ ...a, name: "x.example.com" }], is: [] },
  { name: "nothing but what says nothing", result: [null, { id: "3" }], is: "transient" },
  { name: "null for a list", result: null, is: "transient" },
  { name: "an object for a list", result: { records: [] }, is: "transient" },
  { name: "ours without a content", result: [{ ...cname, content: undefined }], is: "transient" },
  { name: "ours with null for a content", result: [{ ...cname, content: null }], is: "transient" },
  { name: "ours without an id", result: [{ ...cname, id: undefined }], is: "transient" },
  { name: "ours without a type", result: [{ ...cname, type: undefined }], is: "transient" },
  { name: "a CNAME without a name", result: [{ ...cname, name: undefined, content: undefined }], is: "transient" },
];

for (const { name, result, info, is } of cases) {
  test(`a list with ${name}`, async () => {
    await using api = await new ScriptedApi().listen();
    const list = json({ success: true, errors: [], messages: [], result, result_info: info });
    const zone = success({ id: zoneId, name: "example.com" });
    api.handler = (request, response) => (request.url.endsWith(zoneId) ? zone : list)(request, response);
    assert.deepEqual(await outcomeOf(api.provider().list(ingress, freeCall())), is);
  });
}

test("a zone that is listed twice is one zone, and entries that are no zones are none", async () => {
  await using api = await new ScriptedApi().listen();
  const zone = { id: zoneId, name: "example.com", status: "active" };
  api.handler = (request, response) => {
    const isZones = request.url.includes("/zones?");
    return success(isZones ? [zone, null, zone, { id: 5 }] : [cname])(request, response);
  };
  const found = api.provider().list({ record, zone: "example.com" }, freeCall());
  assert.deepEqual(await outcomeOf(found), [listed]);
  api.handler = success([{ id: 5 }]);
  assert.equal(await outcomeOf(api.provider().list({ record, zone: "example.com" }, freeCall())), "transient");
});

test("an answer about another zone is not remembered", async () => {
  await using api = await new ScriptedApi().listen();
  const details = [
    { id: zoneId, name: "other.example.org" },
    { id: "f".repeat(32), name: "example.com" },
    { id: zoneId, name: "example.com" },
  ];
  api.handler = (request, response) => success(request.url.endsWith(zoneId) ? details.shift() : [])(request, response);
  const provider = api.provider();
  assert.equal(await outcomeOf(provider.list(ingress, freeCall())), "invalid");
  assert.equal(await outcomeOf(provider.list(ingress, freeCall())), "transient");
  assert.deepEqual(await outcomeOf(provider.list(ingress, freeCall())), []);
});

test("a write whose answer gives two records one id is in doubt", async () => {
  await using api = await new ScriptedApi().listen();
  const plan = {
    deletes: [],
    patches: [],
    posts: ["192.0.2.1", "192.0.2.2"].map((content) => ({
      type: "A" as const,
      content,
      ttlSeconds: 60,
      proxied: false,
    })),
  };
  const answered =
    (result: unknown): ScriptedApi["handler"] =>
    (request, response) =>
      success(request.method === "GET" ? { id: zoneId, name: "example.com" } : result)(request, response);
  api.handler = answered({ posts: [a, null, { ...a, content: "192.0.2.2" }] });
  await assert.rejects(api.provider().apply(ingress, plan, [], freeCall()), { kind: "transient", isAmbiguous: true });
  api.handler = answered({ posts: [a, null, { ...a, id: "3", content: "192.0.2.2" }, a], patches: [null] });
  const written = await api.provider().apply(ingress, plan, [], freeCall());
  assert.deepEqual(
    written.map(({ content }) => content),
    ["192.0.2.1", "192.0.2.2"],
  );
});

async function outcomeOf(listing: Promise<unknown>): Promise<unknown> {
  try {
    return await listing;
  } catch (error) {
    assert.ok(error instanceof CloudError, String(error));
    return error.kind;
  }
}
