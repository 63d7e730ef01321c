// What a service can reach of the machine: it is another user, sees no home folders, and outlives caches and temporary
// files.
import { realpathSync, statSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { shellWord } from "../../lib/text.ts";
import { CommandError, exitCodes } from "../exit-codes.ts";
import { on, type Host, type Scope } from "./host.ts";
import { isStartable, systemPlaces } from "./unit-text.ts";

const unreadable = "cannot be read by the service's own user";
const installIt = "install ccs for the whole machine, by the .deb or npm install -g, and call that one";

/** Throws a CommandError that says why the service could not start this program, or not for long. */
export function assertProgramLasts(host: Host, scope: Scope): void {
  for (const path of host.program) {
    const why = whyNoProgram(host, scope, path);
    if (why !== undefined) throw new CommandError(exitCodes.unavailable, `${path} ${why}`);
  }
}

function whyNoProgram(host: Host, scope: Scope, path: string): string | undefined {
  if (/\/_npx\//.test(path)) return `is in the cache of npx, which is emptied now and then: ${installIt}`;
  if (isTemporary(path)) return `is in a folder for temporary files: ${installIt}`;
  if (!isStartable(path)) return "has a quote or a backslash in its path, which systemd does not start: move it";
  if (scope === "user") return undefined;
  if (isAtHome(path)) return `is in a home folder, which a service of the system does not see: ${installIt}`;
  const closed = firstClosed(host, path);
  return closed === undefined ? undefined : `${unreadable}, since ${closed} is closed to other users: ${installIt}`;
}

/** Why a service of the system could not read its configuration there, with what to do; `undefined` when it can. */
export function whyNoConfig(host: Host, path: string): string | undefined {
  const why = whyUnreachable(path) ?? whyClosed(host, path);
  if (why !== undefined) return why;
  // It may be a link, or be behind one.
  const real = resolve("/", relative(host.root, realpathSync(on(host, path))));
  const whyNot = whyUnreachable(real) ?? whyClosed(host, real);
  return whyNot === undefined ? undefined : `leads to ${real}, which ${whyNot}`;
}

const elsewhere = `keep the configuration in ${systemPlaces.config}`;

function whyUnreachable(path: string): string | undefined {
  if (isAtHome(path)) return `is in a home folder, which a service of the system does not see: ${elsewhere}`;
  return isTemporary(path) ? `is in a folder for temporary files: ${elsewhere}` : undefined;
}

function whyClosed(host: Host, path: string): string | undefined {
  const closed = firstClosed(host, path);
  if (closed === undefined) return undefined;
  if (closed !== path) {
    const other = dirname(path) === systemPlaces.folder ? "" : `, or ${elsewhere}`;
    return `${unreadable}, since ${closed} is closed to other users: chmod o+x ${shellWord(closed)}${other}`;
  }
  return (
    `${unreadable}, since it is closed to other users: keep the tokens in ${systemPlaces.credentials}, ` +
    `each in a file of its own, then chmod 644 ${shellWord(path)}`
  );
}

function isAtHome(path: string): boolean {
  return /^\/(?:(?:var\/)?home|root|run\/user)\//.test(path);
}

function isTemporary(path: string): boolean {
  return /^\/(?:tmp|var\/tmp|dev\/shm)\//.test(path);
}

/** The first on the way to a file, or the file itself, that is closed to other users. */
function firstClosed(host: Host, path: string): string | undefined {
  const folders: string[] = [];
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) folders.unshift(folder);
  const closed = folders.find((folder) => (statSync(on(host, folder)).mode & 0o001) === 0);
  return closed ?? ((statSync(on(host, path)).mode & 0o004) === 0 ? path : undefined);
}
