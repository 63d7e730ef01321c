// The way to systemd: the program systemd-notify, since Node has no datagram sockets of the kind that systemd listens
// on, and a library of native code would have to be built for each machine. One start of it takes about 40 ms, apart
// from the loop.
import { execFile } from "node:child_process";
import type { Send } from "./manager.ts";

type ServiceEnvironment = Readonly<Record<string, string | undefined>>;

/** What a service manager that started us wants to hear. */
export interface ManagerWishes {
  /** Where it listens: a path, or an abstract name that begins with `@`. */
  readonly socket: string;
  /** It restarts us when it has not heard of us for this long. */
  readonly watchdogMs?: number;
}

/**
 * What the environment says of it; `undefined` where no service manager listens. `processIds`: by which of them it may
 * know this process, which is its own and that of a launcher.
 */
export function wantedBy(env: ServiceEnvironment, processIds: readonly number[]): ManagerWishes | undefined {
  const socket = env["NOTIFY_SOCKET"];
  if (socket === undefined || socket === "") return undefined;
  const watchdogMs = Number(env["WATCHDOG_USEC"]) / 1_000;
  // The variables are inherited: they may be about a process that started us for a purpose of its own.
  const processId = env["WATCHDOG_PID"];
  const isMeant = processId === undefined || processIds.includes(Number(processId));
  return { socket, ...(watchdogMs > 0 && Number.isFinite(watchdogMs) && isMeant && { watchdogMs }) };
}

/** Longer than systemd is busy for, when it loads all units again. */
const patienceMs = 20_000;

/**
 * Sends by systemd-notify, which returns when systemd has taken the message in. It must not name a process (`--pid`):
 * systemd would take that for the daemon. The unit has `NotifyAccess=all`, since the message comes from a process of
 * its own.
 */
export function systemdNotify({ socket }: ManagerWishes, path: string | undefined): Send {
  return (message) =>
    new Promise((resolve, reject) => {
      const assignments = [...message].map(([name, value]) => `${name}=${value}`);
      const env = { NOTIFY_SOCKET: socket, ...(path !== undefined && { PATH: path }) };
      execFile("systemd-notify", assignments, { env, timeout: patienceMs }, (error, _, stderr) => {
        if (error === null) resolve();
        else reject(new Error(reasonOf(error, stderr), { cause: error }));
      });
    });
}

function reasonOf(error: Error & { readonly code?: unknown; readonly killed?: boolean }, stderr: string): string {
  if (error.code === "ENOENT") return "there is no systemd-notify in PATH; it comes with systemd";
  if (error.killed === true) return `systemd-notify has not ended within ${patienceMs / 1_000} s`;
  const words = stderr.trim();
  return words === "" ? `systemd-notify failed: ${error.message}` : `systemd-notify: ${words}`;
}
