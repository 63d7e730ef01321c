// Invariant 26, for returns: nobody is held back for longer than was said. What is too early is seen in decisions.ts.
import type { EndpointSettings, IngressState } from "../../../src/core/model.ts";
import type { Turn } from "../../../src/daemon.ts";
import type { DaemonRun } from "../../../src/simulation/daemon-run.ts";
import type { FaultKind } from "../../../src/simulation/faults.ts";
import { hourMs, minuteMs, type Ledger, type Part } from "./ledger.ts";

const everyMs = 10_000;
/** A turn of the loop, and the look at the servers before a mix. */
const slackMs = 5_000;

/** What may hold up decisions, or the sight of a mix, and what changes the rules. */
const hindrances: readonly FaultKind[] = [
  "api",
  "link",
  "resolver",
  "stopped",
  "asleep",
  "busy",
  "reload",
  "restart",
  "crash",
  "state-lost",
  "word",
];
/** Resolvers remember names for a while, and shared addresses for as long as they are remembered. */
const namingFaults: readonly FaultKind[] = ["misnamed", "renumbered", "unregistered"];

export class Overdue implements Part {
  readonly #ledger: Ledger;
  /** World time since when each endpoint is up and whole, and when it last came up after having been down. */
  readonly #wholeMs = new Map<string, number>();
  readonly #cameUpMs = new Map<string, number>();
  readonly #isOut = new Set<string>();
  /** Who was left as down, and when, over all runs. */
  #departures: { readonly endpoint: string; readonly atMs: number }[] = [];
  #primary: string | undefined;
  /** World time of the newest switch: nobody is overdue from before it. */
  #switchedMs = -Infinity;
  #crashesMs: number[] = [];
  /** When another configuration than the usual one was last in force. */
  #reconfiguredMs = -Infinity;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  begins(): void {
    this.#look();
  }

  started(): void {
    this.#wholeMs.clear();
    this.#cameUpMs.clear();
    this.#isOut.clear();
    this.#primary = undefined;
  }

  /** What it decided last may be on the disk, though nobody heard of it. */
  ended(_: DaemonRun, isCrash: boolean): void {
    if (isCrash) this.#crashesMs.push(this.#ledger.nowMs);
  }

  turned({ facts, after }: Turn): void {
    const { nowMs } = this.#ledger;
    for (const fact of facts) {
      if (fact.kind !== "endpoint-health-changed") continue;
      const { endpoint, to, isDegraded } = fact;
      if (to === "up" && this.#isOut.has(endpoint)) this.#cameUpMs.set(endpoint, nowMs);
      if (to === "down" || to === "recovering") this.#isOut.add(endpoint);
      else this.#isOut.delete(endpoint);
      if (to !== "up" || isDegraded) this.#wholeMs.delete(endpoint);
      else if (!this.#wholeMs.has(endpoint)) this.#wholeMs.set(endpoint, nowMs);
    }
    const primary = after.ingresses[0]?.selection?.primary;
    if (this.#primary !== undefined && primary !== this.#primary && this.#isOut.has(this.#primary)) {
      this.#departures.push({ endpoint: this.#primary, atMs: nowMs });
      this.#departures = this.#departures.slice(-100);
    }
    if (primary !== this.#primary) this.#switchedMs = nowMs;
    this.#primary = primary;
  }

  #look(): void {
    this.#ledger.world.time.setLook(everyMs, () => this.#look());
    const { state, nowMs } = this.#ledger;
    if (this.#ledger.world.config !== this.#ledger.scenario.world.config) this.#reconfiguredMs = nowMs;
    // A reload may have taken an endpoint away and brought it back.
    for (const name of this.#wholeMs.keys()) {
      const endpoint = state?.endpoints.find(({ settings }) => settings.name === name);
      if (endpoint?.health.verdict !== "up") this.#wholeMs.delete(name);
    }
    if (state?.selection === undefined || state.overrides.length > 0) return;
    // Who was taken out and put back is held like anybody who comes back.
    if (nowMs < this.#reconfiguredMs + 5 * minuteMs) return;
    if (nowMs < this.#ledger.lastTroubleMs(...hindrances) + 5 * minuteMs) return;
    if (nowMs < this.#ledger.lastTroubleMs(...namingFaults) + 20 * minuteMs) return;
    for (const endpoint of this.#betterThan(state.selection.primary)) {
      const overdueMs = nowMs - this.#dueMs(endpoint, state);
      if (overdueMs <= everyMs) continue;
      const what = `${endpoint.name} should have served for ${Math.round(overdueMs / 1_000)} s`;
      return this.#ledger.violate("26", `${what}, and ${state.selection.primary} does`);
    }
  }

  #betterThan(primary: string): readonly EndpointSettings[] {
    const ranked = this.#ledger.ingress.endpoints
      .filter(({ name, check }) => check !== undefined || name === primary)
      .toSorted((a, b) => Number(a.check === undefined) - Number(b.check === undefined) || a.priority - b.priority);
    return ranked.slice(
      0,
      ranked.findIndex(({ name }) => name === primary),
    );
  }

  /** When the return to this endpoint is due at the latest; Infinity while it is not called for. */
  #dueMs({ name, check }: EndpointSettings, { settings, endpoints }: IngressState): number {
    const wholeMs = this.#wholeMs.get(name);
    if (wholeMs === undefined) return Infinity;
    const cameUpMs = this.#cameUpMs.get(name) ?? wholeMs;
    const times = this.#departures.filter(
      ({ endpoint, atMs }) => endpoint === name && atMs > cameUpMs - hourMs && atMs <= cameUpMs,
    );
    const unheard = this.#crashesMs.filter((atMs) => atMs > cameUpMs - hourMs && atMs <= cameUpMs);
    const left = Math.max(1, times.length + unheard.length);
    const holdMs = Math.min(hourMs, settings.holdUpMs * 2 ** (left - 1));
    const waits = settings.mix !== undefined && endpoints.some((endpoint) => endpoint.settings.stickyMs !== undefined);
    const mixMs = waits && settings.mix !== undefined ? settings.mix.waitMs + minuteMs : 0;
    // Who ever led to another one's address may have come up by way of our own record, so a switch begins its hold again.
    const hasShared = this.#ledger.lastTroubleMs(...namingFaults) > -Infinity;
    const switchedMs = this.#switchedMs + (hasShared ? holdMs : 0);
    return Math.max(cameUpMs + holdMs, wholeMs, switchedMs) + (check?.intervalMs ?? 0) + mixMs + slackMs;
  }
}
