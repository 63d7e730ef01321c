// Whether the state folder and the files in it are still the ones that were opened: somebody may remove or replace
// them, or open them to others, while we run. Looks at them without opening anything, since closing a file would end
// our locks on it.
import { lstatSync, statSync, type Stats } from "node:fs";
import { join } from "node:path";
import { shellWord } from "../lib/text.ts";

const othersMayWrite = 0o002;
const groupMayWrite = 0o020;
const sticky = 0o1000;

/** The files that matter. SQLite's own come and go. */
const stateFiles = ["ccs.db", "ccs.lock"];

export class Guard {
  readonly #folder: string;
  #seen: readonly (string | undefined)[] = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** From now on, what is there is as it should be. */
  remember(): void {
    this.#seen = this.#look();
  }

  /** What happened to the folder or one of the files, as the end of a sentence; `undefined` while all is as it was. */
  finding(): string | undefined {
    const now = this.#look();
    const index = now.findIndex((identity, at) => identity !== this.#seen[at]);
    if (index < 0) return undefined;
    const path = join(this.#folder, stateFiles[index - 1] ?? "");
    return `${path} ${happenedTo(now[index])}`;
  }

  /** The folder first. A link in the place of a file is another file; the folder may always have been one. */
  #look(): readonly (string | undefined)[] {
    const files = stateFiles.map((name) => identityOf(() => lstatSync(join(this.#folder, name), { bigint: true })));
    return [identityOf(() => statSync(this.#folder, { bigint: true })), ...files];
  }
}

/** `undefined` where there is nothing. What cannot be looked at is something else than what could. */
function identityOf(look: () => { readonly dev: bigint; readonly ino: bigint }): string | undefined {
  try {
    const { dev, ino } = look();
    return `${dev}:${ino}`;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "an unknown error";
    return code === "ENOENT" || code === "ENOTDIR" ? undefined : `${inaccessible}${code}`;
  }
}

const inaccessible = "?";

function happenedTo(now: string | undefined): string {
  if (now === undefined) return "was removed";
  return now.startsWith(inaccessible) ? `became inaccessible (${now.slice(inaccessible.length)})` : "was replaced";
}

/** Who else has power over a state folder, as a sentence with its remedy; `undefined` for none, or no folder. */
export function strangersIn(folder: string, userId: number | undefined): string | undefined {
  const status = statusOf(folder);
  if (status === undefined) return undefined;
  const mayWrite = (bits: number): boolean => (status.mode & bits) !== 0 && (status.mode & sticky) === 0;
  const isOurs = ({ uid }: Stats): boolean => userId === undefined || uid === userId;
  if (mayWrite(othersMayWrite)) {
    return `Every user of this machine can replace the state in ${folder}: chmod 700 ${shellWord(folder)}.`;
  }
  // A group may be the very way by which we use a folder of root's.
  if (mayWrite(groupMayWrite) && isOurs(status)) {
    return `The group of ${folder} can replace the state in it: chmod 700 ${shellWord(folder)}.`;
  }
  if (!isOurs(status) && status.uid !== 0) {
    return `${folder} belongs to another user (${status.uid}), who can replace the state in it: chown it, or set another state_dir.`;
  }
  for (const name of stateFiles) {
    const file = statusOf(join(folder, name));
    if (file === undefined || isOurs(file) || file.uid === 0) continue;
    return `${join(folder, name)} belongs to another user (${file.uid}), who can change it: stop ccs, chown it, and start ccs again.`;
  }
  return undefined;
}

function statusOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    // What cannot be looked at is told where it is used.
    return undefined;
  }
}
