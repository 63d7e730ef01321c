// Puts the daemon together: the loop, its followers and its listeners, over the real network and clock.
import { CloudflareProvider } from "../cloud/cloudflare.ts";
import { Reconciler } from "../cloud/reconciler.ts";
import type { RequestMeasure } from "../cloud/requests.ts";
import type { CloudflareConfig, Config } from "../config/config.ts";
import { Daemon } from "../daemon.ts";
import { createResolver } from "../dns/resolver.ts";
import { systemClock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { parseSocket } from "../lib/ip.ts";
import { Anchors, reachOverTcp, type Anchor } from "../probe/anchors.ts";
import { Prober } from "../probe/prober.ts";
import { createProbe } from "../probe/probes.ts";
import { Logbook } from "./logbook.ts";

export interface AssemblyOptions {
  readonly config: Config;
  readonly log: Log;
  /** `off`: the records are read but not written until `reconciler.releaseWrites()`. */
  readonly writes?: "on" | "off";
  /** Hears of every request to Cloudflare when it has ended. */
  readonly onRequest?: (measure: RequestMeasure) => void;
}

/** The deciding half of the daemon: it watches, decides and writes. Telling and showing are added by listeners. */
export class Assembly implements AsyncDisposable {
  readonly daemon: Daemon;
  readonly reconciler: Reconciler;
  readonly #prober: Prober;
  readonly #anchors: Anchors;
  readonly #options: AssemblyOptions;
  #cloudflare: CloudflareConfig;

  constructor(options: AssemblyOptions) {
    const { config, log, writes = "on" } = options;
    this.#options = options;
    this.#cloudflare = config.cloudflare;
    const clock = systemClock;
    const random = Math.random;
    const onBug = (error: unknown): void => log.error({ err: error }, "a bug of ours; please report it");
    this.daemon = new Daemon({ clock, onBug });
    const dispatch = this.daemon.dispatch.bind(this.daemon);
    this.reconciler = new Reconciler({ clock, random, provider: this.#provider(), dispatch, log, writes });
    const resolve = createResolver({ clock });
    this.#prober = new Prober({ clock, random, resolve, probe: createProbe({ clock }), dispatch, onBug });
    this.#anchors = new Anchors({ clock, reach: reachOverTcp, dispatch }, anchorsOf(config));
    this.daemon.addListener(new Logbook(log));
    this.daemon.addFollower(this.#prober);
    this.daemon.addFollower(this.#anchors);
    this.daemon.addFollower(this.reconciler);
  }

  /** Begins to watch. */
  start(): void {
    this.daemon.dispatch({ kind: "config-loaded", ingresses: this.#options.config.ingresses });
  }

  /** Goes on with another configuration. What did not change keeps its state. */
  reconfigure(config: Config): void {
    const { cloudflare, ingresses } = config;
    const isSame =
      cloudflare.apiUrl === this.#cloudflare.apiUrl && cloudflare.token.reveal() === this.#cloudflare.token.reveal();
    this.#cloudflare = cloudflare;
    this.#anchors.use(anchorsOf(config));
    this.daemon.dispatch({ kind: "config-loaded", ingresses });
    if (!isSame) this.reconciler.replaceProvider(this.#provider());
  }

  /** Stops probing and deciding at once, and lets a write under way end. */
  async close(): Promise<void> {
    await Promise.all([this.#prober.close(), this.#anchors.close()]);
    await this.reconciler.close();
    this.daemon.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #provider(): CloudflareProvider {
    const { token, apiUrl } = this.#cloudflare;
    const { onRequest } = this.#options;
    return new CloudflareProvider({ token, apiUrl, clock: systemClock, ...(onRequest && { onRequest }) });
  }
}

/** Port 443 is what lets a connection through almost everywhere. */
const anchorPort = 443;

function anchorsOf({ anchors }: Config): readonly Anchor[] {
  return anchors.flatMap((text) => parseSocket(text, anchorPort) ?? []);
}
