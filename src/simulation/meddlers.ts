// Others who write to the zone: a person who edits a record by hand, and a program that wants the name for itself.
import type { CloudflareApi } from "../emulation/cloudflare/api.ts";
import type { Fault } from "./faults.ts";

/**
 * Another program edits the zone, once. `records`: the names that the daemon owns; the first with something to edit is
 * meant.
 */
export function editByHand(
  api: CloudflareApi,
  what: (Fault & { kind: "edit" })["what"],
  records: readonly string[],
  unrelatedName: string,
): void {
  const { hand } = api;
  if (what === "unrelated") return void hand.add({ type: "TXT", name: unrelatedName, content: '"by hand"' });
  for (const record of records) {
    const ours = api.recordsAt(record).filter(({ type }) => type === "A" || type === "AAAA" || type === "CNAME");
    const [first] = ours;
    if (what === "remove") for (const { id } of ours) hand.remove(id);
    else if (first === undefined) continue;
    else if (what === "ttl") hand.edit(first.id, { ttl: first.ttl === 900 ? 901 : 900 });
    else if (what === "content") hand.edit(first.id, { content: foreignContent(first.type) });
    else if (first.type !== "CNAME" && !ours.some(({ content }) => content === "198.51.100.66")) {
      hand.add({ type: "A", name: record, content: "198.51.100.66", ttl: first.ttl, proxied: first.proxied });
    }
    return;
  }
}

/** Another program puts its own content back, wherever that is missing. */
export function takeOver(api: CloudflareApi, records: readonly string[]): void {
  for (const record of records) {
    for (const { id, type, content } of api.recordsAt(record)) {
      if ((type !== "A" && type !== "CNAME") || content === foreignContent(type)) continue;
      const isThere = api.recordsAt(record).some((other) => other.content === foreignContent(type));
      if (!isThere) api.hand.edit(id, { content: foreignContent(type) });
    }
  }
}

function foreignContent(type: string): string {
  if (type === "CNAME") return "somebody-else.example.net";
  return type === "A" ? "198.51.100.77" : "2001:db8::77";
}
