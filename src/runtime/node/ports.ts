// What a process of Node's on an ordinary machine gives a daemon.
import type { HostPorts, Ports } from "../../assembly/ports.ts";
import { exposedFiles } from "./secrecy.ts";
import type { Environment } from "../../config/format/variables.ts";
import { watchConfig } from "./watch-config.ts";
import type { Log } from "../../lib/log.ts";
import { ServiceManager } from "../../service/manager.ts";
import { systemdNotify, wantedBy } from "../../service/systemd-notify.ts";
import { startControlSocket } from "../../web/control-socket.ts";
import { startWebServer } from "../../web/server.ts";
import { ThreadArchive } from "./archive.ts";
import { systemClock } from "./clock.ts";
import { storeOpener } from "./disk.ts";
import { machineNetwork } from "./network.ts";
import { dashboardFiles } from "./own-files.ts";

/** Clock, chance and network, which commands that only look need as well. */
export function machinePorts() {
  const clock = systemClock;
  return { clock, chance: () => Math.random, network: machineNetwork(clock) } satisfies Partial<Ports>;
}

export interface NodeOptions {
  /** The configuration file, as the person named it. */
  readonly path: string;
  readonly env: Environment;
  readonly log: Log;
  /** Of the user that the process runs as. */
  readonly userId?: number | undefined;
  /** By which a service manager may know this process. Without them none is told anything. */
  readonly processIds?: readonly number[] | undefined;
}

/** All that `ccs run` needs. */
export function nodePorts(options: NodeOptions): HostPorts {
  const { path, env, log, userId } = options;
  const machine = machinePorts();
  const { clock } = machine;
  return {
    ...machine,
    openStore: storeOpener({ clock, log, userId }),
    timeZone: machineTimeZone,
    log,
    configuration: {
      path,
      watch: (hooks) => watchConfig({ path, env, clock, ...hooks }),
      exposed: (result) => exposedFiles(path, result, userId),
    },
    openArchive: (sources) => new ThreadArchive({ clock, ...sources }),
    doors: {
      startWeb: startWebServer,
      startControl: startControlSocket,
      dashboard: dashboardFiles,
      runtimeVersion: process.version,
    },
    manager: (isAlive) => serviceManager(options, isAlive),
  };
}

/** The service manager that started the process and wants to be told, if there is one. */
function serviceManager({ env, log, processIds }: NodeOptions, isAlive: () => boolean): ServiceManager | undefined {
  const wanted = processIds && wantedBy(env, processIds);
  if (wanted === undefined) return undefined;
  return new ServiceManager({
    clock: systemClock,
    send: systemdNotify(wanted, env["PATH"]),
    watchdogMs: wanted.watchdogMs,
    isAlive,
    onTrouble: (message) => log.warn(message),
  });
}

/** It may be set while the process runs. */
function machineTimeZone(): string {
  // There is none where TZ names one that does not exist.
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions() as { readonly timeZone: string | undefined };
  return timeZone ?? "UTC";
}
