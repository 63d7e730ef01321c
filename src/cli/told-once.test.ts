import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiSite } from "../../test/support/api-site.ts";
import type { EventDocument, Events } from "../web/api/schema/events.ts";
import type { Status } from "../web/api/schema/status.ts";
import { ToldOnce } from "./told-once.ts";

/** The newest events about endpoints' health, as the API gives them, and what is shown of them. */
async function toldOf(site: ApiSite): Promise<{ all: readonly string[]; shown: readonly string[] }> {
  const { events } = await site.json<Events>("/api/v1/events?limit=200");
  const ofHealth = events.toReversed().filter(({ kind }) => kind.endsWith("-health-changed"));
  const shown: EventDocument[] = [];
  const told = new ToldOnce(await site.json<Status>("/api/v1/status"), (event) => shown.push(event));
  for (const event of ofHealth) told.take(event);
  told.flush();
  return { all: textsOf(ofHealth), shown: textsOf(shown) };
}

function textsOf(events: readonly EventDocument[]): readonly string[] {
  return events.map(({ text }) => text);
}

test("of an endpoint with one address its own line is shown", async () => {
  await using site = await ApiSite.start();
  site.settle();
  const { all, shown } = await toldOf(site);
  assert.deepEqual(all, [
    "cable: address 192.0.2.1 is up: answers",
    "cable is up: answers",
    "mobile: address 192.0.2.2 is up: answers",
    "mobile is up: answers",
  ]);
  assert.deepEqual(shown, ["cable is up: answers", "mobile is up: answers"]);
});

test("of an endpoint with several addresses each is shown", async () => {
  await using site = await ApiSite.start();
  site.settle();
  site.world.resolve("cable", ["192.0.2.1", "192.0.2.11"]);
  site.world.observe("cable", "timeout", 4);
  const { all, shown } = await toldOf(site);
  assert.deepEqual(
    shown,
    all.filter((text) => !text.startsWith("mobile: address")),
  );
  assert.ok(shown.some((text) => text.startsWith("cable: address 192.0.2.1 is down")));
});

test("what the endpoint's line does not say is shown, at the latest with the next status", async () => {
  await using site = await ApiSite.start();
  site.settle();
  // Another address takes the place of the one before; the endpoint stays up.
  site.world.resolve("cable", ["192.0.2.77"]);
  site.world.observe("cable", "ok");
  const { events } = await site.json<Events>("/api/v1/events?limit=200");
  const ofAddress = events.find(({ text }) => text.startsWith("cable: address 192.0.2.77 is up")) ?? assert.fail();
  const status = await site.json<Status>("/api/v1/status");
  const shown: EventDocument[] = [];
  const told = new ToldOnce(status, (event) => shown.push(event));
  told.take(ofAddress);
  assert.deepEqual(shown, [], "the endpoint's line may follow");
  told.learn(status);
  assert.deepEqual(shown, [ofAddress]);
});
