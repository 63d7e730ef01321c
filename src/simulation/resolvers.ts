// The recursive resolvers that the daemon asks: each with its cache and its habits, and with whatever is wrong with it.
import type { Exchange, Reply } from "../dns/exchange.ts";
import type { Random } from "../lib/clock.ts";
import type { Question } from "../dns/wire.ts";
import type { ResolverTrouble } from "./faults.ts";
import { nameServers } from "./edges.ts";
import { familyOf, type Internet } from "./internet.ts";
import type { SimulatedTime } from "./time.ts";

/** The habits of one resolver. */
export interface ResolverHabits {
  /** `ip:port`, as configured. */
  readonly server: string;
  /** Shorter TTLs are raised to this. */
  readonly leastTtlSeconds: number;
}

type Asked = "A" | "AAAA" | "NS";

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
  readonly #internet: Internet;
  readonly #time: SimulatedTime;
  readonly #zones: readonly string[];
  readonly #cache = new Map<string, Cached>();

  /** `zones`: what the emulated Cloudflare serves. */
  constructor(habits: ResolverHabits, internet: Internet, time: SimulatedTime, zones: readonly string[]) {
    this.habits = habits;
    this.#internet = internet;
    this.#time = time;
    this.#zones = zones;
  }

  /** Lets something be wrong for a while. */
  afflict(trouble: ResolverTrouble, forMs: number): void {
    this.troubles.add(trouble);
    this.#time.setTimer(forMs, () => this.troubles.delete(trouble));
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
      return answered(this.#zones.includes(name) ? [...nameServers.keys()] : [], name, type, nameServerTtlSeconds);
    const servers = nameServers.get(name);
    if (servers !== undefined) return answered(type === "A" ? servers : [], name, type, nameServerTtlSeconds);
    const nowMs = this.#time.nowMs();
    let cached = this.#cache.get(name);
    if (cached === undefined || (cached.untilMs <= nowMs && !isStale)) {
      const site = this.#internet.siteNamed(name);
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

function answered(found: readonly string[], name: string, type: Asked, ttlSeconds: number): Reply {
  if (found.length === 0) return negative("NOERROR", name);
  const answers = found.map((data) => ({ name, type, ttlSeconds, data }));
  return { kind: "answered", rcode: "NOERROR", isAuthoritative: false, answers, isReferral: false };
}

function negative(rcode: string, name?: string): Reply {
  const zone = name?.slice(name.indexOf(".") + 1);
  return {
    kind: "answered",
    rcode,
    isAuthoritative: false,
    answers: [],
    ...(zone !== undefined && { negative: { zone, ttlSeconds: negativeTtlSeconds } }),
    isReferral: false,
  };
}

export type { Exchange };
