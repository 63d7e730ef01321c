// The observer: sees what the daemon sees and what the world knows, and judges by books of its own whether the invariants
// hold. It never asks the core what is right; of the core's state it reads only what was believed and decided.
//
// Which invariant is where:
//    1      records.ts (at the database), edges.ts (at the authoritative servers)
//    2, 3   records.ts
//    4, 6   health.ts, on the ground of evidence.ts
//    5, 8   decisions.ts
//    7      records.ts
//    9, 10  convergence.ts
//   11      records.ts (a write that changes nothing), convergence.ts and restarts.ts (a write without a cause)
//   12      calls.ts
//   13      restarts.ts, overrides.ts, and all the others while the nemesis lets processes crash and files vanish
//   14, 15  decisions.ts; simulation.test.ts plays the same story with and without
//   16, 21  messages.ts
//   17, 18  mix.ts
//   19      records.ts
//   20      bounds.ts
//   22      trace.ts
//   23, 24  decisions.ts
//   26      overdue.ts (returns), mix.ts (members), messages.ts
//   27      silence.ts
//   28      readers.ts
//   verified (section 7 of what is promised: a verified switch): edges.ts
import type { Watcher, SimulatedWorld } from "../../../src/simulation/world.ts";
import type { Scenario } from "../scenario.ts";
import { Bounds } from "./bounds.ts";
import { Calls } from "./calls.ts";
import { Convergence } from "./convergence.ts";
import { Decisions } from "./decisions.ts";
import { Edges } from "./edges.ts";
import { Evidence } from "./evidence.ts";
import { Verdicts } from "./health.ts";
import { Ledger, type Part } from "./ledger.ts";
import { Messages } from "./messages.ts";
import { Mix } from "./mix.ts";
import { Overdue } from "./overdue.ts";
import { Overrides } from "./overrides.ts";
import { Readers } from "./readers.ts";
import { Records } from "./records.ts";
import { Restarts } from "./restarts.ts";
import { Silence } from "./silence.ts";
import { Trace } from "./trace.ts";

export type { Seen, Violation } from "./ledger.ts";

type Heard<Name extends keyof Watcher> = Parameters<Required<Watcher>[Name]>;

export class Observer implements Watcher {
  readonly ledger: Ledger;
  readonly trace: Trace;
  readonly calls: Calls;
  readonly records: Records;
  readonly edges: Edges;
  readonly convergence: Convergence;
  readonly bounds: Bounds;
  /** In the order in which they hear of everything: books before those who read them. */
  readonly #parts: readonly Part[];
  /** Those who listen to what happens most. */
  readonly #probedParts: readonly Part[];
  readonly #turnedParts: readonly Part[];

  constructor(scenario: Scenario) {
    const ledger = new Ledger(scenario);
    const evidence = new Evidence(ledger);
    const decisions = new Decisions(ledger, evidence);
    this.ledger = ledger;
    this.trace = new Trace(ledger);
    this.calls = new Calls(ledger);
    this.records = new Records(ledger, decisions);
    this.edges = new Edges(ledger);
    this.convergence = new Convergence(ledger, decisions, this.records);
    this.bounds = new Bounds(ledger);
    this.#parts = [
      this.trace,
      evidence,
      new Verdicts(ledger, evidence),
      decisions,
      this.records,
      this.edges,
      new Mix(ledger, evidence, this.records),
      this.convergence,
      new Overdue(ledger),
      new Restarts(ledger),
      new Overrides(ledger),
      this.calls,
      new Messages(ledger, decisions),
      new Silence(ledger),
      new Readers(ledger),
      this.bounds,
    ];
    this.#probedParts = this.#parts.filter((part) => part.probed !== undefined);
    this.#turnedParts = this.#parts.filter((part) => part.turned !== undefined);
  }

  /** Begins to watch; to be called once the world stands. */
  watch(world: SimulatedWorld): void {
    this.ledger.world = world;
    const { calms } = this.ledger.scenario;
    for (const { atMs } of calms) world.time.at(atMs, () => world.heal());
    for (const part of this.#parts) part.begins?.();
    for (const { atMs, forMs } of calms) {
      world.time.at(atMs + forMs - 1_000, () => {
        for (const part of this.#parts) part.settles?.();
      });
    }
  }

  /** What goes on for ever at one moment is bounded by nothing. */
  standstill(what: string): void {
    this.ledger.violate("20", what);
  }

  bug(text: string): void {
    this.ledger.violate("bug", text);
  }

  probed(...heard: Heard<"probed">): void {
    for (const part of this.#probedParts) part.probed?.(...heard);
  }

  resolved(...heard: Heard<"resolved">): void {
    for (const part of this.#parts) part.resolved?.(...heard);
  }

  anchorTried(...heard: Heard<"anchorTried">): void {
    for (const part of this.#parts) part.anchorTried?.(...heard);
  }

  requested(...heard: Heard<"requested">): void {
    for (const part of this.#parts) part.requested?.(...heard);
  }

  answered(...heard: Heard<"answered">): void {
    for (const part of this.#parts) part.answered?.(...heard);
  }

  stored(...heard: Heard<"stored">): void {
    for (const part of this.#parts) part.stored?.(...heard);
  }

  lost(): void {
    for (const part of this.#parts) part.lost?.();
  }

  forgot(...heard: Heard<"forgot">): void {
    for (const part of this.#parts) part.forgot?.(...heard);
  }

  turned(...heard: Heard<"turned">): void {
    for (const part of this.#turnedParts) part.turned?.(...heard);
  }

  committed(...heard: Heard<"committed">): void {
    for (const part of this.#parts) part.committed?.(...heard);
  }

  shown(...heard: Heard<"shown">): void {
    for (const part of this.#parts) part.shown?.(...heard);
  }

  struck(...[fault]: Heard<"struck">): void {
    this.ledger.noteFault(fault);
    for (const part of this.#parts) part.struck?.(fault);
  }

  started(...heard: Heard<"started">): void {
    for (const part of this.#parts) part.started?.(...heard);
  }

  ended(...heard: Heard<"ended">): void {
    const [, isCrash] = heard;
    if (isCrash) this.ledger.seen.crashes += 1;
    for (const part of this.#parts) part.ended?.(...heard);
  }
}
