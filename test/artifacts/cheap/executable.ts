// The single executable for machines like this one: it runs where no Node is, and nothing but the libraries of a base system.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { architectures, buildExecutable } from "../../../scripts/sea.ts";
import { artifactOnce, assertServesDashboard, mostExecutableBytes } from "../../support/artifacts.ts";

const root = join(import.meta.dirname, "../../..");
const architecture = architectures.find((each) => process.platform === "linux" && each === process.arch);
const skip = architecture === undefined && "there is no executable for this machine";

/** What Debian's smallest system has: libc6, libgcc-s1 and libstdc++6 are of apt itself. */
const baseLibraries = /^(?:linux-vdso|\/lib.*\/ld-linux-.*|lib(?:c|m|dl|pthread|rt|gcc_s|stdc\+\+)\.so\.\d+)/;

const base = mkdtempSync(join(tmpdir(), "ccs-base-"));
after(() => rmSync(base, { recursive: true, force: true }));

let executable = "";
before(async () => {
  if (architecture === undefined) return;
  executable = await artifactOnce("executable", (folder) => buildExecutable(architecture, folder));
  for (const name of ["tmp", "home", "examples"]) mkdirSync(join(base, name), { mode: 0o777 });
  for (const library of librariesOf(executable)) if (library.startsWith("/")) copyInto(library);
  cpSync(executable, join(base, "ccs"));
  cpSync(join(root, "examples"), join(base, "examples"), { recursive: true });
});

/** What the loader says that it needs: a path for each that is a file. */
function librariesOf(file: string): readonly string[] {
  const lines = execFileSync("ldd", [file], { encoding: "utf8" }).trim().split("\n");
  const unknown = lines.map((line) => line.trim()).filter((line) => !baseLibraries.test(line));
  assert.deepEqual(unknown, [], "more than a base system has");
  return lines.map((line) => /(\/\S+)/.exec(line)?.[1] ?? "");
}

function copyInto(library: string): void {
  mkdirSync(join(base, dirname(library)), { recursive: true });
  execFileSync("cp", ["--dereference", library, join(base, library)]);
}

/** What lets others than root do what follows. */
const asRoot = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"];

/** The command line that runs the executable with nothing but that around it. */
function inBase(args: readonly string[]): readonly string[] {
  return ["unshare", ...asRoot, "chroot", base, "/ccs", ...args];
}

const env = { HOME: "/home", PATH: "/usr/sbin:/usr/bin:/sbin:/bin" };

function run(args: readonly string[], more: Readonly<Record<string, string>> = {}) {
  const [command = "", ...rest] = inBase(args);
  const options = { encoding: "utf8", timeout: 120_000, env: { ...env, ...more } } as const;
  const { status, stdout, stderr } = spawnSync(command, rest, options);
  return { code: status, stdout, stderr };
}

test("it is one file, with the list of its parts beside it, and not too large", { skip }, (t) => {
  const name = `ccs-linux-${architecture ?? ""}`;
  assert.deepEqual(readdirSync(dirname(executable)).toSorted(), [name, `${name}.cdx.json`, "path.txt"]);
  const { size } = statSync(executable);
  t.diagnostic(`${size} bytes`);
  assert.ok(size < mostExecutableBytes, `${size} bytes`);
});

test("its commands work in an empty home", { skip }, () => {
  assert.match(run(["--version"]).stdout, /^\d+\.\d+\.\d+\n$/);
  const secrets = { CLOUDFLARE_API_TOKEN: "a".repeat(40), TELEGRAM_TOKEN: `123456789:${"a".repeat(35)}` };
  const checked = run(["validate", "--config", "/examples/config.yml"], secrets);
  assert.equal(checked.code, 0, checked.stdout + checked.stderr);
  const health = run(["health"]);
  assert.equal(health.code, 1);
  assert.match(
    health.stdout,
    /^unhealthy: no daemon answers at \/home\/\.local\/state\/[^\n]*control\.sock: [^\n]+\n$/,
  );
  const mistake = run(["pin"]);
  assert.equal(mistake.code, 64);
  assert.match(mistake.stderr, /missing required argument/);
});

test("its demo passes", { skip }, () => {
  const { code, stdout, stderr } = run(["demo", "--once"]);
  assert.equal(code, 0, stdout + stderr);
});

test("it serves the dashboard, its history can be read, and it ends in peace", { skip }, async () => {
  await assertServesDashboard(inBase(["demo"]), env);
});

test("as the first process of a container it ends by SIGTERM, whatever it does", { skip }, async (t) => {
  // It asks, and hears nothing.
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket.on("error", () => undefined)));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  server.listen(join(base, "home/control.sock"));
  await once(server, "listening");
  const args = [...asRoot, "--pid", "--fork", "--kill-child", ...inBase(["health"])];
  const child = spawn("unshare", args, { env: { ...env, CCS_STATE_DIR: "/home" }, stdio: "ignore" });
  const ended = once(child, "exit");
  await once(server, "connection");
  const [pid] = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").split(" ");
  process.kill(Number(pid), "SIGTERM");
  assert.deepEqual(await ended, [143, null]);
});

test("the same sources make the same bytes", { skip }, async () => {
  const again = await buildExecutable(architecture ?? "x64", join(base, "again"));
  const [one, other] = [executable, again].map((path) => createHash("sha256").update(readFileSync(path)).digest("hex"));
  assert.equal(other, one);
});
