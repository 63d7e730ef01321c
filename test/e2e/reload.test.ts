// A new configuration takes effect in a running daemon without a scratch, however the file came to be replaced; a broken
// one changes nothing but the log and a metric.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startWorld } from "../../src/emulation/world.ts";
import { commitInTimeAfter } from "../support/commits.ts";
import { startDaemon, type DaemonProcess } from "../support/daemon-process.ts";
import { eventually } from "../support/eventually.ts";
import { requireProgram } from "../support/programs.ts";
import { configOf } from "../support/world-config.ts";

const success = "ccs_config_last_reload_success";

describe("reload", { concurrency: 4 }, () => {
  test("a broken file is named with key and line, and the daemon goes on with the old one", async () => {
    await using world = await startWorld();
    await using daemon = startDaemon({ config: configOf(world) });
    await untilReady(daemon);
    assert.equal(await daemon.metric(success), 1);
    const good = readFileSync(daemon.configPath, "utf8");

    daemon.rewriteConfig((text) => text.replace("priority: 10", "prioritty: 10"));
    const line = good.split("\n").findIndex((each) => each.includes("priority: 10")) + 1;
    const rejected = await daemon.untilLogged(/configuration rejected/);
    assert.equal(rejected.level, "error");
    assert.match(
      rejected.problem ?? "",
      new RegExp(
        `config\\.yml:${line}:\\d+ ingresses\\[0\\]\\.endpoints\\[0\\]\\.prioritty: unknown key, did you mean priority\\?`,
      ),
    );
    assert.equal(await daemon.metric(success), 0);
    assert.equal((await daemon.get("/readyz")).status, 200);

    await world.cable.server.behave({ kind: "refuse" });
    await eventually("the failover", () => world.records[0]?.content === world.mobile.host);
    assert.equal(world.cloudflare.counts.writes, 1);

    // Another mistake is another line, and the first is not told again.
    daemon.rewriteConfig(() => "cloudflare: [\n");
    await daemon.untilLogged(/configuration rejected/, { count: 2 });
    assert.equal(await daemon.metric(success), 0);

    const startedMs = performance.now();
    daemon.rewriteConfig(() => good);
    await daemon.untilLogged(/^configuration applied/, { count: 2 });
    assert.ok(performance.now() - startedMs < 2_000, `it took ${performance.now() - startedMs} ms`);
    assert.equal(await daemon.metric(success), 1);
    assert.equal(daemon.logged(/configuration rejected/).length, 2);
  });

  test("a good file applies within two seconds and is one write where it changes the record, and keeps all health", async () => {
    await using world = await startWorld();
    await using daemon = startDaemon({ config: configOf(world) });
    await untilReady(daemon);
    const told = daemon.log.length;

    await commitInTimeAfter({ cloudflare: world.cloudflare, daemon }, () =>
      daemon.rewriteConfig((text) => text.replace("ttl: 60s", "ttl: 120s")),
    );
    assert.equal(world.records[0]?.ttl, 120);
    assert.equal(world.cloudflare.counts.writes, 1);
    // Nobody was learned to know again: health did not move, and the primary falls at once when it fails now.
    await world.cable.server.behave({ kind: "refuse" });
    await daemon.untilLogged(/^written: CNAME secondary/);
    const moves = daemon.log
      .slice(told)
      .flatMap(({ endpoint, from, to }) =>
        from === undefined || endpoint === undefined ? [] : [`${endpoint} ${from} ${to}`],
      );
    // Two failures may also count at once, when what proves them comes after both.
    assert.match(moves.join(", "), /^cable up (?:suspect, cable suspect )?down$/);
    assert.equal(world.cloudflare.counts.writes, 2);
  });

  test("an endpoint that changes starts unknown, and the others stay as they are", async () => {
    await using world = await startWorld();
    await using daemon = startDaemon({ config: configOf(world) });
    await untilReady(daemon);
    daemon.rewriteConfig((text) => text.replace(/\/healthz\n(?=[^]*name: mobile)/, "/other\n"));
    await daemon.untilLogged(/^cable is up/, { count: 2 });
    assert.equal(world.cable.server.newest?.url, "/other");
    assert.equal(daemon.logged(/^mobile is /).length, 1);
    assert.equal(world.cloudflare.counts.writes, 0);
  });

  test("a file written in place is seen, half-written states are not", async () => {
    await using world = await startWorld();
    await using daemon = startDaemon({ config: configOf(world) });
    await untilReady(daemon);
    const text = readFileSync(daemon.configPath, "utf8").replace("ttl: 60s", "ttl: 180s");
    await commitInTimeAfter({ cloudflare: world.cloudflare, daemon }, () => {
      writeFileSync(daemon.configPath, "");
      setTimeout(() => writeFileSync(daemon.configPath, text), 100);
    });
    assert.equal(world.records[0]?.ttl, 180);
    assert.equal(daemon.logged(/configuration rejected/).length, 0);
  });

  test("the symlink swap of Kubernetes is seen", async () => {
    await using world = await startWorld();
    await using daemon = startDaemon({
      config: configOf(world),
      // As kubelet lays it out: config.yml → ..data/config.yml, and ..data → ..version.
      configPath: (folder) => {
        mkdirSync(join(folder, "mount/..one"), { recursive: true });
        writeFileSync(join(folder, "mount/..one/config.yml"), readFileSync(join(folder, "config.yml")));
        symlinkSync("..one", join(folder, "mount/..data"));
        symlinkSync("..data/config.yml", join(folder, "mount/config.yml"));
        return join(folder, "mount/config.yml");
      },
    });
    await untilReady(daemon);
    const mount = join(daemon.folder, "mount");
    const text = readFileSync(daemon.configPath, "utf8").replace("ttl: 60s", "ttl: 240s");
    mkdirSync(join(mount, "..two"));
    writeFileSync(join(mount, "..two/config.yml"), text);
    symlinkSync("..two", join(mount, "..data_tmp"));
    await commitInTimeAfter({ cloudflare: world.cloudflare, daemon }, () =>
      renameSync(join(mount, "..data_tmp"), join(mount, "..data")),
    );
    assert.equal(world.records[0]?.ttl, 240);
  });

  test("a token file that is replaced counts as a change of the configuration", async () => {
    await using world = await startWorld();
    await using daemon = startDaemon({
      config: (folder) => {
        writeFileSync(join(folder, "token"), "cfut_old\n");
        return configOf(world)(folder).replace(`token: ${world.cloudflare.token}`, `token_file: ${folder}/token`);
      },
    });
    await daemon.untilLogged(/^Cloudflare: .*Invalid access token/);
    writeFileSync(join(daemon.folder, "token"), `${world.cloudflare.token}\n`);
    await daemon.untilLogged(/^found: CNAME/);
  });

  test("the web server opens up to every address under the port that it has", async () => {
    await using world = await startWorld();
    await using daemon = startDaemon({ config: configOf(world) });
    await untilReady(daemon);
    const { url = "" } = await daemon.untilLogged(/^listening on /);
    const port = new URL(url).port;
    daemon.rewriteConfig((text) => text.replace("127.0.0.1:0", `0.0.0.0:${port}`));
    await daemon.untilLogged(/^listening on /, { count: 2 });
    assert.equal((await fetch(`http://127.0.0.2:${port}/readyz`)).status, 200);
  });

  test("SIGHUP loads the file, changed or not, and writes nothing where nothing changed", async () => {
    await using world = await startWorld();
    await using daemon = startDaemon({ config: configOf(world) });
    await untilReady(daemon);
    daemon.send("SIGHUP");
    await daemon.untilLogged(/ was reloaded; nothing in it has changed$/);
    assert.equal(daemon.logged(/^configuration applied/).length, 1);
    writeFileSync(daemon.configPath, "ingresses: 7\n");
    daemon.send("SIGHUP");
    await daemon.untilLogged(/configuration rejected/);
    assert.equal(await daemon.metric(success), 0);
    assert.equal(world.cloudflare.counts.writes, 0);
    assert.equal(daemon.logged(/^(cable|mobile) is /).length, 2);
  });

  test("two thousand SIGHUPs within seconds are a few loads and no event, and HTTP answers all the while", async () => {
    await using world = await startWorld();
    await using daemon = startDaemon({ config: configOf(world) });
    await untilReady(daemon);
    const slowest: number[] = [];
    const startedMs = performance.now();
    for (let count = 0; count < 2_000; count += 1) {
      daemon.send("SIGHUP");
      if (count % 100 !== 99) continue;
      const askedMs = performance.now();
      assert.equal((await daemon.get("/healthz")).status, 200);
      slowest.push(performance.now() - askedMs);
    }
    await daemon.untilLogged(/ was reloaded/);
    assert.ok(Math.max(...slowest) < 2_000, `${Math.max(...slowest)} ms`);
    const loads = daemon.logged(/ was reloaded/).length;
    assert.ok(loads <= 2 + (performance.now() - startedMs) / 500, `${loads} loads`);
    assert.equal(daemon.logged(/^configuration applied/).length, 1);
  });

  test("without file descriptors for a while nothing is rejected, and nothing is valid again", async (t) => {
    const prlimit = requireProgram(t, "prlimit");
    if (prlimit === undefined) return;
    await using world = await startWorld();
    await using daemon = startDaemon({ config: configOf(world) });
    await untilReady(daemon);
    const limit = (count: number): void => {
      const { status, stderr } = spawnSync(prlimit, ["--pid", `${daemon.pid}`, `--nofile=${count}:`], {
        encoding: "utf8",
      });
      assert.equal(status, 0, stderr);
    };
    limit(8);
    daemon.send("SIGHUP");
    // Several looks at the file; whatever there is to be said of it would be said by then.
    await sleep(3_000);
    limit(1_024);
    await daemon.untilLogged(/ was reloaded; nothing in it has changed$/);
    assert.equal(await daemon.metric(success), 1);
    assert.deepEqual(daemon.logged(/rejected|valid again/), []);
    daemon.rewriteConfig((text) => text.replace("sticky: 1s", "sticky: 2s"));
    await daemon.untilLogged(/^configuration applied/, { count: 2 });
  });

  test("an ingress that leaves the file keeps its record, and one that comes is watched", async () => {
    await using world = await startWorld();
    await using daemon = startDaemon({ config: configOf(world) });
    await untilReady(daemon);
    const before = structuredClone(world.records);
    daemon.rewriteConfig((text) => text.replace("record: ingress.example.com", "record: other.example.com"));
    await daemon.untilLogged(/^no longer configured/);
    await eventually("the new record", () => world.cloudflare.recordsAt("other.example.com").length > 0);
    assert.deepEqual(world.records, before);
    assert.equal(world.cloudflare.counts.writes, 1);
  });
});

async function untilReady(daemon: DaemonProcess): Promise<void> {
  await daemon.untilLogged(/^found: /);
  await daemon.untilLogged(/^cable is up/);
  await daemon.untilLogged(/^mobile is up/);
}
