// One run of the real daemon in the simulated world: put together as `ccs run` does it, over simulated ports.
import { Assembly } from "../assembly/assembly.ts";
import { channelSetups } from "../assembly/channels.ts";
import { exceptStoreTrouble, Memory } from "../assembly/memory.ts";
import { CloudflareProvider } from "../cloud/cloudflare.ts";
import type { Config } from "../config/config.ts";
import type { Turn } from "../daemon.ts";
import type { State } from "../core/model.ts";
import { createResolver } from "../dns/resolver.ts";
import { createLog } from "../lib/log.ts";
import { Notifier } from "../notify/notifier.ts";
import type { Fault } from "./faults.ts";
import type { SimulatedWorld } from "./world.ts";
import { Monitor } from "./monitor.ts";
import { streamOf } from "./random.ts";
import { cloudflareFetch } from "./services.ts";
import { ProcessClock } from "./time.ts";

/** What is under way or waits in a process. */
export interface Load {
  readonly probes: number;
  /** The most that any one address ever had at once. */
  readonly probesOfOne: number;
  readonly timers: number;
  readonly messages: number;
}

export class DaemonRun {
  readonly number: number;
  readonly clock: ProcessClock;
  readonly #assembly: Assembly;
  readonly #memory: Memory;
  readonly #notifier: Notifier;
  readonly #load: () => Load;

  constructor(world: SimulatedWorld, number: number, config: Config, wallAheadMs: number) {
    this.number = number;
    const clock = new ProcessClock(world.time, wallAheadMs);
    this.clock = clock;
    const { time, internet, link, resolvers, api, bot, disk, watcher, seed } = world;
    const stream = (name: string) => streamOf(seed, `${name} of run ${number}`);
    const onMoment = (moment: Parameters<SimulatedWorld["reached"]>[0]): void => world.reached(moment, this);
    const monitor = new Monitor({
      time,
      clock,
      internet,
      link,
      resolvers,
      edges: world.edges,
      certificates: world.certificates,
      random: stream("network"),
      edgeRandom: stream("way to the name servers"),
      onProbe: (address, observation, isGenuine) =>
        this.isAlive && watcher.probed?.(address, observation, isGenuine, this),
      onReach: (anchor, isReached) => this.isAlive && watcher.anchorTried?.(anchor, isReached, this),
    });
    const onBug = (text: string): void => watcher.bug?.(text);
    const log = createLog({
      level: "error",
      isForPeople: false,
      stream: { write: (line) => void (line.includes("internal error") && onBug(line)) },
    });
    const way = { time, clock, link, onMoment, worldEnds: world.ends, certificate: world.certificateOfServices };
    const fetchApi = cloudflareFetch(
      {
        ...way,
        random: stream("way to Cloudflare"),
        isDated: world.certificates !== undefined,
        onRequest: (isWrite, sentMs) => watcher.requested?.(isWrite, sentMs),
        onAnswer: (status, retryAfterSeconds) => watcher.answered?.(status, retryAfterSeconds),
      },
      api,
    );
    const fetchBot = bot.fetchOver({ ...way, random: stream("way to the bot") });
    const resolve = createResolver({ clock, exchange: monitor.exchange });
    this.#assembly = new Assembly({
      config,
      log,
      ports: {
        clock,
        random: stream("daemon"),
        resolve: async (host, servers, options) => {
          const resolution = await resolve(host, servers, options);
          if (this.isAlive) watcher.resolved?.(host, resolution, this);
          return resolution;
        },
        exchange: monitor.exchange,
        probe: monitor.probe,
        reach: monitor.reach,
        createProvider: ({ token, apiUrl }, onTime) =>
          new CloudflareProvider({ token, apiUrl, clock, onTime, fetch: fetchApi }),
      },
    });
    const store = disk.open(clock, () => this.isAlive);
    const { daemon } = this.#assembly;
    const onOddity = exceptStoreTrouble((error) => this.isAlive && onBug(String(error)));
    this.#memory = new Memory({ store, clock, daemon, onBug: onOddity });
    this.#notifier = new Notifier({
      clock,
      random: stream("notifier"),
      store: store.outboxStore(),
      onOutcome: () => {},
      onBug: onOddity,
    });
    this.#notifier.use(channelSetups(config.notify, { clock, fetch: fetchBot }));
    this.#load = () => ({
      probes: monitor.probesUnderWay,
      probesOfOne: monitor.mostOfOneAddress,
      timers: clock.pending,
      messages: [...this.#notifier.queued.values()].reduce((sum, many) => sum + many, 0),
    });
    daemon.addListener({
      hear: (turn: Turn) => {
        if (!this.isAlive) return;
        this.#notifier.hear(turn);
        // A message that was stored may have been its end.
        if (this.isAlive) watcher.turned?.(turn, this);
      },
    });
  }

  get isAlive(): boolean {
    return !this.clock.isKilled;
  }

  get state(): State {
    return this.#assembly.daemon.state;
  }

  /** How busy it is. */
  get load(): Load {
    return this.#load();
  }

  start(): void {
    this.#memory.restore();
    this.#assembly.start();
  }

  reload(config: Config): void {
    this.#assembly.reconfigure(config);
  }

  rejectConfig(problems: readonly string[]): void {
    this.#assembly.daemon.dispatch({ kind: "config-rejected", problems });
  }

  /** A manual override reaches it as soon as it runs. */
  hearWord({ what, site, forMs }: Fault & { kind: "word" }, ingresses: Config["ingresses"]): void {
    for (const { record: ingress, endpoints } of ingresses) {
      const endpoint = endpoints[site]?.name ?? "";
      this.clock.setTimer(0, () => {
        const untilMs = this.clock.nowMs() + forMs;
        const { daemon } = this.#assembly;
        if (what === "resume") daemon.dispatch({ kind: "resumed", ingress });
        else daemon.dispatch({ kind: "override-set", ingress, override: { kind: what, endpoint, untilMs } });
      });
    }
  }

  /** Ends it as a signal would: what is on its way may end. */
  async close(): Promise<void> {
    await this.#assembly.close();
    await this.#notifier.flush(3_000);
    await this.#notifier[Symbol.asyncDispose]();
    if (this.isAlive) this.#memory[Symbol.dispose]();
    this.kill();
  }

  /** Ends it in the middle of whatever it is doing. */
  kill(): void {
    this.clock.kill();
  }
}
