// Host names and socket addresses as people write them, brought into their one canonical form.
import { domainToASCII } from "node:url";
import { parseIp } from "../../lib/ip.ts";

/** What a text means, or why it means nothing; `reason` may be empty and never repeats the text. */
export type Parsed<T> = { readonly kind: "ok"; readonly value: T } | { readonly kind: "bad"; readonly reason: string };

export function ok<T>(value: T): Parsed<T> {
  return { kind: "ok", value };
}

export function bad(reason = ""): Parsed<never> {
  return { kind: "bad", reason };
}

/**
 * A host name of at least two labels in lower case, without trailing dot, international names as punycode. Underscores
 * are allowed everywhere in a label, as Cloudflare allows them. Lengths as in RFC 1035: labels of 63, names of 253.
 */
export function parseHostName(text: string): Parsed<string> {
  if (/[/\\]/.test(text)) return bad("write only the host name, without scheme and path");
  if (/\s/.test(text)) return bad("it contains a space");
  if (text.includes(":")) return bad("write only the host name, without a port");
  if (text.includes("*")) return bad("a wildcard is not a host name");
  const isAscii = /^[\x21-\x7e]*$/.test(text);
  // The conversion would take `1.2.3` for a short form of the address 1.2.0.3.
  const name = (isAscii ? text.toLowerCase() : domainToASCII(text)).replace(/\.$/, "");
  if (name === "") return bad(text === "" ? "" : "it is not a valid international name");
  const labels = name.split(".");
  for (const label of labels) {
    const reason = reasonAgainstLabel(label);
    if (reason !== undefined) return bad(reason);
  }
  if (name.length > 253) return bad(`it has ${name.length} characters, and DNS allows at most 253`);
  if (/^\d+$/.test(labels.at(-1) ?? "")) return bad("it looks like an IP address, but is not one");
  if (labels.length < 2) return bad("it has no domain");
  return ok(name);
}

function reasonAgainstLabel(label: string): string | undefined {
  if (label === "") return "it has one dot too many";
  if (label.length > 63) return `one of its parts has ${label.length} characters, and DNS allows at most 63`;
  if (!/^[a-z0-9_-]+$/.test(label)) return "only letters, digits, hyphens, underscores and dots are allowed";
  if (label.startsWith("-") || label.endsWith("-")) return "no part may begin or end with a hyphen";
  return undefined;
}

/** An IP address with an optional port, as `ip:port` or `[ip]:port` in canonical form. */
export function parseSocketAddress(text: string, defaultPort: number): Parsed<string> {
  const bracketed = /^\[([^\]]*)\](?::(\d+))?$/.exec(text);
  const plainly = /^([^:]*)(?::(\d+))?$/.exec(text);
  const match = bracketed ?? plainly;
  // What is left is an IPv6 address without brackets, and so without a port.
  const address = parseIp(match?.[1] ?? text);
  if (address === undefined) {
    return bad(/[a-z]/i.test(text) && plainly !== null ? "a host name cannot be looked up here" : "");
  }
  if (bracketed !== null && address.family !== "ipv6") return bad("only IPv6 addresses are written in brackets");
  const port = match?.[2] === undefined ? defaultPort : Number(match[2]);
  if (port < 1 || port > 65_535) return bad("a port is a number from 1 to 65535");
  return ok(socketAddress(address.text, port));
}

/** `host:port`, with brackets round an IPv6 address. */
function socketAddress(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Where to listen. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

const defaultListen: ListenAddress = { host: "127.0.0.1", port: 3000 };

/** `host:port`, `[ip]:port`, or one of both alone; port 0 means any free one. */
export function parseListenAddress(text: string): Parsed<ListenAddress> {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d+))?$/.exec(text);
  if (match === null) {
    return bad(parseIp(text)?.family === "ipv6" ? `write an IPv6 address in brackets: "[::1]:3000"` : "");
  }
  const [, bracketed, alone = "", digits] = match;
  if (bracketed === undefined && digits === undefined && /^\d+$/.test(alone)) {
    return isPort(alone) ? ok({ host: defaultListen.host, port: Number(alone) }) : bad(portRange);
  }
  if (digits !== undefined && !isPort(digits)) return bad(portRange);
  if (bracketed === undefined && alone === "" && digits !== undefined) {
    return bad(`on which address? write 127.0.0.1:${digits} for this machine only, 0.0.0.0:${digits} for all`);
  }
  const host = bracketed === undefined ? parseListenHost(alone) : parseIp(bracketed);
  if (host === undefined) return bad();
  return ok({ host: host.text, port: digits === undefined ? defaultListen.port : Number(digits) });
}

const portRange = "a port is a number from 0 to 65535";

function isPort(digits: string): boolean {
  return digits.length <= 5 && Number(digits) <= 65_535;
}

function parseListenHost(text: string): { readonly text: string } | undefined {
  const address = parseIp(text);
  if (address !== undefined) return address;
  if (text.toLowerCase() === "localhost") return { text: "localhost" };
  const name = parseHostName(text);
  return name.kind === "ok" ? { text: name.value } : undefined;
}

/** A path in the file system. `better`: what to write in place of `~`. */
export function parsePath(text: string, better = "${HOME}"): Parsed<string> {
  if (text === "" || text.includes("\0")) return bad();
  return /^~($|\/)/.test(text) ? bad(`~ has no meaning here: write ${better} instead`) : ok(text);
}
