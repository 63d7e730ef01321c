// Many ingresses behind one token: the loop and the reconciler over the real provider, on whatever clock and network the
// test brings. Endpoints go up and down by the test's word.
import { Daemon } from "../../src/daemon.ts";
import { CloudflareProvider } from "../../src/cloud/cloudflare.ts";
import { Reconciler } from "../../src/cloud/reconciler.ts";
import type { Event, IngressSettings, Observation } from "../../src/core/model.ts";
import type { CloudflareApi, LoggedRequest } from "../../src/emulation/cloudflare/api.ts";
import type { RecordDraft } from "../../src/emulation/cloudflare/store.ts";
import type { Clock } from "../../src/lib/clock.ts";
import type { Fetch } from "../../src/lib/fetch.ts";
import { parseIp } from "../../src/lib/ip.ts";
import { Secret } from "../../src/lib/secret.ts";
import { settings, type EndpointName } from "./reconciler-world.ts";

export interface CrowdOptions {
  readonly api: CloudflareApi;
  readonly apiUrl: string;
  readonly token: string;
  readonly clock: Clock;
  readonly fetch: Fetch;
  readonly names: readonly string[];
  readonly random?: () => number;
  /** The TTL of `mobile`, by the name of the ingress; usually 60. */
  readonly ttlOf?: (name: string) => number;
}

/** So many names in a zone. */
export function namesIn(zone: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `n${index}.${zone}`);
}

/** The records of ingresses that point to `cable`. */
export function publishedAt(names: readonly string[]): readonly RecordDraft[] {
  return names.map((name) => ({ type: "CNAME", name, content: "cable.example.net", ttl: 60 }));
}

/** Records of other programs. */
export function foreignIn(zone: string, count: number): readonly RecordDraft[] {
  return namesIn(zone, count).map((name) => ({ type: "TXT", name: `_x.${name}`, content: '"theirs"', ttl: 300 }));
}

/** `await using` ends it; on a virtual clock, `close` is called, and the clock advanced. */
export class Crowd implements AsyncDisposable {
  readonly names: readonly string[];
  readonly daemon: Daemon;
  readonly reconciler: Reconciler;
  /** Every event that the reconciler dispatched, and when. */
  readonly events: { readonly event: Event; readonly atMs: number }[] = [];
  readonly #options: CrowdOptions;

  constructor(options: CrowdOptions) {
    const { clock, apiUrl, token, fetch, names, random = () => 0.5 } = options;
    this.#options = options;
    this.names = names;
    const onBug = (error: unknown): never => {
      throw error;
    };
    this.daemon = new Daemon({ clock, onBug });
    const dispatch = (event: Event): void => {
      this.events.push({ event, atMs: clock.nowMs() });
      this.daemon.dispatch(event);
    };
    const { list, apply, shared } = bound(new CloudflareProvider({ token: new Secret(token), apiUrl, clock, fetch }));
    // Without `trace`, so that only reads and writes of the ingresses' own records are counted.
    this.reconciler = new Reconciler({ clock, random, provider: { list, apply, shared }, dispatch, onBug });
    this.daemon.addFollower(this.reconciler);
  }

  /** Loads the configuration; `cable` and `mobile` are up. */
  start(): void {
    const ingresses = this.names.map((record) => this.#settingsOf(record));
    this.daemon.dispatch({ kind: "config-loaded", ingresses });
    for (const ingress of this.names) {
      for (const endpoint of ["cable", "mobile"] as const) {
        const addresses = parseIp(addressOf(endpoint));
        const resolution = { kind: "addresses", addresses: addresses ? [addresses] : [], ttlSeconds: 86_400 } as const;
        this.daemon.dispatch({ kind: "resolved", ...this.#ref(ingress, endpoint), resolution });
        this.#probe(ingress, endpoint, "ok");
      }
    }
  }

  /** Makes the endpoint the only one that is up, for these ingresses or all. */
  want(endpoint: EndpointName, names = this.names): void {
    for (const ingress of names) {
      this.#probe(ingress, endpoint === "cable" ? "mobile" : "cable", "failed");
      // Later: it proves that the failure is not that of our own connection.
      this.#probe(ingress, endpoint, "ok");
    }
  }

  /** What the names show in the emulated zones, by how many of them show it. */
  get shown(): Readonly<Record<string, number>> {
    const shown: Record<string, number> = {};
    for (const name of this.names) {
      const contents = this.#options.api.recordsAt(name).map(({ content }) => content);
      const key = contents.join(" and ");
      shown[key] = (shown[key] ?? 0) + 1;
    }
    return shown;
  }

  /** How many events of this kind there were. */
  toldOf(kind: Event["kind"]): number {
    return this.events.filter(({ event }) => event.kind === kind).length;
  }

  /** The names of the ingresses that were told of a problem, and what it was. */
  get problems(): readonly (readonly [name: string, kind: string, message: string])[] {
    return this.events.flatMap(({ event }) =>
      event.kind === "cloud-failed" ? [[event.ingress, event.problem.kind, event.problem.message] as const] : [],
    );
  }

  close(): Promise<void> {
    return this.reconciler.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
    this.daemon.close();
  }

  #probe(ingress: string, endpoint: EndpointName, what: "ok" | "failed"): void {
    const nowMs = this.#options.clock.nowMs();
    const seen = { startedMs: nowMs, endedMs: nowMs, vantage: "local", phases: {}, detail: what };
    const observation: Observation =
      what === "ok" ? { ...seen, kind: "ok" } : { ...seen, kind: "failed", reason: "timeout" };
    const address = addressOf(endpoint);
    this.daemon.dispatch({ kind: "probed", ...this.#ref(ingress, endpoint), address, observation });
  }

  #settingsOf(record: string): IngressSettings {
    const usual = settings({ record });
    const { ttlOf = () => 60 } = this.#options;
    const endpoints = usual.endpoints.map((endpoint) =>
      endpoint.name === "mobile" ? { ...endpoint, ttl: ttlOf(record) } : endpoint,
    );
    return { ...usual, endpoints };
  }

  #ref(ingress: string, endpoint: EndpointName) {
    const known = this.daemon.state.ingresses[this.names.indexOf(ingress)]?.endpoints;
    const revision = known?.find(({ settings: { name } }) => name === endpoint)?.revision ?? 0;
    return { ingress, endpoint, revision };
  }
}

/** How many records each of these batches touched. */
export function sizesOf(requests: readonly LoggedRequest[]): readonly number[] {
  return requests.flatMap(({ path, body }) => {
    if (!path.endsWith("/batch")) return [];
    const { deletes = [], patches = [], posts = [] } = body as Record<string, unknown[]>;
    return [deletes.length + patches.length + posts.length];
  });
}

/** The most requests within any window of this length. */
export function mostWithin(requests: readonly Pick<LoggedRequest, "atMs">[], windowMs: number): number {
  const times = requests.map(({ atMs }) => atMs);
  let [most, first] = [0, 0];
  for (const [index, atMs] of times.entries()) {
    while ((times[first] ?? atMs) <= atMs - windowMs) first += 1;
    most = Math.max(most, index - first + 1);
  }
  return most;
}

function addressOf(endpoint: EndpointName): string {
  return endpoint === "cable" ? "192.0.2.1" : "192.0.2.2";
}

function bound(provider: CloudflareProvider) {
  return { list: provider.list.bind(provider), apply: provider.apply.bind(provider), shared: provider.shared };
}
