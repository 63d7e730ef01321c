// On a machine without a network, as on one whose cable is not plugged in: what a person is told, and how soon.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test, type TestContext } from "node:test";
import { builtProgram, runCcs, type Finished } from "../support/built-program.ts";
import { eventually } from "../support/eventually.ts";
import { examplesIn } from "../support/walkthrough.ts";
import { requireNamespaces } from "../support/programs.ts";

const root = mkdtempSync(join(tmpdir(), "ccs-offline-"));
after(() => rmSync(root, { recursive: true, force: true }));

/** The configuration of the README, in a folder of its own. */
function newPlace(): string {
  const folder = mkdtempSync(join(root, "place-"));
  const [config] = examplesIn("README.md").filter(({ language }) => language === "yaml");
  writeFileSync(join(folder, "config.yml"), config?.text ?? "", { mode: 0o600 });
  return folder;
}

interface Offline extends AsyncDisposable {
  readonly stdout: () => string;
  readonly ended: Promise<Finished>;
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly kill: (signal: NodeJS.Signals) => void;
}

/** Runs `ccs` in a network of its own, in which there is nothing; `undefined` where that cannot be had here. */
function startOffline(t: TestContext, args: readonly string[]): Offline | undefined {
  const apart = requireNamespaces(t, ["--net"]);
  if (apart === undefined) return undefined;
  const [unshare = "", ...words] = [...apart, "--", process.execPath, builtProgram(), ...args];
  const folder = newPlace();
  const env = { HOME: folder, CCS_STATE_DIR: join(folder, "state"), CLOUDFLARE_API_TOKEN: "T".repeat(40) };
  const child = spawn(unshare, words, { cwd: folder, env: { PATH: process.env["PATH"], ...env } });
  child.stdin.end();
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = once(child, "close").then(([code]): Finished => ({ code: code as number | null, stdout, stderr }));
  return {
    stdout: () => stdout,
    ended,
    folder,
    env,
    kill: (signal) => child.kill(signal),
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** As the operating system and Node put it. */
const raw = /getaddrinfo|connect E[A-Z]+|ECONN|fetch failed/;

describe("without a network", { concurrency: 3 }, () => {
  test("ccs plan says once what is the matter, in plain words, and does not wait for what cannot come", async (t) => {
    const startedMs = performance.now();
    await using offline = startOffline(t, ["plan"]);
    if (offline === undefined) return;
    const { code, stdout, stderr } = await offline.ended;
    assert.deepEqual([code, stderr], [69, ""]);
    assert.match(
      stdout.replaceAll(/\s+/g, " "),
      /this machine cannot look up the name api\.cloudflare\.com \(EAI_AGAIN\)/,
    );
    assert.equal(stdout.match(/api\.cloudflare\.com/g)?.length, 1, stdout);
    assert.match(stdout, /→ ccs doctor/);
    assert.doesNotMatch(stdout, raw);
    // A round waits for half a minute where anything can still come of it.
    assert.ok(performance.now() - startedMs < 20_000);
  });

  test("ccs run --once leaves the record as it is, and waits no longer than a round takes", async (t) => {
    const startedMs = performance.now();
    await using offline = startOffline(t, ["run", "--once"]);
    if (offline === undefined) return;
    const { code, stdout } = await offline.ended;
    assert.equal(code, 1);
    assert.match(stdout, /left as it is: .*this machine cannot look up the name api\.cloudflare\.com \(EAI_AGAIN\)$/m);
    assert.ok(performance.now() - startedMs < 50_000);
  });

  test("ccs doctor gives each advice once, though several things need it", async (t) => {
    await using offline = startOffline(t, ["doctor"]);
    if (offline === undefined) return;
    const { code, stdout } = await offline.ended;
    assert.equal(code, 1);
    assert.match(stdout, /no route to the internet/);
    assert.equal(stdout.match(/✗ resolver/g)?.length, 4, stdout);
    assert.equal(stdout.match(/port 53 are open/g)?.length, 1, stdout);
    assert.doesNotMatch(stdout, raw);
  });

  test("ccs run says within half a minute what keeps it from its work, and what to do", async (t) => {
    await using offline = startOffline(t, ["run"]);
    if (offline === undefined) return;
    const line = await eventually(
      "the daemon says it",
      () => /^.*nothing could be reached.*$/m.exec(offline.stdout())?.[0],
    );
    const { level, msg } = JSON.parse(line) as { level: string; msg: string };
    assert.equal(level, "warn");
    assert.match(msg, /is this machine online\? ccs doctor, in another terminal, says what is wrong and what to do/);
    assert.match(offline.stdout(), /this machine cannot look up the name api\.cloudflare\.com/);
    assert.doesNotMatch(offline.stdout(), raw);
    // Its socket is a file, which is not a matter of the network.
    const status = await runCcs(["status"], { cwd: offline.folder, env: offline.env });
    const said = status.stdout.replaceAll(/\s+/g, " ");
    assert.match(
      said,
      /! Cloudflare, since .*: this machine cannot look up the name api\.cloudflare\.com \(EAI_AGAIN\)/,
    );
    assert.match(said, /not ready yet: .*its records are not known yet: .* cannot look up the name/);
    assert.match(
      said,
      /cable standby ○ unknown \S+ \S+ not probed yet: primary\.example\.com: \S+ could not be queried/,
    );
    assert.doesNotMatch(said, raw);
    offline.kill("SIGTERM");
    assert.equal((await offline.ended).code, 0);
  });
});
