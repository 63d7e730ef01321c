// Probes over TCP of real servers on loopback, with whatever such servers do.
import assert from "node:assert/strict";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { once } from "node:events";
import { describe, test } from "node:test";
import { freePort } from "../../../test/support/ports.ts";
import { startRawServer, until } from "../../../test/support/raw-server.ts";
import type { Rhythm, Sighting } from "../../core/model.ts";
import { parseIp } from "../../lib/ip.ts";
import { systemClock } from "../../runtime/node/clock.ts";
import type { AttemptOptions } from "../attempt.ts";
import { probeTcp } from "./probe.ts";
import type { TcpTask } from "./settings.ts";

const rhythm: Rhythm = { intervalMs: 15_000, fastIntervalMs: 2_000, timeoutMs: 5_000, rise: 3, fall: 3 };

interface Asked extends Partial<TcpTask> {
  readonly address?: string;
}

/** Probes a port, of 127.0.0.1 unless told. */
function probe(
  { port }: { readonly port: number },
  { address = "127.0.0.1", ...asked }: Asked = {},
  options: Partial<AttemptOptions> = {},
): Promise<Sighting> {
  const what: TcpTask = { kind: "tcp", port, send: undefined, expect: undefined, ...asked };
  const { timeoutMs = 5_000 } = options;
  const found = parseIp(address) ?? assert.fail(address);
  return probeTcp({ ...rhythm, timeoutMs, what }, found, { clock: systemClock, timeoutMs, ...options });
}

/** What a probe saw, in a word: `ok`, or the reason. */
function outcome(observation: Sighting): string {
  return observation.kind === "ok" ? "ok" : observation.reason;
}

/** A server that speaks first. */
function greeting(greet: (socket: Socket) => void, host = "127.0.0.1") {
  return startRawServer(() => {}, { greet, host });
}

describe("a server works", () => {
  test("when it accepts the connection, though it never answers", async () => {
    await using server = await startRawServer(() => {});
    const observation = await probe(server);
    assert.equal(outcome(observation), "ok");
    assert.equal(observation.detail, "connected");
    assert.deepEqual(Object.keys(observation.phases), ["connect"]);
    assert.equal(server.received, "");
    await until("the connection is closed", () => server.open === 0);
  });

  test("on another address of the loopback network, and over IPv6", async () => {
    for (const address of ["127.83.2.1", "::1"]) {
      await using server = await greeting((socket) => socket.write("220 hello\r\n"), address);
      assert.equal(outcome(await probe(server, { address, expect: "220 " })), "ok");
    }
  });

  test("when its greeting contains what is expected, as soon as that is there", async () => {
    await using server = await greeting((socket) => socket.write("220 mail.example.org ESMTP\r\n"));
    const observation = await probe(server, { expect: "220 mail" });
    assert.equal(outcome(observation), "ok");
    assert.equal(observation.detail, 'connected, "220 mail" found');
    assert.deepEqual(Object.keys(observation.phases), ["connect", "processing", "transfer"]);
    await until("the connection is closed", () => server.open === 0);
  });

  test("when it answers as expected to what is sent, and gets nothing else", async () => {
    await using server = await startRawServer((socket) => socket.write("+PONG\r\n"));
    assert.equal(outcome(await probe(server, { send: "PING\r\n", expect: "+PONG" })), "ok");
    assert.equal(server.received, "PING\r\n");
  });

  test("when the answer comes in pieces that cut what is expected, letters of several bytes too", async () => {
    const text = Buffer.from("250 grüße €");
    for (let cut = 1; cut < text.length; cut += 1) {
      await using server = await greeting((socket) => {
        socket.setNoDelay(true);
        socket.write(text.subarray(0, cut));
        setTimeout(() => socket.write(text.subarray(cut)), 5);
      });
      assert.equal(outcome(await probe(server, { expect: "grüße €" })), "ok", `cut at ${cut}`);
    }
  });

  test("when it answers and closes at once", async () => {
    await using server = await greeting((socket) => socket.end("ready"));
    assert.equal(outcome(await probe(server, { expect: "ready" })), "ok");
  });
});

describe("a server does not work", () => {
  test("when nothing listens: refused", async () => {
    const observation = await probe({ port: await freePort() });
    assert.equal(outcome(observation), "refused");
    assert.equal(observation.detail, "connection refused");
  });

  test("when it is silent though an answer is expected: timeout", async () => {
    await using server = await startRawServer(() => {});
    const observation = await probe(server, { expect: "220 " }, { timeoutMs: 60 });
    assert.equal(outcome(observation), "timeout");
    assert.equal(observation.detail, "timed out while waiting for the answer (60 ms)");
    await until("the connection is closed", () => server.open === 0);
  });

  test("when it drips something else until the deadline: timeout", async () => {
    await using server = await greeting((socket) => {
      const drip = setInterval(() => socket.write("."), 5);
      socket.once("close", () => clearInterval(drip));
    });
    const observation = await probe(server, { expect: "220 " }, { timeoutMs: 80 });
    assert.equal(outcome(observation), "timeout");
    assert.equal(observation.detail, "timed out while reading the answer (80 ms)");
  });

  test("when what is expected is not in what it says before it closes: marker", async () => {
    await using server = await greeting((socket) => socket.end("554 no service\r\n"));
    const observation = await probe(server, { expect: "220 " });
    assert.equal(outcome(observation), "marker");
    assert.equal(observation.detail, '"220" not found in 16 bytes');
  });

  test("when it closes without a word: reset", async () => {
    for (const close of [(socket: Socket) => socket.end(), (socket: Socket) => socket.resetAndDestroy()]) {
      await using server = await greeting((socket) => void close(socket));
      const observation = await probe(server, { expect: "220 " });
      assert.equal(outcome(observation), "reset");
      assert.match(observation.detail, /^connection closed while (?:connecting|waiting for the answer)$/);
    }
  });

  test("when it only closes its half of the connection: reset, and nothing stays open", async () => {
    const sockets: Socket[] = [];
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      sockets.push(socket);
      socket.on("error", () => {});
      socket.end();
    });
    server.listen({ port: 0, host: "127.0.0.1" });
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    assert.equal(outcome(await probe({ port }, { expect: "220 " })), "reset");
    await until("the connection is closed", () => sockets.every(({ destroyed }) => destroyed));
    server.close();
    await once(server, "close");
  });

  test("when what is expected comes after 64 KiB: marker, and little more than that is read", async () => {
    let poured = 0;
    const chunk = Buffer.alloc(16_384, ".");
    await using server = await greeting((socket) => {
      const pour = (): void => {
        while (!socket.destroyed && socket.write(chunk)) poured += chunk.length;
      };
      socket.on("drain", pour);
      pour();
    });
    const observation = await probe(server, { expect: "220 " });
    assert.equal(outcome(observation), "marker");
    assert.equal(observation.detail, '"220" not found in the first 64 KiB');
    await until("the connection is closed", () => server.open === 0);
    assert.ok(poured < 64 * 1_048_576, `${poured} bytes`);
  });

  test("when what is expected begins within 64 KiB and ends after it: marker", async () => {
    for (const [before, wanted] of [
      [65_532, "ok"],
      [65_533, "marker"],
    ] as const) {
      await using server = await greeting((socket) => socket.write(`${".".repeat(before)}220 ${".".repeat(99)}`));
      assert.equal(outcome(await probe(server, { expect: "220 " })), wanted, `${before}`);
    }
  });
});

describe("nothing is concluded about the server", () => {
  test("when this machine has no route to it", async () => {
    const observation = await probe({ port: 25 }, { address: "255.255.255.255" });
    assert.equal(observation.kind, "inconclusive");
    assert.equal(outcome(observation), "no-route");
  });

  test("when the probe is called off, which closes the connection at once", async () => {
    await using server = await startRawServer(() => {});
    const off = new AbortController();
    const observed = probe(server, { expect: "220 " }, { signal: off.signal });
    await until("the server has the connection", () => server.accepted === 1);
    off.abort();
    assert.equal(outcome(await observed), "local");
    await until("the connection is closed", () => server.open === 0);
  });
});

test("what a server says reaches no detail, and what is expected is shown plain and short", async () => {
  await using server = await greeting((socket) => socket.end("\u001b[2J secret"));
  const observation = await probe(server, { expect: `\u001b[31m${"x".repeat(1_000)}` });
  assert.match(observation.detail, /^"\[31mx+…" not found in 11 bytes$/);
});
