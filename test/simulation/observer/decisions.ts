// Invariants 5, 8, 14, 23 and 24: who becomes primary, on what evidence, how soon after an outage, what may never move it, and
// that no move was needless.
import type { SelectionReason, State } from "../../../src/core/model.ts";
import type { Turn } from "../../../src/daemon.ts";
import type { Fault } from "../../../src/simulation/faults.ts";
import { isOwn } from "../scenario.ts";
import type { Evidence } from "./evidence.ts";
import { hourMs, minuteMs, type Ledger, type Part } from "./ledger.ts";

interface Move {
  readonly from: string;
  readonly to: string;
  readonly reason: SelectionReason;
  readonly atMs: number;
}

export class Decisions implements Part {
  readonly #ledger: Ledger;
  readonly #evidence: Evidence;
  /** When endpoints last came up after having been down, in this run. */
  #cameUpMs = new Map<string, number>();
  #verdicts = new Map<string, string>();
  #departures: { endpoint: string; atMs: number }[] = [];
  /** World time at which this run began. */
  startedAtMs = 0;
  /** The primary of this run. */
  primary: string | undefined;
  /** When the first endpoint was up again after an outage of all; this run's time. */
  #outageEndedMs = -Infinity;
  /** Left after such an outage, though its turn to come back was not over. */
  #leftEarly: { readonly endpoint: string; readonly turnEndsMs: number } | undefined;
  /** The primary of this run or an earlier one. */
  #lastPrimary: string | undefined;

  constructor(ledger: Ledger, evidence: Evidence) {
    this.#ledger = ledger;
    this.#evidence = evidence;
  }

  started(): void {
    this.startedAtMs = this.#ledger.nowMs;
    this.#cameUpMs = new Map();
    this.#verdicts = new Map();
    this.#departures = [];
    this.#outageEndedMs = -Infinity;
    this.#leftEarly = undefined;
    this.primary = undefined;
  }

  turned({ event, facts, before, after, atMs }: Turn): void {
    for (const fact of facts) {
      if (fact.kind !== "endpoint-health-changed") continue;
      if (fact.to === "up" && fact.from === "recovering") this.#noteComeback(fact.endpoint, atMs);
      if (fact.to === "up" && this.isNobodyUp) this.#outageEndedMs = atMs;
      if (fact.to === "up" && !fact.isDegraded) this.#checkPatience(fact.endpoint, atMs);
      this.#verdicts.set(fact.endpoint, fact.to);
    }
    if (event.kind === "config-loaded") this.#checkReload(before, after);
    const selection = after.ingresses[0]?.selection;
    const from = this.primary;
    this.primary = selection?.primary;
    if (selection === undefined || selection.primary === from) return;
    this.#checkOwn(selection.primary);
    this.#lastPrimary = selection.primary;
    if (from === undefined || event.kind === "config-loaded") return;
    this.#checkMove({ from, to: selection.primary, reason: selection.reason, atMs });
  }

  /** Whether every endpoint has been given up. */
  get isNobodyUp(): boolean {
    return this.#ledger.ingress.endpoints.every(({ name }) => this.#isOut(name));
  }

  #isOut(endpoint: string): boolean {
    const verdict = this.#verdicts.get(endpoint);
    return verdict === "down" || verdict === "recovering";
  }

  /** Invariant 14: what a reload does not change keeps its health. */
  #checkReload(before: State, after: State): void {
    for (const { settings, health } of after.ingresses.flatMap(({ endpoints }) => endpoints)) {
      const old = before.ingresses
        .flatMap(({ endpoints }) => endpoints)
        .find((known) => known.settings.name === settings.name);
      if (old !== undefined && old.health.verdict !== health.verdict && settings.target === old.settings.target) {
        this.#ledger.violate("14", `a reload made ${settings.name} ${health.verdict}, it was ${old.health.verdict}`);
      }
    }
  }

  /** Invariant 23: while only the monitor's own side and the API fail, the primary never changes. */
  #checkOwn(to: string): void {
    const { faults } = this.#ledger.scenario;
    const [first] = faults;
    const isBegun = first !== undefined && this.#ledger.nowMs >= first.atMs;
    if (!isBegun || this.#lastPrimary === undefined || to === this.#lastPrimary) return;
    if (!faults.every(isOwn) || canDeny(faults)) return;
    this.#ledger.violate("23", `moved from ${this.#lastPrimary} to ${to}, though nothing but our own side failed`);
  }

  #checkMove(move: Move): void {
    const { from, reason, atMs } = move;
    if (reason === "failover") this.#ledger.seen.failovers += 1;
    if (reason === "return") this.#ledger.seen.returns += 1;
    if (this.#isOut(from)) this.#departures.push({ endpoint: from, atMs });
    this.#countWrong(move);
    this.#noteImpatience(move);
    if (reason !== "pin") this.#checkEvidence(move);
    if (reason === "return") this.#checkHold(move);
  }

  #checkEvidence({ to, atMs }: Move): void {
    const check = this.#ledger.endpoint(to)?.check;
    if (check === undefined) return;
    const books = this.#evidence.booksOf(to);
    // It stays up while nobody can tell whether its certificate is valid.
    if (books.some(({ undatedMs }) => undatedMs.length > 0)) return;
    const newestMs = Math.max(...books.map(({ lastOkStartedMs }) => lastOkStartedMs));
    const { intervalMs, timeoutMs, rise } = check;
    if (newestMs < atMs - 2 * intervalMs - timeoutMs) {
      this.#ledger.violate("5", `${to} was chosen on an ok that is ${atMs - newestMs} ms old`);
    }
    // A new address of an endpoint that serves needs one ok only.
    const isRenumbered = books.length > (this.#ledger.siteNamed(to)?.addresses.length ?? 0);
    // Nor does an address that its name leads to again, after it led to another one's.
    const isMisnamed = this.#ledger.lastTroubleMs("misnamed") > this.#ledger.nowMs - hourMs;
    if (
      !isRenumbered &&
      !isMisnamed &&
      !books.some(({ oksInRow, oksBeforeDoubt }) => oksInRow + oksBeforeDoubt >= rise)
    ) {
      this.#ledger.violate("5", `${to} was chosen with fewer than ${rise} oks in a row`);
    }
  }

  /** A reload may have changed how long it is held back, from then on. */
  #noteComeback(endpoint: string, atMs: number): void {
    if (this.#hasUsualConfig) this.#cameUpMs.set(endpoint, atMs);
    else this.#cameUpMs.delete(endpoint);
  }

  get #hasUsualConfig(): boolean {
    return this.#ledger.world.config === this.#ledger.scenario.world.config;
  }

  #checkHold({ to, atMs }: Move): void {
    const cameUpMs = this.#cameUpMs.get(to);
    if (cameUpMs === undefined || !this.#hasUsualConfig) return;
    const times = this.#departures.filter(
      (past) => past.endpoint === to && past.atMs > cameUpMs - hourMs && past.atMs < cameUpMs,
    );
    const leastMs = Math.min(hourMs, this.#ledger.ingress.holdUpMs * 2 ** (Math.max(1, times.length) - 1));
    if (atMs - cameUpMs < leastMs - 1) {
      this.#ledger.violate("8", `returned to ${to} ${atMs - cameUpMs} ms after it came up, ${leastMs} ms are due`);
    }
  }

  /** Whoever the record names gets a turn to finish coming back before another is chosen; its first failure ends it. */
  #noteImpatience({ from, reason, atMs }: Move): void {
    this.#leftEarly = undefined;
    const check = this.#ledger.endpoint(from)?.check;
    if (reason !== "failover" || check === undefined) return;
    const turnMs = Math.min(longestTurnMs, check.timeoutMs + check.rise * check.fastIntervalMs);
    const turnEndsMs = this.#outageEndedMs + turnMs;
    const hasFailed = this.#evidence.booksOf(from).some(({ lastFailureMs }) => lastFailureMs > this.#outageEndedMs);
    if (atMs < turnEndsMs && !hasFailed) this.#leftEarly = { endpoint: from, turnEndsMs };
  }

  /** Invariant 24. */
  #checkPatience(endpoint: string, atMs: number): void {
    const left = this.#leftEarly;
    if (left === undefined || left.endpoint !== endpoint) return;
    this.#leftEarly = undefined;
    if (atMs > left.turnEndsMs) return;
    this.#ledger.seen.needlessMoves += 1;
    this.#ledger.violate("24", `${endpoint} was left after an outage of all endpoints, and was up within its turn`);
  }

  /** The measure of the whole: moves that the truth did not call for. To leave one that serves is invariant 24. */
  #countWrong({ from, to, reason }: Move): void {
    if (reason === "pin" || reason === "drain" || reason === "resume") return;
    const { internet } = this.#ledger.world;
    const target = this.#ledger.siteNamed(to);
    if (target !== undefined && !target.addresses.some((address) => internet.isServing(address))) {
      this.#ledger.seen.vainMoves += 1;
    }
    const check = this.#ledger.endpoint(from)?.check;
    if (reason !== "failover" || check === undefined) return;
    // Brown-outs are remembered for a while.
    const memoryMs = check.intervalMs + 2 * check.fall * (check.timeoutMs + check.fastIntervalMs) + minuteMs;
    const left = this.#ledger.siteNamed(from)?.index;
    const struckMs = this.#ledger.lastFaultMs((fault) => fault.kind === "site" && fault.site === left);
    // Resolvers remember names longer than sites suffer.
    const namedMs = this.#ledger.lastFaultMs(
      (fault) => fault.kind !== "site" && "site" in fault && fault.site === left,
    );
    const troubledMs = Math.max(struckMs, namedMs + resolversRememberMs);
    // What both resolvers deny counts as the truth, and what they cannot say for ten minutes leaves nothing to serve.
    const deniedMs = this.#ledger.lastFaultMs(
      (fault) => fault.kind === "resolver" && (fault.how === "denies" || fault.forMs >= 9 * minuteMs),
    );
    if (Math.max(troubledMs, deniedMs) >= this.#ledger.nowMs - memoryMs) return;
    this.#ledger.seen.needlessMoves += 1;
    this.#ledger.violate("24", `${from} was left for ${to}, though it has answered all the time`);
  }
}

/** How long resolvers keep what they were told of a name, or that it does not exist, and a while to ask them anew. */
const resolversRememberMs = 7 * minuteMs;

/** Nobody's turn after an outage is longer. */
const longestTurnMs = 15_000;

/** Whether at some time both resolvers may deny a name: that counts as the truth, and is no fault of our own side alone. */
function canDeny(faults: readonly Fault[]): boolean {
  const denials = faults.filter((fault) => fault.kind === "resolver" && fault.how === "denies");
  return denials.length > 1;
}
