// What happened to one endpoint: its latency, its outages, and both as text.
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { AddressSeries, EndpointHistory, History, HistoryRange } from "../../api/schema/history.ts";
import { useHistory } from "../data/past.ts";
import { bucketsOf } from "../lib/buckets.ts";
import { dayAndTimeText, latencyText, percentText } from "../lib/time.ts";
import type { ChartProps } from "./chart.tsx";
import { rangeText } from "./range.tsx";
import { SpanText, spanOf } from "./served.tsx";

interface EndpointPastProps {
  readonly ingress: string;
  readonly endpoint: string;
  readonly range: HistoryRange;
}

export function EndpointPast({ ingress, endpoint, range }: EndpointPastProps) {
  const past = useHistory(ingress, range, endpoint);
  if (past.kind === "loading") return <p class="quiet past-waiting">Loading the history…</p>;
  if (past.kind === "failed") return <p class="tone-bad">{past.text}</p>;
  const history = past.value;
  const own = history.endpoints.find(({ name }) => name === endpoint);
  if (own === undefined) return null;
  return <Past history={history} own={own} />;
}

function Past({ history, own }: { history: History; own: EndpointHistory }) {
  const { availabilityPercent: percent, outages, addresses = [] } = own;
  const [chosen, choose] = useState<string>();
  const series = addresses.find(({ address }) => address === chosen) ?? addresses[0];
  const hasChecks = series?.checks.some((count) => count > 0) === true;
  return (
    <section class="past" aria-label="History">
      <div class="card-head">
        <h4>The last {rangeText(history.range)}</h4>
        <span>
          {percent === undefined ? "no checks yet" : `${percentText(percent)} available`}
          {outages.length > 0 && `, ${outages.length === 1 ? "1 outage" : `${outages.length} outages`}`}
        </span>
        {addresses.length > 1 && (
          <select
            aria-label="Address"
            value={series?.address}
            onChange={({ currentTarget: { value } }) => choose(value)}
          >
            {addresses.map(({ address }) => (
              <option key={address} value={address}>
                {address}
              </option>
            ))}
          </select>
        )}
      </div>
      {series !== undefined && hasChecks && (
        <>
          <LazyChart history={history} series={series} outages={outages} />
          <AsTable history={history} series={series} />
        </>
      )}
      {!hasChecks && <p class="quiet">There were no checks in this time.</p>}
      {outages.length > 0 && <Outages history={history} own={own} />}
    </section>
  );
}

/** The chart with its library, once that has been loaded. */
function LazyChart(props: ChartProps) {
  const [loaded, setLoaded] = useState<{ readonly Chart: ComponentType<ChartProps> } | "failed">();
  useEffect(() => {
    import("./chart.tsx").then(
      ({ default: Chart }) => setLoaded({ Chart }),
      () => setLoaded("failed"),
    );
  }, []);
  if (loaded === "failed") return <p class="quiet">The chart could not be loaded; the table has the same.</p>;
  return loaded === undefined ? <div class="chart-frame" /> : <loaded.Chart {...props} />;
}

const mostOutages = 20;

function Outages({ history, own: { outages } }: { history: History; own: EndpointHistory }) {
  const whole = { from: Date.parse(history.from), until: Date.parse(history.until) };
  return (
    <details>
      <summary>{outages.length === 1 ? "The outage" : `The ${outages.length} outages`}</summary>
      <ul class="plain-list">
        {outages
          .toReversed()
          .slice(0, mostOutages)
          .map((outage) => (
            <li key={outage.from}>
              <SpanText {...spanOf(outage, whole)} isOver={outage.until !== undefined} /> {outage.reason}
            </li>
          ))}
      </ul>
    </details>
  );
}

function AsTable({ history, series }: { history: History; series: AddressSeries }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>As a table</summary>
      {isOpen && (
        <div class="table-frame" tabIndex={0} role="region" aria-label={`Checks of ${series.address}`}>
          <table>
            <thead>
              <tr>
                <th scope="col">From</th>
                <th scope="col">Checks</th>
                <th scope="col">Failed</th>
                <th scope="col">Half within</th>
                <th scope="col">95 % within</th>
                <th scope="col">Longest</th>
              </tr>
            </thead>
            <tbody>
              {bucketsOf(history.startSeconds, series).map(
                ({ startSeconds, checks, failures, p50Ms, p95Ms, maxMs }) => (
                  <tr key={startSeconds}>
                    <th scope="row">{dayAndTimeText(startSeconds * 1_000)}</th>
                    <td>{checks}</td>
                    <td>{failures}</td>
                    <td>{latencyOr(p50Ms)}</td>
                    <td>{latencyOr(p95Ms)}</td>
                    <td>{latencyOr(maxMs)}</td>
                  </tr>
                ),
              )}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}

function latencyOr(tookMs: number | undefined): string {
  return tookMs === undefined ? "–" : latencyText(tookMs);
}
