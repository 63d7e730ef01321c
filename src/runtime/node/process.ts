// This process: how it is told to reload and to end, how much memory it takes, and its last resort.
import { setFlagsFromString } from "node:v8";

/** Calls `onHangUp` at each SIGHUP. Resolves to the first signal that ends the process. */
export function untilSignalled(onHangUp: () => void): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    process.on("SIGHUP", onHangUp);
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, resolve);
  });
}

/** Ends the process with this code after `delayMs`, if it has not ended by then. */
export function exitWithin(delayMs: number, code: number): void {
  setTimeout(() => process.exit(code), delayMs).unref();
}

/** The ids by which a service manager may know this process: the launcher may have started it as its child. */
export function ownProcessIds(): readonly number[] {
  return [process.pid, process.ppid];
}

/** The user that the process runs as; `undefined` where the system has no such numbers. */
export function ownUserId(): number | undefined {
  return process.getuid?.();
}

/**
 * What a check leaves behind is soon garbage. V8 would let 32 MB of it gather, and a daemon of twenty endpoints take
 * twice the memory. From now on it gathers no more than by now. To be called when the program is loaded: what that
 * needs stays, and would be copied again and again.
 */
export function keepYoungGenerationSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
}
