// A timeline of who served when: a lane for each endpoint, with its outages.
import type {
  EndpointHistory,
  History,
  OutageDocument,
  HistoryRange,
  Served as ServedTime,
} from "../../api/schema/history.ts";
import type { Loaded } from "../data/past.ts";
import { memo } from "../lib/memo.tsx";
import { dayAndTimeText, dayText, durationText, fullText, hourText } from "../lib/time.ts";
import { RangeChoice, rangeText } from "./range.tsx";

const mostLanes = 8;
const mostListed = 50;

interface ServedProps {
  readonly past: Loaded<History>;
  readonly range: HistoryRange;
  readonly choose: (range: HistoryRange) => void;
}

export const Served = memo(function Served({ past, range, choose }: ServedProps) {
  return (
    <section class="card served" aria-label="Active endpoint over time">
      <div class="card-head">
        <h3>Active endpoint over time</h3>
        <RangeChoice range={range} choose={choose} />
      </div>
      {past.kind === "loading" && <p class="quiet">Loading…</p>}
      {past.kind === "failed" && <p class="tone-bad">{past.text}</p>}
      {past.kind === "ok" && <Timeline history={past.value} />}
    </section>
  );
});

interface TimeSpan {
  readonly from: number;
  readonly until: number;
}

function Timeline({ history }: { history: History }) {
  const { served, endpoints, isWhole, range } = history;
  const whole = { from: Date.parse(history.from), until: Date.parse(history.until) };
  const all = lanesOf(served, endpoints);
  const lanes = all.slice(0, mostLanes);
  if (lanes.length === 0) {
    return (
      <p class="quiet">Nothing to show yet: no endpoint is known to have been active in the last {rangeText(range)}.</p>
    );
  }
  return (
    <>
      <div class="lanes" aria-hidden="true">
        {lanes.map(({ name, primary, sticky, outages }) => (
          <div class="lane" key={name}>
            <span class="lane-name">{name}</span>
            <span class="lane-line">
              {outages.map((outage) => (
                <Stretch key={outage.from} kind="outage" span={outage} whole={whole} title={`down: ${outage.reason}`} />
              ))}
              {sticky.map((time) => (
                <Stretch
                  key={time.from}
                  kind="sticky"
                  span={time}
                  whole={whole}
                  title={`also published with ${time.primary}`}
                />
              ))}
              {primary.map((time) => (
                <Stretch key={time.from} kind="primary" span={time} whole={whole} title={`active: ${time.why}`} />
              ))}
            </span>
          </div>
        ))}
        <div class="lane lane-scale">
          <span />
          <span>
            <span>{scaleText(whole.from, range)}</span>
            <span>{scaleText((whole.from + whole.until) / 2, range)}</span>
            <span>now</span>
          </span>
        </div>
        <p class="key">
          <span class="stretch primary" /> active <span class="stretch sticky" /> also published{" "}
          <span class="stretch outage" /> down
        </p>
      </div>
      {all.length > lanes.length && <p class="quiet">and {all.length - lanes.length} more that were down</p>}
      {!isWhole && <p class="quiet">The journal does not reach back to the start of this range.</p>}
      <details>
        <summary>As a list</summary>
        <ul class="plain-list">
          {served
            .toReversed()
            .slice(0, mostListed)
            .map((time) => (
              <li key={time.from}>
                <SpanText {...spanOf(time, whole)} isOver={time.until !== undefined} /> <strong>{time.primary}</strong>
                {time.sticky.length > 0 && `, also published: ${time.sticky.join(", ")}`}: {time.why}
              </li>
            ))}
        </ul>
      </details>
    </>
  );
}

/** Where days are shown, the time of day says nothing. */
function scaleText(at: number, range: HistoryRange): string {
  return range === "1h" ? hourText(at) : range === "24h" ? dayAndTimeText(at) : dayText(at);
}

interface EndpointLane {
  readonly name: string;
  readonly primary: readonly ServedTime[];
  readonly sticky: readonly ServedTime[];
  readonly outages: readonly OutageDocument[];
}

/** Those that served longest first; then those that only went down. */
function lanesOf(served: readonly ServedTime[], endpoints: readonly EndpointHistory[]): readonly EndpointLane[] {
  const names = new Set([
    ...served.flatMap(({ primary, sticky }) => [primary, ...sticky]),
    ...endpoints.filter(({ outages }) => outages.length > 0).map(({ name }) => name),
  ]);
  return [...names]
    .map((name) => ({
      name,
      primary: served.filter(({ primary }) => primary === name),
      sticky: served.filter(({ sticky }) => sticky.includes(name)),
      outages: endpoints.find((endpoint) => endpoint.name === name)?.outages ?? [],
    }))
    .toSorted((a, b) => Number(b.primary.length > 0) - Number(a.primary.length > 0));
}

interface StretchProps {
  readonly kind: "primary" | "sticky" | "outage";
  readonly span: { readonly from: string; readonly until?: string | undefined };
  readonly whole: TimeSpan;
  readonly title: string;
}

function Stretch({ kind, span, whole, title }: StretchProps) {
  const { from, until } = spanOf(span, whole);
  const percent = (at: number): number => ((at - whole.from) / (whole.until - whole.from)) * 100;
  const left = Math.max(0, percent(from));
  const width = Math.max(0, Math.min(100, percent(until)) - left);
  return (
    <span
      class={`stretch ${kind}`}
      style={{ left: `${left.toFixed(3)}%`, width: `${width.toFixed(3)}%` }}
      title={`${title} (${fullText(from)}, ${durationText(until - from)})`}
    />
  );
}

export function spanOf({ from, until }: { from: string; until?: string | undefined }, whole: TimeSpan): TimeSpan {
  return { from: Date.parse(from), until: until === undefined ? whole.until : Date.parse(until) };
}

/** `Nov 25, 14:03, for 6 min`. */
export function SpanText({ from, until, isOver }: TimeSpan & { isOver: boolean }) {
  return (
    <span class="quiet">
      <time dateTime={new Date(from).toISOString()} title={fullText(from)}>
        {dayAndTimeText(from)}
      </time>
      , for {durationText(until - from)}
      {!isOver && " until now"}:
    </span>
  );
}
