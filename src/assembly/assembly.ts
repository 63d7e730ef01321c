// Puts the daemon together: the loop, its followers and its log, over whatever network and clock it is given.
import { CloudflareProvider } from "../cloud/cloudflare.ts";
import type { RecordProvider } from "../cloud/provider.ts";
import { Reconciler } from "../cloud/reconciler.ts";
import type { RequestMeasure } from "../cloud/requests.ts";
import type { CloudflareConfig, Config } from "../config/config.ts";
import type { TimeEvent } from "../core/events.ts";
import { Daemon } from "../daemon.ts";
import type { Exchange } from "../dns/exchange.ts";
import { DriftWatch } from "../dns/drift-watch.ts";
import { Verifier } from "../dns/verifier.ts";
import { ZoneServers } from "../dns/zone-servers.ts";
import type { Clock, Random } from "../lib/clock.ts";
import { parseSocket } from "../lib/ip.ts";
import type { Log } from "../lib/log.ts";
import { Anchors, type Anchor, type Reach } from "../probe/anchors.ts";
import type { Resolve } from "../core/look-up.ts";
import { Prober, type Probe } from "../probe/prober.ts";
import { InternalErrors } from "./internal-errors.ts";
import { Logbook } from "./logbook.ts";
import type { Ports } from "./ports.ts";

/** Everything outside that the deciding half needs. */
export interface DecidingPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly resolve: Resolve;
  /** Asks the authoritative servers, after a write and now and then. Without it only reads show what is there. */
  readonly exchange?: Exchange | undefined;
  readonly probe: Probe;
  readonly reach: Reach;
  /** `onTime` hears what Cloudflare's answers tell of the time. */
  readonly createProvider: (cloudflare: CloudflareConfig, onTime: (event: TimeEvent) => void) => RecordProvider;
}

export interface AssemblyOptions {
  readonly config: Config;
  readonly log: Log;
  readonly ports: DecidingPorts;
  /** Is told about internal errors, and when the core takes in nothing any more. */
  readonly errors?: Pick<InternalErrors, "report" | "corrupt">;
  /** `off`: the records are read but not written until `reconciler.releaseWrites()`. */
  readonly writes?: "on" | "off";
  /** For commands that look once and end: nothing is watched. */
  readonly isOneRound?: boolean;
}

/** The deciding half of the daemon: it watches, decides and writes. Telling and showing are added by listeners. */
export class Assembly implements AsyncDisposable {
  readonly daemon: Daemon;
  readonly reconciler: Reconciler;
  readonly #prober: Prober;
  readonly #anchors: Anchors;
  readonly #servers: ZoneServers | undefined;
  /** What asks the authoritative servers. */
  readonly #lookers: readonly (Verifier | DriftWatch)[];
  readonly #ports: DecidingPorts;
  #config: Config;

  constructor({ config, log, ports, errors, writes = "on", isOneRound = false }: AssemblyOptions) {
    this.#config = config;
    this.#ports = ports;
    const { clock, random, resolve, exchange, probe, reach } = ports;
    const { report: onBug, corrupt: onCorruption } = errors ?? new InternalErrors({ log, clock });
    this.daemon = new Daemon({ clock, onBug, onCorruption });
    const dispatch = this.daemon.dispatch.bind(this.daemon);
    const provider = ports.createProvider(config.cloudflare, dispatch);
    this.reconciler = new Reconciler({ clock, random, provider, dispatch, onBug, log, writes });
    this.#prober = new Prober({ clock, random, resolve, probe, dispatch, onBug });
    this.#anchors = new Anchors({ clock, reach, dispatch, onBug }, anchorsOf(config));
    this.#servers = exchange && new ZoneServers({ clock, exchange, resolve }, config.cloudflare.nameservers);
    this.#lookers =
      this.#servers === undefined
        ? []
        : [
            new Verifier({ clock, dispatch, onBug }, this.#servers),
            // A single round has just read the records.
            ...(isOneRound ? [] : [new DriftWatch({ clock, random, dispatch, onBug }, this.#servers)]),
          ];
    this.daemon.addListener(new Logbook(log, { isOneRound }));
    this.daemon.addFollower(this.#prober);
    this.daemon.addFollower(this.#anchors);
    this.daemon.addFollower(this.reconciler);
    for (const looker of this.#lookers) this.daemon.addFollower(looker);
  }

  /** Begins to watch. */
  start(): void {
    this.daemon.dispatch({ kind: "config-loaded", ingresses: this.#config.ingresses });
    if (this.daemon.state.generation === 0) throw new Error("the configuration could not be applied");
  }

  /**
   * Continues with another configuration, or tries again what the same one did not achieve. What did not change keeps
   * its state.
   */
  reconfigure(config: Config, news: "changed" | "unchanged" = "changed"): void {
    const { cloudflare: before } = this.#config;
    this.#config = config;
    this.#anchors.use(anchorsOf(config));
    this.#servers?.use(config.cloudflare.nameservers);
    const { apiUrl, token } = config.cloudflare;
    // First, so that what the new configuration calls for is not asked for with the old token.
    if (apiUrl !== before.apiUrl || token.reveal() !== before.token.reveal()) {
      const onTime = this.daemon.dispatch.bind(this.daemon);
      this.reconciler.replaceProvider(this.#ports.createProvider(config.cloudflare, onTime));
    }
    const isUnchanged = news === "unchanged";
    this.daemon.dispatch({ kind: "config-loaded", ingresses: config.ingresses, ...(isUnchanged && { isUnchanged }) });
    if (isUnchanged) this.reconciler.startOver();
  }

  /** Stops probing and deciding at once, and lets a write under way end. */
  async close(): Promise<void> {
    await Promise.all([this.#prober.close(), this.#anchors.close()]);
    await this.reconciler.close();
    await Promise.all(this.#lookers.map((looker) => looker.close()));
    this.daemon.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** What of a runtime's ports decides. `onRequest` is told about every request to Cloudflare when it has ended. */
export function decidingPorts(
  { clock, chance, network }: Pick<Ports, "clock" | "chance" | "network">,
  onRequest: (measure: RequestMeasure) => void = () => undefined,
): DecidingPorts {
  const { fetch: send, resolve, exchange, probe, reach } = network;
  return {
    clock,
    random: chance("deciding"),
    resolve,
    exchange,
    probe,
    reach,
    createProvider: ({ token, apiUrl }, onTime) =>
      new CloudflareProvider({ token, apiUrl, clock, onTime, onRequest, fetch: send }),
  };
}

/** Port 443 is what lets a connection through almost everywhere. */
const anchorPort = 443;

function anchorsOf({ anchors }: Config): readonly Anchor[] {
  return anchors.flatMap((text) => parseSocket(text, anchorPort) ?? []);
}
