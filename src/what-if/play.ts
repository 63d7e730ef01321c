// Plays a scenario in the world of a configuration: the real daemon on virtual time, and all that is to be told of it.
import type { Config } from "../config/config.ts";
import type { Verdict } from "../core/model.ts";
import type { Commit } from "../emulation/cloudflare/store.ts";
import { SimulatedWorld, type Watcher } from "../simulation/world.ts";
import { Crowd, type KindOfClient } from "./crowd.ts";
import type { Occurrence } from "./scenario.ts";
import { Timeline, type Entry } from "./timeline.ts";
import { userWorld, type UserIngress } from "./user-world.ts";

export interface PlayOptions {
  readonly config: Config;
  readonly occurrences: readonly Occurrence[];
  readonly seed: number;
  readonly lengthMs: number;
  readonly hasIpv6: boolean;
}

/** What became of it. */
export interface Played {
  readonly entries: readonly Entry[];
  readonly ingresses: readonly PlayedIngress[];
  readonly apiCalls: { readonly reads: number; readonly writes: number };
  /** As they reached the chat, without markup. */
  readonly messages: readonly { readonly atMs: number; readonly text: string }[];
  /** Internal errors that showed. */
  readonly bugs: readonly string[];
}

export interface PlayedIngress {
  readonly ingress: string;
  /** What the record said, from each time on: endpoints by name, empty for nothing. */
  readonly served: readonly { readonly atMs: number; readonly endpoints: readonly string[] }[];
  /** What the daemon believed of the endpoints, from each time on. */
  readonly beliefs: readonly { readonly atMs: number; readonly endpoint: string; readonly verdict: Verdict }[];
  /** How often another endpoint became the primary. */
  readonly switches: number;
  readonly clients: readonly KindOfClient[];
  /** How often a client asked while the name had no record. */
  readonly emptyAnswers: number;
  /** The endpoints, the best one first. */
  readonly endpoints: readonly string[];
}

/** Plays the scenario to its end. The same options give the same result. */
export async function play(options: PlayOptions): Promise<Played> {
  const { config, occurrences, seed, lengthMs, hasIpv6 } = options;
  const { options: worldOptions, ingresses } = userWorld(config, { seed, hasIpv6 });
  const timeline = new Timeline(ingresses.length > 1);
  const tallies = new Map(ingresses.map((ingress) => [ingress.settings.id, new IngressTally(ingress)]));
  const recordOf = (id: string): string => tallies.get(id)?.record ?? id;
  const bugs: string[] = [];
  const watcher: Watcher = {
    turned: ({ facts }) => {
      const atMs = world.time.nowMs();
      for (const fact of facts) {
        timeline.hear("ingress" in fact ? { ...fact, ingress: recordOf(fact.ingress) } : fact, atMs);
        if (fact.kind === "endpoint-health-changed") tallies.get(fact.ingress)?.believe(fact.endpoint, fact.to, atMs);
        if (fact.kind === "selection-changed" && fact.from !== undefined && fact.from.primary !== fact.to.primary)
          tallies.get(fact.ingress)?.countSwitch();
      }
    },
    committed: (commit) => {
      for (const tally of tallies.values()) tally.commit(commit, world);
    },
    started: ({ number }) =>
      timeline.add("outside", number === 1 ? "ccs starts" : "ccs starts again", world.time.nowMs()),
    ended: (_, isCrash) => timeline.add("outside", isCrash ? "ccs is killed" : "ccs ends", world.time.nowMs()),
    bug: (text) => bugs.push(text),
  };
  const world: SimulatedWorld = new SimulatedWorld(worldOptions, watcher);
  for (const tally of tallies.values()) tally.begin(world);
  for (const { atMs, endMs, text, endText, faults } of occurrences) {
    world.time.at(atMs, () => timeline.add("outside", text, atMs, "bad"));
    for (const fault of faults) world.time.at(fault.atMs, () => world.strike(fault));
    if (endMs !== undefined && endText !== undefined)
      world.time.at(endMs, () => timeline.add("outside", endText, endMs, "good"));
  }
  world.start();
  const crowds = new Map(
    ingresses.map(({ settings, endpoints }) => {
      const sites = [...new Set(endpoints.map(({ site }) => site))].flatMap((site) => world.internet.sites[site] ?? []);
      return [settings.id, new Crowd(world, settings.record, sites, timeline)];
    }),
  );
  await world.time.runUntil(lengthMs);
  await world.run?.close();
  const messages = world.receivers.flatMap((receiver) =>
    receiver.messages.map(({ plain, atMs }) => ({ atMs, text: plain })),
  );
  for (const { atMs, text } of messages) timeline.add("tells", text, atMs);
  return {
    entries: timeline.entries,
    ingresses: [...tallies].map(([id, tally]) => ({
      ...tally.result(),
      clients: crowds.get(id)?.kinds ?? [],
      emptyAnswers: crowds.get(id)?.emptyAnswers ?? 0,
    })),
    apiCalls: { ...world.api.counts },
    messages,
    bugs,
  };
}

/** What is counted of one ingress. */
class IngressTally {
  readonly #ingress: UserIngress;
  readonly #served: { readonly atMs: number; readonly endpoints: readonly string[] }[] = [];
  readonly #beliefs: { readonly atMs: number; readonly endpoint: string; readonly verdict: Verdict }[] = [];
  #switches = 0;

  constructor(ingress: UserIngress) {
    this.#ingress = ingress;
  }

  get record(): string {
    return this.#ingress.settings.record;
  }

  /** Looks at what the record says before anything happens. */
  begin(world: SimulatedWorld): void {
    this.#look(world);
  }

  believe(endpoint: string, verdict: Verdict, atMs: number): void {
    this.#beliefs.push({ atMs, endpoint, verdict });
  }

  countSwitch(): void {
    this.#switches += 1;
  }

  commit({ zone }: Commit, world: SimulatedWorld): void {
    const { record } = this.#ingress.settings;
    if (record === zone.name || record.endsWith(`.${zone.name}`)) this.#look(world);
  }

  result(): Omit<PlayedIngress, "clients" | "emptyAnswers"> {
    const { settings, endpoints } = this.#ingress;
    return {
      ingress: settings.record,
      served: this.#served,
      beliefs: this.#beliefs,
      switches: this.#switches,
      endpoints: endpoints.map((endpoint) => endpoint.settings.name),
    };
  }

  #look(world: SimulatedWorld): void {
    const { settings, endpoints } = this.#ingress;
    const own = world.api.recordsAt(settings.record);
    // A mix has a name of its own: what stands there is what clients get.
    const isMix = own.some(({ content }) => content === settings.mix?.record);
    const contents = (isMix ? world.api.recordsAt(settings.mix?.record ?? "") : own).map(({ content }) => content);
    const named = endpoints
      .filter(({ settings: { target }, site }) => {
        const addresses = world.internet.sites[site]?.addresses ?? [];
        return contents.some(
          (content) => (target.kind === "host" && target.host === content) || addresses.includes(content),
        );
      })
      .map((endpoint) => endpoint.settings.name);
    const last = this.#served.at(-1);
    if (last !== undefined && last.endpoints.join("\n") === named.join("\n")) return;
    this.#served.push({ atMs: world.time.nowMs(), endpoints: named });
  }
}
