// What prints one result and ends, on a terminal as a person has it: there its log is one for people, and is made differently.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { startWorld } from "../../src/emulation/world.ts";
import { requireProgram } from "../support/programs.ts";
import { openTerminal } from "../support/pseudo-terminal.ts";
import { configOf } from "../support/world-config.ts";

const cwd = mkdtempSync(join(tmpdir(), "ccs-on-a-terminal-"));
after(() => rmSync(cwd, { recursive: true, force: true }));

describe("on a terminal", { concurrency: 2 }, () => {
  const expected = {
    plan: [0, /nothing to write/],
    probe: [0, /cable +127\.\S+ +ok +\d+ ms +status 200/],
    doctor: [0, /^Cloudflare\r?$/m],
    "run --once": [0, /CNAME primary\.example\.com \(TTL 1 min\) \(cable\)/],
  } as const;

  for (const [words, [exitCode, says]] of Object.entries(expected)) {
    test(`ccs ${words}`, async (t) => {
      const script = requireProgram(t, "script");
      if (script === undefined) return;
      await using world = await startWorld();
      const path = join(cwd, `${words.replaceAll(" ", "")}.yml`);
      writeFileSync(path, configOf(world)(mkdtempSync(join(cwd, "own-"))), { mode: 0o600 });
      await using terminal = openTerminal([...words.split(" "), "--config", path], { script, cwd });
      assert.equal(await terminal.ended(), exitCode, terminal.text);
      assert.match(terminal.text, says);
    });
  }

  test("what is logged meanwhile is one line for people", async (t) => {
    const script = requireProgram(t, "script");
    if (script === undefined) return;
    await using world = await startWorld();
    await world.cable.server.behave({ kind: "refuse" });
    const path = join(cwd, "refused.yml");
    writeFileSync(path, configOf(world)(mkdtempSync(join(cwd, "own-"))));
    await using terminal = openTerminal(["plan", "--config", path], { script, cwd });
    assert.equal(await terminal.ended(), 2, terminal.text);
    assert.match(
      terminal.text,
      /WARN: cable is down: connection refused \(2 in a row\) \{"ingress":"ingress\.example\.com"\}/,
    );
  });
});
