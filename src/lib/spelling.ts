// How far a word is from another one that was probably meant.

/** Letters to change, add, drop or swap to get from one word to the other (optimal string alignment). */
export function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      const above = rows[i - 1] ?? [];
      let least = Math.min((above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (above[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, (rows[i - 2]?.[j - 2] ?? 0) + 1);
      }
      row.push(least);
    }
    rows.push(row);
  }
  return rows[a.length]?.[b.length] ?? 0;
}

/** The word that was probably meant by `word`; `undefined` when none is near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const [best] = known
    // No letters make up for a difference in length, and a foreign word may be very long.
    .filter((each) => Math.abs(each.length - word.length) <= Math.max(1, Math.floor(each.length / 3)))
    .map((each) => ({ each, letters: distance(word, each) }))
    .toSorted((a, b) => a.letters - b.letters);
  return best !== undefined && best.letters <= Math.max(1, Math.floor(best.each.length / 3)) ? best.each : undefined;
}
