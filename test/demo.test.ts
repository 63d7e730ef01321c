// The demo as a newcomer runs it: as a process of its own, watched from outside, and by hand on a pretended terminal.
import assert from "node:assert/strict";
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { Resolver } from "node:dns/promises";
import { EventEmitter } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { ReadStream, WriteStream } from "node:tty";
import { stripVTControlCharacters } from "node:util";
import { demoCommand } from "../src/cli/demo.ts";
import { writes } from "../src/emulation/cloudflare/faults.ts";
import { Controls } from "../src/demo/controls.ts";
import { Director } from "../src/demo/director.ts";
import { listenTcp } from "../src/emulation/listen.ts";
import { openStage } from "../src/demo/stage.ts";
import { LiveView } from "../src/demo/view-live.ts";
import { ingressName } from "../src/emulation/world.ts";
import { builtProgram, compileCache } from "./support/built-program.ts";
import { eventually } from "./support/eventually.ts";

const root = join(import.meta.dirname, "..");
const fromSources = join(root, "src/main.ts");

// The ports that the demo likes best are taken for all tests, as on many a machine. One that somebody else has is as good.
const heldPorts: number[] = [];
const holders = new AsyncDisposableStack();
before(async () => {
  for (const port of [3000, 5300]) {
    try {
      holders.use(await listenTcp(createServer(), { port }));
      heldPorts.push(port);
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, "EADDRINUSE");
    }
  }
});
after(() => holders.disposeAsync());

// Each of them mostly waits.
describe("the demo", { concurrency: 3, timeout: 170_000 }, () => {
  describe("the story once", () => {
    test("is told in plain lines, is seen in DNS, and ends with 0", async () => {
      using demo = new Demo([fromSources, "demo", "--once"]);
      const dnsPort = Number(await demo.found(/dig @127\.0\.0\.1 -p (\d+) ingress\.example\.com/));
      const deadlineMs = performance.now() + 100_000;
      const watching = watchDns(dnsPort, () => demo.isRunning && performance.now() < deadlineMs);
      const httpUrl = await demo.found(/curl (http:\/\/127\.0\.0\.1:\d+)\/metrics/);
      const folder = await demo.found(/(\/\S*ccs-demo-\w+)\/config\.yml/);
      for (const port of heldPorts) {
        assert.notEqual(dnsPort, port);
        assert.ok(!httpUrl.endsWith(`:${port}`), httpUrl);
      }
      assert.doesNotMatch(readFileSync(join(folder, "ccs.log"), "utf8"), /warning/, "the demo's own file is in order");
      const metrics = await (await fetch(`${httpUrl}/metrics`)).text();
      assert.match(metrics, /^ccs_build_info\{/m);

      const seen = await watching;
      assert.equal(await demo.ended(), 0, demo.output);
      assertInOrder(seen, [
        "CNAME primary.example.com",
        "CNAME secondary.example.com",
        "CNAME ingress-mix.example.com",
        "CNAME primary.example.com",
      ]);
      assert.deepEqual(
        seen.filter((each) => each === "nothing"),
        [],
        "the name was empty",
      );
      assertInOrder(demo.lines, [
        "Cloudflare CNAME Switcher: the demo",
        /^1\/4 {2}All is well$/,
        // Nothing is known of them yet.
        /^ +cable and mobile both work, which the daemon finds out first\. /,
        /✓ DNS says CNAME primary\.example\.com \(TTL 1 min\)\. Nothing had to be written\.$/,
        /^2\/4 {2}cable fails$/,
        /cable is down: connection refused \(2 in a row\)$/,
        /Telegram: ingress\.example\.com now points to mobile \(was cable\)$/,
        /✓ DNS says CNAME secondary\.example\.com \(TTL 5 min\)\. Visible (\d+ ms|\d\.\d s) after the failure, with/,
        /^3\/4 {2}cable comes back$/,
        /Telegram: ingress\.example\.com now points to cable and mobile \(was mobile\)$/,
        /✓ DNS says CNAME ingress-mix\.example\.com \(TTL 1 min\)\. Visible [3-9]\.\d s after cable came back, with/,
        /^4\/4 {2}The mix ends$/,
        /Telegram: ingress\.example\.com now points to cable \(was cable and mobile\)$/,
        /✓ DNS says CNAME primary\.example\.com \(TTL 1 min\)\. The mix was visible for [3-9]\.\d s; ending it took/,
        "All went well",
        /^3 changes of the record by 4 write requests, told in \d Telegram messages, and at no time without/,
      ]);
      assert.equal(demo.output, stripVTControlCharacters(demo.output), "control codes in a pipe");
      assert.equal(demo.errors, "");
      assert.ok(!existsSync(folder), `${folder} is still there`);
    });
  });

  describe("a story that cannot succeed", () => {
    test("ends with 1, and says what did not happen", async () => {
      const lines: string[] = [];
      const exitCode = await demoCommand({
        isOnce: true,
        slackMs: 4_000,
        prepare: ({ cloudflare }) => cloudflare.faults.always({ kind: "unavailable" }, writes),
        print: (line) => lines.push(line),
      });
      assert.equal(exitCode, 1);
      const told = lines.join(" ").replaceAll(/\s+/g, " ");
      assert.match(
        told,
        /✗ expected CNAME secondary\.example\.com \(TTL 5 min\) in DNS within 4 s, but it says CNAME primary/,
      );
      assert.match(told, /Something did not go as expected: +step 2 \(cable fails\): expected CNAME secondary/);
      assert.doesNotMatch(told, /All went well|3\/4/);
    });

    test("ends with 1 when it is interrupted", async () => {
      using demo = new Demo([fromSources, "demo", "--once"]);
      await demo.found(/^(2\/4)/);
      demo.send("SIGINT");
      assert.equal(await demo.ended(), 1);
      assert.match(demo.output, /interrupted before its end/);
    });
  });

  describe("without --once it goes on, and ends cleanly with 0", () => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      test(`on ${signal}`, async () => {
        using demo = new Demo([builtProgram(), "demo"]);
        const folder = await demo.found(/(\/\S*ccs-demo-\w+)\/config\.yml/);
        await demo.found(/^(1\/4)/);
        demo.send(signal);
        assert.equal(await demo.ended(), 0, demo.errors);
        assert.equal(demo.errors, "");
        assert.ok(!existsSync(folder), `${folder} is still there`);
      });
    }

    test("when it is npm that is told to end", async () => {
      // As npm does it: a shell in between, which dies of the signal.
      const script = '"$0" "$1" demo; exit';
      using demo = new Demo(["-c", script, process.execPath, fromSources], "sh", { npm_lifecycle_event: "demo" });
      const folder = await demo.found(/(\/\S*ccs-demo-\w+)\/config\.yml/);
      demo.send("SIGTERM");
      // Once the last of them is gone, nobody holds the other end of its output any more.
      await demo.ended();
      assert.equal(demo.errors, "");
      assert.ok(!existsSync(folder), `${folder} is still there`);
    });

    test("when nobody reads it any more", async () => {
      using demo = new Demo([builtProgram(), "demo"]);
      const folder = await demo.found(/(\/\S*ccs-demo-\w+)\/config\.yml/);
      demo.stopReading();
      assert.equal(await demo.ended(), 0, demo.errors);
      assert.equal(demo.errors, "");
      assert.ok(!existsSync(folder), `${folder} is still there`);
    });
  });

  describe("on a terminal", () => {
    test("a person takes over with keys, gives the story back, and leaves the terminal as it was", async () => {
      await using stage = await openStage({
        interval: "200ms",
        fastInterval: "100ms",
        timeout: "1s",
        rise: 1,
        fall: 2,
        holdUp: "300ms",
        sticky: "300ms",
      });
      const end = new AbortController();
      const terminal = new PretendedTerminal({ columns: 100, rows: 30 });
      const director = new Director(stage, {
        tell: (telling) => controls.tell(telling),
        signal: end.signal,
        // The story stays at its first step, so that it is known what the keys find.
        pauseMs: 600_000,
        restMs: 600_000,
        slackMs: 10_000,
      });
      using controls = new Controls(stage, director);
      const view = new LiveView({
        stage,
        controls,
        places: () => ({ program: "ccs", dnsPort: stage.world.dns.port, httpUrl: "", configPath: "", logPath: "" }),
        paint: (_, text) => text,
        output: terminal.output,
        input: terminal.input,
        isOpen: true,
        onQuit: () => end.abort(),
      });
      const playing = director.playOn();
      try {
        await terminal.shows(/Story 1\/4: All is well[^]*✓ DNS says CNAME primary\.example\.com/);
        assert.ok(terminal.isRaw);

        terminal.press("c");
        await terminal.shows(/You are in control[^]*repair cable/);
        assert.equal(stage.world.cable.server.behaviour.kind, "refuse");
        await terminal.shows(/→ CNAME secondary\.example\.com \(TTL 5 min\): visible \S+ m?s after cable broke\./);
        await terminal.shows(/cable .*✗ down for \d+ s/);

        terminal.press("h");
        terminal.press("c");
        await terminal.shows(/how: 503/);
        await terminal.shows(/→ CNAME primary\.example\.com \(TTL 1 min\): visible \S+ m?s after cable came back\./);

        terminal.press("m");
        await terminal.shows(/mobile .*✗ down for \d+ s[^]*repair mobile/);
        assert.deepEqual(stage.world.mobile.server.behaviour, { kind: "status", status: 503 });

        terminal.press("s");
        await terminal.shows(/Story 1\/4: All is well[^]*break cable.*break mobile/);
        assert.equal(stage.world.mobile.server.behaviour.kind, "ok");

        terminal.resize({ columns: 60, rows: 20 });
        await terminal.shows(/^Cloudflare CNAME Switcher · demo\n/);
        assert.equal(terminal.frame.length, 20);

        terminal.press("q");
        assert.ok(end.signal.aborted);
      } finally {
        end.abort();
        await playing;
        view[Symbol.dispose]();
      }
      assert.ok(terminal.written.startsWith("\u001B[?1049h\u001B[?25l"));
      assert.ok(terminal.written.endsWith("\u001B[?25h\u001B[?1049l"), "the cursor and the screen before are back");
      assert.ok(!terminal.isRaw);
    });
  });
});

/** A demo as a child process with nothing of ours in its environment, but with variables that must not lead it astray. */
class Demo implements Disposable {
  readonly lines: string[] = [];
  errors = "";
  readonly #child: ChildProcessWithoutNullStreams;
  #isOver = false;

  constructor(args: readonly string[], program = process.execPath, env: Readonly<Record<string, string>> = {}) {
    this.#child = spawn(program, args, {
      // A process group of its own, so that all of it can be ended.
      detached: true,
      env: {
        PATH: process.env["PATH"],
        HOME: join(tmpdir(), "nobody-is-at-home"),
        ...compileCache,
        CCS_CLOUDFLARE_API_URL: "http://127.0.0.1:9/client/v4",
        CCS_TELEGRAM_API_URL: "http://127.0.0.1:9",
        CCS_STATE_DIR: "/nowhere",
        BIND_ADDRESS: "192.0.2.1:80",
        ...env,
      },
    });
    this.#child.stdin.end();
    createInterface(this.#child.stdout).on("line", (line) => this.lines.push(line));
    this.#child.stderr.on("data", (chunk: Buffer) => (this.errors += chunk.toString()));
    this.#child.once("close", () => (this.#isOver = true));
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get output(): string {
    return this.lines.join("\n");
  }

  /** What the first group of `pattern` finds in a line, once there is one. */
  found(pattern: RegExp): Promise<string> {
    return eventually(
      `a line like ${pattern}`,
      () => {
        const match = this.lines.map((line) => pattern.exec(line)?.[1]).find((each) => each !== undefined);
        assert.ok(match !== undefined || this.isRunning, `The demo ended early.\n${this.output}\n${this.errors}`);
        return match;
      },
      { explain: () => `\n${this.output}\n${this.errors}` },
    );
  }

  /** Its exit code, once it and all that it started have ended. */
  async ended(): Promise<number | null> {
    await eventually("the end of the demo", () => this.#isOver, { explain: () => `\n${this.output}\n${this.errors}` });
    return this.#child.exitCode;
  }

  send(signal: NodeJS.Signals): void {
    assert.ok(this.#child.kill(signal));
  }

  /** As `head` does when it has enough. */
  stopReading(): void {
    this.#child.stdout.destroy();
  }

  [Symbol.dispose](): void {
    if (!this.#isOver && this.#child.pid !== undefined) process.kill(-this.#child.pid, "SIGKILL");
  }
}

/** What an ordinary resolver library sees of the ingress for as long as `goesOn`, each change once. */
async function watchDns(port: number, goesOn: () => boolean): Promise<string[]> {
  const resolver = new Resolver({ timeout: 500, tries: 1 });
  resolver.setServers([`127.0.0.1:${port}`]);
  const seen: string[] = [];
  while (goesOn()) {
    const sight = await look(resolver);
    // Its last questions may come when the demo is gone.
    if (sight !== undefined && seen.at(-1) !== sight) seen.push(sight);
    // Far shorter than two requests to Cloudflare, between which the name could be empty.
    await pause(3);
  }
  return seen;
}

async function look(resolver: Resolver): Promise<string | undefined> {
  const unlessNone = (error: NodeJS.ErrnoException): [] | undefined =>
    error.code === "ENODATA" || error.code === "ENOTFOUND" ? [] : undefined;
  const aliases = await resolver.resolveCname(ingressName).catch(unlessNone);
  if (aliases?.[0] !== undefined) return `CNAME ${aliases[0]}`;
  const ipv4 = await resolver.resolve4(ingressName, { ttl: true }).catch(unlessNone);
  const ipv6 = await resolver.resolve6(ingressName, { ttl: true }).catch(unlessNone);
  if (aliases === undefined || ipv4 === undefined || ipv6 === undefined) return undefined;
  const addresses = [...ipv4, ...ipv6];
  if (addresses.length === 0) return "nothing";
  return `${addresses.length === 2 ? "two addresses" : "one address"}, TTL ${addresses[0]?.ttl}`;
}

function assertInOrder(actual: readonly string[], expected: readonly (string | RegExp)[]): void {
  let from = 0;
  for (const each of expected) {
    const index = actual.findIndex(
      (line, position) => position >= from && (typeof each === "string" ? line === each : each.test(line)),
    );
    assert.ok(index >= 0, `${each} is missing, or not in its place, in\n${actual.join("\n")}`);
    from = index + 1;
  }
}

/** Streams that look like a terminal's, with what was drawn last. */
class PretendedTerminal {
  readonly output: WriteStream;
  readonly input: ReadStream;
  written = "";
  isRaw = false;
  readonly #keys = new EventEmitter();

  constructor(size: { columns: number; rows: number }) {
    const output = Object.assign(new EventEmitter(), {
      ...size,
      writableNeedDrain: false,
      write: (text: string) => {
        this.written += text;
        return true;
      },
    });
    this.output = output as unknown as WriteStream;
    const input = Object.assign(this.#keys, {
      setRawMode: (isRaw: boolean) => {
        this.isRaw = isRaw;
        return input;
      },
      resume: () => input,
      pause: () => input,
    });
    this.input = input as unknown as ReadStream;
  }

  /** The lines of the newest frame. */
  get frame(): readonly string[] {
    const newest = this.written.slice(this.written.lastIndexOf("\u001B[H"));
    return stripVTControlCharacters(newest)
      .split("\r\n")
      .map((line) => line.trimEnd());
  }

  press(key: string): void {
    this.#keys.emit("data", Buffer.from(key));
  }

  resize(size: { columns: number; rows: number }): void {
    Object.assign(this.output, size).emit("resize");
  }

  shows(pattern: RegExp): Promise<boolean> {
    return eventually(`a frame like ${pattern}`, () => pattern.test(this.frame.join("\n")), {
      explain: () => `\n${this.frame.join("\n")}`,
    });
  }
}
