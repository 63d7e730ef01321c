// IP addresses as text: recognised, in their one canonical form, and told public from private.
import { isIPv4 } from "node:net";
import ipaddr from "ipaddr.js";

/** Ranges that nobody outside this machine or network can reach, or that are no host at all. */
const privateRanges = new Set([
  "unspecified",
  "broadcast",
  "multicast",
  "linkLocal",
  "loopback",
  "carrierGradeNat",
  "private",
  "uniqueLocal",
]);

/** What is known of one IP address. `text` is canonical: dotted quad, or RFC 5952 for IPv6. */
export interface IpAddress {
  readonly text: string;
  readonly family: "ipv4" | "ipv6";
  readonly scope: "public" | "private";
}

/** The IP address that `text` writes (full dotted quad or IPv6, no zone index), else `undefined`. */
export function parseIp(text: string): IpAddress | undefined {
  if (text.includes("%")) return undefined;
  if (isIPv4(text)) return describe(ipaddr.IPv4.parse(text));
  if (!ipaddr.IPv6.isValid(text)) return undefined;
  const address = ipaddr.IPv6.parse(text);
  // An IPv4-mapped address reaches the IPv4 host, so it is as private as that one.
  const scope = describe(address.isIPv4MappedAddress() ? address.toIPv4Address() : address).scope;
  return { text: address.toRFC5952String(), family: "ipv6", scope };
}

/** Address and port of `ip:port`, `[ip]:port` or a bare `ip`, which takes `defaultPort`; `undefined` for anything else. */
export function parseSocket(text: string, defaultPort: number): { address: IpAddress; port: number } | undefined {
  const bare = parseIp(text);
  if (bare !== undefined) return { address: bare, port: defaultPort };
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text);
  const address = parseIp(match?.[1] ?? match?.[2] ?? "");
  const port = Number(match?.[3] ?? defaultPort);
  return address === undefined || port > 65_535 ? undefined : { address, port };
}

function describe(address: ipaddr.IPv4 | ipaddr.IPv6): IpAddress {
  return {
    text: address instanceof ipaddr.IPv6 ? address.toRFC5952String() : address.toString(),
    family: address.kind(),
    scope: privateRanges.has(address.range()) ? "private" : "public",
  };
}
