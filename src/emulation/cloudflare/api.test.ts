// The emulated API on a clock of its own: who may ask, how often, and what goes wrong on demand.
import assert from "node:assert/strict";
import { test } from "node:test";
import { settle, VirtualClock } from "../../../test/support/virtual-clock.ts";
import { CloudflareApi, type ApiOptions, type ApiRequest } from "./api.ts";
import type { HttpOutcome } from "./delivery.ts";
import { reads, writes, type RequestFault, type Quirks } from "./faults.ts";

const token = "cfut_everything";
const readOnly = "cfut_reads";
const elsewhere = "cfut_elsewhere";
const accountId = "a".repeat(32);
const record = { type: "CNAME", name: "www.example.com", content: "x.example.net", ttl: 60 } as const;

interface World extends Disposable {
  readonly cf: CloudflareApi;
  readonly clock: VirtualClock;
  readonly records: string;
  ask(method: string, path: string, more?: Partial<ApiRequest> & { json?: unknown; token?: string }): Promise<Answer>;
}

interface Answer {
  readonly delivery: HttpOutcome;
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** Missing when the body is no JSON. */
  readonly json?: {
    readonly success: boolean;
    readonly result: Record<string, unknown>;
    readonly errors: readonly { code: number; message: string; error_chain?: readonly { code: number }[] }[];
    readonly messages: readonly { code: number }[];
  };
  /** Code of the first error. */
  readonly code: number | undefined;
}

function world(options: ApiOptions = {}): World {
  const clock = new VirtualClock();
  const cf = new CloudflareApi({
    clock,
    zones: [
      { name: "example.com", records: [record], account: { id: accountId, name: "Test" } },
      { name: "other.test" },
    ],
    tokens: [
      { token },
      { token: readOnly, scopes: [{ zone: "example.com", dns: "read", readsZone: false }] },
      { token: elsewhere, scopes: [{ zone: "other.test", dns: "write", readsZone: true }] },
      { token: "cfat_account", kind: "account" },
      { token: "cfut_disabled", status: "disabled" },
      { token: "cfut_home", allowedIps: ["192.0.2.7"] },
    ],
    ...options,
  });
  const ask: World["ask"] = async (method, path, more = {}) => {
    const { json, token: asToken = token, ...rest } = more;
    const [bare = "", query = ""] = path.split("?");
    const delivery = await cf.handle({
      method,
      path: bare,
      query: new URLSearchParams(query),
      authorization: `Bearer ${asToken}`,
      ...(json !== undefined && { contentType: "application/json" }),
      body: json === undefined ? "" : JSON.stringify(json),
      clientIp: "127.0.0.1",
      ...rest,
    });
    if (delivery.kind !== "response") return { delivery, status: undefined, headers: {}, code: undefined };
    const { status, headers, body } = delivery;
    let parsed: Answer["json"];
    try {
      parsed = JSON.parse(body) as NonNullable<Answer["json"]>;
    } catch {
      return { delivery, status, headers, code: undefined };
    }
    return { delivery, status, headers, json: parsed, code: parsed.errors[0]?.code };
  };
  return {
    cf,
    clock,
    ask,
    records: `/zones/${cf.zone("example.com").id}/dns_records`,
    [Symbol.dispose]: () => cf.close(),
  };
}

/** The items of a list answer. */
function itemsOf({ json }: Answer): readonly Record<string, unknown>[] {
  const items: unknown = json?.result;
  assert.ok(Array.isArray(items));
  return items as Record<string, unknown>[];
}

type Ask = (world: World) => Promise<Answer>;
const unknownId = "f".repeat(32);
const aRecord = { type: "A", name: "api", content: "203.0.113.1" };

const pipeline: readonly (readonly [claim: string, status: number, code: number | undefined, ask: Ask])[] = [
  ["no token at all", 400, 6003, (w) => w.ask("GET", w.records, { authorization: "" })],
  ["a garbled token", 400, 6003, (w) => w.ask("GET", w.records, { authorization: "Bearer a b" })],
  ["another scheme", 400, 6003, (w) => w.ask("GET", w.records, { authorization: `Basic ${token}` })],
  ["a garbled token before a bad path", 400, 6003, (w) => w.ask("GET", "/zones/x", { authorization: "Bearer" })],
  ["an unknown token", 403, 9109, (w) => w.ask("GET", w.records, { token: "cfut_nobody" })],
  ["a disabled token", 403, 9109, (w) => w.ask("GET", w.records, { token: "cfut_disabled" })],
  ["a token from another place", 403, 9109, (w) => w.ask("GET", w.records, { token: "cfut_home" })],
  [
    "a token from its own place",
    200,
    undefined,
    (w) => w.ask("GET", w.records, { token: "cfut_home", clientIp: "192.0.2.7" }),
  ],
  ["an unknown path", 400, 7003, (w) => w.ask("GET", "/accounts")],
  ["a zone id of the wrong form", 400, 7003, (w) => w.ask("GET", "/zones/example.com/dns_records")],
  ["a record id of the wrong form", 400, 7003, (w) => w.ask("GET", `${w.records}/ABC`)],
  ["an empty record id", 400, 7003, (w) => w.ask("DELETE", `${w.records}/`)],
  ["an unknown zone", 403, 10000, (w) => w.ask("GET", `/zones/${unknownId}/dns_records`)],
  ["an unknown zone itself", 403, 10000, (w) => w.ask("GET", `/zones/${unknownId}`)],
  ["a zone outside the token's scope", 403, 10000, (w) => w.ask("GET", w.records, { token: elsewhere })],
  ["a write without the permission", 403, 10000, (w) => w.ask("POST", w.records, { token: readOnly, json: aRecord })],
  [
    "a broken write without the permission",
    403,
    10000,
    (w) => w.ask("POST", w.records, { token: readOnly, body: "{" }),
  ],
  ["a read with the permission to read", 200, undefined, (w) => w.ask("GET", w.records, { token: readOnly })],
  ["a body without its content type", 400, 9207, (w) => w.ask("POST", w.records, { body: "{}" })],
  [
    "a form",
    400,
    9207,
    (w) => w.ask("POST", w.records, { body: "type=A", contentType: "application/x-www-form-urlencoded" }),
  ],
  ["broken JSON", 400, 9207, (w) => w.ask("POST", w.records, { body: "{", contentType: "application/json" })],
  ["JSON that is a list", 400, 9207, (w) => w.ask("POST", w.records, { json: [] })],
  ["a TTL written as text", 400, 9208, (w) => w.ask("POST", w.records, { json: { ...aRecord, ttl: "60" } })],
  ["a conflict", 400, 81054, (w) => w.ask("POST", w.records, { json: { ...aRecord, name: "www" } })],
  ["a record that is not there", 404, 81044, (w) => w.ask("GET", `${w.records}/${unknownId}`)],
  ["a delete of what is not there", 404, 81044, (w) => w.ask("DELETE", `${w.records}/${unknownId}`)],
  [
    "a batch with an unknown delete",
    404,
    81044,
    (w) => w.ask("POST", `${w.records}/batch`, { json: { deletes: [{ id: unknownId }] } }),
  ],
  ["a method that the path does not have", 405, 7001, (w) => w.ask("PUT", w.records, { json: aRecord })],
  ["a GET of the batch", 405, 7001, (w) => w.ask("GET", `${w.records}/batch`)],
  ["a new record", 200, undefined, (w) => w.ask("POST", w.records, { json: aRecord })],
];

for (const [claim, status, code, ask] of pipeline) {
  test(`answers ${claim} with ${status}${code === undefined ? "" : ` and ${code}`}`, async () => {
    using w = world();
    const answer = await ask(w);
    assert.deepEqual([answer.status, answer.code, answer.json?.success], [status, code, status === 200]);
    assert.match(answer.headers["cf-ray"] ?? "", /^[0-9a-f]{16}-DMO$/);
    if (status !== 200) assert.equal(answer.json?.result, null);
    assert.equal(w.cf.requests[0]?.status, status);
    assert.equal(w.cf.requests[0]?.code, code);
  });
}

test("each kind of token is verified in its own place", async () => {
  using w = world();
  const [user, account] = ["/user/tokens/verify", `/accounts/${accountId}/tokens/verify`];
  const good = await w.ask("GET", user);
  assert.deepEqual([good.status, good.json?.result["status"], good.json?.messages[0]?.code], [200, "active", 10000]);
  assert.equal((await w.ask("GET", account, { token: "cfat_account" })).json?.result["status"], "active");
  assert.equal((await w.ask("GET", user, { token: "cfut_disabled" })).json?.result["status"], "disabled");
  for (const [path, wrong] of [
    [user, "cfat_account"],
    [account, token],
    [user, "cfut_nobody"],
  ] as const) {
    const answer = await w.ask("GET", path, { token: wrong });
    assert.deepEqual([answer.status, answer.code], [401, 1000]);
  }
});

test("zones are shown to those who may read them", async () => {
  using w = world();
  const names = async (asToken: string): Promise<unknown> =>
    itemsOf(await w.ask("GET", "/zones", { token: asToken })).map((zone) => zone["name"]);
  assert.deepEqual(await names(token), ["example.com", "other.test"]);
  assert.deepEqual(await names(elsewhere), ["other.test"]);
  assert.deepEqual(await names(readOnly), []);
  w.cf.faults.set({ zonesWithoutZoneRead: "visible" });
  assert.deepEqual(await names(readOnly), ["example.com"]);
  w.cf.faults.set({ zonesWithoutZoneRead: "forbidden" });
  assert.deepEqual((await w.ask("GET", "/zones", { token: readOnly })).code, 0);
  const zone = await w.ask("GET", `/zones/${w.cf.zone("example.com").id}`);
  assert.deepEqual([zone.json?.result["name"], "records" in (zone.json?.result ?? {})], ["example.com", false]);
  assert.equal((await w.ask("GET", `/zones/${w.cf.zone("example.com").id}`, { token: readOnly })).code, 9109);
});

test("usage tells how full the zone is", async () => {
  using w = world();
  const usage = await w.ask("GET", `${w.records}/usage`);
  assert.deepEqual(usage.json?.result, { record_usage: 1, record_quota: 200 });
});

test("beyond the limit everything of that token is refused for a while, and every answer says how much is left", async () => {
  using w = world({ rateLimit: { requests: 2, windowSeconds: 300, blockSeconds: 60 } });
  const left = async (): Promise<unknown> => (await w.ask("GET", w.records)).headers["ratelimit"];
  assert.deepEqual([await left(), await left()], ['"default";r=1;t=300', '"default";r=0;t=300']);
  const refused = await w.ask("GET", w.records);
  assert.deepEqual([refused.status, refused.code, refused.headers["retry-after"]], [429, 971, "60"]);
  assert.equal((await w.ask("GET", w.records, { token: readOnly })).status, 200);
  await w.clock.advance(59_500);
  const still = await w.ask("GET", w.records);
  assert.deepEqual([still.status, still.headers["retry-after"]], [429, "1"]);
  await w.clock.advance(500);
  assert.equal((await w.ask("GET", w.records)).status, 200);
  assert.equal((await w.ask("GET", w.records)).headers["ratelimit-policy"], '"default";q=2;w=300');
});

test("a window that has passed gives the whole limit back", async () => {
  using w = world({ rateLimit: { requests: 2, windowSeconds: 10, blockSeconds: 60 } });
  await w.ask("GET", w.records);
  await w.ask("GET", w.records);
  await w.clock.advance(10_000);
  assert.equal((await w.ask("GET", w.records)).status, 200);
});

// Faults

const post = { json: aRecord };
const committed = (w: World): boolean => w.cf.recordsAt("api.example.com").length === 1;

const faults: readonly (readonly [fault: RequestFault, seen: number | "drop" | "silence", isCommitted: boolean])[] = [
  [{ kind: "delay", beforeCommitMs: 10 }, 200, true],
  [{ kind: "drop-before-commit" }, "drop", false],
  [{ kind: "drop-after-commit" }, "drop", true],
  [{ kind: "silent" }, "silence", false],
  [{ kind: "silent", isCommitted: true }, "silence", true],
  [{ kind: "stall-after-headers" }, 200, true],
  [{ kind: "truncated-json" }, 200, true],
  [{ kind: "html", status: 200 }, 200, false],
  [{ kind: "html", status: 502 }, 502, false],
  [{ kind: "html", status: 502, isCommitted: true }, 502, true],
  [{ kind: "unavailable" }, 503, false],
  [{ kind: "unavailable", isCommitted: true }, 503, true],
  [{ kind: "unavailable", status: 520 }, 520, false],
  [{ kind: "rate-limited" }, 429, false],
  [{ kind: "rate-limited", retryAfterSeconds: 86_400 }, 429, false],
  [{ kind: "unsuccessful" }, 200, false],
  [{ kind: "refused", problem: { status: 400, code: 9999, message: "no" } }, 400, false],
];

for (const [fault, seen, isCommitted] of faults) {
  test(`${JSON.stringify(fault)}: the client sees ${seen}, ${isCommitted ? "committed" : "not committed"}`, async () => {
    using w = world();
    w.cf.faults.next(fault);
    const [answer] = await Promise.all([w.ask("POST", w.records, post), w.clock.advance(10)]);
    assert.equal(answer.status ?? answer.delivery.kind, seen);
    assert.equal(committed(w), isCommitted);
    assert.deepEqual([w.cf.requests[0]?.fault, w.cf.requests[0]?.status], [fault, seen]);
    assert.equal((await w.ask("GET", w.records)).status, 200, "it strikes once");
  });
}

test("what comes with a fault: HTML, half a body, Retry-After", async () => {
  using w = world();
  const struck = async (fault: RequestFault): Promise<Answer> => {
    w.cf.faults.next(fault);
    return w.ask("GET", w.records);
  };
  const html = await struck({ kind: "html", status: 200 });
  assert.match(html.headers["content-type"] ?? "", /^text\/html/);
  assert.equal((await struck({ kind: "truncated-json" })).json, undefined);
  const { delivery } = await struck({ kind: "stall-after-headers" });
  assert.ok(
    delivery.kind === "response" &&
      (delivery.stallsAfter ?? 0) > 0 &&
      (delivery.stallsAfter ?? 0) < delivery.body.length,
  );
  assert.equal((await struck({ kind: "rate-limited" })).headers["retry-after"], undefined);
  assert.equal((await struck({ kind: "rate-limited", retryAfterSeconds: 7 })).headers["retry-after"], "7");
  const unsuccessful = await struck({ kind: "unsuccessful" });
  assert.deepEqual([unsuccessful.json?.success, unsuccessful.json?.result], [false, null]);
});

test("faults are aimed, queue up, and end", async () => {
  using w = world();
  w.cf.faults.next({ kind: "unavailable" }, writes);
  w.cf.faults.next({ kind: "html", status: 502 }, reads);
  assert.equal((await w.ask("GET", w.records)).status, 502);
  assert.equal((await w.ask("GET", w.records)).status, 200);
  assert.equal(w.cf.faults.waiting, 1);
  assert.equal((await w.ask("POST", w.records, post)).status, 503);
  w.cf.faults.always({ kind: "rate-limited" }, ({ path }) => path.endsWith("/batch"));
  assert.equal((await w.ask("POST", `${w.records}/batch`, { json: {} })).status, 429);
  assert.equal((await w.ask("POST", `${w.records}/batch`, { json: {} })).status, 429);
  assert.equal((await w.ask("GET", w.records)).status, 200);
  w.cf.faults.clear();
  assert.equal((await w.ask("POST", `${w.records}/batch`, { json: {} })).status, 200);
});

test("a late first attempt lands after a newer one", async () => {
  using w = world();
  const id = w.cf.recordsAt("www.example.com")[0]?.id ?? "";
  const patch = (content: string): Promise<Answer> => w.ask("PATCH", `${w.records}/${id}`, { json: { content } });
  w.cf.faults.next({ kind: "silent", isCommitted: true, beforeCommitMs: 5000 });
  const late = patch("late.example.net");
  assert.equal((await patch("newer.example.net")).status, 200);
  await w.clock.advance(5000);
  assert.equal((await late).delivery.kind, "silence");
  const contents = w.cf.recordsOverTime("www.example.com").map(([first]) => first?.content);
  assert.deepEqual(contents, ["x.example.net", "newer.example.net", "late.example.net"]);
});

test("somebody else's edit may come between the request and its commit", async () => {
  using w = world();
  const id = w.cf.recordsAt("www.example.com")[0]?.id ?? "";
  w.cf.faults.next({ kind: "delay", meanwhile: () => w.cf.hand.remove(id) });
  assert.equal((await w.ask("PATCH", `${w.records}/${id}`, { json: { ttl: 120 } })).code, 81044);
});

test("a request that still waits when the emulator ends is never committed", async () => {
  const w = world();
  w.cf.faults.next({ kind: "delay", beforeCommitMs: 60_000 });
  const waiting = w.ask("POST", w.records, post);
  await settle();
  w.cf.close();
  assert.equal((await waiting).delivery.kind, "drop");
  assert.equal(committed(w), false);
  assert.equal(w.clock.pendingTimers, 0);
});

// Habits

test("reads may lag behind, and are as they should be once the lag is over", async () => {
  using w = world();
  await w.clock.advance(1000);
  w.cf.faults.set({ staleReadsMs: 500 });
  assert.equal((await w.ask("POST", w.records, post)).status, 200);
  const count = async (): Promise<number> => itemsOf(await w.ask("GET", w.records)).length;
  assert.equal(await count(), 1);
  await w.clock.advance(500);
  assert.equal(await count(), 2);
});

test("a record removed by hand is out of the way at once", () => {
  using w = world();
  w.cf.hand.remove(w.cf.recordsAt(record.name)[0]?.id ?? "");
  w.cf.hand.add({ ...record, content: "y.example.net" });
  assert.deepEqual(
    w.cf.recordsAt(record.name).map(({ content }) => content),
    ["y.example.net"],
  );
});

test("after a single DELETE the record stays in the way for a while; a batch knows no ghosts of its own", async () => {
  using w = world();
  w.cf.faults.set({ ghostsMs: 30_000 });
  const id = w.cf.recordsAt("www.example.com")[0]?.id ?? "";
  const deleted = await w.ask("DELETE", `${w.records}/${id}`);
  assert.deepEqual(deleted.json?.result, { id });
  const replace = { json: { type: "A", name: "www", content: "203.0.113.1" } };
  assert.equal((await w.ask("POST", w.records, replace)).code, 81054);
  await w.clock.advance(30_000);
  const created = await w.ask("POST", w.records, replace);
  assert.equal(created.status, 200);
  assert.equal(
    (await w.ask("PATCH", `${w.records}/${String(created.json?.result["id"])}`, { json: { ttl: 60 } })).status,
    200,
  );
  const swap = { deletes: [{ id: created.json?.result["id"] }], posts: [record] };
  assert.equal((await w.ask("POST", `${w.records}/batch`, { json: swap })).status, 200);
});

const shapes: readonly (readonly [quirks: Partial<Quirks>, test: (record: Record<string, unknown>) => boolean])[] = [
  [{ emptyComment: "null" }, (shown) => shown["comment"] === null],
  [{ emptyComment: "absent" }, (shown) => !("comment" in shown)],
  [{ settings: "absent" }, (shown) => !("settings" in shown)],
  [{ settings: "partial" }, (shown) => JSON.stringify(shown["settings"]) === "{}"],
  [{ settings: "full" }, (shown) => JSON.stringify(shown["settings"]).includes('"flatten_cname":false')],
  [{ zoneFields: "absent" }, (shown) => !("zone_id" in shown)],
  [{ zoneFields: "present" }, (shown) => shown["zone_name"] === "example.com"],
  [{ unknownFields: true }, (shown) => "x_new_field" in shown && JSON.stringify(shown["meta"]).includes("x_new_field")],
  [{ unknownFields: false }, (shown) => !("x_new_field" in shown)],
];

for (const [quirks, passes] of shapes) {
  test(`records are shown with ${JSON.stringify(quirks)}`, async () => {
    using w = world();
    w.cf.faults.set(quirks);
    const [shown] = itemsOf(await w.ask("GET", w.records));
    assert.ok(shown !== undefined && passes(shown), JSON.stringify(shown));
  });
}

test("a refusal may hide its code in the chain of a 1004", async () => {
  using w = world();
  w.cf.faults.set({ errorShape: "chained" });
  const refused = await w.ask("POST", w.records, { json: { ...aRecord, name: "www" } });
  assert.deepEqual([refused.code, refused.json?.errors[0]?.error_chain?.[0]?.code], [1004, 81054]);
});

for (const [emptyBatchLists, expected] of [
  ["empty", []],
  ["null", null],
  ["absent", undefined],
] as const) {
  test(`the empty lists of a batch answer may be ${emptyBatchLists}`, async () => {
    using w = world();
    w.cf.faults.set({ emptyBatchLists });
    const answer = await w.ask("POST", `${w.records}/batch`, { json: { posts: [aRecord] } });
    const { deletes, posts } = answer.json?.result ?? {};
    assert.deepEqual(deletes, expected);
    assert.ok(Array.isArray(posts) && posts.length === 1);
  });
}

test("what is remembered of a request tells everything but the token", async () => {
  using w = world();
  await w.ask("POST", `${w.records}?x=1`, post);
  const [entry] = w.cf.requests;
  assert.deepEqual(entry, {
    method: "POST",
    path: w.records,
    query: "x=1",
    body: aRecord,
    contentType: "application/json",
    isWrite: true,
    atMs: 0,
    tokenId: w.cf.tokens.get(token)?.id,
    fault: undefined,
    status: 200,
  });
  assert.ok(!JSON.stringify(w.cf.requests).includes(token));
  assert.deepEqual(w.cf.counts, { reads: 0, writes: 1 });
  assert.equal(w.cf.writeRequests.length, 1);
});

// The store

test("every committed state is kept and told, in order, with who made it", async () => {
  using w = world();
  const heard: string[] = [];
  const stop = w.cf.onCommit(({ by, before, zone }) =>
    heard.push(`${by} ${before?.records.length} → ${zone.records.length}`),
  );
  await w.ask("POST", w.records, post);
  assert.equal((await w.ask("POST", w.records, post)).code, 81058);
  const added = w.cf.hand.add({ type: "TXT", name: "www.example.com", content: "hi" });
  w.cf.hand.edit(added.id, { comment: "by hand" });
  w.cf.hand.remove(added.id);
  stop();
  w.cf.hand.setZone("example.com", { paused: true });
  assert.deepEqual(heard, ["api 1 → 2", "hand 2 → 3", "hand 3 → 3", "hand 3 → 2"]);
  const history = w.cf.history("example.com");
  assert.deepEqual(
    history.map(({ by }) => by),
    ["start", "api", "hand", "hand", "hand", "hand"],
  );
  assert.ok(history.every(({ number }, index) => index === 0 || number > (history[index - 1]?.number ?? Infinity)));
  assert.ok(w.cf.zone("example.com").paused);
});

test("a person in the dashboard is refused what the API refuses", () => {
  using w = world();
  assert.throws(() => w.cf.hand.add({ type: "A", name: "www.example.com", content: "203.0.113.1" }), /81054/);
  assert.throws(() => w.cf.hand.add({ type: "A", name: "www.example.net", content: "203.0.113.1" }), /No zone/);
  const locked = w.cf.hand.add({ type: "A", name: "m.example.com", content: "203.0.113.1", meta: { read_only: true } });
  assert.deepEqual(locked.meta, { read_only: true });
  assert.throws(() => w.cf.hand.remove(locked.id), /1046/);
});

test("the same chance gives the same ids", () => {
  const idOf = (): string => new CloudflareApi({ clock: new VirtualClock(), random: () => 0.5 }).zone("example.com").id;
  assert.equal(idOf(), "8".repeat(32));
});

test("waits for a commit, and says when none came", async () => {
  using w = world();
  const waiting = w.cf.nextCommit(({ by }) => by === "hand", 1000);
  await w.ask("POST", w.records, post);
  w.cf.hand.setZone("example.com", { paused: true });
  assert.equal((await waiting)?.zone.paused, true);
  const [none] = await Promise.all([w.cf.nextCommit(() => true, 1000), w.clock.advance(1000)]);
  assert.equal(none, undefined);
});
