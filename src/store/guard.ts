// Whether the state folder and the files in it are still the ones that were opened: somebody may remove or replace them, or
// open them to others, while we run. Looks at them without opening anything, since closing a file would end our locks on it.
import { lstatSync, statSync } from "node:fs";
import { join } from "node:path";

const othersMayWrite = 0o002;
const sticky = 0o1000;

export class Guard {
  readonly #folder: string;
  readonly #names: readonly string[];
  #seen: readonly (string | undefined)[] = [];

  /** `names`: of the files in the folder that matter. */
  constructor(folder: string, names: readonly string[]) {
    this.#folder = folder;
    this.#names = names;
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
    const path = index === 0 ? this.#folder : join(this.#folder, this.#names[index - 1] ?? "");
    return `${path} was ${now[index] === undefined ? "removed" : "replaced"}`;
  }

  /** The folder first. A link in the place of a file is another file; the folder may always have been one. */
  #look(): readonly (string | undefined)[] {
    const files = this.#names.map((name) => identityOf(() => lstatSync(join(this.#folder, name), { bigint: true })));
    return [identityOf(() => statSync(this.#folder, { bigint: true })), ...files];
  }
}

function identityOf(look: () => { readonly dev: bigint; readonly ino: bigint }): string | undefined {
  try {
    const { dev, ino } = look();
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

/** Who else has power over a state folder, as a sentence with its remedy; `undefined` for nobody, or no folder. */
export function strangersIn(folder: string, userId: number | undefined): string | undefined {
  const status = statSync(folder, { throwIfNoEntry: false });
  if (status === undefined) return undefined;
  if ((status.mode & othersMayWrite) !== 0 && (status.mode & sticky) === 0) {
    return `Every user of this machine may replace the state in ${folder}: chmod 700 ${folder}.`;
  }
  if (userId === undefined || status.uid === userId || status.uid === 0) return undefined;
  return `${folder} belongs to another user (${status.uid}), who may replace the state in it: chown it, or set another state_dir.`;
}
