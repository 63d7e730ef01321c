// Reads the journal's entries as stretches of time: when an endpoint was down, and who served when.
import * as z from "zod";
import { plain } from "../../lib/text.ts";
import { isoOf } from "./dates.ts";
import type { JournalEntry } from "../../core/history.ts";
import type { OutageDocument, Served } from "./schema/history.ts";

/** From here until before there, milliseconds since 1970. */
export interface Stretch {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** A time in which an endpoint was down, within the range that was asked for. */
export interface DownTime extends Stretch {
  readonly reason: string;
  readonly isOver: boolean;
}

/** No more than this of each is told. */
const mostTold = 500;

const healthSchema = z.object({ from: z.string(), to: z.string(), reason: z.string() });

/**
 * When the endpoint was down within `range`. `entries` are changes of its health, newest first; `endedMs` says since
 * when it has not been down, if it is not down now.
 */
export function downTimes(entries: readonly JournalEntry[], range: Stretch, endedMs: number | undefined): DownTime[] {
  const found: DownTime[] = [];
  let open: { readonly fromMs: number; readonly reason: string } | undefined;
  const close = (untilMs: number, isOver: boolean): void => {
    if (open !== undefined && untilMs > range.fromMs) {
      const fromMs = Math.max(open.fromMs, range.fromMs);
      found.push({ fromMs, untilMs: Math.max(fromMs, Math.min(untilMs, range.untilMs)), reason: open.reason, isOver });
    }
    open = undefined;
  };
  for (const [index, { atWallMs, fact }] of entries.toReversed().entries()) {
    const change = healthSchema.safeParse(fact).data;
    if (change === undefined) continue;
    if (index === 0 && isDown(change.from)) open = { fromMs: -Infinity, reason: "" };
    if (isDown(change.to)) open ??= { fromMs: atWallMs, reason: change.reason };
    else close(atWallMs, true);
  }
  if (endedMs === undefined) close(range.untilMs, false);
  else close(Math.min(endedMs, range.untilMs), true);
  return found;
}

function outageDocument({ fromMs, untilMs, reason, isOver }: DownTime): OutageDocument {
  return { from: isoOf(fromMs), until: isOver ? isoOf(untilMs) : undefined, reason: plain(reason, 300) };
}

/** The newest of them, as documents. */
export function outagesOf(times: readonly DownTime[]): OutageDocument[] {
  return times.slice(-mostTold).map(outageDocument);
}

/**
 * The share of the covered time in which it was not down, in percent; `undefined` when nothing is covered. Both in
 * order.
 */
export function availabilityPercent(times: readonly DownTime[], covered: readonly Stretch[]): number | undefined {
  let [coveredMs, downMs, first] = [0, 0, 0];
  for (const { fromMs, untilMs } of covered) {
    coveredMs += untilMs - fromMs;
    while ((times[first]?.untilMs ?? Infinity) <= fromMs) first += 1;
    for (let index = first; (times[index]?.fromMs ?? Infinity) < untilMs; index += 1) {
      const time = times[index];
      if (time !== undefined) downMs += Math.max(0, Math.min(untilMs, time.untilMs) - Math.max(fromMs, time.fromMs));
    }
  }
  if (coveredMs <= 0) return undefined;
  return Math.round(100_000 * (1 - downMs / coveredMs)) / 1_000;
}

function isDown(verdict: string): boolean {
  return verdict === "down" || verdict === "recovering";
}

const selectionSchema = z.object({
  primary: z.string(),
  sticky: z.array(z.object({ endpoint: z.string() })),
  why: z.string(),
});
const changeSchema = z.object({ from: selectionSchema.optional(), to: selectionSchema, why: z.string() });

/** Who served within `range`, the oldest first. `entries` are changes of the selection, newest first. */
export function servedOf(entries: readonly JournalEntry[], range: Stretch): Served[] {
  const starts = entries.toReversed().flatMap(({ atWallMs, fact }, index) => {
    const change = changeSchema.safeParse(fact).data;
    if (change === undefined) return [];
    const { from, to, why } = change;
    const before = index === 0 && from !== undefined ? [{ fromMs: -Infinity, selection: from, why: from.why }] : [];
    return [...before, { fromMs: atWallMs, selection: to, why }];
  });
  return starts
    .flatMap(({ fromMs, selection: { primary, sticky }, why }, index): Served[] => {
      const untilMs = starts[index + 1]?.fromMs;
      if (untilMs !== undefined && untilMs <= range.fromMs) return [];
      return [
        {
          from: isoOf(Math.max(fromMs, range.fromMs)),
          until: untilMs === undefined ? undefined : isoOf(untilMs),
          primary: plain(primary),
          sticky: sticky.map(({ endpoint }) => plain(endpoint)),
          why: plain(why, 500),
        },
      ];
    })
    .slice(-mostTold);
}
