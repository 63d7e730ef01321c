// Names and host names as the DNS API takes them: relative, with dots, capitals or Unicode in; canonical out.
import { domainToASCII } from "node:url";

/**
 * The full name that `input` means in `zone`, canonical: Punycode, lower case, no trailing dot. `@` is the zone itself,
 * and whatever does not end with the zone's name gets it appended, as the real API does. `undefined`: not a name.
 */
export function fullName(input: string, zone: string): string | undefined {
  const name = toAscii(withoutTrailingDot(input.trim()));
  if (name === undefined || name === "") return undefined;
  const full = name === "@" || name === zone ? zone : isBelow(name, zone) ? name : `${name}.${zone}`;
  return isName(full) ? full : undefined;
}

/**
 * The host name that a CNAME, MX, NS or PTR record points at, canonical; `@` is the zone. `undefined`: not a host name.
 */
export function targetName(input: string, zone: string): string | undefined {
  if (input.trim() === "@") return zone;
  const name = toAscii(withoutTrailingDot(input.trim()));
  if (name === undefined || !isName(name) || looksLikeIpv4(name)) return undefined;
  return name;
}

/** Whether `name` lies below `zone` (the zone itself does not). Both canonical. */
export function isBelow(name: string, zone: string): boolean {
  return name.endsWith(`.${zone}`);
}

function withoutTrailingDot(text: string): string {
  return text.endsWith(".") ? text.slice(0, -1) : text;
}

/** Label by label, because a whole name with a number at its end would be taken for an IPv4 address. */
function toAscii(name: string): string | undefined {
  const labels = name.split(".").map((label) => (/^[\x20-\x7e]*$/.test(label) ? label.toLowerCase() : encode(label)));
  return labels.includes(undefined) ? undefined : labels.join(".");
}

function encode(label: string): string | undefined {
  const ascii = domainToASCII(label);
  return ascii === "" || ascii.includes(".") ? undefined : ascii;
}

/** 253 characters are the 255 bytes of the wire format. */
function isName(name: string): boolean {
  return name.length <= 253 && name.split(".").every(isLabel);
}

/** Letters, digits, hyphens inside, underscores; `*` stands alone. */
function isLabel(label: string): boolean {
  return label.length <= 63 && /^(?:\*|[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)$/.test(label);
}

function looksLikeIpv4(name: string): boolean {
  return /(?:^|\.)\d+$/.test(name);
}
