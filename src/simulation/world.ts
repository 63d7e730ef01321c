// The simulated world: everything outside the daemon, the daemon's runs in it, and the faults that befall them.
import { setMaxListeners } from "node:events";
import type { Config } from "../config/config.ts";
import type { Validity } from "../core/model.ts";
import { CloudflareApi, demoToken } from "../emulation/cloudflare/api.ts";
import type { RecordDraft, ZoneOptions } from "../emulation/cloudflare/store.ts";
import { DaemonRun } from "./daemon-run.ts";
import { Disk } from "./disk.ts";
import { edgesOf, type Edge } from "./edges.ts";
import { holdsMix, momentOf, reloadedConfig } from "./fault-effects.ts";
import type { CrashMoment, Fault } from "./faults.ts";
import { followHost } from "./hosts.ts";
import { Internet, type Site, type SiteOptions } from "./internet.ts";
import { editByHand, takeOver } from "./meddlers.ts";
import { Link } from "./monitor.ts";
import { between, streamOf } from "./random.ts";
import { Resolver, type ResolverHabits } from "./resolvers.ts";
import { Receiver } from "./receiver.ts";
import { afflictApi } from "./services.ts";
import { SimulatedTime } from "./time.ts";
import type { Watcher } from "./watcher.ts";

export const zoneName = "example.com";
export type { Watcher } from "./watcher.ts";
export { demoToken };

export interface SimulatedWorldOptions {
  readonly seed: number;
  readonly config: Config;
  readonly sites: readonly SiteOptions[];
  readonly resolvers: readonly ResolverHabits[];
  /** What is in the zone at first. */
  readonly records: readonly RecordDraft[];
  /** All zones and what is in them, in place of the one zone with `records`. */
  readonly zones?: readonly ZoneOptions[];
  /** Whether the daemon's state is kept in a file, for worlds in which processes end; `false` by default. */
  readonly hasFiles?: boolean;
  /**
   * From when to when the certificates of all sites are valid; without it they are not checked, and no answer has a
   * Date.
   */
  readonly certificates?: Validity;
  /** The same for Cloudflare and the bot: a clock that is wrong by more keeps the daemon from both. */
  readonly certificateOfServices?: Validity;
  /** What time it is at the beginning, milliseconds since 1970. */
  readonly beganWallMs?: number;
}

export class SimulatedWorld implements Disposable {
  readonly seed: number;
  readonly time: SimulatedTime;
  readonly internet: Internet;
  readonly link: Link;
  readonly resolvers: readonly Resolver[];
  readonly api: CloudflareApi;
  /** What the emulated Cloudflare serves. */
  readonly zoneNames: readonly string[];
  readonly edges: readonly Edge[];
  /** What takes the messages of each channel, in the order of the configuration. */
  readonly receivers: readonly Receiver[];
  readonly disk: Disk;
  /** Fires when the world ends. */
  readonly ends: AbortSignal;
  readonly #ending = new AbortController();
  readonly watcher: Watcher;
  readonly certificates: Validity | undefined;
  readonly certificateOfServices: Validity | undefined;
  /** The configuration as it lies on disk. */
  config: Config;
  run: DaemonRun | undefined;
  readonly #wholeConfig: Config;
  readonly #random;
  #runs = 0;
  #wallAheadMs = 0;
  /** Crashes that wait for their moment. */
  #armed: (Fault & { kind: "crash" })[] = [];
  #endApiTrouble: (() => void) | undefined;

  constructor(options: SimulatedWorldOptions, watcher: Watcher = {}) {
    const { seed, config, sites, resolvers, records } = options;
    this.seed = seed;
    this.ends = this.#ending.signal;
    // Every request on its way listens.
    setMaxListeners(0, this.ends);
    this.watcher = watcher;
    this.certificates = options.certificates;
    this.time = new SimulatedTime(options.beganWallMs);
    this.certificateOfServices = options.certificateOfServices;
    this.config = config;
    this.#wholeConfig = config;
    this.#random = streamOf(seed, "world");
    this.internet = new Internet(this.time, sites);
    this.link = new Link(this.time);
    const { zones = [{ name: zoneName, records }] } = options;
    this.zoneNames = zones.map(({ name }) => name);
    this.api = new CloudflareApi({ zones, clock: this.time, random: streamOf(seed, "api") });
    const { time, api } = this;
    this.edges = edgesOf({ seed, time, api, onShown: (edge, zone) => watcher.shown?.(edge, zone) });
    this.resolvers = resolvers.map((habits, index) => {
      const edge = this.edges[index % this.edges.length];
      if (edge === undefined) throw new Error("resolvers need an edge to ask");
      return new Resolver(habits, { internet: this.internet, time, zoneNames: this.zoneNames, edge });
    });
    this.receivers = config.notify.map((channel) => new Receiver(this.time, channel));
    this.api.onCommit((commit) => {
      watcher.committed?.(commit);
      if (commit.by === "api" && holdsMix(commit, this.#wholeConfig, this.internet.sites)) {
        this.time.setTimer(mixAgeMs, () => this.run && this.reached("mixed", this.run));
      }
    });
    this.disk = new Disk({
      random: streamOf(seed, "disk"),
      isFile: options.hasFiles ?? false,
      onWrite: (isDone) => this.run && this.reached(isDone ? "stored" : "storing", this.run),
      onAppend: (id) => watcher.stored?.(id),
      onRemove: (ids) => watcher.forgot?.(ids),
      onLoss: () => watcher.lost?.(),
    });
  }

  /** Starts the daemon. */
  start(): void {
    this.#runs += 1;
    const run = new DaemonRun(this, this.#runs, this.config, this.#wallAheadMs);
    this.run = run;
    this.watcher.started?.(run);
    run.start();
  }

  /** Called when the daemon's traffic gets to such a point: a crash may be waiting for it. */
  reached(moment: CrashMoment | "storing", run: DaemonRun): void {
    if (run !== this.run || this.#armed.length === 0) return;
    const crash = this.#armed.find(({ how, when }) => momentOf(how, when) === moment);
    if (crash !== undefined) this.#crash(crash);
  }

  /** Lets a fault happen now. */
  strike(fault: Fault): void {
    this.watcher.struck?.(fault);
    switch (fault.kind) {
      case "site": {
        const site = this.internet.sites[fault.site];
        if (site !== undefined) this.internet.afflict(site, fault, fault.forMs);
        return;
      }
      case "renumbered": {
        const site = this.internet.sites[fault.site];
        if (site === undefined || site.options.isFixed) return;
        this.internet.renumber(site);
        this.time.setTimer(fault.dnsDelayMs, () => {
          // It may have moved once more meanwhile.
          if (site.published !== undefined) this.#publish(site, site.addresses);
        });
        return;
      }
      case "unregistered": {
        const site = this.internet.sites[fault.site];
        if (site === undefined || site.options.isFixed) return;
        this.#publish(site, undefined);
        return void this.time.setTimer(fault.forMs, () => this.#publish(site, site.addresses));
      }
      case "misnamed": {
        const [site, other] = [this.internet.sites[fault.site], this.internet.sites[fault.as]];
        if (site === undefined || site.options.isFixed) return;
        this.#publish(site, other?.addresses);
        return void this.time.setTimer(fault.forMs, () => this.#publish(site, site.addresses));
      }
      case "link":
        return this.link.afflict(fault, fault.forMs);
      case "anchors":
        this.link.areAnchorsSilent = true;
        return void this.time.setTimer(fault.forMs, () => {
          this.link.areAnchorsSilent = false;
        });
      case "resolver":
        for (const [index, resolver] of this.resolvers.entries()) {
          if (fault.resolver === undefined || fault.resolver === index) resolver.afflict(fault, fault.forMs);
        }
        return;
      case "stopped":
        return this.run?.clock.stop(fault.forMs);
      case "asleep":
        return this.run?.clock.sleep(fault.forMs);
      case "busy":
        return this.#keepBusy(this.time.nowMs() + fault.forMs, fault.upToMs);
      case "wall-jump":
        this.#setClock(fault.byMs);
        if (fault.forMs !== undefined) this.time.setTimer(fault.forMs, () => this.#setClock(-fault.byMs));
        return;
      case "crash":
        if (fault.when === "at-once") this.#crash(fault);
        else this.#armed.push(fault);
        return;
      case "state-lost":
        return this.disk.lose(fault.how);
      case "restart":
        return this.#restart(fault.downForMs);
      case "reload":
        return this.#reload(fault);
      case "api":
        this.#endApiTrouble?.();
        this.#endApiTrouble = afflictApi(this.api, fault.how, fault.strikes);
        return void this.time.setTimer(fault.forMs, this.#endApiTrouble);
      case "word":
        return this.run?.hearWord(fault, this.#wholeConfig.ingresses);
      case "edges":
        for (const edge of this.edges) {
          if (fault.edge === undefined || fault.edge === edge.index) edge.afflict(fault, fault.forMs);
        }
        return;
      case "bot":
        for (const receiver of this.receivers) receiver.trouble = fault.how;
        return void this.time.setTimer(fault.forMs, () => {
          for (const receiver of this.receivers) receiver.trouble = undefined;
        });
      case "edit":
        return editByHand(this.api, fault.what, this.#namesAt(fault.at), `txt${this.time.nowMs()}.${zoneName}`);
      case "rival":
        return this.#rival(this.time.nowMs() + fault.forMs, fault.everyMs);
      default:
        return fault satisfies never;
    }
  }

  /**
   * Leaves nothing behind. Requests without an answer to come fail now: the real timers that a library keeps for
   * them would hold the real process open.
   */
  [Symbol.dispose](): void {
    this.run?.kill();
    this.#ending.abort();
    this.disk[Symbol.dispose]();
  }

  /** Ends what has no end of its own, so that the world is as it should be. */
  heal(): void {
    this.#armed = [];
    if (this.config !== this.#wholeConfig) {
      this.config = this.#wholeConfig;
      this.run?.reload(this.config);
    }
  }

  /** What DNS says about a site from now on; where its host is in one of our zones, a record there says it. */
  #publish(site: Site, addresses: readonly string[] | undefined): void {
    site.published = addresses;
    followHost(this.api, site);
  }

  #setClock(byMs: number): void {
    this.#wallAheadMs += byMs;
    this.run?.clock.jumpWall(byMs);
  }

  #keepBusy(untilMs: number, upToMs: number): void {
    const pauseMs = between(this.#random, 500, 4_000);
    this.time.setTimer(pauseMs, () => {
      if (this.time.nowMs() >= untilMs) return;
      this.run?.clock.stop(this.#random() * upToMs);
      this.#keepBusy(untilMs, upToMs);
    });
  }

  #crash(crash: Fault & { kind: "crash" }): void {
    this.#armed = this.#armed.filter((armed) => armed !== crash);
    const { run } = this;
    if (run === undefined) return;
    this.run = undefined;
    run.kill();
    this.disk.crash(crash.how);
    this.watcher.ended?.(run, true);
    this.time.setTimer(crash.downForMs, () => {
      if (this.run === undefined) this.start();
    });
  }

  #restart(downForMs: number): void {
    const { run } = this;
    if (run === undefined) return;
    void run.close().then(() => {
      // It may have crashed meanwhile.
      if (this.run !== run) return;
      this.run = undefined;
      this.disk.close();
      this.watcher.ended?.(run, false);
      this.time.setTimer(downForMs, () => {
        if (this.run === undefined) this.start();
      });
    });
  }

  #reload({ what, site = 0 }: Fault & { kind: "reload" }): void {
    const { run } = this;
    if (run === undefined) return;
    if (what === "invalid") return run.rejectConfig(["config.yml:1:1 this is not a configuration"]);
    this.config = reloadedConfig(this.config, this.#wholeConfig, what, site);
    run.reload(this.config);
  }

  #rival(untilMs: number, everyMs: number): void {
    if (this.time.nowMs() >= untilMs) return;
    takeOver(this.api, this.#namesAt());
    this.time.setTimer(everyMs, () => this.#rival(untilMs, everyMs));
  }

  /** The names that the daemon owns: those of its ingresses, or of their mixes. */
  #namesAt(at?: "mix"): readonly string[] {
    return this.#wholeConfig.ingresses.flatMap(({ record, mix }) => (at === "mix" ? (mix?.record ?? []) : record));
  }
}

/** What was written is no news any more. */
const mixAgeMs = 75_000;
