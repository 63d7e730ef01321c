// The hosts behind endpoints whose own names are in one of our zones, and the programs that keep such records current.
import type { CloudflareApi } from "../emulation/cloudflare/api.ts";
import type { RecordDraft } from "../emulation/cloudflare/store.ts";
import { isBelow } from "../emulation/cloudflare/names.ts";
import { familyOf, type Site, type SiteOptions } from "./internet.ts";

/** The records that say where a host is. */
export function addressRecords(name: string, ttl: number, addresses: readonly string[]): readonly RecordDraft[] {
  return addresses.map((content) => ({ type: typeOf(content), name, content, ttl }));
}

/** What is in `zone` of these sites at first. */
export function hostRecords(
  zone: string,
  sites: readonly SiteOptions[],
  addressesOf: (site: SiteOptions) => readonly string[],
): readonly RecordDraft[] {
  return sites
    .filter(({ host, isFixed }) => !isFixed && isBelow(host, zone))
    .flatMap((site) => addressRecords(site.host, site.ttlSeconds, addressesOf(site)));
}

/**
 * Brings the records of a host up to date with where DNS says that it is, as a DDNS client does: in place, as long as
 * it has an address of the same family; a host that is nowhere has no record.
 */
export function followHost(api: CloudflareApi, { options: { host, isFixed, ttlSeconds }, published = [] }: Site): void {
  if (isFixed || !api.zones().some(({ name }) => isBelow(host, name))) return;
  const standing = api.recordsAt(host).filter(({ type }) => type === "A" || type === "AAAA");
  const outdated = standing.filter(({ content }) => !published.includes(content));
  for (const draft of addressRecords(host, ttlSeconds, published)) {
    if (standing.some(({ content }) => content === draft.content)) continue;
    const index = outdated.findIndex(({ type }) => type === draft.type);
    const [record] = index < 0 ? [] : outdated.splice(index, 1);
    if (record === undefined) api.hand.add(draft);
    else api.hand.edit(record.id, { content: draft.content });
  }
  for (const { id } of outdated) api.hand.remove(id);
}

function typeOf(address: string): "A" | "AAAA" {
  return familyOf(address) === "ipv6" ? "AAAA" : "A";
}
