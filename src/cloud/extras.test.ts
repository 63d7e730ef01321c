// What people wrote beside a record, comment, tags and settings, at each kind of our writes, at both names of an
// ingress.
import assert from "node:assert/strict";
import { test } from "node:test";
import { freeCall, ScriptedApi, success, zoneId } from "../../test/conformance/scripted-api.ts";
import { planBetween } from "../core/records/plan.ts";
import { recordComment } from "../core/records/records.ts";
import type { RecordSet } from "../core/model.ts";
import type { IngressName } from "./provider.ts";

const own: IngressName = { record: "ingress.example.com", zone: zoneId };
const mix: IngressName = { record: "ingress-mix.example.com", zone: zoneId, mixOf: own.record };

/** The body of the one batch that makes the name say `desired`, where these records stand there. */
async function written(name: IngressName, found: readonly object[], desired: RecordSet): Promise<Batch> {
  await using api = await new ScriptedApi().listen();
  const listed = found.map((more, index) => ({
    id: `${index + 1}`.repeat(32),
    name: name.record,
    ttl: 60,
    proxied: false,
    comment: null,
    ...more,
  }));
  api.handler = (request, response) => {
    if (request.url.endsWith(`/zones/${zoneId}`))
      return success({ id: zoneId, name: "example.com" })(request, response);
    if (!request.url.endsWith("/batch")) return success(listed)(request, response);
    const { patches = [], posts = [] } = request.body as Batch;
    const made = posts.map((post, index) => ({ ...post, id: `${index + 7}`.repeat(32) }));
    success({ deletes: [], patches, posts: made })(request, response);
  };
  const provider = api.provider();
  const records = await provider.list(name, freeCall());
  await provider.apply(name, planBetween(records, desired), records, freeCall());
  return api.requests.at(-1)?.body as Batch;
}

interface Batch {
  readonly patches?: readonly Record<string, unknown>[];
  readonly posts?: readonly Record<string, unknown>[];
}

const setOf = (...contents: readonly string[]): RecordSet => ({
  records: contents.map((content) => ({ type: /^[0-9.]+$/.test(content) ? "A" : "CNAME", content })),
  ttlSeconds: 60,
  proxied: false,
});
const besides = (record: Record<string, unknown> | undefined): unknown => [
  record?.["comment"],
  record?.["tags"],
  record?.["settings"],
];

const cname = { type: "CNAME", content: "cable.example.net" };
const people = { comment: "ask Ann", tags: ["owner:ann"], settings: { flatten_cname: true, ipv4_only: true } };

test("a patch names nothing of it, so that Cloudflare keeps it", async () => {
  const { patches = [] } = await written(own, [{ ...cname, ...people }], setOf("mobile.example.net"));
  assert.deepEqual(patches.map(besides), [[undefined, undefined, undefined]]);
  assert.equal(patches[0]?.["content"], "mobile.example.net");
});

test("only an empty comment is filled", async () => {
  for (const comment of [null, ""]) {
    const { patches } = await written(own, [{ ...cname, ...people, comment }], setOf("mobile.example.net"));
    assert.deepEqual(besides(patches?.[0]), [recordComment, undefined, undefined]);
  }
});

test("a conversion carries it over, as far as the new type has it", async () => {
  const { posts = [] } = await written(own, [{ ...cname, ...people }], setOf("192.0.2.1", "192.0.2.2"));
  const kept = ["ask Ann", ["owner:ann"], { ipv4_only: true }];
  assert.deepEqual(posts.map(besides), [kept, kept]);
  const address = { type: "A", content: "192.0.2.1", ...people };
  const back = await written(own, [address], setOf("cable.example.net"));
  assert.deepEqual(back.posts?.map(besides), [["ask Ann", ["owner:ann"], people.settings]]);
});

test("at the name of a mix the comment is always ours, and tags and settings go with it", async () => {
  const first = await written(mix, [], setOf("192.0.2.1", "192.0.2.2"));
  assert.deepEqual(
    first.posts?.map(besides),
    [1, 2].map(() => [recordComment, undefined, undefined]),
  );
  const ours = { type: "A", content: "192.0.2.1", ...people, comment: recordComment };
  const more = await written(mix, [ours], setOf("192.0.2.1", "192.0.2.2"));
  assert.deepEqual(more.posts?.map(besides), [[recordComment, ["owner:ann"], { ipv4_only: true }]]);
  const moved = await written(mix, [ours], setOf("192.0.2.9"));
  assert.deepEqual(moved.patches?.map(besides), [[undefined, undefined, undefined]]);
});
