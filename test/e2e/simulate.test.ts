// `ccs simulate`, as a person or a script runs it: without a network, a token, or a state folder.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import type * as z from "zod";
import { outputs } from "../../src/cli/outputs.ts";
import { runCcs } from "../support/built-program.ts";

const folder = mkdtempSync(join(tmpdir(), "ccs-simulate-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const examples = join(import.meta.dirname, "../../examples");
const original = join(examples, "original.yml");

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

async function simulated(...args: readonly string[]): Promise<z.infer<typeof outputs.simulate>> {
  const { code, stdout, stderr } = await runCcs(["simulate", ...args, "--json"]);
  assert.deepEqual([code, stderr], [0, ""]);
  return outputs.simulate.parse(JSON.parse(stdout));
}

const minute = 60_000;

describe("ccs simulate", { concurrency: 2 }, () => {
  test("tells people the story of a failover with the original tool's file, in 80 columns without colour", async () => {
    const { code, stdout, stderr } = await runCcs([
      "simulate",
      "primary down for 10 min at 0:05",
      "--config",
      original,
    ]);
    assert.deepEqual([code, stderr], [0, ""]);
    // oxlint-disable-next-line no-control-regex -- this is about control characters
    assert.doesNotMatch(stdout, /\u001B/);
    assert.ok(
      stdout.split("\n").every((line) => Array.from(line).length <= 80),
      stdout,
    );
    assert.match(stdout, / 0:05:00 {2}outside {2}Primary is down/);
    assert.match(
      stdout,
      /decides {2}Secondary: Primary was down: no answer in time \(3 in a row\)\n.{10}writes {3}CNAME secondary/,
    );
    assert.match(stdout, /tells {4}_ingress\.example\.com now points to Secondary \(was Primary\)/);
    assert.match(stdout, /impatient resolver served again, [\dmin ]+s at worst/);
    assert.match(stdout, /^ {2}clamping resolver +\S.* 10 min +none$/m);
    assert.match(stdout, /^served by {3}Primary [^,]+, Secondary [^,]+, Primary \+ Secondary\n? +10 min$/m);
    assert.match(stdout, /^✓ Not worse than a record that never changes: /m);
    assert.match(stdout, /^Cloudflare {2}\d+ calls: \d+ reads, 4 writes$/m);
  });

  test("measures what clients see, against a record that never changes and one that is always right", async () => {
    const { ingresses, lengthMs } = await simulated("failover", "--config", original);
    const [ingress] = ingresses;
    assert.equal(ingress?.switches, 2);
    assert.deepEqual(
      ingress.clients.map(({ name }) => name),
      ["honest resolver", "browser", "clamping resolver", "impatient resolver"],
    );
    for (const { withCcs, staticRecord, oracle } of ingress.clients) {
      assert.ok(withCcs.averageMs > 20_000 && withCcs.averageMs < staticRecord.averageMs);
      assert.deepEqual([staticRecord.averageMs, oracle.worstMs], [10 * minute, 0]);
    }
    assert.equal(
      ingress.served.reduce((sum, { ms }) => sum + ms, 0),
      lengthMs,
    );
  });

  test("says so when clients are worse off than with a record that never changes", async () => {
    // The best endpoint is well: only the record is not, and a static one is not fought over.
    const args = ["rival", "--config", original];
    const { ingresses } = await simulated(...args);
    const { clients = [], worseOff = [] } = ingresses[0] ?? {};
    assert.ok(worseOff.length > 0);
    for (const { name, extraMs } of worseOff) {
      const kind = clients.find((each) => each.name === name);
      assert.equal(extraMs, (kind?.withCcs.worstMs ?? 0) - (kind?.staticRecord.worstMs ?? 0));
    }
    const { stdout } = await runCcs(["simulate", ...args]);
    assert.match(stdout, /^✗ Worse than a record that never changes: /m);
  });

  test("is the same for the same seed, and another for another", async () => {
    const args = ["cable loses 50% for 10m at 0:05", "--for", "20m", "--config", join(examples, "config.yml")];
    const [first, again, other] = await Promise.all([
      simulated(...args, "--seed", "7"),
      simulated(...args, "--seed", "7"),
      simulated(...args, "--seed", "8"),
    ]);
    assert.deepEqual(first, again);
    assert.notDeepEqual(first?.timeline, other?.timeline);
    assert.equal(first?.lengthMs, 20 * minute);
  });

  test("takes several ingresses, literal addresses, IPv6, shared targets and unset secrets", async () => {
    const config = file(
      "several.yml",
      `cloudflare: { token: "\${NO_SUCH_TOKEN}" }
ingresses:
  - record: a.example.com
    endpoints:
      - { name: cable, target: line.example.net, check: { url: "https://line.example.net/" } }
      - { name: spare, target: 203.0.113.77, priority: 5, check: { url: "http://x.example.net/" } }
  - record: deep.b.example.org
    publish: addresses
    endpoints:
      - { name: cable, target: line.example.net, check: { url: "https://line.example.net/" } }
      - { name: last, target: last.example.net, priority: 5 }
notify: { telegram: { token_file: /no/such/file, chat_id: "\${NO_SUCH_CHAT}" } }
`,
    );
    const { ingresses, timeline } = await simulated(
      "0:05 cable down over ipv6 for 5m; 0:05 cable down over ipv4 for 5m",
      "--config",
      config,
    );
    assert.deepEqual(
      ingresses.map(({ ingress, switches }) => [ingress, switches]),
      [
        ["a.example.com", 2],
        ["deep.b.example.org", 2],
      ],
    );
    const written = timeline.filter(({ kind }) => kind === "writes").map(({ ingress, text }) => `${ingress}: ${text}`);
    for (const text of [
      "a.example.com: A 203.0.113.77 (TTL 1 min)",
      "a.example.com: A 192.0.2.1, AAAA 2001:db8:1::1 (TTL 1 min)",
      "deep.b.example.org: A 203.0.113.1, AAAA 2001:db8:3::1 (TTL 1 min)",
      "deep.b.example.org: A 192.0.2.1, AAAA 2001:db8:1::1 (TTL 1 min)",
    ]) {
      assert.ok(written.includes(text), `${text} in\n${written.join("\n")}`);
    }
    assert.ok(
      (timeline.find(({ kind }) => kind === "writes")?.atMs ?? 0) > 5 * minute,
      "nothing to write at the start",
    );
  });

  test("the monitor's own trouble moves nothing", async () => {
    const { ingresses } = await simulated("monitor-outage", "--config", join(examples, "config.yml"));
    assert.deepEqual([ingresses[0]?.switches, ingresses[0]?.served.length], [0, 1]);
  });

  test("reads a file, and names the lines of its mistakes", async () => {
    const good = file("night.txt", "# a bad night\n0:05 primary down for 2m\n0:06 restart\n");
    const { scenario, timeline } = await simulated(good, "--config", original, "--for", "15m");
    assert.deepEqual(
      scenario.map(({ atMs }) => atMs / minute),
      [5, 6],
    );
    assert.ok(timeline.some(({ text }) => text === "ccs starts again"));

    const bad = file("typo.txt", "0:05 primry down for 2m\n");
    const { code, stdout, stderr } = await runCcs(["simulate", bad, "--config", original]);
    assert.deepEqual([code, stdout], [64, ""]);
    assert.match(stderr, /"primry".*did you mean primary\?.*Known: Primary, Secondary/);
    assert.match(stderr, /^ {2}Named scenarios: failover, /m);
    for (const line of stderr.split("\n").slice(1)) assert.ok(line.length <= 80 && !line.startsWith("error:"), line);
  });

  test("the name of a scenario that is nearly right is recognised", async () => {
    const { code, stderr } = await runCcs(["simulate", "flaping", "--config", original]);
    assert.equal(code, 64);
    assert.match(stderr, /^ {2}Did you mean the scenario flapping\?$/m);
  });

  test("--list names the scenarios and the words", async () => {
    const { code, stdout } = await runCcs(["simulate", "--list", "--config", original]);
    assert.equal(code, 0);
    assert.match(stdout, /^failover {2}/m);
    assert.match(stdout, /^ {2}Primary, Secondary, everything\n {4}down \| refuses/m);
    for (const line of stdout.split("\n")) assert.ok(line.length <= 80, `longer than 80 columns: ${line}`);
    const bare = await runCcs(["simulate", "--list"], { cwd: tmpdir(), env: { HOME: tmpdir() } });
    assert.equal(bare.stdout.match(/^ {2}.*everything$/gm)?.join(), "  primary, secondary, everything");
  });

  for (const args of [["--seed", "x"], ["--for", "soon"], ["/no/such/file.txt"]]) {
    test(`"ccs simulate ${args.join(" ")}" makes no sense`, async () => {
      const { code, stdout, stderr } = await runCcs(["simulate", ...args, "--config", original]);
      assert.deepEqual([code, stdout], [64, ""]);
      assert.match(stderr, /^error: /);
    });
  }
});
