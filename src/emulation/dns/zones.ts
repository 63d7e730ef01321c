// Where the emulated DNS takes its zones from: fixed ones for tests, live ones with a delay per record for the edge.
import type { Clock } from "../../lib/clock.ts";
import type { StoredRecord } from "../cloudflare/record.ts";
import type { Commit } from "../cloudflare/store.ts";
import type { ZoneState } from "../cloudflare/zone.ts";
import type { ServedRecord, ServedZone } from "./answer.ts";

/** Anything that has zones to serve; the emulated Cloudflare itself is one. */
export interface ZoneSource {
  zones(): readonly ServedZone[];
}

/** A record as a test writes it down. */
export type FixedRecord = Pick<ServedRecord, "type" | "name" | "content"> & Partial<ServedRecord>;

/** Zones that a test changes by itself. Names are canonical: lower case, no trailing dot. */
export class FixedZones implements ZoneSource {
  readonly #zones = new Map<string, ServedZone>();

  /** `{ "example.com": [{ type: "A", name: "www.example.com", content: "127.0.0.2", ttl: 60 }] }` */
  constructor(records: Readonly<Record<string, readonly FixedRecord[]>>) {
    for (const [zone, list] of Object.entries(records)) this.set(zone, list);
  }

  /** Adds a zone, or replaces its records. */
  set(zone: string, records: readonly FixedRecord[]): void {
    this.#zones.set(zone, {
      name: zone,
      status: "active",
      paused: false,
      name_servers: [`ns.${zone}`],
      records: records.map((record) => ({ ttl: 60, proxied: false, ...record })),
    });
  }

  zones(): readonly ServedZone[] {
    return [...this.#zones.values()];
  }
}

/** A store that tells of its commits. */
export interface LiveZones {
  zones(): readonly ZoneState[];
  onCommit(listener: (commit: Commit) => void): () => void;
}

/**
 * The zones as one edge of the network sees them: each changed record arrives by itself, after its own delay, as the
 * real API documents it. With unequal delays a name may be seen empty in the middle of a batch.
 */
export class EdgeView implements ZoneSource, Disposable {
  readonly #clock: Clock;
  readonly #delayMs: (change: RecordChange) => number;
  readonly #onShown: (zone: ZoneState) => void;
  readonly #zones = new Map<string, ZoneState>();
  /** The number of the commit that each record is shown as of. */
  readonly #shownAsOf = new Map<string, number>();
  readonly #timers = new Set<() => void>();
  readonly #stop: () => void;

  constructor(live: LiveZones, options: EdgeOptions) {
    this.#clock = options.clock;
    const { delayMs, onShown = () => {} } = options;
    this.#onShown = onShown;
    this.#delayMs = typeof delayMs === "number" ? () => delayMs : delayMs;
    for (const zone of live.zones()) this.#zones.set(zone.id, zone);
    this.#stop = live.onCommit((commit) => this.#hear(commit));
  }

  zones(): readonly ZoneState[] {
    return [...this.#zones.values()];
  }

  [Symbol.dispose](): void {
    this.#stop();
    for (const cancel of this.#timers) cancel();
  }

  #hear({ zone, before, number }: Commit): void {
    const seen = this.#zones.get(zone.id);
    if (seen === undefined || before === undefined) return void this.#zones.set(zone.id, zone);
    this.#zones.set(zone.id, { ...zone, records: seen.records });
    const now = new Map(zone.records.map((record) => [record.id, record]));
    const then = new Map(before.records.map((record) => [record.id, record]));
    for (const id of new Set([...then.keys(), ...now.keys()])) {
      const [from, to] = [then.get(id), now.get(id)];
      if (from === to) continue;
      const change = { zone: zone.name, ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
      this.#later(this.#delayMs(change), () => {
        // A change that was overtaken by a newer one of the same record is never shown.
        if ((this.#shownAsOf.get(id) ?? 0) > number) return;
        this.#shownAsOf.set(id, number);
        this.#publish(zone.id, id, to);
      });
    }
  }

  #publish(zoneId: string, recordId: string, to: StoredRecord | undefined): void {
    const zone = this.#zones.get(zoneId);
    if (zone === undefined) return;
    const isKnown = zone.records.some(({ id }) => id === recordId);
    const kept = zone.records.flatMap((record) => (record.id === recordId ? (to ?? []) : record));
    const shown = { ...zone, records: isKnown || to === undefined ? kept : [...kept, to] };
    this.#zones.set(zoneId, shown);
    this.#onShown(shown);
  }

  #later(delayMs: number, action: () => void): void {
    if (delayMs <= 0) return action();
    const cancel = this.#clock.setTimer(delayMs, () => {
      this.#timers.delete(cancel);
      action();
    });
    this.#timers.add(cancel);
  }
}

export interface EdgeOptions {
  readonly clock: Clock;
  /** How long a change takes to get there. */
  readonly delayMs: number | ((change: RecordChange) => number);
  /** Is told about every change when it has arrived. */
  readonly onShown?: (zone: ZoneState) => void;
}

/** One record's way to the edge: `from` is missing when it is new, `to` when it is deleted. */
export interface RecordChange {
  readonly zone: string;
  readonly from?: StoredRecord;
  readonly to?: StoredRecord;
}
