// The control socket as commands find it: where it is, whether it is the daemon's own, and what to say when no daemon
// answers there. Loads little, so that `ccs health` costs little.
import { lstatSync, type Stats } from "node:fs";
import { stateDirOf, unreadConfig } from "../config/state-dir.ts";
import { readFromDisk } from "../runtime/node/read-file.ts";
import { noStateDir } from "../config/default-state-dir.ts";
import { messageOf } from "../lib/text.ts";
import { controlSocketPath } from "../web/control-path.ts";
import { CommandError, exitCodes } from "./exit-codes.ts";

export class ControlPlace {
  readonly path: string;
  readonly #config: string | undefined;

  /** `config`: what was given with `--config`. Throws a CommandError when there is no state folder at all. */
  constructor(config: string | undefined) {
    this.#config = config;
    const stateDir = stateDirOf(config, process.env, readFromDisk);
    if (stateDir === undefined) throw new CommandError(exitCodes.config, noStateDir);
    this.path = controlSocketPath(stateDir);
  }

  /** Throws a CommandError for a socket that another user made: that one may say anything. */
  assertOurs(): void {
    const status = this.#look();
    if (status === undefined) return;
    const userId = process.getuid?.();
    const why = status.isSocket() ? `belongs to another user (${status.uid})` : "is not a socket";
    if (status.isSocket() && (userId === undefined || userId === 0 || status.uid === userId || status.uid === 0))
      return;
    const now = "it is not the daemon's socket and is not used: find out what put it there";
    throw new CommandError(exitCodes.unavailable, `${this.path} ${why}: ${now}`);
  }

  /**
   * What is at the path, if anything. Throws a CommandError when that cannot even be looked at, in a folder closed to
   * us, say.
   */
  #look(): Stats | undefined {
    try {
      return lstatSync(this.path, { throwIfNoEntry: false });
    } catch (error) {
      throw this.unreachable(error);
    }
  }

  /** What to say of a daemon that took the connection and did not answer in time. */
  silent(patienceMs: number): CommandError {
    const why = `the daemon at ${this.path} has not answered for ${patienceMs / 1_000} s`;
    return new CommandError(exitCodes.unavailable, `${why}: it is stuck or stopped; restart it if this lasts`);
  }

  /** What to say of a connection that failed with `error`. */
  unreachable(error: unknown): CommandError {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EACCES" || code === "EPERM") {
      const who = "only the daemon's own user can use it: try again as that user, or with sudo";
      return new CommandError(exitCodes.unavailable, `${this.path}: ${who}`);
    }
    const isAbsent = code === "ENOENT" || code === "ECONNREFUSED";
    const why = isAbsent ? "no daemon answers at" : `the daemon does not answer (${messageOf(error)}) at`;
    const now = "start it with `ccs run`, or tell ccs where it is: --config FILE as for the daemon, or CCS_STATE_DIR";
    const unread = unreadConfig(this.#config, process.env, readFromDisk);
    const doubt = unread === undefined ? "" : `\n${unread}; the daemon's state_dir may be set there`;
    return new CommandError(exitCodes.unavailable, `${why} ${this.path}: ${now}${doubt}`);
  }
}
