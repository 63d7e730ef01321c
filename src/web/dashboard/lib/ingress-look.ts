// How an ingress is doing, in a word.
import type { IngressStatus } from "../../api/schema/status.ts";
import { isMonitorOffline } from "./seen.ts";
import { overridden } from "./words.ts";

export interface IngressLook {
  readonly tone: "ok" | "warn" | "bad" | "quiet";
  readonly word: string;
}

export function lookOf(ingress: IngressStatus): IngressLook {
  const { isServed, trouble, standoff, visibility, isInSync, selection, endpoints, published, overrides } = ingress;
  if (isMonitorOffline(endpoints)) return { tone: "warn", word: "monitor offline" };
  if (!isServed && endpoints.some(({ verdict }) => verdict === "down"))
    return { tone: "bad", word: "all endpoints are down" };
  if (standoff !== undefined) return { tone: "bad", word: "another program overwrites the record" };
  if (trouble !== undefined) return { tone: "bad", word: "problem with Cloudflare" };
  if (visibility?.status === "wrong") return { tone: "bad", word: "not visible" };
  if (published === undefined || selection === undefined) return { tone: "quiet", word: "starting" };
  if (!isInSync) return { tone: "warn", word: "out of sync" };
  const primary = endpoints.find(({ name }) => name === selection.primary);
  if (overrides.some(({ kind }) => kind === "pin")) {
    return primary?.verdict === "down" ? { tone: "bad", word: "pinned and down" } : { tone: "warn", word: "pinned" };
  }
  if (primary !== undefined && primary.verdict !== "up")
    return { tone: "warn", word: `${primary.name} is ${primary.verdict}` };
  if (primary !== undefined && primary.rank > 1) {
    // What people did is no failover.
    const set = endpoints.find(({ rank, override }) => rank < primary.rank && override !== undefined);
    const word = set?.override === undefined ? "failed over" : `${set.name} is ${overridden[set.override.kind]}`;
    return { tone: "warn", word };
  }
  return { tone: "ok", word: "all is well" };
}

/** Whether a person should look at it. */
export function needsAttention(ingress: IngressStatus): boolean {
  const { tone } = lookOf(ingress);
  return tone === "bad" || tone === "warn";
}
