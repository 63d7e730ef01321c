// Invariants 4 and 6: nothing is given up but for real failures, with proof of connection newer than the last of them; and
// blindness ends.
import type { Address, EndpointState, Sighting } from "../../../src/core/model.ts";
import type { Turn } from "../../../src/daemon.ts";
import type { Fault } from "../../../src/simulation/faults.ts";
import { familyOf } from "../../../src/simulation/internet.ts";
import type { Evidence } from "./evidence.ts";
import type { Ledger, Part } from "./ledger.ts";

export class Verdicts implements Part {
  readonly #ledger: Ledger;
  readonly #evidence: Evidence;
  /** When the newest probe of an address that failed began. */
  readonly #failedMs = new Map<string, number>();
  /** When several endpoints' names were last seen to lead to an address. */
  readonly #sharedMs = new Map<string, number>();

  constructor(ledger: Ledger, evidence: Evidence) {
    this.#ledger = ledger;
    this.#evidence = evidence;
  }

  started(): void {
    this.#failedMs.clear();
  }

  struck({ kind }: Fault): void {
    // What is configured anew is looked at soon.
    if (kind === "reload") this.#failedMs.clear();
  }

  /** Several failures of one moment are one: between the beginnings of two lies the pause of the fast rhythm. */
  probed({ text }: Address, observation: Sighting): void {
    const failedMs = this.#failedMs.get(text);
    if (observation.kind !== "failed") return void this.#failedMs.delete(text);
    this.#failedMs.set(text, observation.startedMs);
    const [endpoint, other] = this.#knownAt(text);
    if (other !== undefined) this.#sharedMs.set(text, observation.endedMs);
    // Each of those whose names lead there asks at times of its own, also who has moved away meanwhile.
    if (observation.startedMs <= (this.#sharedMs.get(text) ?? -Infinity)) return void this.#failedMs.delete(text);
    const verdict = endpoint?.addresses.find((known) => known.text === text)?.health.verdict;
    const fastMs = endpoint?.settings.check?.fastIntervalMs;
    if (failedMs === undefined || fastMs === undefined || verdict === "down") return;
    const pauseMs = Math.abs(observation.startedMs - failedMs);
    if (pauseMs < fastMs / 2) this.#ledger.violate("4", `${text} failed, and was asked again after ${pauseMs} ms`);
  }

  turned({ event, before, facts, atMs }: Turn): void {
    if (event.kind === "resolved") this.#noteShared(before.ingresses[0]?.endpoints ?? [], atMs);
    for (const fact of facts) {
      if (fact.kind === "blindness-began") this.#ledger.seen.blindness += 1;
      if (fact.kind === "ingress-outage-began") this.#ledger.seen.outages += 1;
      if (fact.kind !== "address-health-changed" || fact.to !== "down" || fact.from === "recovering") continue;
      // A new address of an endpoint that is down shares its fate until it is probed.
      if (!fact.reason.startsWith("new address")) this.#checkFall(fact.endpoint, fact.address, atMs);
    }
  }

  settles(): void {
    for (const family of ["ipv4", "ipv6"] as const) {
      const isBlind = this.#ledger.run?.state.connection[family].blindSinceMs !== undefined;
      if (isBlind) this.#ledger.violate("6", `still blind in ${family} at the end of a long calm`);
    }
  }

  /** An answer may take an endpoint away from addresses that others have, too. */
  #noteShared(endpoints: readonly EndpointState[], atMs: number): void {
    for (const { addresses } of endpoints) {
      for (const { text } of addresses) {
        const isKnownTo = (endpoint: EndpointState): boolean => endpoint.addresses.some((other) => other.text === text);
        if (endpoints.filter(isKnownTo).length > 1) this.#sharedMs.set(text, atMs);
      }
    }
  }

  #checkFall(endpoint: string, address: string, atMs: number): void {
    const check = this.#ledger.endpoint(endpoint)?.check;
    // The books of an address do not say for whom it was asked, also when another one has just moved away.
    if (check === undefined || this.#knownAt(address).length > 1) return;
    const rowMs = 2 * check.fall * (check.intervalMs + check.timeoutMs);
    if (atMs < (this.#sharedMs.get(address) ?? -Infinity) + rowMs) return;
    const { failedInRowMs, failedSinceUpMs, lastFailureMs, undatedMs, ...excused } = this.#evidence.bookOf(address);
    const [failuresInRow, failuresSinceUp] = [failedInRowMs.length, failedSinceUpMs.length];
    // A probe that spans the end of an own outage is taken for one failure; it must never be the only one.
    const inRow = failuresInRow > 0 ? failuresInRow + excused.excusedInRow : 0;
    const sinceUp = failuresSinceUp > 0 ? failuresSinceUp + excused.excusedSinceUp : 0;
    if (inRow < check.fall && sinceUp < 2 * check.fall) {
      this.#ledger.violate(
        "4/6/15/23",
        `${endpoint} ${address} was given up after ${failuresInRow} real failures in a row, ${failuresSinceUp} since it was up`,
      );
    }
    const provenMs = this.#provenMs(address);
    // Of those that waited for proof, or for the time, the older ones may be enough.
    const provenAmong = (endsMs: readonly number[]): number => endsMs.filter((endedMs) => endedMs <= provenMs).length;
    const isEnough =
      Math.max(provenAmong(undatedMs), provenAmong(failedInRowMs)) >= check.fall ||
      provenAmong(failedSinceUpMs) >= 2 * check.fall;
    if (provenMs < lastFailureMs && !isEnough) {
      this.#ledger.violate(
        "4",
        `${endpoint} ${address} was given up at ${atMs} without proof of connection newer than ${lastFailureMs}`,
      );
    }
  }

  /** The endpoints of which the daemon knows this address. */
  #knownAt(address: string): readonly EndpointState[] {
    const { state } = this.#ledger;
    return state?.endpoints.filter(({ addresses }) => addresses.some(({ text }) => text === address)) ?? [];
  }

  /** The newest proof of connection for this address's family: another site's ok, or the answers of most anchors. */
  #provenMs(address: string): number {
    const { oks, anchors } = this.#evidence;
    const family = familyOf(address);
    const own = `${family} ${this.#evidence.ownerOf(address)}`;
    const others = [...oks].filter(([key]) => key.startsWith(family) && key !== own).map(([, okMs]) => okMs);
    const answers = [...anchors].filter(([text]) => familyOf(text) === family).map(([, okMs]) => okMs);
    // The second newest of three: then most of them have answered.
    const majorityMs = answers.toSorted((a, b) => b - a)[1] ?? -Infinity;
    return Math.max(majorityMs, ...others);
  }
}
