// The state folder on the machine's disk.
import type { Ports, StoreHooks } from "../../assembly/ports.ts";
import { StartError } from "../../assembly/start-error.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import { openStore } from "../../store/store.ts";

interface DiskPorts {
  readonly clock: Clock;
  readonly log: Log;
  /** Of the user that the process runs as. */
  readonly userId: number | undefined;
}

/** Opens the store of a state folder. Throws a StartError when another process uses it. */
export function storeOpener({ clock, log, userId }: DiskPorts): Ports["openStore"] {
  return (folder: string, hooks: StoreHooks) => {
    const onWarning = (message: string): void => log.warn({ folder }, message);
    const opening = openStore({ folder, clock, onWarning, watch: { ...hooks, userId } });
    if (opening.kind === "locked") throw new StartError("unavailable", opening.message);
    const { store } = opening;
    if (store.path !== undefined) log.debug({ path: store.path }, `state is kept in ${store.path}`);
    return store;
  };
}
