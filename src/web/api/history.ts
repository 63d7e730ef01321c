// The document of `GET /api/v1/history`: series of checks, outages, and who served when.
import { isOut } from "../../core/evidence/health.ts";
import type { EndpointState, IngressState } from "../../core/model.ts";
import { plain } from "../../lib/text.ts";
import type { EndpointAsked, HistoryQuestion } from "./archive.ts";
import { isoOf, type Now } from "./dates.ts";
import type { Journal, Rollup, RollupQuery, Rollups } from "../../core/history.ts";
import type { RunHistory } from "./run-history.ts";
import { availabilityPercent, downTimes, outagesOf, servedOf, type Stretch } from "./outages.ts";
import type { AddressSeries, EndpointHistory, History, HistoryRange } from "./schema/history.ts";
import { tenths } from "./status-endpoint.ts";
import { hourMs, minuteMs } from "../../core/units.ts";

export interface HistorySources {
  readonly journal: Pick<Journal, "entriesOf" | "oldest">;
  readonly rollups: Rollups;
}

export interface HistoryQuery {
  readonly ingress: IngressState;
  /** Without one: all of the ingress, without series. */
  readonly endpoint?: EndpointState | undefined;
  readonly range: HistoryRange;
}

/** The question, with all that the state has to say to it. */
export function historyQuestion(
  { ingress, endpoint, range }: HistoryQuery,
  run: RunHistory,
  now: Now,
): HistoryQuestion {
  const { id, record } = ingress.settings;
  const asked = endpoint === undefined ? ingress.endpoints : [endpoint];
  const recentOf = (name: string, address: string): AddressSeries["recent"] =>
    run.recentOf(id, name, address).map(({ atWallMs, observation }) => ({
      at: isoOf(atWallMs),
      kind: observation.kind,
      detail: plain(observation.detail),
      tookMs: tenths(observation.endedMs - observation.startedMs),
    }));
  const endpoints = asked.map(({ settings: { name }, health, addresses }): EndpointAsked => ({
    name,
    upSinceMs: isOut(health.verdict) ? undefined : now.wallMs + health.sinceMs - now.nowMs,
    addresses:
      endpoint === undefined
        ? []
        : addresses.slice(0, mostAddresses).map(({ text }) => ({ text, recent: recentOf(name, text) })),
  }));
  return { kind: "history", ingress: id, record, range, withSeries: endpoint !== undefined, endpoints, now };
}

const lengths: Readonly<Record<HistoryRange, { readonly lengthMs: number; readonly stepMs: number }>> = {
  "1h": { lengthMs: hourMs, stepMs: minuteMs },
  "24h": { lengthMs: 24 * hourMs, stepMs: minuteMs },
  "7d": { lengthMs: 7 * 24 * hourMs, stepMs: hourMs },
  "30d": { lengthMs: 30 * 24 * hourMs, stepMs: hourMs },
};

/** What one question may fetch from the journal about one endpoint, or about each of all. */
const mostEntries = 1_000;
const mostEntriesOfEach = 200;

/** What of the journal an answer is made of. */
export const historyKinds: ReadonlySet<string> = new Set(["selection-changed", "endpoint-health-changed"]);

/** Of an endpoint whose addresses change, so many are shown: those that were checked last. */
const mostAddresses = 24;

/** The answer. */
export function historyOf(sources: HistorySources, question: HistoryQuestion): History {
  const { ingress, record, range, withSeries, endpoints, now } = question;
  const { lengthMs, stepMs: finestMs } = lengths[range];
  // Without series, hours do: the minutes of many endpoints would take a while to read.
  const stepMs = !withSeries && lengthMs > hourMs ? hourMs : finestMs;
  const oldestMs = sources.journal.oldest()?.atWallMs;
  const span: JournaledSpan = { fromMs: now.wallMs - lengthMs, untilMs: now.wallMs, stepMs, oldestMs };
  const selections = sources.journal.entriesOf({ kind: "selection-changed", ingress, limit: mostEntries });
  const parts = endpoints.map((endpoint) => endpointHistory({ ...sources, ingress, span, withSeries }, endpoint));
  const isCut = selections.length === mostEntries && (selections.at(-1)?.atWallMs ?? 0) > span.fromMs;
  return {
    ingress: record,
    range,
    from: isoOf(span.fromMs),
    until: isoOf(span.untilMs),
    resolution: granularityOf(span),
    stepSeconds: stepMs / 1_000,
    startSeconds: withSeries ? startsOf(span).map((startMs) => startMs / 1_000) : [],
    isWhole: oldestMs !== undefined && oldestMs <= span.fromMs && !isCut && parts.every(({ isWhole }) => isWhole),
    endpoints: parts.map(({ history }) => history),
    served: servedOf(selections, span),
  };
}

/** The range of an answer, in periods. */
interface SteppedSpan extends Stretch {
  readonly stepMs: number;
}

interface JournaledSpan extends SteppedSpan {
  /** When the journal begins. */
  readonly oldestMs: number | undefined;
}

/** What is asked about each endpoint, and of whom. */
interface Inquiry extends HistorySources {
  readonly ingress: string;
  readonly span: JournaledSpan;
  readonly withSeries: boolean;
}

function endpointHistory(
  { journal, rollups, ingress, span, withSeries }: Inquiry,
  endpoint: EndpointAsked,
): { readonly history: EndpointHistory; readonly isWhole: boolean } {
  const { name, upSinceMs } = endpoint;
  const limit = withSeries ? mostEntries : mostEntriesOfEach;
  const entries = journal.entriesOf({ kind: "endpoint-health-changed", ingress, endpoint: name, limit });
  const times = downTimes(entries, span, upSinceMs);
  const query: RollupQuery = {
    ingress,
    endpoint: name,
    fromWallMs: span.fromMs,
    toWallMs: span.untilMs,
    resolution: granularityOf(span),
    addresses: { known: endpoint.addresses.map(({ text }) => text), newest: mostAddresses },
  };
  const covered = rollups.coveredStarts(query).map((startMs) => coveredFrom(startMs, span));
  const isWhole = entries.length < limit || (entries.at(-1)?.atWallMs ?? 0) <= span.fromMs;
  const coveredFromMs = Math.max(covered[0]?.fromMs ?? NaN, isWhole ? 0 : (entries.at(-1)?.atWallMs ?? 0));
  const history: EndpointHistory = {
    name: plain(name),
    availabilityPercent: availabilityPercent(times, covered),
    coveredFrom: Number.isNaN(coveredFromMs) ? undefined : isoOf(coveredFromMs),
    outages: outagesOf(times),
    addresses: withSeries ? seriesOf(rollups.rollups(query), span, endpoint) : undefined,
  };
  return { history, isWhole };
}

function granularityOf({ stepMs }: SteppedSpan): "minute" | "hour" {
  return stepMs === minuteMs ? "minute" : "hour";
}

/** A period in which something was found out, as far as it is in the range, and not before the journal begins. */
function coveredFrom(startMs: number, { fromMs, untilMs, stepMs, oldestMs = 0 }: JournaledSpan): Stretch {
  const endMs = Math.min(untilMs, startMs + stepMs);
  // Checks may be kept for longer than the journal: then it is cut at its beginning, and says nothing about theirs.
  const isBegunWithin = oldestMs > startMs && oldestMs < endMs;
  return { fromMs: Math.max(fromMs, isBegunWithin ? oldestMs : startMs), untilMs: endMs };
}

function startsOf({ fromMs, untilMs, stepMs }: SteppedSpan): readonly number[] {
  const first = Math.floor(fromMs / stepMs) * stepMs;
  return Array.from({ length: Math.ceil((untilMs - first) / stepMs) }, (_, index) => first + index * stepMs);
}

/** One series for each address that was checked in the range, or is known now. */
function seriesOf(rows: readonly Rollup[], span: SteppedSpan, { addresses }: EndpointAsked): AddressSeries[] {
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
  const recent = new Map(addresses.map((address) => [address.text, address.recent]));
  return [...byAddress.values()].map((series) => ({ ...series, recent: recent.get(series.address) ?? [] }));
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
