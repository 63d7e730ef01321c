// How available an endpoint was, as a share and as a strip with its outages.
import type { EndpointHistory, History } from "../../api/schema/history.ts";
import { durationText, percentText } from "../lib/time.ts";
import { rangeText } from "./range.tsx";
import { spanOf } from "./served.tsx";

export function Availability({ history, past }: { history: History; past: EndpointHistory }) {
  const whole = { from: Date.parse(history.from), until: Date.parse(history.until) };
  const { availabilityPercent: percent, coveredFrom, outages } = past;
  const count = outages.length === 1 ? "1 outage" : `${outages.length} outages`;
  const share = percent === undefined ? "no checks yet" : percentText(percent);
  const longMs = outages.reduce((sum, outage) => {
    const { from, until } = spanOf(outage, whole);
    return sum + until - from;
  }, 0);
  const place = (atMs: number): number => Math.max(0, ((atMs - whole.from) * 100) / (whole.until - whole.from));
  // Green says that it was up all the time, which is not known where nothing was written down.
  const knownFrom = coveredFrom === undefined ? 100 : Math.min(98.5, place(Date.parse(coveredFrom)));
  const title = `${share} in the last ${rangeText(history.range)}: ${count}${longMs > 0 ? `, ${durationText(longMs)} in total` : ""}`;
  return (
    <span class="availability" title={title}>
      <svg class="strip" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
        <rect class="strip-none" width="100" height="10" />
        <rect class="strip-all" x={knownFrom} width={100 - knownFrom} height="10" />
        {outages.map((outage) => {
          const { from, until } = spanOf(outage, whole);
          const x = Math.min(98.5, place(from));
          const width = Math.max(1.5, place(until) - place(from));
          return <rect key={outage.from} class="strip-out" x={x} width={width} height="10" />;
        })}
      </svg>
      <span>
        {percent === undefined ? "–" : share}
        <span class="out-of-sight">
          {" "}
          available in the last {rangeText(history.range)}, {count}
        </span>
      </span>
    </span>
  );
}
