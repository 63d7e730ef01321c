// Metrics of the process and of Node, as prom-client knows them.
import { Registry, collectDefaultMetrics } from "prom-client";

/** These are gauges that call themselves totals, which Prometheus' own checker rejects. */
const misnamed = ["nodejs_active_handles_total", "nodejs_active_requests_total", "nodejs_active_resources_total"];

/**
 * They are made of Node's monitor of the loop, which wakes the process a hundred times a second for them, and say how
 * long its own pauses were. `nodejs_eventloop_lag_seconds` is measured when it is asked for, and stays.
 */
const ofTheMonitor = ["min", "max", "mean", "stddev", "p50", "p90", "p99"].map(
  (what) => `nodejs_eventloop_lag_${what}_seconds`,
);

/** As good as never. Without a pause the monitor cannot be had, and the library starts it in any case. */
const monitorPauseMs = 2 ** 31 - 1;

export interface ProcessMetric {
  readonly name: string;
  readonly type: string;
  readonly help: string;
}

export class ProcessMetrics {
  readonly #registry = new Registry();

  constructor() {
    collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: monitorPauseMs });
    for (const name of [...misnamed, ...ofTheMonitor]) this.#registry.removeSingleMetric(name);
  }

  /** What there is, for the documentation. */
  get described(): readonly ProcessMetric[] {
    return this.#registry.getMetricsAsArray().map(({ name, type, help }) => ({ name, type: String(type), help }));
  }

  render(): Promise<string> {
    return this.#registry.metrics();
  }
}
