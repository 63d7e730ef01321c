// All that a daemon needs of the place where it runs. This folder asks for nothing else: no module of Node, no global
// clock, no process. `runtime/node/` gives the machine's own, the simulator gives models, and another runtime could
// give the same.
import type { LoadResult } from "../config/load.ts";
import type { JournalEntry } from "../core/history.ts";
import type { Resolve } from "../core/look-up.ts";
import type { Exchange } from "../dns/exchange.ts";
import type { Clock, Random } from "../lib/clock.ts";
import type { Fetch } from "../lib/fetch.ts";
import type { Log } from "../lib/log.ts";
import type { Reach } from "../probe/anchors.ts";
import type { Probe } from "../probe/prober.ts";
import type { ServiceManager } from "../service/manager.ts";
import type { PlaceWatch } from "../store/place.ts";
import type { Store } from "../store/store.ts";
import type { Archive } from "../web/api/archive.ts";
import type { startControlSocket } from "../web/control-socket.ts";
import type { BuiltFiles } from "../web/dashboard-files.ts";
import type { startWebServer } from "../web/server.ts";

/** What deciding, keeping and telling need. The simulator gives no more than this. */
export interface Ports {
  /** Monotonic time, the date, and timers. */
  readonly clock: Clock;
  /** Chance, by what it is for: where a seed makes it, one use does not change what another one gets. */
  readonly chance: (use: "deciding" | "telling") => Random;
  readonly network: Network;
  /** Opens what survives a restart. Throws a StartError where another daemon has it open. */
  readonly openStore: (folder: string, hooks: StoreHooks) => Store;
  /**
   * IANA name of the zone in which people are told times, unless the configuration names one; asked for each message.
   */
  readonly timeZone: () => string;
  /** Where log lines go. */
  readonly log: Log;
}

/** The ways out. Each failure is a value or a rejection, and each wait ends by the clock of the same ports. */
export interface Network {
  /** Calls Cloudflare's API and the services of the channels. */
  readonly fetch: Fetch;
  /** Looks up the addresses of an endpoint's host. */
  readonly resolve: Resolve;
  /** Asks one DNS server one question. Without it no write is verified, and only reads show what is published. */
  readonly exchange: Exchange | undefined;
  /** Performs one check of one address. */
  readonly probe: Probe;
  /** Tries whether a reference host takes a connection. */
  readonly reach: Reach;
}

/** What the keeper of the state folder tells while the daemon runs. */
export type StoreHooks = Pick<PlaceWatch, "onNews" | "onUsurped">;

/** What a daemon needs besides that reads its own configuration, shows itself and answers people. */
export interface HostPorts extends Ports {
  readonly configuration: Configuration;
  /** Answers what readers ask about the past, without holding up the loop. */
  readonly openArchive: (sources: ArchiveSources) => Archive & AsyncDisposable;
  readonly doors: Doors;
  /**
   * What started the daemon and wants to be told of it; `undefined` where nothing does. `isAlive`: whether the loop
   * turns.
   */
  readonly manager: (isAlive: () => boolean) => ServiceManager | undefined;
}

/** The configuration, with the secrets that it names, wherever they are kept. */
export interface Configuration {
  /** What people call it, such as the path of the file. */
  readonly path: string;
  /** Loads it, and watches it from `start` on. */
  readonly watch: (hooks: ConfigurationHooks) => ConfigWatcher;
  /** Places where others could read a secret. */
  readonly exposed: (result: Extract<LoadResult, { kind: "ok" }>) => readonly ExposedFile[];
}

export interface ConfigurationHooks {
  /** Hears, in a sentence for people, that changes cannot be seen. */
  readonly onBlindSpot: (message: string) => void;
  readonly onBug: (error: unknown) => void;
}

/**
 * Hears the result of every load after the first, good or bad. The applying is up to the listener. `unchanged`: a
 * reload was asked for, and all that was read is as it was.
 */
export type OnLoad = (result: LoadResult, news: "changed" | "unchanged") => void;

export interface ConfigWatcher extends Disposable {
  /** What loading gave before the watching began: no change after it is missed. */
  readonly first: LoadResult;
  /** Watches from now on. */
  start(onLoad: OnLoad): void;
  /**
   * Loads now, or soon if that was asked often, whether or not anything changed (SIGHUP). The listener hears what came
   * of it.
   */
  reload(): void;
  close(): void;
}

/** A file that tells a token to others. */
export interface ExposedFile {
  readonly path: string;
  /** For people: what is wrong. */
  readonly detail: string;
  /** For people: what to do about it. */
  readonly remedy: string;
}

/** What an archive reads. */
export interface ArchiveSources {
  readonly store: Pick<Store, "readingPlace" | "hearOfDamage">;
  /** What is not in the store yet, oldest first. */
  readonly unwritten: () => readonly JournalEntry[];
  /** The id of the newest entry, written or not. */
  readonly newestId: () => number;
  /** Hears, in a sentence for people, that nothing can be read: once when it begins, once when it ends. */
  readonly onTrouble: (message: string) => void;
  readonly onBug: (error: unknown) => void;
}

/** Where people and programs come in. */
export interface Doors {
  readonly startWeb: typeof startWebServer;
  readonly startControl: typeof startControlSocket;
  /** The built dashboard; empty where there is none. */
  readonly dashboard: () => BuiltFiles;
  /** The version of what runs the program, such as `v24.1.0`. */
  readonly runtimeVersion: string;
}
