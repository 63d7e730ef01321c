// The parts of a daemon, put together over the ports of a runtime: what decides, what keeps and what tells. `ccs run`,
// the demo and the simulator all use this. First the parts, then the wires between them; nothing runs before `start`.
import type { RequestMeasure } from "../cloud/requests.ts";
import type { Config } from "../config/config.ts";
import { Notifier } from "../notify/notifier.ts";
import type { Outcome } from "../notify/outbox.ts";
import type { Store } from "../store/store.ts";
import { Wire } from "../lib/wire.ts";
import { Assembly, decidingPorts } from "./assembly.ts";
import { channelSetups } from "./channels.ts";
import type { InternalErrors } from "./internal-errors.ts";
import { exceptStoreTrouble, Memory } from "./memory.ts";
import type { Ports } from "./ports.ts";

/** How long the end waits for messages that are on their way. */
const lastWordsMs = 3_000;

export interface PartsOptions {
  readonly config: Config;
  readonly ports: Ports;
  /** Takes internal errors, and has people told about them. */
  readonly errors: InternalErrors;
}

/** Disposing of it gives messages on their way a moment, and writes what waits. Before that, `assembly` is closed. */
export class Parts implements AsyncDisposable {
  readonly store: Store;
  readonly assembly: Assembly;
  readonly memory: Memory;
  readonly notifier: Notifier;
  /** Each request to Cloudflare that has ended. */
  readonly requests = new Wire<[measure: RequestMeasure]>();
  /** Each attempt to deliver a message. */
  readonly deliveries = new Wire<[channel: string, outcome: Outcome]>();
  /** What happened to the state folder, for people. */
  readonly folderNews = new Wire<[text: string]>();
  readonly #ports: Ports;
  #config: Config;

  constructor({ config, ports, errors }: PartsOptions) {
    const { clock, chance, log } = ports;
    const usurpations = new Wire<[isUsurped: boolean]>();
    this.#ports = ports;
    this.#config = config;
    this.store = ports.openStore(config.stateDir, { onNews: this.folderNews.send, onUsurped: usurpations.send });
    this.assembly = new Assembly({ config, log, ports: decidingPorts(ports, this.requests.send), errors });
    const { daemon, reconciler } = this.assembly;
    this.memory = new Memory({
      store: this.store,
      clock,
      daemon,
      onBug: errors.report,
      onWarning: (message) => log.warn({ folder: config.stateDir }, message),
    });
    this.notifier = new Notifier({
      clock,
      random: chance("telling"),
      timeZone: () => this.#config.timeZone ?? ports.timeZone(),
      store: this.store.outboxStore(),
      onOutcome: (channel, outcome, _, detail) => {
        this.deliveries.send(channel, outcome);
        log[outcome === "sent" ? "debug" : "warn"]({ channel, outcome }, `message: ${detail || outcome}`);
      },
      onBug: exceptStoreTrouble(errors.report),
    });
    this.#useChannels();
    daemon.addListener(this.notifier);
    errors.news.connect((what) => this.notifier.tell({ kind: "internal-error", what }));
    this.folderNews.connect((text) => this.notifier.tell({ kind: "state-moved", text }));
    usurpations.connect((isUsurped) => (isUsurped ? reconciler.holdWrites() : reconciler.releaseWrites()));
  }

  /** Tells the daemon what an earlier life left behind, and begins to watch. */
  start(): void {
    this.memory.restore();
    this.assembly.start();
  }

  /** Continues with another configuration, or tries again what the same one did not achieve. */
  reconfigure(config: Config, news: "changed" | "unchanged" = "changed"): void {
    const { notify } = this.#config;
    this.#config = config;
    if (config.notify !== notify) this.#useChannels();
    this.assembly.reconfigure(config, news);
  }

  /** The configuration in force stays. `problems`: one line each. */
  reject(problems: readonly string[]): void {
    this.assembly.daemon.dispatch({ kind: "config-rejected", problems });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.notifier.flush(lastWordsMs);
    await this.notifier[Symbol.asyncDispose]();
    this.memory[Symbol.dispose]();
    this.store[Symbol.dispose]();
  }

  #useChannels(): void {
    const { clock, network } = this.#ports;
    this.notifier.use(channelSetups(this.#config.notify, { clock, fetch: network.fetch }));
  }
}
