// Invariants 9, 10 and 11: a dead primary is left in time; after everything has healed the record soon names somebody who
// serves, in the end the best alone, and then nothing is written any more.
import { failoverAtWorst } from "../../../src/core/advice/explain.ts";
import { endpointNamed } from "../../../src/core/members.ts";
import type { Commit } from "../../../src/emulation/cloudflare/store.ts";
import { slowestEdgeMs } from "../../../src/simulation/edges.ts";
import type { Fault } from "../../../src/simulation/faults.ts";
import type { Decisions } from "./decisions.ts";
import { contentsOf, hourMs, isOfMix, isOurs, minuteMs, textOf, type Ledger, type Part } from "./ledger.ts";
import type { Records } from "./records.ts";

/** Returns wait an hour at most, and what is sticky leaves soon after. */
const settledAfterMs = 75 * minuteMs;

/** Half a minute from look to look; a change takes its time to every server, and so do questions, a read and a write. */
const longestDriftMs = 30_000 + slowestEdgeMs + 6_000;

const deadly = new Set(["refuse", "hang", "drip", "status", "unmarked", "expired", "premature"]);
/** Before the dates of a certificate count, Cloudflare is asked for the time. */
const dateMs = 2_000;

export class Convergence implements Part {
  readonly #ledger: Ledger;
  readonly #decisions: Decisions;
  readonly #records: Records;
  /** How long it took after each spell of faults. */
  readonly tookMs: number[] = [];
  #lastStruckMs = -Infinity;
  #faultsEndMs = -Infinity;
  /** Since when all must have settled; Infinity while it need not. */
  #settledSinceMs = Infinity;

  constructor(ledger: Ledger, decisions: Decisions, records: Records) {
    this.#ledger = ledger;
    this.#decisions = decisions;
    this.#records = records;
  }

  begins(): void {
    const { world, scenario } = this.#ledger;
    for (const { atMs, forMs } of scenario.calms) {
      this.#await(atMs);
      if (forMs <= settledAfterMs + hourMs) continue;
      world.time.at(atMs + settledAfterMs, () => (this.#settledSinceMs = this.#ledger.nowMs));
      world.time.at(atMs + forMs, () => (this.#settledSinceMs = Infinity));
    }
  }

  /** Invariants 10 and 11: once all has settled, not even a restart is a reason to write. */
  committed({ by, zone, before }: Commit): void {
    if (by !== "api" || this.#settledSinceMs === Infinity) return;
    // A mix that nothing has pointed to for an hour is tidied away.
    const wasTidied = before?.records.some(isOfMix) === true && !zone.records.some(isOfMix);
    if (wasTidied && textOf(before.records.filter(isOurs)) === textOf(zone.records.filter(isOurs))) return;
    const hours = ((this.#ledger.nowMs - this.#settledSinceMs) / hourMs).toFixed(1);
    this.#ledger.violate("10", `${textOf(this.#ledger.records)} was written ${hours} h after all had settled`);
  }

  struck(fault: Fault): void {
    const { nowMs } = this.#ledger;
    this.#lastStruckMs = nowMs;
    const isFirst = this.#faultsEndMs + 5 * minuteMs < nowMs;
    this.#faultsEndMs = Math.max(this.#faultsEndMs, nowMs + ("forMs" in fault ? fault.forMs : 0));
    if (isFirst && fault.kind === "site") this.#expectFailover(fault);
    if (isFirst && fault.kind === "edit") this.#expectRepair(fault);
  }

  settles(): void {
    const [best] = this.#ledger.ingress.endpoints
      .filter(({ check }) => check !== undefined)
      .toSorted((a, b) => a.priority - b.priority);
    const wrong = this.#whatIsWrong();
    const names = this.#ledger.namesIn(this.#ledger.records);
    if (wrong !== undefined) this.#ledger.violate("10", `at the end of a long calm: ${wrong}`);
    else if (best !== undefined && names !== best.name) {
      const found = names || "strangers";
      this.#ledger.violate("10", `at the end of a long calm the record names ${found}, not ${best.name} alone`);
    }
  }

  /** Invariant 9: a dead incumbent is left in time, if nothing else is wrong. */
  #expectFailover(fault: Fault & { kind: "site" }): void {
    const { world, nowMs: sinceMs, run } = this.#ledger;
    const primary = this.#ledger.endpoint(this.#decisions.primary);
    const site = this.#ledger.siteNamed(primary?.name);
    if (primary?.check === undefined || site?.index !== fault.site || run === undefined) return;
    const isWhole = fault.family === undefined && fault.address === undefined && fault.seenBy !== "clients";
    if (!deadly.has(fault.how) || !isWhole || sinceMs - this.#decisions.startedAtMs < 2 * minuteMs) return;
    // Somebody pinned or drained something.
    if ((this.#ledger.state?.overrides.length ?? 0) > 0) return;
    if (this.#ledger.namesIn(this.#ledger.records) !== primary.name) return;
    // What `ccs explain` promises, and the slowest call of this world.
    const isByDate = fault.how === "expired" || fault.how === "premature";
    const boundMs = failoverAtWorst(primary.check).totalMs + 500 + (isByDate ? dateMs : 0);
    if (fault.forMs < boundMs) return;
    world.time.setTimer(boundMs, () => {
      // Something else happened meanwhile.
      if (this.#lastStruckMs > sinceMs || this.#ledger.run !== run) return;
      const names = this.#ledger.endpointsIn(this.#ledger.records).map(({ name }) => name);
      // A reload may have left nobody else.
      const [ingress] = world.config.ingresses;
      const hasChallenger = ingress?.endpoints.some(({ name }) => name !== primary.name) === true;
      if (hasChallenger && names.includes(primary.name)) {
        this.#ledger.violate("9", `${primary.name} has been dead for ${boundMs} ms and still stands in the record`);
      }
    });
  }

  /** An edit by hand is found at the authoritative servers, long before the records are read as a routine. */
  #expectRepair({ what }: Fault & { kind: "edit" }): void {
    const { world, nowMs: sinceMs, run, state } = this.#ledger;
    // What servers show says nothing of TTLs.
    if (run === undefined || state === undefined || what === "unrelated" || what === "ttl") return;
    if (sinceMs - this.#decisions.startedAtMs < 2 * minuteMs || state.standoff !== undefined) return;
    if (state.overrides.length > 0 || state.published?.records.some(({ proxied }) => proxied) !== false) return;
    // In an outage nothing is put right.
    if (endpointNamed(state, state.selection?.primary)?.health.verdict !== "up") return;
    this.#ledger.seen.edits += 1;
    const look = (): void => {
      if (this.#lastStruckMs > sinceMs || this.#ledger.run !== run) return;
      // While a write makes its way to the servers, what they show may be from before it.
      if (this.#ledger.state?.visibility?.status === "checking") return void world.time.setTimer(longestDriftMs, look);
      // The second one within an hour begins a standoff.
      if (this.#ledger.state?.standoff !== undefined) return;
      const wrong = this.#whatIsWrong();
      if (wrong === undefined) return;
      this.#ledger.violate(
        "drift",
        `edited by hand (${what}) ${Math.round((this.#ledger.nowMs - sinceMs) / 1_000)} s ago, and not put right: ${wrong}`,
      );
    };
    world.time.setTimer(longestDriftMs, look);
  }

  /** Invariant 10, first half. */
  #await(calmAtMs: number): void {
    const { world, ingress } = this.#ledger;
    const dueMs = Math.max(ingress.reconcileIntervalMs, 5 * minuteMs) + minuteMs;
    const look = (): void => {
      const { nowMs } = this.#ledger;
      const sinceMs = nowMs - calmAtMs;
      const complaint = this.#whatIsWrong();
      if (complaint === undefined) return void this.tookMs.push(sinceMs);
      if (sinceMs >= dueMs && nowMs >= this.#records.standoffEndsMs + dueMs) {
        const seconds = Math.round(sinceMs / 1_000);
        return this.#ledger.violate("10", `not right ${seconds} s after everything healed: ${complaint}`);
      }
      world.time.setTimer(1_000, look);
    };
    world.time.at(calmAtMs, look);
  }

  /** What is wrong with the record while everybody is well; `undefined` when nothing is. */
  #whatIsWrong(): string | undefined {
    const { records, world, run } = this.#ledger;
    if (records.length === 0) return "no record";
    if (run === undefined) return "the daemon is not running";
    const { primary } = this.#decisions;
    const site = this.#ledger.siteNamed(primary);
    if (site === undefined) return "nobody is selected";
    const contents = records.map(({ content }) => content);
    if (contents.length === 1 && contents[0] === site.options.host) return undefined;
    const missing = site.addresses.filter((address) => !contents.includes(address));
    if (missing.length > 0) return `${missing.join(", ")} of ${primary} is missing in ${contentsOf(records)}`;
    const dead = contents.filter((content) =>
      world.internet.sites.every(({ addresses }) => !addresses.includes(content)),
    );
    return dead.length > 0 ? `nobody lives at ${dead.join(", ")}` : undefined;
  }
}
