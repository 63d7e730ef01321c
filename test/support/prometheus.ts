// A real Prometheus that scrapes one daemon, several times a second, and answers queries.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { eventually } from "./eventually.ts";
import { freePort } from "./ports.ts";

/** One series of an answer. */
export interface Answer {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Prometheus extends AsyncDisposable {
  /** What an expression gives now. Throws what Prometheus says is wrong with it. */
  query(expr: string): Promise<readonly Answer[]>;
}

/** Starts it; it ends, and its data goes, with the scope of `await using`. `target`: host and port of the daemon. */
export async function startPrometheus(program: string, target: string): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), "ccs-prometheus-"));
  const port = await freePort();
  const file = join(folder, "prometheus.yml");
  const jobs = [{ job_name: "ccs", static_configs: [{ targets: [target] }] }];
  writeFileSync(
    file,
    stringify({ global: { scrape_interval: "400ms", scrape_timeout: "400ms" }, scrape_configs: jobs }),
  );
  const flags = [
    `--config.file=${file}`,
    `--storage.tsdb.path=${folder}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  const child = spawn(program, flags, { stdio: ["ignore", "ignore", "pipe"] });
  const ended = once(child, "close");
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4_000)));
  const url = `http://127.0.0.1:${port}`;
  const end = async (): Promise<void> => {
    if (child.exitCode === null) child.kill("SIGKILL");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const isReady = async (): Promise<boolean> => (await fetch(`${url}/-/ready`).catch(() => undefined))?.ok === true;
    await eventually("Prometheus", isReady, { explain: () => `\n${said}` });
  } catch (error) {
    await end();
    throw error;
  }
  return {
    async query(expr) {
      const response = await fetch(`${url}/api/v1/query`, {
        method: "POST",
        body: new URLSearchParams({ query: expr }),
      });
      const document = (await response.json()) as
        | { readonly status: "error"; readonly error: string }
        | { readonly status: "success"; readonly data: { readonly resultType: string; readonly result: unknown } };
      if (document.status === "error") throw new Error(`${expr}: ${document.error}`);
      if (document.data.resultType !== "vector") throw new Error(`${expr}: gives a ${document.data.resultType}`);
      const result = document.data.result as readonly {
        readonly metric: Answer["metric"];
        readonly value: readonly [number, string];
      }[];
      return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
    },
    [Symbol.asyncDispose]: end,
  };
}
