// A primary that accepts connections and says nothing: the silence of one check does not hold up the next.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startWorld } from "../../src/emulation/world.ts";
import { startDaemon } from "../support/daemon-process.ts";
import { eventually } from "../support/eventually.ts";
import { configOf } from "../support/world-config.ts";
import { untilBothUp } from "../support/world-daemon.ts";

test("a primary that hangs is left after three checks that overlap, with one timeout in the time it takes", async () => {
  await using world = await startWorld();
  const { cable, mobile } = world;
  await using daemon = startDaemon({
    config: configOf(world, () => {}, { interval: "1s", fastInterval: "1s", timeout: "2s", fall: 3 }),
  });
  await untilBothUp(daemon);

  const moved = world.cloudflare.nextCommit(({ by }) => by === "api", 30_000);
  await cable.server.behave({ kind: "hang" });
  const hungMs = performance.now();
  const before = cable.server.counts.connections;
  await eventually("the first silent check", () => cable.server.counts.connections > before);
  const firstMs = performance.now();
  const commit = await moved;
  assert.equal(world.records[0]?.content, mobile.host);
  // One begins each second, and the third is over in the second after the fourth began. One after the other, three would do.
  const asked = cable.server.counts.connections - before;
  assert.ok(asked >= 4 && asked <= 6, `${asked} checks`);
  // interval + timeout + 2 × fast_interval, the search for proof, and the call; one after the other, they take 8 s alone.
  assert.ok(
    (commit?.atMs ?? Infinity) - firstMs < 7_000,
    `${(commit?.atMs ?? 0) - firstMs} ms after the first silent check`,
  );
  assert.ok((commit?.atMs ?? Infinity) - hungMs < 8_000, `${(commit?.atMs ?? 0) - hungMs} ms`);
  assert.equal(world.cloudflare.counts.writes, 1);
});
