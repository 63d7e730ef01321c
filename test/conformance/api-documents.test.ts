// What the API shows, over a real HTTP server: each document fits its schema and says what is believed.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type * as z from "zod";
import { httpTask } from "../support/checks.ts";
import { ApiSite, pathOf, record, wallAtZero } from "../support/api-site.ts";
import { endpointSettings, ingressSettings, publishedRecord } from "../support/ingress-world.ts";
import { statusLines } from "../../src/cli/status-lines.ts";
import { systemClock } from "../../src/runtime/node/clock.ts";
import { memoryHome } from "../../src/store/home.ts";
import { SqliteStore } from "../../src/store/sqlite-store.ts";
import { painted } from "../../src/terminal/screen-text.ts";
import { openApiDocument } from "../../src/web/api/openapi.ts";
import { routes } from "../../src/web/api/routes.ts";
import { eventsSchema, type Events } from "../../src/web/api/schema/events.ts";
import { historySchema, type History } from "../../src/web/api/schema/history.ts";
import { statusSchema, type IngressStatus, type Status } from "../../src/web/api/schema/status.ts";

/** A document that has nothing that its schema does not know. */
async function document<Document>(site: ApiSite, path: string, schema: z.ZodType<Document>): Promise<Document> {
  const found = await site.json(path);
  assert.deepEqual(schema.parse(found), found);
  return schema.parse(found);
}

async function ingressOf(site: ApiSite): Promise<IngressStatus> {
  const { ingresses } = await document(site, "/api/v1/status", statusSchema);
  return ingresses[0] ?? assert.fail("no ingress");
}

/** What `ccs status` prints of it. */
async function toldOf(site: ApiSite): Promise<string> {
  const status = await document(site, "/api/v1/status", statusSchema);
  return statusLines(status, 200, { addresses: false })
    .map((line) => painted(line, (_, text) => text))
    .join("\n");
}

const dateAt = (nowMs: number): string => new Date(wallAtZero + nowMs).toISOString();

describe("status", () => {
  test("before any configuration it says that it waits", async () => {
    await using site = await ApiSite.start();
    const status = await document<Status>(site, "/api/v1/status", statusSchema);
    assert.deepEqual(status.ingresses, []);
    assert.equal(status.daemon.isReady, false);
    assert.deepEqual(status.daemon.missing, ["no configuration is loaded yet"]);
    assert.deepEqual(status.daemon.configuration, { generation: 0 });
  });

  test("says who serves, why, what DNS says, and what each endpoint is", async () => {
    await using site = await ApiSite.start();
    site.settle();
    const status = await document<Status>(site, "/api/v1/status", statusSchema);
    assert.equal(status.daemon.version, "1.2.3");
    assert.equal(status.daemon.isReady, true);
    assert.deepEqual(status.daemon.notifications, [{ channel: "telegram", queued: 2 }]);
    assert.equal(status.daemon.changesOverHttp, "with-token");
    const ingress = await ingressOf(site);
    assert.equal(ingress.isServed, true);
    assert.equal(ingress.isInSync, true);
    assert.equal(ingress.selection?.primary, "cable");
    assert.equal(ingress.selection?.reason, "adopted");
    assert.deepEqual(
      ingress.published?.records.map(({ content }) => content),
      ["cable.example.com"],
    );
    // Found at the start: since when and by whom is not known.
    assert.equal(ingress.published?.since, undefined);
    const [cable, mobile] = ingress.endpoints;
    assert.deepEqual([cable?.role, cable?.rank, cable?.verdict], ["primary", 1, "up"]);
    assert.deepEqual([mobile?.role, mobile?.rank, mobile?.ttlSeconds], ["none", 2, 300]);
    assert.equal(cable?.addresses[0]?.lastObservation?.kind, "ok");
    assert.deepEqual(
      ingress.next.map(({ kind }) => kind),
      ["records-read"],
    );
  });

  test("says on a terminal why an endpoint is down that has no check", async () => {
    await using site = await ApiSite.start();
    site.settle();
    const status = await document(site, "/api/v1/status", statusSchema);
    const shown = (verdict: "up" | "down"): string => {
      const ingresses = status.ingresses.map((ingress) => ({
        ...ingress,
        endpoints: ingress.endpoints.map(({ check: _, ...rest }) => ({
          ...rest,
          verdict,
          reason: "it does not exist",
        })),
      }));
      return statusLines({ ...status, ingresses }, 300, { addresses: false })
        .map((line) => painted(line, (__, text) => text))
        .join("\n");
    };
    assert.match(shown("down"), /cable .* down .* it does not exist$/m);
    assert.match(shown("up"), /cable .* up .* not checked$/m);
  });

  test("says on a terminal what is not known: before the first verdicts, and while this machine is offline", async () => {
    await using site = await ApiSite.start();
    site.settle();
    const status = await document(site, "/api/v1/status", statusSchema);
    const shown = (changes: Partial<Status["ingresses"][number]["endpoints"][number]>, isServed: boolean): string => {
      const ingresses = status.ingresses.map((ingress) => ({
        ...ingress,
        isServed,
        endpoints: ingress.endpoints.map((endpoint) => ({ ...endpoint, ...changes })),
      }));
      return statusLines({ ...status, ingresses }, 300, { addresses: false })
        .map((line) => painted(line, (__, text) => text))
        .join("\n");
    };
    assert.doesNotMatch(shown({ verdict: "unknown" }, false), /all endpoints are down/);
    assert.match(shown({ verdict: "down" }, false), /^ {2}! all endpoints are down: the record stays as it is$/m);
    const offline = shown({ isUnseen: true }, true);
    assert.match(offline, /cable +active +○ unknown +not known while offline; was up$/m);
    assert.doesNotMatch(offline, /● up/);
  });

  test("an endpoint is unseen while every family of its addresses is offline", async () => {
    await using site = await ApiSite.start();
    site.settle();
    const unseen = async (): Promise<readonly boolean[]> =>
      (await ingressOf(site)).endpoints.map(({ isUnseen }) => isUnseen);
    assert.deepEqual(await unseen(), [false, false]);
    site.world.anchors = "silent";
    site.world.observe("cable", "timeout");
    site.world.observe("mobile", "timeout");
    site.world.pass(5_000);
    assert.deepEqual(await unseen(), [true, true]);
    const { endpoints } = await ingressOf(site);
    assert.deepEqual(
      endpoints[0]?.addresses.map(({ isUncheckable }) => isUncheckable),
      [true],
    );
    site.world.observe("mobile", "ok");
    assert.deepEqual(await unseen(), [false, false]);
  });

  test("says what the mix is good for, in the same words on a terminal", async () => {
    await using site = await ApiSite.start();
    site.settle();
    const { settings } = site.world.ingress();
    const endpoints = settings.endpoints.map((endpoint) => ({ ...endpoint, stickyMs: 600_000 }));
    site.world.dispatch({ kind: "config-loaded", ingresses: [{ ...settings, endpoints }] });
    const told = async (): Promise<string> => {
      const status = await document(site, "/api/v1/status", statusSchema);
      return statusLines(status, 300, { addresses: false })
        .map((line) => painted(line, (_, text) => text))
        .join("\n");
    };
    const mixName = site.world.ingress().mix?.record ?? "";
    const { mix: idle } = await ingressOf(site);
    assert.deepEqual([idle?.state, idle?.record, idle?.records], ["idle", mixName, []]);
    assert.match(
      await told(),
      new RegExp(`mix +${mixName}: not in use; its records are written shortly before a failback`),
    );
    site.world.observe("cable", "timeout");
    site.world.observe("cable", "ok");
    const { mix: prepared } = await ingressOf(site);
    assert.equal(prepared?.state, "prepared");
    assert.deepEqual(
      prepared.records.map(({ content }) => content),
      ["192.0.2.1", "192.0.2.2"],
    );
    const problem = { kind: "transient", message: "no answer within 15s", during: "write" } as const;
    site.world.dispatch({ kind: "cloud-failed", ingress: record, mix: mixName, problem });
    const { mix: troubled } = await ingressOf(site);
    assert.equal(troubled?.text, "to be written for the next failback; it could not be written: no answer within 15s");
    const stranger = publishedRecord("A", "203.0.113.9");
    site.world.dispatch({ kind: "records-read", ingress: record, mix: mixName, records: [stranger] });
    const { mix: blocked } = await ingressOf(site);
    assert.equal(blocked?.state, "blocked");
    const why = `no mix is possible for now: ${mixName} has a record that ccs did not create: A 203.0.113.9; remove that record, or set mix_record to an unused name`;
    assert.equal(blocked.text, why);
    assert.ok((await told()).includes(`! ${why}`));
  });

  test("a full disk keeps nothing new, until there is room again", async () => {
    const store = new SqliteStore(memoryHome(), { clock: systemClock, onWarning: () => undefined });
    const { database } = store.home;
    await using site = await ApiSite.start({ store });
    site.settle();
    const stateOf = async (): Promise<Status["daemon"]["state"]> =>
      (await document(site, "/api/v1/status", statusSchema)).daemon.state;
    const told = (): Promise<string> => toldOf(site);
    const path = "/state/ccs.db";
    assert.deepEqual(await stateOf(), { isKept: true, path });
    database.exec("PRAGMA max_page_count = 1");
    for (let index = 0; index < 20; index += 1) {
      site.world.dispatch({ kind: "config-rejected", problems: ["x".repeat(1_000)] });
    }
    site.recorder.flush();
    assert.deepEqual(await stateOf(), { isKept: false, path });
    assert.match(await told(), /would not survive a restart: \/state\/ccs\.db cannot be written now/);
    database.exec("PRAGMA max_page_count = 1000000");
    site.recorder.flush();
    assert.deepEqual(await stateOf(), { isKept: true, path });
    assert.doesNotMatch(await told(), /survive/);
  });

  test("a wrong clock is told as ahead or behind", async () => {
    await using site = await ApiSite.start();
    site.settle();
    const askedMs = site.world.nowMs;
    const wallMs = wallAtZero + askedMs;
    site.world.dispatch({ kind: "time-told", wallMs, askedMs, machineWallMs: wallMs + 2 * 3_600_000 });
    assert.match(
      await toldOf(site),
      /the clock of the daemon's machine is 2 h ahead compared with Cloudflare's clock$/m,
    );
  });

  test("shows no query of a check, which may be a key", async () => {
    await using site = await ApiSite.start();
    const { check } = endpointSettings("cable");
    assert.ok(check !== undefined);
    const secret = { ...check, what: httpTask({ url: "https://example.com/healthz?key=s3cret" }) };
    site.world.start(ingressSettings(record, [endpointSettings("cable", { check: secret })]));
    const { endpoints } = await ingressOf(site);
    assert.equal(endpoints[0]?.check?.url, "https://example.com/healthz?…");
    for (const path of ["status", "events", "history?endpoint=cable"]) {
      assert.doesNotMatch((await site.get(`/api/v1/${path}`)).text, /s3cret/);
    }
  });

  test("after a failover: who wrote the records, when they became visible, and what happens next", async () => {
    await using site = await ApiSite.start();
    site.settle();
    site.world.observe("cable", "timeout");
    const movedMs = site.world.nowMs;
    site.world.observe("cable", "ok");
    const ingress = await ingressOf(site);
    assert.equal(ingress.selection?.primary, "mobile");
    assert.equal(ingress.selection?.reason, "failover");
    assert.equal(ingress.published?.by, "us");
    assert.equal(ingress.published?.since, dateAt(movedMs));
    assert.equal(ingress.visibility?.status, "visible");
    const cable = ingress.endpoints[0];
    assert.equal(cable?.role, "none");
    const returns = ingress.next.find(({ kind }) => kind === "return-possible");
    assert.equal(returns?.endpoint, "cable");
    assert.equal(returns?.at, cable?.heldUntil);
    site.world.pass(60_000);
    site.world.observe("cable", "ok");
    const back = await ingressOf(site);
    assert.equal(back.selection?.primary, "cable");
    assert.equal(back.endpoints[1]?.role, "none", "mobile has no sticky time");
  });

  test("what is wanted and not done, and why not", async () => {
    await using site = await ApiSite.start();
    site.settle();
    site.world.cloud = "silent";
    site.world.observe("cable", "timeout");
    site.world.fail({ message: "no answer within 15s\u001B[31m" });
    const ingress = await ingressOf(site);
    assert.equal(ingress.isInSync, false);
    assert.deepEqual(
      ingress.wanted?.map(({ type, content }) => `${type} ${content}`),
      ["CNAME mobile.example.com"],
    );
    assert.equal(ingress.trouble?.kind, "transient");
    assert.equal(ingress.trouble?.message, "no answer within 15s [31m", "control characters are taken out");
  });

  test("records that an earlier life wrote are known to be ours, since then", async () => {
    await using site = await ApiSite.start();
    const to = [publishedRecord("CNAME", "cable.example.com")];
    const earlier = { kind: "records-changed", ingress: record, from: [], to, by: "write" };
    site.store.record({ entries: [{ id: 1, atWallMs: wallAtZero - 5_000, atMs: 7, fact: earlier }], checks: [] });
    site.settle();
    const { published } = await ingressOf(site);
    assert.deepEqual([published?.by, published?.since], ["us", dateAt(-5_000)]);
  });
});

describe("events", () => {
  test("come newest first, in plain words, page by page", async () => {
    await using site = await ApiSite.start();
    site.settle();
    site.world.observe("cable", "timeout");
    const all = await document<Events>(site, "/api/v1/events?limit=200", eventsSchema);
    assert.equal(all.before, undefined);
    const texts = all.events.map(({ text }) => text);
    assert.ok(texts.includes("selected mobile: cable was down: timeout (2 in a row)"), texts.join("\n"));
    const paged: Events["events"] = [];
    let query = "limit=4";
    for (;;) {
      const page = await document<Events>(site, `/api/v1/events?${query}`, eventsSchema);
      paged.push(...page.events);
      if (page.before === undefined) break;
      // What is written to the disk meanwhile changes nothing.
      site.recorder.flush();
      query = `limit=4&before=${page.before}`;
    }
    assert.deepEqual(paged, all.events);
    assert.deepEqual(
      paged.map(({ id }) => id),
      paged.map(({ id }) => id).toSorted((a, b) => b - a),
    );
  });

  test("of one endpoint, with changes of the selection", async () => {
    await using site = await ApiSite.start();
    site.settle();
    site.world.observe("cable", "timeout");
    for (const isWritten of [false, true]) {
      if (isWritten) site.recorder.flush();
      const { events } = await document<Events>(site, "/api/v1/events?endpoint=mobile", eventsSchema);
      assert.ok(events.length > 0);
      for (const { kind, endpoint } of events) assert.ok(endpoint === "mobile" || kind === "selection-changed");
      assert.ok(events.some(({ endpoint }) => endpoint === "mobile"));
      assert.ok(events.some(({ kind }) => kind === "selection-changed"));
    }
  });

  test("facts have dates in place of monotonic times, and facts of other versions do no harm", async () => {
    await using site = await ApiSite.start();
    site.settle();
    const { nowMs } = site.world;
    site.world.dispatch({
      kind: "override-set",
      ingress: record,
      override: { kind: "drain", endpoint: "mobile", untilMs: nowMs + 60_000 },
    });
    const odd = { kind: "moon-rose", ingress: record, over: "cable\u202E" };
    site.recorder.flush();
    site.store.record({ entries: [{ id: 9_999, atWallMs: wallAtZero, atMs: 0, fact: odd }], checks: [] });
    const { events } = await document<Events>(site, "/api/v1/events", eventsSchema);
    const override = { kind: "drain", endpoint: "mobile", until: dateAt(nowMs + 60_000) };
    assert.deepEqual(events.find(({ kind }) => kind === "override-began")?.fact["override"], override);
    const moon = events.find(({ kind }) => kind === "moon-rose");
    assert.deepEqual([moon?.text, moon?.fact["over"]], ["moon rose", "cable"]);
  });
});

describe("history", () => {
  test("series, outages, availability and who served", async () => {
    await using site = await ApiSite.start();
    const { world } = site;
    site.settle();
    world.pass(10 * 60_000);
    world.observe("cable", "ok", 1);
    world.observe("cable", "timeout");
    const downMs = world.nowMs;
    world.observe("mobile", "ok");
    world.pass(2 * 60_000);
    world.observe("cable", "timeout", 1);
    world.pass(60_000);
    world.observe("cable", "ok");
    site.recorder.flush();
    const history = await document<History>(site, "/api/v1/history?endpoint=cable&range=1h", historySchema);
    assert.equal(history.resolution, "minute");
    assert.ok(history.startSeconds.length >= 60 && history.startSeconds.length <= 61);
    const [cable] = history.endpoints;
    const [series] = cable?.addresses ?? [];
    assert.equal(series?.address, "192.0.2.1");
    for (const values of [series?.checks, series?.failures, series?.inconclusive, series?.p50Ms, series?.maxMs]) {
      assert.equal(values?.length, history.startSeconds.length);
    }
    assert.equal(sum(series?.checks), 8);
    assert.equal(sum(series?.failures), 3);
    assert.equal(series?.recent.length, 8);
    assert.equal(series?.recent.at(-1)?.kind, "ok");
    const [outage, ...others] = cable?.outages ?? [];
    assert.deepEqual(others, []);
    assert.equal(outage?.from, dateAt(downMs));
    assert.equal(outage?.until, dateAt(world.nowMs));
    assert.equal(outage?.reason, "timeout (2 in a row)");
    assert.ok((cable?.availabilityPercent ?? 100) < 100);
    // The first fact of all, and not the start of the minute that it was in.
    assert.equal(cable?.coveredFrom, dateAt(1_000));
    assert.deepEqual(
      history.served.map(({ primary }) => primary),
      ["cable", "mobile"],
    );
    assert.equal(history.served[0]?.until, history.served[1]?.from);
    assert.equal(history.served[1]?.until, undefined);
  });

  test("an outage that goes on has no end, and one from before the range begins with it", async () => {
    await using site = await ApiSite.start();
    site.settle();
    site.world.observe("cable", "timeout");
    site.world.pass(2 * 60 * 60_000);
    const history = await document<History>(site, "/api/v1/history?range=1h", historySchema);
    const [cable, mobile] = history.endpoints;
    assert.deepEqual(
      cable?.outages.map(({ from, until }) => [from, until]),
      [[history.from, undefined]],
    );
    assert.deepEqual(mobile?.outages, []);
    assert.deepEqual(history.startSeconds, []);
    assert.equal(cable?.addresses, undefined);
    assert.equal(history.isWhole, true);
    assert.deepEqual(
      history.served.map(({ from, primary }) => [from, primary]),
      [[history.from, "mobile"]],
    );
  });
});

describe("the OpenAPI document", () => {
  test("names every route, each with the one method that it takes", async () => {
    await using site = await ApiSite.start();
    const { paths } = await site.json<{ paths: Record<string, object> }>("/api/v1/openapi.json");
    const named = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    assert.deepEqual(
      named,
      routes.map(({ method, path }) => `${method} /api/v1${path}`),
    );
    assert.ok(named.includes("get /api/v1/status") && named.includes("post /api/v1/pin"));
    site.settle();
    for (const route of routes) {
      const { method } = route;
      const path = pathOf(route);
      const wrong = await site.ask(path, { method: method === "get" ? "POST" : "GET" });
      assert.equal(wrong.status, 405, path);
      const { status } = await site.ask(path, { method: method === "get" ? "HEAD" : "POST" });
      assert.notEqual(status, 404, path);
    }
  });

  test("has every part that it refers to, described", async () => {
    await using site = await ApiSite.start();
    const found = await site.json<ReturnType<typeof openApiDocument>>("/api/v1/openapi.json");
    assert.deepEqual(found, JSON.parse(JSON.stringify(openApiDocument(routes, "1.2.3"))));
    const { schemas } = found["components"] as { schemas: Record<string, { description?: string }> };
    const references = [...JSON.stringify(found).matchAll(/"#\/([^"]+)"/g)].map(([, path]) => path ?? "");
    assert.ok(references.length > 20);
    for (const reference of references) {
      assert.ok(reference.replace("components/schemas/", "") in schemas, `${reference} is missing`);
    }
    for (const [name, { description }] of Object.entries(schemas))
      assert.ok(description !== undefined, `${name} is not described`);
    assert.doesNotMatch(JSON.stringify(found), /\$defs|\$schema/);
  });
});

test("unknown names and wrong parameters are told with those there are", async () => {
  await using site = await ApiSite.start();
  site.settle();
  const cases: readonly (readonly [path: string, status: number, pattern: RegExp])[] = [
    ["/api/v1/history?endpoint=fibre", 404, /has no endpoint fibre.*"known":\["cable","mobile"\]/],
    [
      "/api/v1/history?ingress=other.example.com",
      404,
      /there is no ingress other\.example\.com.*ingress\.example\.com/,
    ],
    ["/api/v1/history?range=1y", 400, /range: /],
    ["/api/v1/events?limit=0", 400, /limit: /],
    ["/api/v1/events?limit=201", 400, /limit: /],
    ["/api/v1/events?before=x", 400, /before: expected a whole number/],
    ["/api/v1/events?before=", 400, /before: /],
    ["/api/v1/events?before=%20", 400, /before: /],
    ["/api/v1/events?before=-1", 400, /before: /],
    ["/api/v1/events?before=0x10", 400, /before: /],
    ["/api/v1/events?before=1e3", 400, /before: /],
    ["/api/v1/events?before=9007199254740993", 400, /before: /],
    ["/api/v1/events?limit=", 400, /limit: /],
    ["/api/v1/events?limit=201", 400, /limit: /],
    ["/api/v1/events?endpoint=fibre", 404, /fibre/],
    ["/api/v1/moon", 404, /there is nothing here/],
  ];
  for (const [path, status, pattern] of cases) {
    const answer = await site.get(path);
    assert.equal(answer.status, status, path);
    assert.match(answer.text, pattern);
    assert.match(String(answer.headers["content-type"]), /^application\/json/);
  }
  assert.deepEqual(site.bugs, []);
});

function sum(values: readonly number[] = []): number {
  return values.reduce((total, value) => total + value, 0);
}
