// The core at work in a small world: settings, look-ups, probes and a Cloudflare that a test can break. Every turn of
// the core goes to whoever listens, as the daemon's loop would pass it on.
import assert from "node:assert/strict";
import { httpTask } from "./checks.ts";
import { nextDeadline } from "../../src/core/deadline.ts";
import { factsBetween } from "../../src/core/facts.ts";
import { mixesOf, mixPlan } from "../../src/core/records/mix.ts";
import type {
  CloudProblem,
  EndpointSettings,
  EndpointState,
  Event,
  IngressSettings,
  IngressState,
  Observation,
  Plan,
  PublishedRecord,
  Resolution,
  State,
} from "../../src/core/model.ts";
import { isProofWanted } from "../../src/core/evidence/proof.ts";
import { isEmptyPlan, planBetween } from "../../src/core/records/plan.ts";
import { desiredRecords, recordComment } from "../../src/core/records/records.ts";
import { changesBetween } from "../../src/core/overview/ingresses.ts";
import { initialState, step } from "../../src/core/step.ts";
import type { Turn } from "../../src/core/turn.ts";
import { parseIp } from "../../src/lib/ip.ts";

/** An endpoint with a host name of its own, checked with `rise` and `fall` 2, unless `changes` say otherwise. */
export function endpointSettings(name: string, changes: Partial<EndpointSettings> = {}): EndpointSettings {
  return {
    name,
    target: { kind: "host", host: `${name}.example.com` },
    priority: 10,
    ttl: 60,
    resolvers: ["192.0.2.53:53"],
    check: {
      what: httpTask(),
      intervalMs: 15_000,
      fastIntervalMs: 2_000,
      timeoutMs: 5_000,
      rise: 2,
      fall: 2,
    },
    ...changes,
  };
}

export function ingressSettings(record: string, endpoints: readonly EndpointSettings[]): IngressSettings {
  const mix = { record: record.replace(".", "-mix."), waitMs: 0 };
  return {
    id: record,
    record,
    publish: "auto",
    holdUpMs: 60_000,
    reconcileIntervalMs: 300_000,
    allowPrivate: false,
    mix,
    endpoints,
  };
}

/** A record as Cloudflare lists it; the id is made of its content. */
export function publishedRecord(type: PublishedRecord["type"], content: string, ttlSeconds = 60): PublishedRecord {
  return { id: `id-${type}-${content}`, type, content, ttlSeconds, proxied: false };
}

/** Owns a state and its time. Writes happen at once while `cloud` is "works", and only then. */
export class IngressWorld {
  state: State = initialState;
  nowMs = 1_000;
  cloud: "works" | "silent" = "works";
  /** Whether the monitor finds proof of its own connection when it looks for it. */
  anchors: "answer" | "silent" = "answer";
  /** Whether the authoritative servers show a write as soon as it is confirmed. Otherwise a test says what they do. */
  edge: "instant" | "scripted" = "instant";
  /** Asked before every turn, so that waiting passes through the listener's own deadlines. */
  nextWakeMs: () => number | undefined = () => undefined;
  onWake: () => void = () => undefined;
  readonly #hear: (turn: Turn) => void;
  #lastId = 0;

  constructor(hear: (turn: Turn) => void) {
    this.#hear = hear;
  }

  /** Loads the configuration; endpoint number n of each ingress gets the address 192.0.2.n. */
  start(...ingresses: readonly IngressSettings[]): void {
    this.dispatch({ kind: "config-loaded", ingresses });
  }

  /** Loads the configuration while the record is a CNAME to the first endpoint, and then sees all endpoints up. */
  settle(settings: IngressSettings): void {
    const { target } = settings.endpoints[0] ?? assert.fail("no endpoint");
    this.start(settings);
    this.read([publishedRecord("CNAME", target.kind === "host" ? target.host : assert.fail("no host"))]);
    this.resolveAll();
    for (const { name, check } of settings.endpoints) if (check !== undefined) this.observe(name, "ok");
  }

  read(records: readonly PublishedRecord[], record?: string): void {
    this.dispatch({ kind: "records-read", ingress: this.#idOf(record), records });
  }

  /** Gives every endpoint with a host name one address. */
  resolveAll(): void {
    for (const { settings, endpoints } of this.state.ingresses) {
      for (const [index, endpoint] of endpoints.entries()) {
        if (endpoint.settings.target.kind !== "host") continue;
        this.resolve(endpoint.settings.name, [`192.0.2.${index + 1}`], settings.record);
      }
    }
  }

  resolve(endpoint: string, addresses: readonly string[], ingress?: string): void {
    this.dispatch({
      kind: "resolved",
      ...this.#ref(endpoint, ingress),
      resolution: { kind: "addresses", addresses: addresses.map(ip), ttlSeconds: 86_400 },
    });
  }

  /** Every resolver says that the endpoint's name does not exist. */
  deny(endpoint: string, ingress?: string): void {
    const resolution: Resolution = { kind: "none", reason: "nxdomain", detail: "the name does not exist" };
    this.dispatch({ kind: "resolved", ...this.#ref(endpoint, ingress), resolution });
  }

  /** `times` rounds of probes of all addresses of an endpoint, 100 ms apart. */
  observe(endpoint: string, what: "ok" | "timeout", times = 2, ingress?: string): void {
    for (let round = 0; round < times; round += 1) {
      this.pass(100);
      for (const { text } of this.endpoint(endpoint, ingress).addresses) this.probe(endpoint, text, what, ingress);
    }
  }

  probe(endpoint: string, address: string, what: "ok" | "timeout", ingress?: string): void {
    const base = { startedMs: this.nowMs - 20, endedMs: this.nowMs, vantage: "local", phases: {}, detail: what };
    const observation: Observation =
      what === "ok" ? { ...base, kind: "ok" } : { ...base, kind: "failed", reason: "timeout" };
    this.dispatch({ kind: "probed", ...this.#ref(endpoint, ingress), address, observation });
  }

  fail(problem: Partial<CloudProblem> = {}, record?: string): void {
    const whole = { kind: "transient", message: "no answer within 15 s", during: "write", ...problem } as const;
    this.dispatch({ kind: "cloud-failed", ingress: this.#idOf(record), problem: whole });
  }

  /** Lets time pass, through the deadlines of the core and of the listener. */
  pass(durationMs: number): void {
    const untilMs = this.nowMs + durationMs;
    let lastMs: number | undefined;
    for (;;) {
      const [coreMs, wakeMs] = [nextDeadline(this.state), this.nextWakeMs()];
      const nextMs = Math.min(coreMs ?? Infinity, wakeMs ?? Infinity);
      if (nextMs > untilMs) break;
      if (nextMs === lastMs) throw new Error(`a deadline stays: ${nextMs} (core ${coreMs}, listener ${wakeMs})`);
      lastMs = nextMs;
      this.nowMs = Math.max(this.nowMs, nextMs);
      if (coreMs === nextMs) this.dispatch({ kind: "time-passed" });
      if (wakeMs === nextMs) this.onWake();
    }
    this.nowMs = Math.max(this.nowMs, untilMs);
  }

  dispatch(event: Event): void {
    const before = this.state;
    this.state = step(before, event, this.nowMs);
    const changes = changesBetween(before, this.state);
    this.#hear({
      event,
      facts: factsBetween(before, this.state, this.nowMs, changes),
      before,
      after: this.state,
      changes,
      atMs: this.nowMs,
    });
    if (this.anchors === "answer") this.tryAnchors();
    if (this.cloud === "works") this.write();
  }

  /** Finds proof of connection where it is sought. */
  tryAnchors(): void {
    for (const family of ["ipv4", "ipv6"] as const) {
      if (!isProofWanted(this.state, family)) continue;
      this.dispatch({ kind: "anchors-tried", family, asked: 3, answered: 3, endedMs: this.nowMs });
    }
  }

  /** Carries out every plan, 50 ms after now. */
  write(): void {
    for (const ingress of this.state.ingresses) {
      const desired = desiredRecords(ingress);
      const published = ingress.published?.records;
      if (published === undefined) continue;
      const plan = desired && planBetween(published, desired, ingress.unseen?.ids);
      if (plan === undefined || isEmptyPlan(plan)) {
        this.#writeMixes(ingress);
        continue;
      }
      this.nowMs += 50;
      const { id, record } = ingress.settings;
      this.dispatch({ kind: "records-written", ingress: id, records: this.#carriedOut(plan, published) });
      if (this.edge === "instant") this.verify("visible", "2 servers agree", record);
    }
  }

  /** The same at the names of mixes, at once, and the servers show it at once. */
  #writeMixes(ingress: IngressState): void {
    const { id, record } = ingress.settings;
    for (const { record: mix } of mixesOf(ingress)) {
      const known = mixesOf(this.ingress(record)).find((each) => each.record === mix);
      if (known === undefined) continue;
      if (known.published === undefined) return this.dispatch({ kind: "records-read", ingress: id, mix, records: [] });
      const plan = mixPlan(this.ingress(record), known);
      if (plan === undefined) continue;
      const extras = { comment: recordComment };
      const records = this.#carriedOut(plan, known.published.records).map((each) => ({ ...each, extras }));
      this.dispatch({ kind: "records-written", ingress: id, mix, records });
      const event = { kind: "visibility-checked", ingress: id, mix, writtenAtMs: this.nowMs } as const;
      return this.dispatch({ ...event, status: "visible", detail: "2 servers agree" });
    }
  }

  #carriedOut(plan: Plan, published: readonly PublishedRecord[]): readonly PublishedRecord[] {
    const gone = new Set(plan.deletes.map(({ id }) => id));
    const patches = new Map(plan.patches.map((patch) => [patch.id, patch]));
    const posts = plan.posts.map((post) => ({ ...post, id: this.#newId() }));
    const kept = published.filter(({ id }) => !gone.has(id)).map((record) => patches.get(record.id) ?? record);
    return [...kept, ...posts];
  }

  /** What the authoritative servers say of the newest write. */
  verify(status: "visible" | "wrong" | "silent", detail: string, record?: string): void {
    const { visibility } = this.ingress(record);
    if (visibility === undefined) return;
    const { writtenAtMs } = visibility;
    this.dispatch({ kind: "visibility-checked", ingress: this.#idOf(record), writtenAtMs, status, detail });
  }

  ingress(record?: string): IngressState {
    const found = this.state.ingresses.find(({ settings }) => record === undefined || settings.record === record);
    if (found === undefined) throw new Error(`there is no ingress ${record ?? ""}`);
    return found;
  }

  endpoint(name: string, ingress?: string): EndpointState {
    const found = this.ingress(ingress).endpoints.find(({ settings }) => settings.name === name);
    if (found === undefined) throw new Error(`no endpoint ${name}`);
    return found;
  }

  #ref(name: string, ingress?: string): { ingress: string; endpoint: string; revision: number } {
    const { revision } = this.endpoint(name, ingress);
    return { ingress: this.#idOf(ingress), endpoint: name, revision };
  }

  /** The id of the ingress of this record, or of the first one. */
  #idOf(record?: string): string {
    return this.ingress(record).settings.id;
  }

  #newId(): string {
    this.#lastId += 1;
    return `new-${this.#lastId}`;
  }
}

function ip(text: string): NonNullable<ReturnType<typeof parseIp>> {
  const address = parseIp(text);
  if (address === undefined) throw new Error(`no address: ${text}`);
  return address;
}
