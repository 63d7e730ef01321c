// What goes over the wire to Cloudflare, which zone it goes to, and how its answers are read.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import {
  canary,
  freeCall,
  json,
  ScriptedApi,
  success,
  zoneId,
  type Handler,
  type SeenRequest,
} from "../../test/conformance/scripted-api.ts";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import type { Plan, PublishedRecord } from "../core/model.ts";
import { planBetween } from "../core/records/plan.ts";
import { Secret } from "../lib/secret.ts";
import { CloudError } from "./provider.ts";
import type { RequestMeasure } from "./requests.ts";

const record = "ingress.example.com";
const otherZoneId = "fedcba9876543210fedcba9876543210";

const live = (more: object): object => ({
  id: "1".repeat(32),
  name: record,
  type: "CNAME",
  content: "a.example.net",
  ttl: 60,
  proxied: false,
  proxiable: true,
  meta: { shadowed_by: [] },
  comment: null,
  tomorrow: { x: 1 },
  ...more,
});

/** Zones by name, records by zone id; batches are answered as they were asked. */
function cloud(zones: readonly object[], records: readonly object[] = []): Handler {
  return (request, response) => {
    const url = new URL(request.url, "http://x");
    if (url.pathname.endsWith("/batch")) return success(echoed(request))(request, response);
    if (url.pathname.endsWith("/dns_records")) return success(records)(request, response);
    const name = url.searchParams.get("name");
    return success(zones.filter((zone) => "name" in zone && zone.name === name))(request, response);
  };
}

function echoed({ body }: SeenRequest): object {
  const { patches = [], posts = [] } = body as { patches?: object[]; posts?: object[] };
  return { deletes: null, patches, puts: [], posts: posts.map((post) => live({ ...post, id: "9".repeat(32) })) };
}

const paths = ({ requests }: ScriptedApi): string[] =>
  requests.map(({ method, url }) => `${method} ${url.replace("/client/v4", "")}`);

const oneCname = planBetween([], {
  records: [{ type: "CNAME", content: "a.example.net" }],
  ttlSeconds: 60,
  proxied: false,
});

async function rejects(promise: Promise<unknown>, kind: CloudError["kind"], words: RegExp): Promise<void> {
  await assert.rejects(promise, (error: unknown) => {
    assert(error instanceof CloudError, inspect(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, words);
    return true;
  });
}

test("finds the zone by name, longest first, once", async () => {
  await using api = await new ScriptedApi().listen();
  api.handler = cloud([{ id: zoneId, name: "example.com", status: "active" }], [live({})]);
  const provider = api.provider();
  const deep = { record: "a.b.example.com" };
  await provider.list(deep, freeCall());
  await provider.list(deep, freeCall());
  assert.deepEqual(paths(api), [
    "GET /zones?name=a.b.example.com",
    "GET /zones?name=b.example.com",
    "GET /zones?name=example.com",
    `GET /zones/${zoneId}/dns_records?name.exact=a.b.example.com&per_page=100`,
    `GET /zones/${zoneId}/dns_records?name.exact=a.b.example.com&per_page=100`,
  ]);
});

test("prefers the longer zone, and the active one of two", async () => {
  await using api = await new ScriptedApi().listen();
  const zones = [
    { id: otherZoneId, name: "example.com", status: "active" },
    { id: "moved", name: "b.example.com", status: "moved" },
    { id: zoneId, name: "b.example.com", status: "active" },
  ];
  api.handler = cloud(zones);
  await api.provider().list({ record: "a.b.example.com" }, freeCall());
  assert.match(paths(api).at(-1) ?? "", new RegExp(zoneId));
});

test("an apex record, a pending zone and a configured zone name are fine", async () => {
  await using api = await new ScriptedApi().listen();
  api.handler = cloud([{ id: zoneId, name: "example.com", status: "pending" }]);
  await api.provider().list({ record: "example.com" }, freeCall());
  await api.provider().list({ record: "a.b.example.com", zone: "Example.com." }, freeCall());
  assert.deepEqual(
    paths(api).filter((path) => path.includes("?name=")),
    ["GET /zones?name=example.com", "GET /zones?name=example.com"],
  );
});

test("says what to do about a zone that is not visible, or not the only one", async () => {
  await using api = await new ScriptedApi().listen();
  api.handler = success([]);
  await rejects(
    api.provider().list({ record }, freeCall()),
    "auth",
    /no zone .* visible to this token: check .*zone's id/,
  );
  const two = [zoneId, otherZoneId].map((id) => ({ id, name: "example.com", status: "active" }));
  api.handler = cloud(two);
  await rejects(api.provider().list({ record }, freeCall()), "auth", /several zones .*: configure the zone's id/);
});

test("a token that may not look zones up is told what would help", async () => {
  await using api = await new ScriptedApi().listen();
  const errors = [{ code: 0, message: "Actor 'x' requires permission 'com.cloudflare.api.account.zone.list'" }];
  api.handler = json({ success: false, errors, messages: [], result: null }, 403);
  const words = /^could not look up the zone of .*read the zone too \(Zone\.Zone Read\) or configure the zone's id$/;
  await rejects(api.provider().list({ record }, freeCall()), "auth", words);
});

test("takes any other zone as an id, and asks nobody", async () => {
  await using api = await new ScriptedApi().listen();
  api.handler = success([live({})]);
  await api.provider().list({ record, zone: zoneId }, freeCall());
  await api.provider().list({ record, zone: "my zone/?" }, freeCall());
  assert.deepEqual(paths(api), [
    `GET /zones/${zoneId}/dns_records?name.exact=${record}&per_page=100`,
    `GET /zones/my%20zone%2F%3F/dns_records?name.exact=${record}&per_page=100`,
  ]);
});

test("looks the zone up again after it was refused", async () => {
  await using api = await new ScriptedApi().listen();
  const provider = api.provider();
  const works = cloud([{ id: zoneId, name: "example.com", status: "active" }], [live({})]);
  for (const status of [403, 404]) {
    api.handler = works;
    await provider.list({ record }, freeCall());
    api.handler = json({ success: false, errors: [{ code: 10000, message: "Authentication error" }] }, status);
    await rejects(provider.list({ record }, freeCall()), "auth", /HTTP 40[34], 10000 "Authentication error"/);
    api.handler = works;
    api.requests.length = 0;
    await provider.list({ record }, freeCall());
    assert.equal(paths(api)[0], `GET /zones?name=${record}`);
  }
});

test("a record outside a zone known by name is refused before any call", async () => {
  await using api = await new ScriptedApi().listen();
  const misplaced = { record: "ingress.notexample.com", zone: "example.com" };
  await rejects(api.provider().list(misplaced, freeCall()), "invalid", /not in the zone example.com: correct/);
  await rejects(api.provider().apply(misplaced, oneCname, [], freeCall()), "invalid", /not in the zone/);
  assert.equal(api.requests.length, 0);
});

test("a zone known by its id is asked for its name before the first record is created", async () => {
  await using api = await new ScriptedApi().listen();
  api.handler = (request, response) =>
    (request.url.endsWith(zoneId) ? success({ id: zoneId, name: "example.org" }) : success([]))(request, response);
  const ingress = { record, zone: zoneId };
  const provider = api.provider();
  await rejects(provider.list(ingress, freeCall()), "invalid", /is not in the zone example\.org/);
  await rejects(provider.apply(ingress, oneCname, [], freeCall()), "invalid", /is not in the zone example\.org/);
  assert(!api.requests.some(({ method }) => method === "POST"));
});

test("where the token may not ask, the id is believed; a record that lands elsewhere is the last", async () => {
  await using api = await new ScriptedApi().listen();
  const forbidden = json({ success: false, errors: [{ code: 9109, message: "Unauthorized" }] }, 403);
  api.handler = (request, response) => {
    if (request.url.endsWith(zoneId)) return forbidden(request, response);
    if (request.method === "GET") return success([])(request, response);
    const post = live({ ...(request.body as { posts: object[] }).posts[0], name: `${record}.example.org` });
    return success({ posts: [post] })(request, response);
  };
  const ingress = { record, zone: zoneId };
  const provider = api.provider();
  assert.deepEqual(await provider.list(ingress, freeCall()), []);
  assert.deepEqual(await provider.list(ingress, freeCall()), []);
  await rejects(provider.apply(ingress, oneCname, [], freeCall()), "invalid", /ingress\.example\.com\.example\.org/);
  await rejects(provider.list(ingress, freeCall()), "invalid", /is not in the zone example\.org/);
  await rejects(provider.apply(ingress, oneCname, [], freeCall()), "invalid", /is not in the zone example\.org/);
  assert.deepEqual(
    api.requests.map(({ method }) => method),
    ["GET", "GET", "GET", "POST"],
  );
});

test("contents are read in their one canonical form", async () => {
  await using api = await new ScriptedApi().listen();
  const answers = [
    live({ name: "INGRESS.Example.com", content: "Target.Example.NET." }),
    live({ id: "2", type: "AAAA", content: "2001:DB8:0:0::1", proxied: null }),
    live({ id: "3", type: "A", content: "192.0.2.1", proxied: true, ttl: 300, meta: undefined }),
    live({ id: "4", name: `x.${record}` }),
    live({ id: "5", type: "TXT", ttl: undefined, content: undefined }),
  ];
  api.handler = success(answers);
  const listed = await api.provider().list({ record, zone: zoneId }, freeCall());
  assert.deepEqual(listed, [
    { id: "3", type: "A", content: "192.0.2.1", ttlSeconds: 1, proxied: true },
    { id: "2", type: "AAAA", content: "2001:db8::1", ttlSeconds: 60, proxied: false },
    { id: "1".repeat(32), type: "CNAME", content: "target.example.net", ttlSeconds: 60, proxied: false },
  ]);
});

test("a content that nobody could have written is no answer of the API", async () => {
  await using api = await new ScriptedApi().listen();
  for (const content of ["a\u001B[2J.example.net", "a.example.net\u202E", "a\n.example.net", "x".repeat(255)]) {
    api.handler = success([live({ content })]);
    const listing = api.provider().list({ record, zone: zoneId }, freeCall());
    await rejects(listing, "transient", /contains a record without a type/);
  }
});

test("a name with more records than fit on a page is an obstacle", async () => {
  await using api = await new ScriptedApi().listen();
  const page = Array.from({ length: 100 }, (_, index) => live({ id: `${index}`, type: "TXT" }));
  api.handler = json({ success: true, result: page, result_info: { total_count: 101 } });
  await rejects(api.provider().list({ record, zone: zoneId }, freeCall()), "obstacle", /more than 100 records/);
});

const a: PublishedRecord = { id: "a".repeat(32), type: "A", content: "192.0.2.1", ttlSeconds: 60, proxied: false };
const b: PublishedRecord = { id: "b".repeat(32), type: "A", content: "192.0.2.2", ttlSeconds: 60, proxied: false };

test("a plan is one batch: full patches and posts, ids alone to delete, no list without an entry", async () => {
  await using api = await new ScriptedApi().listen();
  api.handler = cloud([{ id: zoneId, name: "example.com", status: "active" }]);
  const provider = api.provider();
  await provider.list({ record }, freeCall());
  api.requests.length = 0;
  const plan: Plan = {
    deletes: [{ id: a.id }],
    patches: [{ ...b, content: "192.0.2.3", ttlSeconds: 1, proxied: true }],
    posts: [{ type: "AAAA", content: "2001:db8::1", ttlSeconds: 1, proxied: true }],
  };
  const after = await provider.apply({ record }, plan, [a, b], freeCall());
  const comment = "managed by cloudflare-cname-switcher";
  assert.deepEqual(
    api.requests.map(({ method, url, body }) => ({ method, url, body })),
    [
      {
        method: "POST",
        url: `/client/v4/zones/${zoneId}/dns_records/batch`,
        body: {
          deletes: [{ id: a.id }],
          patches: [{ id: b.id, type: "A", name: record, content: "192.0.2.3", ttl: 1, proxied: true, comment }],
          posts: [{ type: "AAAA", name: record, content: "2001:db8::1", ttl: 1, proxied: true, comment }],
        },
      },
    ],
  );
  assert.deepEqual(after, [
    { id: b.id, type: "A", content: "192.0.2.3", ttlSeconds: 1, proxied: true, extras: { comment } },
    { id: "9".repeat(32), type: "AAAA", content: "2001:db8::1", ttlSeconds: 1, proxied: true, extras: { comment } },
  ]);
  await provider.apply({ record }, { deletes: [{ id: a.id }], patches: [], posts: [] }, [a, b], freeCall());
  assert.deepEqual(api.requests.at(-1)?.body, { deletes: [{ id: a.id }] });
});

test("a success that does not show what was asked is in doubt", async () => {
  await using api = await new ScriptedApi().listen();
  const plan: Plan = { deletes: [], patches: [{ ...a, content: "192.0.2.9" }], posts: [] };
  const right = live({ id: a.id, type: "A", content: "192.0.2.9" });
  const wrong: Record<string, object> = {
    "no lists": {},
    "another content": { patches: [{ ...right, content: "192.0.2.1" }] },
    "another record": { patches: [{ ...right, id: b.id }] },
    "another TTL": { patches: [{ ...right, ttl: 300 }] },
    proxied: { patches: [{ ...right, proxied: true, ttl: 1 }] },
    "another name": { patches: [{ ...right, name: "example.com" }] },
    "only in another list": { posts: [right] },
  };
  for (const [title, result] of Object.entries(wrong)) {
    api.handler = success(result);
    await assert.rejects(api.provider().apply({ record, zone: zoneId }, plan, [a], freeCall()), (error: unknown) => {
      assert(error instanceof CloudError, title);
      assert.deepEqual([error.kind, error.isAmbiguous], ["transient", true], title);
      return true;
    });
  }
  api.handler = success({ patches: [right] });
  const after = await api.provider().apply({ record, zone: zoneId }, plan, [a, b], freeCall());
  assert.deepEqual(
    after.map(({ content }) => content),
    ["192.0.2.2", "192.0.2.9"],
  );
});

test("nothing in the environment changes what is sent, or makes the SDK talk", async (t) => {
  const spoken = (["debug", "info", "log", "warn", "error"] as const).map(
    (method) => t.mock.method(console, method, () => {}).mock,
  );
  await using evil = await new ScriptedApi().listen();
  await using api = await new ScriptedApi().listen();
  api.handler = success([live({})]);
  const environment: Record<string, string> = {
    CLOUDFLARE_BASE_URL: evil.url,
    CLOUDFLARE_API_TOKEN: "environment-token",
    CLOUDFLARE_API_KEY: "environment-key",
    CLOUDFLARE_EMAIL: "environment@example.com",
    CLOUDFLARE_API_USER_SERVICE_KEY: "environment-service-key",
    CLOUDFLARE_CUSTOM_HEADERS: "Authorization: Bearer environment-header\nX-Environment: 1",
    CLOUDFLARE_LOG: "debug",
  };
  const before = { ...process.env };
  Object.assign(process.env, environment);
  try {
    await api.provider().list({ record, zone: zoneId }, freeCall());
  } finally {
    for (const name of Object.keys(environment)) {
      if (before[name] === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = before[name];
    }
  }
  assert.equal(evil.requests.length, 0);
  assert(spoken.every((mock) => mock.callCount() === 0));
  const { headers } = api.requests[0] ?? assert.fail("a request");
  assert(!JSON.stringify(headers).includes("environment"), JSON.stringify(headers));
  // What fetch adds by itself is left out.
  const {
    host: _h,
    connection: _c,
    "accept-encoding": _e,
    "accept-language": _l,
    "sec-fetch-mode": _s,
    ...ours
  } = headers;
  assert.deepEqual(ours, {
    authorization: `Bearer ${canary}`,
    accept: "application/json",
    "api-version": "2026-10-01",
    "user-agent": "cloudflare-cname-switcher",
  });
});

test("a token that cannot be one is told without being shown", async () => {
  await using api = await new ScriptedApi().listen();
  for (const token of ["", `${canary}\nX-Evil: 1`, `${canary} `, "ключ"]) {
    const provider = api.provider({ token: new Secret(token) });
    await assert.rejects(provider.list({ record, zone: zoneId }, freeCall()), (error: unknown) => {
      assert(error instanceof CloudError);
      assert.equal(error.kind, "auth");
      assert(!inspect(error, { depth: 9 }).includes("CANARY"));
      return true;
    });
  }
  assert.equal(api.requests.length, 0);
});

test("looking at the provider does not show the token", async () => {
  await using api = await new ScriptedApi().listen();
  api.handler = success([live({})]);
  const provider = api.provider();
  await provider.list({ record, zone: zoneId }, freeCall());
  assert(!inspect(provider, { depth: 20, showHidden: true }).includes("CANARY"));
  assert(!JSON.stringify(provider).includes("CANARY"));
});

test("every request is measured, with what it was and how it ended", async () => {
  await using api = await new ScriptedApi().listen();
  const measures: RequestMeasure[] = [];
  const clock = new VirtualClock();
  const provider = api.provider({ clock, onRequest: (measure) => measures.push(measure) });
  api.handler = cloud([{ id: zoneId, name: "example.com", status: "active" }]);
  await provider.list({ record }, freeCall());
  await provider.apply({ record }, oneCname, [], freeCall());
  api.handler = json({}, 503);
  await assert.rejects(provider.list({ record }, freeCall()));
  api.handler = () => {};
  await assert.rejects(provider.list({ record }, freeCall(AbortSignal.timeout(50))));
  assert.deepEqual(
    measures.map(({ operation, outcome }) => `${operation} ${outcome}`),
    ["zones ok", "zones ok", "list ok", "batch ok", "list transient", "list given-up"],
  );
  assert(measures.every(({ durationMs }) => durationMs === 0));
  assert.equal(clock.pendingTimers, 0);
});
