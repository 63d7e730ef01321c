// `ccs explain` as a person runs it: readable, with its arithmetic, and without a word to anybody.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { outputs } from "../../src/cli/outputs.ts";
import { ingressName, startWorld } from "../../src/emulation/world.ts";
import { runCcs } from "../support/built-program.ts";
import { configOf, partsOf } from "../support/world-config.ts";

const folder = mkdtempSync(join(tmpdir(), "ccs-explain-"));
const original = join(import.meta.dirname, "../../examples/original.yml");
after(() => rmSync(folder, { recursive: true, force: true }));

describe("ccs explain", { concurrency: 2 }, () => {
  test("tells of the original's example what a failover takes, and how that comes about", async () => {
    const { code, stdout, stderr } = await runCcs(["explain", "--config", original]);
    assert.deepEqual([code, stderr], [0, ""]);
    const text = stdout.replaceAll(/\s+/g, " ");
    assert.match(text, /^_ingress\.example\.com CNAME/);
    assert.match(text, /Failover: Primary fails, Secondary takes over/);
    assert.ok(
      text.includes(
        "at worst 22 s = 10 s interval + 5 s timeout + 2 × 2 s fast_interval + 2 s cross-check + 1 s call to Cloudflare",
      ),
      text,
    );
    assert.match(text, /clients, at worst 1 min 22 s = 22 s \+ 1 min TTL/);
    assert.match(text, /288 reads a day = 24 h \/ 5 min reconcile_interval/);
    assert.match(text, /8 640 a day = 24 h \/ 10 s interval/);
  });

  test("fits into 80 columns, without colour where nobody asked for it", async () => {
    const { stdout } = await runCcs(["explain", "--config", original]);
    const tooLong = stdout.split("\n").filter((line) => line.length > 80);
    assert.deepEqual(tooLong, []);
    assert.equal(stdout, stripVTControlCharacters(stdout));
    const { stdout: coloured } = await runCcs(["explain", "--config", original], { env: { FORCE_COLOR: "1" } });
    assert.notEqual(coloured, stdout);
    assert.equal(stripVTControlCharacters(coloured), stdout);
  });

  test("names what stands out, asks nobody, and is done with 0 all the same", async () => {
    await using world = await startWorld();
    const path = join(folder, "pitfalls.yml");
    const edit = configOf(world, (config) => {
      const { cable, mobile } = partsOf(config);
      cable.ttl = "2h";
      mobile.sticky = "30s";
      delete cable.check?.contains;
    });
    writeFileSync(path, edit(folder));
    const { code, stdout } = await runCcs(["explain", "--config", path]);
    assert.equal(code, 0);
    const text = stdout.replaceAll(/\s+/g, " ");
    assert.match(text, /! sticky 30 s of mobile is shorter than its TTL of 5 min/);
    assert.match(text, /· the TTL of cable, 2 h, is far longer/);
    assert.match(text, /· the check of cable has no contains/);
    assert.deepEqual(world.cloudflare.counts, { reads: 0, writes: 0 });
  });

  test("takes the name of one ingress, and refuses one that is not there", async () => {
    await using world = await startWorld();
    const path = join(folder, "two.yml");
    const edit = configOf(world, (config) => {
      config.ingresses.push({ ...structuredClone(partsOf(config).ingress), record: "other.example.com" });
    });
    writeFileSync(path, edit(folder));
    const { stdout } = await runCcs(["explain", "Other.example.com", "--json", "--config", path]);
    const names = outputs.explain.parse(JSON.parse(stdout)).ingresses.map(({ ingress }) => ingress);
    assert.deepEqual(names, ["other.example.com"]);
    const { code, stderr } = await runCcs(["explain", "third.example.com", "--config", path]);
    assert.equal(code, 64);
    assert.match(stderr, new RegExp(`there is no ingress third\\.example\\.com; configured: ${ingressName}, other`));
  });
});
