import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Hono } from "hono";
import { freePort } from "../../test/support/ports.ts";
import { systemClock } from "../runtime/node/clock.ts";
import { initialState } from "../core/step.ts";
import type { Env } from "./api/middleware.ts";
import { MovableServer, type ListenPlace } from "./movable-server.ts";
import { startWebServer, type WebServer } from "./server.ts";

/** Real servers, all of them counted. */
class Site implements AsyncDisposable {
  readonly started: WebServer[] = [];
  readonly stays: string[] = [];
  readonly bugs: unknown[] = [];
  readonly server = new MovableServer({
    start: (place) => this.#start(place),
    onStay: (message) => void this.stays.push(message),
    onBug: (error) => void this.bugs.push(error),
  });

  /** The places, of all where a server was ever started, that answer now. */
  async answering(): Promise<readonly string[]> {
    const places = new Set(this.started.map(({ host, port }) => `${host}:${port}`));
    const answers = [...places].map(async (place) => {
      const response = await fetch(`http://${place}/healthz`).catch(() => undefined);
      return response?.ok === true ? [place] : [];
    });
    return (await Promise.all(answers)).flat();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
    for (const server of this.started) await server.close().catch(() => undefined);
  }

  async #start({ host, port }: ListenPlace): Promise<WebServer> {
    const ports = {
      clock: systemClock,
      state: () => initialState,
      isAlive: () => true,
      api: new Hono<Env>(),
      metrics: { render: async () => ({ contentType: "text/plain", body: "" }) },
      onBug: (error: unknown) => void this.bugs.push(error),
    };
    const server = await startWebServer(ports, { host, port, version: "1.2.3", dashboard: new Map() });
    this.started.push(server);
    return server;
  }
}

describe("a web server that moves", () => {
  test("goes from one address to all of them under the same port", async () => {
    await using site = new Site();
    const port = await freePort();
    await site.server.listen({ host: "127.0.0.1", port });
    await site.server.moveTo({ host: "0.0.0.0", port });
    assert.deepEqual(site.stays, []);
    assert.equal((await fetch(`http://127.0.0.2:${port}/healthz`)).status, 200);
  });

  test("stays where another program has the place, and is there again under the same port", async () => {
    await using site = new Site();
    await using other = new Site();
    const port = await freePort();
    await site.server.listen({ host: "127.0.0.1", port });
    await other.server.listen({ host: "127.0.0.3", port });
    await site.server.moveTo({ host: "127.0.0.3", port });
    assert.match(site.stays.join(), /another program uses this port/);
    assert.deepEqual(await site.answering(), [`127.0.0.1:${port}`]);
    // Asked again, it tries again.
    await other.server[Symbol.asyncDispose]();
    await site.server.moveTo({ host: "127.0.0.3", port });
    assert.deepEqual(await site.answering(), [`127.0.0.3:${port}`]);
  });

  test("many moves at once end at the last place, with no server left behind", async () => {
    await using site = new Site();
    const [first, second] = [await freePort(), await freePort()];
    await site.server.listen({ host: "127.0.0.1", port: first });
    const moves = [second, first, second].map((port) => site.server.moveTo({ host: "127.0.0.1", port }));
    await Promise.all(moves);
    assert.deepEqual(await site.answering(), [`127.0.0.1:${second}`]);
    assert.deepEqual([...site.stays, ...site.bugs], []);
  });

  test("ends with a move that is under way", async () => {
    await using site = new Site();
    await site.server.listen({ host: "127.0.0.1", port: await freePort() });
    const move = site.server.moveTo({ host: "127.0.0.1", port: await freePort() });
    await site.server[Symbol.asyncDispose]();
    await move;
    assert.deepEqual(await site.answering(), []);
    assert.deepEqual([...site.stays, ...site.bugs], []);
  });
});
