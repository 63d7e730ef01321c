// What happens in the simulated world, reported as it happens.
import type { Address, Sighting, Resolution } from "../core/model.ts";
import type { Turn } from "../daemon.ts";
import type { Commit } from "../emulation/cloudflare/store.ts";
import type { ZoneState } from "../emulation/cloudflare/zone.ts";
import type { Anchor } from "../probe/anchors.ts";
import type { DaemonRun } from "./daemon-run.ts";
import type { Edge } from "./edges.ts";
import type { Fault } from "./faults.ts";

export interface Watcher {
  /** `isGenuine`: what was seen is what the site did, and no trouble of the monitor's own. */
  probed?(address: Address, observation: Sighting, isGenuine: boolean, run: DaemonRun): void;
  /** A request arrived at Cloudflare, which was sent at `sentMs`. */
  requested?(isWrite: boolean, sentMs: number): void;
  /** An answer of Cloudflare's reached the daemon. */
  answered?(status: number, retryAfterSeconds: number | undefined): void;
  /** The daemon stored a message, or forgot some. */
  stored?(id: string): void;
  /** The state file is gone, or of no use. */
  lost?(): void;
  forgot?(ids: readonly string[]): void;
  resolved?(host: string, resolution: Resolution, run: DaemonRun): void;
  anchorTried?(anchor: Anchor, isReached: boolean, run: DaemonRun): void;
  turned?(turn: Turn, run: DaemonRun): void;
  committed?(commit: Commit): void;
  /** Something new is to be seen at one of the authoritative servers. */
  shown?(edge: Edge, zone: ZoneState): void;
  struck?(fault: Fault): void;
  started?(run: DaemonRun): void;
  /** A run ended, by a crash or in order. */
  ended?(run: DaemonRun, isCrash: boolean): void;
  bug?(text: string): void;
}
