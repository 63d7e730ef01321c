// The results of checks, rolled up over minutes and hours for each address, so that a month is quickly read.
import type { DatabaseSync } from "node:sqlite";
import type { Rollup, RollupQuery } from "../core/history.ts";
import {
  isInRange,
  minutesOf,
  mostPeriods,
  newestFirst,
  rangeOf,
  readTally,
  rollupIn,
  rollupOf,
  rowsOf,
  seriesIn,
  startOf,
  tallyColumns,
  type StoredSeries,
} from "./checks-rows.ts";
import { ProvenTable } from "./proven-table.ts";
import { asArrays } from "./rows.ts";
import { Tally } from "./tally.ts";
import { minuteMs } from "../core/units.ts";

/** What is checked. */
export interface Checked {
  readonly ingress: string;
  readonly endpoint: string;
  readonly address: string;
}

/** The checks of one address within one minute, or a part of it. */
export interface MinuteOfChecks extends Checked {
  /** Minutes since 1970. */
  readonly startMinute: number;
  readonly tally: Tally;
}

/** The spans that are kept; days are added up from hours. */
const spans = [1, 60] as const;

/** Upkeep drops at most so many minutes of history for their age … */
const mostMinutesDropped = 1_440;
/** … and at most so many times an hour's for their number, so that it never takes long. */
const mostHoursDropped = 48;

export class ChecksTable {
  readonly #statements;
  readonly #proven: ProvenTable;
  /**
   * What the rows say of those that are being added to, so that adding reads nothing. Forgotten rather than corrected.
   */
  readonly #open = new Map<string, OpenSeries>();
  #rows: number | undefined;

  constructor(database: DatabaseSync) {
    this.#proven = new ProvenTable(database);
    this.#statements = {
      findSeries: database.prepare("SELECT id FROM series WHERE ingress = ? AND endpoint = ? AND address = ?"),
      rename: database.prepare("UPDATE OR REPLACE series SET endpoint = ? WHERE ingress = ? AND endpoint = ?"),
      addSeries: database.prepare("INSERT INTO series (ingress, endpoint, address) VALUES (?, ?, ?)"),
      listSeries: database.prepare(
        "SELECT id, address FROM series WHERE ingress = ? AND endpoint = ? ORDER BY address",
      ),
      put: database.prepare(
        // An update in place, unlike a replacement, leaves the index by age as it is.
        `INSERT INTO checks
           (series, span, start_minute, count, failures, inconclusive, max_ms, p50_ms, p95_ms, latencies)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET count = excluded.count, failures = excluded.failures,
           inconclusive = excluded.inconclusive, max_ms = excluded.max_ms, p50_ms = excluded.p50_ms,
           p95_ms = excluded.p95_ms, latencies = excluded.latencies`,
      ),
      tallies: asArrays(
        database.prepare(`SELECT ${tallyColumns}, latencies FROM checks WHERE ${isInRange} ${newestFirst}`),
      ),
      rollups: asArrays(
        database.prepare(`SELECT ${tallyColumns}, p50_ms, p95_ms FROM checks WHERE ${isInRange} ${newestFirst}`),
      ),
      listNewest: database.prepare(
        "SELECT id, address FROM series WHERE ingress = ? AND endpoint = ? AND newest_minute >= ? ORDER BY newest_minute DESC, id DESC LIMIT ?",
      ),
      touch: database.prepare("UPDATE series SET newest_minute = ?2 WHERE id = ?1 AND newest_minute < ?2"),
      count: database.prepare("SELECT count(*) AS count FROM checks"),
      newest: database.prepare("SELECT max(start_minute) AS start FROM checks WHERE series = ? AND span = ?"),
      oldest: database.prepare("SELECT min(start_minute) AS start FROM checks WHERE span = ?"),
      drop: database.prepare("DELETE FROM checks WHERE span = ? AND start_minute < ?"),
      dropSeries: database.prepare("DELETE FROM series WHERE newest_minute < ?"),
    };
  }

  /**
   * Gives the checks of endpoints their new names, all at once, so that two may swap theirs. What there is of another
   * endpoint that had the name before gives way. Call it in a transaction.
   */
  rename(renames: readonly { readonly ingress: string; readonly from: string; readonly to: string }[]): void {
    if (renames.length === 0) return;
    for (const { rename } of [this.#statements, this.#proven]) {
      for (const { ingress, from, to } of renames) rename.run(onTheWay(to), ingress, from);
      for (const { ingress, to } of renames) rename.run(to, ingress, onTheWay(to));
    }
    this.#open.clear();
  }

  /** Adds checks to their minutes and hours. Call it in a transaction. */
  add(minutes: readonly MinuteOfChecks[]): void {
    for (const minute of minutes) {
      const series = this.#openSeries(minute);
      for (const period of series.periods) this.#addTo(series.id, period, minute);
      this.#note(series, minute);
    }
  }

  query(query: RollupQuery): readonly Rollup[] {
    const { period, start, end } = rangeOf(query);
    return this.#seriesOf(query, start).flatMap((series) =>
      query.resolution === "day" ? this.#days(series, start, end) : this.#periods(series, period, start, end),
    );
  }

  /** When the periods began in which a check of any address proved something, each once, in order. */
  coveredStarts(query: RollupQuery): readonly number[] {
    const starts = this.#proven.starts(query, rangeOf(query));
    return starts.slice(-mostPeriods).map((minute) => minute * minuteMs);
  }

  #seriesOf({ ingress, endpoint, addresses }: RollupQuery, start: number): readonly StoredSeries[] {
    const { listSeries, listNewest, findSeries } = this.#statements;
    if (addresses === undefined) return listSeries.all(ingress, endpoint).map(seriesIn);
    const known = addresses.known.flatMap((address) => {
      const id = findSeries.get(ingress, endpoint, address)?.["id"];
      return id === undefined ? [] : [{ id: Number(id), address }];
    });
    // Whatever began in an hour of the range may be of interest, so that nothing is left out at its edge.
    const newest = listNewest.all(ingress, endpoint, start, addresses.newest).map(seriesIn);
    return [...new Map([...known, ...newest].map((series) => [series.address, series])).values()].toSorted((a, b) =>
      a.address < b.address ? -1 : 1,
    );
  }

  #periods({ id, address }: StoredSeries, span: number, start: number, end: number): readonly Rollup[] {
    const rows = rowsOf(this.#statements.rollups.all(id, span, start, end));
    return rows.map((row) => rollupIn(address, row));
  }

  /** Quantiles cannot be added up, but what they are made of can. */
  #days({ id, address }: StoredSeries, start: number, end: number): readonly Rollup[] {
    const days = new Map<number, Tally>();
    for (const row of rowsOf(this.#statements.tallies.all(id, 60, start, end))) {
      const startMinute = startOf(Number(row[0]), minutesOf.day);
      const day = days.get(startMinute) ?? new Tally();
      days.set(startMinute, day);
      day.add(readTally(row));
    }
    return [...days].map(([startMinute, tally]) => rollupOf(address, startMinute, tally));
  }

  /**
   * Drops the oldest rows beyond `most`, and those from before `sinceWallMs`: a day of history at a time, so that a
   * clock that is wrong for an hour costs no more.
   */
  trim(most: number, sinceWallMs: number): void {
    for (const span of spans) this.#dropOldest(span, mostMinutesDropped, Math.floor(sinceWallMs / minuteMs));
    for (let hours = 0; hours < mostHoursDropped && this.#count() > most; hours += 1) {
      // Hours tell nearly as much as minutes, in a sixtieth of the space: they go last.
      if (this.#dropOldest(1, 60) === 0 && this.#dropOldest(60, 60) === 0) break;
    }
    this.#proven.dropBefore(Math.floor(sinceWallMs / minuteMs));
    this.#dropGoneSeries();
    // Rows and series among them may be gone.
    this.#open.clear();
  }

  /** Forgets what it believes about the rows, after a transaction that failed. */
  recount(): void {
    this.#rows = undefined;
    this.#open.clear();
  }

  /**
   * Drops the oldest `minutes` of history, as far as they began before `beforeMinute`. Returns how many rows that were.
   */
  #dropOldest(span: number, minutes: number, beforeMinute = Infinity): number {
    const oldest = this.#statements.oldest.get(span)?.["start"];
    if (typeof oldest !== "number" || oldest >= beforeMinute) return 0;
    const dropped = Number(this.#statements.drop.run(span, Math.min(beforeMinute, oldest + minutes)).changes);
    this.#rows = this.#count() - dropped;
    return dropped;
  }

  /** Rows go the oldest first, so that an address whose newest check is older than every row has none. */
  #dropGoneSeries(): void {
    const oldest = spans.map((span) => this.#statements.oldest.get(span)?.["start"]);
    const minutes = oldest.filter((start) => typeof start === "number");
    this.#statements.dropSeries.run(minutes.length === 0 ? Number.MAX_SAFE_INTEGER : Math.min(...minutes));
  }

  /** Counting takes a while on a small machine, so it is done once. */
  #count(): number {
    this.#rows ??= Number(this.#statements.count.get()?.["count"]);
    return this.#rows;
  }

  #openSeries(checks: MinuteOfChecks): OpenSeries {
    const key = seriesKey(checks);
    const known = this.#open.get(key);
    if (known !== undefined) return known;
    const { ingress, endpoint, address } = checks;
    const found = this.#statements.findSeries.get(ingress, endpoint, address)?.["id"];
    const id = Number(found ?? this.#statements.addSeries.run(ingress, endpoint, address).lastInsertRowid);
    const series = { id, periods: spans.map((span) => this.#openPeriod(id, span)) };
    this.#open.set(key, series);
    return series;
  }

  /**
   * Once for each hour which of the addresses are the newest, by its last minute, and once for each minute that
   * something was found out.
   */
  #note(series: OpenSeries, { ingress, endpoint, startMinute, tally }: MinuteOfChecks): void {
    const hour = startOf(startMinute, 60);
    if (series.touchedHour !== hour) this.#statements.touch.run(series.id, hour + 59);
    series.touchedHour = hour;
    if (series.provenMinute === startMinute || tally.count <= tally.inconclusive) return;
    this.#proven.add({ ingress, endpoint }, startMinute);
    series.provenMinute = startMinute;
  }

  #openPeriod(series: number, span: number): OpenPeriod {
    const newest = this.#statements.newest.get(series, span)?.["start"];
    return { span, newestMinute: typeof newest === "number" ? newest : -Infinity, tally: new Tally() };
  }

  #addTo(series: number, period: OpenPeriod, minute: MinuteOfChecks): void {
    const { span } = period;
    const startMinute = startOf(minute.startMinute, span);
    if (period.startMinute !== startMinute) {
      const isNew = startMinute > period.newestMinute;
      const row = isNew
        ? undefined
        : rowsOf(this.#statements.tallies.all(series, span, startMinute, startMinute + 1))[0];
      if (row === undefined && this.#rows !== undefined) this.#rows += 1;
      period.tally = row === undefined ? new Tally() : readTally(row);
      period.startMinute = startMinute;
      period.newestMinute = Math.max(period.newestMinute, startMinute);
    }
    period.tally.add(minute.tally);
    const { count, failures, inconclusive, maxMs = null, latencies } = period.tally;
    const [p50Ms, p95Ms] = [period.tally.quantileMs(0.5) ?? null, period.tally.quantileMs(0.95) ?? null];
    const bytes = latencies.encode();
    this.#statements.put.run(series, span, startMinute, count, failures, inconclusive, maxMs, p50Ms, p95Ms, bytes);
  }
}

/** What tells one address of an endpoint from all others: no ingress and no address holds a line break. */
export function seriesKey({ ingress, endpoint, address }: Checked): string {
  return `${ingress}\n${endpoint}\n${address}`;
}

/** No name of an endpoint has a control character. */
function onTheWay(name: string): string {
  return `\u0000${name}`;
}

interface OpenSeries {
  readonly id: number;
  /** One for each span. */
  readonly periods: readonly OpenPeriod[];
  touchedHour?: number;
  provenMinute?: number;
}

/** The period that was last added to, and what its row says. */
interface OpenPeriod {
  readonly span: number;
  startMinute?: number;
  tally: Tally;
  /**
   * No row is of a later period than this: what follows is new. Only after the clock was set back is there more to
   * read.
   */
  newestMinute: number;
}
