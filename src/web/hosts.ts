// Which names a request may call this server by. A page on the internet can make a visitor's browser ask any server the
// visitor can reach (DNS rebinding), but only under a name that the page's owner controls in the public DNS.
import { parseIp } from "../lib/ip.ts";

/** Endings of names that nobody can register in the public DNS (RFC 6761, 6762, 8375; ICANN's `internal`). */
const privateEndings = ["localhost", "local", "internal", "home.arpa"];

/**
 * Whether `host`, a Host header, names this server. Fine are: addresses (the browser knows what it talks to, so nothing
 * can be rebound), names without a dot and names under private endings (containers, machines at home), and `allowed`.
 */
export function isOwnHost(host: string, allowed: readonly string[]): boolean {
  const name = hostNameOf(host);
  if (name === undefined) return false;
  if (parseIp(name.replace(/^\[(.*)\]$/, "$1")) !== undefined || !name.includes(".")) return true;
  return privateEndings.some((ending) => name.endsWith(`.${ending}`)) || isAmong(host, allowed);
}

/** Whether `host`, a host with or without a port, is one of these names. */
export function isAmong(host: string, names: readonly string[]): boolean {
  const name = hostNameOf(host);
  return name !== undefined && names.some((own) => hostNameOf(own) === name);
}

/** The name in a Host header, in lower case, without port and trailing dot; `undefined` when it is none. */
function hostNameOf(host: string): string | undefined {
  // Only what may stand in one: everything else would be read as another part of a URL.
  if (!/^(\[[0-9a-f:.]+\]|[\w.-]+)(:\d{1,5})?$/i.test(host)) return undefined;
  const url = URL.parse(`http://${host}/`);
  const name = url?.hostname.replace(/\.$/, "");
  return name === "" ? undefined : name;
}
