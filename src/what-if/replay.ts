// The recorded past under another configuration: the core decides again, on what was seen then. Cloudflare does at once
// what it is told.
import { checkKind } from "../checks/registry.ts";
import { keysOfCheck } from "../config/checks.ts";
import { findEndpoint } from "../core/find.ts";
import { nextDeadline } from "../core/deadline.ts";
import type {
  EndpointSettings,
  Event,
  IngressSettings,
  IngressState,
  PublishedRecord,
  RecordSet,
  Rhythm,
  State,
} from "../core/model.ts";
import { isInSync } from "../core/records/mix.ts";
import { desiredRecords } from "../core/records/records.ts";
import { initialState, step } from "../core/step.ts";
import { parseIp } from "../lib/ip.ts";
import { addressEvents, type AddressEvent } from "./addresses.ts";
import type { Past, PastOfIngress, Switch } from "./past.ts";
import type { Seen } from "./reconstruct.ts";

/** The switches that would have been made, for each ingress by its id. */
export type Replayed = ReadonlyMap<string, readonly Switch[]>;

/** What happened at some time of the past. */
type PastEvent = { readonly atWallMs: number } & (
  | { readonly kind: "seen"; readonly ingress: string; readonly endpoint: string; readonly seen: Seen }
  | {
      readonly kind: "addresses";
      readonly ingress: string;
      readonly endpoint: string;
      readonly addresses: readonly string[];
    }
  | { readonly kind: "word"; readonly ingress: string; readonly word: PastOfIngress["words"][number] }
);

/** No answer of a look-up ends within the replay. */
const longTtlSeconds = 10 * 365 * 24 * 60 * 60;
/** Time that passes by itself in one go, at most so often; more would be a loop. */
const mostDeadlines = 1_000;

/**
 * Plays the past with `ingresses` in the place of those that were configured. Those without a past stay as they are.
 */
export function replay(past: Past, ingresses: readonly IngressSettings[]): Replayed {
  const player = new Player(past, ingresses);
  for (const happening of happeningsOf(past)) player.play(happening);
  return player.end();
}

/** The settings that a replay can honour: what was probed, how, and how often is as it was recorded. */
export function replayable(wanted: IngressSettings, recorded: IngressSettings): IngressSettings {
  return {
    ...wanted,
    endpoints: wanted.endpoints.map((endpoint) => {
      const before = recorded.endpoints.find(({ name }) => name === endpoint.name);
      if (endpoint.check === undefined || before?.check === undefined) return endpoint;
      const { rise, fall } = endpoint.check;
      return { ...endpoint, check: { ...before.check, rise, fall } };
    }),
  };
}

/** What differs between two configurations of an ingress and cannot be replayed, for people. */
export function unreplayable(wanted: IngressSettings, recorded: IngressSettings): readonly string[] {
  return wanted.endpoints.flatMap((endpoint) => {
    const before = recorded.endpoints.find(({ name }) => name === endpoint.name);
    if (before === undefined) return [`${endpoint.name} has no history: it counts as never checked`];
    const changed = changedKeys(endpoint, before);
    return changed.length === 0
      ? []
      : [`${endpoint.name}: ${changed.join(", ")} as recorded, not as in the other file`];
  });
}

/** What is as it was recorded, besides the task: `rise` and `fall` alone are counted again. */
const rhythmKeys = {
  intervalMs: "interval",
  fastIntervalMs: "fast_interval",
  timeoutMs: "timeout",
} as const satisfies Record<Exclude<keyof Rhythm, "rise" | "fall">, string>;

function changedKeys(wanted: EndpointSettings, before: EndpointSettings): string[] {
  const keys: string[] = JSON.stringify(wanted.target) === JSON.stringify(before.target) ? [] : ["target"];
  const { check } = wanted;
  if (check === undefined || before.check === undefined) {
    return check === before.check ? keys : [...keys, "check"];
  }
  const { kind } = check.what;
  if (kind !== before.check.what.kind) return [...keys, "check.kind"];
  const own = keysOfChanged(checkKind(kind).origins, { ...check.what }, { ...before.check.what });
  const all = new Set([...own, ...keysOfChanged(rhythmKeys, { ...check }, { ...before.check })]);
  const inOrder = keysOfCheck(kind).filter((key) => all.has(key));
  return [...keys, ...inOrder.map((key) => `check.${key}`)];
}

/** The keys of those settings that are not the same. */
function keysOfChanged(
  keys: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, unknown>>,
  before: Readonly<Record<string, unknown>>,
): readonly string[] {
  return Object.entries(keys).flatMap(([setting, key]) =>
    JSON.stringify(wanted[setting]) === JSON.stringify(before[setting]) ? [] : [key],
  );
}

function happeningsOf(past: Past): readonly PastEvent[] {
  const all = past.ingresses.flatMap(({ id: ingress, endpoints, words }): PastEvent[] => [
    ...words.map((word) => ({ kind: "word" as const, atWallMs: word.atWallMs, ingress, word })),
    ...endpoints.flatMap(({ name: endpoint, seen }): PastEvent[] => [
      ...addressEvents(seen).map((event: AddressEvent) => ({
        kind: "addresses" as const,
        ingress,
        endpoint,
        ...event,
      })),
      ...seen.map((each) => ({ kind: "seen" as const, atWallMs: each.atWallMs, ingress, endpoint, seen: each })),
    ]),
  ]);
  return all.toSorted((a, b) => a.atWallMs - b.atWallMs);
}

class Player {
  readonly #past: Past;
  readonly #primaries = new Map<string, string | undefined>();
  readonly #switches = new Map<string, Switch[]>();
  #state: State = initialState;
  #ids = 0;

  constructor(past: Past, ingresses: readonly IngressSettings[]) {
    this.#past = past;
    const known = ingresses.filter(({ id }) => past.ingresses.some((each) => each.id === id));
    this.#step({ kind: "config-loaded", ingresses: known }, 0);
    for (const settings of known) {
      const { id } = settings;
      const then = past.ingresses.find((each) => each.id === id);
      this.#primaries.set(id, then?.primary);
      this.#switches.set(id, []);
      // Before the records, so that they can be told whose they are.
      for (const { name, seen } of then?.endpoints ?? []) {
        const [first] = addressEvents(seen);
        if (first !== undefined) this.#resolve(id, name, first.addresses, 0);
      }
      this.#step({ kind: "records-read", ingress: id, records: this.#firstRecords(settings, then) }, 0);
    }
  }

  play(happening: PastEvent): void {
    const nowMs = Math.max(0, happening.atWallMs - this.#past.fromWallMs);
    this.#passTime(nowMs);
    const { ingress } = happening;
    switch (happening.kind) {
      case "addresses":
        return this.#resolve(ingress, happening.endpoint, happening.addresses, nowMs);
      case "word": {
        const { word } = happening;
        if (word.kind === "ended") return this.#step({ kind: "resumed", ingress, endpoint: word.endpoint }, nowMs);
        if (!this.#has(ingress, word.override.endpoint)) return;
        const override = { ...word.override, untilMs: nowMs + word.forMs };
        return this.#step({ kind: "override-set", ingress, override }, nowMs);
      }
      case "seen":
        return this.#see(happening, nowMs);
      default:
        return happening satisfies never;
    }
  }

  end(): Replayed {
    this.#passTime(this.#past.toWallMs - this.#past.fromWallMs);
    return this.#switches;
  }

  #see({ ingress, endpoint, seen }: PastEvent & { kind: "seen" }, nowMs: number): void {
    const state = this.#endpoint(ingress, endpoint);
    if (state === undefined) return;
    const { address, kind, detail } = seen;
    const base = { startedMs: nowMs, endedMs: nowMs, vantage: "local", phases: {}, detail };
    const observation =
      kind === "failed"
        ? { ...base, kind, reason: "timeout" as const }
        : kind === "ok"
          ? { ...base, kind }
          : { ...base, kind, reason: "local" as const };
    this.#step({ kind: "probed", ingress, endpoint, revision: state.revision, address, observation }, nowMs);
    if (kind !== "failed") return;
    const family = address.includes(":") ? "ipv6" : "ipv4";
    const isBlind = this.#past.blindness.some(
      (spell) => spell.family === family && spell.fromWallMs <= seen.atWallMs && seen.atWallMs < spell.toWallMs,
    );
    // As it was then: our own connection was known to work, or it was not.
    if (!isBlind) this.#step({ kind: "anchors-tried", family, asked: 1, answered: 1, endedMs: nowMs }, nowMs);
  }

  #resolve(ingress: string, endpoint: string, texts: readonly string[], nowMs: number): void {
    const state = this.#endpoint(ingress, endpoint);
    if (state === undefined || state.settings.target.kind === "addresses") return;
    const addresses = texts.map(parseIp).filter((address) => address !== undefined);
    const resolution = { kind: "addresses" as const, addresses, ttlSeconds: longTtlSeconds };
    this.#step({ kind: "resolved", ingress, endpoint, revision: state.revision, resolution }, nowMs);
  }

  #passTime(untilMs: number): void {
    for (let times = 0; times < mostDeadlines; times += 1) {
      const dueMs = nextDeadline(this.#state);
      if (dueMs === undefined || dueMs > untilMs) return;
      this.#step({ kind: "time-passed" }, dueMs);
    }
  }

  #step(event: Event, nowMs: number): void {
    this.#state = step(this.#state, event, nowMs);
    this.#note(nowMs);
    for (const ingress of this.#state.ingresses) {
      const desired = isInSync(ingress) ? undefined : desiredRecords(ingress);
      if (desired === undefined) continue;
      const records = this.#published(desired);
      this.#state = step(this.#state, { kind: "records-written", ingress: ingress.settings.id, records }, nowMs);
      this.#note(nowMs);
    }
  }

  /** Notes who became the primary. */
  #note(nowMs: number): void {
    for (const { settings, selection } of this.#state.ingresses) {
      const { id } = settings;
      const before = this.#primaries.get(id);
      if (selection === undefined || selection.primary === before) continue;
      this.#primaries.set(id, selection.primary);
      if (before === undefined) continue;
      const atWallMs = this.#past.fromWallMs + nowMs;
      this.#switches.get(id)?.push({ atWallMs, from: before, to: selection.primary, why: selection.why });
    }
  }

  #published({ records, ttlSeconds, proxied }: RecordSet): readonly PublishedRecord[] {
    return records.map(({ type, content }) => ({ id: String((this.#ids += 1)), type, content, ttlSeconds, proxied }));
  }

  /** What the record said at the beginning: the endpoint that was active then. */
  #firstRecords({ id, endpoints }: IngressSettings, then: PastOfIngress | undefined): readonly PublishedRecord[] {
    const primary = endpoints.find(({ name }) => name === then?.primary);
    const addresses = this.#endpoint(id, primary?.name ?? "")?.addresses ?? [];
    const base = { ttlSeconds: 60, proxied: false };
    if (primary?.target.kind === "host") {
      return this.#published({ ...base, records: [{ type: "CNAME", content: primary.target.host }] });
    }
    const records = addresses.map(({ text, family }) => ({ type: recordTypes[family], content: text }));
    const somebodyElse = { type: "CNAME", content: "elsewhere.invalid" } as const;
    return this.#published({ ...base, records: records.length === 0 ? [somebodyElse] : records });
  }

  #has(ingress: string, endpoint: string): boolean {
    return this.#endpoint(ingress, endpoint) !== undefined;
  }

  #endpoint(ingress: string, endpoint: string): IngressState["endpoints"][number] | undefined {
    return findEndpoint(this.#state, { ingress, endpoint });
  }
}

const recordTypes = { ipv4: "A", ipv6: "AAAA" } as const;
