// The machine as `ccs service` meets it: where things are on it, who asks, and its systemctl. Tests have machines of
// their own.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Environment } from "../../config/format/variables.ts";
import { given } from "../../config/format/variables.ts";
import { CommandError, exitCodes } from "../exit-codes.ts";
import { unitName } from "./unit-text.ts";

/** For the whole system, or for the user who asks. */
export type Scope = "system" | "user";

export interface Finished {
  /** `undefined` when there is no such program. */
  readonly status: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Host {
  /** The folder that is `/` to it. */
  readonly root: string;
  readonly userId: number | undefined;
  readonly env: Environment;
  /** What starts this program: the executable, or Node and the script. */
  readonly program: readonly string[];
  readonly run: (command: string, args: readonly string[]) => Finished;
  readonly print: (line?: string) => void;
  readonly warn: (line: string) => void;
  /** Asks a person; Enter alone means `usual`. Throws a CommandError where there is no terminal to ask on. */
  readonly ask: (question: string, usual: boolean) => Promise<boolean>;
}

/** A program, run to its end. */
export function runHere(command: string, args: readonly string[]): Finished {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  if (error !== undefined && "code" in error && error.code === "ENOENT") {
    return { status: undefined, stdout: "", stderr: `there is no ${command}` };
  }
  return { status: status ?? 1, stdout, stderr: error === undefined ? stderr : error.message };
}

/**
 * Whether the machine with this root folder was started by systemd
 * (https://www.freedesktop.org/software/systemd/man/sd_booted.html).
 */
export function hasSystemd(root: string): boolean {
  return existsSync(join(root, "run/systemd/system"));
}

/** systemd on a machine, for one scope. */
export class Systemd {
  readonly scope: Scope;
  readonly #host: Host;

  /** Throws a CommandError where there is no systemd for this scope. */
  constructor(host: Host, scope: Scope) {
    this.#host = host;
    this.scope = scope;
    if (!hasSystemd(host.root)) {
      const why = "this machine was not started by systemd, so that no service can be installed";
      const now = "start `ccs run` by whatever starts programs here; in a container, let that run `ccs run`";
      throw new CommandError(exitCodes.unavailable, `${why}: ${now}`);
    }
    if (scope === "user" && given(host.env, "XDG_RUNTIME_DIR") === undefined) {
      const why = "systemd does not run for this user here";
      const now = "log in as this user itself, not by sudo or su; or install a service of the system, without --user";
      throw new CommandError(exitCodes.unavailable, `${why}: ${now}`);
    }
  }

  /** Throws a CommandError with what systemctl says when it fails. */
  control(...args: readonly string[]): string {
    const { status, stdout, stderr } = this.try(...args);
    if (status === 0) return stdout;
    const words = stderr.trim();
    throw new CommandError(exitCodes.unavailable, `${this.shown(...args)} failed${words === "" ? "" : `: ${words}`}`);
  }

  try(...args: readonly string[]): Finished {
    return this.#host.run("systemctl", this.#words(args));
  }

  /** The newest lines of the service's journal. */
  journal(count: number): readonly string[] {
    const option = this.scope === "user" ? "--user-unit" : "--unit";
    const args = [option, unitName, "--lines", String(count), "--no-pager", "--output", "cat"];
    return this.#host
      .run("journalctl", args)
      .stdout.split("\n")
      .filter((line) => line !== "");
  }

  /** The command as a person would type it. */
  shown(...args: readonly string[]): string {
    return ["systemctl", ...this.#words(args)].join(" ");
  }

  #words(args: readonly string[]): readonly string[] {
    return this.scope === "user" ? ["--user", ...args] : args;
  }
}

/** A path of the machine as this process finds it. */
export function on({ root }: Host, path: string): string {
  return join(root, path);
}

/** Throws a CommandError for anyone who may not change services of the system. */
export function assertMayChange(host: Host, scope: Scope, action: "install" | "uninstall"): void {
  if (scope === "user" || host.userId === 0) return;
  const own = action === "install" ? `, or install one of your own: ccs service ${action} --user` : "";
  const message = `only root may ${action} a service of the system: sudo ccs service ${action}${own}`;
  throw new CommandError(exitCodes.unavailable, message);
}
