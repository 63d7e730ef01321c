// The file of the unit: where it is, and whether it is ours to write and to remove.
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { given } from "../../config/format/variables.ts";
import { messageOf } from "../../lib/text.ts";
import { CommandError, exitCodes } from "../exit-codes.ts";
import { on, type Host, type Scope } from "./host.ts";
import { unitName } from "./unit-text.ts";

/**
 * The first line of each unit that `ccs service install` writes, after `# `. Without it a file is another program's.
 */
export const ourOpening =
  "Written by `ccs service install`; `ccs service uninstall` removes it. Changes: systemctl edit ccs";

/** Where packages put units, in the order in which systemd looks. */
const packagedFolders = ["/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];

export type FoundUnit =
  | { readonly kind: "none" }
  | { readonly kind: "ours"; readonly text: string }
  /** `what` continues after the path. */
  | { readonly kind: "foreign"; readonly what: string };

export class UnitFile {
  /** On the machine. */
  readonly path: string;
  readonly #host: Host;

  constructor(host: Host, scope: Scope) {
    this.#host = host;
    this.path = join(folderOf(host, scope), unitName);
  }

  find(): FoundUnit {
    const path = on(this.#host, this.path);
    const status = lstatSync(path, { throwIfNoEntry: false });
    if (status === undefined) return { kind: "none" };
    if (status.isSymbolicLink()) {
      const target = readlinkSync(path);
      const what = target === "/dev/null" ? "masks the service" : `is a link to ${target}`;
      return { kind: "foreign", what };
    }
    if (!status.isFile()) return { kind: "foreign", what: "is not a file" };
    const text = readFileSync(path, "utf8");
    if (text.startsWith(`# ${ourOpening}\n`)) return { kind: "ours", text };
    return { kind: "foreign", what: "was not written by `ccs service install`" };
  }

  /** Whole or not at all. Throws a CommandError. */
  write(text: string): void {
    const path = on(this.#host, this.path);
    const beside = `${path}.${process.pid}.new`;
    try {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(beside, text, { flag: "wx" });
      // Whatever the umask of this shell: systemctl shows it to everybody.
      chmodSync(beside, 0o644);
      renameSync(beside, path);
    } catch (error) {
      rmSync(beside, { force: true });
      throw new CommandError(exitCodes.unavailable, `${this.path} cannot be written: ${messageOf(error)}`);
    }
  }

  /** With the folders that systemd needs for a user's units alone, where nothing else is in them. */
  remove(scope: Scope): void {
    const path = on(this.#host, this.path);
    rmSync(path);
    if (scope === "system") return;
    for (const folder of [dirname(path), dirname(dirname(path))]) removeEmpty(folder);
  }
}

/** The path of a unit that a package brought, if one did. */
export function packagedUnitPath(host: Host): string | undefined {
  return packagedFolders
    .map((folder) => join(folder, unitName))
    .find((path) => {
      return lstatSync(on(host, path), { throwIfNoEntry: false }) !== undefined;
    });
}

function folderOf({ env }: Host, scope: Scope): string {
  if (scope === "system") return "/etc/systemd/system";
  const home = given(env, "HOME");
  const configHome = given(env, "XDG_CONFIG_HOME") ?? (home === undefined ? undefined : join(home, ".config"));
  if (configHome === undefined) throw new CommandError(exitCodes.unavailable, "HOME is not set: log in as this user");
  return join(configHome, "systemd/user");
}

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Something is in it.
  }
}
