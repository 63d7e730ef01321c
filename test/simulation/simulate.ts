// Runs one seed: builds the world, lets the nemesis loose, watches, and reports.
import { Clients, type Downtime } from "../../src/simulation/clients.ts";
import type { Fault } from "../../src/simulation/faults.ts";
import { SimulatedWorld, type Watcher } from "../../src/simulation/world.ts";
import { Observer, type Seen, type Violation } from "./observer/observer.ts";
import { ingressName, mixName, scenarioOf, type Scenario } from "./scenario.ts";

/**
 * With whom the daemon had to do. `nobody`: monitor and clients saw the same, and nobody else wrote to the zone, as every
 * comparison with a static record needs. `one-sided`: some faults were there for the monitor alone, or for all but it.
 * `others`: somebody edited the record, wrote to it all the time, or gave a word; no static record suffers that.
 */
export type Company = "nobody" | "one-sided" | "others";

export interface Outcome {
  readonly seed: number;
  readonly hours: number;
  readonly faults: number;
  readonly violations: readonly Violation[];
  readonly trace: string;
  /** Of what was decided and written, and when; messages, probes and reloads that are refused leave no mark on it. */
  readonly decisions: string;
  /** Of who was selected at which ingress, and why. */
  readonly selections: string;
  readonly company: Company;
  readonly downtime: Downtime;
  /** Milliseconds without a record at the zone's database. */
  readonly emptyMs: number;
  /** And at the authoritative servers while the type of the records changed, summed over all of them. */
  readonly emptyAtEdgesMs: number;
  readonly requests: number;
  readonly convergenceMs: readonly number[];
  readonly seen: Seen;
  /** The most that was under way or waiting at once. */
  readonly peaks: Observer["bounds"]["peaks"];
}

export interface SeedOptions {
  readonly hours?: number;
  /** Only these faults of the seed, by their number. */
  readonly only?: readonly number[];
  /** Hears of everything, for people. */
  readonly tell?: (line: string) => void;
}

/** Plays one seed to its end, or to the first violation. */
export function simulate(seed: number, options: SeedOptions = {}): Promise<Outcome> {
  const whole = scenarioOf(seed, options.hours);
  const { only } = options;
  if (only === undefined) return play(whole, options);
  return play({ ...whole, faults: whole.faults.filter((_, index) => only.includes(index)) }, options);
}

/** Plays a scenario, a seed's or anybody's, to its end or to the first violation. */
export async function play(scenario: Scenario, { tell }: Pick<SeedOptions, "tell"> = {}): Promise<Outcome> {
  const observer = new Observer(scenario);
  const now = (): number => world.time.nowMs();
  const world: SimulatedWorld = new SimulatedWorld(
    scenario.world,
    tell === undefined ? observer : narrated(observer, now, tell),
  );
  observer.watch(world);
  let clients: Clients | undefined;
  // What stands in the zone before the daemon has published anything is not its doing.
  world.time.at(scenario.startMs, () => {
    clients = new Clients(world, ingressName);
  });
  observer.ledger.onViolation = () => world.time.stop();
  for (const fault of scenario.faults) world.time.at(fault.atMs, () => world.strike(fault));
  world.start();
  try {
    await world.time.runUntil(scenario.endMs);
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "Standstill") throw error;
    observer.standstill(error.message);
  } finally {
    world[Symbol.dispose]();
  }
  return {
    seed: scenario.seed,
    hours: world.time.nowMs() / 3_600_000,
    faults: scenario.faults.length,
    violations: [...observer.ledger.violations],
    trace: hex(observer.trace.hash),
    decisions: hex(observer.trace.decisions),
    selections: hex(observer.trace.selections),
    company: companyIn(scenario.faults),
    downtime: clients?.downtime ?? { daemon: 0, staticRecord: 0, oracle: 0, total: 0 },
    emptyMs: observer.records.emptyMs,
    emptyAtEdgesMs: observer.edges.emptyMs,
    requests: observer.calls.count,
    convergenceMs: observer.convergence.tookMs,
    seen: observer.ledger.seen,
    peaks: observer.bounds.peaks,
  };
}

function hex(hash: number): string {
  return hash.toString(16).padStart(8, "0");
}

function companyIn(faults: readonly Fault[]): Company {
  if (faults.some(({ kind }) => kind === "edit" || kind === "rival" || kind === "word")) return "others";
  return faults.some((fault) => fault.kind === "site" && fault.seenBy !== "all") ? "one-sided" : "nobody";
}

/** A watcher that tells what happens, and passes it on to the observer. */
function narrated(observer: Observer, now: () => number, tell: (line: string) => void): Watcher {
  const say = (line: string): void => tell(`${(now() / 1_000).toFixed(3).padStart(10)} s  ${line}`);
  return {
    probed: (address, observation, isGenuine, run) => {
      if (observation.kind !== "ok")
        say(`  . ${address.text} ${observation.kind} ${observation.detail}${isGenuine ? "" : " (by our own fault)"}`);
      observer.probed(address, observation, isGenuine, run);
    },
    resolved: (...heard) => observer.resolved(...heard),
    anchorTried: (...heard) => observer.anchorTried(...heard),
    requested: (isWrite, sentMs) => observer.requested(isWrite, sentMs),
    shown: (...heard) => observer.shown(...heard),
    answered: (status, retryAfterSeconds) => observer.answered(status, retryAfterSeconds),
    lost: () => {
      say("! the state file is gone");
      observer.lost();
    },
    stored: (id) => observer.stored(id),
    forgot: (ids) => observer.forgot(ids),
    bug: (text) => observer.bug(text),
    struck: (fault) => {
      say(`! ${JSON.stringify(fault)}`);
      observer.struck(fault);
    },
    turned: (turn, run) => {
      for (const fact of turn.facts) say(`  ${describe(fact)}`);
      observer.turned(turn, run);
    },
    committed: (commit) => {
      const text = [ingressName, mixName].map((name) => {
        const here = commit.zone.records.filter((record) => record.name === name && record.type !== "TXT");
        return here.map(({ type, content, ttl }) => `${type} ${content} (${ttl})`).join(", ");
      });
      say(`= ${commit.by}: ${text.filter((each) => each !== "").join(" | mix: ")}`);
      observer.committed(commit);
    },
    started: (run) => {
      say(`> run ${run.number} begins`);
      observer.started(run);
    },
    ended: (run, isCrash) => {
      say(`< run ${run.number} ${isCrash ? "crashes" : "ends"}`);
      observer.ended(run, isCrash);
    },
  };
}

function describe(fact: { readonly kind: string }): string {
  const { kind, ...rest } = fact;
  return `${kind} ${JSON.stringify(rest).slice(0, 300)}`;
}
