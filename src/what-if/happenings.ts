// What may happen in a scenario, and in which words: one table for each kind of thing that it can happen to.
import { formatDuration } from "../core/units.ts";
import type { Family } from "../core/model.ts";
import type { ApiTrouble, BotTrouble, Fault, ResolverTrouble, SeenBy, Treatment } from "../simulation/faults.ts";
import { lengthPattern, parseLengthMs } from "./times.ts";

/** When and for whom something happens. */
export interface Occasion {
  readonly atMs: number;
  readonly forMs: number;
  readonly family: Family | undefined;
  readonly seenBy: SeenBy;
  /** The sites that it happens to, where it happens to sites. */
  readonly sites: readonly number[];
}

/** One thing that may happen, and how it is said. */
export interface Happening {
  /** The whole of what follows the subject. */
  readonly pattern: RegExp;
  /** For people who look for the right word. */
  readonly example: string;
  /** It happens at once and has no end of its own. */
  readonly isMoment?: true;
  /** In plain words, as they follow the subject's name. */
  readonly say: (match: RegExpExecArray) => string;
  /** How it is over; "works again" by default. */
  readonly sayEnd?: string;
  readonly faults: (match: RegExpExecArray, circumstances: Occasion) => readonly Fault[];
}

export const down =
  /^(?:down|dead|offline|off|out|unreachable|gone|broken|lost|cut|fails|failing|dies|breaks|disconnected|unplugged)$/;

function onSites(treat: (match: RegExpExecArray) => Treatment): Happening["faults"] {
  return (match, { atMs, forMs, family, seenBy, sites }) =>
    sites.map((site) => ({
      kind: "site" as const,
      atMs,
      forMs,
      site,
      seenBy,
      family,
      ...treat(match),
    }));
}

function lengthOf(text: string | undefined): number {
  return parseLengthMs(text ?? "") ?? 0;
}

export const endpointHappenings: readonly Happening[] = [
  {
    pattern: down,
    example: "down",
    say: () => "is down: it does not answer",
    faults: onSites(() => ({ how: "hang" })),
  },
  {
    pattern: /^(?:refuses|refusing|refused|closed)(?: connections?)?$/,
    example: "refuses",
    say: () => "refuses connections",
    faults: onSites(() => ({ how: "refuse" })),
  },
  {
    pattern: /^(?:hangs|hanging|stuck|drips)$/,
    example: "hangs",
    say: () => "accepts connections and never finishes an answer",
    faults: onSites(() => ({ how: "drip" })),
  },
  {
    pattern: new RegExp(`^slow(?:s down)?(?: by)? (${lengthPattern})$`),
    example: "slow 3s",
    say: ([, delay]) => `takes ${formatDuration(lengthOf(delay))} to answer`,
    sayEnd: "is fast again",
    faults: onSites(([, delay]) => ({ how: "slow", delayMs: lengthOf(delay) })),
  },
  {
    pattern:
      /^(?:loses|losing|drops|dropping|loss) (\d{1,3}) ?%(?: of (?:its |the )?(?:packets|connections|requests))?$/,
    example: "loses 50%",
    say: ([, percent]) => `loses ${percent}% of all connections`,
    faults: onSites(([, percent]) => ({ how: "loss", probability: Math.min(100, Number(percent)) / 100 })),
  },
  {
    pattern: /^(?:answers|answering|returns|returning|says|status)(?: with)?(?: status)? (\d{3})$/,
    example: "answers 503",
    say: ([, status]) => `answers ${status}`,
    faults: onSites(([, status]) => ({ how: "status", status: Number(status) })),
  },
  {
    pattern: /^(?:shows |serves |answers )?(?:with )?(?:a |the )?wrong page$/,
    example: "wrong page",
    say: () => "answers 200 with the wrong page",
    sayEnd: "shows its own page again",
    faults: onSites(() => ({ how: "unmarked" })),
  },
  {
    pattern: new RegExp(`^(?:flaps|flapping)(?: every (${lengthPattern}))?$`),
    example: "flaps every 4m",
    say: ([, every]) => `flaps: half of every ${formatDuration(lengthOf(every) || usualFlapMs)} it is down`,
    sayEnd: "is steady again",
    faults: (match, circumstances) => {
      const everyMs = lengthOf(match[1]) || usualFlapMs;
      const times = Math.min(mostFlaps, Math.ceil(circumstances.forMs / everyMs));
      return Array.from({ length: times }, (_, index) => circumstances.atMs + index * everyMs).flatMap((atMs) =>
        onSites(() => ({ how: "hang" }))(match, { ...circumstances, atMs, forMs: everyMs / 2 }),
      );
    },
  },
  {
    pattern: new RegExp(
      `^(?:moves|moved|renumbered|(?:gets|has) (?:a )?new address(?:es)?)(?:,? (?:and )?dns (?:follows )?(?:after )?(${lengthPattern})(?: later)?)?$`,
    ),
    example: "gets a new address, dns after 2m",
    isMoment: true,
    say: ([, delay]) => `gets a new address; DNS has it ${formatDuration(lengthOf(delay) || usualDnsDelayMs)} later`,
    faults: ([, delay], { atMs, sites }) =>
      sites.map((site) => ({
        kind: "renumbered" as const,
        atMs,
        site,
        dnsDelayMs: lengthOf(delay) || usualDnsDelayMs,
      })),
  },
  {
    pattern: /^(?:name )?(?:gone|missing|vanishes|vanished|removed) from dns$/,
    example: "gone from dns",
    say: () => "has no record in DNS any more",
    sayEnd: "is in DNS again",
    faults: (_, { atMs, forMs, sites }) => sites.map((site) => ({ kind: "unregistered" as const, atMs, forMs, site })),
  },
];

const usualFlapMs = 4 * 60_000;
const mostFlaps = 1_000;
const usualDnsDelayMs = 2 * 60_000;

export const connectionHappenings: readonly Happening[] = [
  {
    pattern: down,
    example: "down",
    say: () => "is down: no traffic in either direction",
    faults: (_, { atMs, forMs, family }) => [{ kind: "link", how: "blackhole", atMs, forMs, family }],
  },
  {
    pattern: /^(?:without (?:a )?route|no route|unrouted)$/,
    example: "without route",
    say: () => "has no route",
    faults: (_, { atMs, forMs, family }) => [{ kind: "link", how: "no-route", atMs, forMs, family }],
  },
];

function resolverTrouble(pattern: RegExp, example: string, how: ResolverTrouble, words: string): Happening {
  return {
    pattern,
    example,
    say: () => words,
    sayEnd: "answer again",
    faults: (_, { atMs, forMs }) => [{ kind: "resolver", atMs, forMs, ...how }],
  };
}

export const resolverHappenings: readonly Happening[] = [
  resolverTrouble(/^(?:silent|down|dead|offline|unreachable|gone)$/, "silent", { how: "silent" }, "are silent"),
  resolverTrouble(/^(?:servfail|broken|answer servfail|fail)$/, "servfail", { how: "servfail" }, "answer SERVFAIL"),
  resolverTrouble(/^(?:refuse|refusing)$/, "refuse", { how: "refused" }, "refuse to answer"),
  resolverTrouble(/^(?:stale|outdated)$/, "stale", { how: "stale" }, "return outdated answers"),
  resolverTrouble(/^slow$/, "slow", { how: "slow", delayMs: 2_500 }, "are slow"),
];

function apiTrouble(pattern: RegExp, example: string, how: ApiTrouble, words: string): Happening {
  return {
    pattern,
    example,
    say: () => words,
    faults: (_, { atMs, forMs }) => [{ kind: "api", atMs, forMs, how }],
  };
}

export const cloudflareHappenings: readonly Happening[] = [
  apiTrouble(/^(?:unavailable|down|fails|failing|broken|503)$/, "unavailable", "unavailable", "answers 503"),
  apiTrouble(/^(?:silent|unreachable|offline|hangs|dead)$/, "silent", "silent", "does not answer"),
  apiTrouble(/^(?:slow)$/, "slow", "slow", "takes five seconds to answer"),
  apiTrouble(
    /^(?:rate[- ]limits?|rate[- ]limiting|rate[- ]limited|limits us)(?: us)?$/,
    "rate-limits",
    "rate-limited",
    "answers 429: wait 45 s",
  ),
  apiTrouble(/^(?:forbids|forbidden|refuses(?: the token| us)?)$/, "forbids", "forbidden", "refuses the token"),
];

function botTrouble(pattern: RegExp, example: string, how: BotTrouble, words: string): Happening {
  return {
    pattern,
    example,
    say: () => words,
    faults: (_, { atMs, forMs }) => [{ kind: "bot", atMs, forMs, how }],
  };
}

export const chatHappenings: readonly Happening[] = [
  botTrouble(/^(?:unavailable|down|fails|failing|broken)$/, "unavailable", "server-error", "answers 500"),
  botTrouble(/^(?:silent|unreachable|offline|hangs|dead|gone)$/, "silent", "silent", "does not answer"),
];

const usualPauseMs = 5_000;

export const daemonHappenings: readonly Happening[] = [
  {
    pattern: /^(?:restarts?|restarted)$/,
    example: "restarts",
    isMoment: true,
    say: () => "is restarted",
    faults: (_, { atMs }) => [{ kind: "restart", atMs, downForMs: usualPauseMs }],
  },
  {
    pattern: /^(?:down|stopped|off|offline)$/,
    example: "down",
    say: () => "is stopped",
    sayEnd: "is started again",
    faults: (_, { atMs, forMs }) => [{ kind: "restart", atMs, downForMs: forMs }],
  },
  {
    pattern: /^(?:crash(?:es|ed)?|killed|dies)$/,
    example: "crashes",
    isMoment: true,
    say: () => "is killed, and started again",
    faults: (_, { atMs }) => [{ kind: "crash", how: "kill", when: "at-once", atMs, downForMs: usualPauseMs }],
  },
  {
    pattern: /^(?:asleep|sleeps|suspended)$/,
    example: "asleep",
    say: () => "sleeps with its machine",
    sayEnd: "wakes up",
    faults: (_, { atMs, forMs }) => [{ kind: "asleep", atMs, forMs }],
  },
];

export const recordHappenings: readonly Happening[] = [
  {
    pattern: /^(?:edited|changed|overwritten)(?: by hand)?$/,
    example: "edited",
    isMoment: true,
    say: () => "is edited outside ccs",
    faults: (_, { atMs }) => [{ kind: "edit", atMs, what: "content" }],
  },
  {
    pattern: /^(?:removed|deleted)(?: by hand)?$/,
    example: "removed",
    isMoment: true,
    say: () => "is removed outside ccs",
    faults: (_, { atMs }) => [{ kind: "edit", atMs, what: "remove" }],
  },
  {
    pattern: /^(?:fought over|contested)$/,
    example: "fought over",
    say: () => "is overwritten by another program again and again",
    sayEnd: "is left alone again",
    faults: (_, { atMs, forMs }) => [{ kind: "rival", atMs, forMs, everyMs: 30_000 }],
  },
];

export const anchorHappenings: readonly Happening[] = [
  {
    pattern: /^(?:silent|down|unreachable|offline|dead)$/,
    example: "silent",
    say: () => "take no connection",
    sayEnd: "answer again",
    faults: (_, { atMs, forMs }) => [{ kind: "anchors", atMs, forMs }],
  },
];
