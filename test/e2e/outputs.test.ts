// What commands print with --json, held against the schemas that programs are promised.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { outputNames, outputs, type OutputName } from "../../src/cli/outputs.ts";
import { ingressName, startWorld, type World } from "../../src/emulation/world.ts";
import { runCcs } from "../support/built-program.ts";
import { recordedConfig, recordPast } from "../support/recorded-past.ts";
import { configOf } from "../support/world-config.ts";

const folder = mkdtempSync(join(tmpdir(), "ccs-outputs-"));
const original = join(import.meta.dirname, "../../examples/original.yml");
/** A configuration whose daemon has a past. */
const recorded = join(folder, "recorded.yml");
after(() => rmSync(folder, { recursive: true, force: true }));

/**
 * The arguments that make each command print JSON, in a world where something is to be written. Those that ask a running
 * daemon have a file of their own, `steering.test.ts`.
 */
const argumentsOf: Partial<Record<OutputName, (config: string) => readonly string[]>> = {
  validate: (config) => ["validate", "--config", config],
  migrate: () => ["migrate", original],
  probe: (config) => ["probe", "--config", config],
  plan: (config) => ["plan", "--config", config],
  explain: (config) => ["explain", "--config", config],
  doctor: (config) => ["doctor", "--config", config],
  health: (config) => ["health", "--config", config],
  simulate: (config) => ["simulate", "cable down for 1m at 0:02", "--for", "5m", "--config", config],
  scenarios: () => ["simulate", "--list"],
  replay: () => ["replay", "--present", recorded],
  once: (config) => ["run", "--once", "--config", config],
};

interface Schema {
  readonly properties?: object;
}

describe("what is printed with --json", { concurrency: 2 }, () => {
  let world: World;
  let config: string;
  before(async () => {
    world = await startWorld({
      records: [{ type: "A", name: ingressName, content: "192.0.2.9", ttl: 300 }],
    });
    config = join(folder, "config.yml");
    writeFileSync(config, configOf(world)(folder));
    writeFileSync(recorded, recordedConfig(join(folder, "past")));
    using _ = await recordPast(recorded, { scenario: "0:05 cable down for 5m", hours: 0.5 });
  });
  after(() => world[Symbol.asyncDispose]());

  for (const name of outputNames) {
    const argumentsFor = argumentsOf[name];
    if (argumentsFor !== undefined) {
      test(`${name}: is what its schema says`, async () => {
        const { stdout, stderr } = await runCcs([...argumentsFor(config), "--json"]);
        const checked = outputs[name].safeParse(JSON.parse(stdout));
        assert.ok(checked.success, `${checked.error?.message ?? ""}\n${stdout}\n${stderr}`);
      });
    }

    test(`${name}: its schema can be had`, async () => {
      const { code, stdout } = await runCcs(["schema", name]);
      const schema = JSON.parse(stdout) as Schema & { $schema: string; $ref?: string; $defs?: Record<string, Schema> };
      // What the API's documents share has a name, and is referred to.
      const { properties } = schema.$defs?.[schema.$ref?.split("/").at(-1) ?? ""] ?? schema;
      assert.deepEqual([code, Object.keys(properties ?? {})], [0, Object.keys(outputs[name].shape)]);
      assert.match(schema.$schema, /json-schema\.org/);
    });
  }

  test("validate: the mistakes too", async () => {
    const broken = join(folder, "broken.yml");
    writeFileSync(broken, "ingresses: 7\n");
    for (const path of [broken, join(folder, "missing.yml")]) {
      const { code, stdout } = await runCcs(["validate", "--json", "--config", path]);
      assert.equal(code, 78);
      assert.ok(outputs.validate.parse(JSON.parse(stdout)).problems.length > 0);
    }
  });
});
