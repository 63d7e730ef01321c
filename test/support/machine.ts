// A Debian machine with systemd as its first process, in a folder and a container. It shares the network of this one, so that
// what a test serves on loopback is there too.
import assert from "node:assert/strict";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { eventually } from "./eventually.ts";
import { findProgram, packagesByProgram } from "./programs.ts";

/** Why this process can start no such machine, for a test that is skipped then; in CI that is an error. */
export function whyNoMachine(): string | undefined {
  const missing = (["mmdebstrap", "systemd-nspawn", "nsenter"] as const).find(
    (each) => findProgram(each) === undefined,
  );
  const why =
    missing !== undefined
      ? `${missing} is not installed: apt-get install ${packagesByProgram[missing]}`
      : process.getuid?.() === 0
        ? undefined
        : "only root can start a machine";
  if (why !== undefined) assert.notEqual(process.env["CCS_REQUIRE_PROGRAMS"], "1", why);
  return why;
}

/**
 * Debian's smallest system with systemd, as an archive in `folder`: nothing is in it that a package of ours would have to ask
 * for. Its path.
 */
export function makeDebian(folder: string): string {
  const path = join(folder, "debian.tar");
  const args = ["--variant=minbase", "--quiet", "--include=systemd,systemd-sysv,dbus", "bookworm", path];
  const { status, stderr } = spawnSync("mmdebstrap", args, { encoding: "utf8" });
  assert.equal(status, 0, `no Debian could be made: ${stderr.slice(-2_000)}`);
  return path;
}

/** That archive as the folder of a machine. */
export function unpackDebian(archive: string, root: string): string {
  mkdirSync(root);
  const { status, stderr } = spawnSync("tar", ["--extract", "--file", archive, "--directory", root], {
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
  return root;
}

const programFolders = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export interface Finished {
  readonly code: number | null;
  readonly output: string;
}

export class Machine implements AsyncDisposable {
  readonly root: string;
  readonly #container: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #leader: number;

  private constructor(root: string, container: ChildProcess, ended: Promise<unknown>, leader: number) {
    this.root = root;
    this.#container = container;
    this.#ended = ended;
    this.#leader = leader;
  }

  static async boot(root: string): Promise<Machine> {
    // Neither systemd nor D-Bus of this machine are asked for anything.
    const options = [
      "--quiet",
      "--register=no",
      "--keep-unit",
      "--resolv-conf=off",
      "--timezone=off",
      "--directory",
      root,
    ];
    const container = spawn("systemd-nspawn", [...options, "--boot"], { stdio: ["ignore", "pipe", "pipe"] });
    const ended = once(container, "close");
    let output = "";
    for (const stream of [container.stdout, container.stderr]) {
      stream.on("data", (chunk: Buffer) => (output = (output + chunk.toString()).slice(-4_000)));
    }
    const explain = (): string => `\n${output}`;
    const patience = { timeoutMs: 120_000, explain };
    const boot = eventually(
      "it has started",
      async () => {
        assert.equal(container.exitCode, null, `it ended: ${output}`);
        // Before there is a first process, there are others that make its container.
        const leader = childOf(container.pid ?? 0);
        if (leader === undefined) return undefined;
        const machine = new Machine(root, container, ended, leader);
        const { output: said } = await machine.try("systemctl", "is-system-running");
        return /^(?:running|degraded)$/m.test(said) && machine;
      },
      patience,
    );
    return boot.catch((error: unknown) => {
      killContainer(container);
      throw error;
    });
  }

  /** Runs a program on it, as root, with nothing of this machine's environment. Its output when it succeeds. */
  async run(...words: readonly string[]): Promise<string> {
    const { code, output } = await this.try(...words);
    assert.equal(code, 0, `${words.join(" ")} failed:\n${output}`);
    return output;
  }

  /** The same for a program that may fail. Meanwhile this process serves what the machine asks of it. */
  async try(...words: readonly string[]): Promise<Finished> {
    const env = ["env", "--ignore-environment", `PATH=${programFolders}`, "HOME=/root"];
    const args = ["--target", String(this.#leader), "--all", "--wdns=/", "--", ...env, ...words];
    const child = spawn("nsenter", args, { stdio: ["ignore", "pipe", "pipe"], timeout: 180_000 });
    const ended = once(child, "close") as Promise<[code: number | null]>;
    const [stdout, stderr, [code]] = await Promise.all([child.stdout.toArray(), child.stderr.toArray(), ended]);
    return { code, output: stdout.join("") + stderr.join("") };
  }

  put(path: string, text: string, mode = 0o644): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text, { mode });
  }

  copy(from: string, path: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    cpSync(from, join(this.root, path));
  }

  has(path: string): boolean {
    return existsSync(join(this.root, path));
  }

  /** One property of the unit ccs.service. */
  async unit(property: string): Promise<string> {
    return (await this.run("systemctl", "show", "--property", property, "--value", "ccs.service")).trim();
  }

  async untilUnit(property: string, expected: string | RegExp, timeoutMs = 60_000): Promise<void> {
    let value = "";
    try {
      await eventually(
        `${property} of ccs.service is ${String(expected)}`,
        async () => {
          value = await this.unit(property);
          return typeof expected === "string" ? value === expected : expected.test(value);
        },
        { timeoutMs },
      );
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new Error(`${message}; it is: ${value}\n${await this.journal()}`, { cause: error });
    }
  }

  async journal(): Promise<string> {
    return (await this.try("journalctl", "--unit", "ccs", "--lines", "30", "--no-pager")).output;
  }

  /** Everything that programs and people have put on it, but for what every start and every package leaves behind. */
  async files(): Promise<readonly string[]> {
    const passing = [
      "proc",
      "sys",
      "dev",
      "run",
      "tmp",
      "var/tmp",
      "var/log",
      "var/cache",
      "var/lib/dpkg",
      "var/lib/systemd/random-seed",
    ];
    const prune = passing.flatMap((path) => ["-path", `/${path}`, "-prune", "-o"]);
    const found = await this.run("find", "/", ...prune, "-print");
    return found.trim().split("\n").toSorted();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.try("systemctl", "--no-block", "poweroff");
    const deadline = setTimeout(() => killContainer(this.#container), 20_000);
    await this.#ended;
    clearTimeout(deadline);
  }
}

/** With its first process all its others end; without the container's own they would not. */
function killContainer(container: ChildProcess): void {
  const leader = childOf(container.pid ?? 0);
  if (leader !== undefined) process.kill(leader, "SIGKILL");
  container.kill("SIGKILL");
}

function childOf(pid: number): number | undefined {
  try {
    const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
    return child === undefined || child === "" ? undefined : Number(child);
  } catch {
    return undefined;
  }
}
