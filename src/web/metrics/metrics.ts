// What Prometheus reads. Gauges are computed from the state when they are asked for; counters listen to the loop.
import type { State } from "../../core/model.ts";
import type { Turn } from "../../core/turn.ts";
import type { Clock } from "../../lib/clock.ts";
import { contentType, headOf } from "./exposition.ts";
import type { Metric } from "./exposition.ts";
import { daemonMetrics } from "./gauges-of-daemon.ts";
import type { DaemonSources } from "./gauges-of-daemon.ts";
import { endpointGauges } from "./gauges-of-endpoints.ts";
import { ingressGauges } from "./gauges-of-ingresses.ts";
import { GrowingText } from "./growing-text.ts";
import { isOfPart, startOfPart, stateOfPart, type MetricsPart } from "./part.ts";
import { ProcessMetrics } from "./process.ts";
import { Series } from "./series.ts";

export interface MetricsOptions extends DaemonSources {
  readonly state: () => State;
  readonly clock: Clock;
  /** Metrics of the process and of Node too. Off where several daemons share a process. */
  readonly withProcess?: boolean;
}

/** A request to Cloudflare that has ended. */
interface CloudRequest {
  readonly operation: string;
  readonly outcome: string;
  readonly durationMs: number;
}

interface Rendered {
  readonly contentType: string;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** The answer is made in slices no longer than this; between them the loop takes what is due. */
const sliceMs = 3;
/** Of an answer, before it is known how long it becomes. */
const roomBytes = 64 * 1_024;
/** The time is looked at after so many rows: that costs as much as a row. */
const rowsBetweenLooks = 50;

/** A listener of the daemon's, and all metrics of it. */
export class Metrics {
  readonly #clock: Clock;
  readonly #state: () => State;
  readonly #series = new Series();
  readonly #process: ProcessMetrics | undefined;
  /** All but those of the process. */
  readonly own: readonly Metric[];
  /** Of the whole answer. */
  #lastBytes = 0;
  #lastReloadWallMs: number | undefined;

  constructor({ state, clock, withProcess, ...sources }: MetricsOptions) {
    this.#clock = clock;
    this.#state = state;
    const lastReloadWallMs = (): number | undefined => this.#lastReloadWallMs;
    this.own = [
      ...endpointGauges,
      ...ingressGauges,
      ...this.#series.all,
      ...daemonMetrics({ ...sources, lastReloadWallMs }),
    ];
    if (withProcess === true) this.#process = new ProcessMetrics();
  }

  /** One turn of the loop. */
  hear({ event, facts, after }: Turn): void {
    if (event.kind === "config-loaded") this.#series.follow(after);
    if (event.kind === "config-loaded" || event.kind === "config-rejected") {
      this.#lastReloadWallMs = this.#clock.wallMs();
    }
    if (event.kind === "probed") this.#series.countCheck(event);
    for (const fact of facts) {
      if (fact.kind === "selection-changed") this.#series.countSwitch(fact);
      if (fact.kind === "visibility-known") this.#series.countVisibility(fact);
    }
  }

  /** A request to Cloudflare has ended. */
  countCloudRequest({ operation, outcome, durationMs }: CloudRequest): void {
    this.#series.countCloudRequest(operation, outcome, durationMs);
  }

  /** Makes series that start at 0, so that the first request is seen as an increase. */
  expectCloudRequests(operations: readonly string[]): void {
    this.#series.expectCloudRequests(operations);
  }

  /** An attempt to deliver a message has ended. */
  countNotification(channel: string, outcome: string): void {
    this.#series.countNotification(channel, outcome);
  }

  /** Makes series that start at 0, so that the first message is seen as an increase. */
  expectNotifications(channels: readonly string[], outcomes: readonly string[]): void {
    for (const channel of channels) for (const outcome of outcomes) this.#series.countNotification(channel, outcome, 0);
  }

  /**
   * Everything, or a part of it, in Prometheus' text format (UTF-8). All gauges are of one state, however long the
   * answer takes.
   */
  async render(part?: MetricsPart): Promise<Rendered> {
    const clock = this.#clock;
    const state = part === undefined ? this.#state() : stateOfPart(this.#state(), part);
    // A later answer is about as long. Some room is left for a last slice of characters that take three bytes.
    const page = new GrowingText(roomBytes + (part === undefined ? Math.ceil(1.1 * this.#lastBytes) : 0));
    let text = "";
    let sliceStartedMs = clock.nowMs();
    let rows = 0;
    for (const metric of this.own) {
      if (part !== undefined && !isOfPart(metric, part)) continue;
      const start = part === undefined ? "" : startOfPart(metric, part);
      text += headOf(metric);
      for (const row of metric.rows(state)) {
        if (row.startsWith(start)) text += row;
        rows += 1;
        if (rows % rowsBetweenLooks !== 0 || clock.nowMs() < sliceStartedMs + sliceMs) continue;
        page.add(text);
        text = "";
        await new Promise<void>((resolve) => clock.setTimer(0, resolve));
        sliceStartedMs = clock.nowMs();
      }
    }
    if (this.#process !== undefined && part === undefined) text += await this.#process.render();
    page.add(text);
    if (part === undefined) this.#lastBytes = page.bytes.length;
    return { contentType, body: page.bytes };
  }
}
