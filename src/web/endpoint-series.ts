// Counters and histograms by ingress and endpoint. They exist from the moment the configuration names them, so that a
// first failure is seen as an increase, and end when it no longer does.
import { Counter, Histogram } from "prom-client";
import type { Registry } from "prom-client";
import type { Event, Fact, Observation, SelectionReason, State } from "../core/model.ts";
import { phaseNames } from "./phases.ts";

const results: readonly Observation["kind"][] = ["ok", "failed", "inconclusive"];

/** Whether a selection for this reason is a switch. Going on with what the record says already is none. */
const isSwitch: Readonly<Record<SelectionReason, boolean>> = {
  adopted: false,
  elected: true,
  failover: true,
  return: true,
  configuration: true,
  pin: true,
  drain: true,
  resume: true,
};
const switchReasons = (Object.keys(isSwitch) as SelectionReason[]).filter((reason) => isSwitch[reason]);

export class EndpointSeries {
  readonly #checks: Counter<"ingress" | "endpoint" | "result">;
  readonly #durations: Histogram<"ingress" | "endpoint" | "phase">;
  readonly #switches: Counter<"ingress" | "reason">;
  readonly #visible: Histogram<"ingress">;
  #endpoints = new Map<string, { readonly ingress: string; readonly endpoint: string }>();
  #ingresses: ReadonlySet<string> = new Set();

  constructor(registry: Registry) {
    const registers = [registry];
    this.#checks = new Counter({
      name: "ccs_checks_total",
      help: "Probes by result; an inconclusive one proved nothing.",
      labelNames: ["ingress", "endpoint", "result"],
      registers,
    });
    this.#durations = new Histogram({
      name: "ccs_check_duration_seconds",
      help: "Duration of the phases of probes: resolve, connect, tls, processing, transfer.",
      labelNames: ["ingress", "endpoint", "phase"],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    });
    this.#switches = new Counter({
      name: "ccs_switches_total",
      help: "Decisions for another primary endpoint, by reason.",
      labelNames: ["ingress", "reason"],
      registers,
    });
    this.#visible = new Histogram({
      name: "ccs_switch_visible_seconds",
      help: "From Cloudflare's confirmation of a write until all authoritative servers that answer showed it.",
      labelNames: ["ingress"],
      buckets: [0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 20, 30, 60, 300, 3600],
      registers,
    });
  }

  /** Starts the series of what is configured now, and ends those of what is not any more. */
  follow({ ingresses }: State): void {
    const checked = ingresses.flatMap(({ settings, endpoints }) =>
      endpoints
        .filter((endpoint) => endpoint.settings.check !== undefined)
        .map((endpoint) => ({ ingress: settings.record, endpoint: endpoint.settings.name })),
    );
    const endpoints = new Map(checked.map((labels) => [JSON.stringify(labels), labels]));
    for (const [key, labels] of this.#endpoints) {
      if (endpoints.has(key)) continue;
      for (const result of results) this.#checks.remove({ ...labels, result });
      for (const phase of phaseNames) this.#durations.remove({ ...labels, phase });
    }
    for (const [key, labels] of endpoints) {
      if (this.#endpoints.has(key)) continue;
      for (const result of results) this.#checks.inc({ ...labels, result }, 0);
    }
    this.#endpoints = endpoints;
    const records = new Set(ingresses.map(({ settings }) => settings.record));
    for (const ingress of this.#ingresses.difference(records)) {
      for (const reason of switchReasons) this.#switches.remove({ ingress, reason });
      this.#visible.remove({ ingress });
    }
    for (const ingress of records.difference(this.#ingresses)) {
      for (const reason of switchReasons) this.#switches.inc({ ingress, reason }, 0);
      this.#visible.zero({ ingress });
    }
    this.#ingresses = records;
  }

  /** Counts a probe, unless it is of an endpoint or check that is no more. */
  countProbe({ ingress, endpoint, revision, observation }: Event & { kind: "probed" }, { ingresses }: State): void {
    const isCurrent = ingresses
      .find(({ settings }) => settings.record === ingress)
      ?.endpoints.some(({ settings, revision: current }) => settings.name === endpoint && revision === current);
    if (isCurrent !== true) return;
    this.#checks.inc({ ingress, endpoint, result: observation.kind });
    for (const phase of phaseNames) {
      const durationMs = observation.phases[phase];
      if (durationMs !== undefined) this.#durations.observe({ ingress, endpoint, phase }, durationMs / 1_000);
    }
  }

  /** Counts a decision for another primary. A change of the mix beside it is no switch. */
  countSwitch({ ingress, from, to }: Fact & { kind: "selection-changed" }): void {
    if (from?.primary !== to.primary && isSwitch[to.reason]) this.#switches.inc({ ingress, reason: to.reason });
  }

  /** Counts how long a write took to be visible. */
  countVisibility({ ingress, visibility }: Fact & { kind: "visibility-known" }): void {
    const { status, writtenAtMs, atMs } = visibility;
    if (status !== "visible" || atMs === undefined) return;
    this.#visible.observe({ ingress }, Math.max(0, atMs - writtenAtMs) / 1_000);
  }
}
