// What is printed for people fits the terminal: lines that are too wide are broken at spaces, never within a word.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createProgram } from "../../src/main.ts";
import { ingressName, startWorld, type World } from "../../src/emulation/world.ts";
import { printedAt, type Printed } from "../support/at-widths.ts";
import { startDaemon, type DaemonProcess } from "../support/daemon-process.ts";
import { recordedConfig, recordPast } from "../support/recorded-past.ts";
import { configOf } from "../support/world-config.ts";

const { commands } = await createProgram(async () => {});
const folder = mkdtempSync(join(tmpdir(), "ccs-wraps-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const widths = [60, 80, 120] as const;
/** So many columns that no line has to be broken. */
const unbroken = 1000;

/** The lines that are wider than `width` although they could have been broken at a space. */
function tooWide(text: string, width: number): readonly string[] {
  return text.split("\n").filter((line) => line.length > width && line.trim().slice(0, width).includes(" "));
}

/** The lines that begin or end within a word of `whole`, the same text in one line. */
function brokenWords(text: string, whole: string): readonly string[] {
  const known = new Set(whole.split(/\s+/));
  return text.split(/\s+/).filter((word) => !known.has(word));
}

function assertFits(command: string, printed: Printed | undefined): void {
  const whole = printed?.get(unbroken) ?? "";
  for (const width of widths) {
    const text = printed?.get(width) ?? "";
    assert.notEqual(text.trim(), "", `${command} prints nothing`);
    assert.deepEqual(tooWide(text, width), [], `${command} at ${width} columns`);
    // Times differ from run to run: what is held against each other are the words.
    const broken = brokenWords(text, whole).filter((word) => /^[a-z]{4,}$/i.test(word));
    assert.deepEqual(broken, [], `words of ${command} at ${width} columns`);
  }
}

describe("at 60, 80 and 120 columns", () => {
  let world: World;
  let daemon: DaemonProcess;
  let config: string;
  let printed: readonly Printed[] = [];
  const wrong = join(folder, "wrong.yml");
  const recorded = join(folder, "recorded.yml");
  before(async () => {
    world = await startWorld({ records: [{ type: "A", name: ingressName, content: "192.0.2.9", ttl: 300 }] });
    config = join(folder, "config.yml");
    writeFileSync(config, configOf(world)(folder));
    writeFileSync(
      wrong,
      "cloudflare:\n  token: x y\n  tokn: z\ningresses:\n  - record: a.example.com\n    endpoint: []\n",
    );
    writeFileSync(recorded, recordedConfig(join(folder, "past")));
    using _ = await recordPast(recorded, { scenario: "0:05 cable down for 5m", hours: 0.5 });
    daemon = startDaemon({ config: configOf(world) });
    await daemon.untilLogged(/ is up/, { count: 2 });
    printed = await printedAt({
      widths: [...widths, unbroken],
      commandLines: Object.values(commandLines).map((args) => args()),
    });
  });
  after(async () => {
    await daemon[Symbol.asyncDispose]();
    await world[Symbol.asyncDispose]();
  });

  const commandLines: Readonly<Record<string, () => readonly string[]>> = {
    "the help of the program": () => ["--help"],
    ...Object.fromEntries(
      commands.map((command) => [`the help of ${command.name()}`, () => [command.name(), "--help"]]),
    ),
    validate: () => ["validate", "--config", config],
    "validate, with mistakes": () => ["validate", "--config", wrong],
    explain: () => ["explain", "--config", config],
    doctor: () => ["doctor", "--config", config],
    probe: () => ["probe", "--config", config],
    plan: () => ["plan", "--config", config],
    simulate: () => ["simulate", "cable down for 1m at 0:02", "--for", "5m", "--config", config],
    "simulate --list": () => ["simulate", "--list"],
    replay: () => ["replay", "--present", recorded],
    "run --once": () => ["run", "--once", "--config", config],
    status: () => ["status", "--addresses", "--config", daemon.configPath],
    events: () => ["events", "--config", daemon.configPath],
    resume: () => ["resume", "--config", daemon.configPath],
    "a command that asks a daemon which is not there": () => ["status", "--config", config],
    "a command line that is not valid": () => ["explain", "third.example.com", "--config", config],
    "a configuration that is not there": () => [
      "plan",
      "--config",
      join(folder, "no-such-file-anywhere-on-this-machine.yml"),
    ],
  };
  test("at 80 columns each example of a help is one line, and its prose fills its lines", () => {
    for (const [index, name] of Object.keys(commandLines).entries()) {
      if (!name.startsWith("the help of ")) continue;
      const lines = (printed[index]?.get(80) ?? "").split("\n");
      for (const [at, line] of lines.entries()) {
        const next = lines[at + 1] ?? "";
        if (line.startsWith("  $ ")) assert.match(next, /^(?: {2}\$ |$)/, `${name}: ${line}`);
        const isProse = /^[A-Z]/.test(line) && /^[a-z`(]/.test(next);
        const [word = ""] = next.split(" ");
        if (isProse) assert.ok(line.length + 1 + word.length > 80, `${name} ends a line early: ${line}`);
      }
    }
  });

  for (const [index, name] of Object.keys(commandLines).entries()) test(name, () => assertFits(name, printed[index]));
});
