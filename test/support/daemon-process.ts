// A running `ccs run` as a child process in a folder of its own: its log as it grows, its web server, and its end.
import assert from "node:assert/strict";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { spawnCcs, withoutGarbage } from "./built-program.ts";
import { eventually } from "./eventually.ts";

/** One line of the log. Which fields there are besides level and message depends on what it is about. */
export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly ingress?: string;
  readonly endpoint?: string;
  readonly from?: string;
  readonly to?: string;
  readonly problem?: string;
  readonly signal?: string;
  readonly url?: string;
}

export interface DaemonOptions {
  /** The text of the configuration, or what makes it of the folder that the daemon has to itself. */
  readonly config: string | ((folder: string) => string);
  readonly env?: Readonly<Record<string, string>>;
  /** The same, as far as it depends on the daemon's folder. */
  readonly folderEnv?: (folder: string) => Readonly<Record<string, string>>;
  /** More arguments, such as `["--log-level", "debug"]`. */
  readonly args?: readonly string[];
  /** Arguments of Node. A test of how much memory the daemon takes wants none. */
  readonly nodeArgs?: readonly string[];
  /** Another program than the built one. */
  readonly program?: string;
  /** Where the configuration is, when a test has laid it out itself. */
  readonly configPath?: (folder: string) => string;
  /** A folder of the test's own, which outlives the daemon. */
  readonly folder?: string;
}

/** Starts the daemon. It ends, and its folder goes, with the scope of `await using`. */
export function startDaemon(options: DaemonOptions): DaemonProcess {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), "ccs-e2e-"));
  const path = join(folder, "config.yml");
  const text = typeof options.config === "string" ? options.config : options.config(folder);
  writeFileSync(path, text);
  const configPath = options.configPath?.(folder) ?? path;
  const args = ["run", "--config", configPath, ...(options.args ?? [])];
  const env = { ...options.env, ...options.folderEnv?.(folder) };
  const { program, nodeArgs = withoutGarbage } = options;
  const child = spawnCcs(args, { env, cwd: folder, nodeArgs, ...(program !== undefined && { program }) });
  return new DaemonProcess(child, { folder, configPath, isFolderKept: options.folder !== undefined });
}

export class DaemonProcess implements AsyncDisposable {
  readonly folder: string;
  readonly configPath: string;
  readonly log: LogLine[] = [];
  /** Lines on standard output that are no JSON: there should be none. */
  readonly strayLines: string[] = [];
  stderr = "";
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<unknown>;

  readonly #isFolderKept: boolean;

  constructor(
    child: ChildProcessWithoutNullStreams,
    { folder, configPath, isFolderKept }: { folder: string; configPath: string; isFolderKept: boolean },
  ) {
    this.folder = folder;
    this.configPath = configPath;
    this.#isFolderKept = isFolderKept;
    this.#child = child;
    this.#ended = once(child, "close");
    createInterface(child.stdout).on("line", (line) => this.#hear(line));
    child.stderr.on("data", (chunk: Buffer) => (this.stderr += chunk.toString()));
  }

  get pid(): number {
    return this.#child.pid ?? assert.fail("The daemon could not be started.");
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** How it ended, once it has. */
  get ended(): Promise<{ readonly code: number | null; readonly signal: string | null }> {
    return this.#ended.then(() => ({ code: this.#child.exitCode, signal: this.#child.signalCode }));
  }

  /** Everything that it has said so far. */
  get output(): string {
    return [...this.log.map((line) => JSON.stringify(line)), ...this.strayLines, this.stderr].join("\n");
  }

  /** The lines of the log whose message matches. */
  logged(pattern: RegExp): readonly LogLine[] {
    return this.log.filter(({ msg }) => pattern.test(msg));
  }

  /** The end of what it said, for the message of a failing test. */
  get tail(): string {
    const lines = this.log.slice(-25).map((line) => JSON.stringify(line).slice(0, 300));
    return `The end of its log:\n${lines.join("\n")}\n${this.strayLines.join("\n")}\n${this.stderr}`;
  }

  /** Waits for a line of the log whose message matches, and `count` of them when told. */
  async untilLogged(pattern: RegExp, { count = 1, timeoutMs }: { count?: number; timeoutMs?: number } = {}) {
    const lines = await this.until(
      `${count} lines of the log like ${pattern}`,
      () => {
        const matching = this.logged(pattern);
        return matching.length >= count && matching;
      },
      timeoutMs,
    );
    return lines.at(-1) ?? assert.fail();
  }

  /** Waits for anything, and tells the newest of the log when that does not come. */
  until<T>(what: string, look: () => T | undefined | false | Promise<T | undefined | false>, timeoutMs?: number) {
    return eventually(
      what,
      () => {
        assert.ok(this.isRunning, `The daemon ended (${this.#child.exitCode}) before: ${what}\n${this.tail}`);
        return look();
      },
      { explain: () => `\n${this.tail}`, ...(timeoutMs !== undefined && { timeoutMs }) },
    );
  }

  /** Asks its web server, once that listens. Newest address: a reload may have moved it. */
  async get(path: string): Promise<{ status: number; text: string }> {
    const { url } = await this.untilLogged(/^listening on /);
    const response = await fetch(`${url}${path}`);
    return { status: response.status, text: await response.text() };
  }

  /** The value of one series of its metrics, such as `ccs_ingress_in_sync{ingress="a.example"}`. */
  async metric(series: string): Promise<number | undefined> {
    const { text } = await this.get("/metrics");
    const line = text.split("\n").find((each) => each.startsWith(`${series} `));
    return line === undefined ? undefined : Number(line.slice(series.length + 1));
  }

  /** Resident memory in bytes, as the kernel counts it. */
  get residentBytes(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? assert.fail(status)) * 1_024;
  }

  /** Replaces the configuration as most editors do: a new file in the place of the old one. */
  rewriteConfig(change: (text: string) => string): void {
    const draft = `${this.configPath}.new`;
    writeFileSync(draft, change(readFileSync(this.configPath, "utf8")));
    renameSync(draft, this.configPath);
  }

  send(signal: NodeJS.Signals): void {
    assert.ok(this.#child.kill(signal), `${signal} could not be sent: the daemon has ended`);
  }

  /** Ends it as a service manager does. Resolves to how it ended, and after how long. */
  async stop(
    signal: NodeJS.Signals = "SIGTERM",
  ): Promise<{ code: number | null; signal: string | null; tookMs: number }> {
    const startedMs = performance.now();
    this.send(signal);
    await this.#ended;
    const { exitCode: code, signalCode } = this.#child;
    return { code, signal: signalCode, tookMs: performance.now() - startedMs };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isRunning) this.#child.kill("SIGKILL");
    await this.#ended;
    if (!this.#isFolderKept) rmSync(this.folder, { recursive: true, force: true });
  }

  #hear(line: string): void {
    try {
      this.log.push(JSON.parse(line) as LogLine);
    } catch {
      this.strayLines.push(line);
    }
  }
}
