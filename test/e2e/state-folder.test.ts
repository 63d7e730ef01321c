// Whatever happens to the state folder while a daemon runs, or before it starts: it is said, it is mended where that is
// possible, no file of others is touched, and two daemons never write the same records.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { describe, test } from "node:test";
import { startWorld, type World } from "../../src/emulation/world.ts";
import { builtProgram, runCcs } from "../support/built-program.ts";
import { startDaemon, type DaemonProcess } from "../support/daemon-process.ts";
import { eventually, patienceMs } from "../support/eventually.ts";
import { requireProgram } from "../support/programs.ts";
import { configOf, partsOf } from "../support/world-config.ts";
import { contents, ownFolder, untilBothUp } from "../support/world-daemon.ts";

const isRoot = process.getuid?.() === 0;
/** Between two looks of the daemon, and some. */
const patience = { timeoutMs: patienceMs };

interface Status {
  readonly daemon: { readonly state: { readonly isKept: boolean; readonly path?: string } };
  readonly ingresses: readonly { readonly overrides: readonly { readonly kind: string }[] }[];
}

/** Over HTTP, since a command costs a process each time. */
async function statusOf(daemon: DaemonProcess): Promise<Status> {
  return JSON.parse((await daemon.get("/api/v1/status")).text) as Status;
}

/** A disk that was slow counts as one that may not keep until a decision was saved quickly, so that one is given. */
async function untilKept(daemon: DaemonProcess): Promise<void> {
  const isKept = async (): Promise<boolean> => (await statusOf(daemon)).daemon.state.isKept;
  await daemon.until(
    "it is kept",
    async () => {
      if (await isKept()) return true;
      await runCcs(["drain", "cable", "--for", "1s", "--config", daemon.configPath]);
      return isKept();
    },
    patience.timeoutMs,
  );
}

const told = (world: World, pattern: RegExp): boolean =>
  world.telegram.messages.some(({ plainText }) => pattern.test(plainText.replaceAll(/\s+/g, " ")));

describe("the state folder while a daemon runs", { concurrency: 3 }, () => {
  const harms: readonly { readonly name: string; readonly harm: (state: string) => void; readonly says: RegExp }[] = [
    { name: "is removed", harm: (state) => rmSync(state, { recursive: true }), says: /state was removed/ },
    { name: "is moved away", harm: (state) => renameSync(state, `${state}.old`), says: /state was removed/ },
    {
      name: "is replaced",
      harm: (state) => {
        renameSync(state, `${state}.old`);
        mkdirSync(state, { mode: 0o700 });
      },
      says: /state was replaced/,
    },
    { name: "loses its database", harm: (state) => rmSync(join(state, "ccs.db")), says: /ccs\.db was removed/ },
    { name: "loses its lock", harm: (state) => rmSync(join(state, "ccs.lock")), says: /ccs\.lock was removed/ },
    {
      name: "has a link for a database",
      harm: (state) => {
        writeFileSync(`${state}.foreign`, "mine", { mode: 0o644 });
        rmSync(join(state, "ccs.db"));
        symlinkSync(`${state}.foreign`, join(state, "ccs.db"));
      },
      says: /ccs\.db was replaced/,
    },
  ];
  for (const { name, harm, says } of harms) {
    test(`${name}: said, made anew with what is known, and no second daemon starts`, async () => {
      await using world = await startWorld();
      await using daemon = startDaemon({ config: configOf(world) });
      await untilBothUp(daemon);
      await eventually("the first message", () => world.telegram.messages.length > 0);
      const state = join(daemon.folder, "state");
      const pinned = await runCcs(["pin", "mobile", "--for", "2h", "--config", daemon.configPath]);
      assert.equal(pinned.code, 0, pinned.stderr);
      await daemon.until("the pin", () => contents(world).join() === world.mobile.host);
      harm(state);
      await daemon.untilLogged(says, patience);
      await eventually("a message", () => told(world, says), patience);
      await untilKept(daemon);
      assert.equal(
        (await statusOf(daemon)).ingresses[0]?.overrides.some(({ kind }) => kind === "pin"),
        true,
      );
      const events = await runCcs(["events", "--json", "--config", daemon.configPath]);
      assert.match(events.stdout, /endpoint-up|selection-changed/, "the newest history is kept");
      if (existsSync(`${state}.foreign`)) {
        assert.equal(readFileSync(`${state}.foreign`, "utf8"), "mine");
        assert.equal(statSync(`${state}.foreign`).mode & 0o777, 0o644);
      }
      assert.equal(lstatSync(join(state, "ccs.db")).mode & 0o777, 0o600);
      const second = await runCcs(["run", "--config", daemon.configPath]);
      assert.equal(second.code, 69);
      assert.match(second.stderr, /Another ccs already keeps its state/);
      // The pin survives a death right after.
      await daemon.stop("SIGKILL");
      await using next = startDaemon({ config: readFileSync(daemon.configPath, "utf8"), folder: daemon.folder });
      await next.untilLogged(/^mobile was pinned manually/);
      assert.deepEqual(contents(world), [world.mobile.host]);
    });
  }

  test("is removed, and another daemon is started at once: that one ends, and the first goes on", async (t) => {
    await using world = await startWorld();
    const folder = ownFolder(t);
    await using first = startDaemon({ config: configOf(world), folder });
    await untilBothUp(first);
    rmSync(join(folder, "state"), { recursive: true });
    const second = await runCcs(["run", "--config", first.configPath]);
    assert.equal(second.code, 69);
    assert.match(second.stderr, /Another ccs already keeps its state/);
    await untilKept(first);
    assert.deepEqual(first.logged(/Another ccs/), []);
  });

  test("cannot be used: said, not called kept, and all is written once it can", async () => {
    await using world = await startWorld();
    await using daemon = startDaemon({ config: configOf(world) });
    await untilBothUp(daemon);
    const state = join(daemon.folder, "state");
    rmSync(state, { recursive: true });
    // A link to itself.
    symlinkSync("state", state);
    await daemon.untilLogged(/became inaccessible \(ELOOP\).*kept in memory only/, patience);
    const answer = await daemon.get("/api/v1/status");
    assert.equal((JSON.parse(answer.text) as Status).daemon.state.isKept, false);
    await world.cable.server.behave({ kind: "refuse" });
    await daemon.until("failover", () => contents(world).join() === world.mobile.host);
    rmSync(state);
    await daemon.untilLogged(/^State is kept in .* again/, patience);
    await untilKept(daemon);
    const { stdout } = await runCcs(["events", "--json", "--config", daemon.configPath]);
    assert.match(stdout, /selection-changed/, "what happened meanwhile is in its journal");
  });

  test("is taken over by another daemon: the first writes nothing until that has ended", async (t) => {
    await using world = await startWorld();
    const folder = ownFolder(t);
    const config = configOf(world, (file) => {
      partsOf(file).ingress.reconcile_interval = "2s";
    });
    await using first = startDaemon({ config, folder });
    await untilBothUp(first);
    // It mends the folder within seconds; asleep it cannot.
    first.send("SIGSTOP");
    rmSync(join(folder, "state"), { recursive: true });
    {
      await using second = startDaemon({ config, folder });
      await untilBothUp(second);
      first.send("SIGCONT");
      await first.untilLogged(/Another ccs keeps its state there now\. This one writes no records/, patience);
      const writesBefore = world.cloudflare.writeRequests.length;
      await world.cable.server.behave({ kind: "refuse" });
      await second.until("failover", () => contents(world).join() === world.mobile.host);
      await first.untilLogged(/^selected mobile/);
      // It reads again and again, as the second does; what it had to write would have come before that.
      const requestsBefore = world.cloudflare.requests.length;
      await eventually("both read again", () => world.cloudflare.requests.length >= requestsBefore + 6, patience);
      assert.equal(world.cloudflare.writeRequests.length, writesBefore + 1, "by the second alone");
      assert.equal((await second.stop()).code, 0);
    }
    await first.untilLogged(/^State is kept in .* again/, patience);
    await world.cable.server.behave({ kind: "ok" });
    await first.until("it writes again", () => contents(world).join() === world.cable.host, patience.timeoutMs);
    await untilKept(first);
  });

  test("becomes writable for everybody: said, in a message and by doctor", async () => {
    await using world = await startWorld();
    await using daemon = startDaemon({ config: configOf(world) });
    await untilBothUp(daemon);
    const state = join(daemon.folder, "state");
    chmodSync(state, 0o777);
    const says = /Every user of this machine can replace the state/;
    await daemon.untilLogged(says, patience);
    await eventually("a message", () => told(world, says), patience);
    const { stdout } = await runCcs(["doctor", "--config", daemon.configPath]);
    assert.match(stdout.replaceAll(/\s+/g, " "), says);
  });

  test("loses its control socket: the command line finds the daemon again", async () => {
    await using world = await startWorld();
    await using daemon = startDaemon({ config: configOf(world) });
    await untilBothUp(daemon);
    rmSync(join(daemon.folder, "state/control.sock"));
    await daemon.until(
      "an answer",
      async () => (await runCcs(["status", "--config", daemon.configPath])).code !== 69,
      patience.timeoutMs,
    );
  });

  test("takes nothing any more: said, decided all the same, and written once that is possible", async (t) => {
    const prlimit = requireProgram(t, "prlimit");
    if (prlimit === undefined) return;
    await using world = await startWorld();
    await using daemon = startDaemon({ config: configOf(world) });
    await untilBothUp(daemon);
    // With it comes SIGXFSZ, which ends a program that does not know it.
    const limit = (bytes: string): void => {
      assert.equal(spawnSync(prlimit, ["--pid", `${daemon.pid}`, `--fsize=${bytes}:`]).status, 0);
    };
    limit("0");
    await world.cable.server.behave({ kind: "refuse" });
    await daemon.untilLogged(/ccs\.db cannot be used now/);
    await daemon.until("failover", () => contents(world).join() === world.mobile.host);
    assert.equal((await statusOf(daemon)).daemon.state.isKept, false);
    limit("unlimited");
    await daemon.untilLogged(/can be written again/, { timeoutMs: 90_000 });
    await untilKept(daemon);
  });
});

describe("the state folder at a start", { concurrency: 3 }, () => {
  const things: readonly { readonly name: string; readonly make: (path: string, aside: string) => void }[] = [
    { name: "a link to a file of others", make: (path, aside) => symlinkSync(aside, path) },
    { name: "a link to nothing", make: (path) => symlinkSync("/nowhere/at/all", path) },
    { name: "a FIFO", make: (path) => assert.equal(spawnSync("mkfifo", [path]).status, 0) },
    { name: "a folder", make: (path) => mkdirSync(path) },
  ];
  for (const { name, make } of things) {
    for (const file of ["ccs.db", "ccs.lock", "ccs.db-wal"]) {
      test(`${name} as ${file}: moved aside, said, and the state is kept`, async (t) => {
        await using world = await startWorld();
        const folder = ownFolder(t);
        const aside = join(folder, "foreign");
        writeFileSync(aside, "mine", { mode: 0o644 });
        mkdirSync(join(folder, "state"), { mode: 0o700 });
        make(join(folder, "state", file), aside);
        const doctor = await runCcs(["doctor", "--config", writtenConfig(folder, world)]);
        if (file !== "ccs.db-wal")
          assert.match(doctor.stdout.replaceAll(/\s+/g, " "), /and ccs keeps its state in a file/);
        await using daemon = startDaemon({ config: configOf(world), folder });
        await untilBothUp(daemon);
        await untilKept(daemon);
        assert.equal(readFileSync(aside, "utf8"), "mine");
        assert.equal(statSync(aside).mode & 0o777, 0o644);
        assert.ok(readdirSync(join(folder, "state")).some((each) => each.startsWith(`${file}.broken`)));
      });
    }
  }

  test("a file with another name beside it keeps its mode", async (t) => {
    await using world = await startWorld();
    const folder = ownFolder(t);
    const aside = join(folder, "foreign");
    writeFileSync(aside, "", { mode: 0o644 });
    mkdirSync(join(folder, "state"), { mode: 0o700 });
    linkSync(aside, join(folder, "state/ccs.lock"));
    await using daemon = startDaemon({ config: configOf(world), folder });
    await untilBothUp(daemon);
    assert.equal(statSync(aside).mode & 0o777, 0o644);
  });

  test("a file in its place: said, and the state is kept there once that has gone", async (t) => {
    await using world = await startWorld();
    const folder = ownFolder(t);
    writeFileSync(join(folder, "state"), "mine");
    await using daemon = startDaemon({ config: configOf(world), folder });
    await daemon.untilLogged(/^Cannot keep state in/);
    await untilBothUp(daemon);
    assert.equal(readFileSync(join(folder, "state"), "utf8"), "mine");
    rmSync(join(folder, "state"));
    await daemon.untilLogged(/^State is kept in .* again/, patience);
    await untilKept(daemon);
  });

  test("open to its group, or with files of another user: said", { skip: !isRoot }, async (t) => {
    await using world = await startWorld();
    const folder = ownFolder(t);
    mkdirSync(join(folder, "state"));
    chmodSync(join(folder, "state"), 0o770);
    await using daemon = startDaemon({ config: configOf(world), folder });
    await daemon.untilLogged(/The group of .* can replace the state in it: chmod 700/);
    await untilBothUp(daemon);
    chmodSync(join(folder, "state"), 0o700);
    chownSync(join(folder, "state/ccs.db"), 54_321, 54_321);
    await daemon.untilLogged(/ccs\.db belongs to another user \(54321\)/, patience);
  });

  test("open to everybody, or another user's: said", async (t) => {
    await using world = await startWorld();
    const folder = ownFolder(t);
    mkdirSync(join(folder, "state"));
    chmodSync(join(folder, "state"), 0o777);
    {
      await using daemon = startDaemon({ config: configOf(world), folder });
      await daemon.untilLogged(/Every user of this machine can replace the state/);
    }
    if (!isRoot) return;
    chmodSync(join(folder, "state"), 0o700);
    chownSync(join(folder, "state"), 54_321, 54_321);
    await using daemon = startDaemon({ config: configOf(world), folder });
    await daemon.untilLogged(/belongs to another user \(54321\)/);
  });
});

describe("a control socket of others", () => {
  test("what it says reaches the terminal without what steers it", async (t) => {
    const folder = ownFolder(t);
    mkdirSync(join(folder, "state"), { mode: 0o700 });
    const escape = "\u001B]0;owned\u0007\u009B2J\u202E";
    for (const body of [
      `plain ${escape}`,
      JSON.stringify({ error: `json ${escape}`, hint: escape, known: [escape] }),
    ]) {
      const server = createServer((_, response) => response.writeHead(400).end(body)).listen(
        join(folder, "state/control.sock"),
      );
      await eventually("it listens", () => server.listening);
      const answer = await runCcs(["status"], { env: { CCS_STATE_DIR: join(folder, "state") } });
      assert.notEqual(answer.code, 0);
      // eslint-disable-next-line no-control-regex -- this is what must not be there
      assert.doesNotMatch(answer.stdout + answer.stderr, /[\u0007\u001B\u009B\u202E]/);
      await new Promise((resolve) => server.close(resolve));
    }
  });

  test("one that belongs to another user is not asked", { skip: !isRoot }, async (t) => {
    const folder = ownFolder(t);
    chmodSync(folder, 0o755);
    mkdirSync(join(folder, "state"), { mode: 0o755 });
    const path = join(folder, "state/control.sock");
    let asked = 0;
    const server = createServer((_, response) => {
      asked += 1;
      response.end("{}");
    }).listen(path);
    t.after(() => server.close());
    await eventually("it listens", () => server.listening);
    chmodSync(path, 0o777);
    chownSync(path, 54_322, 54_322);
    const child = spawn(process.execPath, [builtProgram(), "status"], {
      env: { PATH: process.env["PATH"], HOME: "/nowhere", CCS_STATE_DIR: join(folder, "state") },
      cwd: "/",
      uid: 54_321,
      gid: 54_321,
    });
    const stderr = (await child.stderr.toArray()).join("");
    assert.match(stderr, /control\.sock belongs to another user \(54322\)/);
    assert.equal(asked, 0);
  });
});

function writtenConfig(folder: string, world: World): string {
  const path = join(folder, "config.yml");
  writeFileSync(path, configOf(world)(folder), { mode: 0o600 });
  return path;
}
