// Which endpoints are shown first where there are too many to show them all.
import type { EndpointStatus } from "../../api/schema/status.ts";
import { shownVerdict } from "./seen.ts";

/** Lower is more worth looking at. */
function weight({ role, verdict, isDegraded, override }: EndpointStatus): number {
  if (role === "primary") return 0;
  if (role === "sticky") return 1;
  if (override !== undefined) return 2;
  return verdict === "up" && !isDegraded ? 4 : 3;
}

/** The `most` that are most worth looking at, the best rank first. */
export function foremost(endpoints: readonly EndpointStatus[], most: number): readonly EndpointStatus[] {
  const byRank = endpoints.toSorted((a, b) => a.rank - b.rank);
  if (byRank.length <= most) return byRank;
  const chosen = new Set(byRank.toSorted((a, b) => weight(a) - weight(b)).slice(0, most));
  return byRank.filter((endpoint) => chosen.has(endpoint));
}

/** How many are up, down and so on, in words: `2 up, 1 down`. */
export function countsText(endpoints: readonly EndpointStatus[]): string {
  const counts = new Map<string, number>();
  for (const endpoint of endpoints) {
    const verdict = shownVerdict(endpoint);
    counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  }
  const words = { up: "up", suspect: "suspect", down: "down", recovering: "recovering", unknown: "unknown" };
  return Object.entries(words)
    .flatMap(([verdict, word]) => (counts.has(verdict) ? [`${counts.get(verdict)} ${word}`] : []))
    .join(", ");
}
