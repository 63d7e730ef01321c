// The command line over a running daemon: what it shows and what it changes, as a person and as a program use it.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { describe, test } from "node:test";
import { outputs } from "../../src/cli/outputs.ts";
import { ingressName, startWorld, type World } from "../../src/emulation/world.ts";
import { runCcs, spawnCcs, type Finished } from "../support/built-program.ts";
import { startDaemon, type DaemonProcess } from "../support/daemon-process.ts";
import { eventually } from "../support/eventually.ts";
import { configOf, partsOf } from "../support/world-config.ts";

/** `ccs` with these arguments, over the daemon's own configuration. */
function ccs({ configPath }: DaemonProcess, ...args: readonly string[]): Promise<Finished> {
  return runCcs([...args, "--config", configPath]);
}

async function startBoth(
  edit?: Parameters<typeof configOf>[1],
): Promise<{ world: World; daemon: DaemonProcess } & AsyncDisposable> {
  const stack = new AsyncDisposableStack();
  const world = stack.use(await startWorld());
  const daemon = stack.use(startDaemon({ config: configOf(world, edit) }));
  await daemon.untilLogged(/^cable is up/);
  await daemon.untilLogged(/^mobile is up/);
  await daemon.untilLogged(/^found: /);
  return { world, daemon, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

describe("steering", { concurrency: 3 }, () => {
  test("status shows who serves and why, in words and as JSON, and its exit code says whether all is well", async () => {
    await using both = await startBoth();
    const { world, daemon } = both;
    const fine = await ccs(daemon, "status", "--addresses");
    assert.deepEqual([fine.code, fine.stderr], [0, ""], fine.stdout);
    assert.match(fine.stdout, /^ingress\.example\.com {2}→ {2}cable\n/);
    assert.match(fine.stdout, /DNS says +CNAME primary\.example\.com \(TTL 1 min\)/);
    assert.match(fine.stdout, /cable +active +● up /);
    assert.match(fine.stdout, /mobile +standby +● up /);
    assert.match(fine.stdout, new RegExp(`${world.cable.address.replaceAll(".", "\\.")} .*● up`));
    assert.match(fine.stdout, /ccs \d+\.\d+\.\d+, running for /);
    for (const line of fine.stdout.split("\n")) assert.ok(line.length <= 80, `longer than 80 columns: ${line}`);

    await world.cable.server.behave({ kind: "refuse" });
    await daemon.untilLogged(/^written: CNAME secondary/);
    const moved = await ccs(daemon, "status", "--json");
    const status = outputs.status.parse(JSON.parse(moved.stdout));
    const [ingress] = status.ingresses;
    assert.deepEqual([ingress?.selection?.primary, ingress?.isInSync, moved.code], ["mobile", true, 0]);
    assert.match(ingress?.selection?.why ?? "", /cable was down: connection refused/);

    const pinned = await ccs(daemon, "pin", "cable");
    assert.match(
      pinned.stdout,
      /It is down: connection refused(?: \(\d in a row\))?\. There is no service, though mobile could/,
    );
    const dead = await ccs(daemon, "status");
    assert.equal(dead.code, 1, dead.stdout);
    assert.match(dead.stdout, /! no service: cable is pinned and down\n/);
    await ccs(daemon, "resume");

    await world.mobile.server.behave({ kind: "refuse" });
    await daemon.untilLogged(/^all endpoints are down/);
    const lost = await ccs(daemon, "status");
    assert.equal(lost.code, 1, lost.stdout);
    assert.match(lost.stdout, /! all endpoints are down: the record stays as it is/);
    assert.match(lost.stdout, /✗ down .*connection refused/);
  });

  test("a daemon that does not answer is given up on", async () => {
    await using both = await startBoth();
    both.daemon.send("SIGSTOP");
    const given = await ccs(both.daemon, "status");
    assert.equal(given.code, 69, given.stdout);
    assert.match(given.stderr, /control\.sock has not answered for 10 s: it is stuck or stopped/);
  });

  test("a daemon that is not there is named, with what to do", async () => {
    await using both = await startBoth();
    const { daemon } = both;
    await daemon.stop();
    for (const args of [["status"], ["events"], ["pin", "cable"], ["resume"], ["status", "--watch"]]) {
      const { code, stdout, stderr } = await ccs(daemon, ...args);
      assert.deepEqual([code, stdout], [69, ""]);
      assert.match(
        stderr,
        /^error: no daemon answers at .*control\.sock: start it with `ccs run`, or tell ccs where it is/,
      );
    }
    const { code, stderr } = await runCcs(["status", "--config", `${daemon.configPath}.old`]);
    assert.equal(code, 69);
    assert.match(
      stderr,
      /^error: no daemon answers at .*\nerror: \S+\.old cannot be read: there is no such file; the daemon's state_dir may be set there\n$/,
    );
  });

  test("it is found though the file is broken by now, and its secrets are not in this environment", async () => {
    await using both = await startBoth();
    const { daemon } = both;
    daemon.rewriteConfig((text) => text.replace(/token: .*/, "token: ${A_SECRET_OF_THE_SERVICE}\n  nonsense: true"));
    const { code, stdout } = await eventually("the rejected file shows", async () => {
      const finished = await ccs(daemon, "status");
      return /the configuration was rejected/.test(finished.stdout) && finished;
    });
    assert.equal(code, 1);
    assert.match(stdout, /config\.yml:\d+:\d+ cloudflare\.nonsense: unknown\s+key/);
  });

  test("events shows the journal, filters it, and follows what goes on", async () => {
    await using both = await startBoth();
    const { world, daemon } = both;
    const shown = await eventually("the journal", async () => {
      const finished = await ccs(daemon, "events");
      return /found: CNAME primary/.test(finished.stdout) && /mobile is up/.test(finished.stdout) && finished;
    });
    assert.match(shown.stdout, /^(\d\d:\d\d:\d\d {2}.*\n)+$/);
    assert.doesNotMatch(shown.stdout, /cable is up.*ingress\.example\.com/, "of one ingress the name says nothing");
    const page = outputs.events.parse(JSON.parse((await ccs(daemon, "events", "--json", "--limit", "2")).stdout));
    assert.equal(page.events.length, 2);
    const about = outputs.events.parse(JSON.parse((await ccs(daemon, "events", "--json", "-e", "mobile")).stdout));
    assert.ok(about.events.length > 0 && about.events.some(({ endpoint }) => endpoint === "mobile"));
    assert.ok(about.events.some(({ kind }) => kind === "address-health-changed"));
    assert.doesNotMatch(shown.stdout, /address/, "of one address its endpoint's line says it all");
    assert.match((await ccs(daemon, "events", "--limit", "3")).stdout, /^(.*\n){3}$/);
    assert.ok(about.events.every(({ endpoint = "none" }) => endpoint !== "cable"));

    const child = spawnCcs(["events", "--follow", "--json", "--limit", "1", "--config", daemon.configPath]);
    const lines: string[] = [];
    createInterface(child.stdout).on("line", (line) => lines.push(line));
    await eventually("the newest", () => lines.length > 0);
    await world.cable.server.behave({ kind: "refuse" });
    await eventually("the failover", () => lines.some((line) => line.includes("selected mobile")));
    const events = lines.map((line) => outputs.event.parse(JSON.parse(line)));
    const ids = events.map(({ id }) => id);
    assert.deepEqual(
      ids,
      [...new Set(ids)].toSorted((a, b) => a - b),
      "in order, each once",
    );
    child.kill("SIGINT");
    const [code] = (await once(child, "close")) as [number];
    assert.equal(code, 0);
    const wrong = await ccs(daemon, "events", "--limit", "none");
    assert.equal(wrong.code, 64);
    assert.match(wrong.stderr, /expected a whole number from 1 to 200/);
  });

  test("whoever watches is told plainly when the daemon ends", async () => {
    await using both = await startBoth();
    const { daemon } = both;
    const child = spawnCcs(["status", "--watch", "--config", daemon.configPath]);
    const said = child.stderr.toArray();
    await once(child.stdout, "data");
    const closed = once(child, "close");
    await daemon.stop();
    assert.deepEqual(await closed, [69, null]);
    assert.match((await said).join(""), /^error: the daemon has stopped(?:: start it with `ccs run`)?\n$/);
  });

  test("pin serves alone, drain keeps away, resume takes it back; all of it is told and bounded", async () => {
    await using both = await startBoth(({ ingresses: [ingress] }) => {
      for (const endpoint of ingress?.endpoints ?? []) delete endpoint.sticky;
    });
    const { world, daemon } = both;
    const pinned = await ccs(daemon, "pin", "mobile", "--for", "2h");
    assert.deepEqual([pinned.code, pinned.stderr], [0, ""]);
    assert.match(
      pinned.stdout,
      /^ingress\.example\.com: mobile is pinned until .*\d\d:\d\d:\d\d\n {2}mobile is active/,
    );
    await eventually("the record", () => world.records[0]?.content === world.mobile.host);
    assert.match((await ccs(daemon, "status")).stdout, /! mobile is pinned manually; ends in (?:2 h|1 h 59 min)/);

    const resumed = outputs.resume.parse(JSON.parse((await ccs(daemon, "resume", "--json")).stdout));
    assert.deepEqual(
      resumed.ended.map(({ kind, endpoint }) => [kind, endpoint]),
      [["pin", "mobile"]],
    );
    await eventually("the record", () => world.records[0]?.content === world.cable.host);

    const drained = outputs.drain.parse(JSON.parse((await ccs(daemon, "drain", "cable", "--json")).stdout));
    assert.deepEqual([drained.ingress, drained.override.kind], [ingressName, "drain"]);
    await eventually("the record", () => world.records[0]?.content === world.mobile.host);
    assert.match((await ccs(daemon, "status")).stdout, /cable +drained +● up/);
    assert.match((await ccs(daemon, "resume", "cable")).stdout, /: the drain of cable ends\n/);
    await eventually("the record", () => world.records[0]?.content === world.cable.host);
    assert.match((await ccs(daemon, "resume")).stdout, /: nothing ends\n {2}There was nothing to end\./);
    assert.ok(world.cloudflare.recordsOverTime(ingressName).every((records) => records.length > 0));
    await eventually("it is told", () => world.telegram.messages.some(({ plainText }) => /pinned/.test(plainText)));

    const unknown = await ccs(daemon, "pin", "cabel");
    assert.equal(unknown.code, 64);
    assert.match(unknown.stderr, /has no endpoint cabel.*\n {2}known: cable, mobile/s);
    const endless = await ccs(daemon, "drain", "cable", "--for", "400d");
    assert.equal(endless.code, 64);
    assert.match(endless.stderr, /for: expected a duration from 1s to 30d, got 400d/);
  });

  test("a drill after a drill waits for its own report", async () => {
    // A name server that says nothing: the return from the first drill is not seen before the second begins.
    const silent = "127.0.0.9:9";
    let answering = "";
    await using both = await startBoth(({ cloudflare }) => {
      answering = cloudflare.nameservers?.[0] ?? assert.fail();
      cloudflare.nameservers = [silent];
    });
    const { daemon } = both;
    await ccs(daemon, "drill", "cable", "--no-wait");
    await daemon.untilLogged(/^written: CNAME secondary/);
    await ccs(daemon, "resume");
    await daemon.untilLogged(/^selected cable/, { count: 2 });
    const second = ccs(daemon, "drill", "cable", "--for", "3s", "--json");
    await daemon.untilLogged(/^drill of cable/);
    daemon.rewriteConfig((text) => text.replace(silent, answering));
    const { report } = outputs.drill.parse(JSON.parse((await second).stdout));
    const { events } = outputs.events.parse(JSON.parse((await ccs(daemon, "events", "--json")).stdout));
    const began = events.find(({ kind }) => kind === "override-began");
    assert.ok(began !== undefined && report !== undefined && report.id > began.id, (await second).stdout);
  });

  test("drill plays an outage on the real record, shows it, and ends in a report of both ways", async () => {
    await using both = await startBoth(({ ingresses: [ingress] }) => {
      for (const endpoint of ingress?.endpoints ?? []) delete endpoint.sticky;
    });
    const { world, daemon } = both;
    const { code, stdout, stderr } = await ccs(daemon, "drill", "cable", "--for", "4s");
    assert.deepEqual([code, stderr], [0, ""], stdout);
    assert.match(stdout, /^ingress\.example\.com: a drill treats cable as down until /);
    assert.match(stdout, /\d\d:\d\d:\d\d {2}written: CNAME secondary\.example\.com/);
    assert.match(stdout, /\d\d:\d\d:\d\d {2}written: CNAME primary\.example\.com/);
    assert.match(
      stdout,
      /\n\ndrill of cable: mobile took over from cable, which is active again\. It lasted (?:3\.9|4|4\.\d) s/,
    );
    assert.equal(world.records[0]?.content, world.cable.host);

    await world.mobile.server.behave({ kind: "refuse" });
    await daemon.untilLogged(/^mobile is down/);
    const alone = await ccs(daemon, "drill", "cable");
    assert.deepEqual([alone.code, alone.stdout], [1, ""]);
    assert.match(
      alone.stderr,
      /^error: no other endpoint can take over from cable: mobile is down: connection refused.*\. A drill would/,
    );
    const begun = await ccs(daemon, "drill", "mobile", "--no-wait", "--json");
    assert.equal(outputs.drill.parse(JSON.parse(begun.stdout)).override.endpoint, "mobile");
    assert.equal(world.cloudflare.counts.writes, 2);
  });

  test("status --watch goes on as things change, and ends with the daemon or a signal", async () => {
    await using both = await startBoth();
    const { world, daemon } = both;
    const watching = spawnCcs(["status", "--watch", "--json", "--config", daemon.configPath]);
    const plain = spawnCcs(["status", "--watch", "--config", daemon.configPath]);
    const seen: string[] = [];
    let text = "";
    createInterface(watching.stdout).on("line", (line) => {
      seen.push(outputs.status.parse(JSON.parse(line)).ingresses[0]?.selection?.primary ?? "");
    });
    plain.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
    await eventually("a first look", () => seen.includes("cable") && text.includes("→  cable"));
    await world.cable.server.behave({ kind: "refuse" });
    await eventually("the failover", () => seen.at(-1) === "mobile" && text.includes("→  mobile"));
    watching.kill("SIGTERM");
    assert.deepEqual(await once(watching, "close"), [0, null]);
    const ended = once(plain, "close");
    await daemon.stop();
    assert.deepEqual(await ended, [69, null]);
  });

  test("with several ingresses a word needs to say which", async () => {
    await using both = await startBoth((config) => {
      const { ingress } = partsOf(config);
      config.ingresses.push({ ...structuredClone(ingress), record: "other.example.com" });
    });
    const { daemon } = both;
    const vague = await ccs(daemon, "drain", "cable");
    assert.equal(vague.code, 64);
    assert.match(
      vague.stderr,
      /ingress: missing, but there are several.*known: ingress\.example\.com, other\.example\.com/s,
    );
    const clear = await ccs(daemon, "drain", "cable", "--ingress", "other.example.com");
    assert.equal(clear.code, 0, clear.stderr);
  });
});
