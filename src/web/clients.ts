// Who a request counts for: the address that it comes from or, behind proxies that are trusted, the one that they name.
import type { IncomingHttpHeaders } from "node:http";
import { BlockList } from "node:net";
import { parseIp, parseRange } from "../lib/ip.ts";

/** Whether an address, in canonical form, is that of a proxy that says who it speaks for. */
export type IsTrusted = (address: string) => boolean;

/** A chain longer than this is made up. */
const mostHops = 32;

/** `proxies`: addresses and ranges such as `10.0.0.0/8`. */
export function trusting(proxies: readonly string[]): IsTrusted {
  const list = new BlockList();
  for (const { text, family, bits } of proxies.flatMap((proxy) => parseRange(proxy) ?? [])) {
    list.addSubnet(text, bits, family);
  }
  return (address) => {
    const parsed = parseIp(address);
    return parsed !== undefined && list.check(parsed.text, parsed.family);
  };
}

/**
 * The address of a connection as a socket tells it, in canonical form. IPv4 comes as IPv6 where both are listened to.
 */
export function peerAddress(remoteAddress: string | undefined): string {
  const plainly = (remoteAddress ?? "").split("%")[0] ?? "";
  const address = plainly.startsWith("::ffff:") && plainly.includes(".") ? plainly.slice("::ffff:".length) : plainly;
  return parseIp(address)?.text ?? address;
}

/**
 * The address that a request comes from. A trusted proxy's `Forwarded` (RFC 7239) or `X-Forwarded-For` names it: the
 * rightmost one that is not itself a trusted proxy's, as everything left of that may be made up. Where both headers are
 * there and disagree, the proxy wrote only one of them, and neither is believed.
 */
export function addressOf(peer: string, headers: IncomingHttpHeaders, isTrusted: IsTrusted): string {
  if (!isTrusted(peer)) return peer;
  const { forwarded } = headers;
  const listed = headers["x-forwarded-for"];
  const chains = [
    ...(forwarded === undefined ? [] : [hopsOf(forwarded).map(forwardedFor)]),
    ...(listed === undefined ? [] : [hopsOf(String(listed)).map(bareAddress)]),
  ];
  const [address = peer, ...others] = chains.map((hops) => clientAmong(hops, peer, isTrusted));
  return others.every((other) => other === address) ? address : peer;
}

/** What limits count: an IPv4 address, or the network of an IPv6 address, since the owner of one of those has 2^64. */
export function clientOf(address: string): string {
  const canonical = peerAddress(address);
  const parsed = parseIp(canonical);
  if (parsed?.family !== "ipv6") return canonical;
  const [head = "", tail = ""] = parsed.text.split("::");
  const groups = head === "" ? [] : head.split(":");
  const last = tail === "" ? [] : tail.split(":");
  const missing = parsed.text.includes("::") ? 8 - groups.length - last.length : 0;
  const whole = [...groups, ...Array.from({ length: missing }, () => "0"), ...last];
  return `${whole.slice(0, 4).join(":")}::/64`;
}

/** `hops`: from the client to us; `undefined` for what is no address. */
function clientAmong(hops: readonly (string | undefined)[], peer: string, isTrusted: IsTrusted): string {
  let client = peer;
  for (const hop of hops.toReversed()) {
    // What came before a hop that hides itself may be made up.
    if (hop === undefined) return client;
    client = hop;
    if (!isTrusted(hop)) return client;
  }
  return client;
}

function hopsOf(header: string): readonly string[] {
  return header.split(",").slice(-mostHops);
}

/** The `for` of one element of Forwarded: `for="[2001:db8::1]:4711";proto=https`. */
function forwardedFor(element: string): string | undefined {
  const pair = element
    .split(";")
    .map((each) => each.trim())
    .find((each) => each.slice(0, 4).toLowerCase() === "for=");
  return pair === undefined ? undefined : bareAddress(pair.slice(4));
}

/** An address with or without quotes, brackets and port, in canonical form. */
function bareAddress(written: string): string | undefined {
  const text = written.trim().replaceAll('"', "");
  const inBrackets = text.startsWith("[") ? text.slice(1).split("]", 1)[0] : undefined;
  if (inBrackets !== undefined) return parseIp(inBrackets)?.text;
  const parts = text.split(":", 3);
  return parseIp(parts.length === 2 ? (parts[0] ?? "") : peerAddress(text))?.text;
}
