// Follows a host name through a zone's own records. Cloudflare answers chains within a zone with addresses, so that
// nothing of them is to be seen from outside.
import { suffixes } from "./zones.ts";

/** A record of any type; of a CNAME, the content is a host name in lower case without trailing dot. */
export interface ZoneRecord {
  readonly type: string;
  readonly content: string;
}

/** Longer chains are followed no further: resolvers would not either. */
const mostSteps = 8;

/**
 * The names that `host` leads to by CNAME records, in order, until one that `isEnd`; a wildcard record on the way is
 * named itself (`*.example.com`). Empty for a host with addresses of its own. Wildcards as in RFC 4592: the one below
 * the closest name that exists. `recordsAt` gives all records at exactly one name.
 */
export async function tracePath(
  host: string,
  recordsAt: (name: string) => Promise<readonly ZoneRecord[]>,
  isEnd: (name: string) => boolean,
): Promise<readonly string[]> {
  const path: string[] = [];
  let name = host;
  for (let step = 0; step < mostSteps; step += 1) {
    const { records, wildcard } = await recordsOf(name, recordsAt);
    const alias = records.find(({ type }) => type === "CNAME");
    if (alias === undefined) return path;
    if (wildcard !== undefined) path.push(wildcard);
    const isCircle = path.includes(alias.content);
    path.push(alias.content);
    if (isCircle || isEnd(alias.content)) return path;
    name = alias.content;
  }
  return path;
}

async function recordsOf(
  name: string,
  recordsAt: (name: string) => Promise<readonly ZoneRecord[]>,
): Promise<{ readonly records: readonly ZoneRecord[]; readonly wildcard?: string }> {
  const own = await recordsAt(name);
  if (own.length > 0) return { records: own };
  for (const parent of suffixes(name).slice(1)) {
    const wildcard = `*.${parent}`;
    const records = await recordsAt(wildcard);
    if (records.length > 0) return { records, wildcard };
    // Wildcards above a name that exists do not reach below it.
    if ((await recordsAt(parent)).length > 0) break;
  }
  return { records: [] };
}
