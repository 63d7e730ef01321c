// Checks over TCP: the built daemon fails over and returns by them, and every command knows them.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { outputs } from "../../src/cli/outputs.ts";
import { ingressName, startWorld, type World } from "../../src/emulation/world.ts";
import { runCcs } from "../support/built-program.ts";
import { commitAfter, commitInTimeAfter } from "../support/commits.ts";
import { startDaemon } from "../support/daemon-process.ts";
import { temporaryFolder } from "../support/state-folder.ts";
import { configOf, quick, type ConfigFile } from "../support/world-config.ts";
import { untilBothUp } from "../support/world-daemon.ts";

const rhythm = {
  interval: quick.interval,
  fast_interval: quick.fastInterval,
  timeout: quick.timeout,
  rise: quick.rise,
  fall: quick.fall,
};
/** What a server of the world answers as it should. */
const dialogue = { send: "GET /healthz HTTP/1.1\r\nhost: CANARY\r\n\r\n", expect: "\r\n\r\nOK" };

/** The world's configuration with checks over TCP in place of its own. */
function overTcp(world: World, keys: object, edit: (config: ConfigFile) => void = () => {}) {
  return configOf(world, (config) => {
    const [cable, mobile] = config.ingresses[0]?.endpoints ?? [];
    Object.assign(cable ?? {}, { check: { kind: "tcp", port: world.cable.server.port, ...keys, ...rhythm } });
    Object.assign(mobile ?? {}, { check: { kind: "tcp", port: world.mobile.server.port, ...keys, ...rhythm } });
    edit(config);
  });
}

function contents(world: World): readonly string[] {
  return world.cloudflare.recordsAt(ingressName).map(({ content }) => content);
}

function fileOf(config: (folder: string) => string, t: TestContext): string {
  const folder = temporaryFolder(t);
  const path = join(folder, "config.yml");
  writeFileSync(path, config(folder), { mode: 0o600 });
  return path;
}

describe("checks over TCP", { concurrency: 2 }, () => {
  test("fail over when connections are refused, and return", async () => {
    await using world = await startWorld();
    await using daemon = startDaemon({ config: overTcp(world, {}) });
    const place = { cloudflare: world.cloudflare, daemon };
    await untilBothUp(daemon);
    await commitInTimeAfter(place, () => world.cable.server.behave({ kind: "refuse" }));
    assert.deepEqual(contents(world), [world.mobile.host]);
    await commitAfter(place, () => world.cable.server.behave({ kind: "ok" }));
    assert.equal((await daemon.stop()).code, 0);
    assert.deepEqual([daemon.stderr, daemon.strayLines], ["", []]);
  });

  test("fail over when the answer is not as expected, or never comes", async () => {
    for (const how of [{ kind: "unmarked" }, { kind: "hang" }] as const) {
      await using world = await startWorld();
      await using daemon = startDaemon({ config: overTcp(world, dialogue) });
      await untilBothUp(daemon);
      await commitAfter({ cloudflare: world.cloudflare, daemon }, () => world.cable.server.behave(how));
      assert.deepEqual(contents(world), [world.mobile.host], how.kind);
    }
  });

  test("are shown by every command, without what is sent", async (t) => {
    await using world = await startWorld();
    const config = overTcp(world, dialogue);
    const path = fileOf(config, t);
    const ccs = async (...args: readonly string[]): Promise<string> => {
      const { stdout, stderr, code } = await runCcs([...args, "--config", path]);
      assert.deepEqual([code, stderr], [0, ""], `${args.join(" ")}\n${stdout}`);
      assert.doesNotMatch(stdout, /CANARY/);
      return stdout;
    };
    await ccs("validate");
    const { probes } = outputs.probe.parse(JSON.parse(await ccs("probe", "--json")));
    assert.deepEqual(
      probes.map(({ result, detail }) => [result, detail]),
      Array.from({ length: 2 }, () => ["ok", 'connected, "OK" found']),
    );
    const explained = (await ccs("explain")).replaceAll(/\s+/g, " ");
    assert.match(explained, /a month, roughly = [\d ]+ × 30 days × 500 B for tcp, not counting the answer itself/);
    assert.doesNotMatch(explained, /has no expect/);
    const { ingresses, assumptions } = outputs.explain.parse(JSON.parse(await ccs("explain", "--json")));
    const { check } = ingresses[0]?.endpoints[0] ?? {};
    assert.deepEqual([check?.url, check?.kind, check?.what], [undefined, "tcp", `TCP port ${world.cable.server.port}`]);
    assert.deepEqual(assumptions.probeBytes, { http: 1_500, https: 8_000, tcp: 500 });
    await ccs("plan");
    await ccs("doctor", "--json");
    await using daemon = startDaemon({ config });
    await untilBothUp(daemon);
    const { text } = await daemon.get("/api/v1/status");
    assert.match(text, /"kind":"tcp","what":"TCP port \d+"/);
    assert.doesNotMatch(text, /CANARY/);
  });

  test("are advised on by doctor, and by explain where nothing is expected", async (t) => {
    await using world = await startWorld();
    await world.mobile.server.behave({ kind: "refuse" });
    const path = fileOf(overTcp(world, {}), t);
    const { stdout } = await runCcs(["doctor", "--config", path]);
    const { address, server } = world.mobile;
    assert.ok(
      stdout.replaceAll(/\s+/g, " ").includes(`see what answers there: nc -v ${address} ${server.port}`),
      stdout,
    );
    const { stdout: explained } = await runCcs(["explain", "--config", path]);
    assert.match(
      explained.replaceAll(/\s+/g, " "),
      /the check of cable has no expect: any server that accepts the connection counts, even one that never answers\./,
    );
  });

  test("are simulated: a wrong answer counts where one is expected, and only there", async (t) => {
    await using world = await startWorld();
    const switchesWith = async (keys: object): Promise<number> => {
      const path = fileOf(overTcp(world, keys), t);
      const { stdout, code } = await runCcs([
        "simulate",
        "cable status 503 for 10m at 0:05",
        "--json",
        "--config",
        path,
      ]);
      assert.equal(code, 0, stdout);
      const { ingresses } = outputs.simulate.parse(JSON.parse(stdout));
      return ingresses[0]?.switches ?? 0;
    };
    assert.ok((await switchesWith(dialogue)) > 0);
    assert.equal(await switchesWith({}), 0);
  });
});
