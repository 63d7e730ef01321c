// The latency of one address over time, with its failures and the outages of its endpoint. Loaded only when an endpoint
// is opened.
import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import type { AddressSeries, History, OutageDocument } from "../../api/schema/history.ts";
import { dayAndTimeText, dayText, hourText, latencyText } from "../lib/time.ts";
import { spanOf } from "./served.tsx";

export interface ChartProps {
  readonly history: History;
  readonly series: AddressSeries;
  readonly outages: readonly OutageDocument[];
}

const height = 190;
const fewPoints = 20;
const daySeconds = 86_400;
/** Between two labels of an axis that shows days: a label is not repeated. */
const wholeDays = [1, 2, 3, 5, 7, 10, 14, 30].map((days) => days * daySeconds);

export default function Chart({ history, series, outages }: ChartProps) {
  const frame = useRef<HTMLDivElement>(null);
  const [pointed, point] = useState<number | null>(null);
  const isDark = useDark();
  useEffect(() => {
    const element = frame.current;
    if (element === null) return undefined;
    const plot = new uPlot(optionsOf({ history, series, outages }, element, point), dataOf(history, series), element);
    const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
  }, [history, series, outages, isDark]);
  return (
    <figure class="chart">
      <div class="chart-frame" ref={frame} aria-hidden="true" />
      <figcaption class="quiet">
        {pointed === null ? (
          <>
            <span class="key-p50" /> half of the successful checks took no longer <span class="key-p95" /> 95 % of them
            took no longer <span class="stretch outage" /> down
          </>
        ) : (
          pointText(history, series, pointed)
        )}
      </figcaption>
    </figure>
  );
}

function pointText(
  { startSeconds }: History,
  { p50Ms, p95Ms, checks, failures }: AddressSeries,
  index: number,
): string {
  const [p50, p95] = [p50Ms[index] ?? null, p95Ms[index] ?? null];
  const took = p50 === null ? "no success" : `half within ${latencyText(p50)}, 95 % within ${latencyText(p95 ?? p50)}`;
  const count = `${checks[index] ?? 0} checks, ${failures[index] ?? 0} failed`;
  return `${dayAndTimeText((startSeconds[index] ?? 0) * 1_000)}: ${took}; ${count}`;
}

function dataOf({ startSeconds }: History, { p50Ms, p95Ms }: AddressSeries): uPlot.AlignedData {
  return [[...startSeconds], [...p50Ms], [...p95Ms]];
}

function optionsOf(
  { history, series, outages }: ChartProps,
  element: HTMLElement,
  point: (index: number | null) => void,
): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour("--quiet"),
    font: `12px ${style.fontFamily}`,
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { stroke: colour("--line"), width: 1 },
  };
  const whole = { from: Date.parse(history.from), until: Date.parse(history.until) };
  // A line needs two points beside each other: where there are few, each is to be seen by itself.
  const areFew = series.p50Ms.filter((value) => value !== null).length < fewPoints;
  return {
    width: element.clientWidth,
    height,
    // Half of the last label stands beyond the last tick.
    padding: [10, 30, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false } },
    scales: {
      x: { range: () => [whole.from / 1_000, whole.until / 1_000] },
      y: { range: (_, __, max) => [0, roomFor(max)] },
    },
    axes: [
      {
        ...axis,
        ...(isOfDays(whole) && { incrs: wholeDays }),
        space: 64,
        values: (_, splits) => splits.map((split) => momentText(split, whole)),
      },
      { ...axis, size: 62, values: (_, splits) => splits.map((split) => latencyText(split)) },
    ],
    series: [
      {},
      { stroke: colour("--accent"), width: 2, fill: colour("--accent-soft"), points: { show: areFew, size: 5 } },
      { stroke: colour("--line-strong"), width: 1.2, dash: [4, 3], points: { show: areFew, size: 5 } },
    ],
    hooks: {
      drawClear: [
        (plot) =>
          drawOutages(
            plot,
            outages.map((outage) => spanOf(outage, whole)),
            colour,
          ),
      ],
      draw: [(plot) => drawFailures(plot, history.startSeconds, series.failures, colour("--bad"))],
      setCursor: [(plot) => point(plot.cursor.idx ?? null)],
    },
  };
}

interface ShownRange {
  readonly from: number;
  readonly until: number;
}

function isOfDays({ from, until }: ShownRange): boolean {
  return until - from >= 2 * daySeconds * 1_000;
}

/** As short as the range allows: the time of day within a day or so, else the day. */
function momentText(seconds: number, whole: ShownRange): string {
  return isOfDays(whole) ? dayText(seconds * 1_000) : hourText(seconds * 1_000);
}

/** Room above the highest, also when there is none. */
function roomFor(max: number | null): number {
  return max === null || !Number.isFinite(max) || max <= 0 ? 10 : max * 1.15;
}

function drawOutages(
  plot: uPlot,
  spans: readonly { readonly from: number; readonly until: number }[],
  colour: (name: string) => string,
): void {
  const { ctx, bbox } = plot;
  ctx.save();
  for (const { from, until } of spans) {
    const left = Math.max(bbox.left, plot.valToPos(from / 1_000, "x", true));
    const width = Math.max(2, plot.valToPos(until / 1_000, "x", true) - left);
    ctx.fillStyle = colour("--bad-soft");
    ctx.fillRect(left, bbox.top, width, bbox.height);
    ctx.fillStyle = colour("--bad");
    ctx.fillRect(left, bbox.top, width, 3 * devicePixelRatio);
  }
  ctx.restore();
}

/** A tick at the foot of each period with failures. */
function drawFailures(plot: uPlot, startSeconds: readonly number[], failures: readonly number[], stroke: string): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.fillStyle = stroke;
  const foot = bbox.top + bbox.height;
  for (const [index, count] of failures.entries()) {
    if (count === 0) continue;
    const x = plot.valToPos(startSeconds[index] ?? 0, "x", true);
    ctx.fillRect(x - devicePixelRatio, foot - 7 * devicePixelRatio, 2 * devicePixelRatio, 7 * devicePixelRatio);
  }
  ctx.restore();
}

/** Whether the page is dark now: what is drawn has to be drawn again when that changes. */
function useDark(): boolean {
  const [query] = useState(() => matchMedia("(prefers-color-scheme: dark)"));
  const [isDark, setDark] = useState(query.matches);
  useEffect(() => {
    const hear = (): void => setDark(query.matches);
    query.addEventListener("change", hear);
    return () => query.removeEventListener("change", hear);
  }, [query]);
  return isDark;
}
