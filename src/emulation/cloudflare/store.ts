// The zones of the emulated Cloudflare over time: every committed state, who made it, and who is told about it.
import { sleep, type Clock, type Random } from "../../lib/clock.ts";
import type { Quirks } from "./faults.ts";
import { isBelow } from "./names.ts";
import type { PlanName } from "./plans.ts";
import type { StoredRecord, RecordFields } from "./record.ts";
import { applyWrite, type Write, type ZoneWrite, type ZoneState } from "./zone.ts";

/** A record as a test or a person writes it down: name and content in full, the rest as far as it matters. */
export type RecordDraft = Pick<RecordFields, "type" | "name" | "content"> &
  Partial<RecordFields> & { readonly meta?: Readonly<Record<string, unknown>> };

export interface ZoneOptions {
  readonly name: string;
  /** 32 lower-case hex digits; made up by default. */
  readonly id?: string;
  readonly plan?: PlanName;
  readonly status?: ZoneState["status"];
  readonly paused?: boolean;
  readonly type?: ZoneState["type"];
  readonly account?: ZoneState["account"];
  /** ISO 8601; now by default. */
  readonly createdOn?: string;
  readonly records?: readonly RecordDraft[];
}

/** One committed state of a zone. */
export interface Commit {
  /** Counts the commits of all zones, from 1. */
  readonly number: number;
  /** Monotonic time. */
  readonly atMs: number;
  readonly by: "start" | "api" | "hand";
  readonly zone: ZoneState;
  /** The state before; missing at the start. */
  readonly before: ZoneState | undefined;
}

/** Kept per zone; older commits are forgotten, so that a demo may run for weeks. */
const mostCommitsKept = 10_000;

export class ZoneStore {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #quirks: () => Quirks;
  readonly #histories = new Map<string, Commit[]>();
  readonly #listeners = new Set<(commit: Commit) => void>();
  #ghosts: { record: StoredRecord; untilMs: number }[] = [];
  #commits = 0;

  constructor(ports: { clock: Clock; random: Random; quirks: () => Quirks }) {
    this.#clock = ports.clock;
    this.#random = ports.random;
    this.#quirks = ports.quirks;
  }

  addZone(options: ZoneOptions): ZoneState {
    const created_on = options.createdOn ?? this.#now();
    let zone: ZoneState = {
      id: options.id ?? this.newId(),
      name: options.name.toLowerCase(),
      plan: options.plan ?? "free",
      status: options.status ?? "active",
      paused: options.paused ?? false,
      type: options.type ?? "full",
      account: options.account ?? { id: "acc0".repeat(8), name: "Demo account" },
      name_servers: ["ada.ns.cloudflare.com", "bob.ns.cloudflare.com"],
      created_on,
      records: [],
    };
    for (const draft of options.records ?? []) zone = this.#withDraft(zone, draft);
    this.#commit(zone, "start");
    return zone;
  }

  /** All zones as they are now, in the order in which they were added. */
  zones(): readonly ZoneState[] {
    return [...this.#histories.keys()].map((id) => this.#newest(id).zone);
  }

  /** The zone of this id or name. Throws when there is none: a mistake in a test. */
  zone(idOrName: string): ZoneState {
    const zone = this.zones().find(({ id, name }) => id === idOrName || name === idOrName);
    if (zone === undefined) throw new Error(`No zone ${idOrName}; add it when the emulator is started.`);
    return zone;
  }

  /** The records now at exactly this name, over all zones. */
  recordsAt(name: string): readonly StoredRecord[] {
    return this.zones().flatMap(({ records }) => records.filter((record) => record.name === name));
  }

  /** The zone as reads see it: as it was `staleReadsMs` ago. */
  readable(id: string): ZoneState {
    const seenMs = this.#clock.nowMs() - this.#quirks().staleReadsMs;
    const history = this.#history(id);
    return (history.findLast(({ atMs }) => atMs <= seenMs) ?? history[0] ?? this.#newest(id)).zone;
  }

  /** Every committed state of the zone of this id or name, oldest first. */
  history(idOrName: string): readonly Commit[] {
    return this.#history(this.zone(idOrName).id);
  }

  /** The records at exactly this name in every committed state of its zone, oldest first. */
  recordsOverTime(name: string): readonly (readonly StoredRecord[])[] {
    const commits = this.zones().flatMap(({ id }) => this.#history(id));
    return commits
      .filter(({ zone }) => name === zone.name || isBelow(name, zone.name))
      .map(({ zone }) => zone.records.filter((record) => record.name === name));
  }

  /** Calls back after every commit, in order. Returns how to stop that. */
  onCommit(listener: (commit: Commit) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves with the next commit that passes, or with `undefined` after `timeoutMs`. */
  async nextCommit(passes: (commit: Commit) => boolean, timeoutMs: number): Promise<Commit | undefined> {
    const found = new AbortController();
    let result: Commit | undefined;
    const stop = this.onCommit((commit) => {
      if (result !== undefined || !passes(commit)) return;
      result = commit;
      found.abort();
    });
    await sleep(this.#clock, timeoutMs, found.signal);
    stop();
    return result;
  }

  /** Checks and commits one write. Throws `Refusal`; then nothing has changed. */
  write(id: string, write: Write, by: "api" | "hand"): ZoneWrite {
    const zone = this.#newest(id).zone;
    const written = this.#apply(zone, write);
    if (write.kind === "delete") {
      const untilMs = this.#clock.nowMs() + this.#quirks().ghostsMs;
      this.#ghosts.push(...zone.records.filter((r) => r.id === write.id).map((record) => ({ record, untilMs })));
    }
    this.#commit(written.zone, by);
    return written;
  }

  /** What a person does in the dashboard. Checked like everything else: throws `Refusal`. */
  readonly hand = {
    /** Adds a record to the zone that its full name lies in. */
    add: (draft: RecordDraft): StoredRecord => {
      const zone = this.zones().find(({ name }) => draft.name === name || isBelow(draft.name, name));
      if (zone === undefined) throw new Error(`No zone for ${draft.name}.`);
      const next = this.#withDraft(zone, draft);
      this.#commit(next, "hand");
      // The newest record is the last one.
      return next.records.at(-1) as StoredRecord;
    },
    edit: (id: string, changes: Partial<RecordFields>): void => {
      this.write(this.#zoneOf(id).id, { kind: "patch", id, body: changes }, "hand");
    },
    remove: (id: string): void => {
      this.write(this.#zoneOf(id).id, { kind: "delete", id }, "hand");
    },
    /** Changes the zone itself: plan, status, pause. */
    setZone: (idOrName: string, changes: Partial<Pick<ZoneState, "plan" | "status" | "paused">>): void => {
      this.#commit({ ...this.zone(idOrName), ...changes }, "hand");
    },
  };

  /** 32 hex digits. */
  newId(): string {
    return Array.from({ length: 32 }, () => Math.floor(this.#random() * 16).toString(16)).join("");
  }

  #apply(zone: ZoneState, write: Write): ZoneWrite {
    const rules = this.#quirks();
    const nowMs = this.#clock.nowMs();
    this.#ghosts = this.#ghosts.filter(({ untilMs }) => untilMs > nowMs);
    const ghosts = this.#ghosts.map(({ record }) => record);
    return applyWrite(zone, write, { rules, ghosts, now: this.#now(), newId: () => this.newId() });
  }

  /** A draft may bring what only Cloudflare itself can set: `meta`. */
  #withDraft(zone: ZoneState, { meta, ...body }: RecordDraft): ZoneState {
    const { zone: next, result } = this.#apply(zone, { kind: "post", body });
    if (meta === undefined) return next;
    return { ...next, records: next.records.map((record) => (record === result ? { ...record, meta } : record)) };
  }

  #commit(zone: ZoneState, by: Commit["by"]): void {
    const history = this.#histories.get(zone.id) ?? [];
    this.#histories.set(zone.id, history);
    const before = history.at(-1)?.zone;
    this.#commits += 1;
    const commit = {
      number: this.#commits,
      atMs: this.#clock.nowMs(),
      by,
      zone,
      before,
    };
    history.push(commit);
    if (history.length > mostCommitsKept) history.shift();
    for (const listener of this.#listeners) listener(commit);
  }

  #zoneOf(recordId: string): ZoneState {
    const zone = this.zones().find(({ records }) => records.some(({ id }) => id === recordId));
    if (zone === undefined) throw new Error(`No record ${recordId}.`);
    return zone;
  }

  #history(id: string): readonly Commit[] {
    return this.#histories.get(id) ?? [];
  }

  #newest(id: string): Commit {
    const commit = this.#histories.get(id)?.at(-1);
    if (commit === undefined) throw new Error(`No zone with id ${id}.`);
    return commit;
  }

  /** ISO 8601 with microseconds, as the API writes times. */
  #now(): string {
    return new Date(this.#clock.wallMs()).toISOString().replace("Z", "000Z");
  }
}
