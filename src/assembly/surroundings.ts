// What tells and shows: messages, metrics, the web server and its API, around a daemon that does not need them.
import { routineOperations, type RequestMeasure } from "../cloud/requests.ts";
import type { Config, HttpConfig } from "../config/config.ts";
import type { Daemon } from "../daemon.ts";
import { systemClock, untilBeat } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { Notifier } from "../notify/notifier.ts";
import { outcomes } from "../notify/outbox.ts";
import type { Store } from "../store/store.ts";
import { Api, type Door } from "../web/api/api.ts";
import type { Archive } from "../web/api/archive.ts";
import {
  ControlSocketError,
  startControlSocket,
  type ControlPorts,
  type ControlSocket,
} from "../web/control-socket.ts";
import { Metrics } from "../web/metrics/metrics.ts";
import { isTurning } from "../web/liveness.ts";
import { MovableServer, type ListenPlace } from "../web/movable-server.ts";
import { ListenError, startWebServer, type WebExtra, type WebServer } from "../web/server.ts";
import { channelSetups } from "./channels.ts";
import { wordFact } from "./fact-words.ts";
import type { InternalErrors } from "./internal-errors.ts";
import { exceptStoreTrouble, type Memory } from "./memory.ts";
import { dashboardFiles } from "./own-files.ts";
import { StartError } from "./start-error.ts";
import { version } from "./version.ts";

/** How long the end waits for messages that are on their way. */
const lastWordsMs = 3_000;

/** How often the control socket is looked after. */
const controlLookMs = 2_000;

const clock = systemClock;

const noProxies: readonly string[] = [];

export interface SurroundingsOptions {
  readonly config: Config;
  readonly daemon: Daemon;
  /** Where messages wait until they are sent. */
  readonly store: Store;
  /** What happened, and what is kept of it. */
  readonly memory: Memory;
  /** Answers what readers ask of it. */
  readonly archive: Archive;
  readonly log: Log;
  readonly errors: Pick<InternalErrors, "report" | "count">;
  /** Calls to Cloudflare that could be made at once. */
  readonly cloudBudget: () => number;
  readonly extra?: WebExtra;
}

export class Surroundings implements AsyncDisposable {
  readonly #log: Log;
  readonly #onBug: (error: unknown) => void;
  readonly #daemon: Daemon;
  readonly #notifier: Notifier;
  readonly #metrics: Metrics;
  readonly #api: Api;
  readonly #stateDir: string;
  readonly #extra: WebExtra | undefined;
  readonly #web: MovableServer;
  #http: HttpConfig;
  #timeZone: string | undefined;
  #control: ControlSocket | undefined;
  /** What was told of it last. */
  #controlTrouble: string | undefined;
  #isKeeping = false;
  #isClosing = false;
  #cancelLook: (() => void) | undefined;

  constructor({ config, daemon, store, memory, archive, log, errors, cloudBudget, extra }: SurroundingsOptions) {
    this.#log = log;
    this.#onBug = errors.report;
    this.#daemon = daemon;
    this.#http = config.http;
    this.#timeZone = config.timeZone;
    this.#stateDir = config.stateDir;
    this.#extra = extra;
    this.#notifier = new Notifier({
      clock,
      random: Math.random,
      // The machine's own is asked for each time: it may be set while we run.
      timeZone: () => this.#timeZone ?? machineTimeZone(),
      store: store.outboxStore(),
      onOutcome: (channel, outcome, _, detail) => {
        this.#metrics.countNotification(channel, outcome);
        log[outcome === "sent" ? "debug" : "warn"]({ channel, outcome }, `message: ${detail || outcome}`);
      },
      onBug: exceptStoreTrouble((error) => this.#onBug(error)),
    });
    this.#metrics = new Metrics({
      state: () => daemon.state,
      clock,
      build: { version, node: process.version },
      queuedNotifications: () => this.#notifier.queued,
      cloudBudget,
      internalErrors: () => errors.count,
      isStateKept: () => memory.isKept,
      withProcess: true,
    });
    this.#notifier.use(channelSetups(config.notify, { clock, fetch }));
    this.#metrics.expectCloudRequests(routineOperations);
    this.#metrics.expectNotifications(
      config.notify.map(({ name }) => name),
      outcomes,
    );
    daemon.addListener(this.#metrics);
    daemon.addListener(this.#notifier);
    this.#api = this.#newApi(memory, archive);
    this.#web = new MovableServer({
      start: (place) => this.#startWeb(place),
      onStay: (message) => log.error(`http.listen stays as it was: ${message}`),
      onBug: (error) => this.#onBug(error),
    });
    daemon.addListener(this.#api);
    memory.onEntry = (entry) => this.#api.hearEntry(entry);
  }

  /** The port of the web server; `undefined` before `listen`. */
  get port(): number | undefined {
    return this.#web.port;
  }

  /** Is told about every request to Cloudflare when it has ended. */
  countCloudRequest(measure: RequestMeasure): void {
    this.#metrics.countCloudRequest(measure);
  }

  /** Starts the web server and the control socket. Throws a StartError when the former is not possible. */
  async listen(): Promise<void> {
    try {
      await this.#web.listen(this.#http);
    } catch (error) {
      if (error instanceof ListenError) throw new StartError("unavailable", error.message);
      throw error;
    }
    await this.#keepControl();
    this.#lookAtControl();
  }

  #lookAtControl(): void {
    this.#cancelLook = clock.setTimer(untilBeat(clock, controlLookMs), () => {
      this.#lookAtControl();
      void this.#keepControl();
    });
  }

  /** Sees to it that the command line finds us. Never rejects: the daemon does its work without. */
  async #keepControl(): Promise<void> {
    if (this.#isKeeping || this.#isClosing || this.#control?.isInPlace() === true) return;
    this.#isKeeping = true;
    try {
      await this.#control?.[Symbol.asyncDispose]();
      this.#control = undefined;
      const control = await startControlSocket(this.#stateDir, this.#portsOf("socket"));
      // The end came meanwhile, and looked for nothing to close.
      if (this.#isClosing) return await control[Symbol.asyncDispose]();
      this.#control = control;
      this.#log.debug({ path: this.#control.path }, "the command line can use the control socket");
      this.#controlTrouble = undefined;
    } catch (error) {
      if (!(error instanceof ControlSocketError)) return this.#onBug(error);
      if (error.message !== this.#controlTrouble) this.#log.warn({ folder: this.#stateDir }, error.message);
      this.#controlTrouble = error.message;
    } finally {
      this.#isKeeping = false;
    }
  }

  reconfigure(config: Config): void {
    this.#notifier.use(channelSetups(config.notify, { clock, fetch }));
    this.#http = config.http;
    this.#timeZone = config.timeZone;
    void this.#web.moveTo(config.http);
  }

  /** Tells people what happened to the state folder, and looks after the control socket in it. */
  tellOfState(text: string): void {
    this.#notifier.tell({ kind: "state-moved", text });
    void this.#keepControl();
  }

  /** Tells people of an internal error that the daemon lives with. */
  tellOfError(what: string): void {
    this.#notifier.tell({ kind: "internal-error", what });
  }

  /** Tells people that the daemon ends because of an internal error. */
  tellOfEnd(why: string): void {
    this.#notifier.tell({ kind: "corrupted", why });
  }

  /** Gives messages on their way a moment, then ends everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true;
    this.#cancelLook?.();
    this.#api[Symbol.dispose]();
    await this.#control?.[Symbol.asyncDispose]();
    await this.#web[Symbol.asyncDispose]();
    await this.#notifier.flush(lastWordsMs);
    await this.#notifier[Symbol.asyncDispose]();
  }

  async #startWeb({ host, port }: ListenPlace): Promise<WebServer> {
    const ports = { ...this.#portsOf("http"), metrics: this.#metrics };
    const web = await startWebServer(ports, {
      host,
      port,
      // Read at every request: a change needs no new server.
      allowedHosts: () => this.#http.hosts ?? [],
      trustedProxies: () => this.#http.trustedProxies ?? noProxies,
      version,
      dashboard: dashboardFiles(),
      ...(this.#extra && { extra: this.#extra }),
    });
    const authority = web.host.includes(":") ? `[${web.host}]:${web.port}` : `${web.host}:${web.port}`;
    this.#log.info({ url: `http://${authority}` }, `listening on http://${authority}`);
    return web;
  }

  /** What both doors need. */
  #portsOf(door: Door): ControlPorts {
    return {
      state: () => this.#daemon.state,
      isAlive: () => isTurning(this.#daemon, clock.nowMs()),
      api: this.#api.routes(door),
      onBug: (error) => this.#onBug(error),
    };
  }

  #newApi(memory: Memory, archive: Archive): Api {
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
      queuedNotifications: () => this.#notifier.queued,
      token: () => this.#http.token,
      onBug: (error) => this.#onBug(error),
    });
  }
}

function machineTimeZone(): string {
  // There is none where TZ names one that does not exist.
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions() as { readonly timeZone: string | undefined };
  return timeZone ?? "UTC";
}
