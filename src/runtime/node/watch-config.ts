// Watches the configuration file and the files of secrets, and loads them anew when their content changes.
//
// Looks at the content, and at the names in folders that are included, on a timer. That one way catches what file
// events miss or report twice: editors that rename, writes in place, files mounted alone into a container, the symlink
// swap of Kubernetes, deletion and return.
import { hash } from "node:crypto";
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { untilBeat, type Clock } from "../../lib/clock.ts";
import type { ConfigWatcher, OnLoad } from "../../assembly/ports.ts";
import { isPassingFailure, type ListFolder, type ReadFile } from "../../config/format/files.ts";
import { onDisk, stampOnDisk, type FileStamp } from "./read-file.ts";
import { isConfiguration } from "../../config/include.ts";
import { loadConfig, type LoadResult } from "../../config/load.ts";
import type { Environment } from "../../config/format/variables.ts";

export interface WatchOptions {
  /** As the person named it. */
  readonly path: string;
  readonly env: Environment;
  readonly clock: Clock;
  /** Hears, once each time it begins, that changes of the file cannot be seen from here. */
  readonly onBlindSpot: (message: string) => void;
  /** Is told about internal errors. The watching continues. */
  readonly onBug?: (error: unknown) => void;
  /** Time between two looks, 1 s by default. */
  readonly pollMs?: number;
  /** How long a change must last before it is told, since it may be written only half; 400 ms by default. */
  readonly settleMs?: number;
  /** How long a file may not be readable, for want of file descriptors, say, before that is told; 30 s by default. */
  readonly patienceMs?: number;
  readonly readFile?: ReadFile;
  readonly listFolder?: ListFolder;
  /** What tells by itself that a file was written since, and when that was, in milliseconds since 1970. */
  readonly stampOf?: (path: string) => FileStamp | undefined;
  /** Number of names that the file has, 0 when it was replaced behind a mount; `undefined` when it is not there. */
  readonly countLinks?: (path: string) => number | undefined;
}

/** Loads the configuration, and watches it from `start` until `close`. */
export function watchConfig(options: WatchOptions): ConfigWatcher {
  return new FileWatcher(options);
}

/** Where more than this is watched, what has the stamp of before is not read again. */
const mostRead = { files: 50, bytes: 256 * 1_024 } as const;
/** Two writes may have one stamp when they are this close. */
const stampMs = 2_000;

/** However often a reload is asked for, it is done no more often than this. */
const reloadEveryMs = 500;

class FileWatcher implements ConfigWatcher {
  readonly first: LoadResult;
  readonly #options: WatchOptions;
  #onLoad: OnLoad | undefined;
  readonly #pollMs: number;
  readonly #settleMs: number;
  readonly #patienceMs: number;
  /** What every file held that the newest load asked for, as a digest, or why it could not be read. */
  #seen: ReadonlyMap<string, string> = new Map();
  /** The stamps of files that were read since, and held the same. */
  #stamps: Map<string, string> = new Map();
  #isMuch = false;
  /** What every file held when a load was told last. */
  #told: ReadonlyMap<string, string>;
  #cancelTimer: (() => void) | undefined;
  /** What the newest load gave, while it may still be of files that are written only half. */
  #settling: LoadResult | undefined;
  /** A load was asked for and has not been reported yet. */
  #isAsked = false;
  #reloadedMs = -Infinity;
  #cancelReload: (() => void) | undefined;
  /** The newest load failed for a reason that may pass, and since when that is so. */
  #isHindered = false;
  #hinderedSinceMs: number | undefined;
  #isBlind = false;
  #isClosed = false;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#pollMs = options.pollMs ?? 1_000;
    this.#settleMs = options.settleMs ?? 400;
    this.#patienceMs = options.patienceMs ?? 30_000;
    this.first = this.#load();
    this.#told = this.#seen;
  }

  start(onLoad: OnLoad): void {
    this.#onLoad = onLoad;
    this.#sleepUntilLook();
  }

  reload(): void {
    if (this.#isClosed || this.#cancelReload !== undefined) return;
    const { clock } = this.#options;
    const waitMs = this.#reloadedMs + reloadEveryMs - clock.nowMs();
    if (waitMs <= 0) return this.#reloadNow();
    this.#cancelReload = clock.setTimer(waitMs, () => {
      this.#cancelReload = undefined;
      this.#shielded(() => this.#reloadNow());
    });
  }

  #reloadNow(): void {
    this.#reloadedMs = this.#options.clock.nowMs();
    this.#isAsked = true;
    const result = this.#load();
    // Asking for it means that it is all written, unless it is plainly wrong.
    if (result.kind === "ok") this.#tell(result);
    else this.#settle(result);
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelTimer?.();
    this.#cancelReload?.();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #look(): void {
    this.#lookForBlindSpot();
    const isPatienceOver = this.#hinderedMs() >= this.#patienceMs && this.#settling === undefined;
    if (this.#hasChanged() || isPatienceOver) this.#settle(this.#load());
    else if (this.#settling !== undefined) this.#tell(this.#settling);
    else this.#sleepUntilLook();
  }

  /** Tells it later, if it is still the same: half a file may be wrong, or right with half of the endpoints. */
  #settle(result: LoadResult): void {
    const { clock } = this.#options;
    if (!this.#isHindered) this.#hinderedSinceMs = undefined;
    else this.#hinderedSinceMs ??= clock.nowMs();
    // What could not be read for a passing reason is neither right nor wrong: the configuration in force stays.
    const isPassing = this.#isHindered && this.#hinderedMs() < this.#patienceMs;
    this.#settling = isPassing ? undefined : result;
    if (isPassing) this.#sleepUntilLook();
    else this.#sleep(this.#settleMs);
  }

  #hinderedMs(): number {
    return this.#hinderedSinceMs === undefined ? 0 : this.#options.clock.nowMs() - this.#hinderedSinceMs;
  }

  #tell(result: LoadResult): void {
    this.#settling = undefined;
    if (!this.#isHindered) this.#hinderedSinceMs = undefined;
    this.#sleepUntilLook();
    const isSame = areEqual(this.#seen, this.#told);
    // A file that was gone for a moment and came back as it was is no news.
    if (isSame && !this.#isAsked) return;
    this.#isAsked = false;
    this.#told = this.#seen;
    this.#onLoad?.(result, isSame ? "unchanged" : "changed");
  }

  /** Remembers all that the load reads, so that a change of any of it is seen against exactly what was loaded. */
  #load(): LoadResult {
    const { path, env } = this.#options;
    const seen = new Map<string, string>();
    let isHindered = false;
    let length = 0;
    const readFile: ReadFile = (file) => {
      try {
        const bytes = this.#read(file);
        seen.set(file, contentOf(bytes));
        length += bytes.length;
        return bytes;
      } catch (error) {
        seen.set(file, failureOf(error));
        isHindered ||= isPassingFailure(error);
        throw error;
      }
    };
    const listFolder: ListFolder = (folder) => {
      try {
        const names = this.#list(folder);
        seen.set(asFolder(folder), namesOf(names));
        return names;
      } catch (error) {
        seen.set(asFolder(folder), failureOf(error));
        throw error;
      }
    };
    const result = loadConfig({ path, env, readFile, listFolder });
    this.#seen = seen;
    this.#stamps = new Map();
    this.#isMuch = seen.size > mostRead.files || length > mostRead.bytes;
    this.#isHindered = isHindered && result.kind === "invalid";
    return result;
  }

  #hasChanged(): boolean {
    for (const [file, before] of this.#seen) {
      const stamp = this.#isMuch ? this.#stampOf(file) : undefined;
      if (stamp !== undefined && this.#stamps.get(file) === stamp) continue;
      if (this.#contentNow(file) !== before) return true;
      if (stamp !== undefined) this.#stamps.set(file, stamp);
    }
    return false;
  }

  /** That of a file that was not written just now. */
  #stampOf(file: string): string | undefined {
    const { clock, readFile, stampOf = readFile === undefined ? stampOnDisk : () => undefined } = this.#options;
    const stamp = isFolder(file) ? undefined : stampOf(file);
    return stamp === undefined || clock.wallMs() - stamp.changedMs < stampMs ? undefined : stamp.text;
  }

  #contentNow(file: string): string {
    try {
      return isFolder(file) ? namesOf(this.#list(file)) : contentOf(this.#read(file));
    } catch (error) {
      return failureOf(error);
    }
  }

  #read(file: string): Uint8Array {
    return (this.#options.readFile ?? onDisk.readFile)(file);
  }

  #list(folder: string): readonly string[] {
    return (this.#options.listFolder ?? onDisk.listFolder)(folder);
  }

  /**
   * A file that is mounted alone into a container and then replaced outside, as most editors do, stays the old one in
   * here for ever. It has no name any more: its number of links is 0.
   */
  #lookForBlindSpot(): void {
    const { path, onBlindSpot, countLinks = linksOnDisk } = this.#options;
    const orphan = [...this.#seen.keys()].find((file) => countLinks(file) === 0);
    const isBlind = orphan !== undefined;
    if (isBlind && !this.#isBlind) {
      onBlindSpot(
        `${orphan === resolve(path) ? path : orphan} was replaced outside, and its new content is not visible inside the container: mount the folder that it is in, not only the ` +
          `file, and restart`,
      );
    }
    this.#isBlind = isBlind;
  }

  #sleep(delayMs: number): void {
    this.#cancelTimer?.();
    if (this.#isClosed) return;
    this.#cancelTimer = this.#options.clock.setTimer(delayMs, () => {
      // Before the look, so that nothing that is thrown in it ends the watching.
      this.#sleepUntilLook();
      this.#shielded(() => this.#look());
    });
  }

  #sleepUntilLook(): void {
    this.#sleep(untilBeat(this.#options.clock, this.#pollMs));
  }

  #shielded(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#options.onBug?.(error);
    }
  }
}

/** A folder is told from a file of its name by the slash. */
function asFolder(path: string): string {
  return `${path}/`;
}

function isFolder(path: string): boolean {
  return path.endsWith("/");
}

/** What editors leave in a folder for a moment is no news. */
function namesOf(names: readonly string[]): string {
  return names.filter(isConfiguration).toSorted().join("/");
}

function contentOf(bytes: Uint8Array): string {
  return hash("sha256", bytes);
}

function failureOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

function areEqual(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): boolean {
  return one.size === other.size && [...one].every(([file, content]) => other.get(file) === content);
}

function linksOnDisk(path: string): number | undefined {
  try {
    return statSync(path).nlink;
  } catch {
    // That it cannot be read is told by the load.
    return undefined;
  }
}
