// Prometheus' text format, version 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/), and the three
// kinds of metric that we have. A metric carries its own description: docs/metrics.md is made of it.
import type { State } from "../../core/model.ts";

export const contentType = "text/plain; version=0.0.4; charset=utf-8";

/** What people read about a metric. */
export interface Description<Labels extends readonly string[] = readonly string[]> {
  readonly name: string;
  readonly labels: Labels;
  /** The HELP text: what it says, and when there is no series. */
  readonly help: string;
  /** An example in PromQL. */
  readonly query: string;
}

export interface Metric extends Description {
  readonly type: "gauge" | "counter" | "histogram";
  /** One string for each set of labels, each of one or more whole lines. Gauges are computed from `state`. */
  rows(state: State): Iterable<string>;
}

/** One value for each label, in the order of the labels. */
type LabelValues<Labels extends readonly string[]> = { readonly [Index in keyof Labels]: string };

export type Sample<Labels extends readonly string[]> = readonly [values: LabelValues<Labels>, value: number];

/** The two lines that come before the rows of a metric. */
export function headOf({ name, type, help }: Metric): string {
  const text = help.replaceAll("\\", "\\\\").replaceAll("\n", String.raw`\n`);
  return `# HELP ${name} ${text}\n# TYPE ${name} ${type}\n`;
}

/** A gauge that is computed when it is asked for: it is never out of date, and ends with what it is about. */
export function gauge<const Labels extends readonly string[]>(
  description: Description<Labels>,
  samples: (state: State) => Iterable<Sample<Labels>>,
): Metric {
  const { name, labels } = description;
  return {
    ...description,
    type: "gauge",
    *rows(state) {
      for (const [values, value] of samples(state)) yield row(name + labelText(labels, values), value);
    },
  };
}

/** A counter of what is counted elsewhere. */
export function countedElsewhere(description: Description<readonly []>, count: () => number): Metric {
  return {
    ...description,
    type: "counter",
    *rows() {
      yield row(description.name, count());
    },
  };
}

export class Counter<const Labels extends readonly string[]> implements Metric {
  readonly type = "counter";
  readonly name: string;
  readonly labels: Labels;
  readonly help: string;
  readonly query: string;
  readonly #counts = new Map<string, number>();

  constructor({ name, labels, help, query }: Description<Labels>) {
    this.name = name;
    this.labels = labels;
    this.help = help;
    this.query = query;
  }

  /** With `by` 0 a series starts, so that the first event is seen as an increase. */
  add(values: LabelValues<Labels>, by = 1): void {
    const key = labelText(this.labels, values);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + by);
  }

  forget(values: LabelValues<Labels>): void {
    this.#counts.delete(labelText(this.labels, values));
  }

  *rows(): Iterable<string> {
    for (const [labels, count] of this.#counts) yield row(this.name + labels, count);
  }
}

interface Distribution {
  /** Of each bucket, those of the smaller ones not included; the last is for what exceeds every bound. */
  readonly counts: number[];
  sum: number;
}

/** A distribution, in buckets. Its labels are few: see `series.ts`. */
export class Histogram<const Labels extends readonly string[]> implements Metric {
  readonly type = "histogram";
  readonly name: string;
  readonly labels: Labels;
  readonly help: string;
  readonly query: string;
  readonly #bounds: readonly number[];
  readonly #distributions = new Map<string, Distribution>();

  /** `bounds`: the upper bounds of the buckets, ascending. */
  constructor({ name, labels, help, query }: Description<Labels>, bounds: readonly number[]) {
    this.name = name;
    this.labels = labels;
    this.help = help;
    this.query = query;
    this.#bounds = bounds;
  }

  /** Makes a series of zeros, so that the first observation is seen as an increase. */
  start(values: LabelValues<Labels>): void {
    this.#distributionOf(values);
  }

  observe(values: LabelValues<Labels>, value: number): void {
    const distribution = this.#distributionOf(values);
    const index = this.#bounds.findIndex((bound) => value <= bound);
    const bucket = index < 0 ? this.#bounds.length : index;
    distribution.counts[bucket] = (distribution.counts[bucket] ?? 0) + 1;
    distribution.sum += value;
  }

  *rows(): Iterable<string> {
    for (const [labels, distribution] of this.#distributions) yield this.#rowOf(labels, distribution);
  }

  #distributionOf(values: LabelValues<Labels>): Distribution {
    const key = labelText(this.labels, values);
    let distribution = this.#distributions.get(key);
    if (distribution === undefined) {
      distribution = { counts: [...this.#bounds.map(() => 0), 0], sum: 0 };
      this.#distributions.set(key, distribution);
    }
    return distribution;
  }

  #rowOf(labels: string, { counts, sum }: Distribution): string {
    const others = labels === "" ? "" : `${labels.slice(1, -1)},`;
    let upTo = 0;
    const buckets = counts.map((count, index) => {
      upTo += count;
      return row(`${this.name}_bucket{${others}le="${numberText(this.#bounds[index] ?? Infinity)}"}`, upTo);
    });
    return `${buckets.join("")}${row(`${this.name}_sum${labels}`, sum)}${row(`${this.name}_count${labels}`, upTo)}`;
  }
}

/** What the rows of a metric begin with that have these values for the first of its labels. */
export function startOfSeries<const Labels extends readonly string[]>(
  name: string,
  labels: Labels,
  values: LabelValues<Labels>,
): string {
  return name + labelText(labels, values).slice(0, -1);
}

function row(series: string, value: number): string {
  return `${series} ${numberText(value)}\n`;
}

function numberText(value: number): string {
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
}

function labelText<Labels extends readonly string[]>(labels: Labels, values: LabelValues<Labels>): string {
  if (labels.length === 0) return "";
  let text = "";
  for (let index = 0; index < labels.length; index += 1) {
    text += `${index === 0 ? "{" : ","}${labels[index]}="${escaped(values[index] ?? "")}"`;
  }
  return `${text}}`;
}

const special = /["\\\n]/;

function escaped(value: string): string {
  if (!special.test(value)) return value;
  return value
    .replaceAll("\\", "\\\\")
    .replaceAll('"', String.raw`\"`)
    .replaceAll("\n", String.raw`\n`);
}
