// The daemon's loop and the reconciler on virtual time, over whatever provider the test brings. Endpoints go up and down
// by the test's word.
import { httpTask } from "../support/checks.ts";
import { Daemon } from "../../src/daemon.ts";
import type { Call, IngressName, RecordProvider } from "../../src/cloud/provider.ts";
import { Reconciler } from "../../src/cloud/reconciler.ts";
import type {
  CloudProblem,
  EndpointSettings,
  Event,
  IngressSettings,
  Observation,
  Plan,
  PublishedRecord,
} from "../../src/core/model.ts";
import type { Log } from "../../src/lib/log.ts";
import { parseIp } from "../../src/lib/ip.ts";
import { VirtualClock } from "../support/virtual-clock.ts";

export const record = "ingress.example.com";
const names = ["cable", "mobile"] as const;
export type EndpointName = (typeof names)[number];

/** An ingress with `cable` before `mobile`, each with a host name of its own, and no patience. */
export function settings(changes: Partial<IngressSettings> = {}): IngressSettings {
  const endpoints = names.map((name, index): EndpointSettings => ({
    name,
    target: { kind: "host", host: `${name}.example.net` },
    priority: index,
    ttl: 60,
    resolvers: [],
    check: {
      what: httpTask({ url: `https://${name}.example.net/` }),
      intervalMs: 2_000,
      fastIntervalMs: 2_000,
      timeoutMs: 1_000,
      rise: 1,
      fall: 1,
    },
  }));
  return {
    id: changes.record ?? record,
    record,
    publish: "auto",
    holdUpMs: 0,
    reconcileIntervalMs: 300_000,
    allowPrivate: false,
    endpoints,
    ...changes,
  };
}

/** A call that reached the provider. */
export interface TimedCall {
  readonly kind: "list" | "apply";
  readonly record: string;
  readonly atMs: number;
}

export interface WorldOptions {
  readonly clock?: VirtualClock;
  readonly provider: RecordProvider;
  readonly writes?: "on" | "off";
  readonly log?: Log;
  readonly random?: () => number;
  /** Hears of internal errors; without it they fail the test. */
  readonly onBug?: (error: unknown) => void;
}

export class ReconcilerWorld implements AsyncDisposable {
  readonly clock: VirtualClock;
  readonly daemon: Daemon;
  readonly reconciler: Reconciler;
  /** Every call so far, by any provider of this world. */
  readonly calls: TimedCall[] = [];
  /** Every event that the reconciler dispatched. */
  readonly events: Event[] = [];

  constructor({ clock = new VirtualClock(), provider, random = () => 0.5, onBug = raise, ...options }: WorldOptions) {
    this.clock = clock;
    this.daemon = new Daemon({ clock, onBug });
    const dispatch = (event: Event): void => {
      this.events.push(event);
      this.daemon.dispatch(event);
    };
    this.reconciler = new Reconciler({ clock, random, provider: this.watched(provider), dispatch, onBug, ...options });
    this.daemon.addFollower(this.reconciler);
  }

  /** The provider with its calls counted. */
  watched(provider: RecordProvider): RecordProvider {
    const note = (kind: TimedCall["kind"], ingress: IngressName): void => {
      this.calls.push({ kind, record: ingress.record, atMs: this.clock.nowMs() });
    };
    return {
      list: (ingress: IngressName, call: Call) => {
        note("list", ingress);
        return provider.list(ingress, call);
      },
      apply: (ingress: IngressName, plan: Plan, known: readonly PublishedRecord[], call: Call) => {
        note("apply", ingress);
        return provider.apply(ingress, plan, known, call);
      },
    };
  }

  /** Loads this configuration and lets what follows from it happen, all endpoints being up. */
  async start(...ingresses: readonly IngressSettings[]): Promise<void> {
    this.load(...ingresses);
    for (const { settings: ingress } of this.daemon.state.ingresses) {
      for (const name of names) {
        const addresses = [name === "cable" ? "192.0.2.1" : "192.0.2.2"].flatMap((text) => parseIp(text) ?? []);
        const resolution = { kind: "addresses", addresses, ttlSeconds: 86_400 } as const;
        this.daemon.dispatch({ kind: "resolved", ...this.#ref(name, ingress.record), resolution });
        this.probe(name, "ok", ingress.record);
      }
    }
    await this.clock.advance(0);
  }

  load(...ingresses: readonly IngressSettings[]): void {
    this.daemon.dispatch({ kind: "config-loaded", ingresses: ingresses.length === 0 ? [settings()] : ingresses });
  }

  probe(name: EndpointName, what: "ok" | "failed", ingress = record): void {
    const nowMs = this.clock.nowMs();
    const seen = { startedMs: nowMs, endedMs: nowMs, vantage: "local", phases: {}, detail: what };
    const observation: Observation =
      what === "ok" ? { ...seen, kind: "ok" } : { ...seen, kind: "failed", reason: "timeout" };
    const address = name === "cable" ? "192.0.2.1" : "192.0.2.2";
    this.daemon.dispatch({ kind: "probed", ...this.#ref(name, ingress), address, observation });
  }

  /** Makes the endpoint the only one that is up, so that the ingress wants it. */
  want(name: EndpointName, ingress = record): void {
    this.probe(name, "ok", ingress);
    this.probe(name === "cable" ? "mobile" : "cable", "failed", ingress);
  }

  /** `list` and `apply` in order, of one ingress. */
  kinds(ingress = record): string[] {
    return this.calls.filter((call) => call.record === ingress).map(({ kind }) => kind);
  }

  /** The problems told so far. */
  get problems(): CloudProblem[] {
    return this.events.flatMap((event) => (event.kind === "cloud-failed" ? [event.problem] : []));
  }

  /** The most calls within any window of this length. */
  mostCallsWithin(windowMs: number): number {
    const counts = this.calls.map(
      (first) => this.calls.filter(({ atMs }) => atMs >= first.atMs && atMs < first.atMs + windowMs).length,
    );
    return Math.max(0, ...counts);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = this.reconciler.close();
    await this.clock.advance(2_000);
    await closed;
    this.daemon.close();
  }

  #ref(endpoint: string, ingress: string): { ingress: string; endpoint: string; revision: number } {
    const state = this.daemon.state.ingresses.find((one) => one.settings.record === ingress);
    const revision = state?.endpoints.find((one) => one.settings.name === endpoint)?.revision ?? 0;
    return { ingress, endpoint, revision };
  }
}

function raise(error: unknown): never {
  throw error;
}
