// Invariant 22: everything that happens, as one number. Two runs that differ anywhere differ here.
import { hashOf, mixed } from "../../../src/simulation/random.ts";
import type { Watcher } from "../../../src/simulation/world.ts";
import { isOfMix, isOurs, textOf, type Ledger, type Part } from "./ledger.ts";

type Heard<Name extends keyof Watcher> = Parameters<Required<Watcher>[Name]>;

export class Trace implements Part {
  /** Of everything. */
  hash = 0x811c9dc5;
  /**
   * Only of what was decided, and when, and of what was written: what a wall clock or a refused reload must not change. When
   * a write arrives is chance: a read that a clock brings forward makes later requests take other times on their way.
   */
  decisions = 0x811c9dc5;
  /** Only of who was selected at which ingress, and why; not when. */
  selections = 0x811c9dc5;
  readonly #ledger: Ledger;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  started(...[run]: Heard<"started">): void {
    this.#note("started", run.number);
  }

  ended(...[run, isCrash]: Heard<"ended">): void {
    this.#note("ended", run.number, isCrash);
  }

  probed(...[{ text }, observation, isGenuine]: Heard<"probed">): void {
    this.#note(text, observation.kind, isGenuine);
  }

  resolved(...[host, resolution]: Heard<"resolved">): void {
    this.#note(host, resolution.kind);
  }

  anchorTried(...[anchor, isReached]: Heard<"anchorTried">): void {
    this.#note(anchor.address.text, isReached);
  }

  turned(...[{ facts }]: Heard<"turned">): void {
    for (const fact of facts) {
      this.#note(JSON.stringify(fact));
      if (fact.kind !== "selection-changed") continue;
      const members = [fact.to.primary, ...fact.to.sticky.map(({ endpoint }) => endpoint)].join(" ");
      this.decisions = hashOf(`${this.#ledger.nowMs} ${members}`, this.decisions);
      const { reason, why } = fact.to;
      this.selections = hashOf(`${fact.ingress} ${members} ${reason} ${why}`, this.selections);
    }
  }

  committed(...[{ zone, before, by }]: Heard<"committed">): void {
    if (before === undefined) return;
    const text = textOf(zone.records.filter((record) => isOurs(record) || isOfMix(record)));
    this.#note("committed", by, text);
    this.decisions = hashOf(`${by} ${text}`, this.decisions);
  }

  requested(...[isWrite]: Heard<"requested">): void {
    this.#note("request", isWrite);
  }

  answered(...[status]: Heard<"answered">): void {
    this.#note("answered", status);
  }

  struck(...[fault]: Heard<"struck">): void {
    this.#note("struck", JSON.stringify(fault));
  }

  #note(...parts: readonly (string | number | boolean)[]): void {
    // Texts of numbers cost more than all the rest: of the time, its microseconds are mixed in as they are.
    const nowUs = Math.round(this.#ledger.nowMs * 1_000);
    let hash = mixed(mixed(this.hash, nowUs / 2 ** 32), nowUs);
    for (const part of parts) hash = typeof part === "string" ? hashOf(part, hash) : mixed(hash, Number(part));
    this.hash = hash;
  }
}
