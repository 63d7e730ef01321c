// The emulated API over real sockets: as the official SDK sees it, and what faults do to a connection.
import { createClient } from "cloudflare/tree-shakable";
import { APIError, NotFoundError } from "cloudflare/error";
import { BaseTokens } from "cloudflare/resources/user/tokens/tokens";
import { BaseRecords } from "cloudflare/resources/dns/records";
import { BaseZones } from "cloudflare/resources/zones/zones";
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../../../test/support/eventually.ts";
import type { RequestFault } from "./faults.ts";
import { startCloudflare, type CloudflareServer } from "./server.ts";

const ingress = "ingress.example.com";
const zones = [
  {
    name: "example.com",
    records: [
      { type: "CNAME", name: ingress, content: "primary.example.com", ttl: 60 },
      { type: "TXT", name: ingress, content: "hello" },
    ],
  },
];

function clientOf(cf: CloudflareServer, apiToken = cf.token): ReturnType<typeof create> {
  return create(cf.url, apiToken);
}

function create(baseURL: string, apiToken: string) {
  return createClient({
    resources: [BaseRecords, BaseZones, BaseTokens],
    baseURL,
    apiToken,
    apiKey: null,
    apiEmail: null,
    userServiceKey: null,
    maxRetries: 0,
    logLevel: "off",
  });
}

test("the SDK verifies the token, finds the zone and lists a name, page by page", async () => {
  await using cf = await startCloudflare({ zones });
  const client = clientOf(cf);
  assert.equal((await client.user.tokens.verify())?.status, "active");
  const found = await client.zones.list({ name: "example.com" });
  assert.deepEqual(
    found.result.map(({ id, status }) => [id, status]),
    [[cf.zone("example.com").id, "active"]],
  );
  const zone_id = found.result[0]?.id ?? "";
  const names: unknown[] = [];
  for await (const record of client.dns.records.list({ zone_id, name: { exact: ingress }, per_page: 1 })) {
    names.push(record.content);
  }
  assert.deepEqual(names, ["primary.example.com", '"hello"']);
  assert.equal(cf.counts.reads, 2 + 3, "the SDK always asks for one page more");
});

test("the SDK swaps a CNAME for addresses by one batch, and the TXT beside it stays", async () => {
  await using cf = await startCloudflare({ zones });
  const zone_id = cf.zone("example.com").id;
  const [cname, txt] = cf.recordsAt(ingress);
  const answer = await clientOf(cf).dns.records.batch({
    zone_id,
    deletes: [{ id: cname?.id ?? "" }],
    posts: [
      { type: "A", name: ingress, content: "203.0.113.1", ttl: 60, comment: "managed" },
      { type: "AAAA", name: ingress, content: "2001:db8::0:1", ttl: 60 },
    ],
  });
  assert.deepEqual(
    answer?.posts?.map(({ type, content }) => `${type} ${content}`),
    ["A 203.0.113.1", "AAAA 2001:db8::1"],
  );
  assert.deepEqual(
    answer?.deletes?.map(({ id }) => id),
    [cname?.id],
  );
  assert.deepEqual(
    cf.recordsAt(ingress).map(({ type }) => type),
    ["TXT", "A", "AAAA"],
  );
  assert.equal(cf.recordsAt(ingress)[0], txt, "untouched, id and all");
  assert.deepEqual(cf.counts, { reads: 0, writes: 1 });
  for (const state of cf.recordsOverTime(ingress)) assert.ok(state.some(({ type }) => type !== "TXT"));
  assert.equal(cf.recordsOverTime(ingress).length, 2);
});

test("the SDK's other writes: create, update, edit, get, delete", async () => {
  await using cf = await startCloudflare({ zones: [{ name: "example.com" }] });
  const { records } = clientOf(cf).dns;
  const zone_id = cf.zone("example.com").id;
  const created = await records.create({ zone_id, type: "A", name: "www", content: "203.0.113.1", ttl: 1 });
  const id = created.id;
  const edited = await records.edit(id, { zone_id, type: "A", name: "www", content: "203.0.113.2", ttl: 60 });
  assert.deepEqual([edited.id, edited.content, edited.ttl], [id, "203.0.113.2", 60]);
  const updated = await records.update(id, { zone_id, type: "A", name: "www", content: "203.0.113.3", ttl: 1 });
  assert.equal(updated.content, "203.0.113.3");
  assert.equal((await records.get(id, { zone_id })).name, "www.example.com");
  assert.deepEqual(await records.delete(id, { zone_id }), { id });
  await assert.rejects(records.get(id, { zone_id }), NotFoundError);
});

test("the SDK reports a failed batch by its first error, and nothing has changed", async () => {
  await using cf = await startCloudflare({ zones });
  const before = cf.zone("example.com");
  const posts = [
    { type: "TXT" as const, name: "fine.example.com", content: "x", ttl: 60 },
    { type: "A" as const, name: ingress, content: "203.0.113.1", ttl: 60 },
    { type: "A" as const, name: "bad..name", content: "203.0.113.1", ttl: 60 },
  ];
  const refused = await clientOf(cf)
    .dns.records.batch({ zone_id: before.id, posts })
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  assert.ok(refused instanceof APIError);
  assert.equal(refused.status, 400);
  assert.deepEqual(
    refused.errors.map(({ code }) => code),
    [81054],
  );
  assert.equal(cf.zone("example.com"), before);
});

test("the SDK is told 400 for no token and 403 for a wrong one", async () => {
  await using cf = await startCloudflare({ zones });
  const statusOf = (token: string): Promise<unknown> =>
    clientOf(cf, token)
      .zones.list()
      .then(
        () => undefined,
        (error: unknown) => (error instanceof APIError ? Number(error.status) : error),
      );
  assert.deepEqual([await statusOf("a b"), await statusOf("cfut_nobody")], [400, 403]);
});

// Faults on the socket

/** What a plain client sees: status and how the body went, or how the connection failed. */
async function seen(cf: CloudflareServer): Promise<string> {
  const url = `${cf.url}/zones/${cf.zone("example.com").id}/dns_records`;
  const given = new AbortController();
  const asked = cf.requests.length;
  // It gives up when nothing has come a while after the emulator said its last word.
  let ticksSince = 0;
  const giveUp = setInterval(() => {
    if (cf.requests[asked]?.status !== undefined) ticksSince += 1;
    if (ticksSince === 3) given.abort();
  }, 150);
  try {
    const { signal } = given;
    const response = await fetch(url, { headers: { authorization: `Bearer ${cf.token}` }, signal });
    try {
      const text = await response.text();
      const isJson = /^\{.*\}$/s.test(text);
      return `${response.status} ${isJson ? "JSON" : text === "" ? "empty" : text.startsWith("<") ? "HTML" : "torn"}`;
    } catch {
      return `${response.status} body ${signal.aborted ? "never comes" : "breaks off"}`;
    }
  } catch {
    return given.signal.aborted ? "no answer" : "connection lost";
  } finally {
    clearInterval(giveUp);
  }
}

const onTheWire: readonly (readonly [fault: RequestFault, seen: string])[] = [
  [{ kind: "delay" }, "200 JSON"],
  [{ kind: "drop-before-commit" }, "connection lost"],
  [{ kind: "drop-after-commit" }, "connection lost"],
  [{ kind: "silent" }, "no answer"],
  [{ kind: "stall-after-headers" }, "200 body never comes"],
  [{ kind: "truncated-json" }, "200 torn"],
  [{ kind: "html", status: 200 }, "200 HTML"],
  [{ kind: "html", status: 502 }, "502 HTML"],
  [{ kind: "unavailable" }, "503 empty"],
  [{ kind: "rate-limited" }, "429 JSON"],
];

for (const [fault, expected] of onTheWire) {
  test(`${JSON.stringify(fault)} on the wire: ${expected}`, async () => {
    await using cf = await startCloudflare({ zones });
    cf.faults.next(fault);
    assert.equal(await seen(cf), expected);
    assert.equal(await seen(cf), "200 JSON", "the next one works");
  });
}

test("a client that gives up does not undo its write", async () => {
  await using cf = await startCloudflare({ zones });
  cf.faults.next({ kind: "delay", beforeCommitMs: 500 });
  const commit = cf.nextCommit(({ by }) => by === "api", 5000);
  const givingUp = new AbortController();
  const given = fetch(`${cf.url}/zones/${cf.zone("example.com").id}/dns_records`, {
    method: "POST",
    headers: { authorization: `Bearer ${cf.token}`, "content-type": "application/json" },
    body: JSON.stringify({ type: "A", name: "late", content: "203.0.113.1" }),
    signal: givingUp.signal,
  });
  // A client that gives up too early has never asked.
  const rejected = assert.rejects(given);
  await eventually("the request", () => cf.requests.length > 0);
  givingUp.abort();
  await rejected;
  assert.equal(cf.recordsAt("late.example.com").length, 0);
  assert.ok((await commit) !== undefined);
  assert.equal(cf.recordsAt("late.example.com").length, 1);
});

test("outside its base path there is nothing, and a request that hangs does not keep it from ending", async () => {
  const cf = await startCloudflare({ zones });
  assert.equal((await fetch(new URL("/client/v5/zones", cf.url))).status, 404);
  assert.equal((await fetch(new URL("/client/v4/%ZZ", cf.url))).status, 400);
  cf.faults.next({ kind: "silent" });
  const hanging = fetch(`${cf.url}/zones`, { headers: { authorization: `Bearer ${cf.token}` } });
  const outcome = assert.rejects(hanging);
  while (cf.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await cf[Symbol.asyncDispose]();
  await outcome;
});

test("it listens where it is told", async () => {
  await using first = await startCloudflare({ host: "::1" });
  assert.match(first.url, /^http:\/\/\[::1\]:\d+\/client\/v4$/);
  await assert.rejects(startCloudflare({ host: "::1", port: first.port }), { code: "EADDRINUSE" });
});
