// Starts the ordinary daemon in this process.
import { InternalErrors } from "../../assembly/internal-errors.ts";
import { runDaemon, type RunningDaemon } from "../../assembly/running.ts";
import type { WebExtra } from "../../web/server.ts";
import { systemClock } from "./clock.ts";
import { nodePorts, type NodeOptions } from "./ports.ts";

export interface StartOptions extends NodeOptions {
  /** Counts internal errors, and says when the process has to end. */
  readonly errors?: InternalErrors;
  /** What the demo adds to the web server. */
  readonly extra?: WebExtra | undefined;
}

/** Starts the daemon over a configuration file. Throws a StartError when something that it needs cannot be had. */
export function startDaemon(options: StartOptions): Promise<RunningDaemon> {
  const { log, extra, errors = new InternalErrors({ log, clock: systemClock }) } = options;
  return runDaemon({ ports: nodePorts(options), errors, extra });
}
