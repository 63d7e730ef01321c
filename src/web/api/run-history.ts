// What the API shows of this run of the daemon and the state does not hold: since when the records are what they are,
// when the configuration was loaded, and the newest checks of each address. Hears every turn.
import type { EventOf, FactOf, Observation, State } from "../../core/model.ts";
import type { Turn } from "../../core/turn.ts";
import type { Clock } from "../../lib/clock.ts";

/** Since when the records at a name are what they are, and what wrote them. */
export interface RecordsOrigin {
  readonly sinceWallMs: number;
  readonly by: "us" | "others";
}

/** What was found at the start may have been written by an earlier life, which the journal knows. */
export type FindEarlier = (ingress: string, found: FactOf<"records-changed">) => RecordsOrigin | undefined;

export interface RecentCheck {
  readonly atWallMs: number;
  readonly observation: Observation;
}

/** So many checks of each address are kept. */
const mostRecent = 60;

export class RunHistory {
  readonly startedMs: number;
  readonly startedWallMs: number;
  readonly #clock: Clock;
  readonly #findEarlier: FindEarlier;
  readonly #origins = new Map<string, RecordsOrigin>();
  readonly #recent = new Map<string, RecentCheck[]>();
  #loadedWallMs: number | undefined;

  constructor(clock: Clock, findEarlier: FindEarlier = () => undefined) {
    this.#clock = clock;
    this.#findEarlier = findEarlier;
    this.startedMs = clock.nowMs();
    this.startedWallMs = clock.wallMs();
  }

  /** When the configuration in force was loaded, milliseconds since 1970. */
  get loadedWallMs(): number | undefined {
    return this.#loadedWallMs;
  }

  originOf(ingress: string): RecordsOrigin | undefined {
    return this.#origins.get(ingress);
  }

  /** The newest checks of an address, the oldest of them first. */
  recentOf(ingress: string, endpoint: string, address: string): readonly RecentCheck[] {
    return this.#recent.get(keyOf(ingress, endpoint, address)) ?? [];
  }

  hear({ event, facts, after }: Turn): void {
    if (event.kind === "probed") this.#addCheck(event);
    if (event.kind === "config-loaded" || event.kind === "resolved") this.#forgetGone(after);
    for (const fact of facts) {
      if (fact.kind === "config-applied") this.#loadedWallMs = this.#clock.wallMs();
      if (fact.kind === "records-changed") this.#noteOrigin(fact);
      if (fact.kind === "ingress-released") this.#origins.delete(fact.ingress);
    }
  }

  #addCheck({ ingress, endpoint, address, observation }: EventOf<"probed">): void {
    const key = keyOf(ingress, endpoint, address);
    const checks = this.#recent.get(key) ?? [];
    this.#recent.set(key, checks);
    checks.push({ atWallMs: this.#clock.wallMs(), observation });
    if (checks.length > mostRecent) checks.shift();
  }

  #noteOrigin(fact: FactOf<"records-changed">): void {
    const earlier = fact.from === undefined ? this.#findEarlier(fact.ingress, fact) : undefined;
    if (earlier !== undefined) return void this.#origins.set(fact.ingress, earlier);
    // What is found at a start has been there for an unknown time.
    if (fact.from === undefined && fact.by === "read") return void this.#origins.delete(fact.ingress);
    const by = fact.by === "write" ? "us" : "others";
    this.#origins.set(fact.ingress, { sinceWallMs: this.#clock.wallMs(), by });
  }

  #forgetGone({ ingresses }: State): void {
    const known = new Set(
      ingresses.flatMap(({ settings: { id }, endpoints }) =>
        endpoints.flatMap(({ settings: { name }, addresses }) =>
          addresses.map(({ text: address }) => keyOf(id, name, address)),
        ),
      ),
    );
    for (const key of this.#recent.keys()) if (!known.has(key)) this.#recent.delete(key);
  }
}

function keyOf(ingress: string, endpoint: string, address: string): string {
  return JSON.stringify([ingress, endpoint, address]);
}
