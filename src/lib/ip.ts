// IP addresses as text: recognised, in their one canonical form, and told by what they mean to the world.
import { BlockList, isIPv4, isIPv6 } from "node:net";

/** What is known of one IP address. `text` is canonical: dotted quad, or RFC 5952 for IPv6. */
export interface IpAddress {
  readonly text: string;
  readonly family: "ipv4" | "ipv6";
  /** `special`: it leads to no host that anybody could mean, wherever one stands. */
  readonly scope: "public" | "private" | "special";
  /** Of a special one, what it is for: `benchmarking (198.18.0.0/15)`. */
  readonly purpose?: string;
}

type IpFamily = "ipv4" | "ipv6";
type PurposedRange = readonly [range: string, purpose: string];

/** Hosts that only this machine or this network can reach. */
const privateRanges: readonly string[] = [
  "10.0.0.0/8",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "::1/128",
  "fc00::/7",
  "fe80::/10",
];

/**
 * What is not globally reachable unicast, by the registries that
 * https://www.iana.org/assignments/iana-ipv4-special-registry and …/iana-ipv6-special-registry are (as of November
 * 2026), and forms that embed an IPv4 address or depend on a translator nearby. Documentation ranges are not among
 * them: nothing is there, and examples, tests and simulations need some place to be. The first match counts.
 */
const specialRanges: readonly PurposedRange[] = [
  ["0.0.0.0/8", "this network"],
  ["100.64.0.0/10", "shared address space of providers"],
  ["192.0.0.0/24", "protocol assignments"],
  ["192.88.99.0/24", "6to4 relays"],
  ["198.18.0.0/15", "benchmarking"],
  ["224.0.0.0/4", "multicast"],
  ["240.0.0.0/4", "reserved"],
  ["::/96", "IPv4-compatible"],
  ["::ffff:0:0/96", "IPv4-mapped"],
  ["64:ff9b::/96", "NAT64"],
  ["64:ff9b:1::/48", "NAT64 of one network"],
  ["100::/64", "discard only"],
  ["2001::/32", "Teredo"],
  ["2001:2::/48", "benchmarking"],
  ["2001:10::/28", "ORCHID"],
  ["2001::/23", "protocol assignments"],
  ["2002::/16", "6to4"],
  ["5f00::/16", "segment routing"],
  ["fec0::/10", "site-local"],
  ["ff00::/8", "multicast"],
];

/** Globally reachable all the same, within the ranges above (the same registries). */
const reachableRanges: readonly string[] = [
  "192.0.0.9/32",
  "192.0.0.10/32",
  "2001:1::1/128",
  "2001:1::2/128",
  "2001:1::3/128",
  "2001:3::/32",
  "2001:4:112::/48",
  "2001:20::/28",
  "2001:30::/28",
];

/**
 * Cloudflare's own addresses (https://www.cloudflare.com/ips/, as of November 2026): its API refuses them as targets of
 * a proxied record, and what answers there says nothing about the host behind.
 */
const cloudflareRanges: readonly string[] = [
  "103.21.244.0/22",
  "103.22.200.0/22",
  "103.31.4.0/22",
  "104.16.0.0/13",
  "104.24.0.0/14",
  "108.162.192.0/18",
  "131.0.72.0/22",
  "141.101.64.0/18",
  "162.158.0.0/15",
  "172.64.0.0/13",
  "173.245.48.0/20",
  "188.114.96.0/20",
  "190.93.240.0/20",
  "197.234.240.0/22",
  "198.41.128.0/17",
  "1.1.1.0/24",
  "1.0.0.0/24",
  "2400:cb00::/32",
  "2405:8100::/32",
  "2405:b500::/32",
  "2606:4700::/32",
  "2803:f800::/32",
  "2a06:98c0::/29",
  "2c0f:f248::/32",
];

/** All that is assigned to hosts of the world (https://www.iana.org/assignments/ipv6-unicast-address-assignments). */
const unicast = rangesOf(["2000::/3"]);
const isPrivate = rangesOf(privateRanges);
const isReachable = rangesOf(reachableRanges);
const special = [
  ...specialRanges.map(([range, purpose]) => ({ range, purpose, holds: rangesOf([range]) })),
  ...cloudflareRanges.map((range) => ({ range, purpose: "Cloudflare itself", holds: rangesOf([range]) })),
];
/** Most addresses are none of them, and one look tells. */
const isSpecial = rangesOf(special.map(({ range }) => range));

/** The IP address that `text` writes (full dotted quad or IPv6, no zone index), else `undefined`. */
export function parseIp(text: string): IpAddress | undefined {
  if (isIPv4(text)) return described(text, "ipv4");
  if (text.includes("%") || !isIPv6(text)) return undefined;
  // The URL standard writes hosts as RFC 5952 does, and reads every form that there is.
  return described(new URL(`http://[${text}]/`).hostname.slice(1, -1), "ipv6");
}

/**
 * Address and port of `ip:port`, `[ip]:port` or a bare `ip`, which takes `defaultPort`; `undefined` for anything else.
 */
export function parseSocket(text: string, defaultPort: number): { address: IpAddress; port: number } | undefined {
  const bare = parseIp(text);
  if (bare !== undefined) return { address: bare, port: defaultPort };
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text);
  const address = parseIp(match?.[1] ?? match?.[2] ?? "");
  const port = Number(match?.[3] ?? defaultPort);
  return address === undefined || port > 65_535 ? undefined : { address, port };
}

/** An address, or a range of them. */
export interface IpRange {
  readonly text: string;
  readonly family: "ipv4" | "ipv6";
  /** How many leading bits count; all of them for a single address. */
  readonly bits: number;
}

/** The range that `text` writes, as `10.0.0.0/8` or as an address alone; `undefined` for anything else. */
export function parseRange(text: string): IpRange | undefined {
  const slash = text.indexOf("/");
  const address = parseIp(slash === -1 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  const most = address.family === "ipv4" ? 32 : 128;
  const digits = slash === -1 ? String(most) : text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(digits) || Number(digits) > most) return undefined;
  return { text: address.text, family: address.family, bits: Number(digits) };
}

function described(text: string, family: IpFamily): IpAddress {
  if (isPrivate(text, family)) return { text, family, scope: "private" };
  if (isSpecial(text, family) && !isReachable(text, family)) {
    const found = special.find(({ holds }) => holds(text, family));
    return { text, family, scope: "special", purpose: `${found?.purpose} (${found?.range})` };
  }
  if (family === "ipv4" || unicast(text, family)) return { text, family, scope: "public" };
  return { text, family, scope: "special", purpose: "assigned to nobody" };
}

/** Whether an address lies in one of the ranges. A mapped IPv4 address lies in IPv6 ranges only. */
function rangesOf(ranges: readonly string[]): (text: string, family: IpFamily) => boolean {
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const range of ranges) {
    const [network = "", bits = ""] = range.split("/");
    const family = network.includes(":") ? "ipv6" : "ipv4";
    lists[family].addSubnet(network, Number(bits), family);
  }
  return (text, family) => lists[family].check(text, family);
}
