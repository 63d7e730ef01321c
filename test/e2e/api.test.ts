// The API of a running daemon: a person's word moves the record, outlives a kill and ends by itself; the stream tells a
// failover as it happens; and nobody without the token changes anything.
import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { describe, test } from "node:test";
import { startWorld, type World } from "../../src/emulation/world.ts";
import { eventSchema, type Events } from "../../src/web/api/schema/events.ts";
import { historySchema } from "../../src/web/api/schema/history.ts";
import { statusSchema, type IngressStatus } from "../../src/web/api/schema/status.ts";
import { answerOf, StreamReader, type Answer } from "../support/api-site.ts";
import { commitAfter } from "../support/commits.ts";
import { startDaemon, type DaemonProcess } from "../support/daemon-process.ts";
import { eventually } from "../support/eventually.ts";
import { configOf } from "../support/world-config.ts";
import { contents, ownFolder, untilBothUp } from "../support/world-daemon.ts";

const token = "a-token-of-the-test";

describe("the API of a running daemon", { concurrency: 3 }, () => {
  test("a pin moves the record, outlives a kill, and ends by itself", async (t) => {
    await using world = await startWorld();
    const { cable, mobile } = world;
    const options = { config: withToken(world), folder: ownFolder(t) };
    const pinMs = 15_000;
    let pinnedAtMs: number;
    {
      await using daemon = startDaemon(options);
      await untilBothUp(daemon);
      const place = { cloudflare: world.cloudflare, daemon };
      await commitAfter(place, async () => {
        const { status, text } = await change(daemon, "pin", { endpoint: "mobile", for: `${pinMs}ms` });
        assert.equal(status, 200, text);
        assert.match(text, /"mobile is active: mobile was pinned manually\."/);
      });
      pinnedAtMs = performance.now();
      assert.deepEqual(contents(world), [mobile.host]);
      assert.equal((await daemon.stop("SIGKILL")).signal, "SIGKILL");
    }
    await using daemon = startDaemon(options);
    const place = { cloudflare: world.cloudflare, daemon };
    const pinned = await eventually("the pin is known again", async () => {
      const ingress = await ingressOf(daemon);
      return ingress.selection?.reason === "pin" && ingress;
    });
    assert.deepEqual(
      pinned.overrides.map(({ kind, endpoint }) => [kind, endpoint]),
      [["pin", "mobile"]],
    );
    assert.ok(pinned.next.some(({ kind }) => kind === "override-ends"));
    const { commit } = await commitAfter(place);
    const lastedMs = commit.atMs - pinnedAtMs;
    assert.ok(lastedMs > pinMs - 2_000 && lastedMs < pinMs + 10_000, `the pin lasted ${lastedMs} ms`);
    assert.deepEqual(contents(world), [cable.host], "the end of a pin waits for nothing, a mix least of all");
    const events = JSON.parse((await daemon.get("/api/v1/events?limit=200")).text) as Events;
    const texts = events.events.map(({ text }) => text);
    for (const text of ["mobile was pinned manually", "the pin of mobile has ended"]) {
      assert.ok(texts.includes(text), texts.join("\n"));
    }
  });

  test("the stream tells a failover as it happens, and history knows it afterwards", async () => {
    await using world = await startWorld();
    await using daemon = startDaemon({ config: configOf(world) });
    await untilBothUp(daemon);
    using reader = await StreamReader.of(request(`${await urlOf(daemon)}/api/v1/stream`, { agent: false }));
    await eventually("the status", () => reader.of("status")[0]);
    await commitAfter({ cloudflare: world.cloudflare, daemon }, () => world.cable.server.behave({ kind: "refuse" }));
    const told = (): string[] => reader.of("event").map(({ data }) => eventSchema.parse(data).kind);
    await eventually("decided, written and visible", () => told().includes("visibility-known"));
    const kinds = told();
    assert.ok(kinds.indexOf("selection-changed") < kinds.indexOf("records-changed"), kinds.join(" "));
    assert.ok(kinds.indexOf("records-changed") < kinds.indexOf("visibility-known"), kinds.join(" "));
    const newest = await eventually("the newest status", () => {
      const { ingresses } = statusSchema.parse(reader.of("status").at(-1)?.data);
      return ingresses[0]?.visibility?.status === "visible" && ingresses[0];
    });
    assert.equal(newest.selection?.primary, "mobile");
    assert.deepEqual(
      newest.published?.records.map(({ content }) => content),
      [world.mobile.host],
    );
    const { status, text } = await daemon.get("/api/v1/history?endpoint=cable&range=1h");
    assert.equal(status, 200, text);
    const history = historySchema.parse(JSON.parse(text));
    assert.equal(history.endpoints[0]?.outages.length, 1);
    assert.equal(history.endpoints[0]?.outages[0]?.until, undefined);
    assert.ok((history.endpoints[0]?.addresses?.[0]?.recent.length ?? 0) > 3);
    assert.equal(history.served.at(-1)?.primary, "mobile");
    // A reader does not keep the daemon from ending.
    assert.equal((await daemon.stop()).code, 0);
    assert.deepEqual([daemon.stderr, daemon.strayLines, daemon.logged(/internal error/)], ["", [], []]);
  });

  test("a drill moves the record, comes back, and is reported", async () => {
    await using world = await startWorld();
    await using daemon = startDaemon({ config: withToken(world) });
    await untilBothUp(daemon);
    // Before the records are read nobody serves, so that nobody could be stood in for.
    await daemon.untilLogged(/^found: /);
    const place = { cloudflare: world.cloudflare, daemon };
    await commitAfter(place, () => change(daemon, "drill", { endpoint: "cable", for: "5s" }).then(() => {}));
    assert.deepEqual(contents(world), [world.mobile.host]);
    await eventually("cable is back, alone or in a mix", () => contents(world)[0] !== world.mobile.host);
    const { msg } = await daemon.untilLogged(/^drill of cable: mobile took over from cable, which is active again\./);
    assert.match(msg, /Failover: mobile selected [^,]+, confirmed by Cloudflare after [\d.]+ m?s, visible after /);
    await eventually("people are told", () =>
      world.telegram.messages.some(({ plainText }) => /drill of cable: mobile took over/.test(plainText)),
    );
  });

  test("without the token nothing changes over HTTP; the control socket is its owner's alone", async () => {
    await using world = await startWorld();
    await using open = startDaemon({ config: configOf(world) });
    await using guarded = startDaemon({ config: withToken(world) });
    await Promise.all([untilBothUp(open), untilBothUp(guarded)]);
    for (const verb of ["pin", "drain", "drill", "resume"]) {
      const body = { endpoint: "mobile" };
      assert.equal((await change(open, verb, body)).status, 403);
      assert.equal((await change(guarded, verb, body, "wrong")).status, 401);
    }
    assert.equal(world.cloudflare.counts.writes, 0);
    const path = join(open.folder, "state/control.sock");
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const headers = { "content-type": "application/json" };
    const question = request({ socketPath: path, path: "/api/v1/pin", method: "POST", headers, agent: false });
    const { status, text } = await answerOf(question, JSON.stringify({ endpoint: "mobile" }));
    assert.equal(status, 200, text);
    await eventually("it moves", () => contents(world).includes(world.mobile.host));
    for (const daemon of [open, guarded]) assert.ok(!daemon.output.includes(token));
    const { text: shown } = await guarded.get("/api/v1/status");
    assert.ok(!shown.includes(token));
    assert.match(shown, /"changesOverHttp":"with-token"/);
  });
});

function withToken(world: World): (folder: string) => string {
  return configOf(world, (config) => {
    config.http.token = token;
  });
}

async function urlOf(daemon: DaemonProcess): Promise<string> {
  return (await daemon.untilLogged(/^listening on /)).url ?? assert.fail();
}

async function change(daemon: DaemonProcess, verb: string, body: unknown, bearer = token): Promise<Answer> {
  const headers = { authorization: `Bearer ${bearer}`, "content-type": "application/json" };
  const question = request(`${await urlOf(daemon)}/api/v1/${verb}`, { method: "POST", headers, agent: false });
  return answerOf(question, JSON.stringify(body));
}

async function ingressOf(daemon: DaemonProcess): Promise<IngressStatus> {
  const { text } = await daemon.get("/api/v1/status");
  return statusSchema.parse(JSON.parse(text)).ingresses[0] ?? assert.fail(text);
}
