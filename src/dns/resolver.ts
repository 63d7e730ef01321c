// Looks up the addresses of a host through the configured resolvers, and tells "there is none" from "nobody could say".
import type { Resolve } from "../core/look-up.ts";
import type { Address, Family, Resolution } from "../core/model.ts";
import type { Clock } from "../lib/clock.ts";
import { askForAddresses, type ServerAnswer } from "./ask.ts";
import { createExchange, type Exchange } from "./exchange.ts";
import { findAnswer, type PanelAnswer } from "./panel.ts";
import { families, familyNames } from "../core/words.ts";

export interface ResolverPorts {
  readonly clock: Clock;
  /** How one question is put to one server; the network by default. */
  readonly exchange?: Exchange;
}

/** Bounds for how long an answer is used, whatever its TTL says. */
const leastTtlSeconds = 1;
const mostTtlSeconds = 86_400;
/** How long a family's last known addresses are used past their TTL, while no resolver can say anything about it. */
const standInMs = 10 * 60_000;
/** How long a family of which nothing was ever known is asked for in vain before the other one is used alone. */
const patienceMs = 10_000;
/** A partial answer is asked for again soon, whatever its TTL. */
const partialTtlSeconds = 60;
const mostRemembered = 16_384;

export function createResolver(ports: ResolverPorts): Resolve {
  const exchange = ports.exchange ?? createExchange(ports.clock);
  // In order of last use, so that the first one is the one to forget.
  const memories = new Map<string, HostMemory>();

  return async (host, resolvers, options) => {
    const key = [host, ...resolvers].join(" ");
    const memory = memories.get(key) ?? { families: {} };
    memories.delete(key);
    memories.set(key, memory);
    for (const oldest of memories.keys()) {
      if (memories.size <= mostRemembered) break;
      memories.delete(oldest);
    }
    const { cached } = memory;
    const { notBeforeMs = -Infinity } = options;
    if (cached !== undefined && ports.clock.nowMs() < cached.untilMs && cached.atMs > notBeforeMs)
      return cached.resolution;

    const finding = await findAnswer({
      clock: ports.clock,
      servers: resolvers,
      options,
      ask: (server, limits) => askForAddresses({ exchange, clock: ports.clock, server, host, ...limits }),
    });
    return conclude(host, finding, memory, ports.clock.nowMs());
  };
}

/** What is remembered of one host, as its resolvers told. */
interface HostMemory {
  cached?: { readonly resolution: Resolution; readonly atMs: number; readonly untilMs: number };
  /**
   * What was last known of each family, an empty list included, and how long that may be used in place of an answer.
   */
  readonly families: { [family in Family]?: { readonly addresses: readonly Address[]; readonly untilMs: number } };
  /** Since when one family has answered and the other one has not. */
  partialSinceMs?: number;
}

function conclude(host: string, finding: PanelAnswer, memory: HostMemory, nowMs: number): Resolution {
  if (finding.kind === "none") {
    const servers = finding.servers.join(" and ");
    const what = finding.reason === "nxdomain" ? "does not exist" : "has no address";
    return { kind: "none", reason: finding.reason, detail: `${host} ${what} (says ${servers})` };
  }
  if (finding.kind === "inconclusive") {
    return { kind: "inconclusive", reason: finding.reason, detail: `${host}: ${finding.detail}` };
  }
  return concludeAddresses(host, finding, memory, nowMs);
}

/**
 * Anyone who uses the result takes a missing family for gone. So one that no resolver could say anything about is never
 * just left out: its last known addresses are used, and if there never were any, the result is inconclusive for a
 * while.
 */
function concludeAddresses(
  host: string,
  finding: Extract<PanelAnswer, { kind: "addresses" }>,
  memory: HostMemory,
  nowMs: number,
): Resolution {
  const known: ServerAnswer[] = [];
  const addresses: Address[] = [];
  let isPartial = false;
  for (const family of families) {
    const answer = finding.families[family];
    const remembered = memory.families[family];
    if (answer.kind !== "unknown") {
      known.push(answer);
      if (answer.kind === "addresses") addresses.push(...answer.addresses);
    } else {
      isPartial = true;
      memory.partialSinceMs ??= nowMs;
      if (remembered !== undefined && nowMs < remembered.untilMs) addresses.push(...remembered.addresses);
      else if (nowMs - memory.partialSinceMs < patienceMs) {
        const what = `${familyNames[family]} (${family === "ipv4" ? "A" : "AAAA"})`;
        return {
          kind: "inconclusive",
          reason: answer.reason,
          detail: `${host}: asked for ${what} addresses, ${answer.detail}`,
        };
      }
    }
  }
  if (!isPartial) delete memory.partialSinceMs;
  const ttls = known.flatMap((answer) => ("ttlSeconds" in answer ? [answer.ttlSeconds] : []));
  const most = isPartial ? partialTtlSeconds : mostTtlSeconds;
  const ttlSeconds = Math.max(leastTtlSeconds, Math.min(most, ...ttls));
  const untilMs = nowMs + ttlSeconds * 1_000;
  for (const family of families) {
    if (finding.families[family].kind === "unknown") continue;
    const ofFamily = addresses.filter((address) => address.family === family);
    memory.families[family] = { addresses: ofFamily, untilMs: untilMs + standInMs };
  }
  const via = [...new Set(known.flatMap((answer) => (answer.kind === "addresses" ? answer.via : [])))];
  const resolution: Resolution = { kind: "addresses", addresses, ttlSeconds, ...(via.length > 0 && { via }) };
  memory.cached = { resolution, atMs: nowMs, untilMs };
  return resolution;
}
