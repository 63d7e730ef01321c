// Runs one seed: builds the world, lets the nemesis loose, watches, and reports.
import { Clients, type Downtime } from "../../src/simulation/clients.ts";
import { World, type Watcher } from "../../src/simulation/world.ts";
import { Observer, type Violation } from "./observer.ts";
import { ingressName, scenarioOf, type Scenario } from "./scenario.ts";

export interface Outcome {
  readonly seed: number;
  readonly hours: number;
  readonly faults: number;
  readonly violations: readonly Violation[];
  readonly trace: string;
  readonly downtime: Downtime;
  readonly emptyMs: number;
  readonly requests: number;
  readonly convergenceMs: readonly number[];
  readonly seen: Observer["seen"];
}

export interface SeedOptions {
  readonly hours?: number;
  /** Only these faults of the seed, by their number. */
  readonly only?: readonly number[];
  /** Hears of everything, for people. */
  readonly tell?: (line: string) => void;
}

/** Plays one seed to its end, or to the first violation. */
export async function simulate(seed: number, options: SeedOptions = {}): Promise<Outcome> {
  const whole = scenarioOf(seed, options.hours);
  const { only } = options;
  const scenario: Scenario =
    only === undefined ? whole : { ...whole, faults: whole.faults.filter((_, index) => only.includes(index)) };
  const observer = new Observer(scenario);
  const { tell } = options;
  const now = (): number => world.time.nowMs();
  const world: World = new World(scenario.world, tell === undefined ? observer : narrated(observer, now, tell));
  observer.watch(world);
  const clients = new Clients(world, ingressName);
  observer.onViolation = () => world.time.stop();
  for (const fault of scenario.faults) world.time.at(fault.atMs, () => world.strike(fault));
  world.start();
  try {
    await world.time.runUntil(scenario.endMs);
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "Standstill") throw error;
    observer.standstill(error.message);
  }
  return {
    seed,
    hours: world.time.nowMs() / 3_600_000,
    faults: scenario.faults.length,
    violations: observer.violations,
    trace: observer.traceHash.toString(16).padStart(8, "0"),
    downtime: clients.downtime,
    emptyMs: observer.emptyMs,
    requests: observer.requests,
    convergenceMs: observer.convergenceMs,
    seen: observer.seen,
  };
}

/** A watcher that tells what happens, and passes it on to the observer. */
function narrated(observer: Observer, now: () => number, tell: (line: string) => void): Watcher {
  const say = (line: string): void => tell(`${(now() / 1_000).toFixed(3).padStart(10)} s  ${line}`);
  return {
    probed: (address, observation, isGenuine) => {
      if (observation.kind !== "ok")
        say(`  . ${address.text} ${observation.kind} ${observation.detail}${isGenuine ? "" : " (by our own fault)"}`);
      observer.probed(address, observation, isGenuine);
    },
    resolved: (...heard) => observer.resolved(...heard),
    anchorTried: (...heard) => observer.anchorTried(...heard),
    requested: (isWrite) => observer.requested(isWrite),
    answered: (status, retryAfterSeconds) => observer.answered(status, retryAfterSeconds),
    stored: (id) => observer.stored(id),
    forgot: (ids) => observer.forgot(ids),
    bug: (text) => observer.bug(text),
    struck: (fault) => {
      say(`! ${JSON.stringify(fault)}`);
      observer.struck(fault);
    },
    turned: (turn) => {
      for (const fact of turn.facts) say(`  ${describe(fact)}`);
      observer.turned(turn);
    },
    committed: (commit) => {
      const ours = commit.zone.records.filter(({ name, type }) => name === ingressName && type !== "TXT");
      say(`= ${commit.by}: ${ours.map(({ type, content, ttl }) => `${type} ${content} (${ttl})`).join(", ")}`);
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
