// What signals do before the program has a say. Loaded by the launcher: nothing that Node 18 lacks.
import { constants } from "node:os";

/**
 * From now on signals that must not end the program do nothing. Node opens its debugger at SIGUSR1, to any user of this
 * machine, who could then read the tokens. And none of these means that the program should end; the last comes when a
 * file grows beyond a limit, which the write says as well.
 */
export function ignoreHarmlessSignals(): void {
  for (const signal of ["SIGUSR1", "SIGUSR2", "SIGALRM", "SIGVTALRM", "SIGPROF", "SIGIO", "SIGPWR", "SIGXFSZ"]) {
    process.on(signal, () => undefined);
  }
}

/**
 * The first process of a container gets no signal that it has not asked for, not even Ctrl-C; for want of another
 * handler, it ends as every other process would.
 */
export function endAsOthersDo(): void {
  if (process.pid !== 1) return;
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1) process.exit(128 + constants.signals[signal]);
    });
  }
}
