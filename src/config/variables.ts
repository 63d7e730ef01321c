// The variables of the environment that say where things are. Knows nothing of schemas, so that whoever only looks for a
// daemon need not load them.
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { parsePath } from "./names.ts";
import { valueOf, type Environment } from "./substitute.ts";

/** The folder for the state that CCS_STATE_DIR names, absolute; `undefined` where it is not set, or names none. */
export function stateDirGiven(env: Environment): string | undefined {
  const text = given(env, "CCS_STATE_DIR");
  if (text === undefined) return undefined;
  const path = parsePath(text);
  return path.kind === "ok" ? resolve(path.value) : undefined;
}

/** Where state goes when neither the file nor the environment says. Absolute; `undefined` for a user without a home. */
export function defaultStateDir(env: Environment): string | undefined {
  const fromSystemd = given(env, "STATE_DIRECTORY")?.split(":")[0];
  if (fromSystemd !== undefined && fromSystemd !== "") return resolve(fromSystemd);
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

/** A variable's value, unless it is empty. */
export function given(env: Environment, name: string): string | undefined {
  const value = valueOf(env, name)?.trim();
  return value === "" ? undefined : value;
}
