// Invariants 1, 2, 3, 7, 11 and 19, at the zone's database: what every write leaves behind, and what it was written for.
import type { EndpointSettings } from "../../../src/core/model.ts";
import type { Turn } from "../../../src/daemon.ts";
import type { StoredRecord } from "../../../src/emulation/cloudflare/record.ts";
import type { Commit } from "../../../src/emulation/cloudflare/store.ts";
import type { Fault } from "../../../src/simulation/faults.ts";
import type { Decisions } from "./decisions.ts";
import { mixName } from "../scenario.ts";
import { followed, hourMs, isOfMix, isOurs, isPointer, minuteMs, textOf, type Ledger, type Part } from "./ledger.ts";

/** How often the same content may be put back over somebody else's within an hour. */
const mostRepairs = 2;

export class Records implements Part {
  readonly #ledger: Ledger;
  readonly #decisions: Decisions;
  /** Milliseconds that a write of ours left the name without a record. */
  emptyMs = 0;
  #emptySinceMs: number | undefined;
  #nobodyUpSinceMs = Infinity;
  #standoffEndsMs = -Infinity;
  /** Who changed our name last. */
  #lastBy: Commit["by"] = "start";
  #repairsMs: number[] = [];
  /** Records that somebody else has changed since the daemon last read them: what it does not touch stays as they are. */
  readonly #editedUnseen = new Set<string>();
  /** Whether somebody else has changed anything since then: what is written meanwhile is no answer to that. */
  #isEditUnseen = false;
  /** Whether the type was changed once, as the configuration wants it. */
  #isConverted = false;
  /** Since when somebody else's deletion has left the name empty. */
  #clearedSinceMs: number | undefined;

  constructor(ledger: Ledger, decisions: Decisions) {
    this.#ledger = ledger;
    this.#decisions = decisions;
  }

  begins(): void {
    this.#watchEmptiness();
  }

  /** Until then, repair rests. */
  get standoffEndsMs(): number {
    return this.#standoffEndsMs;
  }

  started(): void {
    // Nobody remembers across restarts how often records were undone.
    this.#repairsMs = [];
    this.#standoffEndsMs = -Infinity;
  }

  struck(fault: Fault): void {
    // A new configuration ends a standoff.
    if (fault.kind !== "reload" || fault.what === "invalid") return;
    this.#repairsMs = [];
    this.#standoffEndsMs = -Infinity;
  }

  turned({ event, facts, atMs }: Turn): void {
    const { nowMs } = this.#ledger;
    if (event.kind === "resumed") this.#repairsMs = [];
    if (event.kind === "records-read" && event.mix === undefined) {
      this.#editedUnseen.clear();
      this.#isEditUnseen = false;
    }
    for (const fact of facts) {
      if (fact.kind === "ingress-outage-began") this.#nobodyUpSinceMs = nowMs;
      if (fact.kind === "selection-changed") this.#repairsMs = [];
      if (fact.kind === "standoff-ended") this.#standoffEndsMs = nowMs;
      if (fact.kind !== "standoff-began") continue;
      this.#ledger.seen.standoffs += 1;
      this.#standoffEndsMs = nowMs + fact.untilMs - atMs;
    }
  }

  committed({ zone, before, by }: Commit): void {
    if (before === undefined) return;
    const [was, is] = [before.records.filter(isOurs), zone.records.filter(isOurs)];
    this.#noteEmptiness(is.length === 0, by);
    if (by === "api") this.#checkWrite([before.records, zone.records]);
    else for (const { id } of is.filter((record) => !isKept(record, was))) this.#editedUnseen.add(id);
    if (textOf(was) === textOf(is)) return;
    this.#lastBy = by;
    if (by === "hand") this.#isEditUnseen = true;
  }

  #checkWrite(all: readonly [before: readonly StoredRecord[], after: readonly StoredRecord[]]): void {
    const { seen } = this.#ledger;
    const [was, is] = [all[0].filter(isOurs), all[1].filter(isOurs)];
    seen.writes += 1;
    const [outsideBefore, outside] = all.map((records) =>
      JSON.stringify(records.filter((record) => !isOurs(record) && !isOfMix(record))),
    );
    if (outsideBefore !== outside) this.#ledger.violate("3", "something outside was written");
    if (is.length === 0 && was.length > 0) this.#ledger.violate("1", "a write of ours left the name without a record");
    // What was tried again while its first try was still on its way is carried out twice.
    const isLate = this.#ledger.lastFaultMs(isLateCommit) > this.#ledger.nowMs - minuteMs;
    const [mixBefore, mix] = [all[0].filter(isOfMix), all[1].filter(isOfMix)];
    const isOwn = textOf(was) !== textOf(is);
    const isMix = textOf(mixBefore) !== textOf(mix);
    if (!isOwn && !isMix && !isLate) this.#ledger.violate("11", `a write that changes nothing: ${textOf(is)}`);
    if (isMix) this.#checkMix(mixBefore, mix, is, isOwn);
    if (isMix && !isOwn) return;
    const gets = followed(all[1]);
    const members = this.#ledger.endpointsIn(gets);
    if (members.length > 1) seen.mixes += 1;
    this.#checkType(was, is);
    this.#checkInPlace(was, is);
    if (is.some(isPointer) && gets.length === 0) this.#ledger.violate("1", "the ingress points to a mix that is empty");
    const ours = is.filter((record) => !this.#editedUnseen.has(record.id) || !isKept(record, was));
    this.#checkShape(was, is, ours);
    // What somebody made of a record, or removed, still stands for its member in the daemon's eyes.
    if (!this.#isEditUnseen) this.#checkTtl(ours, [members, this.#membersAmong(members)]);
    this.#checkSilence(was, is);
    // An empty name is filled whatever happens.
    if (was.length > 0) this.#checkQuarrel();
  }

  /** Invariants 1, 2 and 3 at the name of the mix. `own`: what stands at the ingress name beside it. */
  #checkMix(
    was: readonly StoredRecord[],
    is: readonly StoredRecord[],
    own: readonly StoredRecord[],
    isOwn: boolean,
  ): void {
    if (isOwn) this.#ledger.violate("3", "one write changes the ingress and its mix");
    if (own.some(isPointer)) {
      this.#checkInPlace(was, is);
      if (is.length === 0) this.#ledger.violate("1", "a write of ours emptied the mix that the ingress points to");
    }
    const ours = is.filter((record) => !this.#editedUnseen.has(record.id) || !isKept(record, was));
    this.#checkShape(was, is, ours);
  }

  /** Invariant 3: an ingress is a CNAME or addresses for its life; a configuration that needs addresses converts it once. */
  #checkType(was: readonly StoredRecord[], is: readonly StoredRecord[]): void {
    const [from, to] = [was, is].map((records) => records.some(({ type }) => type === "CNAME"));
    if (was.length === 0 || is.length === 0 || from === to) return;
    const { publish, endpoints } = this.#ledger.ingress;
    const needsAddresses = publish === "addresses" || endpoints.some(({ target }) => target.kind === "addresses");
    if (needsAddresses && to === false && !this.#isConverted) this.#isConverted = true;
    else this.#ledger.violate("3", `a write changed the type: ${textOf(was)} became ${textOf(is)}`);
  }

  /** Invariant 1: where a type stays, some record of it is changed in place, so that no edge ever lacks one. */
  #checkInPlace(was: readonly StoredRecord[], is: readonly StoredRecord[]): void {
    const sharesType = was.some(({ type }) => is.some((record) => record.type === type));
    const sharesRecord = was.some(({ id }) => is.some((record) => record.id === id));
    if (sharesType && !sharesRecord) {
      this.#ledger.violate("1", `no record was changed in place: ${textOf(was)} became ${textOf(is)}`);
    }
  }

  /** Invariant 2. `ours`: without what somebody else made of a record that the write did not touch. */
  #checkShape(was: readonly StoredRecord[], is: readonly StoredRecord[], ours: readonly StoredRecord[]): void {
    if (is.some(({ type }) => type === "CNAME") && is.length > 1) {
      this.#ledger.violate("2", "a CNAME beside another record");
    }
    if (new Set(ours.map(({ ttl, proxied }) => `${ttl} ${proxied}`)).size > 1) {
      this.#ledger.violate("2", "records differ in TTL or proxied flag");
    }
    const isKnown = ({ content }: StoredRecord): boolean =>
      content === mixName || this.#ledger.endpointsIn([{ content }]).length > 0;
    const strange = is.filter((record) => !isKnown(record));
    if (strange.length > 0 && !was.some(({ content }) => strange.some((record) => record.content === content))) {
      this.#ledger.violate("2", `strange content was written: ${textOf(strange)}`);
    }
  }

  /** Where a name led to another's line lately, addresses do not say whose they are; the selection does. */
  #membersAmong(members: readonly EndpointSettings[]): readonly EndpointSettings[] {
    const { state, nowMs } = this.#ledger;
    if (state?.selection === undefined || this.#ledger.lastTroubleMs("misnamed") < nowMs - hourMs) return members;
    const { primary, sticky } = state.selection;
    const names = [primary, ...sticky.map(({ endpoint }) => endpoint)];
    return this.#ledger.ingress.endpoints.filter(({ name }) => names.includes(name));
  }

  /** `readings`: who the members are, by their addresses and, where those do not tell, by what is decided. */
  #checkTtl(records: readonly StoredRecord[], readings: readonly (readonly EndpointSettings[])[]): void {
    const [first] = records;
    if (first === undefined || readings.some((members) => members.length === 0)) return;
    // A primary counts, though its addresses may be forgotten.
    const primary = this.#ledger.endpoint(this.#decisions.primary ?? "");
    const is = first.ttl === 1 ? 300 : first.ttl;
    const lowest = readings.map((members) => Math.min(...members.map(secondsOf)));
    const isLowest = readings.some(
      (members, index) =>
        is === lowest[index] ||
        (primary !== undefined &&
          !members.includes(primary) &&
          is === Math.min(lowest[index] ?? is, secondsOf(primary))),
    );
    if (!isLowest) this.#ledger.violate("2", `TTL ${first.ttl}, the lowest of the members is ${lowest[0] ?? "none"}`);
    if (is < 60 || is > 86_400) this.#ledger.violate("2", `TTL ${first.ttl} is out of bounds`);
  }

  /** Invariant 7: nobody up, no write, unless the name is empty. A pinned endpoint serves up or down. */
  #checkSilence(was: readonly StoredRecord[], is: readonly StoredRecord[]): void {
    if (!this.#decisions.isNobodyUp || was.length === 0 || this.#ledger.state?.selection?.reason === "pin") return;
    if (this.#ledger.nowMs > this.#nobodyUpSinceMs + 1_000) {
      this.#ledger.violate("7", `nobody is up, and ${textOf(is)} was written`);
    }
  }

  /** Invariant 19: what somebody else changed is put back a few times, then people have to look. */
  #checkQuarrel(): void {
    if (this.#lastBy !== "hand" || this.#isEditUnseen) return;
    const { nowMs } = this.#ledger;
    this.#repairsMs = [...this.#repairsMs.filter((atMs) => atMs > nowMs - hourMs), nowMs];
    if (this.#repairsMs.length > mostRepairs) {
      this.#ledger.violate("19", `${this.#repairsMs.length} repairs within an hour, and no standoff`);
    }
  }

  #noteEmptiness(isEmpty: boolean, by: Commit["by"]): void {
    const { nowMs } = this.#ledger;
    if (isEmpty && by === "api") this.#emptySinceMs ??= nowMs;
    if (isEmpty && by !== "api") this.#clearedSinceMs ??= nowMs;
    if (isEmpty) return;
    this.#clearedSinceMs = undefined;
    if (this.#emptySinceMs === undefined) return;
    this.emptyMs += nowMs - this.#emptySinceMs;
    this.#emptySinceMs = undefined;
  }

  /** Invariant 7: a name that somebody emptied is filled again, up or down, as soon as that is seen. */
  #watchEmptiness(): void {
    const { nowMs, world, ingress } = this.#ledger;
    world.time.setLook(minuteMs, () => this.#watchEmptiness());
    if (this.#clearedSinceMs === undefined) return;
    const troubledMs = this.#ledger.lastTroubleMs(
      ...(["api", "link", "stopped", "asleep", "busy", "restart", "crash", "edit", "rival"] as const),
    );
    const sinceMs = Math.max(this.#clearedSinceMs, troubledMs, this.#decisions.startedAtMs);
    if (nowMs > sinceMs + Math.max(ingress.reconcileIntervalMs, 5 * minuteMs) + minuteMs) {
      this.#ledger.violate("7", `the name has been empty for ${Math.round((nowMs - sinceMs) / 1_000)} s`);
      this.#clearedSinceMs = undefined;
    }
  }
}

/** Whether a write left the record as it was. */
function isKept(record: StoredRecord, was: readonly StoredRecord[]): boolean {
  return was.some((old) => old.id === record.id && textOf([old]) === textOf([record]));
}

function isLateCommit(fault: Fault): boolean {
  return fault.kind === "api" && fault.how === "late-commit";
}

function secondsOf({ ttl }: EndpointSettings): number {
  return ttl === "auto" ? 300 : ttl;
}
