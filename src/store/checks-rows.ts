// The rows of rolled-up checks: which are asked for, and what they say.
import type { Granularity, Rollup, RollupQuery } from "../core/history.ts";
import { minuteMs } from "../core/units.ts";
import { Latencies } from "./latencies.ts";
import type { Periods } from "./proven-table.ts";
import { Tally } from "./tally.ts";

export const minutesOf: Readonly<Record<Granularity, number>> = { minute: 1, hour: 60, day: 1_440 };
export interface StoredSeries {
  readonly id: number;
  readonly address: string;
}

export const tallyColumns = "start_minute, count, failures, inconclusive, max_ms";
export const isInRange = "series = ? AND span = ? AND start_minute >= ? AND start_minute < ?";
/** No question is answered with more than these of one address. */
export const mostPeriods = 10_000;
export const newestFirst = `ORDER BY start_minute DESC LIMIT ${mostPeriods}`;

export function seriesIn(row: Readonly<Record<string, unknown>>): StoredSeries {
  return { id: Number(row["id"]), address: String(row["address"]) };
}

/** The rows in the order of time. */
export function rowsOf(rows: unknown): readonly (readonly unknown[])[] {
  return (rows as unknown[][]).toReversed();
}

export function readTally([, count, failures, inconclusive, maxMs, latencies]: readonly unknown[]): Tally {
  const tally = new Tally();
  tally.count = Number(count);
  tally.failures = Number(failures);
  tally.inconclusive = Number(inconclusive);
  if (typeof maxMs === "number") tally.maxMs = maxMs;
  // Bytes that make no sense cost their quantiles.
  const decoded = latencies instanceof Uint8Array ? Latencies.decode(latencies) : undefined;
  if (decoded !== undefined) tally.latencies.merge(decoded);
  return tally;
}

/** A row that is told as it is. */
export function rollupIn(address: string, row: readonly unknown[]): Rollup {
  const [startMinute, count, failures, inconclusive, maxMs, p50Ms, p95Ms] = row;
  return {
    address,
    startWallMs: Number(startMinute) * minuteMs,
    count: Number(count),
    failures: Number(failures),
    inconclusive: Number(inconclusive),
    p50Ms: typeof p50Ms === "number" ? p50Ms : undefined,
    p95Ms: typeof p95Ms === "number" ? p95Ms : undefined,
    maxMs: typeof maxMs === "number" ? maxMs : undefined,
  };
}

export function rollupOf(address: string, startMinute: number, tally: Tally): Rollup {
  const { count, failures, inconclusive, maxMs } = tally;
  const p50Ms = tally.quantileMs(0.5);
  const p95Ms = tally.quantileMs(0.95);
  return {
    address,
    startWallMs: startMinute * minuteMs,
    count,
    failures,
    inconclusive,
    p50Ms,
    p95Ms,
    maxMs,
  };
}

/**
 * The periods that overlap the time of a query: how long each is, and where the first begins and the last ends, in
 * minutes.
 */
export function rangeOf({ fromWallMs, toWallMs, resolution }: RollupQuery): Periods {
  const period = minutesOf[resolution];
  const start = startOf(Math.floor(fromWallMs / minuteMs), period);
  const end = startOf(Math.ceil(toWallMs / minuteMs) - 1, period) + period;
  return { period, start, end };
}

export function startOf(minute: number, span: number): number {
  return Math.floor(minute / span) * span;
}
