// How long commands and the daemon take to start, beside Node alone.
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pass } from "node:timers/promises";
import { startWorld, type World } from "../../src/emulation/world.ts";
import { builtProgram } from "../../test/support/built-program.ts";
import { costOf } from "../../test/support/process-cost.ts";
import { configOf } from "../../test/support/world-config.ts";
import { medianRatio, roundsOf, spreadOf, type BenchMeasure, type BenchPair } from "./measure.ts";
import { findPeer } from "./peers.ts";

interface Start {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** A home where Node may keep what it has compiled, as people have one, and a script that does nothing. */
class StartPlace implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "ccs-bench-"));
  readonly empty = join(this.folder, "empty.mjs");

  constructor() {
    chmodSync(this.folder, 0o755);
    writeFileSync(this.empty, "");
  }

  get env(): NodeJS.ProcessEnv {
    return { PATH: process.env["PATH"], HOME: this.folder };
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export const helpMeasure: BenchMeasure = {
  name: "help",
  async run(rounds) {
    using place = new StartPlace();
    const bash = findPeer("bash");
    if (bash === undefined) return { rows: [] };
    const timed = (...args: readonly string[]): Start => {
      const script = 'TIMEFORMAT="%R %U %S"; time "$@" >/dev/null 2>&1';
      const { stderr } = spawnSync(bash, ["-c", script, "bash", process.execPath, ...args], { env: place.env });
      const [real = NaN, user = NaN, system = NaN] = String(stderr).trim().split(" ").map(Number);
      return { wallMs: real * 1_000, cpuMs: (user + system) * 1_000 };
    };
    // What it compiles is kept by the first.
    timed(builtProgram(), "--help");
    const pairs = await roundsOf(
      3 * rounds,
      async () => [timed(builtProgram(), "--help"), timed(place.empty)] as const,
    );
    return { rows: startRows("`ccs --help`", pairs, { wall: "≤ 1.8", cpu: "" }) };
  },
};

export const readyMeasure: BenchMeasure = {
  name: "ready",
  async run(rounds) {
    using place = new StartPlace();
    await using world = await startWorld();
    await readyOnce(place, world);
    const pairs = await roundsOf(rounds, async () => [await readyOnce(place, world), await bareOnce(place)] as const);
    return { rows: startRows("`ccs run` until `/readyz` says 200, two endpoints", pairs, { wall: "≤ 3", cpu: "≤ 2" }) };
  },
};

function startRows(what: string, pairs: readonly (readonly [Start, Start])[], wanted: { wall: string; cpu: string }) {
  const of = (key: keyof Start): readonly BenchPair[] =>
    pairs.map(([ours, peer]) => ({ ours: ours[key], peer: peer[key] }));
  return (["wallMs", "cpuMs"] as const).map((key) => ({
    what: `${what}, ${key === "wallMs" ? "time" : "processor time"}`,
    measured: `${spreadOf(
      pairs.map(([ours]) => ours[key]),
      0,
    )} ms`,
    ratio: medianRatio(of(key)),
    peer: "Node alone",
    wanted: key === "wallMs" ? wanted.wall : wanted.cpu,
  }));
}

/** Starts a daemon with an empty state, waits until it is ready, and ends it. */
async function readyOnce(place: StartPlace, world: World): Promise<Start> {
  const folder = mkdtempSync(join(place.folder, "run-"));
  const config = join(folder, "config.yml");
  writeFileSync(config, configOf(world)(folder), { mode: 0o600 });
  const startedMs = performance.now();
  const child = spawn(process.execPath, [builtProgram(), "run", "--config", config], { env: place.env });
  try {
    for await (const line of createInterface(child.stdout)) {
      const url = /"msg":"listening on (http[^"]+)"/.exec(line)?.[1];
      if (url === undefined) continue;
      while (!(await isReady(`${url}/readyz`))) await pass(2);
      return { wallMs: performance.now() - startedMs, cpuMs: costOf(child.pid ?? 0).cpuMs };
    }
    throw new Error("the daemon ended before it was ready");
  } finally {
    const ended = new Promise((resolve) => child.once("close", resolve));
    // Not by force: what it has compiled is kept at its end.
    child.kill();
    child.stdout.resume();
    await ended;
  }
}

function isReady(url: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    get(url, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    }).on("error", reject);
  });
}

/** Node alone: a process that says so as soon as it runs. */
async function bareOnce(place: StartPlace): Promise<Start> {
  const startedMs = performance.now();
  const child = spawn(process.execPath, ["-e", "console.log(1); setTimeout(() => {}, 10_000)"], { env: place.env });
  await new Promise((resolve) => child.stdout.once("data", resolve));
  const start = { wallMs: performance.now() - startedMs, cpuMs: costOf(child.pid ?? 0).cpuMs };
  child.kill("SIGKILL");
  return start;
}
