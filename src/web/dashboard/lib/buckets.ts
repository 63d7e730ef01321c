// Puts the many periods of a series together to as many as a table can show.
import type { AddressSeries } from "../../api/schema/history.ts";

export interface Bucket {
  readonly startSeconds: number;
  readonly checks: number;
  readonly failures: number;
  /** Of the periods within: the middle one's, and the highest. Missing where no check was good. */
  readonly p50Ms: number | undefined;
  readonly p95Ms: number | undefined;
  readonly maxMs: number | undefined;
}

const most = 24;

/** At most 24, the newest first; those without checks are left out. */
export function bucketsOf(startSeconds: readonly number[], series: AddressSeries): readonly Bucket[] {
  const size = Math.max(1, Math.ceil(startSeconds.length / most));
  const count = Math.ceil(startSeconds.length / size);
  return Array.from({ length: count }, (_, index) => bucketAt(index * size, size, startSeconds, series))
    .filter(({ checks }) => checks > 0)
    .toReversed();
}

function bucketAt(first: number, size: number, startSeconds: readonly number[], series: AddressSeries): Bucket {
  const within = <T>(values: readonly T[]): readonly T[] => values.slice(first, first + size);
  const sum = (values: readonly number[]): number => within(values).reduce((total, value) => total + value, 0);
  const known = (values: readonly (number | null)[]): readonly number[] =>
    within(values).filter((value) => value !== null);
  const [halves, mosts, longest] = [known(series.p50Ms), known(series.p95Ms), known(series.maxMs)];
  const half = halves.toSorted((a, b) => a - b)[Math.floor(halves.length / 2)];
  return {
    startSeconds: startSeconds[first] ?? 0,
    checks: sum(series.checks),
    failures: sum(series.failures),
    p50Ms: half,
    p95Ms: mosts.length === 0 ? undefined : Math.max(...mosts),
    maxMs: longest.length === 0 ? undefined : Math.max(...longest),
  };
}
