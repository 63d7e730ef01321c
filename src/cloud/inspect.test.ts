// The look at an account: what answers mean, what their headers tell, and that the token stays out of it.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import { Secret } from "../lib/secret.ts";
import { ZoneInspector } from "./inspect.ts";

const token = "cfut_secret0secret0secret0";

function inspectorOver(answer: (url: string) => Response | Promise<Response>): {
  inspector: ZoneInspector;
  clock: VirtualClock;
} {
  const clock = new VirtualClock();
  const send = (url: string | URL | Request): Promise<Response> => Promise.resolve(answer(url as string));
  const inspector = new ZoneInspector({ token: new Secret(token), apiUrl: "https://api.invalid", clock, fetch: send });
  return { inspector, clock };
}

function success(result: unknown, headers: Record<string, string> = {}): Response {
  return Response.json({ success: true, errors: [], messages: [], result }, { headers });
}

const verified = { id: "1", status: "active" };

describe("what an answer means", () => {
  test("a refusal is told with its codes, and without the token that it repeats", async () => {
    const errors = [{ code: 9109, message: `Invalid access token ${token}` }];
    const { inspector } = inspectorOver(() => Response.json({ success: false, errors, result: null }, { status: 403 }));
    const look = await inspector.verifyToken();
    assert.deepEqual(look, {
      kind: "refused",
      status: 403,
      codes: [9109],
      detail: 'HTTP 403, 9109 "Invalid access token ***"',
      address: undefined,
    });
  });

  test("an answer without end is cut off", async () => {
    let sentBytes = 0;
    const endless = new ReadableStream({
      pull(controller) {
        sentBytes += 65_536;
        // An end all the same, for a reader that would read to it.
        if (sentBytes > 2 ** 24) controller.close();
        else controller.enqueue(new Uint8Array(65_536).fill(0x20));
      },
    });
    const { inspector } = inspectorOver(() => new Response(endless));
    assert.deepEqual(await inspector.verifyToken(), { kind: "silent", detail: "the answer is too large" });
    assert.ok(sentBytes < 2 ** 21, `${sentBytes} bytes were taken`);
  });

  const strangers: readonly (readonly [string, () => Response])[] = [
    ["a login page", () => new Response("<html>Log in</html>")],
    ["a success without a result", () => Response.json({ success: true, errors: [], result: null })],
    ["a gateway's complaint", () => new Response("bad gateway", { status: 502 })],
  ];
  for (const [what, answer] of strangers) {
    test(`${what} is nobody's word`, async () => {
      const look = await inspectorOver(answer).inspector.verifyToken();
      assert.equal(look.kind, "silent");
    });
  }

  test("silence ends after five seconds", async () => {
    const { inspector, clock } = inspectorOver(
      () => new Promise((_, reject) => clock.setTimer(5_000, () => reject(new Error("aborted")))),
    );
    const looking = inspector.verifyToken();
    await clock.advance(5_000);
    assert.deepEqual(await looking, { kind: "silent", detail: "no answer within 5 s" });
  });
});

describe("the zone of a name", () => {
  const zone = (name: string, status = "active"): object => ({ id: `id-of-${name}-${status}`, name, status });

  test("is the longest that fits", async () => {
    const asked: string[] = [];
    const { inspector } = inspectorOver((url) => {
      const name = new URL(url).searchParams.get("name") ?? "";
      asked.push(name);
      return success(name === "b.example.com" ? [zone(name)] : []);
    });
    const look = await inspector.zoneOf("a.b.example.com");
    assert.equal(look.kind === "answered" && look.result.name, "b.example.com");
    assert.deepEqual(asked, ["a.b.example.com", "b.example.com"]);
  });

  test("is the active one of several, and nobody's guess when several are", async () => {
    const one = inspectorOver(() => success([zone("example.com", "pending"), zone("example.com")]));
    const look = await one.inspector.zoneOf("a.example.com", "example.com");
    assert.equal(look.kind === "answered" && look.result.status, "active");
    const two = inspectorOver(() => success([zone("example.com"), zone("example.com")]));
    assert.equal((await two.inspector.zoneOf("a.example.com", "example.com")).kind, "refused");
  });
});

describe("what the headers tell", () => {
  for (const [aheadMs, name] of [
    [0, "agrees"],
    [42_000, "is ahead"],
    [-42_000, "is behind"],
  ] as const) {
    test(`how far this clock is off: it ${name}`, async () => {
      const { inspector, clock } = inspectorOver(() =>
        success(verified, { date: new Date(clock.wallMs() - aheadMs).toUTCString() }),
      );
      await inspector.verifyToken();
      const off = (inspector.telltales.clockAheadMs ?? NaN) - aheadMs;
      assert.ok(Math.abs(off) <= 500, `${off} ms`);
    });
  }

  test("how many calls are left", async () => {
    const { inspector } = inspectorOver(() => success(verified, { ratelimit: '"default";r=50;t=30' }));
    assert.equal(inspector.telltales.rateLimit, undefined);
    await inspector.verifyToken();
    assert.deepEqual(inspector.telltales.rateLimit, { left: 50, inSeconds: 30 });
  });
});
