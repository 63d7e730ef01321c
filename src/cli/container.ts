// What is different in a container: all that ccs needs has to be mounted from outside, so errors say what to mount.
import { closeSync, constants, openSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import type { Environment } from "../config/format/variables.ts";
import { given } from "../config/format/variables.ts";
import { plain } from "../lib/text.ts";

/** Whether this is the container image, which says so in its environment. */
export function isContainer(env: Environment): boolean {
  return given(env, "CCS_CONTAINER") !== undefined;
}

/**
 * What to tell people whose container has no configuration that it may read at `path`: what is wrong, and the commands
 * that correct it, one a line. `undefined` when there is one, and outside of a container. `userId`: as whom ccs runs.
 */
export function missingInContainer(path: string, env: Environment, userId: number | undefined): string | undefined {
  if (!isContainer(env)) return undefined;
  const absolute = resolve(path);
  const folder = dirname(absolute);
  switch (failureOf(absolute)) {
    case undefined:
      return undefined;
    case "EACCES":
      return [
        `the user of this container (${userId}) may not read ${absolute}`,
        `  Outside of the container, give the folder that is mounted at ${folder} to that user:`,
        `    sudo chown -R ${userId}:${userId} config`,
      ].join("\n");
    default:
      return [
        `there is no configuration: ${whyMissing(absolute)}`,
        "  Have ccs ask for what it needs and write one, in the folder of compose.yaml:",
        "    docker compose run --rm init",
        `  or mount the folder (not the file) that holds your ${basename(absolute)}:`,
        `    docker run --volume ./config:${folder}:ro --volume ccs-state:/state cloudflare-cname-switcher`,
        "  See it work without one:",
        "    docker run --rm cloudflare-cname-switcher demo --once",
        "  docs/docker.md says more.",
      ].join("\n");
  }
}

/**
 * The code of the error that reading the file would meet; `undefined` for none, or for one that reading it explains.
 */
function failureOf(path: string): "ENOENT" | "EACCES" | undefined {
  try {
    closeSync(openSync(path, constants.O_RDONLY | constants.O_NONBLOCK));
    return undefined;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    return code === "EACCES" || code === "ENOENT" ? code : undefined;
  }
}

function whyMissing(path: string): string {
  const folder = dirname(path);
  const status = statSync(folder, { throwIfNoEntry: false });
  const isMounted = status !== undefined && status.dev !== statSync(dirname(folder)).dev;
  const others = namesIn(folder).filter((name) => /\.ya?ml$/.test(name));
  if (others.length > 0) {
    return `${folder} holds ${plain(others.toSorted().join(", "))}, but no ${basename(path)}; rename it, or name it in CCS_CONFIG`;
  }
  return isMounted ? `the folder at ${folder} has no ${basename(path)} in it` : `nothing is mounted at ${folder}`;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    // There is none, or it may be entered and not be read.
    return [];
  }
}
