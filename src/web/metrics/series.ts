// Counters and distributions. Counters exist from the moment that the configuration names what they count, so that a
// first failure is seen as an increase, and end when it no longer does.
//
// Distributions have no label for ingress or endpoint. Checks and switches are few: where each endpoint had buckets of
// its own, nearly all of them would say nothing, and they would be most of the answer. The newest duration of each
// endpoint is a gauge, and Prometheus keeps its history.
import type { EventOf, FactOf, Observation, SelectionReason, State } from "../../core/model.ts";
import { Counter, Histogram } from "./exposition.ts";
import type { Metric } from "./exposition.ts";
import { phaseNames } from "./phases.ts";

const results: readonly Observation["kind"][] = ["ok", "failed", "inconclusive"];

/**
 * Whether a selection for this reason is a switch: staying with the endpoint that the record names already is none. The
 * series of what happens by itself begin at 0; those of what people do, when they first do it.
 */
const switches: Readonly<Record<SelectionReason, "from 0 on" | "when it happens" | undefined>> = {
  adopted: undefined,
  elected: "when it happens",
  failover: "from 0 on",
  return: "from 0 on",
  configuration: "when it happens",
  pin: "when it happens",
  drain: "when it happens",
  resume: "when it happens",
};
const reasons = Object.keys(switches) as SelectionReason[];

/** The checks of an endpoint as they are now: reports of earlier ones do not count. */
interface CheckRevision {
  readonly revision: number;
}

export class Series {
  readonly #checks = new Counter({
    name: "ccs_checks_total",
    labels: ["ingress", "endpoint", "result"],
    help: "Checks by result: ok, failed or inconclusive. An inconclusive one counts neither for nor against the endpoint.",
    query: 'rate(ccs_checks_total{result="failed"}[5m]) > 0',
  });
  readonly #durations = new Histogram(
    {
      name: "ccs_check_duration_seconds",
      labels: ["phase"],
      help: "How long the phases of all checks took: resolve, connect, tls, processing, transfer.",
      query: "histogram_quantile(0.9, sum by (phase, le) (rate(ccs_check_duration_seconds_bucket[1h])))",
    },
    [0.01, 0.05, 0.25, 1, 5],
  );
  readonly #switches = new Counter({
    name: "ccs_switches_total",
    labels: ["ingress", "reason"],
    help: "How often another endpoint became the primary, by reason.",
    query: 'increase(ccs_switches_total{reason="failover"}[1d])',
  });
  readonly #visible = new Histogram(
    {
      name: "ccs_switch_visible_seconds",
      labels: [],
      help: "How long after Cloudflare confirmed a write all authoritative servers that answer showed it.",
      query: "histogram_quantile(0.9, sum by (le) (rate(ccs_switch_visible_seconds_bucket[1d])))",
    },
    [1, 3, 10, 60, 300],
  );
  readonly #cloudRequests = new Histogram(
    {
      name: "ccs_cloudflare_request_duration_seconds",
      labels: ["operation", "outcome"],
      help: "How long requests to the Cloudflare API took, by operation and outcome.",
      query: 'sum by (operation, outcome) (rate(ccs_cloudflare_request_duration_seconds_count{outcome!="ok"}[15m]))',
    },
    [0.2, 0.5, 1, 5, 15],
  );
  readonly #notifications = new Counter({
    name: "ccs_notifications_total",
    labels: ["channel", "outcome"],
    help: "Attempts to deliver a message: sent, retried, refused (not retried), or dropped from a full queue.",
    query: 'increase(ccs_notifications_total{outcome=~"refused|dropped"}[1h]) > 0',
  });
  readonly all: readonly Metric[] = [
    this.#checks,
    this.#durations,
    this.#switches,
    this.#visible,
    this.#cloudRequests,
    this.#notifications,
  ];
  /** By ingress and endpoint. */
  #checked: ReadonlyMap<string, ReadonlyMap<string, CheckRevision>> = new Map();
  #ingresses: ReadonlySet<string> = new Set();

  constructor() {
    this.#visible.start([]);
  }

  /** Starts the series of what is configured now, and ends those of what no longer is. */
  follow({ ingresses }: State): void {
    const before = this.#checked;
    const checked = new Map<string, Map<string, CheckRevision>>();
    for (const { settings, endpoints } of ingresses) {
      const own = new Map<string, CheckRevision>();
      for (const { settings: endpoint, revision } of endpoints)
        if (endpoint.check !== undefined) own.set(endpoint.name, { revision });
      checked.set(settings.id, own);
    }
    for (const [ingress, endpoint] of pairsOf(before)) {
      if (checked.get(ingress)?.has(endpoint) === true) continue;
      for (const result of results) this.#checks.forget([ingress, endpoint, result]);
    }
    for (const [ingress, endpoint] of pairsOf(checked)) {
      if (before.get(ingress)?.has(endpoint) === true) continue;
      for (const result of results) this.#checks.add([ingress, endpoint, result], 0);
    }
    this.#checked = checked;
    const records = new Set(checked.keys());
    for (const ingress of this.#ingresses.difference(records))
      for (const reason of reasons) this.#switches.forget([ingress, reason]);
    for (const ingress of records.difference(this.#ingresses))
      for (const reason of reasons) if (switches[reason] === "from 0 on") this.#switches.add([ingress, reason], 0);
    this.#ingresses = records;
  }

  /** Counts a check, unless it is of an endpoint or check that is no longer configured. */
  countCheck({ ingress, endpoint, revision, observation }: EventOf<"probed">): void {
    if (this.#checked.get(ingress)?.get(endpoint)?.revision !== revision) return;
    this.#checks.add([ingress, endpoint, observation.kind]);
    for (const phase of phaseNames) {
      const durationMs = observation.phases[phase];
      if (durationMs !== undefined) this.#durations.observe([phase], durationMs / 1_000);
    }
  }

  /** Counts a decision for another primary. A change of the endpoints that are also published is no switch. */
  countSwitch({ ingress, from, to }: FactOf<"selection-changed">): void {
    if (from?.primary !== to.primary && switches[to.reason] !== undefined) this.#switches.add([ingress, to.reason]);
  }

  /** Counts how long a write took to be visible. */
  countVisibility({ visibility }: FactOf<"visibility-known">): void {
    const { status, writtenAtMs, atMs } = visibility;
    if (status !== "visible" || atMs === undefined) return;
    this.#visible.observe([], Math.max(0, atMs - writtenAtMs) / 1_000);
  }

  /** Starts the series of what succeeds at 0. */
  expectCloudRequests(operations: readonly string[]): void {
    for (const operation of operations) this.#cloudRequests.start([operation, "ok"]);
  }

  countCloudRequest(operation: string, outcome: string, durationMs: number): void {
    this.#cloudRequests.observe([operation, outcome], durationMs / 1_000);
  }

  /** `by` 0 starts a series. */
  countNotification(channel: string, outcome: string, by = 1): void {
    this.#notifications.add([channel, outcome], by);
  }
}

function* pairsOf(
  checked: ReadonlyMap<string, ReadonlyMap<string, CheckRevision>>,
): Iterable<readonly [string, string]> {
  for (const [ingress, endpoints] of checked) for (const endpoint of endpoints.keys()) yield [ingress, endpoint];
}
