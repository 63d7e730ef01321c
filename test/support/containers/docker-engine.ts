// Docker's engine and Compose for one test: in a network namespace of its own, which has no way out, with all of its files in one
// folder. Commands find it as they would on any machine, by the name `docker`.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { eventually } from "../eventually.ts";
import { findProgram } from "../programs.ts";
import { attempt, run, type CommandOptions, type Ended } from "./command.ts";

export class DockerEngine implements AsyncDisposable {
  /** For whatever runs commands beside it. */
  readonly env: Readonly<Record<string, string>>;
  readonly #folder: string;
  readonly #process: ChildProcess;

  private constructor(folder: string, engine: ChildProcess) {
    this.#folder = folder;
    this.#process = engine;
    const programs = join(folder, "bin");
    mkdirSync(programs);
    // Debian has Compose as a program of its own, which wants to be told that there is no terminal.
    const exec = '[ "$1" = exec ] && ! [ -t 0 ] && shift && set -- exec -T "$@"';
    const compose = `shift\n  ${exec}\n  exec docker-compose "$@"`;
    const words = `if [ "$1" = compose ]; then\n  ${compose}\nfi\nexec ${findProgram("docker")} "$@"`;
    for (const [name, script] of [
      ["docker", words],
      ["sudo", 'exec "$@"'],
    ] as const)
      writeFileSync(join(programs, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    this.env = {
      DOCKER_HOST: `unix://${folder}/socket`,
      PATH: `${programs}${delimiter}${process.env["PATH"]}`,
      // Nothing of whoever runs the test.
      DOCKER_CONFIG: join(folder, "config"),
      COMPOSE_ANSI: "never",
    };
  }

  /** Starts the engine; `folder` is for all that it keeps. Needs root. */
  static async start(folder: string): Promise<DockerEngine> {
    const log = openSync(join(folder, "engine.log"), "w");
    const places = ["--data-root", "data", "--exec-root", "exec", "--pidfile", "pid"].map((word) =>
      word.startsWith("--") ? word : join(folder, word),
    );
    const args = [...places, "--host", `unix://${folder}/socket`, "--storage-driver", "overlay2"];
    // It ends with this process, however that ends.
    const command = `ip link set lo up && exec dockerd ${args.join(" ")}`;
    const child = spawn("unshare", ["--net", "setpriv", "--pdeathsig", "TERM", "sh", "-c", command], {
      stdio: ["ignore", log, log],
    });
    const engine = new DockerEngine(folder, child);
    await eventually(
      "Docker's engine answers",
      async () => (await attempt("docker", ["info"], { env: engine.env })).code === 0,
      { timeoutMs: 60_000, explain: () => `\n${readFileSync(join(folder, "engine.log"), "utf8").slice(-2_000)}` },
    );
    return engine;
  }

  /** Runs a line of a shell that has to succeed. */
  shell(line: string, options: CommandOptions = {}): Promise<Ended> {
    return run("bash", ["-c", line], { ...options, env: { ...this.env, ...options.env } });
  }

  /** Asks for a URL as a program on the engine's machine would. */
  async get(url: string): Promise<string> {
    const ask = `fetch(${JSON.stringify(url)}).then((answer) => answer.text()).then(console.log)`;
    const args = ["--target", String(this.#process.pid), "--net", process.execPath, "--eval", ask];
    return (await run("nsenter", args)).stdout.trim();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await attempt("sh", ["-c", "docker ps --all --quiet | xargs -r docker rm --force --volumes"], { env: this.env });
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const ended = once(this.#process, "exit");
      this.#process.kill("SIGTERM");
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
