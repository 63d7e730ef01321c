// The people behind the name: clients with resolvers of every habit, who try to get through again and again. They
// measure what the daemon is for: how long they cannot reach the service, compared with a record that never changes and
// with an oracle that always knows.
import type { Edge, Learned } from "./edges.ts";
import { familyOf, type Site } from "./internet.ts";
import type { SimulatedWorld } from "./world.ts";

/** What one client's resolver makes of TTLs, and what the client itself remembers. */
export interface ClientHabits {
  readonly name: string;
  /** Shorter TTLs are raised to this, longer ones lowered to that. */
  readonly leastTtlSeconds: number;
  readonly mostTtlSeconds: number;
  /** How long it sticks to addresses that it has found, as browsers do. */
  readonly pinMs: number;
  readonly hasIpv6: boolean;
  /** When it comes for the first time, in milliseconds; at once by default. */
  readonly fromMs?: number;
}

export const usualClients: readonly ClientHabits[] = [
  { name: "honest", leastTtlSeconds: 0, mostTtlSeconds: Infinity, pinMs: 0, hasIpv6: true },
  { name: "browser", leastTtlSeconds: 0, mostTtlSeconds: Infinity, pinMs: 60_000, hasIpv6: true },
  { name: "clamping resolver", leastTtlSeconds: 300, mostTtlSeconds: 3_600, pinMs: 0, hasIpv6: false },
  { name: "impatient resolver", leastTtlSeconds: 0, mostTtlSeconds: 30, pinMs: 0, hasIpv6: false },
];

export interface ClientsOptions {
  readonly habits?: readonly ClientHabits[];
  /** The ways into the service, the best one first; all sites by default. A static record names the first. */
  readonly sites?: readonly Site[];
  /** How often they try. */
  readonly everyMs?: number;
  /** Hears when a client can no longer reach the service at the addresses that it has, or can again. */
  readonly onChange?: (client: ClientHabits, isServed: boolean, addresses: readonly string[]) => void;
}

/** What a name stood for, and until when that is believed. */
interface CachedName {
  readonly contents: readonly string[];
  readonly untilMs: number;
}

interface Client {
  readonly habits: ClientHabits;
  readonly downtime: Downtime;
  isServed: boolean;
  readonly edge: Edge;
  /** What its resolver remembers of names in our zones, by name and type, and of hosts elsewhere, by name. */
  readonly cache: Map<string, CachedName>;
  /** The addresses that it sticks to. */
  pinned?: CachedName;
  view?: ClientView;
}

/** What a client gets to see. It stays so until something that it goes by runs out, or a site does something else. */
interface ClientView {
  readonly addresses: readonly string[];
  readonly isServed: boolean;
  readonly isStaticServed: boolean;
  readonly isAnyServing: boolean;
  readonly untilMs: number;
  readonly changes: number;
}

/** Milliseconds without service. */
export interface Downtime {
  daemon: number;
  staticRecord: number;
  oracle: number;
  /** All that was observed. */
  total: number;
}

export class Clients {
  /** Summed over all clients. */
  readonly downtime: Downtime = noDowntime();
  readonly #options: ClientsOptions;
  readonly #world: SimulatedWorld;
  readonly #clients: readonly Client[];
  readonly #record: string;

  constructor(world: SimulatedWorld, record: string, options: ClientsOptions = {}) {
    const { habits = usualClients } = options;
    this.#world = world;
    this.#record = record;
    this.#options = options;
    this.#clients = habits.map((habit, index) => {
      const edge = world.edges[index % world.edges.length];
      if (edge === undefined) throw new Error("clients need an edge to ask");
      return { habits: habit, edge, cache: new Map(), downtime: noDowntime(), isServed: true };
    });
    this.#tick();
  }

  /** The same for each client. */
  get each(): readonly { readonly client: ClientHabits; readonly downtime: Downtime }[] {
    return this.#clients.map(({ habits, downtime }) => ({ client: habits, downtime }));
  }

  #tick(): void {
    const { internet, time } = this.#world;
    const { everyMs = 5_000, onChange } = this.#options;
    const nowMs = time.nowMs();
    for (const client of this.#clients) {
      if (nowMs < (client.habits.fromMs ?? 0)) continue;
      let { view } = client;
      if (view === undefined || view.untilMs <= nowMs || view.changes !== internet.changes) view = this.#look(client);
      client.view = view;
      const { addresses, isServed, isStaticServed, isAnyServing } = view;
      for (const downtime of [this.downtime, client.downtime]) {
        downtime.total += everyMs;
        if (!isServed) downtime.daemon += everyMs;
        if (!isStaticServed) downtime.staticRecord += everyMs;
        if (!isAnyServing) downtime.oracle += everyMs;
      }
      if (isServed !== client.isServed) onChange?.(client.habits, isServed, addresses);
      client.isServed = isServed;
    }
    time.setLook(everyMs, () => this.#tick());
  }

  #look(client: Client): ClientView {
    const { internet } = this.#world;
    const { sites = internet.sites } = this.#options;
    const isUp = (addresses: readonly string[]): boolean =>
      addresses.some(
        (address) => (client.habits.hasIpv6 || familyOf(address) === "ipv4") && internet.isServing(address),
      );
    const found = this.#lookUp(client);
    const fixed = this.#behind(client, sites[0]?.options.host ?? "", "static record");
    return {
      addresses: found.contents,
      isServed: isUp(found.contents),
      isStaticServed: isUp(fixed.contents),
      isAnyServing: sites.some((site) => isUp(site.addresses)),
      untilMs: Math.min(found.untilMs, fixed.untilMs),
      changes: internet.changes,
    };
  }

  /** The addresses that the client uses now. */
  #lookUp(client: Client): CachedName {
    const nowMs = this.#world.time.nowMs();
    if (client.pinned !== undefined && client.pinned.untilMs > nowMs) return client.pinned;
    const found = this.#behind(client, this.#record);
    if (client.habits.pinMs > 0) return (client.pinned = { ...found, untilMs: nowMs + client.habits.pinMs });
    return found;
  }

  /**
   * The addresses behind a name. In our zones the client's edge has the last word: it follows aliases within the zone
   * and shows the addresses behind them as the name's own, so that "none of this family" is remembered of the name
   * itself. `as`: what the client remembers it by, where that is not the name.
   */
  #behind(client: Client, name: string, as = name): CachedName {
    if (!this.#isOurs(name)) return this.#addressesOf(client, name);
    const types = client.habits.hasIpv6 ? (["A", "AAAA"] as const) : (["A"] as const);
    const parts = types.flatMap((type) => {
      const known = this.#remembered(client, `${as} ${type}`, () => client.edge.look({ name, type }));
      const [host] = known.contents;
      if (host === undefined || isAddress(host)) return known;
      const behind = this.#addressesOf(client, host);
      return { ...behind, untilMs: Math.min(known.untilMs, behind.untilMs) };
    });
    return {
      contents: [...new Set(parts.flatMap(({ contents }) => contents))],
      untilMs: Math.min(...parts.map(({ untilMs }) => untilMs)),
    };
  }

  #isOurs(name: string): boolean {
    return this.#world.zoneNames.some((zone) => name === zone || name.endsWith(`.${zone}`));
  }

  #addressesOf(client: Client, host: string): CachedName {
    return this.#remembered(client, host, () => {
      const site = this.#world.internet.siteNamed(host);
      return {
        contents: site?.published ?? [],
        ttlSeconds: site?.published === undefined ? 300 : site.options.ttlSeconds,
      };
    });
  }

  #remembered(
    { cache, habits }: Client,
    name: string,
    find: () => Pick<Learned, "contents" | "ttlSeconds">,
  ): CachedName {
    const nowMs = this.#world.time.nowMs();
    const known = cache.get(name);
    if (known !== undefined && known.untilMs > nowMs) return known;
    const { contents, ttlSeconds } = find();
    const ttl = Math.min(habits.mostTtlSeconds, Math.max(habits.leastTtlSeconds, ttlSeconds));
    const found = { contents, untilMs: nowMs + ttl * 1_000 };
    cache.set(name, found);
    return found;
  }
}

function isAddress(content: string): boolean {
  return /^[\d.]+$|:/.test(content);
}

function noDowntime(): Downtime {
  return { daemon: 0, staticRecord: 0, oracle: 0, total: 0 };
}
