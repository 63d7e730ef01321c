// What a person types to start this program: the commands that we show are to be pasted.
import type { Environment } from "../config/substitute.ts";

/** `ccs` where that is on the path; what npm needs where this process was started by it, from a checkout or a download. */
export function typedName(env: Environment, script: string | undefined): string {
  // Set by `npm run` and `npx`.
  if (env["npm_command"] === undefined) return "ccs";
  // Outside of a checkout, npm would fetch whatever is called ccs.
  return script?.includes("/_npx/") === true ? "npx cloudflare-cname-switcher" : "npx ccs";
}
