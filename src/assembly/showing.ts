// What shows: metrics, the web server with its API, and the control socket, around a daemon that does not need them.
import { routineOperations } from "../cloud/requests.ts";
import type { Config, HttpConfig } from "../config/config.ts";
import type { Daemon } from "../daemon.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { outcomes } from "../notify/outbox.ts";
import { Api, type Door } from "../web/api/api.ts";
import type { Archive } from "../web/api/archive.ts";
import type { ControlPorts } from "../web/control-socket.ts";
import { Metrics } from "../web/metrics/metrics.ts";
import { isTurning } from "../web/liveness.ts";
import { MovableServer, type ListenPlace } from "../web/movable-server.ts";
import { ListenError } from "../web/errors.ts";
import type { WebExtra, WebServer } from "../web/server.ts";
import { ControlKeeper } from "./control.ts";
import { wordFact } from "./fact-words.ts";
import type { InternalErrors } from "./internal-errors.ts";
import type { Parts } from "./parts.ts";
import type { Doors } from "./ports.ts";
import { StartError } from "./start-error.ts";
import { version } from "./version.ts";

const noProxies: readonly string[] = [];

export interface ShowingOptions {
  readonly config: Config;
  readonly parts: Parts;
  /** Answers what readers ask of it. */
  readonly archive: Archive;
  readonly clock: Clock;
  readonly log: Log;
  readonly doors: Doors;
  readonly errors: Pick<InternalErrors, "report" | "count">;
  readonly extra: WebExtra | undefined;
}

export class Showing implements AsyncDisposable {
  readonly #options: ShowingOptions;
  readonly #daemon: Daemon;
  readonly #metrics: Metrics;
  readonly #api: Api;
  readonly #web: MovableServer;
  readonly #control: ControlKeeper;
  #http: HttpConfig;

  constructor(options: ShowingOptions) {
    const { config, parts, archive, clock, log, doors, errors } = options;
    const { stateDir } = config;
    const { memory } = parts;
    this.#options = options;
    this.#daemon = parts.assembly.daemon;
    this.#http = config.http;
    this.#metrics = this.#newMetrics();
    this.#api = this.#newApi(archive);
    this.#web = new MovableServer({
      start: (place) => this.#startWeb(place),
      onStay: (message) => log.error(`http.listen stays as it was: ${message}`),
      onBug: errors.report,
    });
    const start = () => doors.startControl(stateDir, this.#portsOf("socket"));
    this.#control = new ControlKeeper({ clock, log, stateDir, start, onBug: errors.report });
    this.#daemon.addListener(this.#metrics);
    this.#daemon.addListener(this.#api);
    parts.requests.connect((measure) => this.#metrics.countCloudRequest(measure));
    parts.deliveries.connect((channel, outcome) => this.#metrics.countNotification(channel, outcome));
    // The socket may have gone with the folder.
    parts.folderNews.connect(() => void this.#control.keep());
    memory.entries.connect((entry) => this.#api.hearEntry(entry));
  }

  /** The port of the web server; `undefined` before `listen`. */
  get port(): number | undefined {
    return this.#web.port;
  }

  /** Starts the web server and the control socket. Throws a StartError when the former is not possible. */
  async listen(): Promise<void> {
    try {
      await this.#web.listen(this.#http);
    } catch (error) {
      if (error instanceof ListenError) throw new StartError("unavailable", error.message);
      throw error;
    }
    await this.#control.start();
  }

  reconfigure(config: Config): void {
    this.#http = config.http;
    void this.#web.moveTo(config.http);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#control.stopLooking();
    this.#api[Symbol.dispose]();
    await this.#control[Symbol.asyncDispose]();
    await this.#web[Symbol.asyncDispose]();
  }

  async #startWeb({ host, port }: ListenPlace): Promise<WebServer> {
    const { clock, log, doors, extra } = this.#options;
    const ports = { ...this.#portsOf("http"), clock, metrics: this.#metrics };
    const web = await doors.startWeb(ports, {
      host,
      port,
      // Read at every request: a change needs no new server.
      allowedHosts: () => this.#http.hosts ?? [],
      trustedProxies: () => this.#http.trustedProxies ?? noProxies,
      version,
      dashboard: doors.dashboard(),
      extra,
    });
    const authority = web.host.includes(":") ? `[${web.host}]:${web.port}` : `${web.host}:${web.port}`;
    log.info({ url: `http://${authority}` }, `listening on http://${authority}`);
    return web;
  }

  /** What both doors need. */
  #portsOf(door: Door): ControlPorts {
    const { clock, errors } = this.#options;
    return {
      state: () => this.#daemon.state,
      isAlive: () => isTurning(this.#daemon, clock.nowMs()),
      api: this.#api.routes(door),
      onBug: errors.report,
    };
  }

  #newMetrics(): Metrics {
    const { config, parts, clock, doors, errors } = this.#options;
    const metrics = new Metrics({
      state: () => this.#daemon.state,
      clock,
      build: { version, node: doors.runtimeVersion },
      queuedNotifications: () => parts.notifier.queued,
      cloudBudget: () => parts.assembly.reconciler.budget.remaining,
      internalErrors: () => errors.count,
      isStateKept: () => parts.memory.isKept,
      withProcess: true,
    });
    metrics.expectCloudRequests(routineOperations);
    metrics.expectNotifications(
      config.notify.map(({ name }) => name),
      outcomes,
    );
    return metrics;
  }

  #newApi(archive: Archive): Api {
    const { parts, clock, errors } = this.#options;
    const { memory, notifier } = parts;
    return new Api({
      clock,
      version,
      state: () => this.#daemon.state,
      dispatch: (event) => this.#daemon.dispatch(event),
      isKept: () => memory.isKept,
      statePath: () => memory.path,
      isKeepingUp: () => memory.isKeepingUp,
      earlier: memory.earlier,
      archive,
      word: wordFact,
      queuedNotifications: () => notifier.queued,
      token: () => this.#http.token,
      onBug: errors.report,
    });
  }
}
