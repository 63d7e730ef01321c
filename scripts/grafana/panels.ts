// The kinds of panel that the dashboard is made of. Every panel, and every query in it, uses the data source that is chosen
// at the top of the dashboard.
import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import {
  BigValueColorMode,
  BigValueTextMode,
  GraphDrawStyle,
  ReduceDataOptionsBuilder,
  VisibilityMode,
} from "@grafana/grafana-foundation-sdk/common";
import {
  FieldColorBuilder,
  FieldColorModeId,
  MappingType,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from "@grafana/grafana-foundation-sdk/dashboard";
import type { Panel, Threshold, ValueMapping } from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder, PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as StateTimelineBuilder } from "@grafana/grafana-foundation-sdk/statetimeline";
import { PanelBuilder as TableBuilder } from "@grafana/grafana-foundation-sdk/table";
import { PanelBuilder as TimeSeriesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";

/** The data source that is chosen at the top. */
export const datasource = { type: "prometheus", uid: "${datasource}" };

/** What is chosen at the top of the dashboard. */
export const chosen = 'instance=~"$instance"';
/** The same, with the ingress. */
export const ofIngress = `${chosen},ingress=~"$ingress"`;
/** Grafana's grid has 24 columns. */
export interface Place {
  readonly width: number;
  readonly height: number;
}

export interface Query {
  readonly expr: string;
  /** Grafana's template for the name of each series. */
  readonly legend: string;
}

export interface PanelText {
  readonly title: string;
  readonly description: string;
}

/** A value in words and a colour. */
export interface Meaning {
  readonly value: number;
  readonly text: string;
  readonly color: "green" | "orange" | "red" | "blue" | "text";
}

/** One value for each series: its name large, or its value. */
export function stat(
  text: PanelText,
  place: Place,
  query: Query,
  look: {
    readonly shows: "name" | "value" | "value-and-name";
    readonly unit?: string;
    readonly meanings?: readonly Meaning[];
    readonly steps?: readonly Threshold[];
  },
): Builder<Panel> {
  const textModes = {
    name: BigValueTextMode.Name,
    value: BigValueTextMode.Value,
    "value-and-name": BigValueTextMode.ValueAndName,
  };
  return new StatBuilder()
    .title(text.title)
    .description(text.description)
    .datasource(datasource)
    .span(place.width)
    .height(place.height)
    .withTarget(queryBuilder(query, "A").instant())
    .unit(look.unit ?? "none")
    .noValue("none")
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]))
    .textMode(textModes[look.shows])
    .colorMode(BigValueColorMode.Background)
    .mappings(mappingsOf(look.meanings ?? []))
    .thresholds(thresholds(look.steps ?? [{ value: null, color: "text" }]));
}

/** How something changed between a few states. */
export function timeline(text: PanelText, place: Place, query: Query, meanings: readonly Meaning[]): Builder<Panel> {
  return new StateTimelineBuilder()
    .title(text.title)
    .description(text.description)
    .datasource(datasource)
    .span(place.width)
    .height(place.height)
    .withTarget(queryBuilder(query, "A").range())
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .mappings(mappingsOf(meanings))
    .thresholds(thresholds([{ value: null, color: "text" }]))
    .showValue(VisibilityMode.Never)
    .mergeValues(true)
    .lineWidth(0)
    .fillOpacity(80);
}

/** Lines over time. */
export function graph(text: PanelText, place: Place, queries: readonly Query[], unit: string): Builder<Panel> {
  const panel = new TimeSeriesBuilder()
    .title(text.title)
    .description(text.description)
    .datasource(datasource)
    .span(place.width)
    .height(place.height)
    .unit(unit)
    .min(0)
    .drawStyle(GraphDrawStyle.Line)
    .lineWidth(1)
    .fillOpacity(8)
    .showPoints(VisibilityMode.Never);
  for (const [index, query] of queries.entries()) panel.withTarget(queryBuilder(query, refOf(index)).range());
  return panel;
}

/** One line for each series, one column for each of these labels. */
export function table(
  text: PanelText,
  place: Place,
  query: Query,
  columns: Readonly<Record<string, string>>,
): Builder<Panel> {
  const labels = Object.keys(columns);
  return new TableBuilder()
    .title(text.title)
    .description(text.description)
    .datasource(datasource)
    .span(place.width)
    .height(place.height)
    .withTarget(queryBuilder(query, "A").instant().format(PromQueryFormat.Table))
    .withTransformation({ id: "filterFieldsByName", options: { include: { names: labels } } })
    .withTransformation({
      id: "organize",
      options: {
        indexByName: Object.fromEntries(labels.map((label, index) => [label, index])),
        renameByName: columns,
      },
    });
}

/** Good below `warning`, bad from `critical` on. */
export function risingSteps(warning: number, critical: number): readonly Threshold[] {
  return [
    { value: null, color: "green" },
    { value: warning, color: "orange" },
    { value: critical, color: "red" },
  ];
}

/** Bad below `critical`, good from `fine` on. */
export function fallingSteps(critical: number, fine: number): readonly Threshold[] {
  return [
    { value: null, color: "red" },
    { value: critical, color: "orange" },
    { value: fine, color: "green" },
  ];
}

function queryBuilder({ expr, legend }: Query, refId: string): DataqueryBuilder {
  return new DataqueryBuilder().datasource(datasource).refId(refId).expr(expr).legendFormat(legend);
}

function refOf(index: number): string {
  return String.fromCodePoint("A".charCodeAt(0) + index);
}

function thresholds(steps: readonly Threshold[]): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([...steps]);
}

function mappingsOf(meanings: readonly Meaning[]): ValueMapping[] {
  if (meanings.length === 0) return [];
  const options = meanings.map(({ value, text, color }, index) => [String(value), { text, color, index }] as const);
  return [{ type: MappingType.ValueToText, options: Object.fromEntries(options) }];
}
