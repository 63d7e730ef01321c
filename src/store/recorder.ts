// Hears every turn of the loop and keeps what shall survive: the durable part of the state, the facts, and the checks
// rolled up. What was decided is written before it is acted on; the rest waits in memory and is written in batches.
import { findEndpoint, findManaged } from "../core/find.ts";
import type { EndpointState, EventOf, Fact, IngressState, State } from "../core/model.ts";
import type { IngressChange } from "../core/overview/ingresses.ts";
import type { Turn } from "../core/turn.ts";
import type { Clock } from "../lib/clock.ts";
import { seriesKey, type MinuteOfChecks } from "./checks-table.ts";
import type { JournalEntry } from "../core/history.ts";
import { datedFrom, usedMixNames, type DatedIngress, type Saved } from "./saved.ts";
import type { Store } from "./store.ts";
import { Tally } from "./tally.ts";
import { StoreError } from "./trouble.ts";
import { minuteMs } from "../core/units.ts";

export interface RecorderPorts {
  readonly store: Store;
  readonly clock: Clock;
  /** Is told about internal errors; trouble with the disk is told by the store. */
  readonly onBug: (error: unknown) => void;
  /** Is told about each fact as soon as it has its place in the journal, before it is written. */
  readonly onEntry?: (entry: JournalEntry) => void;
}

/** Facts and changes of state wait so long for others to share their transaction. */
const gatherMs = 1_000;
/** After a failure. */
const retryMs = 30_000;
const tidyMs = 60 * 60_000;
const firstTidyMs = 5 * 60_000;
/** While nothing can be written no more than this waits: the oldest is forgotten. */
const mostWaiting = 5_000;
/** When the wall clock was set by more than this, the dates that were saved are wrong. */
const clockToleranceMs = 2_000;

/**
 * What of the state is not on the disk yet. `dates`: only for how much longer known addresses may be used, which every
 * answer of a resolver extends; no SD card should wear out over that, so it waits for the checks.
 */
type Unsaved = "nothing" | "dates" | "more";

export class Recorder implements Disposable {
  readonly #ports: RecorderPorts;
  #state: State | undefined;
  #lastId: number;
  #entries: JournalEntry[] = [];
  readonly #checks = new Map<string, MinuteOfChecks>();
  /** What was saved of each ingress, for as long as it holds. */
  readonly #dated = new Map<string, DatedIngress>();
  #unsaved: Unsaved = "nothing";
  #areDecisionsSaved = true;
  /** How far the wall clock was ahead of the monotonic one when the dates were made. */
  #wallAheadMs: number;
  #notBeforeMs = -Infinity;
  #tidyAtMs: number;
  #timer: { readonly dueMs: number; readonly cancel: () => void } | undefined;

  constructor(ports: RecorderPorts) {
    this.#ports = ports;
    this.#lastId = ports.store.newestEntryId();
    this.#wallAheadMs = this.#wallAhead();
    this.#tidyAtMs = ports.clock.nowMs() + firstTidyMs;
  }

  /**
   * A new selection and overrides are on the disk when it returns, before anything of them reaches Cloudflare; and so
   * is what was written there, by which the next life knows its own record. Returns whether there was anything to save.
   */
  keep({ before, after, changes }: Pick<Turn, "before" | "after" | "changes">): boolean {
    this.#state = after;
    this.#markChanges(before, after, changes);
    if (!changes.some(hasOtherDecisions)) return false;
    this.#areDecisionsSaved = false;
    this.#attempt(() => this.#saveNow());
    return true;
  }

  /** The facts and checks of a turn that was kept. They are written a little later. */
  hear({ event, facts, after, atMs }: Turn): void {
    // What was seen so far is written under the names of before; then all of it is renamed.
    if (facts.some(({ kind }) => kind === "endpoint-renamed")) this.flush();
    for (const fact of facts) this.#addEntry(fact, atMs);
    if (event.kind === "probed") this.#count(event, after);
    if (this.#entries.length > 0 || this.#unsaved === "more") this.#wake(gatherMs);
    // Of so many addresses that a minute of them is too much to wait, they are written before it is over.
    else if (this.#checks.size > mostWaiting / 2) this.#wake(gatherMs);
    else if (this.#checks.size > 0 || this.#unsaved === "dates") this.#wake(this.#leftOfMinuteMs());
  }

  /** Entries of the journal that are not written yet, oldest first. */
  get waiting(): readonly JournalEntry[] {
    return this.#entries;
  }

  /** Whether who serves, and what people said, is on the disk. */
  get areDecisionsSaved(): boolean {
    return this.#areDecisionsSaved;
  }

  /** Whether nothing waits because of a disk that fails. */
  get isKeepingUp(): boolean {
    return this.#areDecisionsSaved && this.#ports.store.isKeepingUp;
  }

  /** Id of the newest entry, written or not. */
  get newestId(): number {
    return this.#lastId;
  }

  /** Writes what waits. What cannot be written now waits on. */
  flush(): void {
    this.#attempt(() => this.#write());
  }

  /** Writes what waits, for the last time. */
  [Symbol.dispose](): void {
    this.flush();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #addEntry(fact: Fact, atMs: number): void {
    this.#lastId += 1;
    const entry: JournalEntry = { id: this.#lastId, atWallMs: this.#ports.clock.wallMs(), atMs, fact };
    this.#entries.push(entry);
    if (this.#entries.length > mostWaiting) this.#entries.shift();
    this.#ports.onEntry?.(entry);
  }

  #count({ ingress, endpoint, revision, address, observation }: EventOf<"probed">, state: State): void {
    // A check that is no more counts no more.
    if (findEndpoint(state, { ingress, endpoint })?.revision !== revision) return;
    const startMinute = Math.floor(this.#ports.clock.wallMs() / minuteMs);
    const key = `${startMinute} ${seriesKey({ ingress, endpoint, address })}`;
    const known = this.#checks.get(key);
    if (known !== undefined) return known.tally.observe(observation);
    const tally = new Tally();
    tally.observe(observation);
    this.#checks.set(key, { ingress, endpoint, address, startMinute, tally });
    const [oldest] = this.#checks.size > mostWaiting ? this.#checks.keys() : [];
    if (oldest !== undefined) this.#checks.delete(oldest);
  }

  #markChanges(before: State, after: State, changes: readonly IngressChange[]): void {
    for (const change of changes) this.#markChange(before, change.after);
    if (before.leaving !== after.leaving) for (const ingress of after.leaving) this.#markChange(before, ingress);
    if (managed(after).length < managed(before).length) this.#unsaved = "more";
  }

  #markChange(before: State, ingress: IngressState): void {
    const { id } = ingress.settings;
    const old = findManaged(before, id);
    const unsaved = old === undefined ? "more" : unsavedBetween(old, ingress);
    if (unsaved === "nothing") return;
    this.#dated.delete(id);
    if (this.#unsaved !== "more") this.#unsaved = unsaved;
  }

  #saveNow(): void {
    const saved = this.#savedNow();
    if (saved === undefined) return;
    this.#ports.store.save(saved);
    this.#unsaved = "nothing";
    this.#areDecisionsSaved = true;
  }

  #write(): void {
    const { store, clock } = this.#ports;
    if (this.#isClockSet()) this.#unsaved = "more";
    const saved = this.#unsaved === "nothing" ? undefined : this.#savedNow();
    if (saved !== undefined || this.#entries.length > 0 || this.#checks.size > 0) {
      store.record({ ...(saved && { saved }), entries: this.#entries, checks: [...this.#checks.values()] });
      this.#unsaved = "nothing";
      if (saved !== undefined) this.#areDecisionsSaved = true;
      this.#entries = [];
      this.#checks.clear();
    }
    // By a clock that is ahead by years, all of the history would be too old.
    if (this.#tidyAtMs > clock.nowMs() || this.#state?.time.wrong !== undefined) return;
    this.#tidyAtMs = clock.nowMs() + tidyMs;
    store.tidy();
  }

  /** The durable part of the state; ingresses of which nothing changed stay the same objects. */
  #savedNow(): Saved | undefined {
    if (this.#state === undefined) return undefined;
    const { clock } = this.#ports;
    if (this.#isClockSet()) {
      this.#dated.clear();
      this.#wallAheadMs = this.#wallAhead();
    }
    const ingresses = managed(this.#state).map((ingress) => {
      const { id } = ingress.settings;
      const dated = this.#dated.get(id) ?? datedFrom(ingress, clock.nowMs(), clock.wallMs());
      this.#dated.set(id, dated);
      return dated;
    });
    return { ingresses };
  }

  /** Whether the clock was set: every date that was saved is off by as much. */
  #isClockSet(): boolean {
    return Math.abs(this.#wallAhead() - this.#wallAheadMs) > clockToleranceMs;
  }

  /** Checks are many, and each is of little worth: they wait until their minute is over, and are written once. */
  #leftOfMinuteMs(): number {
    return minuteMs - (this.#ports.clock.wallMs() % minuteMs);
  }

  #wallAhead(): number {
    return this.#ports.clock.wallMs() - this.#ports.clock.nowMs();
  }

  /** A store that fails is asked again later, or soon after something could be written to it. */
  #attempt(action: () => void): void {
    try {
      action();
      this.#notBeforeMs = -Infinity;
    } catch (error) {
      if (!(error instanceof StoreError)) {
        this.#ports.onBug(error);
        // Whatever it was, it shall not be in the way of what comes after it.
        this.#entries = [];
        this.#checks.clear();
      }
      this.#notBeforeMs = this.#ports.clock.nowMs() + retryMs;
      this.#wake(retryMs);
    }
  }

  /** Writes after `delayMs` at the latest, though not before a failing store is worth another try. */
  #wake(delayMs: number): void {
    const { clock } = this.#ports;
    const nowMs = clock.nowMs();
    const dueMs = Math.max(nowMs + delayMs, this.#notBeforeMs);
    if (this.#timer !== undefined && this.#timer.dueMs <= dueMs) return;
    this.#timer?.cancel();
    const cancel = clock.setTimer(dueMs - nowMs, () => {
      this.#timer = undefined;
      this.flush();
    });
    this.#timer = { dueMs, cancel };
  }
}

/** Every ingress with something to remember, those that leave as well. */
function managed({ ingresses, leaving }: State): readonly IngressState[] {
  return leaving.length === 0 ? ingresses : [...ingresses, ...leaving];
}

/**
 * Whether another endpoint is active, sticky, or written, or there is another override: what a power cut must not undo.
 */
function hasOtherDecisions({ before: old, after: { overrides, selection, lastGood } }: IngressChange): boolean {
  const isOverridden = overrides.length > 0 || (old?.overrides.length ?? 0) > 0;
  return (
    (selection !== undefined && selection !== old?.selection) ||
    (lastGood !== undefined && lastGood !== old?.lastGood) ||
    (isOverridden && overrides !== old?.overrides)
  );
}

/** What would be missing on the disk if `a` were saved and `b` not. */
function unsavedBetween(a: IngressState, b: IngressState): Unsaved {
  if (a === b) return "nothing";
  const isSameIngress =
    a.selection === b.selection &&
    a.saved === b.saved &&
    a.departures === b.departures &&
    a.overrides === b.overrides &&
    a.lastGood === b.lastGood &&
    (a.outage === undefined) === (b.outage === undefined) &&
    a.form === b.form &&
    a.isLeaving === b.isLeaving &&
    hasSameMixNames(a, b) &&
    a.endpoints.length === b.endpoints.length;
  if (!isSameIngress) return "more";
  if (a.endpoints === b.endpoints) return "nothing";
  let unsaved: Unsaved = "nothing";
  for (const [index, endpoint] of a.endpoints.entries()) {
    const other = b.endpoints[index];
    if (endpoint === other) continue;
    if (other === undefined || !isSameTarget(endpoint, other)) return "more";
    if (endpoint.addressesUsableUntilMs !== other.addressesUsableUntilMs) unsaved = "dates";
  }
  return unsaved;
}

function hasSameMixNames(a: IngressState, b: IngressState): boolean {
  if (a.mix === b.mix && a.formerMixes === b.formerMixes) return true;
  return usedMixNames(a).join() === usedMixNames(b).join();
}

function isSameTarget(a: EndpointState, b: EndpointState): boolean {
  if (a.settings !== b.settings) return false;
  if (a.addresses === b.addresses) return true;
  return (
    a.addresses.length === b.addresses.length && a.addresses.every(({ text }, at) => text === b.addresses[at]?.text)
  );
}
