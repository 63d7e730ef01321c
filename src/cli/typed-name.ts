// What a person types to start this program: the commands that we show are to be pasted.
import { realpathSync } from "node:fs";
import type { Environment } from "../config/format/variables.ts";

/**
 * `ccs` where that is on the path; what npm needs where this process was started by it, from a checkout or a download.
 * `script`: the second of the arguments that Node has.
 */
export function typedName(env: Environment, script: string | undefined): string {
  // Set by `npm run` and `npx`.
  if (env["npm_command"] === undefined) return "ccs";
  // Outside of a checkout, npm would fetch whatever is called ccs.
  return script !== undefined && realPath(script).includes("/_npx/") ? "npx cloudflare-cname-switcher" : "npx ccs";
}

/** For `npx ccs` in a checkout, npm keeps a link to it where it keeps what it fetches. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
