// Where the configuration file is, when nobody says: a short list of usual places.
import { lstatSync } from "node:fs";
import { join } from "node:path";
import type { Environment } from "./format/variables.ts";
import { given } from "./format/variables.ts";

export type FoundConfig =
  | { readonly kind: "found"; readonly path: string }
  /** `message` lists what was tried and says what to do. */
  | { readonly kind: "missing"; readonly tried: readonly string[]; readonly message: string };

/** The path from `--config`, else from CCS_CONFIG, else the first usual place where a file is. */
export function findConfigPath(
  option: string | undefined,
  env: Environment,
  exists: (path: string) => boolean = isThere,
): FoundConfig {
  const named = option ?? given(env, "CCS_CONFIG");
  // Whether a named file is there is found out by reading it.
  if (named !== undefined) return { kind: "found", path: named };
  const tried = usualPlaces(env);
  const path = tried.find((each) => exists(each));
  if (path !== undefined) return { kind: "found", path };
  const message =
    `no configuration file found: tried ${tried.join(", ")}; ` +
    "create one with ccs init, name one with --config FILE or CCS_CONFIG, or try ccs without one: ccs demo";
  return { kind: "missing", tried, message };
}

/** A link to nothing counts: it is meant to be the file, and reading it says what is wrong. */
function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

/** In the order in which they are tried. */
function usualPlaces(env: Environment): readonly string[] {
  const home = given(env, "HOME");
  const userFolder = given(env, "XDG_CONFIG_HOME") ?? (home === undefined ? undefined : join(home, ".config"));
  return [
    "config.yml",
    ...(userFolder === undefined ? [] : [join(userFolder, "cloudflare-cname-switcher", "config.yml")]),
    "/etc/ccs/config.yml",
    "/etc/cloudflare-cname-switcher/config.yml",
  ];
}
