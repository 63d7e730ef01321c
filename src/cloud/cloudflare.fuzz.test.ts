// Whatever Cloudflare answers: reading and writing end in a value that the answer bears out, or in the one error, in
// plain words without the token.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import fc from "fast-check";
import { apiUrl, fetchFrom } from "../../test/conformance/api-fetch.ts";
import { ReconcilerWorld } from "../../test/conformance/reconciler-world.ts";
import { canary, freeCall, zoneId } from "../../test/conformance/scripted-api.ts";
import { damagedJson, type Json } from "../../test/support/damage.ts";
import { propertyRuns } from "../../test/support/property-runs.ts";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import type { Plan, PublishedRecord } from "../core/model.ts";
import { CloudflareApi } from "../emulation/cloudflare/api.ts";
import { Secret } from "../lib/secret.ts";
import { plain } from "../lib/text.ts";
import { CloudflareProvider } from "./cloudflare.ts";
import { CloudError } from "./provider.ts";

const record = "ingress.example.com";
const ingress = { record, zone: zoneId };

const live = (id: string, type: string, content: string): { [key: string]: Json } => ({
  id: id.repeat(32),
  name: record,
  type,
  content,
  ttl: 60,
  proxied: false,
  proxiable: true,
  meta: { read_only: false },
  comment: null,
});
const errors = [{ code: 9109, message: "Unauthorized", error_chain: [{ code: 6111, message: "Invalid format" }] }];
const envelope = (result: Json): Json => ({
  success: true,
  errors,
  messages: [],
  result,
  result_info: { page: 1, per_page: 100, count: 2, total_count: 2 },
});

const cname = { ...live("1", "CNAME", "cable.example.net") };
/** A record twice, records of other names and types, and what is no record. */
const oddList = envelope([
  cname,
  cname,
  { ...cname, content: "other.example.net" },
  { ...cname, id: "5".repeat(32), name: "other.example.com" },
  { ...live("6", "LOC", "x"), data: {} },
  null,
]);
const oddBatch = envelope({ deletes: null, patches: [cname, cname], puts: [null], posts: [cname, null, {}] });

const likely: Json[] = [
  "other.example.com",
  `x.${record}`,
  `${record}.`,
  record.toUpperCase(),
  "AAAA",
  "cname",
  "NS",
  "192.0.2.1",
  "2001:db8::1",
  "1".repeat(32),
  81_044,
  1_000,
  canary,
  `Bearer ${canary}\u001B[2J\n\u202E`,
  "x".repeat(2_000),
];

// The good ones often enough that what is read of a good answer is looked at, too.
const statuses = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(200, 200, 200, 200, 201) },
  { weight: 1, arbitrary: fc.constantFrom(400, 400, 401, 403, 404, 408, 409, 429, 500, 503, 520) },
);
const headers = fc.record({
  "cf-ray": fc.constantFrom("8f0-AMS", canary, "\u009B2J", "x".repeat(5_000)),
  "retry-after": fc.constantFrom("5", "999999999", "-1", "1e9", "Thu, 01 Jan 2026 00:01:30 GMT", "soon GMT", "", "٣"),
  "content-type": fc.constantFrom("application/json", "text/html", "application/json; charset=x", ""),
});

function answerTo(good: Json) {
  const text = fc.oneof(
    { weight: 8, arbitrary: damagedJson(good, likely).map((json) => JSON.stringify(json)) },
    fc.constantFrom("", "null", "<html>", JSON.stringify(good).slice(0, -1), "[".repeat(20_000), canary),
  );
  return fc.record({ status: statuses, headers, text });
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

function providerFor(answer: Answer): CloudflareProvider {
  const fetch = async (): Promise<Response> =>
    new Response(answer.text, { status: answer.status, headers: answer.headers });
  return new CloudflareProvider({
    token: new Secret(canary),
    apiUrl: "http://127.0.0.1:1/client/v4",
    clock: new VirtualClock(),
    fetch,
  });
}

/** The value, or `undefined` after a failure in the one way that there is. */
async function outcome<T>(call: () => Promise<T>, answer: Answer): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    assert.ok(error instanceof CloudError, inspect(error));
    assert.equal(plain(error.message, 1_000), error.message);
    assert.match(error.message, /ingress\.example\.com/);
    assert.ok(!inspect(error, { depth: 9 }).includes(canary), "the token shows");
    if (error.retryAfterMs !== undefined) {
      assert.equal(answer.status, 429);
      assert.ok(Number.isFinite(error.retryAfterMs) && error.retryAfterMs >= 0);
    }
    return undefined;
  }
}

/** What the answer says, if it is a success in every respect that matters. */
function successIn(answer: Answer): { result: unknown } {
  assert.ok(answer.status >= 200 && answer.status < 300, `HTTP ${answer.status} is no success`);
  const body = JSON.parse(answer.text) as { success: unknown; result: unknown };
  assert.equal(body.success, true);
  return body;
}

interface Raw {
  readonly id: unknown;
  readonly name: string;
  readonly type: unknown;
  readonly content: string;
}

const isOurs = ({ name, type }: Raw): boolean =>
  name.toLowerCase().replace(/\.$/, "") === record && ["A", "AAAA", "CNAME"].includes((type as string).toUpperCase());

const isRecord = (entry: unknown): entry is Raw =>
  typeof entry === "object" && entry !== null && "name" in entry && typeof entry.name === "string" && "type" in entry;

test("reading: exactly the records that the answer has at the name, or the one error", async () => {
  let listed = 0;
  let failed = 0;
  const good = envelope([
    live("1", "A", "192.0.2.1"),
    live("2", "A", "192.0.2.2"),
    { ...live("3", "TXT", "x"), content: "y" },
  ]);
  await fc.assert(
    fc.asyncProperty(answerTo(good), async (answer) => {
      const records = await outcome(() => providerFor(answer).list(ingress, freeCall()), answer);
      if (records === undefined) return void (failed += 1);
      listed += 1;
      const { result } = successIn(answer);
      assert.ok(Array.isArray(result));
      const ids = new Set(
        (result as unknown[])
          .filter(isRecord)
          .filter(isOurs)
          .map(({ id }) => String(id)),
      );
      assert.deepEqual(records.map(({ id }) => id).toSorted(), [...ids].toSorted());
      for (const { id, content, ttlSeconds } of records) {
        assert.ok(id.length > 0 && content.length > 0 && plain(content, 300) === content);
        assert.ok(Number.isFinite(ttlSeconds));
      }
    }),
    { numRuns: propertyRuns(250) },
  );
  assert.ok(listed > 10 && failed > 10, `${listed} listed, ${failed} failed`);
});

test("writing: done only when the answer shows every record as it was asked for", async () => {
  let written = 0;
  let failed = 0;
  const old = { id: "1".repeat(32), type: "A", content: "192.0.2.9", ttlSeconds: 60, proxied: false } as const;
  const patch = { ...old, content: "192.0.2.1" };
  const post = { type: "A", content: "192.0.2.2", ttlSeconds: 60, proxied: false } as const;
  const plan: Plan = { deletes: [], patches: [patch], posts: [post] };
  const known: PublishedRecord[] = [old];
  const good = envelope({
    deletes: null,
    patches: [live("1", "A", "192.0.2.1")],
    puts: null,
    posts: [live("2", "A", "192.0.2.2")],
  });
  await fc.assert(
    fc.asyncProperty(answerTo(good), async (answer) => {
      const records = await outcome(() => providerFor(answer).apply(ingress, plan, known, freeCall()), answer);
      if (records === undefined) return void (failed += 1);
      written += 1;
      const { result } = successIn(answer);
      const { patches, posts } = result as { patches: Raw[]; posts: Raw[] };
      assert.ok(
        patches.some(
          (each) => isRecord(each) && isOurs(each) && each.id === patch.id && each.content === patch.content,
        ),
      );
      assert.ok(posts.some((each) => isRecord(each) && isOurs(each) && each.content === post.content));
      assert.deepEqual(
        records.map(({ content }) => content),
        ["192.0.2.1", "192.0.2.2"],
      );
    }),
    { numRuns: propertyRuns(250) },
  );
  assert.ok(written > 10 && failed > 10, `${written} written, ${failed} failed`);
});

test("whatever a few answers say, the daemon goes on, and its record is right in the end", async () => {
  const odd = fc.array(fc.oneof({ weight: 3, arbitrary: answerTo(oddList) }, answerTo(oddBatch)), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(odd, fc.boolean(), async (answers, isStarted) => {
      const clock = new VirtualClock();
      const api = new CloudflareApi({ clock, random: () => 0.5, tokens: [{ token: canary }] });
      const honest = fetchFrom(api);
      const waiting: Answer[] = [];
      const fetch: typeof globalThis.fetch = async (url, init) => {
        const answer = waiting.shift();
        if (answer === undefined) return honest(url, init);
        return new Response(answer.text, { status: answer.status, headers: answer.headers });
      };
      const provider = new CloudflareProvider({ token: new Secret(canary), apiUrl, clock, fetch });
      // What the reconciler or the loop reports as an internal error fails the test.
      await using world = new ReconcilerWorld({ clock, provider, random: () => 0.5 });
      if (!isStarted) waiting.push(...answers);
      await world.start();
      if (isStarted) waiting.push(...answers);
      world.want("mobile");
      await clock.advance(60 * 60_000);
      // Its probes go on. Nobody starts to serve on an answer of an hour ago.
      world.want("mobile");
      await clock.advance(60 * 60_000);
      const contents = api.recordsAt(record).map(({ type, content }) => `${type} ${content}`);
      assert.deepEqual(contents, ["CNAME mobile.example.net"]);
    }),
    { numRuns: propertyRuns(60) },
  );
});

test("looking a zone up: only the zone of that name, or the one error", async () => {
  let found = 0;
  const good = envelope([{ id: zoneId, name: "example.com", status: "active" }]);
  await fc.assert(
    fc.asyncProperty(answerTo(good), async (answer) => {
      const asked: string[] = [];
      const fetch = async (url: string | URL | Request): Promise<Response> => {
        asked.push(url as string);
        if (asked.length > 1) return Response.json({ success: true, result: [] });
        return new Response(answer.text, { status: answer.status, headers: answer.headers });
      };
      const provider = new CloudflareProvider({
        token: new Secret(canary),
        apiUrl: "http://127.0.0.1:1/client/v4",
        clock: new VirtualClock(),
        fetch,
      });
      const records = await outcome(() => provider.list({ record, zone: "example.com" }, freeCall()), answer);
      if (records === undefined) return;
      found += 1;
      const { result } = successIn(answer);
      const zones = (result as ({ id: string; name: string } | null)[]).filter(
        (zone): zone is { id: string; name: string } => /^example\.com\.?$/i.test(zone?.name ?? ""),
      );
      assert.ok(
        zones.some(({ id }) => decodeURIComponent(asked[1] ?? "").includes(`/zones/${id}/`)),
        asked.join("\n"),
      );
    }),
    { numRuns: propertyRuns(150) },
  );
  assert.ok(found > 5, `${found}`);
});
