// Which names a request may call this server by, and which pages it may come from. A page on the internet can make a
// visitor's browser ask any server the visitor can reach (DNS rebinding), but only under a name that the page's owner
// controls in the DNS.
import { parseIp } from "../lib/ip.ts";

/** Endings of names that cannot be registered in the public DNS (RFC 6761, 6762, 8375; ICANN's `internal`). */
const privateEndings = ["localhost", "local", "internal", "home.arpa"];

export interface OwnNames {
  /** What the server listens on. */
  readonly listen: string;
  /** The names of `http.hosts`; empty when it is not set. */
  readonly hosts: readonly string[];
}

/**
 * Whether `host`, a Host header, names this server. Fine are addresses (the browser knows what it talks to, so nothing
 * can be rebound), `localhost`, what the server listens on, and `hosts`. While there are no `hosts`, so are names
 * without a dot and under private endings: containers, and machines at home. Once the names are known, nothing that
 * answers for such names in the local network is believed.
 */
export function isOwnHost(host: string, { listen, hosts }: OwnNames): boolean {
  const name = hostNameOf(host);
  if (name === undefined) return false;
  if (parseIp(bare(name)) !== undefined || name === "localhost" || isAmong(host, [listen, ...hosts])) return true;
  if (hosts.length > 0) return false;
  return !name.includes(".") || privateEndings.some((ending) => name.endsWith(`.${ending}`));
}

/** Whether `host`, a host with or without a port, is one of these names. */
function isAmong(host: string, names: readonly string[]): boolean {
  const name = hostNameOf(host);
  return name !== undefined && names.some((own) => hostNameOf(own) === name);
}

/** What a browser says of the page that a request comes from; other programs say nothing of it. */
export interface RequestOrigin {
  /** Sec-Fetch-Site. */
  readonly site: string | undefined;
  /** Origin. */
  readonly origin: string | undefined;
  /** Host. */
  readonly host: string;
}

/** Whether a request comes from a page of another site. `hosts`: those of `http.hosts`. */
export function isForeign({ site, origin, host }: RequestOrigin, hosts: readonly string[]): boolean {
  if (site !== undefined && site !== "same-origin" && site !== "none") return true;
  if (origin === undefined) return false;
  const from = URL.parse(origin);
  if (from === null || from.host === "") return true;
  // The port that a scheme stands for is left out of the one and may be part of the other.
  return from.host !== URL.parse(`${from.protocol}//${host}`)?.host && !isAmong(from.host, hosts);
}

/** The name in a Host header, in lower case, without port and trailing dot; `undefined` when it is none. */
function hostNameOf(host: string): string | undefined {
  // Only what may stand in one: everything else would be read as another part of a URL.
  if (!/^(\[[0-9a-f:.]+\]|[\w.-]+)(:\d{1,5})?$/i.test(host)) return undefined;
  const url = URL.parse(`http://${host}/`);
  const name = url?.hostname.replace(/\.$/, "");
  return name === "" ? undefined : name;
}

/** An IPv6 address is written in brackets. */
function bare(name: string): string {
  return name.startsWith("[") ? name.slice(1, -1) : name;
}
