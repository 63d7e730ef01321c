// Files that are none: whatever lies where a file should be, no command and no daemon waits for it.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startWorld } from "../../src/emulation/world.ts";
import { builtProgram, runCcs } from "../support/built-program.ts";
import { startDaemon } from "../support/daemon-process.ts";
import { eventually } from "../support/eventually.ts";
import { configOf, type ConfigFile } from "../support/world-config.ts";
import { contents, ownFolder, untilBothUp } from "../support/world-daemon.ts";

const config = (cloudflare: string, check = ""): string =>
  `cloudflare: { ${cloudflare} }\nanchors: ["127.0.0.1:9"]\n` +
  `ingresses: [{ record: a.example.com, endpoints: [{ name: one, target: b.example.com${check} }] }]\n`;

function fifo(path: string): void {
  const { status, stderr } = spawnSync("mkfifo", [path], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
}

/** What may lie there, and what is said of it. */
const things: readonly {
  readonly name: string;
  readonly make: (path: string, t: TestContext) => unknown;
  readonly says: RegExp;
}[] = [
  { name: "a FIFO", make: fifo, says: /it is a named pipe: name a regular file/ },
  { name: "a link to a device", make: (path) => symlinkSync("/dev/zero", path), says: /it is a device/ },
  { name: "a folder", make: (path) => mkdirSync(path), says: /it is a folder/ },
  {
    name: "a huge file",
    make: (path) => writeFileSync(path, Buffer.alloc(64 * 2 ** 20, 97)),
    says: /it is larger than (?:8 MB|64 kB)/,
  },
  {
    name: "a socket",
    make: async (path, t) => {
      const server = createServer().listen(path);
      await new Promise((resolve) => server.once("listening", resolve));
      t.after(() => server.close());
    },
    says: /it is a socket/,
  },
];

describe("files that are none", { concurrency: 3 }, () => {
  for (const { name, make, says } of things) {
    for (const where of ["the configuration", "token_file", "ca_file"]) {
      test(`${name} as ${where}: validate says so, at once`, async (t) => {
        const folder = ownFolder(t);
        const odd = join(folder, "odd");
        await make(odd, t);
        const path = where === "the configuration" ? odd : join(folder, "config.yml");
        if (where === "token_file") writeFileSync(path, config("token_file: odd"));
        if (where === "ca_file")
          writeFileSync(path, config("token: T", ", check: { url: https://b.example.com/, ca_file: odd }"));
        const { code, stderr } = await inTime(runCcs(["validate", "--config", path]));
        assert.equal(code, 78);
        assert.match(stderr, says);
      });
    }
  }

  test("a pipe that the program was given is read: process substitution, and standard input", async (t) => {
    const path = join(ownFolder(t), "config.yml");
    writeFileSync(path, config("token: T"));
    const run = (line: string): Promise<readonly [number | null, string]> =>
      new Promise((resolve) => {
        const child = spawn("bash", ["-c", line, "bash", process.execPath, builtProgram(), path], {
          env: { PATH: process.env["PATH"], HOME: "/nowhere" },
        });
        let said = "";
        child.stdout.on("data", (text) => (said += String(text)));
        child.stderr.on("data", (text) => (said += String(text)));
        child.on("close", (code) => resolve([code, said]));
      });
    for (const line of [
      '"$1" "$2" validate --config <(sleep 1; cat "$3")',
      '(sleep 1; cat "$3") | "$1" "$2" validate --config /dev/stdin',
      '"$1" "$2" validate --config /dev/stdin < "$3"',
    ]) {
      const [code, said] = await inTime(run(line));
      assert.equal(code, 0, `${line}: ${said}`);
    }
  });

  test("a daemon whose configuration came through a pipe keeps it", async (t) => {
    await using world = await startWorld();
    const folder = ownFolder(t);
    const path = join(folder, "config.yml");
    writeFileSync(path, configOf(world)(folder));
    const child = spawn(
      "bash",
      ["-c", 'exec "$1" "$2" run --config <(cat "$3")', "bash", process.execPath, builtProgram(), path],
      {
        env: { PATH: process.env["PATH"], HOME: folder },
      },
    );
    t.after(() => child.kill("SIGKILL"));
    let log = "";
    child.stdout.on("data", (text) => (log += String(text)));
    await eventually("both are up", () => /mobile is up/.test(log) && /cable is up/.test(log));
    child.kill("SIGHUP");
    await eventually("it is loaded again", () => /was reloaded; nothing in it has changed/.test(log));
    assert.doesNotMatch(log, /rejected/);
  });

  test("a FIFO that takes the place of a running daemon's token_file holds up nothing", async () => {
    await using world = await startWorld();
    await using daemon = startDaemon({
      config: (folder) => {
        writeFileSync(join(folder, "token"), world.cloudflare.token, { mode: 0o600 });
        return configOf(world, ({ cloudflare }) => {
          const section = cloudflare as Partial<ConfigFile["cloudflare"]> & { token_file?: string };
          delete section.token;
          section.token_file = "token";
        })(folder);
      },
    });
    await untilBothUp(daemon);
    const token = join(daemon.folder, "token");
    renameSync(token, `${token}.kept`);
    fifo(token);
    daemon.send("SIGHUP");
    await daemon.untilLogged(/^configuration rejected/);
    assert.match(daemon.logged(/^configuration rejected/)[0]?.problem ?? "", /it is a named pipe/);
    await world.cable.server.behave({ kind: "refuse" });
    await daemon.until("failover", () => contents(world).join() === world.mobile.host);
    rmSync(token);
    renameSync(`${token}.kept`, token);
    await daemon.untilLogged(/^configuration applied/, { count: 2 });
  });

  test("run warns of files with tokens that others may read, and of no other", async () => {
    await using world = await startWorld();
    await using daemon = startDaemon({ config: configOf(world) });
    await daemon.untilLogged(/^listening on/);
    assert.match((statSync(daemon.configPath).mode & 0o777).toString(8), /^6[4-6]4$/);
    await daemon.untilLogged(/can read the token in .*config\.yml: chmod 600/);
    chmodSync(daemon.configPath, 0o600);
    const told = daemon.logged(/can read the token/).length;
    daemon.rewriteConfig((text) => text.replace("sticky: 1s", "sticky: 2s"));
    await daemon.untilLogged(/^configuration applied/, { count: 2 });
    assert.equal(daemon.logged(/can read the token/).length, told + 1, "the new file is as open as the old one was");
  });

  test(
    "a user without a home and without an entry is told what to set",
    { skip: process.getuid?.() !== 0 },
    async (t) => {
      const folder = ownFolder(t);
      chmodSync(folder, 0o755);
      const path = join(folder, "config.yml");
      writeFileSync(path, config("token: T"));
      for (const [command, expected] of [
        ["run", 78],
        ["validate", 78],
        ["status", 78],
      ] as const) {
        const child = spawn(process.execPath, [builtProgram(), command, "--config", path], {
          env: { PATH: process.env["PATH"] },
          cwd: "/",
          uid: 54_321,
          gid: 54_321,
        });
        const [stderr] = await inTime(
          Promise.all([child.stderr.toArray(), new Promise((done) => child.once("close", done))]),
        );
        assert.match(stderr.join(""), /this user has no home, and HOME is not set\. Set state_dir/, command);
        assert.equal(child.exitCode, expected, command);
      }
    },
  );
});

describe("signals", () => {
  test("SIGUSR1 opens no debugger, and no harmless signal ends the daemon", async () => {
    await using world = await startWorld();
    await using daemon = startDaemon({ config: configOf(world) });
    await untilBothUp(daemon);
    const listening = (): readonly string[] => listeningSockets(daemon.pid);
    const before = listening();
    for (const signal of [
      "SIGUSR1",
      "SIGUSR2",
      "SIGALRM",
      "SIGVTALRM",
      "SIGPROF",
      "SIGPIPE",
      "SIGXFSZ",
      "SIGUSR1",
    ] as const) {
      daemon.send(signal);
      await sleep(50);
    }
    await world.cable.server.behave({ kind: "refuse" });
    await daemon.until("failover", () => contents(world).join() === world.mobile.host);
    assert.equal(daemon.stderr, "");
    assert.deepEqual(listening(), before);
    assert.equal((await daemon.stop()).code, 0);
  });
});

/** The ports on which a process listens, where the kernel tells (Linux). */
function listeningSockets(pid: number): readonly string[] {
  const { stdout } = spawnSync("bash", ["-c", `ls -l /proc/${pid}/fd; cat /proc/${pid}/net/tcp`], { encoding: "utf8" });
  const inodes = new Set([...stdout.matchAll(/socket:\[(\d+)\]/g)].map(([, inode]) => inode));
  return stdout.split("\n").flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    return fields[3] === "0A" && inodes.has(fields[9]) ? [fields[1] ?? ""] : [];
  });
}

async function inTime<Result>(work: Promise<Result>): Promise<Result> {
  const late = new AbortController();
  const timeout = sleep(30_000, undefined, { signal: late.signal, ref: false }).then(() => {
    throw new Error("it did not end within 30 s");
  });
  timeout.catch(() => undefined);
  try {
    return await Promise.race([work, timeout]);
  } finally {
    late.abort();
  }
}
