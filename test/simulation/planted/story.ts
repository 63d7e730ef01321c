// A story that the simulator can play: a small world, and the few faults that befall it. Unlike a seed it stays what it is
// when the generator of scenarios changes.
import { httpTask } from "../../support/checks.ts";
import type { Config } from "../../../src/config/config.ts";
import type { EndpointSettings } from "../../../src/core/model.ts";
import { releasedWallMs } from "../../../src/core/time/release.ts";
import type { RecordDraft } from "../../../src/emulation/cloudflare/store.ts";
import { parseIp } from "../../../src/lib/ip.ts";
import { Secret } from "../../../src/lib/secret.ts";
import type { Fault } from "../../../src/simulation/faults.ts";
import { Site, type SiteOptions } from "../../../src/simulation/internet.ts";
import { zoneName } from "../../../src/simulation/world.ts";
import { ingressName, mixName, secrets, withChannel, type Scenario } from "../scenario.ts";

export const secondMs = 1_000;
export const minuteMs = 60 * secondMs;

export interface Story {
  readonly world?: StoryWorld;
  readonly faults: readonly Fault[];
  /** From here on everything is well again; what must hold in the end is looked at when the story ends. */
  readonly calmAtMs: number;
  readonly endMs: number;
  /** The kind of channel that tells people; Telegram by default. */
  readonly channel?: string;
}

/** What is left out is usual: two host names with one IPv4 address each, nobody sticky, the record naming the first. */
export interface StoryWorld {
  readonly endpoints?: readonly StoryEndpoint[];
  readonly publish?: "auto" | "addresses";
  readonly holdUpMs?: number;
  readonly reconcileIntervalMs?: number;
  /** The end point of this number is named by the record at first; `null`: there is no record. */
  readonly named?: number | null;
  readonly initialSilenceMs?: number;
  /** The sites' certificates are judged, and Cloudflare tells the time. */
  readonly hasCertificates?: boolean;
  /** And so is Cloudflare's own, and the bot's: a clock that is years off keeps the daemon from both. */
  readonly areServicesDated?: boolean;
}

export interface StoryEndpoint {
  readonly ipv4?: number;
  readonly ipv6?: number;
  /** Its addresses stand in the configuration. */
  readonly isFixed?: boolean;
  readonly ttl?: number;
  readonly stickyMs?: number;
  readonly isUnchecked?: boolean;
}

const names = ["primary", "secondary", "tertiary"];
/** Since before the simulated world begins, which is before the release, and for a year after that. */
const certificatesOfSites = {
  fromWallMs: Date.UTC(2025, 11, 1),
  untilWallMs: releasedWallMs + 365 * 1_440 * minuteMs,
};
const resolvers = ["9.9.9.1:53", "9.9.9.2:53"];

/** The scenario that the story tells. */
export function scenarioOfStory({ channel = "telegram", ...story }: Story): Scenario {
  const scenario = scenarioByTelegram(story);
  return channel === "telegram" ? scenario : withChannel(scenario, channel);
}

function scenarioByTelegram({ world = {}, faults, calmAtMs, endMs }: Omit<Story, "channel">): Scenario {
  const endpoints = world.endpoints ?? [{}, {}];
  const sites = endpoints.map(({ ipv4 = 1, ipv6 = 0, isFixed = false }, index): SiteOptions => {
    return { host: `${names[index]}.example.net`, ipv4, ipv6, ttlSeconds: 60, isFixed };
  });
  return {
    seed: 1,
    world: {
      seed: 1,
      config: configOf(
        world,
        endpoints.map((endpoint, index) => settingsOf(endpoint, index, sites[index])),
      ),
      sites,
      resolvers: resolvers.map((server) => ({ server, leastTtlSeconds: 1 })),
      records: recordsOf(sites, world.named === undefined ? 0 : world.named),
      ...(world.hasCertificates === true && { certificates: certificatesOfSites }),
      ...(world.areServicesDated === true && { certificateOfServices: certificatesOfSites }),
      hasFiles: faults.some(({ kind }) => kind === "crash" || kind === "restart"),
    },
    faults,
    // The first minutes are calm in every story.
    startMs: 4 * minuteMs,
    calms: [{ atMs: calmAtMs, forMs: endMs - calmAtMs }],
    endMs,
  };
}

function configOf(
  { publish = "auto", holdUpMs = minuteMs, reconcileIntervalMs = 5 * minuteMs, initialSilenceMs }: StoryWorld,
  endpoints: readonly EndpointSettings[],
): Config {
  return {
    cloudflare: { token: new Secret(secrets.cloudflare), apiUrl: "https://api.example.test/client/v4" },
    ingresses: [
      {
        id: ingressName,
        record: ingressName,
        publish,
        holdUpMs,
        reconcileIntervalMs,
        allowPrivate: false,
        mix: { record: mixName, waitMs: minuteMs },
        endpoints,
      },
    ],
    notify: [
      {
        kind: "telegram",
        name: "telegram",
        settings: { token: new Secret(secrets.telegram), chatId: 123_456, apiUrl: "https://bot.example.test" },
        initialSilenceMs,
      },
    ],
    http: { host: "127.0.0.1", port: 0 },
    stateDir: "/nowhere",
    anchors: ["1.1.1.1:443", "8.8.8.8:443", "9.9.9.9:443", "[2606:4700:4700::1111]:443", "[2620:fe::fe]:443"],
  };
}

function settingsOf(
  { isFixed = false, ttl = 60, stickyMs, isUnchecked = false }: StoryEndpoint,
  index: number,
  site: SiteOptions | undefined,
): EndpointSettings {
  if (site === undefined) throw new Error("each endpoint has a site");
  const { host } = site;
  const addresses = new Site(index, site).addresses.flatMap((text) => parseIp(text) ?? []);
  return {
    name: names[index] ?? host,
    target: isFixed ? { kind: "addresses", addresses } : { kind: "host", host },
    priority: 10 * (index + 1),
    ttl,
    ...(stickyMs !== undefined && { stickyMs }),
    resolvers,
    ...(!isUnchecked && {
      check: {
        what: httpTask({ url: `https://${host}/healthz`, contains: "OK" }),
        intervalMs: 15 * secondMs,
        fastIntervalMs: 2 * secondMs,
        timeoutMs: 5 * secondMs,
        rise: 3,
        fall: 3,
      },
    }),
  };
}

function recordsOf(sites: readonly SiteOptions[], named: number | null): RecordDraft[] {
  const unrelated: RecordDraft[] = [
    { type: "A", name: `www.${zoneName}`, content: "198.51.100.1", ttl: 300 },
    { type: "TXT", name: ingressName, content: '"v=1"', ttl: 300 },
  ];
  const host = named === null ? undefined : sites[named]?.host;
  return host === undefined ? unrelated : [...unrelated, { type: "CNAME", name: ingressName, content: host, ttl: 60 }];
}

/** The site refuses everybody from one minute to another. */
export function isDown(site: number, fromMinute: number, toMinute: number): Fault {
  return { kind: "site", site, seenBy: "all", how: "refuse", ...during(fromMinute, toMinute) };
}

/** When a fault begins and how long it lasts. */
export function during(fromMinute: number, toMinute: number): { readonly atMs: number; readonly forMs: number } {
  return { atMs: fromMinute * minuteMs, forMs: (toMinute - fromMinute) * minuteMs };
}

/** When it is calm, and when the story ends. */
export function calm(fromMinute: number, toMinute: number): Pick<Story, "calmAtMs" | "endMs"> {
  return { calmAtMs: fromMinute * minuteMs, endMs: toMinute * minuteMs };
}
