// A crowd at the door, with real sockets: whatever one client holds open or asks for, others are served, and whoever
// wants to know whether the daemon is alive hears it, wherever they ask from.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { describe, test } from "node:test";
import { ApiSite } from "../../test/support/api-site.ts";
import { eventually } from "../../test/support/eventually.ts";
import { mostClients } from "./api/stream.ts";
import { connectionsWithin } from "./server.ts";

const other = "127.0.0.9";

async function settled(): Promise<ApiSite> {
  const site = await ApiSite.start();
  site.settle();
  return site;
}

/** Connections that say no more than `words`, and what they hear until they end. */
class Crowd implements Disposable {
  readonly sockets: Socket[] = [];
  readonly heard = new Map<Socket, string>();

  static async of(site: ApiSite, count: number, words = "", localAddress = "127.0.0.1"): Promise<Crowd> {
    const crowd = new Crowd();
    for (let index = 0; index < count; index += 1) {
      const socket = connect({ port: site.server.port, host: "127.0.0.1", localAddress });
      crowd.sockets.push(socket);
      socket.on("error", () => undefined);
      socket.on("data", (chunk: Buffer) =>
        crowd.heard.set(socket, (crowd.heard.get(socket) ?? "") + chunk.toString("latin1")),
      );
      if (words !== "") socket.write(words);
    }
    const connecting = crowd.sockets.filter((socket) => socket.connecting);
    await Promise.all(connecting.map((socket) => once(socket, "connect").catch(() => undefined)));
    return crowd;
  }

  get open(): number {
    return this.sockets.filter((socket) => !socket.closed).length;
  }

  [Symbol.dispose](): void {
    for (const socket of this.sockets) socket.destroy();
  }
}

/** From another address all is to be had; from that of the crowd, whether the daemon is alive and ready. */
async function assertOthersAreServed(site: ApiSite): Promise<void> {
  const alwaysServed = ["/healthz", "/readyz"];
  for (const [localAddress, paths] of [
    ["127.0.0.1", alwaysServed],
    [other, [...alwaysServed, "/api/v1/status", "/api/v1/events", "/metrics"]],
  ] as const) {
    for (const path of paths) {
      const { status, text } = await site.ask(path, { localAddress });
      assert.equal(status, 200, `${path} from ${localAddress}: ${text}`);
    }
  }
}

const post =
  "POST /api/v1/pin HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n";

describe("others are served beside", () => {
  for (const [what, words] of [
    ["idle connections", ""],
    ["headers that never end", "GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\nX-Long: "],
    ["bodies that never come", `${post}\r\n`],
    ["connections kept open after their answer", "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"],
  ] as const) {
    test(`a thousand ${what}, from one address`, async () => {
      await using site = await settled();
      using crowd = await Crowd.of(site, 1_000, words);
      await assertOthersAreServed(site);
      await eventually("no more than there is room for", () => crowd.open <= 2 * mostClients);
      await assertOthersAreServed(site);
      assert.deepEqual(site.bugs, []);
    });
  }

  test("bodies that never come, of whoever has the token", async () => {
    await using site = await settled();
    using _ = await Crowd.of(site, 1_000, `${post}Authorization: Bearer ${site.token}\r\n\r\n{`);
    await assertOthersAreServed(site);
    assert.deepEqual(site.bugs, []);
  });

  test("a thousand requests at once on each of ten connections", async () => {
    await using site = await settled();
    using crowd = await Crowd.of(site, 10, "GET /api/v1/history HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(1_000));
    await assertOthersAreServed(site);
    await eventually("they are told to wait", () => [...crowd.heard.values()].some((text) => text.includes(" 429 ")));
    await assertOthersAreServed(site);
    assert.deepEqual(site.bugs, []);
  });

  test("readers of what happened who leave before they have their answer", async () => {
    await using site = await settled();
    for (let round = 0; round < 5; round += 1) {
      const paths = [
        "events?endpoint=cable",
        "history?endpoint=cable",
        "history?range=30d",
        `events?before=${round + 1}`,
      ];
      const words = paths.map((path) => `GET /api/v1/${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`).join("");
      using _ = await Crowd.of(site, 50, words);
    }
    await assertOthersAreServed(site);
    assert.deepEqual([site.bugs, site.troubles], [[], []]);
  });

  test("readers of the stream: whoever has the most gives one up for somebody who has fewer", async () => {
    await using site = await settled();
    using crowd = await Crowd.of(site, mostClients, "GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await eventually("all of them read", () => site.api.readers === mostClients);
    await assertOthersAreServed(site);
    const { status, headers } = await site.get("/api/v1/stream");
    assert.deepEqual([status, headers["retry-after"]], [503, "10"], "one more of the same has to wait");
    using another = await Crowd.of(site, 3, "GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n", other);
    await eventually(
      "they read",
      () => [...another.heard.values()].filter((text) => text.includes("event: status")).length === 3,
    );
    assert.equal(site.api.readers, mostClients);
    assert.equal(crowd.open, mostClients - 3);
  });
});

test("of many addresses the one that holds the most gives up its connections", async () => {
  await using site = await settled();
  using modest = await Crowd.of(site, 5, "", "127.0.0.5");
  using greedy = await Crowd.of(site, 1_000, "", "127.0.0.6");
  using late = await Crowd.of(site, 50, "", "127.0.0.7");
  await eventually("there is room for all others", () => greedy.open <= 2 * mostClients - 55);
  assert.deepEqual([modest.open, late.open], [5, 50]);
});

test("of what comes through a trusted proxy, connections that nobody uses are given up before those in use", async () => {
  await using site = await settled();
  site.trustedProxies = ["127.0.0.1"];
  using streams = await Crowd.of(site, 5, "GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await eventually("they read", () => site.api.readers === 5);
  using idle = await Crowd.of(site, 1_000);
  await eventually("no more than there is room for", () => idle.open <= 2 * mostClients - 5);
  assert.deepEqual([streams.open, site.api.readers], [5, 5]);
});

test("whoever asks too often is told so late, and whoever asks from elsewhere is not", async () => {
  await using site = await settled();
  const startedMs = performance.now();
  let told: number | undefined;
  for (let asked = 0; told === undefined && asked < 5_000; asked += 40) {
    const answers = await Promise.all(Array.from({ length: 40 }, () => site.get("/openapi.json")));
    const late = answers.find(({ status }) => status === 429);
    if (late === undefined) continue;
    told = asked;
    assert.equal(late.headers["retry-after"], "1");
    assert.match(late.text, /too many requests/);
  }
  assert.ok(told !== undefined && told >= 320, `told after ${told}`);
  assert.ok(performance.now() - startedMs > 900, "the answer took its time");
  assert.equal((await site.ask("/api/v1/status", { localAddress: other })).status, 200);
  // Whether it is alive and ready may always be asked.
  for (let asked = 0; asked < 200; asked += 1) {
    assert.equal((await site.get(asked % 2 === 0 ? "/healthz" : "/readyz")).status, 200);
  }
});

test("behind a trusted proxy each client counts for itself", async () => {
  await using site = await settled();
  site.trustedProxies = ["127.0.0.1"];
  const wrong = (client: string) => ({ authorization: "Bearer wrong", "x-forwarded-for": client });
  const pin = (headers: Record<string, string>) => site.post("/api/v1/pin", { endpoint: "cable" }, headers);
  for (let tries = 0; tries < 5; tries += 1) assert.equal((await pin(wrong("198.51.100.7"))).status, 401);
  assert.equal((await pin(wrong("198.51.100.7"))).status, 429);
  assert.equal((await pin(wrong("203.0.113.1, 198.51.100.7"))).status, 429, "its own word does not help it");
  assert.equal((await pin(wrong("198.51.100.8"))).status, 401);
  assert.equal((await pin({ "x-forwarded-for": "198.51.100.9" })).status, 200);
  // From anywhere else the header is anybody's word.
  for (let tries = 0; tries < 6; tries += 1) {
    const headers = { ...wrong(`192.0.2.${tries}`), "content-type": "application/json" };
    const { status } = await site.ask("/api/v1/pin", { method: "POST", headers, body: "{}", localAddress: other });
    assert.equal(status, tries < 5 ? 401 : 429);
  }
});

test("few files leave room for few connections, and some for the daemon's own work", () => {
  assert.equal(connectionsWithin(Infinity), 2 * mostClients);
  assert.equal(connectionsWithin(1_048_576), 2 * mostClients);
  assert.equal(connectionsWithin(256), 112);
  assert.equal(connectionsWithin(45), 8);
});
