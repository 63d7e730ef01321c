// The recursive resolvers that the daemon asks: each with its cache and its habits, and with whatever is wrong with it.
import type { Exchange, Reply } from "../dns/exchange.ts";
import type { Random } from "../lib/clock.ts";
import type { Question } from "../dns/wire.ts";
import type { ResolverTrouble } from "./faults.ts";
import { nameServers, negativeTtlSeconds as ourNegativeTtlSeconds, type Edge, type Learned } from "./edges.ts";
import { familyOf, type Internet } from "./internet.ts";
import type { SimulatedTime } from "./time.ts";

/** The habits of one resolver. */
export interface ResolverHabits {
  /** `ip:port`, as configured. */
  readonly server: string;
  /** Shorter TTLs are raised to this. */
  readonly leastTtlSeconds: number;
}

export interface ResolverParts {
  readonly internet: Internet;
  readonly time: SimulatedTime;
  /** What the emulated Cloudflare serves. */
  readonly zoneNames: readonly string[];
  /** The server of those zones that it asks. */
  readonly edge: Edge;
}

type AskedType = "A" | "AAAA" | "NS";

interface Cached {
  /** `undefined`: the name does not exist. */
  readonly addresses: readonly string[] | undefined;
  readonly untilMs: number;
}

const negativeTtlSeconds = 300;
const nameServerTtlSeconds = 86_400;

export class Resolver {
  readonly habits: ResolverHabits;
  readonly troubles = new Set<ResolverTrouble>();
  readonly #parts: ResolverParts;
  /** Hosts elsewhere, by name. */
  readonly #cache = new Map<string, Cached>();
  /** Names in the emulated zones, by name and type. */
  readonly #ours = new Map<string, Learned & { readonly untilMs: number }>();

  constructor(habits: ResolverHabits, parts: ResolverParts) {
    this.habits = habits;
    this.#parts = parts;
  }

  /** Lets something be wrong for a while. */
  afflict(trouble: ResolverTrouble, forMs: number): void {
    this.troubles.add(trouble);
    this.#parts.time.setTimer(forMs, () => this.troubles.delete(trouble));
  }

  /** The answer, and how long it takes; never when `afterMs` is infinite. */
  answer({ name, type }: Question, random: Random): { readonly reply: Reply; readonly afterMs: number } {
    let afterMs = 5 + 20 * random();
    let isStale = false;
    for (const trouble of this.troubles) {
      switch (trouble.how) {
        case "silent":
          return { reply: { kind: "silent", detail: "did not answer" }, afterMs: Infinity };
        case "servfail":
          return { reply: negative("SERVFAIL"), afterMs };
        case "refused":
          return { reply: negative("REFUSED"), afterMs };
        case "denies":
          return { reply: negative("NXDOMAIN", name), afterMs };
        case "halves":
          if ((trouble.family === "ipv4") === (type === "A")) return { reply: negative("SERVFAIL"), afterMs };
          break;
        case "slow":
          afterMs = trouble.delayMs * (0.5 + random());
          break;
        case "stale":
          isStale = true;
          break;
        default:
          trouble satisfies never;
      }
    }
    return { reply: this.#look(name, type, isStale), afterMs };
  }

  #look(name: string, type: Question["type"], isStale: boolean): Reply {
    if (type !== "A" && type !== "AAAA" && type !== "NS") return negative("NOTIMP");
    // Where the zone begins, and where its servers are, never changes.
    if (type === "NS")
      return answered(
        this.#parts.zoneNames.includes(name) ? [...nameServers.keys()] : [],
        name,
        type,
        nameServerTtlSeconds,
      );
    const servers = nameServers.get(name);
    if (servers !== undefined) return answered(type === "A" ? servers : [], name, type, nameServerTtlSeconds);
    if (this.#parts.zoneNames.some((zone) => name === zone || name.endsWith(`.${zone}`))) {
      return this.#lookInZone(name, type, isStale);
    }
    return this.#lookElsewhere(name, type, isStale);
  }

  /** A name in one of the zones: what their server shows, and the host elsewhere that an alias leads to. */
  #lookInZone(name: string, type: "A" | "AAAA", isStale: boolean): Reply {
    const nowMs = this.#parts.time.nowMs();
    const key = `${name} ${type}`;
    let known = this.#ours.get(key);
    if (known === undefined || (known.untilMs <= nowMs && !isStale)) {
      const learned = this.#parts.edge.look({ name, type });
      const ttlSeconds = Math.max(this.habits.leastTtlSeconds, learned.ttlSeconds);
      known = { ...learned, untilMs: nowMs + ttlSeconds * 1_000 };
      this.#ours.set(key, known);
    }
    const ttlSeconds = Math.max(1, Math.round((known.untilMs - nowMs) / 1_000));
    const [first] = known.contents;
    if (first === undefined) return negative(known.rcode, name, ourNegativeTtlSeconds);
    if (/^[\d.]+$|:/.test(first)) return answered(known.contents, name, type, ttlSeconds);
    const behind = this.#lookElsewhere(first, type, isStale);
    if (behind.kind !== "answered") return behind;
    return { ...behind, answers: [{ name, type: "CNAME", ttlSeconds, data: first }, ...behind.answers] };
  }

  #lookElsewhere(name: string, type: "A" | "AAAA", isStale: boolean): Reply {
    const { time, internet } = this.#parts;
    const nowMs = time.nowMs();
    let cached = this.#cache.get(name);
    if (cached === undefined || (cached.untilMs <= nowMs && !isStale)) {
      const site = internet.siteNamed(name);
      const ttl = site?.published === undefined ? negativeTtlSeconds : site.options.ttlSeconds;
      const untilMs = nowMs + Math.max(this.habits.leastTtlSeconds, ttl) * 1_000;
      cached = { addresses: site?.published, untilMs };
      this.#cache.set(name, cached);
    }
    if (cached.addresses === undefined) return negative("NXDOMAIN", name);
    const family = type === "A" ? "ipv4" : "ipv6";
    const found = cached.addresses.filter((address) => familyOf(address) === family);
    const ttlSeconds = Math.max(1, Math.round((cached.untilMs - nowMs) / 1_000));
    return answered(found, name, type, ttlSeconds);
  }
}

function answered(found: readonly string[], name: string, type: AskedType, ttlSeconds: number): Reply {
  if (found.length === 0) return negative("NOERROR", name);
  const answers = found.map((data) => ({ name, type, ttlSeconds, data }));
  return { kind: "answered", rcode: "NOERROR", isAuthoritative: false, answers, isReferral: false };
}

function negative(rcode: string, name?: string, ttlSeconds = negativeTtlSeconds): Reply {
  const zone = name?.slice(name.indexOf(".") + 1);
  return {
    kind: "answered",
    rcode,
    isAuthoritative: false,
    answers: [],
    ...(zone !== undefined && { negative: { zone, ttlSeconds } }),
    isReferral: false,
  };
}

export type { Exchange };
