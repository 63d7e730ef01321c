// What to think about when a check over HTTP fails, or will.
import type { Report } from "../../config/format/problem.ts";
import type { Address } from "../../core/model.ts";
import { parseIp } from "../../lib/ip.ts";
import type { CheckSite } from "../kind.ts";
import type { HttpTask } from "./settings.ts";

export function adviseOn({ url }: HttpTask, { text, family }: Address): string {
  return `see what answers there: curl -v --connect-to ::${family === "ipv6" ? `[${text}]` : text}: ${url}`;
}

/** The host of the URL is only the requested name; an address there looks as if ccs would connect to it. */
export function warnOfForeignHost({ url }: HttpTask, { target, allowPrivate }: CheckSite, warn: Report): void {
  const { hostname } = new URL(url);
  const address = parseIp(hostname.replaceAll(/[[\]]/g, ""));
  const isLocalhost = hostname === "localhost" || hostname.endsWith(".localhost");
  if (address === undefined && !isLocalhost) return;
  const isHere = isLocalhost || address?.scope === "private";
  if (target.kind === "host") {
    // The name may well lead to a public address that is written in the URL.
    if (isHere && !allowPrivate) tell(target.host);
  } else if (target.addresses.every(({ text }) => text !== address?.text) && !(isLocalhost && allowPrivate)) {
    tell(target.addresses.map(({ text }) => text).join(", "));
  }

  function tell(whom: string): void {
    const what = `ccs does not connect to ${hostname} but to the target, ${whom}, and only asks it for that name`;
    warn("url", `${what}: write the host name under which the page is served there`);
  }
}
