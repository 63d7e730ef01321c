// What a measure is, and how its rounds become one figure.

export interface BenchRow {
  readonly what: string;
  /** The median of the rounds, in words, such as `0.09 % of a core`. */
  readonly measured: string;
  /** The median of `measured / peer`, each taken in one window; `undefined` where there is nothing to compare with. */
  readonly ratio: number | undefined;
  /** What it is compared with. */
  readonly peer: string;
  readonly wanted: string;
}

/** One figure at one size, for the plot. */
export interface BenchPoint {
  readonly size: number;
  readonly microseconds: number;
}

export interface BenchResult {
  readonly rows: readonly BenchRow[];
  readonly points?: readonly BenchPoint[];
}

export interface BenchMeasure {
  readonly name: string;
  /** `rounds`: at least five; ours and the peer's are taken in turn, or at once, in each. */
  run(rounds: number): Promise<BenchResult>;
}

export function medianOf(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? NaN;
}

export interface BenchPair {
  readonly ours: number;
  readonly peer: number;
}

/** The median of the ratios, not the ratio of the medians: what disturbs a window disturbs both. */
export function medianRatio(pairs: readonly BenchPair[]): number {
  return medianOf(pairs.map(({ ours, peer }) => ours / peer));
}

/** From the smallest to the largest, so that a reader sees how much to believe. */
export function spreadOf(numbers: readonly number[], digits: number): string {
  const figure = (value: number): string => value.toFixed(digits);
  return `${figure(medianOf(numbers))} (${figure(Math.min(...numbers))} to ${figure(Math.max(...numbers))})`;
}

/** Runs `round` so many times, one after the other. */
export async function roundsOf<Result>(count: number, round: () => Promise<Result>): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (let done = 0; done < count; done += 1) results.push(await round());
  return results;
}
