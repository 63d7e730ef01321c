// What a check costs, beside Prometheus' blackbox exporter: both check the same servers at the same rate at the same time.
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, get } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pass } from "node:timers/promises";
import { stringify } from "yaml";
import { createAuthority } from "../../test/support/certificates.ts";
import { startDaemon } from "../../test/support/daemon-process.ts";
import { startFleet, type Fleet } from "../../test/support/fleet.ts";
import { costOf } from "../../test/support/process-cost.ts";
import { medianRatio, roundsOf, spreadOf, type BenchMeasure } from "./measure.ts";
import { findPeer } from "./peers.ts";

const ingresses = 10;
const intervalMs = 100;
const settleMs = 8_000;
const windowMs = 10_000;

export const checkMeasures: readonly BenchMeasure[] = [
  { name: "http", run: (rounds) => measureChecks(rounds, { scheme: "http", wanted: "≤ 0.35" }) },
  { name: "https", run: (rounds) => measureChecks(rounds, { scheme: "https", wanted: "≤ 0.80" }) },
];

async function measureChecks(rounds: number, { scheme, wanted }: { scheme: "http" | "https"; wanted: string }) {
  const program = findPeer("prometheus-blackbox-exporter");
  if (program === undefined) return { rows: [] };
  const folder = mkdtempSync(join(tmpdir(), "ccs-bench-"));
  try {
    const authority = await createAuthority();
    const ca = join(folder, "ca.pem");
    writeFileSync(ca, authority.ca);
    const names = Array.from({ length: ingresses }, (_, index) => `line${index}`);
    const tls = scheme === "http" ? {} : { tls: (hosts: readonly string[]) => authority.issue({ names: [...hosts] }) };
    await using fleet = await startFleet(names, tls);
    const check = { interval: `${intervalMs}ms`, ...(scheme === "https" && { ca_file: ca }) };
    await using daemon = startDaemon({ config: fleet.config({ check }), nodeArgs: [] });
    await daemon.until("it is ready", async () => (await daemon.get("/readyz")).status === 200, 120_000);
    await using peer = await BlackboxPeer.start(program, { folder, ca });
    const requests = (): number => requestsOf(fleet);
    const targets = fleet.ships.flatMap(({ cable, zone }) => [
      { url: cable.url, host: `cable.${zone}` },
      { url: fleet.mobile.url, host: `mobile.${zone}` },
    ]);
    peer.begin(targets);
    await pass(settleMs);
    const pairs = await roundsOf(rounds, async () => {
      const before = [costOf(daemon.pid).cpuMs, costOf(peer.pid).cpuMs, requests(), peer.done] as const;
      await pass(windowMs);
      const after = [costOf(daemon.pid).cpuMs, costOf(peer.pid).cpuMs, requests(), peer.done] as const;
      const theirs = after[3] - before[3];
      const ours = after[2] - before[2] - theirs;
      return {
        ours: ((after[0] - before[0]) * 1_000) / ours,
        peer: ((after[1] - before[1]) * 1_000) / theirs,
        rates: [ours, theirs].map((count) => Math.round(count / (windowMs / 1_000))),
      };
    });
    const [ours = 0, theirs = 0] = pairs.at(-1)?.rates ?? [];
    return {
      rows: [
        {
          what: `${scheme.toUpperCase()} check, ${2 * ingresses} endpoints, ${ours}/s (blackbox: ${theirs}/s)`,
          measured: `${spreadOf(
            pairs.map((pair) => pair.ours),
            0,
          )} µs`,
          ratio: medianRatio(pairs),
          peer: `blackbox: ${spreadOf(
            pairs.map((pair) => pair.peer),
            0,
          )} µs`,
          wanted,
        },
      ],
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function requestsOf(fleet: Fleet): number {
  return fleet.ships.reduce((sum, { cable }) => sum + cable.counts.requests, fleet.mobile.counts.requests);
}

/** A blackbox exporter that is asked for checks at the rhythm of ours. */
class BlackboxPeer implements AsyncDisposable {
  /** Checks that have succeeded. */
  done = 0;
  readonly #child: ChildProcess;
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true });
  #timer: NodeJS.Timeout | undefined;

  constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.#port = port;
  }

  static async start(program: string, { folder, ca }: { folder: string; ca: string }): Promise<BlackboxPeer> {
    const http = { preferred_ip_protocol: "ip4", fail_if_body_not_matches_regexp: ["OK"], tls_config: { ca_file: ca } };
    const config = join(folder, "blackbox.yml");
    writeFileSync(config, stringify({ modules: { page: { prober: "http", timeout: "5s", http } } }));
    const port = await freePort();
    const args = [`--config.file=${config}`, `--web.listen-address=127.0.0.1:${port}`, "--log.level=error"];
    const peer = new BlackboxPeer(spawn(program, args, { stdio: "ignore" }), port);
    for (let tries = 0; tries < 200 && !(await peer.#ask("/-/healthy")).includes("ealthy"); tries += 1) await pass(50);
    return peer;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  begin(targets: readonly { readonly url: string; readonly host: string }[]): void {
    let next = 0;
    // Spread over the interval, as ours are.
    this.#timer = setInterval(() => {
      const { url, host } = targets[next++ % targets.length] ?? { url: "", host: "" };
      const query = new URLSearchParams({ target: `${url}/healthz`, module: "page", hostname: host });
      void this.#ask(`/probe?${query.toString()}`).then((text) => {
        if (text.includes("\nprobe_success 1\n")) this.done += 1;
      });
    }, intervalMs / targets.length);
  }

  #ask(path: string): Promise<string> {
    return new Promise((resolve) => {
      get({ host: "127.0.0.1", port: this.#port, path, agent: this.#agent }, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => (text += chunk));
        response.on("end", () => resolve(text));
      }).on("error", () => resolve(""));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#agent.destroy();
    const ended = new Promise((resolve) => this.#child.once("close", resolve));
    this.#child.kill();
    await ended;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
