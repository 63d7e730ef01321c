// The document of `GET /api/v1/history`: series of checks, outages, and who served when.
import { isOut } from "../../core/health.ts";
import type { EndpointState, IngressState } from "../../core/model.ts";
import { plain } from "../../lib/text.ts";
import { isoOf, type Now } from "./dates.ts";
import type { Journal, Rollup, Rollups } from "./journal.ts";
import type { Notes } from "./notes.ts";
import { availabilityPercent, downTimes, outagesOf, servedOf, type Stretch } from "./outages.ts";
import type { AddressSeries, EndpointHistory, History, Range } from "./schema/history.ts";
import { tenths } from "./status-endpoint.ts";

export interface HistorySources {
  readonly journal: Journal;
  readonly rollups: Rollups;
  readonly notes: Notes;
}

export interface HistoryQuery {
  readonly ingress: IngressState;
  /** Without one: all of the ingress, without series. */
  readonly endpoint?: EndpointState | undefined;
  readonly range: Range;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

const lengths: Readonly<Record<Range, { readonly lengthMs: number; readonly stepMs: number }>> = {
  "1h": { lengthMs: hourMs, stepMs: minuteMs },
  "24h": { lengthMs: 24 * hourMs, stepMs: minuteMs },
  "7d": { lengthMs: 7 * 24 * hourMs, stepMs: hourMs },
  "30d": { lengthMs: 30 * 24 * hourMs, stepMs: hourMs },
};

/** What one question may fetch from the journal about one endpoint, or about each of all. */
const mostEntries = 1_000;
const mostEntriesOfEach = 200;

/** Of an endpoint whose addresses change, so many are shown: those that were checked last. */
const mostAddresses = 24;

/** Reads one endpoint after the other, and lets whatever waits have its turn in between: nobody's decision waits for it. */
export async function historyOf(
  sources: HistorySources,
  { ingress, endpoint, range }: HistoryQuery,
  now: Now,
): Promise<History> {
  const { lengthMs, stepMs: finestMs } = lengths[range];
  // Without series, hours do: the minutes of many endpoints would take a while to read.
  const stepMs = endpoint === undefined && lengthMs > hourMs ? hourMs : finestMs;
  const span: Span = { fromMs: now.wallMs - lengthMs, untilMs: now.wallMs, stepMs };
  const { record } = ingress.settings;
  const asked = endpoint === undefined ? ingress.endpoints : [endpoint];
  const selections = sources.journal.entriesOf({ kind: "selection-changed", ingress: record, limit: mostEntries });
  const oldestMs = sources.journal.oldest()?.atWallMs;
  const parts: ReturnType<typeof endpointHistory>[] = [];
  for (const each of asked) {
    if (parts.length > 0) await new Promise(setImmediate);
    parts.push(endpointHistory(sources, record, each, { ...span, oldestMs }, now, endpoint !== undefined));
  }
  const isCut = selections.length === mostEntries && (selections.at(-1)?.atWallMs ?? 0) > span.fromMs;
  return {
    ingress: record,
    range,
    from: isoOf(span.fromMs),
    until: isoOf(span.untilMs),
    resolution: stepMs === minuteMs ? "minute" : "hour",
    stepSeconds: stepMs / 1_000,
    startSeconds: endpoint === undefined ? [] : startsOf(span).map((startMs) => startMs / 1_000),
    isWhole: oldestMs !== undefined && oldestMs <= span.fromMs && !isCut && parts.every(({ isWhole }) => isWhole),
    endpoints: parts.map(({ history }) => history),
    served: servedOf(selections, span),
  };
}

interface Span extends Stretch {
  readonly stepMs: number;
}

interface JournaledSpan extends Span {
  /** When the journal begins. */
  readonly oldestMs: number | undefined;
}

function endpointHistory(
  { journal, rollups, notes }: HistorySources,
  ingress: string,
  endpoint: EndpointState,
  span: JournaledSpan,
  now: Now,
  withSeries: boolean,
): { readonly history: EndpointHistory; readonly isWhole: boolean } {
  const { name } = endpoint.settings;
  const limit = withSeries ? mostEntries : mostEntriesOfEach;
  const entries = journal.entriesOf({ kind: "endpoint-health-changed", ingress, endpoint: name, limit });
  const endedMs = isOut(endpoint.health.verdict) ? undefined : now.wallMs + endpoint.health.sinceMs - now.nowMs;
  const times = downTimes(entries, span, endedMs);
  const resolution = span.stepMs === minuteMs ? "minute" : "hour";
  const query = { ingress, endpoint: name, fromWallMs: span.fromMs, toWallMs: span.untilMs, resolution } as const;
  const covered = rollups.coveredStarts(query).map((startMs) => coveredFrom(startMs, span));
  const availability = availabilityPercent(times, covered);
  const isWhole = entries.length < limit || (entries.at(-1)?.atWallMs ?? 0) <= span.fromMs;
  const coveredFromMs = Math.max(covered[0]?.fromMs ?? NaN, isWhole ? 0 : (entries.at(-1)?.atWallMs ?? 0));
  const history: EndpointHistory = {
    name: plain(name),
    ...(availability !== undefined && { availabilityPercent: availability }),
    ...(!Number.isNaN(coveredFromMs) && { coveredFrom: isoOf(coveredFromMs) }),
    outages: outagesOf(times),
    ...(withSeries && { addresses: seriesOf(rollups.rollups(query), span, notes, ingress, endpoint) }),
  };
  return { history, isWhole };
}

/** A period in which something was found out, as far as it is in the range, and not before the journal begins. */
function coveredFrom(startMs: number, { fromMs, untilMs, stepMs, oldestMs = 0 }: JournaledSpan): Stretch {
  const endMs = Math.min(untilMs, startMs + stepMs);
  // Checks may be kept for longer than the journal: then it is cut at its beginning, and says nothing about theirs.
  const isBegunWithin = oldestMs > startMs && oldestMs < endMs;
  return { fromMs: Math.max(fromMs, isBegunWithin ? oldestMs : startMs), untilMs: endMs };
}

function startsOf({ fromMs, untilMs, stepMs }: Span): readonly number[] {
  const first = Math.floor(fromMs / stepMs) * stepMs;
  return Array.from({ length: Math.ceil((untilMs - first) / stepMs) }, (_, index) => first + index * stepMs);
}

/** One series for each address that was checked in the range, or is known now. */
function seriesOf(
  rows: readonly Rollup[],
  span: Span,
  notes: Notes,
  ingress: string,
  { settings: { name }, addresses }: EndpointState,
): AddressSeries[] {
  const starts = startsOf(span);
  const newest = new Map<string, number>(addresses.map(({ text }) => [text, Infinity]));
  for (const { address, startWallMs } of rows) newest.set(address, Math.max(startWallMs, newest.get(address) ?? 0));
  const shown = [...newest].toSorted(([, a], [, b]) => (a === b ? 0 : b - a)).slice(0, mostAddresses);
  const byAddress = new Map(shown.map(([address]) => [address, emptySeries(address, starts.length)]));
  for (const row of rows) {
    const index = (row.startWallMs - (starts[0] ?? 0)) / span.stepMs;
    const series = byAddress.get(row.address);
    // Written by a clock that was wrong, it may lie outside.
    if (series === undefined || !Number.isInteger(index) || index < 0 || index >= starts.length) continue;
    series.checks[index] = row.count;
    series.failures[index] = row.failures;
    series.inconclusive[index] = row.inconclusive;
    series.p50Ms[index] = row.p50Ms === undefined ? null : tenths(row.p50Ms);
    series.p95Ms[index] = row.p95Ms === undefined ? null : tenths(row.p95Ms);
    series.maxMs[index] = row.maxMs === undefined ? null : tenths(row.maxMs);
  }
  return [...byAddress.values()].map((series) => ({
    ...series,
    recent: notes.recentOf(ingress, name, series.address).map(({ atWallMs, observation }) => ({
      at: isoOf(atWallMs),
      kind: observation.kind,
      detail: plain(observation.detail),
      tookMs: tenths(observation.endedMs - observation.startedMs),
    })),
  }));
}

function emptySeries(address: string, length: number): AddressSeries {
  const zeros = (): number[] => Array.from({ length }, () => 0);
  const gaps = (): (number | null)[] => Array.from({ length }, () => null);
  return {
    address,
    checks: zeros(),
    failures: zeros(),
    inconclusive: zeros(),
    p50Ms: gaps(),
    p95Ms: gaps(),
    maxMs: gaps(),
    recent: [],
  };
}
