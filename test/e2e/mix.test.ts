// The mix of a CNAME ingress at its second name, as people and other programs meet it: what stands there already, what
// somebody does to it, and what people wrote beside the records.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ingressName, mixName, startWorld, type World } from "../../src/emulation/world.ts";
import { commitAfter } from "../support/commits.ts";
import { startDaemon } from "../support/daemon-process.ts";
import { eventually } from "../support/eventually.ts";
import { configOf, partsOf } from "../support/world-config.ts";
import { contents, untilBothUp } from "../support/world-daemon.ts";

const options = { sticky: "30s", reconcile: "1s" };

describe("the mix of a CNAME ingress", { concurrency: 3 }, () => {
  test("leaves what is not ours at its name alone, and returns without a mix", async () => {
    await using world = await startWorld();
    world.cloudflare.hand.add({ name: mixName, type: "A", content: "127.0.0.9", comment: "the printer" });
    const before = structuredClone(world.cloudflare.recordsAt(mixName));
    await using daemon = startDaemon({ config: configOf(world, undefined, options) });
    const place = { cloudflare: world.cloudflare, daemon };
    await untilBothUp(daemon);
    await daemon.untilLogged(/ingress-mix\.example\.com has a record that ccs did not create: A 127\.0\.0\.9/);
    await commitAfter(place, () => world.cable.server.behave({ kind: "refuse" }));
    await commitAfter(place, () => world.cable.server.behave({ kind: "ok" }));
    assert.deepEqual(contents(world), [world.cable.host]);
    assert.deepEqual(world.cloudflare.recordsAt(mixName), before);
  });

  test("that another program empties is left at once, and the type never changes", async () => {
    await using world = await startWorld();
    await using daemon = startDaemon({ config: configOf(world, undefined, options) });
    const place = { cloudflare: world.cloudflare, daemon };
    await untilBothUp(daemon);
    await commitAfter(place, () => world.cable.server.behave({ kind: "refuse" }));
    await commitAfter(place, () => world.cable.server.behave({ kind: "ok" }));
    assert.deepEqual(contents(world), [mixName]);
    for (const { id } of world.cloudflare.recordsAt(mixName)) world.cloudflare.hand.remove(id);
    await eventually("cable alone", () => contents(world)[0] === world.cable.host);
    assert.deepEqual(typesOverTime(world), ["CNAME"]);
  });

  test("keeps comment and tags that people gave the record; only an empty comment is filled", async () => {
    await using world = await startWorld();
    const [record] = world.records;
    world.cloudflare.hand.edit(record?.id ?? "", { comment: "ask Ann before you touch this" });
    await using daemon = startDaemon({ config: configOf(world, undefined, options) });
    const place = { cloudflare: world.cloudflare, daemon };
    await untilBothUp(daemon);
    await commitAfter(place, () => world.cable.server.behave({ kind: "refuse" }));
    assert.deepEqual(
      world.records.map(({ comment }) => comment),
      ["ask Ann before you touch this"],
    );
    await commitAfter(place, () => world.cable.server.behave({ kind: "ok" }));
    assert.deepEqual(
      world.records.map(({ comment }) => comment),
      ["ask Ann before you touch this"],
    );
    const ofMix = new Set(world.cloudflare.recordsAt(mixName).map(({ comment }) => comment));
    assert.deepEqual([...ofMix], ["managed by cloudflare-cname-switcher"]);
  });

  test("an ingress of addresses keeps them, and converts once where publish: cname asks for it", async () => {
    const records = [{ type: "A", name: ingressName, content: "127.0.0.2", ttl: 60, comment: "home" }];
    await using world = await startWorld({ records });
    await using daemon = startDaemon({
      config: configOf(world, (config) => {
        partsOf(config).ingress.publish = "cname";
      }),
    });
    await eventually("it is a CNAME", () => contents(world)[0] === world.cable.host);
    assert.deepEqual(
      world.records.map(({ comment }) => comment),
      ["home"],
    );
    assert.deepEqual(typesOverTime(world), ["A", "CNAME"]);
    assert.equal((await daemon.stop()).code, 0);
  });
});

/** Every type of ours that ever stood at the ingress name. */
function typesOverTime(world: World): readonly string[] {
  const types = world.cloudflare.recordsOverTime(ingressName).flatMap((records) => records.map(({ type }) => type));
  return [...new Set(types)];
}
