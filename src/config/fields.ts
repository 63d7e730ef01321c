// The kinds of value that only keys of this program have: a target, a TTL, a zone.
import { z } from "zod";
import type { Address, Target } from "../core/model.ts";
import { dayMs, minuteMs } from "../core/units.ts";
import { parseIp } from "../lib/ip.ts";
import { plain } from "../lib/text.ts";
import { durationMs, kind, textOrNumber } from "./format/fields.ts";
import { bad, ok, parseHostName, type Parsed } from "./format/names.ts";

export const ttl = kind(
  textOrNumber,
  { expects: "a TTL from 60s to 24h, or auto" },
  (value): Parsed<number | "auto"> => {
    if (value === "auto") return ok("auto");
    const ms = durationMs(value);
    if (ms === undefined || ms < minuteMs || ms > dayMs) return bad();
    return ms % 1_000 === 0 ? ok(ms / 1_000) : bad("a TTL is a whole number of seconds");
  },
);

export const zone = kind(
  z.string(),
  { expects: "a zone name such as example.com, or a zone id of 32 hex digits" },
  (text) => (isZoneId(text) ? ok(text.toLowerCase()) : parseHostName(text)),
);

export const hostOrAddress = kind(
  z.string(),
  { expects: "a host name such as primary.example.com, or an IP address" },
  (text): Parsed<Target> => {
    const address = parseIp(text);
    if (address !== undefined) return ok({ kind: "addresses", addresses: [address] });
    const name = parseHostName(text);
    return name.kind === "ok" ? ok({ kind: "host", host: name.value }) : name;
  },
);

const addressInList = kind(z.string(), { expects: "an IP address" }, (text): Parsed<Address> => {
  const address = parseIp(text);
  if (address !== undefined) return ok(address);
  return bad(
    parseHostName(text).kind === "ok" ? "a list may contain addresses only; a host name cannot be part of a list" : "",
  );
});

export const target = z
  .union([hostOrAddress, z.array(addressInList).min(1).meta({ expects: "a list of IP addresses" })])
  .meta({ expects: "a host name, an IP address, or a list of IP addresses" });

/** What people call an endpoint or a channel; it ends up in metrics, messages and commands. */
export const displayName = kind(z.string(), { expects: "a name of 1 to 100 printable characters" }, (text) => {
  if (text === "") return bad();
  if (text.length > 100) return bad(`it has ${text.length}`);
  return plain(text, 100) === text ? ok(text) : bad("it contains an invisible character");
});

/** Cloudflare's zone ids: 32 hexadecimal digits. */
export function isZoneId(text: string): boolean {
  return /^[0-9a-f]{32}$/i.test(text);
}
