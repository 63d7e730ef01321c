// What people may do to the demo's world, and who is let in at its doors.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../../test/support/eventually.ts";
import type { ProblemDocument } from "../web/api/schema/parts.ts";
import { demoHttpToken, type ControlsDocument, type Deed } from "../web/dashboard/demo/document.ts";
import { controlsExtra } from "./controls-routes.ts";
import { Controls } from "./controls.ts";
import { Director } from "./director.ts";
import { openStage, type Stage } from "./stage.ts";
import { ingressName } from "../emulation/world.ts";

const tempo = {
  interval: "200ms",
  fastInterval: "100ms",
  timeout: "1s",
  rise: 1,
  fall: 2,
  holdUp: "300ms",
  sticky: "300ms",
  reconcile: "1s",
};

/** A stage whose story is never played. */
async function openControls(): Promise<{ stage: Stage; controls: Controls } & AsyncDisposable> {
  const held: { controls?: Controls } = {};
  await using stack = new AsyncDisposableStack();
  const stage = stack.use(
    await openStage(
      tempo,
      controlsExtra(() => held.controls),
    ),
  );
  const { signal } = new AbortController();
  const director = new Director(stage, { tell: () => {}, signal, pauseMs: 0, restMs: 0, slackMs: 0 });
  const controls = stack.use(new Controls(stage, director));
  held.controls = controls;
  await eventually("the daemon is ready", stage.isReady);
  const parts = stack.move();
  return { stage, controls, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

test("the doors: JSON alone, from no other site, under no other name, and nothing that there is not", async () => {
  await using place = await openControls();
  const url = `${place.stage.httpUrl}/demo/controls`;
  const body = JSON.stringify({ deed: "endpoint", endpoint: "cable", way: "refuse" } satisfies Deed);
  const json = { "content-type": "application/json" };
  const post = async (headers: Record<string, string>, text: string): Promise<number> => {
    const response = await fetch(url, { method: "POST", headers, body: text });
    await response.body?.cancel();
    return response.status;
  };
  assert.equal(await post({ "content-type": "text/plain" }, body), 415);
  assert.equal(await post({ ...json, origin: "http://evil.example" }, body), 403);
  assert.equal(await post({ ...json, "sec-fetch-site": "cross-site" }, body), 403);
  assert.equal(await post(json, "{"), 400);
  assert.equal(await post(json, JSON.stringify({ deed: "x".repeat(5_000) })), 413);
  assert.equal(place.stage.world.cable.server.behaviour.kind, "ok", "none of them did anything");

  assert.equal(await post(json, body), 200);
  assert.equal(place.stage.world.cable.server.behaviour.kind, "refuse");
  const document = (await (await fetch(url)).json()) as ControlsDocument;
  assert.deepEqual(document.endpoints, [
    { name: "cable", way: "refuse" },
    { name: "mobile", way: "ok" },
  ]);
  const page = await (await fetch(`${place.stage.httpUrl}/`)).text();
  assert.match(page, /assets\/demo-/);
});

test("a deed that there is not is answered by those that there are, or by its form", async () => {
  await using place = await openControls();
  const hintOn = async (body: unknown): Promise<string> => {
    const headers = { "content-type": "application/json" };
    const request = { method: "POST", headers, body: JSON.stringify(body) };
    const response = await fetch(`${place.stage.httpUrl}/demo/controls`, request);
    const { error, hint } = (await response.json()) as ProblemDocument;
    assert.deepEqual([response.status, error], [400, "there is no such action"]);
    return hint ?? "";
  };
  const form = 'Send {"deed": "endpoint", "endpoint": "cable" or "mobile", "way": one of 503, ok, refuse, hang, slow}';
  assert.equal(await hintOn({ deed: "endpoint", endpoint: "cable", way: "explode" }), `${form} and nothing else.`);
  assert.equal(await hintOn({ deed: "edit-record", more: 1 }), 'Send {"deed": "edit-record"} and nothing else.');
  const list = "Send one of these actions: endpoint, connection, cloudflare, edit-record, story.";
  for (const body of [{ deed: "explode" }, { deed: "toString" }, {}, [], 7]) assert.equal(await hintOn(body), list);
  assert.equal(place.stage.world.cable.server.behaviour.kind, "ok", "none of them did anything");
});

test("without the demo's routes the daemon has none, and its own page", async () => {
  await using stage = await openStage(tempo);
  // Asks until it is the new daemon that answers, and no connection to an earlier one is left.
  await eventually("the daemon is ready", stage.isReady);
  const response = await fetch(`${stage.httpUrl}/demo/controls`);
  await response.body?.cancel();
  assert.equal(response.status, 404);
  assert.doesNotMatch(await (await fetch(`${stage.httpUrl}/`)).text(), /demo/);
});

test("what happens behind a cut connection is there when it is mended, and Cloudflare stays as it was", async () => {
  await using place = await openControls();
  const { stage, controls } = place;
  const { cable, mobile } = stage.world;
  await controls.act({ deed: "connection", isCut: true });
  await controls.act({ deed: "endpoint", endpoint: "mobile", way: "503" });
  await controls.act({ deed: "cloudflare", isDown: true });
  assert.equal(cable.server.behaviour.kind, "hang");
  assert.equal(mobile.server.behaviour.kind, "hang");
  assert.deepEqual(
    controls.document().endpoints.map(({ way }) => way),
    ["ok", "503"],
  );
  await controls.act({ deed: "connection", isCut: false });
  assert.equal(cable.server.behaviour.kind, "ok");
  assert.deepEqual(mobile.server.behaviour, { kind: "status", status: 503 });
  const answer = await fetch(`${stage.world.cloudflare.url}/zones`);
  await answer.body?.cancel();
  assert.equal(answer.status, 503);

  await controls.act({ deed: "story" });
  assert.deepEqual(controls.document(), {
    story: { kind: "starting" },
    endpoints: [
      { name: "cable", way: "ok" },
      { name: "mobile", way: "ok" },
    ],
    isCut: false,
    isCloudflareDown: false,
    token: demoHttpToken,
  });
});

test("a record that was edited by hand is put right, and that is told", async () => {
  await using place = await openControls();
  const { stage, controls } = place;
  await controls.act({ deed: "edit-record" });
  assert.deepEqual(
    stage.world.records.map(({ content }) => content),
    ["elsewhere.example.net"],
  );
  await eventually("the record is put right", () => stage.world.records[0]?.content === "primary.example.com");
  await eventually("that is told", () => {
    const { story } = controls.document();
    return (
      story.kind === "aside" &&
      /^CNAME primary\S+ \(TTL 1 min\): visible \S+ m?s after the edit by/.test(story.echo ?? "")
    );
  });
  assert.equal(stage.ingress?.settings.record, ingressName);
});
