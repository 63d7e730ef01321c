// What a daemon brings into memory to do its work.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { startWorld } from "../../src/emulation/world.ts";
import { startDaemon } from "../support/daemon-process.ts";
import { configOf } from "../support/world-config.ts";
import { untilBothUp } from "../support/world-daemon.ts";

const folder = mkdtempSync(join(tmpdir(), "ccs-start-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/**
 * Notes what is compiled from WebAssembly, and at the end how large the young generation became by what would make that of
 * any other process grow to 32 MB.
 */
const watcher = `
  const { appendFileSync } = require("node:fs");
  const { getHeapSpaceStatistics } = require("node:v8");
  if (process.argv.includes("run")) {
    const note = (words) => appendFileSync(process.env.NOTES, words + "\\n");
    for (const name of ["compile", "instantiate", "Module"]) {
      const known = WebAssembly[name];
      WebAssembly[name] = new Proxy(known, {
        apply: (_, self, args) => (note(name), Reflect.apply(known, self, args)),
        construct: (_, args) => (note(name), new known(...args)),
      });
    }
    process.on("exit", () => {
      let kept = [];
      for (let count = 0; count < 2_000_000; count += 1) {
        kept.push({ count });
        if (kept.length > 100_000) kept = kept.slice(50_000);
      }
      const young = getHeapSpaceStatistics().find((space) => space.space_name === "new_space");
      note("young " + young.space_size);
    });
  }
`;

test("a daemon compiles nothing from WebAssembly, and its young generation does not grow", async () => {
  await using world = await startWorld();
  const [script, notes] = [join(folder, "watcher.cjs"), join(folder, "notes")];
  writeFileSync(script, watcher);
  {
    await using daemon = startDaemon({
      config: configOf(world, () => {}, { interval: "100ms" }),
      env: { NOTES: notes },
      nodeArgs: ["--require", script],
    });
    await untilBothUp(daemon);
    await daemon.until("it is ready", async () => (await daemon.get("/readyz")).status === 200);
    await daemon.stop();
  }
  const lines = readFileSync(notes, "utf8").trim().split("\n");
  assert.equal(lines.length, 1, lines.join());
  const [, bytes] = /^young (\d+)$/.exec(lines[0] ?? "") ?? [];
  assert.ok(Number(bytes) <= 20e6, `${bytes} bytes`);
});
