// The stage of the demo: the emulated world, and over it the ordinary daemon with a configuration file in a folder of
// its own, which is removed in the end.
import { findIngress } from "../core/find.ts";
import { readFromDisk } from "../runtime/node/read-file.ts";
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunningDaemon } from "../assembly/running.ts";
import { startDaemon } from "../runtime/node/start.ts";
import { StartError } from "../assembly/start-error.ts";
import { loadConfig } from "../config/load.ts";
import type { Environment } from "../config/format/variables.ts";
import type { IngressState, State } from "../core/model.ts";
import { holdUntilMs } from "../core/selection/hold.ts";
import { initialState } from "../core/step.ts";
import { systemClock } from "../runtime/node/clock.ts";
import { parseDurationMs } from "../core/units.ts";
import { createLog } from "../lib/log.ts";
import { demoHttpToken } from "../web/dashboard/demo/document.ts";
import type { WebExtra } from "../web/server.ts";
import { Feed } from "./feed.ts";
import { listenTcp } from "../emulation/listen.ts";
import type { Scenery } from "./scenes.ts";
import { Witness } from "./witness.ts";
import { ingressName, startWorld, worldConfig, type Tempo, type World } from "../emulation/world.ts";

/** Ports that are easy to remember. Where they are taken, any others will do. */
const preferredPorts = { dns: 5300, http: 3000 };

/** Starts everything, with `extra` in the daemon's web server. `await using` ends it and leaves nothing behind. */
export async function openStage(tempo: Tempo, extra?: WebExtra): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(new StageFolder());
  const world = stack.use(await startWorld({ preferredDnsPort: preferredPorts.dns }));
  const witness = stack.use(new Witness(world, systemClock));
  const stage = new Stage({ tempo, folder: folder.path, world, witness, ...(extra && { extra }) });
  stack.defer(() => stage.stopDaemon());
  await stage.start();
  stage.own(stack.move());
  return stage;
}

interface StageParts {
  readonly tempo: Tempo;
  readonly folder: string;
  readonly world: World;
  readonly witness: Witness;
  readonly extra?: WebExtra;
}

export class Stage implements Scenery, AsyncDisposable {
  readonly clock = systemClock;
  readonly world: World;
  readonly witness: Witness;
  readonly feed = new Feed();
  readonly stickyMs: number;
  readonly fall: number;
  readonly configPath: string;
  readonly logPath: string;
  readonly #tempo: Tempo;
  readonly #extra: WebExtra | undefined;
  readonly #stateDir: string;
  #running: RunningDaemon | undefined;
  #parts: AsyncDisposable | undefined;

  constructor({ tempo, folder, world, witness, extra }: StageParts) {
    this.world = world;
    this.witness = witness;
    this.stickyMs = parseDurationMs(tempo.sticky) ?? 0;
    this.fall = tempo.fall;
    this.configPath = join(folder, "config.yml");
    this.logPath = join(folder, "ccs.log");
    this.#stateDir = join(folder, "state");
    this.#tempo = tempo;
    this.#extra = extra;
  }

  /** What the daemon believes; empty while it does not run. */
  get state(): State {
    return this.#running?.daemon.state ?? initialState;
  }

  /** The state of the one ingress, unless it was removed from the configuration. */
  get ingress(): IngressState | undefined {
    return findIngress(this.state, ingressName);
  }

  /** Where the daemon's own web server is, without trailing slash. */
  get httpUrl(): string {
    return `http://127.0.0.1:${this.#running?.port ?? preferredPorts.http}`;
  }

  readonly isReady = async (): Promise<boolean> => {
    try {
      const response = await fetch(`${this.httpUrl}/readyz`);
      await response.body?.cancel();
      return response.ok;
    } catch {
      return false;
    }
  };

  readonly holdUpMs = (): number => {
    const nowMs = this.clock.nowMs();
    if (this.ingress !== undefined) return holdUntilMs(this.ingress, this.world.cable.name, nowMs) - nowMs;
    return parseDurationMs(this.#tempo.holdUp) ?? 0;
  };

  /** Writes the configuration and starts the daemon over it. */
  async start(): Promise<void> {
    mkdirSync(this.#stateDir);
    this.#writeConfig(preferredPorts.http);
    const isStarted = await this.#tryToStart({});
    if (isStarted) return;
    // A port of its own, so that the page finds the daemon again after it has started afresh.
    this.#writeConfig(await freePort());
    await this.#startDaemon({});
  }

  /**
   * Starts the daemon again where it remembers what the story must not meet: so many outages of cable that the traffic
   * would be held back for long, what a person said, or that another program keeps undoing its records. Does nothing
   * while the configuration file, which people may edit, is wrong. Resolves to whether it did.
   */
  async startAfresh(): Promise<boolean> {
    const { departures = [], overrides = [], undoneAtMs = [], standoff } = this.ingress ?? {};
    const isUndisturbed = overrides.length === 0 && undoneAtMs.length === 0 && standoff === undefined;
    const isFresh = departures.length < 2 && isUndisturbed;
    if (isFresh || loadConfig({ path: this.configPath, env: {}, readFile: readFromDisk }).kind === "invalid")
      return false;
    await this.stopDaemon();
    rmSync(this.#stateDir, { recursive: true, force: true });
    mkdirSync(this.#stateDir);
    const isStarted = await this.#tryToStart({});
    if (!isStarted) await this.#startDaemon({ BIND_ADDRESS: "127.0.0.1:0" });
    return true;
  }

  async stopDaemon(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.[Symbol.asyncDispose]();
  }

  /** Takes over what is to end with the stage. */
  own(parts: AsyncDisposable): void {
    this.#parts = parts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts?.[Symbol.asyncDispose]();
  }

  /** False when the port of the web server is taken. */
  async #tryToStart(env: Environment): Promise<boolean> {
    try {
      await this.#startDaemon(env);
      return true;
    } catch (error) {
      if (error instanceof StartError && error.reason === "unavailable") return false;
      throw error;
    }
  }

  /** Never with this process's environment: a variable there could lead the daemon to the real Cloudflare. */
  async #startDaemon(env: Environment): Promise<void> {
    const stream = { write: (line: string) => this.#takeLogLine(line) };
    const log = createLog({ level: "info", isForPeople: false, stream });
    this.#running = await startDaemon({ path: this.configPath, env, log, extra: this.#extra });
  }

  #writeConfig(httpPort: number): void {
    const places = { stateDir: this.#stateDir, listen: `127.0.0.1:${httpPort}`, httpToken: demoHttpToken };
    writeFileSync(this.configPath, worldConfig(this.world, this.#tempo, places), { mode: 0o600 });
  }

  #takeLogLine(line: string): void {
    appendFileSync(this.logPath, line);
    this.feed.takeLogLine(line);
  }
}

async function freePort(): Promise<number> {
  await using listening = await listenTcp(createServer());
  return listening.port;
}

/** A new folder that is removed again however this process ends, unless it is killed. */
class StageFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "ccs-demo-"));
  readonly #remove = (): void => rmSync(this.path, { recursive: true, force: true });

  constructor() {
    process.once("exit", this.#remove);
  }

  [Symbol.dispose](): void {
    process.off("exit", this.#remove);
    this.#remove();
  }
}
