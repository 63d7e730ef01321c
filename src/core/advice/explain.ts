// What a configuration amounts to, by arithmetic alone: how long a failover and a return take, what clients see of it,
// and what the watching costs. Every sum keeps its terms, so that it can be shown how it came about.
import { proofSearchMs } from "../evidence/address.ts";
import { leastOksAfterSuspicion } from "../evidence/health.ts";
import { mixPaths, type MixOutlook } from "./mix-steps.ts";
import type { CheckSettings, EndpointSettings, Family, IngressSettings, Rhythm } from "../model.ts";
import { pitfallsOf, type Pitfall } from "./pitfalls.ts";
import { publishesCname, ttlSecondsOf } from "../records/records.ts";
import { noticeTerms } from "../evidence/rhythm.ts";
import { byRank } from "../members.ts";
import { holdMs } from "../selection/hold.ts";
import { dayMs } from "../units.ts";
import type { Foresee, ShownTask, TaskOutlook } from "./task-outlook.ts";

/** What is not configured, and so taken for granted here. */
export const assumptions = {
  /** One call to Cloudflare, from the request to the answer. */
  apiCallMs: 1_000,
  daysPerMonth: 30,
} as const;

export type TermKind = "interval" | "half-interval" | "timeout" | "fast-interval" | "proof" | "api-call" | "hold-up";

/** One part of a duration: so many times so long. */
export interface Term {
  readonly kind: TermKind;
  readonly times: number;
  readonly eachMs: number;
}

export interface Sum {
  readonly totalMs: number;
  readonly terms: readonly Term[];
}

export interface Explanation {
  readonly ingress: string;
  /**
   * The records while one endpoint serves, and while a sticky one is next to it; missing when no endpoint is sticky.
   */
  readonly records: { readonly alone: "cname" | "addresses"; readonly mixed: "addresses" | undefined };
  /** How the mix of a CNAME is used, or why there is none; missing where none is asked for. */
  readonly mix?: MixOutlook | undefined;
  readonly proxied?: boolean | undefined;
  /** From the best rank to the worst. */
  readonly endpoints: readonly EndpointOutlook[];
  /** Between each endpoint and the next best. */
  readonly moves: readonly Failover[];
  readonly calls: Calls;
  readonly pitfalls: readonly Pitfall[];
}

export interface EndpointOutlook {
  readonly name: string;
  readonly target: string;
  readonly priority: number;
  readonly ttlSeconds: number;
  readonly isTtlAutomatic: boolean;
  readonly stickyMs?: number | undefined;
  /** Of literal addresses; those of a host name are not known without looking it up. */
  readonly families?: readonly Family[] | undefined;
  /** Missing for an endpoint that is assumed up. */
  readonly check?: CheckOutlook | undefined;
}

export interface CheckOutlook extends ShownTask {
  readonly intervalMs: number;
  readonly fastIntervalMs: number;
  readonly timeoutMs: number;
  readonly rise: number;
  readonly fall: number;
  /** Of each address, in the steady rhythm. */
  readonly checksPerDay: number;
  readonly bytesPerMonth: number;
  /**
   * An endpoint that fails now and then counts as down after `failures` since it was last up, unless `oksToForgive`
   * successes in a row come between.
   */
  readonly brownOut: { readonly failures: number; readonly oksToForgive: number };
}

export interface Failover {
  readonly from: string;
  readonly to: string;
  /** From the moment `from` breaks to the record of `to` at Cloudflare. Missing where nothing notices. */
  readonly failover?: {
    readonly worst: Sum;
    /** The line is dead: every probe runs into its timeout. */
    readonly silent: Sum;
    /** The server is gone: connections are refused at once. */
    readonly refused: Sum;
    /** For this long resolvers may continue answering with the old record. */
    readonly ttlSeconds: number;
    readonly clientsWorstMs: number;
  };
  /** From the moment `from` works again to its record at Cloudflare. Missing where nothing notices. */
  readonly comeback?: {
    readonly worst: Sum;
    readonly typical: Sum;
    /** What `hold_up` grows to, by the losses within an hour: the first, the second, … until it grows no more. */
    readonly holdsMs: readonly number[];
    readonly ttlSeconds: number;
    /** How long `to` stays in the mix after that. */
    readonly stickyMs?: number | undefined;
    readonly mixTtlSeconds?: number | undefined;
  };
  /** Writes for one outage: there, back, and the end of the mix. */
  readonly writes: number;
}

export interface Calls {
  readonly readsPerDay: number;
  readonly reconcileIntervalMs: number;
}

export function explain(ingress: IngressSettings, foresee: Foresee): Explanation {
  const endpoints = ingress.endpoints.toSorted(byRank);
  const pairs = endpoints.slice(1).map((to, index) => ({ from: endpoints[index] ?? to, to }));
  const mix = mixPaths(ingress);
  const isAnySticky = pairs.some(({ to }) => to.stickyMs !== undefined);
  return {
    ingress: ingress.record,
    records: { alone: formOf(ingress), mixed: isAnySticky ? "addresses" : undefined },
    mix,
    proxied: ingress.proxied,
    endpoints: endpoints.map((endpoint) => outlookOf(endpoint, foresee)),
    moves: pairs.map(({ from, to }) => moveBetween(ingress, from, to)),
    calls: {
      readsPerDay: Math.ceil(dayMs / ingress.reconcileIntervalMs),
      reconcileIntervalMs: ingress.reconcileIntervalMs,
    },
    pitfalls: pitfallsOf(ingress, foresee),
  };
}

function formOf(settings: IngressSettings): Explanation["records"]["alone"] {
  return publishesCname({ settings }) ? "cname" : "addresses";
}

function outlookOf(endpoint: EndpointSettings, foresee: Foresee): EndpointOutlook {
  const { name, target, priority, ttl, stickyMs, check } = endpoint;
  return {
    name,
    target: target.kind === "host" ? target.host : target.addresses.map(({ text }) => text).join(", "),
    priority,
    ttlSeconds: ttlSecondsOf(endpoint),
    isTtlAutomatic: ttl === "auto",
    stickyMs,
    families: target.kind === "addresses" ? [...new Set(target.addresses.map(({ family }) => family))] : undefined,
    check: check && checkOutlook(check, foresee(check.what)),
  };
}

function checkOutlook(check: CheckSettings, { shown, probe }: TaskOutlook): CheckOutlook {
  const { intervalMs, fastIntervalMs, timeoutMs, rise, fall } = check;
  const checksPerDay = Math.round(dayMs / intervalMs);
  return {
    ...shown,
    intervalMs,
    fastIntervalMs,
    timeoutMs,
    rise,
    fall,
    checksPerDay,
    bytesPerMonth: checksPerDay * assumptions.daysPerMonth * probe.bytes,
    brownOut: { failures: 2 * fall, oksToForgive: Math.max(leastOksAfterSuspicion, rise) },
  };
}

function moveBetween(ingress: IngressSettings, from: EndpointSettings, to: EndpointSettings): Failover {
  const { check } = from;
  const writes = to.stickyMs === undefined ? 2 : 3;
  const base = { from: from.name, to: to.name, writes };
  if (check === undefined) return base;
  const ttlSeconds = ttlSecondsOf(from);
  const worst = failoverAtWorst(check);
  return {
    ...base,
    failover: {
      worst,
      silent: sum(halfInterval(check), term("timeout", 1, check.timeoutMs), pauses(check, check.fall), apiCall),
      refused: sum(halfInterval(check), pauses(check, check.fall), apiCall),
      ttlSeconds,
      clientsWorstMs: worst.totalMs + ttlSeconds * 1_000,
    },
    comeback: {
      worst: sum(
        term("interval", 1, check.intervalMs),
        term("timeout", check.rise, check.timeoutMs),
        pauses(check, check.rise),
        term("hold-up", 1, ingress.holdUpMs),
        apiCall,
      ),
      typical: sum(halfInterval(check), pauses(check, check.rise), term("hold-up", 1, ingress.holdUpMs), apiCall),
      holdsMs: holdsOf(ingress),
      ttlSeconds: ttlSecondsOf(to),
      stickyMs: to.stickyMs,
      mixTtlSeconds: to.stickyMs === undefined ? undefined : Math.min(ttlSeconds, ttlSecondsOf(to)),
    },
  };
}

/**
 * The promise of the daemon, with healthy resolvers, a healthy API, and another endpoint up: the time to notice, plus
 * the search for proof and one call. The simulator holds the daemon to it.
 */
export function failoverAtWorst(rhythm: Rhythm): Sum {
  return sum(...noticeTerms(rhythm), term("proof", 1, proofSearchMs), apiCall);
}

const apiCall = term("api-call", 1, assumptions.apiCallMs);

/** On average something breaks, or comes back, half-way between two probes. */
function halfInterval({ intervalMs }: Rhythm): Term {
  return term("half-interval", 1, intervalMs / 2);
}

/** Between so many probes of which the first has raised the question. */
function pauses({ fastIntervalMs }: Rhythm, probes: number): Term {
  return term("fast-interval", probes - 1, fastIntervalMs);
}

function holdsOf(ingress: IngressSettings): readonly number[] {
  const holds: number[] = [];
  for (let departures = 1; holds.at(-1) !== holdMs(ingress, departures); departures += 1) {
    holds.push(holdMs(ingress, departures));
  }
  return holds;
}

function term(kind: TermKind, times: number, eachMs: number): Term {
  return { kind, times, eachMs };
}

/** Terms that amount to nothing are left out. */
function sum(...all: readonly Term[]): Sum {
  const terms = all.filter(({ times, eachMs }) => times > 0 && eachMs > 0);
  return { terms, totalMs: terms.reduce((total, { times, eachMs }) => total + times * eachMs, 0) };
}
