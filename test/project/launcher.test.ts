// The launcher stands between a person and the program. On a current Node it is not to be noticed; on an old one it has
// to pass on everything: streams, signals, exit codes and sudden death.
import assert from "node:assert/strict";
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { build } from "../../scripts/build.ts";
import { findOldNode } from "../support/old-node.ts";
import { requireNamespaces } from "../support/programs.ts";

/** Stands in for the program; the first argument says what it does. */
const program = `
  const [what, value] = process.argv.slice(2);
  const about = { args: process.argv.slice(2), node: process.version, pid: process.pid, mark: process.env.CCS_LAUNCHER_CHILD };
  if (what === "tell") console.log(JSON.stringify(about));
  if (what === "loads") {
    await import("node:http");
    console.log(process.moduleLoadList.filter((name) => /undici/.test(name)).join());
  }
  if (what === "exit") process.exit(Number(value));
  if (what === "echo") process.stdin.pipe(process.stdout);
  if (what === "stay" || what === "listen") {
    setTimeout(() => process.exit(99), 60_000);
    if (what === "listen") process.on(value, () => { console.log(value); setTimeout(() => process.exit(0), 200); });
    console.log(process.pid);
  }
`;

let folder = "";
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "ccs-launcher-"));
  writeFileSync(join(folder, "program.js"), program);
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  // Makes a current Node look old to the launcher alone: flags are not passed on to the program.
  writeFileSync(
    join(folder, "pretend-old.js"),
    'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.0.0" } });',
  );
  const launcher = join(import.meta.dirname, "../../src/launcher.ts");
  for (const checkout of ["with", "without", "uninstalled", "broken"]) {
    await build({ program: join(folder, "program.js"), launcher, folder: join(folder, checkout, "dist") });
    mkdirSync(join(folder, checkout, "node_modules/.bin"), { recursive: true });
  }
  symlinkSync(process.execPath, join(folder, "with/node_modules/.bin/node"));
  writeFileSync(join(folder, "uninstalled/package-lock.json"), "{}");
  writeFileSync(join(folder, "broken/node_modules/.bin/node"), "#!/bin/sh\nexit 127\n");
  chmodSync(join(folder, "broken/node_modules/.bin/node"), 0o755);
});
after(() => rmSync(folder, { recursive: true, force: true }));

test("on a current Node the program runs in the launcher's own process", async () => {
  const run = start([process.execPath], ["tell", "a b", "--c"]);
  const about = JSON.parse((await finish(run)).stdout) as About;
  assert.deepEqual(about.args, ["tell", "a b", "--c"]);
  assert.equal(about.pid, run.pid);
});

test("a program that speaks HTTP does not load Node's second client for it", async () => {
  assert.equal((await finish(start([process.execPath], ["loads"]))).stdout, "\n");
});

test("as the first process of a container it ends by the signals that end every other process", async (t) => {
  const apart = requireNamespaces(t, ["--pid", "--fork", "--kill-child"]);
  if (apart === undefined) return;
  const inContainer = [...apart, process.execPath];
  for (const [signal, code] of [
    ["SIGTERM", 143],
    ["SIGINT", 130],
    ["SIGHUP", 129],
  ] as const) {
    const run = start(inContainer, ["stay"]);
    assert.equal(await firstNumber(run), 1, "its number in there");
    const [pid] = readFileSync(`/proc/${run.pid}/task/${run.pid}/children`, "utf8").split(" ");
    process.kill(Number(pid), signal);
    assert.deepEqual(await ended(run), [code, null], signal);
  }
});

test("as the first process of a container it leaves signals to a program that asks for them", async (t) => {
  const apart = requireNamespaces(t, ["--pid", "--fork", "--kill-child"]);
  if (apart === undefined) return;
  const run = start([...apart, process.execPath], ["listen", "SIGTERM"]);
  const lines = createInterface(run.stdout)[Symbol.asyncIterator]();
  assert.equal((await lines.next()).value, "1");
  const [pid] = readFileSync(`/proc/${run.pid}/task/${run.pid}/children`, "utf8").split(" ");
  process.kill(Number(pid), "SIGTERM");
  assert.equal((await lines.next()).value, "SIGTERM");
  assert.deepEqual(await ended(run), [0, null]);
});

describe("what Node has compiled", () => {
  /** How many files are below `home` after a start with it. */
  const keptBelow = async (home: string, more: Readonly<Record<string, string>> = {}): Promise<number> => {
    const env = { PATH: process.env["PATH"], HOME: home, ...more };
    const run = spawn(process.execPath, [join(folder, "with/dist/ccs.js"), "tell"], { env });
    const { code, stderr } = await finish(run);
    assert.deepEqual([code, stderr], [0, ""]);
    return existsSync(home) ? readdirSync(home, { recursive: true }).length : 0;
  };
  const homeOf = (mode: number): string => {
    const home = mkdtempSync(join(folder, "home-"));
    chmodSync(home, mode);
    return home;
  };

  test("is kept below the own home, for the own user alone", async () => {
    const home = homeOf(0o755);
    assert.ok((await keptBelow(home)) > 3);
    assert.equal(statSync(join(home, ".cache/ccs")).mode & 0o777, 0o700);
    const [elsewhere, cache] = [homeOf(0o755), homeOf(0o755)];
    assert.equal(await keptBelow(elsewhere, { XDG_CACHE_HOME: cache }), 0);
    assert.deepEqual(readdirSync(cache), ["ccs"]);
  });

  test("is kept nowhere that another user could write, and nothing is said where it cannot be kept", async () => {
    assert.equal(await keptBelow(homeOf(0o777)), 0, "a home that is open to everybody");
    const open = homeOf(0o755);
    mkdirSync(join(open, ".cache/ccs"), { recursive: true });
    chmodSync(join(open, ".cache/ccs"), 0o777);
    assert.equal(await keptBelow(open), 2, "the two folders alone");
    // As with sudo: the home of another user, who could put code there for this one.
    if (process.getuid?.() === 0) {
      const foreign = homeOf(0o755);
      chownSync(foreign, 12_345, 12_345);
      assert.equal(await keptBelow(foreign), 0);
    }
    const file = homeOf(0o755);
    writeFileSync(join(file, ".cache"), "");
    assert.equal(await keptBelow(file), 1);
    assert.equal(await keptBelow(join(folder, "no-home")), 0);
    assert.equal(await keptBelow(homeOf(0o755), { NODE_DISABLE_COMPILE_CACHE: "1" }), 0);
  });
});

describe("on a Node made to look old", () =>
  behavesOn(() => [process.execPath, "--import", join(folder, "pretend-old.js")]));

const oldNode = findOldNode();
describe("on the machine's own old Node", { skip: oldNode === undefined && "no Node before 24 on this machine" }, () =>
  behavesOn(() => [oldNode ?? ""]),
);

/** `node()`: command and flags of an old Node. */
function behavesOn(node: () => readonly string[]): void {
  test("the program runs under the checkout's Node and knows nothing of it", async () => {
    const { code, stdout, stderr } = await finish(start(node(), ["tell", "a b", "--c"]));
    const about = JSON.parse(stdout) as About;
    assert.deepEqual(about.args, ["tell", "a b", "--c"]);
    assert.equal(about.node, process.version);
    assert.equal(about.mark, undefined);
    assert.deepEqual([code, stderr], [0, ""]);
  });

  test("its exit code is the launcher's", async () => {
    assert.equal((await finish(start(node(), ["exit", "7"]))).code, 7);
  });

  test("it reads the launcher's standard input to the end", async () => {
    const run = start(node(), ["echo"]);
    run.stdin.end("one\ntwo\n");
    assert.equal((await finish(run)).stdout, "one\ntwo\n");
  });

  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    test(`${signal} reaches it once, and it may end in peace`, async () => {
      const run = start(node(), ["listen", signal]);
      const lines = createInterface(run.stdout)[Symbol.asyncIterator]();
      await lines.next();
      run.kill(signal);
      assert.equal((await lines.next()).value, signal);
      assert.equal((await lines.next()).done, true);
      assert.deepEqual(await ended(run), [0, null]);
    });
  }

  for (const signal of ["SIGKILL", "SIGTERM"] as const) {
    test(`when ${signal} ends it, the launcher ends the same way`, async () => {
      const run = start(node(), ["stay"]);
      const pid = await firstNumber(run);
      process.kill(pid, signal);
      assert.deepEqual(await ended(run), [null, signal]);
    });
  }

  test("it dies when the launcher is killed", async () => {
    const run = start(node(), ["stay"]);
    const pid = await firstNumber(run);
    assert.notEqual(pid, run.pid);
    run.kill("SIGKILL");
    // Both hold the other end of this pipe.
    await once(run.stdout, "close");
  });

  test("without a newer Node it says what to do", async () => {
    const { code, stdout, stderr } = await finish(start(node(), ["tell"], "without"));
    assert.match(
      stderr,
      /^ccs needs Node\.js 24 or newer, and \S+ is v[\d.]+: install one from https:\/\/nodejs\.org\S*, .*\n$/,
    );
    assert.deepEqual([code, stdout], [69, ""]);
  });

  test("in a checkout where nothing is installed yet, npm brings the newer Node", async () => {
    const { code, stderr } = await finish(start(node(), ["tell"], "uninstalled"));
    assert.match(
      stderr,
      /^ccs needs Node\.js 24 or newer, and \S+ is v[\d.]+: run `npm ci` in \S+uninstalled\/, .*\n$/,
    );
    assert.equal(code, 69);
  });

  test("a Node that lacks a library is named, with what to do", async () => {
    const { code, stderr } = await finish(start(node(), ["tell"], "broken"));
    assert.match(stderr, /^ccs could not start \S+node: install that library, or .*nodejs\.org\n$/);
    assert.equal(code, 69);
  });
}

interface About {
  readonly args: readonly string[];
  readonly node: string;
  readonly pid: number;
  readonly mark?: string;
}

function start(node: readonly string[], args: readonly string[], checkout = "with"): ChildProcessWithoutNullStreams {
  const [command = "", ...flags] = node;
  return spawn(command, [...flags, join(folder, checkout, "dist/ccs.js"), ...args]);
}

async function finish(
  run: ChildProcessWithoutNullStreams,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  run.stdin.end();
  const [stdout, stderr, [code]] = await Promise.all([run.stdout.toArray(), run.stderr.toArray(), ended(run)]);
  return { code, stdout: stdout.join(""), stderr: stderr.join("") };
}

async function ended(run: ChildProcessWithoutNullStreams): Promise<[code: number | null, signal: string | null]> {
  if (run.exitCode === null && run.signalCode === null) await once(run, "exit");
  return [run.exitCode, run.signalCode];
}

/** The first line that it prints. */
async function firstNumber(run: ChildProcessWithoutNullStreams): Promise<number> {
  const [line] = (await once(createInterface(run.stdout), "line")) as [string];
  return Number(line);
}
