// The clients of one ingress: several of every kind, since what a client sees of an outage depends on when its resolver
// asked last. Says when a kind loses the service and has it again, and how long it was without.
import { formatDuration } from "../core/units.ts";
import { Clients, usualClients, type Downtime } from "../simulation/clients.ts";
import type { Site } from "../simulation/internet.ts";
import { streamOf } from "../simulation/random.ts";
import type { SimulatedWorld } from "../simulation/world.ts";
import type { Timeline } from "./timeline.ts";

/** Of each kind. */
const crowdSize = 6;
/** They come one after the other within this time. */
const spreadMs = 5 * 60_000;
/** How often each tries. */
const everyMs = 1_000;
/** Kinds that lose the service within this time are told of at once. */
const togetherMs = 15_000;

/** Time without service of the clients of one kind. */
export interface KindOfClient {
  readonly name: string;
  readonly withCcs: Spell;
  readonly staticRecord: Spell;
  readonly oracle: Spell;
}

export interface Spell {
  readonly averageMs: number;
  readonly worstMs: number;
}

interface Kind {
  readonly name: string;
  readonly outSinceMs: Map<number, number>;
  longestMs: number;
  emptyToldMs: number;
}

export class Crowd {
  readonly #clients: Clients;
  readonly #kinds: readonly Kind[];
  readonly #parts: { readonly world: SimulatedWorld; readonly ingress: string; readonly timeline: Timeline };
  #emptyAnswers = 0;
  #newestLoss: { readonly atMs: number; readonly names: string[] } | undefined;

  constructor(world: SimulatedWorld, ingress: string, sites: readonly Site[], timeline: Timeline) {
    this.#parts = { world, ingress, timeline };
    this.#kinds = usualClients.map(({ name }) => ({
      name: nameOf(name),
      outSinceMs: new Map(),
      longestMs: 0,
      emptyToldMs: -Infinity,
    }));
    const random = streamOf(world.seed, `crowd of ${ingress}`);
    const habits = usualClients.flatMap((habit) =>
      Array.from({ length: crowdSize }, (_, index) => ({
        ...habit,
        fromMs: ((index + random()) / crowdSize) * spreadMs,
      })),
    );
    const numbers = new Map(habits.map((habit, number) => [habit, number]));
    this.#clients = new Clients(world, ingress, {
      habits,
      sites,
      everyMs,
      onChange: (habit, isServed, addresses) => {
        const number = numbers.get(habit as (typeof habits)[number]) ?? 0;
        this.#hear(number, isServed, addresses.length === 0);
      },
    });
  }

  get kinds(): readonly KindOfClient[] {
    const { each } = this.#clients;
    return this.#kinds.map(({ name }, index) => {
      const downtimes = each.slice(index * crowdSize, (index + 1) * crowdSize).map(({ downtime }) => downtime);
      return {
        name,
        withCcs: spellOf(downtimes, "daemon"),
        staticRecord: spellOf(downtimes, "staticRecord"),
        oracle: spellOf(downtimes, "oracle"),
      };
    });
  }

  /** How often a client was told that there is no record. */
  get emptyAnswers(): number {
    return this.#emptyAnswers;
  }

  #hear(number: number, isServed: boolean, isEmpty: boolean): void {
    const kind = this.#kinds[Math.floor(number / crowdSize)];
    if (kind === undefined) return;
    const nowMs = this.#parts.world.time.nowMs();
    if (!isServed) {
      if (isEmpty) this.#tellEmpty(kind, nowMs);
      else if (kind.outSinceMs.size === 0) this.#tellLoss(kind, nowMs);
      kind.outSinceMs.set(number, nowMs);
      return;
    }
    kind.longestMs = Math.max(kind.longestMs, nowMs - (kind.outSinceMs.get(number) ?? nowMs));
    kind.outSinceMs.delete(number);
    if (kind.outSinceMs.size > 0) return;
    const text = `${kind.name} served again, ${formatDuration(kind.longestMs)} at worst`;
    this.#parts.timeline.add("clients", text, nowMs, "good", this.#parts.ingress);
    kind.longestMs = 0;
  }

  /** Worth a word of its own: nothing was broken outside. */
  #tellEmpty(kind: Kind, nowMs: number): void {
    this.#emptyAnswers += 1;
    const isTold = nowMs - kind.emptyToldMs <= togetherMs;
    kind.emptyToldMs = nowMs;
    if (isTold) return;
    const { timeline, ingress } = this.#parts;
    const text = `${kind.name}: asked while the name had no record, and remembers that for 30 min`;
    timeline.add("clients", text, nowMs, "bad", ingress);
  }

  #tellLoss(kind: Kind, nowMs: number): void {
    const { timeline, ingress } = this.#parts;
    if (this.#newestLoss !== undefined && nowMs - this.#newestLoss.atMs <= togetherMs) {
      if (!this.#newestLoss.names.includes(kind.name)) this.#newestLoss.names.push(kind.name);
      return;
    }
    const names = [kind.name];
    this.#newestLoss = { atMs: nowMs, names };
    timeline.addLater("clients", () => `without service: ${whoOf(names, this.#kinds.length)}`, nowMs, "bad", ingress);
  }
}

function whoOf(names: readonly string[], most: number): string {
  return names.length === most ? "clients of every kind" : names.join(", ");
}

function nameOf(habit: string): string {
  return habit === "honest" ? "honest resolver" : habit;
}

function spellOf(downtimes: readonly Downtime[], which: "daemon" | "staticRecord" | "oracle"): Spell {
  const spells = downtimes.map((downtime) => downtime[which]);
  return {
    averageMs: Math.round(spells.reduce((sum, ms) => sum + ms, 0) / Math.max(1, spells.length)),
    worstMs: Math.max(0, ...spells),
  };
}
