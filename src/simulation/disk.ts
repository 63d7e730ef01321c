// The disk under the daemon's state: the real store on a real file, and what accidents leave of it. A killed process
// leaves everything that it wrote; a power cut leaves what was synced, and of the rest as much as chance will have it.
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock, Random } from "../lib/clock.ts";
import type { OutboxStore } from "../core/message.ts";
import { openMemoryStore, openStore } from "../store/open-store.ts";
import type { Store } from "../store/store.ts";
import type { Fault } from "./faults.ts";
import { WalGauge } from "./wal.ts";

/** What people would be told; the simulation judges the daemon by what it does. */
const onWarning = (): void => {};

/** How a file may be lost. */
type Loss = (Fault & { kind: "state-lost" })["how"];

export interface DiskOptions {
  readonly random: Random;
  /** Without a file nothing survives the process: quicker, where no process ever ends. */
  readonly isFile: boolean;
  /** A durable change is about to be made, or has just been made: a crash may strike here. */
  readonly onWrite: (isDone: boolean) => void;
  readonly onAppend: (id: string) => void;
  readonly onRemove: (ids: readonly string[]) => void;
  /** What was kept is gone, as is noticed now. */
  readonly onLoss: () => void;
}

/** The state folder. It outlives the daemon's runs. */
export class Disk implements Disposable {
  readonly #options: DiskOptions;
  readonly #folder: string | undefined;
  #store: Store | undefined;
  #gauge: WalGauge | undefined;
  #loss: Loss | undefined;

  constructor(options: DiskOptions) {
    this.#options = options;
    if (options.isFile) this.#folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "ccs-disk-"));
  }

  /** Opens the store for a run of the daemon; what a dead process still tries to write never happens. */
  open(clock: Clock, isAlive: () => boolean): Store {
    this.#suffer();
    if (this.#folder === undefined) this.#store = openMemoryStore({ clock, onWarning });
    else {
      const opening = openStore({ folder: this.#folder, clock, onWarning });
      if (opening.kind === "locked") throw new Error(`a dead process still holds the state: ${opening.message}`);
      this.#store = opening.store;
      this.#gauge = new WalGauge(`${join(this.#folder, "ccs.db")}-wal`);
      this.#gauge.noteSync();
    }
    return this.#watched(this.#store, isAlive);
  }

  /** The process is gone, and with it its hold on the files. */
  crash(how: "kill" | "power"): void {
    if (how === "power") this.#gauge?.cut(this.#options.random);
    // To close a database is to tidy it up, which no dead process does.
    const left = this.#paths.map((path) => [path, existsSync(path) ? readFileSync(path) : undefined] as const);
    this.#store?.[Symbol.dispose]();
    for (const [path, bytes] of left) {
      if (bytes === undefined) rmSync(path, { force: true });
      else writeFileSync(path, bytes);
    }
    this.#store = undefined;
  }

  /** The process has ended in order. */
  close(): void {
    this.#store?.[Symbol.dispose]();
    this.#store = undefined;
  }

  /** The file will be gone, torn, or another program's when it is next opened. */
  lose(how: Loss): void {
    this.#loss = how;
  }

  [Symbol.dispose](): void {
    this.close();
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
  }

  get #paths(): readonly string[] {
    return this.#folder === undefined ? [] : ["ccs.db", "ccs.db-wal"].map((name) => join(this.#folder ?? "", name));
  }

  #suffer(): void {
    const how = this.#loss;
    const [path, log] = this.#paths;
    this.#loss = undefined;
    if (how === undefined || path === undefined || log === undefined || !existsSync(path)) return;
    this.#options.onLoss();
    rmSync(log, { force: true });
    switch (how) {
      case "absent":
        return rmSync(path);
      case "foreign":
        return writeFileSync(path, "Dear diary,\n");
      case "torn": {
        const { random } = this.#options;
        const bytes = readFileSync(path);
        const from = Math.floor(random() * bytes.length);
        writeFileSync(path, bytes.fill(0x5a, from, Math.min(bytes.length, from + 2_000)));
        return random() < 0.5 ? truncateSync(path, Math.floor(bytes.length / 2)) : undefined;
      }
      default:
        return how satisfies never;
    }
  }

  /** The store as a process sees it that may die in the middle of any call. */
  #watched(store: Store, isAlive: () => boolean): Store {
    const durably = (write: () => void): boolean => {
      this.#options.onWrite(false);
      if (!isAlive()) return false;
      write();
      this.#gauge?.noteSync();
      return true;
    };
    const alive = <Result>(action: () => Result, otherwise: Result): Result => (isAlive() ? action() : otherwise);
    const outbox = store.outboxStore();
    const { onWrite, onAppend, onRemove } = this.#options;
    const watchedOutbox: OutboxStore = {
      append: (channel, message) => {
        if (!durably(() => outbox.append(channel, message))) return;
        onAppend(message.id);
        onWrite(true);
      },
      remove: (channel, ids) => {
        if (!durably(() => outbox.remove(channel, ids))) return;
        onRemove(ids);
        onWrite(true);
      },
      list: (channel) => alive(() => outbox.list(channel), []),
    };
    return {
      path: store.path,
      get isKeepingUp() {
        return store.isKeepingUp;
      },
      load: () => store.load(),
      save: (saved) => {
        if (durably(() => store.save(saved))) onWrite(true);
      },
      record: (batch) => alive(() => store.record(batch), undefined),
      tidy: () => alive(() => store.tidy(), undefined),
      journal: (query) => alive(() => store.journal(query), []),
      get readingPlace() {
        return store.readingPlace;
      },
      hearOfDamage: (why) => store.hearOfDamage(why),
      journalOf: (query) => alive(() => store.journalOf(query), []),
      oldestEntry: () => alive(() => store.oldestEntry(), undefined),
      journalSince: (id) => alive(() => store.journalSince(id), []),
      newestEntryId: () => alive(() => store.newestEntryId(), 0),
      rollups: (query) => alive(() => store.rollups(query), []),
      coveredStarts: (query) => alive(() => store.coveredStarts(query), []),
      outboxStore: () => watchedOutbox,
      [Symbol.dispose]: () => alive(() => this.close(), undefined),
    };
  }
}
