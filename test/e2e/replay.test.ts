// `ccs replay`, over the history of a daemon that still holds its state folder.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type * as z from "zod";
import { outputs } from "../../src/cli/outputs.ts";
import { runCcs } from "../support/built-program.ts";
import { recordedConfig, recordPast, type RecordedPast } from "../support/recorded-past.ts";

const folder = mkdtempSync(join(tmpdir(), "ccs-replay-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const stateDir = join(folder, "state");

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

async function replayed(...args: readonly string[]): Promise<z.infer<typeof outputs.replay>> {
  const { code, stdout, stderr } = await runCcs(["replay", ...args, "--json"]);
  assert.deepEqual([code, stderr], [0, ""]);
  return outputs.replay.parse(JSON.parse(stdout));
}

describe("ccs replay", { concurrency: 2 }, () => {
  const present = file("present.yml", recordedConfig(stateDir));
  let past: RecordedPast;
  before(async () => {
    const scenario = "0:05 cable flaps every 12m for 1h; 1:20 our connection down for 5m; 1:40 cable down for 2m";
    past = await recordPast(present, { scenario, hours: 2 });
    assert.ok(past.switches.length >= 6);
  });
  after(() => past[Symbol.dispose]());

  test("makes the switches that were made, at their times, under the present configuration", async () => {
    const { ingresses, fidelity, checks } = await replayed("--present", present);
    const [ingress] = ingresses;
    assert.equal(checks, past.checks);
    assert.deepEqual(fidelity, { made: past.switches.length, again: past.switches.length, besides: 0 });
    assert.deepEqual(
      ingress?.switches.map(({ made }) => ({ from: made?.from, to: made?.to })),
      past.switches,
    );
    for (const { made, would } of ingress.switches) {
      const shiftMs = Math.abs(Date.parse(made?.at ?? "") - Date.parse(would?.at ?? ""));
      assert.ok(shiftMs < 15_000, `${made?.at} ${would?.at}`);
    }
  });

  test("makes others under another one: a long hold_up returns less often", async () => {
    const calm = file("calm.yml", recordedConfig(stateDir, "    hold_up: 20m\n"));
    const { ingresses, presentFile } = await replayed("--config", calm, "--present", present);
    const [ingress] = ingresses;
    assert.equal(presentFile, present);
    assert.ok(ingress !== undefined && ingress.would.switches < ingress.made.switches);
    assert.ok(ingress.switches.some(({ made, would }) => made !== undefined && would === undefined));
    const { made, would } = ingress;
    const servedBy = ({ served }: typeof made, name: string): number =>
      served.find(({ endpoint }) => endpoint === name)?.ms ?? 0;
    assert.ok(servedBy(would, "mobile") > servedBy(made, "mobile"));
  });

  test("a higher fall leaves later, and what cannot be replayed is named", async () => {
    const slow = file("slow.yml", recordedConfig(stateDir, "", ", fall: 6, interval: 30s"));
    const { ingresses } = await replayed("--config", slow, "--present", present);
    const [ingress] = ingresses;
    assert.deepEqual(ingress?.notReplayed, ["cable: check.interval as recorded, not as in the other file"]);
    const [first] = ingress.switches;
    assert.ok(Date.parse(first?.would?.at ?? "") > Date.parse(first?.made?.at ?? "") + 5_000);
    assert.ok(ingress.would.failingMs > ingress.made.failingMs);
  });

  test("tells people side by side, in 80 columns, without colour", async () => {
    const { code, stdout, stderr } = await runCcs(
      ["replay", "--config", file("calm2.yml", recordedConfig(stateDir, "    hold_up: 20m\n"))],
      {
        env: { CCS_CONFIG: present },
      },
    );
    assert.deepEqual([code, stderr], [0, ""]);
    // oxlint-disable-next-line no-control-regex -- this is about control characters
    assert.doesNotMatch(stdout, /\u001B/);
    assert.ok(
      stdout
        .replaceAll(folder, "")
        .split("\n")
        .every((line) => Array.from(line).length <= 80),
      stdout,
    );
    assert.match(stdout, /cable → mobile +yes +same time/);
    assert.match(stdout, /mobile → cable +yes +no/);
    assert.match(stdout, /^switches +\d+ +\d+$/m);
    assert.match(stdout, /Within a minute their order is not\s+stored/);
  });

  test("without a history: 69, and what to do", async () => {
    const config = file("none.yml", recordedConfig(join(folder, "nothing-here")));
    const { code, stdout, stderr } = await runCcs(["replay", "--present", config]);
    assert.deepEqual([code, stdout], [69, ""]);
    assert.match(stderr, /there is no history in .*nothing-here/);
  });

  test("a time that is none: 64", async () => {
    const { code, stderr } = await runCcs(["replay", "--present", present, "--since", "yesterday"]);
    assert.equal(code, 64);
    assert.match(stderr, /--since/);
  });
});
