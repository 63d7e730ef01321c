// Invariants 17 and 18: who stands beside the primary, for how long, with which addresses; and that nobody's last address
// that is up is taken away.
import type { EndpointState, IngressState } from "../../../src/core/model.ts";
import type { Turn } from "../../../src/daemon.ts";
import type { StoredRecord } from "../../../src/emulation/cloudflare/record.ts";
import type { FaultKind } from "../../../src/simulation/faults.ts";
import type { Evidence } from "./evidence.ts";
import { minuteMs, type Ledger, type Part } from "./ledger.ts";
import type { Records } from "./records.ts";

const everyMs = 10_000;
/** A write takes no longer when nothing is in its way. */
const writeMs = 30_000;
/** What servers know stays until they show what is new beside it, or should. */
const propagationMs = 60_000;

/** After a refusal that only a person can mend, the next attempt is this far away. */
const longestPauseMs = 5 * minuteMs;

/** While one of these lasts, and for a while after it, records cannot be expected to follow. */
const hindrances: readonly FaultKind[] = [
  "link",
  "stopped",
  "asleep",
  "busy",
  "edit",
  "rival",
  "restart",
  "crash",
  "reload",
  "wall-jump",
];

export class Mix implements Part {
  readonly #ledger: Ledger;
  readonly #evidence: Evidence;
  readonly #records: Records;
  /** Since when something has been as it may not stay, by what it is. */
  readonly #sinceMs = new Map<string, number>();

  constructor(ledger: Ledger, evidence: Evidence, records: Records) {
    this.#ledger = ledger;
    this.#evidence = evidence;
    this.#records = records;
  }

  begins(): void {
    this.#look();
  }

  /** Who was primary in between, for less than the time between two looks, may stand beside the next one anew. */
  turned({ facts }: Turn): void {
    for (const fact of facts) {
      if (fact.kind !== "selection-changed" || fact.from === undefined) continue;
      for (const what of this.#sinceMs.keys()) if (what.startsWith(`${fact.from.primary} `)) this.#sinceMs.delete(what);
    }
  }

  #look(): void {
    this.#ledger.world.time.setLook(everyMs, () => this.#look());
    const { state, ingress, records } = this.#ledger;
    const isMix = records.length > 0 && records.every(({ type }) => type !== "CNAME");
    const isJudged = isMix && state !== undefined && !this.#isHindered(state);
    const wrong = isJudged ? this.#wrongIn(state, records) : new Map<string, Wrong>();
    for (const what of this.#sinceMs.keys()) if (!wrong.has(what)) this.#sinceMs.delete(what);
    for (const [what, { invariant, forMs }] of wrong) {
      const sinceMs = this.#sinceMs.get(what) ?? this.#ledger.nowMs;
      this.#sinceMs.set(what, sinceMs);
      const lastedMs = this.#ledger.nowMs - sinceMs;
      if (lastedMs <= forMs + everyMs) continue;
      this.#ledger.violate(invariant, `${what} for ${lastedMs / 1_000} s (reconcile ${ingress.reconcileIntervalMs})`);
      this.#sinceMs.delete(what);
    }
  }

  #isHindered({ selection, endpoints, settings }: IngressState): boolean {
    const { nowMs } = this.#ledger;
    const primary = endpoints.find((endpoint) => endpoint.settings.name === selection?.primary);
    // While nobody knows an address of the primary, nothing better is known than what stands.
    const isFrozen =
      primary === undefined ||
      primary.addresses.length === 0 ||
      !isServing(primary.health.verdict) ||
      selection?.reason === "pin";
    const graceMs = settings.reconcileIntervalMs + minuteMs;
    return (
      isFrozen ||
      nowMs < this.#ledger.lastTroubleMs(...hindrances) + graceMs ||
      nowMs < this.#ledger.lastTroubleMs("api") + Math.max(graceMs, longestPauseMs + minuteMs) ||
      nowMs < this.#records.standoffEndsMs + graceMs ||
      nowMs < this.#evidence.startedAtMs + graceMs
    );
  }

  #wrongIn({ selection, endpoints }: IngressState, records: readonly StoredRecord[]): Map<string, Wrong> {
    const wrong = new Map<string, Wrong>();
    const members = [selection?.primary, ...(selection?.sticky ?? []).map(({ endpoint }) => endpoint)];
    for (const { content } of records) {
      // Where two names lead to one line, an address belongs to whoever serves by it.
      const known = endpoints.filter(({ addresses }) => addresses.some(({ text }) => text === content));
      const owner =
        known.find(({ settings }) => members.includes(settings.name)) ??
        endpoints.find(({ settings }) => this.#ledger.isOf(content, settings.name));
      const address = owner?.addresses.find(({ text }) => text === content);
      const name = owner?.settings.name ?? "none";
      if (!members.includes(name)) wrong.set(`${content} of ${name}, no member, stands`, asSoonAsPossible("17"));
      else if (address === undefined) wrong.set(`${content}, gone from ${name}, stands`, asSoonAsPossible("17"));
      // What is about to be up again is not taken away for a moment, nor on half the evidence.
      else if (
        owner?.settings.check !== undefined &&
        address.health.verdict === "down" &&
        owner.health.verdict === "up"
      ) {
        const forMs = writeMs + propagationMs;
        wrong.set(`${content} of ${name}, ${address.health.verdict}, stands`, { invariant: "17", forMs });
      }
    }
    for (const endpoint of endpoints) {
      const { name, stickyMs = 0, check } = endpoint.settings;
      // Names of several members may lead to its line.
      const theirs = endpoints.filter((other) => other !== endpoint && members.includes(other.settings.name));
      const known = new Set(theirs.flatMap(({ addresses }) => addresses.map(({ text }) => text)));
      const others = records.filter(({ content }) => !known.has(content));
      if (name === selection?.primary || !others.some(({ content }) => this.#ledger.isOf(content, name))) continue;
      wrong.set(`${name} stands beside ${selection?.primary}`, {
        invariant: "17",
        forMs: stickyMs + (check?.intervalMs ?? 0) + writeMs,
      });
    }
    for (const endpoint of endpoints) {
      if (members.includes(endpoint.settings.name)) this.#addMissing(endpoint, wrong);
    }
    return wrong;
  }

  /** Invariant 18. */
  #addMissing({ settings: { name, check }, addresses }: EndpointState, wrong: Map<string, Wrong>): void {
    if (check === undefined) return;
    const standing = new Set(this.#ledger.records.map(({ content }) => content));
    for (const family of ["ipv4", "ipv6"] as const) {
      const up = addresses.filter((address) => address.family === family && address.health.verdict === "up");
      if (up.length === 0 || up.some(({ text }) => standing.has(text))) continue;
      wrong.set(`no ${family} address of ${name} stands, though ${up[0]?.text} is up,`, asSoonAsPossible("18"));
    }
  }
}

interface Wrong {
  readonly invariant: string;
  /** How long it may be so. */
  readonly forMs: number;
}

function asSoonAsPossible(invariant: string): Wrong {
  return { invariant, forMs: writeMs };
}

function isServing(verdict: string): boolean {
  return verdict === "up" || verdict === "suspect";
}
