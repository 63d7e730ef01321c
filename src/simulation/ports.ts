// What the simulated world gives a run of the daemon in place of a machine.
import type { Network, Ports } from "../assembly/ports.ts";
import type { Config } from "../config/config.ts";
import { createResolver } from "../dns/resolver.ts";
import type { Random } from "../lib/clock.ts";
import type { Fetch } from "../lib/fetch.ts";
import { createLog, type Log } from "../lib/log.ts";
import type { DaemonRun } from "./daemon-run.ts";
import { Monitor } from "./monitor.ts";
import { streamOf } from "./random.ts";
import { cloudflareFetch } from "./services.ts";
import type { SimulatedWorld } from "./world.ts";

/** Ports over models, and what the models know of the run. */
export interface SimulatedPorts {
  readonly ports: Ports;
  readonly monitor: Monitor;
}

/** The names under which the seed has always had a stream of chance for each use. */
const streams = { deciding: "daemon", telling: "notifier" } as const;

export function simulatedPorts(world: SimulatedWorld, run: DaemonRun, config: Config): SimulatedPorts {
  const { clock } = run;
  const stream = (name: string): Random => streamOf(world.seed, `${name} of run ${run.number}`);
  const monitor = monitorOf(world, run, stream);
  const ports: Ports = {
    clock,
    chance: (use) => stream(streams[use]),
    network: networkOf(world, run, { config, monitor, stream }),
    openStore: () => world.disk.open(clock, () => run.isAlive),
    timeZone: () => "UTC",
    log: logOf(world),
  };
  return { ports, monitor };
}

function monitorOf(world: SimulatedWorld, run: DaemonRun, stream: (name: string) => Random): Monitor {
  const { time, internet, link, resolvers, edges, certificates, watcher } = world;
  return new Monitor({
    time,
    clock: run.clock,
    internet,
    link,
    resolvers,
    edges,
    certificates,
    random: stream("network"),
    edgeRandom: stream("way to the name servers"),
    onProbe: (address, observation, isGenuine) => run.isAlive && watcher.probed?.(address, observation, isGenuine, run),
    onReach: (anchor, isReached) => run.isAlive && watcher.anchorTried?.(anchor, isReached, run),
  });
}

interface Ways {
  readonly config: Config;
  readonly monitor: Monitor;
  readonly stream: (name: string) => Random;
}

function networkOf(world: SimulatedWorld, run: DaemonRun, { config, monitor, stream }: Ways): Network {
  const resolve = createResolver({ clock: run.clock, exchange: monitor.exchange });
  return {
    fetch: fetchOf(world, run, { config, monitor, stream }),
    resolve: async (host, servers, options) => {
      const resolution = await resolve(host, servers, options);
      if (run.isAlive) world.watcher.resolved?.(host, resolution, run);
      return resolution;
    },
    exchange: monitor.exchange,
    probe: monitor.probe,
    reach: monitor.reach,
  };
}

/** The services of the world, by their hosts. */
function fetchOf(world: SimulatedWorld, run: DaemonRun, { config, stream }: Ways): Fetch {
  const { time, link, api, receivers, watcher, ends: worldEnds } = world;
  const way = {
    time,
    clock: run.clock,
    link,
    onMoment: (moment: Parameters<SimulatedWorld["reached"]>[0]): void => world.reached(moment, run),
    worldEnds,
    certificate: world.certificateOfServices,
  };
  const toCloudflare = cloudflareFetch(
    {
      ...way,
      random: stream("way to Cloudflare"),
      isDated: world.certificates !== undefined,
      onRequest: (isWrite, sentMs) => watcher.requested?.(isWrite, sentMs),
      onAnswer: (status, retryAfterSeconds) => watcher.answered?.(status, retryAfterSeconds),
    },
    api,
  );
  const toChannel = { ...way, random: stream("way to the bot") };
  const services = new Map([
    ...receivers.map((receiver) => [receiver.host, receiver.fetchOver(toChannel)] as const),
    [new URL(config.cloudflare.apiUrl).host, toCloudflare] as const,
  ]);
  return (input, init) => {
    const { host } = new URL(input instanceof Request ? input.url : input);
    const service = services.get(host);
    return service === undefined
      ? Promise.reject(new TypeError("fetch failed", { cause: new Error(`there is no ${host} in this world`) }))
      : service(input, init);
  };
}

/** Only internal errors are of interest here. */
function logOf({ watcher }: SimulatedWorld): Log {
  const write = (line: string): void => {
    if (line.includes("internal error")) watcher.bug?.(line);
  };
  return createLog({ level: "error", isForPeople: false, stream: { write } });
}
