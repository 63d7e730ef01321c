// Where the state is when the file does not say. Knows nothing of schemas, so that code which only looks for a daemon
// need not load them.
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parsePath } from "./format/names.ts";
import { given, type Environment } from "./format/variables.ts";

/** The folder for the state that CCS_STATE_DIR names, absolute; `undefined` where it is not set, or names none. */
export function stateDirGiven(env: Environment): string | undefined {
  const text = given(env, "CCS_STATE_DIR");
  if (text === undefined) return undefined;
  const path = parsePath(text);
  return path.kind === "ok" ? resolve(path.value) : undefined;
}

/** The configuration of the service of the system is in this folder, and its state in that one: see docs/systemd.md. */
const systemFolder = "/etc/ccs";
const systemStateDir = "/var/lib/ccs";

/**
 * Where state goes when neither the file nor the environment says. Absolute; `undefined` for a user without a home.
 * Commands over the configuration of the system's service find its state, though only the service itself has it from
 * systemd.
 */
export function defaultStateDir(env: Environment, configPath: string | undefined): string | undefined {
  const fromSystemd = given(env, "STATE_DIRECTORY")?.split(":")[0];
  if (fromSystemd !== undefined && fromSystemd !== "") return resolve(fromSystemd);
  if (configPath !== undefined && dirname(resolve(configPath)) === systemFolder) return systemStateDir;
  const stateHome = given(env, "XDG_STATE_HOME") ?? below(given(env, "HOME") ?? homeOfUser());
  return stateHome === undefined ? undefined : resolve(stateHome, "cloudflare-cname-switcher");
}

function below(home: string | undefined): string | undefined {
  return home === undefined ? undefined : join(home, ".local", "state");
}

/** From the system's list of users, which need not know this one: containers often run as any number. */
function homeOfUser(): string | undefined {
  try {
    return homedir();
  } catch {
    return undefined;
  }
}

/** What to do about a user without a home. */
export const noStateDir =
  "there is no folder for the state: this user has no home, and HOME is not set. Set state_dir in the configuration, " +
  "CCS_STATE_DIR or HOME";
