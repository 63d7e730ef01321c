// How things of the domain are called and written, everywhere that people read: one table, one spelling.
import { formatDuration } from "./units.ts";
import type { Family, Override } from "./model.ts";
import type { RecordContent } from "./records/record-model.ts";

export const families: readonly Family[] = ["ipv4", "ipv6"];

export const familyNames: Readonly<Record<Family, string>> = { ipv4: "IPv4", ipv6: "IPv6" };

/** What an override makes of its endpoint: "mobile is pinned until 12:40". */
export const overridden: Readonly<Record<Override["kind"], string>> = {
  pin: "pinned",
  drain: "drained",
  drill: "in a drill",
};

/** The TTL that Cloudflare chooses, as its API writes it. */
export const automaticTtl = 1;

/** A record with what resolvers are told with it. The TTL is in seconds, 1 for automatic. */
export interface WrittenRecord extends RecordContent {
  readonly ttlSeconds: number;
  readonly proxied: boolean;
}

/** `TTL 5 min`, or `automatic TTL`. Takes seconds, 1 for automatic. */
export function ttlText(ttlSeconds: number): string {
  return ttlSeconds === automaticTtl ? "automatic TTL" : `TTL ${formatDuration(ttlSeconds * 1_000)}`;
}

/** `A 192.0.2.1`: a record by what it says alone. */
export function contentText({ type, content }: { readonly type: string; readonly content: string }): string {
  return `${type} ${content}`;
}

/** `TTL 5 min`, or `proxied`: the TTL of a proxied record is always automatic. */
export function settingsText({ ttlSeconds, proxied }: Pick<WrittenRecord, "ttlSeconds" | "proxied">): string {
  return proxied ? "proxied" : ttlText(ttlSeconds);
}

/** `A 192.0.2.1 (TTL 1 min)`. */
export function recordText(record: Omit<WrittenRecord, "type"> & { readonly type: string }): string {
  return `${contentText(record)} (${settingsText(record)})`;
}

/** `A 192.0.2.1, A 192.0.2.2 (TTL 1 min)`; each with its own where they differ; `no record` where there is none. */
export function recordsText(records: readonly (Omit<WrittenRecord, "type"> & { readonly type: string })[]): string {
  const [first] = records;
  if (first === undefined) return "no record";
  const settings = settingsText(first);
  if (!records.every((record) => settingsText(record) === settings)) return records.map(recordText).join(", ");
  return `${records.map(contentText).join(", ")} (${settings})`;
}
