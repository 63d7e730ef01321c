// A network whose resolver makes IPv6 addresses out of IPv4 ones (DNS64), for a translator nearby (NAT64): nobody else
// can reach those. Each such network has a prefix of its own, which its resolver gives away (RFC 7050): for the name
// ipv4only.arpa, which has IPv4 addresses only, it makes some up too.
import type { Address } from "../core/model.ts";

/** The name whose IPv6 addresses tell the prefix, and the only IPv4 addresses that it has (RFC 7050, RFC 8880). */
export const telltaleName = "ipv4only.arpa";
const telltales = ["192.0.0.170", "192.0.0.171"];

/** Where the bytes of the IPv4 address are, for each length of a prefix in bits (RFC 6052, 2.2). */
const places: ReadonlyMap<number, readonly number[]> = new Map([
  [32, [4, 5, 6, 7]],
  [40, [5, 6, 7, 9]],
  [48, [6, 7, 9, 10]],
  [56, [7, 9, 10, 11]],
  [64, [9, 10, 11, 12]],
  [96, [12, 13, 14, 15]],
]);

/** Whether one of the IPv6 addresses that pass for public may have been made out of one of the IPv4 addresses. */
export function mayBeTranslated(ipv6: readonly Address[], ipv4: readonly Address[]): boolean {
  const texts = new Set(ipv4.map(({ text }) => text));
  return ipv6.some(({ text, scope }) => {
    const bytes = scope === "public" ? bytesOf(text) : [];
    return [...places.values()].some((place) => texts.has(embedded(bytes, place)));
  });
}

/** The same addresses; those made out of an IPv4 address are called special. `told` are those of the telltale name. */
export function withoutTranslated(ipv6: readonly Address[], told: readonly Address[]): readonly Address[] {
  const prefixes = new Set(told.flatMap(({ text }) => prefixesIn(bytesOf(text))));
  return ipv6.map((address) => {
    const bytes = bytesOf(address.text);
    const isTranslated = [...places.keys()].some((bits) => prefixes.has(prefixOf(bytes, bits)));
    return isTranslated ? { ...address, scope: "special", purpose: "NAT64 of this network" } : address;
  });
}

function prefixesIn(bytes: readonly number[]): readonly string[] {
  return [...places].flatMap(([bits, place]) =>
    telltales.includes(embedded(bytes, place)) ? [prefixOf(bytes, bits)] : [],
  );
}

function prefixOf(bytes: readonly number[], bits: number): string {
  return `${bytes.slice(0, bits / 8).join(".")}/${bits}`;
}

function embedded(bytes: readonly number[], place: readonly number[]): string {
  return place.map((index) => bytes[index]).join(".");
}

function groupsOf(part: string): readonly number[] {
  return part === "" ? [] : part.split(":").map((group) => parseInt(group, 16));
}

/** The sixteen bytes of an IPv6 address in canonical text. */
function bytesOf(text: string): readonly number[] {
  const [head = "", tail = ""] = text.split("::");
  const [first, last] = [groupsOf(head), groupsOf(tail)];
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => 0);
  return [...first, ...zeros, ...last].flatMap((group) => [group >> 8, group & 0xff]);
}
