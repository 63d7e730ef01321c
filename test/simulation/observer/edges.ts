// Invariant 1 at the edge of the network, and what the daemon claims to have seen there: a write is called visible only when
// every authoritative server shows it, wrong only when one still shows something else after a minute, and silence is no alarm.
import type { FactOf } from "../../../src/core/model.ts";
import type { Turn } from "../../../src/daemon.ts";
import type { ZoneState } from "../../../src/emulation/cloudflare/zone.ts";
import type { Commit } from "../../../src/emulation/cloudflare/store.ts";
import { slowestEdgeMs, type Edge } from "../../../src/simulation/edges.ts";
import type { Fault } from "../../../src/simulation/faults.ts";
import { contentsOf, followed, hourMs, isOurs, isPointer, type Ledger, type Part } from "./ledger.ts";
import { mixName } from "../scenario.ts";

/** What an edge showed of our name from a time on. */
interface Shown {
  readonly sinceMs: number;
  readonly text: string;
}

/** Servers may disagree for this long before it is an alarm. */
const patienceMs = 60_000;
/** One round of questions, with a search for the servers before it. */
const roundMs = 12_000;

export class Edges implements Part {
  readonly #ledger: Ledger;
  /** Milliseconds in which an edge showed no record while the type changed, summed over all edges: the price of that. */
  emptyMs = 0;
  readonly #shown = new Map<Edge, Shown[]>();
  /** When a commit last changed the type of our records, or somebody else removed them. */
  #unstableMs = -Infinity;
  /** When the name was last empty at the database. */
  #clearedMs = -Infinity;
  /** The contents of each commit of ours, newest last. */
  readonly #written: Shown[] = [];

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  begins(): void {
    for (const edge of this.#ledger.world.edges) {
      this.#shown.set(edge, [{ sinceMs: -Infinity, text: textAt(edge) }]);
    }
    if (this.#ledger.records.length === 0) this.#unstableMs = 0;
  }

  committed({ zone, before }: Commit): void {
    if (before === undefined) return;
    const { nowMs } = this.#ledger;
    const [was, is] = [before.records.filter(isOurs), zone.records.filter(isOurs)];
    const sharesType = was.some(({ type }) => is.some((record) => record.type === type));
    if (!sharesType) this.#unstableMs = nowMs;
    if (was.length === 0 || is.length === 0) this.#clearedMs = nowMs;
    this.#written.push({ sinceMs: nowMs, text: contentsOf(is) });
    if (this.#written.length > 100) this.#written.shift();
  }

  shown(edge: Edge, zone: ZoneState): void {
    const { nowMs } = this.#ledger;
    this.#checkPointer(edge, zone);
    const past = this.#shown.get(edge);
    const last = past?.at(-1);
    const text = contentsOf(zone.records.filter(isOurs));
    if (past === undefined || last === undefined || last.text === text) return;
    past.push({ sinceMs: nowMs, text });
    if (past.length > 200) past.shift();
    const wasCleared = this.#clearedMs >= last.sinceMs - slowestEdgeMs;
    if (last.text === "" && last.sinceMs >= 0 && !wasCleared) this.emptyMs += nowMs - last.sinceMs;
    // What an edge did not hear of for a while arrives there all at once.
    const wasStuck = this.#ledger.lastFaultMs(isStuckEdge) > nowMs - slowestEdgeMs - 1;
    const settlesMs = this.#unstableMs + slowestEdgeMs + 1;
    if (text === "" && !wasStuck && nowMs > settlesMs) {
      this.#ledger.violate("1", `${edge.address} shows no record, though the type of the records has not changed`);
    }
  }

  /** Invariant 1 for whoever follows the ingress: a mix that is pointed to is there, at every edge. */
  #checkPointer(edge: Edge, zone: ZoneState): void {
    const leadsNowhere =
      zone.records.some((record) => isOurs(record) && isPointer(record)) && followed(zone.records).length === 0;
    const wasStuck = this.#ledger.lastFaultMs(isStuckEdge) > this.#ledger.nowMs - slowestEdgeMs - 1;
    const wasEdited = this.#ledger.lastTroubleMs("edit") > this.#ledger.nowMs - hourMs;
    if (leadsNowhere && !wasStuck && !wasEdited)
      this.#ledger.violate("1", `${edge.address} points to a mix that it does not show`);
  }

  turned({ event, facts, after, atMs }: Turn): void {
    for (const fact of facts) if (fact.kind === "visibility-known") this.#checkClaim(fact, atMs);
    const writtenAtMs = after.ingresses[0]?.visibility?.writtenAtMs;
    if (event.kind === "records-written" && event.mix === undefined && writtenAtMs !== undefined)
      this.#expectVisibility(writtenAtMs);
  }

  #checkClaim({ visibility: { status, writtenAtMs } }: FactOf<"visibility-known">, atMs: number): void {
    const { nowMs, seen } = this.#ledger;
    const expected = contentsOf(this.#ledger.state?.published?.records ?? []);
    const writtenMs = this.#written.findLast(({ text }) => text === expected)?.sinceMs ?? nowMs;
    switch (status) {
      case "visible": {
        seen.visible += 1;
        // Who says nothing is not waited for, nor who was not found: servers are remembered for an hour.
        const isQuiet = Math.max(this.#troubledMs(), this.#ledger.lastTroubleMs("resolver") + hourMs) < writtenMs;
        for (const [edge, past] of this.#shown) {
          const hasShown = past.some(
            ({ text }, index) => this.#amountsTo(text, expected) && (past[index + 1]?.sinceMs ?? Infinity) >= writtenMs,
          );
          if (isQuiet && !hasShown) {
            this.#ledger.violate("verified", `called visible, but ${edge.address} has never shown ${expected}`);
          }
        }
        return;
      }
      case "wrong": {
        seen.invisible += 1;
        const differs = [...this.#shown.values()].some((past) =>
          past.some(
            ({ text }, index) =>
              !this.#amountsTo(text, expected) && (past[index + 1]?.sinceMs ?? Infinity) >= nowMs - roundMs,
          ),
        );
        // What somebody put into a mix is wrong as well, wherever the name points.
        const isEdited = this.#ledger.lastTroubleMs("edit", "rival") >= nowMs - hourMs / 2;
        if (!differs && !isEdited) this.#ledger.violate("verified", `called wrong, but every server shows ${expected}`);
        if (atMs - writtenAtMs < patienceMs) {
          this.#ledger.violate("verified", `called wrong only ${atMs - writtenAtMs} ms after the write`);
        }
        return;
      }
      case "silent":
        seen.unverified += 1;
        return;
      case "checking":
        return;
      default:
        return status satisfies never;
    }
  }

  /**
   * Addresses may stand for the CNAME that leads to them: Cloudflare flattens within a zone. A mix in which all names lead to
   * one line shows as that line does.
   */
  #amountsTo(shown: string, expected: string): boolean {
    if (shown === expected || answeredBy(shown) === expected) return true;
    const [host] = expected.startsWith("CNAME ") ? this.#ledger.endpointsIn([contentIn(expected)]) : [];
    const isMix = shown === `CNAME ${mixName}`;
    const contents = isMix ? this.#ledger.world.api.recordsAt(mixName) : shown.split(", ").map(contentIn);
    return host !== undefined && contents.every(({ content }) => this.#ledger.leadsTo(content, host.name));
  }

  /** Where nothing is in the way, what was written is found to be visible. */
  #expectVisibility(writtenAtMs: number): void {
    const { world, run, nowMs: sinceMs } = this.#ledger;
    world.time.setTimer(patienceMs + roundMs, () => {
      const { state } = this.#ledger;
      if (this.#ledger.run !== run || state?.visibility?.writtenAtMs !== writtenAtMs) return;
      if (this.#troubledMs() >= sinceMs - hourMs / 2 || (this.#written.at(-1)?.sinceMs ?? 0) > sinceMs) return;
      const { status, detail } = state.visibility;
      // Somebody had edited what the write left alone, and nobody had read it by then: then it is wrong indeed.
      if (status === "wrong" && this.#ledger.lastTroubleMs("edit", "rival") >= sinceMs - hourMs / 2) return;
      if (status !== "visible") this.#ledger.violate("verified", `a write is ${status} after a minute: ${detail}`);
    });
  }

  /** When something last stood between the daemon and the authoritative servers. */
  #troubledMs(): number {
    return this.#ledger.lastTroubleMs("edges", "link", "resolver", "stopped", "asleep", "busy", "crash", "restart");
  }
}

function contentIn(text: string): { readonly content: string } {
  return { content: text.slice(text.indexOf(" ") + 1) };
}

function isStuckEdge(fault: Fault): boolean {
  return fault.kind === "edges" && fault.how === "stuck";
}

function textAt(edge: Edge): string {
  return contentsOf(edge.view.zones().flatMap(({ records }) => records.filter(isOurs)));
}

/** What an edge answers that has only part of a change: beside addresses of both families nobody gets to see an alias. */
function answeredBy(shown: string): string {
  const records = shown.split(", ");
  const hasBoth = ["A ", "AAAA "].every((type) => records.some((record) => record.startsWith(type)));
  return hasBoth ? records.filter((record) => !record.startsWith("CNAME ")).join(", ") : shown;
}
