// What the daemon remembers across restarts: gives it what an earlier life left behind, and keeps what this one does.
import { keeperPatienceMs, type Daemon, type Keeper, type Turn } from "../daemon.ts";
import type { Clock } from "../lib/clock.ts";
import { formatDuration } from "../core/units.ts";
import type { EarlierJournal, JournalEntry } from "../core/history.ts";
import { Recorder } from "../store/recorder.ts";
import { restoredFrom } from "../store/saved.ts";
import type { Store } from "../store/store.ts";
import { StoreError } from "../store/trouble.ts";
import { Wire } from "../lib/wire.ts";
import { earlierJournal } from "./live-history.ts";

export interface MemoryPorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly daemon: Daemon;
  /** Is told about internal errors; trouble with the disk is told by the store. */
  readonly onBug: (error: unknown) => void;
  /**
   * Hears, in a sentence or two for people, that the disk holds decisions up: once when it begins, once when it ends.
   */
  readonly onWarning?: (message: string) => void;
}

/** Disposing of it writes what waits; the store stays open. */
export class Memory implements Keeper, Disposable {
  readonly #ports: MemoryPorts;
  readonly #recorder: Recorder;
  #hasSaved = false;
  /** The disk took too long for the newest decision. */
  #isSlow = false;
  /** What happened before the start. */
  readonly earlier: EarlierJournal;
  /** Each fact, as soon as it has its place in the journal. */
  readonly entries = new Wire<[entry: JournalEntry]>();

  constructor(ports: MemoryPorts) {
    const { store, clock, daemon, onBug } = ports;
    this.#ports = ports;
    this.#recorder = new Recorder({ store, clock, onBug, onEntry: this.entries.send });
    this.earlier = earlierJournal(store, this.#recorder);
    daemon.addKeeper(this);
    daemon.addListener(this.#recorder);
  }

  keep(turn: Turn): void {
    this.#hasSaved = this.#recorder.keep(turn);
  }

  held(tookMs: number): void {
    // A turn in which there was nothing to save says nothing about the disk.
    if (!this.#hasSaved) return;
    const wasSlow = this.#isSlow;
    this.#isSlow = tookMs > keeperPatienceMs;
    if (wasSlow === this.#isSlow) return;
    const place = this.path ?? "the state in memory";
    this.#ports.onWarning?.(
      this.#isSlow
        ? `Saving a decision to ${place} took ${formatDuration(Math.round(tookMs))}, and it was carried out only afterwards. Check the drive.`
        : `Saving to ${place} is fast again.`,
    );
  }

  /** What happened and is not in the store yet, oldest first. */
  get unwritten(): readonly JournalEntry[] {
    return this.#recorder.waiting;
  }

  /** The file of the state; `undefined` while it is in memory only. */
  get path(): string | undefined {
    return this.#ports.store.path;
  }

  /** Whether all that must survive a restart would survive one now. */
  get isKept(): boolean {
    return this.path !== undefined && this.#recorder.areDecisionsSaved;
  }

  /** Whether nothing waits because of a disk that fails or is slow. */
  get isKeepingUp(): boolean {
    return this.#recorder.isKeepingUp && !this.#isSlow;
  }

  /** Tells the daemon what an earlier life left behind. To be called before it is told its configuration. */
  restore(): void {
    const { store, clock, daemon } = this.#ports;
    const saved = store.load();
    if (saved === undefined) return;
    daemon.dispatch({ kind: "restored", ingresses: restoredFrom(saved, clock.nowMs(), clock.wallMs()) });
  }

  [Symbol.dispose](): void {
    this.#recorder[Symbol.dispose]();
  }
}

/** Passes on internal errors. The store itself tells people of trouble with the disk. */
export function exceptStoreTrouble(onBug: (error: unknown) => void): (error: unknown) => void {
  return (error) => {
    if (!(error instanceof StoreError)) onBug(error);
  };
}
