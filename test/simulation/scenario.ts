// What one seed means: a world with a configuration, and the nemesis: the list of faults that will befall it. Pure: the
// same seed gives the same scenario, and each fault is drawn from a stream of its own.
import { channelKind } from "../../src/channels/registry.ts";
import { httpTask } from "../support/checks.ts";
import type { Config } from "../../src/config/config.ts";
import type { EndpointSettings, IngressSettings } from "../../src/core/model.ts";
import type { RecordDraft } from "../../src/emulation/cloudflare/store.ts";
import type { Random } from "../../src/lib/clock.ts";
import { releasedWallMs } from "../../src/core/time/release.ts";
import { parseIp } from "../../src/lib/ip.ts";
import { Secret } from "../../src/lib/secret.ts";
import type {
  ApiTrouble,
  BotTrouble,
  CrashMoment,
  Fault,
  FaultKind,
  SeenBy,
  Treatment,
} from "../../src/simulation/faults.ts";
import { Site, type SiteOptions } from "../../src/simulation/internet.ts";
import { between, happens, pick, streamOf, wholeBetween } from "../../src/simulation/random.ts";
import { demoToken, zoneName, type SimulatedWorldOptions } from "../../src/simulation/world.ts";

export const ingressName = `ingress.${zoneName}`;
export const mixName = `ingress-mix.${zoneName}`;
export const secrets = { cloudflare: demoToken, telegram: "123456789:simulated-token-of-the-bot" };

/** The same with one channel of another kind. */
export function withChannel(scenario: Scenario, kind: string): Scenario {
  const { world } = scenario;
  const notify = world.config.notify.map((channel) => ({
    ...channel,
    kind,
    name: kind,
    settings: channelKind(kind).fake.settings,
  }));
  return { ...scenario, world: { ...world, config: { ...world.config, notify } } };
}

export interface Scenario {
  readonly seed: number;
  readonly world: SimulatedWorldOptions;
  readonly faults: readonly Fault[];
  /** Until then the daemon may find its way into the world. */
  readonly startMs: number;
  /** The faults come in spells, with calm in between: when all has healed, and how long it then stays so. */
  readonly calms: readonly { readonly atMs: number; readonly forMs: number }[];
  readonly endMs: number;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** The faults of a seed come from one of these sets: few kinds at a time find more than all kinds at once. */
const themes: readonly (readonly FaultKind[])[] = [
  ["site"],
  ["site", "site", "crash"],
  ["site", "site", "link"],
  ["site", "site", "resolver"],
  ["site", "site", "api"],
  ["site", "renumbered", "unregistered"],
  ["site", "site", "restart", "reload"],
  ["site", "site", "edit", "rival"],
  ["site", "site", "bot", "crash"],
  ["link", "anchors", "resolver", "stopped", "asleep", "busy", "wall-jump", "crash", "api", "bot"],
  ["link", "resolver", "crash", "restart"],
  ["stopped", "asleep", "busy", "wall-jump", "site"],
  [
    "site",
    "site",
    "site",
    "link",
    "resolver",
    "stopped",
    "busy",
    "wall-jump",
    "crash",
    "reload",
    "api",
    "bot",
    "edit",
    "renumbered",
  ],
];

/** Themes that came later. They have a draw of their own, so that most seeds still mean what they meant. */
const laterThemes: readonly (readonly FaultKind[])[] = [
  ["site", "site", "edges", "edges"],
  ["edges", "link", "resolver", "api", "crash"],
  ["site", "word", "word", "crash", "restart"],
  ["site", "word", "reload", "edit"],
  ["site", "site", "crash", "crash", "restart"],
  ["site", "site", "crash", "state-lost", "restart"],
  ["site", "word", "edges", "link", "crash", "restart", "state-lost", "api", "renumbered", "bot", "wall-jump"],
];

/** And those that came last, with another draw. */
const newestThemes: readonly (readonly FaultKind[])[] = [
  ["site", "site", "misnamed", "misnamed"],
  ["site", "site", "misnamed", "renumbered", "unregistered", "resolver"],
  ["site", "site", "edit", "edit", "restart"],
];

/** In worlds in which certificates have dates, which few seeds are. */
const datedThemes: readonly (readonly FaultKind[])[] = [
  ["site", "site", "wall-jump"],
  ["site", "site", "wall-jump", "api"],
  ["site", "wall-jump", "restart", "crash", "api", "link"],
  ["site", "site", "wall-jump", "wall-jump", "restart", "asleep"],
  ["wall-jump", "wall-jump", "api", "link", "restart", "resolver"],
];

/** Faults of the monitor's own side: while there are no others, nothing may move. */
const ownKinds: ReadonlySet<FaultKind> = new Set<FaultKind>([
  "link",
  "anchors",
  "resolver",
  "stopped",
  "asleep",
  "busy",
  "wall-jump",
  "crash",
  "state-lost",
  "restart",
  "api",
  "bot",
  "edges",
]);

export function isOwn({ kind }: Fault): boolean {
  return ownKinds.has(kind);
}

/** Everything that a seed stands for. */
export function scenarioOf(seed: number, hours = 10): Scenario {
  const random = streamOf(seed, "scenario");
  const isDated = happens(streamOf(seed, "certificates"), 0.12);
  const world = { ...worldOf(seed), ...(isDated && datedWorld) };
  const theme = themeOf(seed, pick(random, themes), isDated);
  const isWhole = happens(streamOf(seed, "partitions"), 0.6);
  const faults: Fault[] = [];
  const calms: { atMs: number; forMs: number }[] = [];
  const calmMs = 80 * minuteMs;
  const startMs = 10 * minuteMs;
  let atMs = startMs;
  let spell = 0;
  while (atMs < hours * hourMs - calmMs - 30 * minuteMs) {
    const spellRandom = streamOf(seed, `spell ${spell}`);
    const lengthMs = between(spellRandom, 10 * minuteMs, 50 * minuteMs);
    const count = wholeBetween(spellRandom, 1, 8);
    for (let index = 0; index < count; index += 1) {
      const own = streamOf(seed, `fault ${spell} ${index}`);
      const fault = faultOf(own, pick(own, theme), world, between(own, atMs, atMs + lengthMs), atMs + lengthMs);
      if (fault === undefined) continue;
      const dated = isDated ? withDates(fault, streamOf(seed, `dates ${spell} ${index}`), atMs + lengthMs) : fault;
      faults.push(isWhole ? seenByAll(dated) : dated);
    }
    spell += 1;
    calms.push({ atMs: atMs + lengthMs, forMs: calmMs });
    atMs += lengthMs + calmMs;
  }
  const last = calms.at(-1);
  if (last !== undefined && happens(streamOf(seed, "long calm"), 0.05)) {
    // A whole day in which nothing happens but a restart.
    last.forMs = 25 * hourMs;
    faults.push({ kind: "restart", atMs: last.atMs + 12 * hourMs, downForMs: 5_000 });
    atMs = last.atMs + last.forMs;
  }
  const hasFiles = faults.some(({ kind }) => kind === "crash" || kind === "restart" || kind === "state-lost");
  return {
    seed,
    startMs,
    world: { ...world, hasFiles },
    faults: faults.toSorted((a, b) => a.atMs - b.atMs),
    calms,
    endMs: atMs,
  };
}

function themeOf(seed: number, usual: readonly FaultKind[], isDated: boolean): readonly FaultKind[] {
  if (isDated) return pick(streamOf(seed, "theme of certificates"), datedThemes);
  const newest = streamOf(seed, "newest theme");
  if (happens(newest, 0.1)) return pick(newest, newestThemes);
  const random = streamOf(seed, "later theme");
  return happens(random, 0.4) ? pick(random, laterThemes) : usual;
}

const dayMs = 24 * hourMs;
const beganWallMs = releasedWallMs + dayMs;

/**
 * Certificates are judged, Cloudflare's too. A clock that is a month ahead makes those of the sites look expired, and leaves
 * Cloudflare within reach; one that is years off keeps the daemon from Cloudflare and the chat.
 */
const datedWorld = {
  beganWallMs,
  certificates: { fromWallMs: beganWallMs - 15 * dayMs, untilWallMs: beganWallMs + 15 * dayMs },
  certificateOfServices: { fromWallMs: beganWallMs - 60 * dayMs, untilWallMs: beganWallMs + 60 * dayMs },
} satisfies Partial<SimulatedWorldOptions>;

/** Some sites fail by their certificates, and wrong clocks are put right again. */
function withDates(fault: Fault, random: Random, healedAtMs: number): Fault {
  if (fault.kind === "wall-jump") return { ...fault, forMs: (healedAtMs - fault.atMs) * random() };
  if (fault.kind !== "site" || happens(random, 0.5)) return fault;
  const { kind, atMs, forMs, site } = fault;
  return { kind, atMs, forMs, site, seenBy: "all", how: pick(random, ["expired", "premature"] as const) };
}

/** In a world without partitions, clients and monitor see the same. */
function seenByAll(fault: Fault): Fault {
  return fault.kind === "site" ? { ...fault, seenBy: "all" } : fault;
}

function worldOf(seed: number): SimulatedWorldOptions {
  const random = streamOf(seed, "world of the scenario");
  const count = happens(random, 0.7) ? 2 : 3;
  const hasIpv6 = happens(random, 0.4);
  const sites = Array.from({ length: count }, (_, index): SiteOptions => ({
    host: `${["primary", "secondary", "tertiary"][index]}.${zoneName === "example.com" ? "example.net" : zoneName}`,
    ipv4: happens(random, 0.2) ? 2 : 1,
    ipv6: hasIpv6 ? 1 : 0,
    ttlSeconds: pick(random, [60, 60, 300]),
    isFixed: happens(random, 0.1),
  }));
  const publish = pick(random, ["auto", "auto", "auto", "addresses"] as const);
  // A fast world takes as much work as six others, and shows little that they do not.
  const isFast = happens(random, 0.05);
  const usualMs = pick(streamOf(seed, "rhythm"), [15_000, 30_000, 60_000]);
  const rhythm = isFast ? { intervalMs: 5_000, fastIntervalMs: 1_000 } : { intervalMs: usualMs, fastIntervalMs: 2_000 };
  const endpoints = sites.map((site, index) => endpointOf(random, site, index, rhythm));
  const ingress: IngressSettings = {
    id: ingressName,
    record: ingressName,
    publish,
    holdUpMs: pick(random, [0, 60_000, 60_000, 120_000]),
    reconcileIntervalMs: pick(random, [120_000, 300_000, 300_000]),
    allowPrivate: false,
    ...(happens(streamOf(seed, "mix"), 0.9) && { mix: { record: mixName, waitMs: 60_000 } }),
    endpoints,
  };
  const config: Config = {
    cloudflare: { token: new Secret(secrets.cloudflare), apiUrl: "https://api.example.test/client/v4" },
    ingresses: [ingress],
    notify: [
      {
        kind: "telegram",
        name: "telegram",
        settings: { token: new Secret(secrets.telegram), chatId: 123_456, apiUrl: "https://bot.example.test" },
        initialSilenceMs: happens(random, 0.3) ? 30_000 : undefined,
      },
    ],
    http: { host: "127.0.0.1", port: 0 },
    stateDir: "/nowhere",
    anchors: [
      "1.1.1.1:443",
      "8.8.8.8:443",
      "9.9.9.9:443",
      "[2606:4700:4700::1111]:443",
      "[2001:4860:4860::8888]:443",
      "[2620:fe::fe]:443",
    ],
  };
  const resolvers = [
    { server: "9.9.9.1:53", leastTtlSeconds: pick(random, [1, 1, 300]) },
    { server: "9.9.9.2:53", leastTtlSeconds: 1 },
  ];
  return { seed, config, sites, resolvers, records: recordsOf(random, sites), hasFiles: false };
}

function endpointOf(
  random: Random,
  site: SiteOptions,
  index: number,
  rhythm: { readonly intervalMs: number; readonly fastIntervalMs: number },
): EndpointSettings {
  const fixed = new Site(index, site).addresses.flatMap((text) => parseIp(text) ?? []);
  const isUnchecked = index === 2 && happens(random, 0.3);
  return {
    name: site.host.split(".")[0] ?? site.host,
    target: site.isFixed ? { kind: "addresses", addresses: fixed } : { kind: "host", host: site.host },
    priority: 10 * (index + 1),
    ttl: pick(random, [60, 60, 120, 300, "auto"]),
    ...(happens(random, 0.5) && { stickyMs: pick(random, [120_000, 600_000]) }),
    resolvers: ["9.9.9.1:53", "9.9.9.2:53"],
    ...(!isUnchecked && {
      check: {
        what: httpTask({ url: `https://${site.host}/healthz`, contains: "OK" }),
        ...rhythm,
        timeoutMs: 5_000,
        rise: pick(random, [2, 3, 3]),
        fall: pick(random, [2, 3, 3]),
      },
    }),
  };
}

function recordsOf(random: Random, sites: readonly SiteOptions[]): RecordDraft[] {
  const unrelated: RecordDraft[] = [
    { type: "A", name: `www.${zoneName}`, content: "198.51.100.1", ttl: 300 },
    { type: "TXT", name: ingressName, content: '"v=1"', ttl: 300 },
  ];
  const [first, second] = sites;
  const start = pick(random, ["primary", "primary", "secondary", "foreign", "none"] as const);
  const cname = (content: string): RecordDraft[] => [{ type: "CNAME", name: ingressName, content, ttl: 60 }];
  if (start === "none" || first === undefined || second === undefined) return unrelated;
  if (start === "foreign") return [...unrelated, ...cname("elsewhere.example.org")];
  return [...unrelated, ...cname((start === "primary" ? first : second).host)];
}

const treatments: readonly ((random: Random) => Treatment)[] = [
  () => ({ how: "refuse" }),
  () => ({ how: "hang" }),
  () => ({ how: "drip" }),
  () => ({ how: "status", status: 503 }),
  () => ({ how: "unmarked" }),
  (random) => ({ how: "loss", probability: pick(random, [0.05, 0.2, 0.5, 0.8]) }),
  (random) => ({ how: "slow", delayMs: pick(random, [1_000, 4_500, 8_000]) }),
];

const apiTroubles: readonly ApiTrouble[] = [
  "drop-before-commit",
  "drop-after-commit",
  "silent",
  "silent-committed",
  "stall-after-headers",
  "truncated-json",
  "html-200",
  "html-502",
  "unavailable",
  "unavailable-committed",
  "unsuccessful",
  "unsuccessful-committed",
  "rate-limited",
  "rate-limited-wordless",
  "slow",
  "late-commit",
  "stale-reads",
  "odd-twice",
  "odd-repeated",
  "odd-company",
  "odd-fields",
  "odd-totals",
  "odd-nothing",
  "odd-hollow",
  "odd-shapeless",
  "forbidden",
];

const botTroubles: readonly BotTrouble[] = [
  "rate-limited",
  "server-error",
  "html",
  "silent",
  "drop",
  "drop-after",
  "cannot-parse",
];

const crashMoments: readonly CrashMoment[] = [
  "at-once",
  "write-sent",
  "write-committed",
  "write-answered",
  "read-answered",
  "message-sent",
  "message-taken",
  "stored",
];

function faultOf(
  random: Random,
  kind: FaultKind,
  world: SimulatedWorldOptions,
  atMs: number,
  healedAtMs: number,
): Fault | undefined {
  const wantedMs = pick(random, [5_000, 20_000, 60_000, 180_000, 600_000, 1_200_000]) * between(random, 0.5, 1.5);
  const forMs = Math.min(wantedMs, healedAtMs - atMs);
  const site = Math.floor(random() * world.sites.length);
  switch (kind) {
    case "site": {
      const seenBy: SeenBy = pick(random, ["all", "all", "all", "monitor", "clients"]);
      const only = random();
      const hasIpv6 = (world.sites[site]?.ipv6 ?? 0) > 0;
      return {
        kind,
        atMs,
        forMs,
        site,
        seenBy,
        ...pick(random, treatments)(random),
        ...(only < 0.2 && hasIpv6 && { family: pick(random, ["ipv4", "ipv6"] as const) }),
        ...(only > 0.9 && { address: 0 }),
      };
    }
    case "renumbered":
      return { kind, atMs, site, dnsDelayMs: Math.min(pick(random, [1_000, 30_000, 120_000]), healedAtMs - atMs) };
    case "unregistered":
      return { kind, atMs, forMs, site };
    case "link":
      return {
        kind,
        atMs,
        forMs,
        how: pick(random, ["blackhole", "blackhole", "no-route"] as const),
        ...(happens(random, 0.3) && { family: pick(random, ["ipv4", "ipv6"] as const) }),
      };
    case "anchors":
      return { kind, atMs, forMs };
    case "resolver": {
      const trouble = pick(random, [
        { how: "silent" },
        { how: "silent" },
        { how: "servfail" },
        { how: "refused" },
        { how: "slow", delayMs: 3_000 },
        { how: "stale" },
        { how: "denies" },
        { how: "halves", family: "ipv4" },
        { how: "halves", family: "ipv6" },
      ] as const);
      // If both deny the name, that counts as the truth.
      const isOne = trouble.how === "denies" || trouble.how === "stale" || happens(random, 0.5);
      return { kind, atMs, forMs, ...(isOne && { resolver: pick(random, [0, 1]) }), ...trouble };
    }
    case "stopped":
    case "asleep":
      return { kind, atMs, forMs };
    case "busy":
      return { kind, atMs, forMs, upToMs: pick(random, [300, 2_000, 12_000]) };
    case "wall-jump":
      return {
        kind,
        atMs,
        byMs: pick(random, [-1, 1]) * pick(random, [60_000, 30 * 24 * hourMs, 10 * 365 * 24 * hourMs]),
      };
    case "crash": {
      const when = pick(random, crashMoments);
      const downForMs = pick(random, [100, 5_000, 120_000]);
      const how = pick(random, ["kill", "power"] as const);
      return { kind, atMs, when: happens(random, 0.2) ? "mixed" : when, downForMs, how };
    }
    case "state-lost":
      return { kind, atMs, how: pick(random, ["absent", "torn", "foreign"] as const) };
    case "restart":
      return { kind, atMs, downForMs: pick(random, [100, 5_000, 60_000]) };
    case "reload":
      return {
        kind,
        atMs,
        site,
        what: pick(random, ["same", "same", "invalid", "hold-up", "removes", "restores"] as const),
      };
    case "api":
      return {
        kind,
        atMs,
        forMs,
        how: pick(random, apiTroubles),
        ...(happens(random, 0.6) && { strikes: pick(random, ["reads", "writes"] as const) }),
      };
    case "bot":
      return { kind, atMs, forMs, how: pick(random, botTroubles) };
    case "edges": {
      const isOne = happens(random, 0.4);
      const how = pick(random, ["silent", "silent", "slow", "stuck"] as const);
      return { kind, atMs, forMs, how, ...(isOne && { edge: pick(random, [0, 1, 2, 3]) }) };
    }
    case "word":
      return { kind, atMs, forMs, site, what: pick(random, ["pin", "pin", "drain", "drill", "resume"] as const) };
    case "edit": {
      const what = pick(random, ["content", "ttl", "remove", "add", "unrelated"] as const);
      return { kind, atMs, what, ...(happens(random, 0.3) && { at: "mix" as const }) };
    }
    case "misnamed":
      return { kind, atMs, forMs, site, as: (site + 1) % world.sites.length };
    case "rival":
      return { kind, atMs, forMs, everyMs: pick(random, [20_000, 90_000]) };
    default:
      return kind satisfies never;
  }
}
