// The switches that were made beside those that would have been made, and what each would have meant.
import type { Past, PastOfIngress, Switch } from "./past.ts";
import type { Replayed } from "./replay.ts";

/** One switch, in both courses of things or in one of them. */
export interface SwitchRow {
  readonly made: Switch | undefined;
  readonly would: Switch | undefined;
}

export interface Totals {
  readonly switches: number;
  readonly served: readonly { readonly endpoint: string; readonly ms: number }[];
  /** How long the primary was one whose newest check had failed at all addresses. */
  readonly failingMs: number;
}

export interface ComparedIngress {
  readonly id: string;
  readonly record: string;
  readonly rows: readonly SwitchRow[];
  readonly made: Totals;
  readonly would: Totals;
}

/** Switches between the same two within this time are the same one. */
const sameWithinMs = 10 * 60_000;
/** What was seen says nothing about longer than this. */
const staleMs = 5 * 60_000;

export function compare(past: Past, replayed: Replayed): readonly ComparedIngress[] {
  return past.ingresses.flatMap((ingress) => {
    const would = replayed.get(ingress.id);
    if (would === undefined) return [];
    return {
      id: ingress.id,
      record: ingress.record,
      rows: rowsOf(ingress.switches, would),
      made: totalsOf(past, ingress, ingress.switches),
      would: totalsOf(past, ingress, would),
    };
  });
}

function rowsOf(made: readonly Switch[], would: readonly Switch[]): readonly SwitchRow[] {
  const left = [...would];
  const rows = made.map((each): SwitchRow => {
    const index = left.findIndex(
      ({ from, to, atWallMs }) =>
        from === each.from && to === each.to && Math.abs(atWallMs - each.atWallMs) <= sameWithinMs,
    );
    const [same] = index < 0 ? [] : left.splice(index, 1);
    return { made: each, would: same };
  });
  return [...rows, ...left.map((each) => ({ made: undefined, would: each }))].toSorted((a, b) => timeOf(a) - timeOf(b));
}

export function timeOf({ made, would }: SwitchRow): number {
  return made?.atWallMs ?? would?.atWallMs ?? 0;
}

function totalsOf({ fromWallMs, toWallMs }: Past, ingress: PastOfIngress, switches: readonly Switch[]): Totals {
  const { primary } = ingress;
  const first = { atWallMs: fromWallMs, to: primary ?? switches[0]?.from };
  const served = new Map<string, number>();
  let failingMs = 0;
  const turns = [first, ...switches];
  for (const [index, { atWallMs, to }] of turns.entries()) {
    if (to === undefined) continue;
    const endMs = turns[index + 1]?.atWallMs ?? toWallMs;
    served.set(to, (served.get(to) ?? 0) + Math.max(0, endMs - atWallMs));
    failingMs += failingTime(ingress, to, atWallMs, endMs);
  }
  return {
    switches: switches.length,
    served: [...served].map(([endpoint, ms]) => ({ endpoint, ms: Math.round(ms) })),
    failingMs: Math.round(failingMs),
  };
}

/** How long, between two times, the newest checks of an endpoint had failed at all of its addresses. */
function failingTime({ endpoints }: PastOfIngress, endpoint: string, fromMs: number, toMs: number): number {
  const seen = endpoints.find(({ name }) => name === endpoint)?.seen ?? [];
  const isOkAt = new Map<string, boolean>();
  let sum = 0;
  for (const [index, { address, atWallMs, kind }] of seen.entries()) {
    if (atWallMs >= toMs) break;
    if (kind !== "inconclusive") isOkAt.set(address, kind === "ok");
    if (isOkAt.size === 0 || [...isOkAt.values()].includes(true)) continue;
    const untilMs = Math.min(seen[index + 1]?.atWallMs ?? toMs, atWallMs + staleMs, toMs);
    sum += Math.max(0, untilMs - Math.max(atWallMs, fromMs));
  }
  return sum;
}
