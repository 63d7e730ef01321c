// The commands besides the daemon, as a person or a script runs them: what they print where, and their exit codes.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { writes } from "../../src/emulation/cloudflare/faults.ts";
import { problems } from "../../src/emulation/cloudflare/problem.ts";
import { ingressName, startWorld, type World, type WorldOptions } from "../../src/emulation/world.ts";
import { runCcs, type Finished } from "../support/built-program.ts";
import { startFleet } from "../support/fleet.ts";
import { configOf, partsOf, type ConfigFile } from "../support/world-config.ts";

const folder = mkdtempSync(join(tmpdir(), "ccs-commands-"));
after(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function file(text: string): string {
  const path = join(folder, `${(files += 1)}.yml`);
  writeFileSync(path, text);
  return path;
}

function configFile(world: World, edit?: (config: ConfigFile) => void): string {
  // Each with a state folder of its own: they run side by side.
  return file(configOf(world, edit)(mkdtempSync(join(folder, "own-"))));
}

/** A world in which the record points to mobile, though cable is better and up. */
const atMobile: WorldOptions = {
  records: [{ type: "CNAME", name: ingressName, content: "secondary.example.com", ttl: 300 }],
};

/** Terminal colours. */
// oxlint-disable-next-line no-control-regex -- this is about control characters
const colour = /\u001B\[\d+m/;

describe("ccs validate", { concurrency: 2 }, () => {
  test("says that a file is right, and what is in it", async () => {
    await using world = await startWorld();
    const path = configFile(world);
    const { code, stdout, stderr } = await runCcs(["validate", "--config", path]);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.equal(stdout, `valid: ${path}\n  ingress.example.com: cable, mobile\n`);
    assert.deepEqual(world.cloudflare.counts, { reads: 0, writes: 0 });
    assert.deepEqual(await runCcs(["validate", path]), { code, stdout, stderr }, "the file may be named alone");
    const both = await runCcs(["validate", path, "--config", "other.yml"]);
    assert.match(both.stderr, /^error: expected one file, got .* and --config other\.yml: name one of them$/m);
  });

  test("names every mistake in a line of its own", async () => {
    const path = file("cloudflare: { tokn: T }\ningresses: []\n");
    const { code, stdout, stderr } = await runCcs(["validate", "--config", path]);
    assert.deepEqual([code, stdout], [78, ""]);
    assert.deepEqual(stderr.trimEnd().split("\n"), [
      `${path}:1:15 cloudflare.tokn: unknown key, did you mean token?`,
      `${path}:2:12 ingresses: expected a list of ingresses, got an empty list`,
    ]);
  });

  test("tells programs the same as JSON", async () => {
    await using world = await startWorld();
    const good = await runCcs(["validate", "--json", "--config", configFile(world)]);
    assert.equal(good.code, 0);
    const verdict = JSON.parse(good.stdout) as { valid: boolean; format: string; problems: unknown[] };
    assert.deepEqual([verdict.valid, verdict.format, verdict.problems], [true, "current", []]);

    const bad = await runCcs(["validate", "--json", "--config", file("ingresses: 7\n")]);
    assert.deepEqual([bad.code, bad.stderr], [78, ""]);
    const report = JSON.parse(bad.stdout) as { valid: boolean; problems: { line: number; key: string }[] };
    assert.equal(report.valid, false);
    assert.ok(report.problems.length >= 2);
  });
});

describe("ccs probe", { concurrency: 2 }, () => {
  test("shows every address with its result in a table, and exits with 0 when all are ok", async () => {
    await using world = await startWorld();
    const { code, stdout, stderr } = await runCcs(["probe", "--config", configFile(world)]);
    assert.deepEqual([code, stderr], [0, ""]);
    const [heading = "", ...rows] = stdout.trimEnd().split("\n");
    assert.match(heading, /^ENDPOINT +ADDRESS +RESULT +TIME +DETAIL$/);
    assert.equal(rows.length, 2);
    assert.match(
      rows[0] ?? "",
      new RegExp(`^cable +${world.cable.address} +ok +\\d.* +status 200, marker "OK" found$`),
    );
    assert.deepEqual(world.cloudflare.counts, { reads: 0, writes: 0 });
  });

  test("exits with 1 when one is not, and says why", async () => {
    await using world = await startWorld();
    await world.mobile.server.behave({ kind: "refuse" });
    const { code, stdout } = await runCcs(["probe", "--json", "--config", configFile(world)]);
    assert.equal(code, 1);
    const { probes } = JSON.parse(stdout) as { probes: { endpoint: string; result: string; detail: string }[] };
    assert.deepEqual(
      probes.map(({ endpoint, result, detail }) => [endpoint, result, detail]),
      [
        ["cable", "ok", 'status 200, marker "OK" found'],
        ["mobile", "failed", "connection refused"],
      ],
    );
  });
});

describe("ccs plan", { concurrency: 2 }, () => {
  test("exits with 0 when nothing is to be written", async () => {
    await using world = await startWorld();
    const { code, stdout, stderr } = await runCcs(["plan", "--config", configFile(world)]);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /nothing to write/);
    assert.doesNotMatch(stdout, /^ {2}[+-] /m);
    assert.equal(world.cloudflare.counts.writes, 0);
  });

  test("shows what would be written as a difference, exits with 2, and writes nothing", async () => {
    await using world = await startWorld(atMobile);
    const { code, stdout } = await runCcs(["plan", "--config", configFile(world)]);
    assert.equal(code, 2);
    assert.match(
      stdout,
      /^ {2}- CNAME secondary\.example\.com \(TTL 5 min\)\n {2}\+ CNAME primary\.example\.com \(TTL 1 min\)$/m,
    );
    assert.match(stdout, /active: cable, because /);
    assert.doesNotMatch(stdout, colour);
    assert.equal(world.cloudflare.counts.writes, 0);
    assert.equal(world.records[0]?.content, "secondary.example.com");
  });

  test("is coloured where colour is wanted, and nowhere else", async () => {
    await using world = await startWorld(atMobile);
    const path = configFile(world);
    const run = (env: Record<string, string>): Promise<Finished> => runCcs(["plan", "--config", path], { env });
    assert.match((await run({ FORCE_COLOR: "1" })).stdout, colour);
    assert.doesNotMatch((await run({ NO_COLOR: "1" })).stdout, colour);
  });

  test("tells programs the same as JSON", async () => {
    await using world = await startWorld(atMobile);
    const { code, stdout, stderr } = await runCcs(["plan", "--json", "--config", configFile(world)]);
    assert.deepEqual([code, stderr], [2, ""]);
    const { ingresses } = JSON.parse(stdout) as {
      ingresses: { ingress: string; primary: string; plan: { patches: { content: string }[] } }[];
    };
    assert.deepEqual(
      ingresses.map(({ ingress, primary, plan }) => [ingress, primary, plan.patches.map(({ content }) => content)]),
      [[ingressName, "cable", ["primary.example.com"]]],
    );
  });

  test("exits with 69 when Cloudflare does not let it see", async () => {
    await using world = await startWorld();
    world.cloudflare.faults.always({ kind: "refused", problem: problems.noAccess });
    const { code, stdout, stderr } = await runCcs(["plan", "--config", configFile(world)]);
    assert.equal(code, 69);
    assert.match(stdout, /10000\s+"Authentication error"/);
    assert.equal(stderr, "", "it is said once");
    assert.doesNotMatch(stdout + stderr, /next attempt/, "nobody tries again");
  });
});

describe("ccs run --once", { concurrency: 2 }, () => {
  test("writes nothing over a correct record, and exits with 0", async () => {
    await using world = await startWorld();
    const { code, stdout } = await runCcs(["run", "--once", "--config", configFile(world)]);
    assert.equal(code, 0);
    assert.equal(stdout, "ingress.example.com: CNAME primary.example.com (TTL 1 min) (cable)\n");
    assert.equal(world.cloudflare.counts.writes, 0);
  });

  test("returns to the best endpoint by one write, whatever hold_up and sticky say", async () => {
    await using world = await startWorld(atMobile);
    const path = configFile(world, (config) => {
      partsOf(config).ingress.hold_up = "1h";
      partsOf(config).mobile.sticky = "1h";
    });
    const { code } = await runCcs(["run", "--once", "--config", path]);
    assert.equal(code, 0);
    assert.equal(world.cloudflare.counts.writes, 1);
    assert.deepEqual(
      world.records.map(({ type, content }) => `${type} ${content}`),
      ["CNAME primary.example.com"],
    );
  });

  test("fails over by one write", async () => {
    await using world = await startWorld();
    await world.cable.server.behave({ kind: "refuse" });
    const { code, stdout } = await runCcs(["run", "--once", "--json", "--config", configFile(world)]);
    assert.equal(code, 0);
    assert.deepEqual((JSON.parse(stdout) as { ingresses: { primary: string }[] }).ingresses[0]?.primary, "mobile");
    assert.equal(world.cloudflare.counts.writes, 1);
    assert.equal(world.records[0]?.content, world.mobile.host);
  });

  test("writes nothing while nobody is up, and exits with 1", async () => {
    await using world = await startWorld();
    await world.cable.server.behave({ kind: "refuse" });
    await world.mobile.server.behave({ kind: "refuse" });
    const { code, stdout } = await runCcs(["run", "--once", "--config", configFile(world)]);
    assert.equal(code, 1);
    assert.match(stdout, /left as it is: all endpoints are down/);
    assert.equal(world.cloudflare.counts.writes, 0);
  });

  test("exits with 1 when only one of two ingresses is as it should be", async () => {
    await using fleet = await startFleet(["done", "refused"]);
    const { zoneId } = fleet.ship("refused");
    fleet.cloudflare.faults.always({ kind: "refused", problem: problems.noAccess }, ({ path }) =>
      path.includes(zoneId),
    );
    const path = file(fleet.config()(mkdtempSync(join(folder, "own-"))));
    const { code, stdout } = await runCcs(["run", "--once", "--config", path]);
    assert.match(stdout, /^ingress\.done\.example: CNAME cable\.done\.example/m);
    assert.match(stdout, /^ingress\.refused\.example: left as it is: .*Authentication error/m);
    assert.equal(code, 1);
  });

  test("exits with 1 when what is to be written is refused", async () => {
    await using world = await startWorld(atMobile);
    world.cloudflare.faults.always({ kind: "refused", problem: problems.noAccess }, writes);
    const { code, stdout, stderr } = await runCcs(["run", "--once", "--config", configFile(world)]);
    assert.equal(code, 1);
    assert.match(stdout, /not written: .*Authentication error/);
    assert.doesNotMatch(stdout + stderr, /next attempt/, "nobody tries again");
    assert.equal(world.cloudflare.counts.writes, 1);
  });
});

describe("ccs migrate and ccs schema", { concurrency: 2 }, () => {
  const original = `record: _ingress.example.com
endpoints:
  - dns: { record: primary.example.com, ttl: 60, resolver: 1.1.1.1 }
    monitoring: { uri: "https://primary.example.com/health", interval: 10, confidence: 3, timeout: 5, marker: OK }
    alias: Primary
    weight: 1
  - dns: { record: 203.0.113.7 }
    sticky_duration: 600
    weight: 2
cloudflare: { token: TOKEN-OF-OLD, zone_id: 0123456789abcdef0123456789abcdef }
telegram: { token: "123:abc", chat_id: 123456, initial_silence: 10 }
`;

  test("migrate prints a file that validates and says the same", async () => {
    const { code, stdout, stderr } = await runCcs(["migrate", file(original)]);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.doesNotMatch(stdout, /TOKEN-OF-OLD|123:abc/);
    const env = { CLOUDFLARE_API_TOKEN: "TOKEN", TELEGRAM_TOKEN: "123:abc" };
    const validated = await runCcs(["validate", "--json", "--config", file(stdout)], { env });
    assert.equal(validated.code, 0, validated.stdout);
    assert.equal((JSON.parse(validated.stdout) as { format: string }).format, "current");
    assert.match(stdout, /record: _ingress\.example\.com/);
    assert.match(stdout, /name: Primary/);
  });

  test("migrate refuses what is not the original's", async () => {
    const { code, stdout, stderr } = await runCcs(["migrate", "-c", file("record: a.example.com\n")]);
    assert.deepEqual([code, stdout], [78, ""]);
    assert.match(stderr, /endpoints: missing/);
  });

  test("migrate says in plain words that there is no such file", async () => {
    const { code, stderr } = await runCcs(["migrate", "nowhere.yml"]);
    assert.deepEqual([code, stderr], [78, "error: nowhere.yml cannot be read: there is no such file\n"]);
  });

  test("migrate takes one file", async () => {
    const { code, stderr } = await runCcs(["migrate", "old.yml", "--config", "older.yml"]);
    const message = "error: expected one file, got old.yml and --config older.yml: name one of them\n";
    assert.deepEqual([code, stderr], [64, message]);
  });

  test("schema prints a JSON Schema", async () => {
    const { code, stdout, stderr } = await runCcs(["schema"]);
    assert.deepEqual([code, stderr], [0, ""]);
    const schema = JSON.parse(stdout) as Record<string, unknown>;
    assert.match(String(schema["$schema"]), /json-schema\.org/);
    assert.deepEqual(Object.keys(schema["properties"] as object).toSorted(), [
      "anchors",
      "cloudflare",
      "defaults",
      "http",
      "include",
      "ingresses",
      "notify",
      "state_dir",
      "timezone",
    ]);
  });
});

describe("ccs by itself", { concurrency: 2 }, () => {
  const commands = "init run validate probe plan simulate replay explain doctor migrate schema completion".split(" ");

  test("a configuration that is given without --config is not refused without a word about it", async () => {
    const { code, stderr } = await runCcs(["doctor", "other.yml"]);
    assert.equal(code, 64);
    assert.match(stderr, /^error: too many arguments .*\n\(Did you mean ccs doctor --config other\.yml\?\)\n$/);
  });

  test("an option that comes before its command is told where it goes", async () => {
    for (const [args, meant] of [
      [["--config", "a b.yml", "status"], "status --config 'a b.yml'"],
      [["-c", "x.yml", "--json", "plan", "--log-level", "debug"], "plan --log-level debug -c x.yml --json"],
    ] as const) {
      const { code, stdout, stderr } = await runCcs(args);
      assert.deepEqual([code, stdout], [64, ""]);
      assert.equal(stderr, `error: unknown option '${args[0]}'\n(Options come after the command: ccs ${meant})\n`);
    }
    assert.equal((await runCcs(["--nonsense"])).stderr, "error: unknown option '--nonsense'\n");
  });

  test("--help lists the commands and the exit codes", async () => {
    const { code, stdout, stderr } = await runCcs(["--help"]);
    assert.deepEqual([code, stderr], [0, ""]);
    for (const command of commands) {
      assert.match(stdout, new RegExp(`^ {2}${command}\\b`, "m"));
    }
    for (const exitCode of [0, 1, 2, 64, 69, 70, 78]) assert.match(stdout, new RegExp(`^ {2}${exitCode} `, "m"));
  });

  test("a command loads nothing of the others: no second HTTP client of Node for one that speaks to nobody", async () => {
    const print =
      'process.on("exit", () => console.error(process.moduleLoadList.filter((each) => /undici/.test(each)).join()))';
    const nodeArgs = ["--import", `data:text/javascript,${encodeURIComponent(print)}`];
    const path = join(import.meta.dirname, "../../examples/original.yml");
    const { code, stderr } = await runCcs(["migrate", path], { nodeArgs });
    assert.deepEqual([code, stderr], [0, "\n"]);
  });

  for (const command of commands) {
    test(`${command} --help shows an example`, async () => {
      const { code, stdout, stderr } = await runCcs([command, "--help"]);
      assert.deepEqual([code, stderr], [0, ""]);
      assert.match(stdout, new RegExp(`\\$ ccs ${command}`));
      const prose = stdout.split("\n").filter((line) => /^\S/.test(line));
      for (const line of prose) assert.ok(line.length <= 80, `longer than 80 columns: ${line}`);
    });
  }

  test("--version prints the version and nothing else", async () => {
    const { code, stdout } = await runCcs(["--version"]);
    assert.equal(code, 0);
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
  });

  const senseless = [
    ["frobnicate"],
    ["run", "--frobnicate"],
    ["run", "--log-level", "loud"],
    ["validate", "a", "b"],
    [],
  ];
  for (const args of senseless) {
    test(`"ccs ${args.join(" ")}" makes no sense: 64, and a word on standard error`, async () => {
      const { code, stdout, stderr } = await runCcs(args);
      assert.deepEqual([code, stdout], [64, ""]);
      assert.notEqual(stderr, "");
      assert.doesNotMatch(stderr, /^ {4}at /m);
    });
  }

  test("a port that is taken: 69, and what to do", async () => {
    await using world = await startWorld();
    const path = configFile(world, (config) => {
      config.http.listen = `127.0.0.1:${world.cloudflare.port}`;
    });
    const { code, stderr } = await runCcs(["run", "--config", path]);
    assert.equal(code, 69);
    assert.match(stderr, /cannot listen on 127\.0\.0\.1:\d+: another program uses this port; .*change http\.listen/);
    assert.doesNotMatch(stderr, /^ {4}at /m);
  });
});
