// What Prometheus reads. Gauges are computed from the state when they are asked for; counters listen to the loop.
import { Counter, Histogram, Registry, collectDefaultMetrics } from "prom-client";
import type { Event, Fact, State } from "../core/model.ts";
import type { Clock } from "../lib/clock.ts";
import { EndpointSeries } from "./endpoint-series.ts";
import { registerGauges } from "./gauges.ts";

export interface MetricsOptions {
  readonly state: () => State;
  readonly clock: Clock;
  readonly build: { readonly version: string; readonly node: string };
  /** How many messages wait, by channel. */
  readonly queuedNotifications: () => ReadonlyMap<string, number>;
  /** Calls to Cloudflare that could be made at once. */
  readonly cloudBudget?: () => number;
  /** Internal errors since the start. */
  readonly internalErrors?: () => number;
  /** Metrics of the process and of Node too. Off where several daemons share a process. */
  readonly withProcess?: boolean;
}

/** One turn of the loop. */
interface Turn {
  readonly event: Event;
  readonly facts: readonly Fact[];
  readonly after: State;
}

/** A request to Cloudflare that has ended. */
interface CloudRequest {
  readonly operation: string;
  readonly outcome: string;
  readonly durationMs: number;
}

/** A listener of the daemon's, and all metrics of it. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #clock: Clock;
  readonly #series: EndpointSeries;
  readonly #cloudRequests: Histogram<"operation" | "outcome">;
  readonly #notifications: Counter<"channel" | "outcome">;
  #lastReloadWallMs: number | undefined;

  constructor(options: MetricsOptions) {
    this.#clock = options.clock;
    const registers = [this.#registry];
    registerGauges(this.#registry, { ...options, lastReloadWallMs: () => this.#lastReloadWallMs });
    this.#series = new EndpointSeries(this.#registry);
    this.#cloudRequests = new Histogram({
      name: "ccs_cloudflare_request_duration_seconds",
      help: "Duration of requests to the Cloudflare API, by operation and outcome.",
      labelNames: ["operation", "outcome"],
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15],
      registers,
    });
    this.#notifications = new Counter({
      name: "ccs_notifications_total",
      help: "Attempts to deliver a message: sent, retried, refused (given up), or dropped from a full queue.",
      labelNames: ["channel", "outcome"],
      registers,
    });
    const { internalErrors = () => 0 } = options;
    const errors: Counter = new Counter({
      name: "ccs_internal_errors_total",
      help: "Errors of this program itself. Each is logged; please report them.",
      registers,
      collect: () => {
        errors.reset();
        errors.inc(internalErrors());
      },
    });
    if (options.withProcess === true) collectProcess(this.#registry);
  }

  /** One turn of the loop. */
  hear({ event, facts, after }: Turn): void {
    if (event.kind === "config-loaded") this.#series.follow(after);
    if (event.kind === "config-loaded" || event.kind === "config-rejected") {
      this.#lastReloadWallMs = this.#clock.wallMs();
    }
    if (event.kind === "probed") this.#series.countProbe(event, after);
    for (const fact of facts) {
      if (fact.kind === "selection-changed") this.#series.countSwitch(fact);
      if (fact.kind === "visibility-known") this.#series.countVisibility(fact);
    }
  }

  /** A request to Cloudflare has ended. */
  countCloudRequest({ operation, outcome, durationMs }: CloudRequest): void {
    this.#cloudRequests.observe({ operation, outcome }, durationMs / 1_000);
  }

  /** Makes series that start at 0, so that the first request is seen as an increase. */
  expectCloudRequests(operations: readonly string[], outcomes: readonly string[]): void {
    for (const operation of operations)
      for (const outcome of outcomes) this.#cloudRequests.zero({ operation, outcome });
  }

  /** An attempt to deliver a message has ended. */
  countNotification(channel: string, outcome: string): void {
    this.#notifications.inc({ channel, outcome });
  }

  /** Makes series that start at 0, so that the first message is seen as an increase. */
  expectNotifications(channels: readonly string[], outcomes: readonly string[]): void {
    for (const channel of channels) for (const outcome of outcomes) this.#notifications.inc({ channel, outcome }, 0);
  }

  /** Everything, in Prometheus' text format. */
  async render(): Promise<{ readonly contentType: string; readonly body: string }> {
    return { contentType: this.#registry.contentType, body: await this.#registry.metrics() };
  }
}

/** These are gauges that call themselves totals, which Prometheus' own checker rejects. */
const misnamed = ["nodejs_active_handles_total", "nodejs_active_requests_total", "nodejs_active_resources_total"];

function collectProcess(register: Registry): void {
  collectDefaultMetrics({ register });
  for (const name of misnamed) register.removeSingleMetric(name);
}
