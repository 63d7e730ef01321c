// The choice of how far to look back.
import type { HistoryRange } from "../../api/schema/history.ts";

const ranges = [
  ["1h", "1 h", "1 hour"],
  ["24h", "24 h", "24 hours"],
  ["7d", "7 d", "7 days"],
  ["30d", "30 d", "30 days"],
] as const satisfies readonly (readonly [HistoryRange, string, string])[];

export function rangeText(range: HistoryRange): string {
  return ranges.find(([name]) => name === range)?.[2] ?? range;
}

export function RangeChoice({ range, choose }: { range: HistoryRange; choose: (range: HistoryRange) => void }) {
  return (
    <div class="choice" role="group" aria-label="How far back">
      {ranges.map(([name, short]) => (
        <button type="button" key={name} aria-pressed={name === range} onClick={() => choose(name)}>
          {short}
        </button>
      ))}
    </div>
  );
}
