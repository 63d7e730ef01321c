// When checks of any address of an endpoint proved something: one bit for each minute, so that nobody has to look at
// every address that it ever had.
import type { DatabaseSync } from "node:sqlite";
import { asArrays } from "./rows.ts";

export interface CheckedEndpoint {
  readonly ingress: string;
  readonly endpoint: string;
}

/** Numbers of SQLite have 64 bits, those of JavaScript 53, and its operators take 32. */
const halfHourBits = 2 ** 30 - 1;

/** More than any range has. */
const mostHours = 10_000;

export class ProvenTable {
  readonly #add;
  readonly #find;
  readonly #drop;
  /** Takes a new name, an ingress and the old name. */
  readonly rename;

  constructor(database: DatabaseSync) {
    this.#add = database.prepare(
      `INSERT INTO proven (ingress, endpoint, hour, minutes) VALUES (?, ?, ?, 1 << ?)
       ON CONFLICT DO UPDATE SET minutes = minutes | excluded.minutes`,
    );
    this.#find = asArrays(
      database.prepare(
        `SELECT hour, minutes & ${halfHourBits}, minutes >> 30 FROM proven
         WHERE ingress = ? AND endpoint = ? AND hour >= ? AND hour < ? ORDER BY hour DESC LIMIT ${mostHours}`,
      ),
    );
    this.#drop = database.prepare("DELETE FROM proven WHERE hour < ?");
    this.rename = database.prepare("UPDATE OR REPLACE proven SET endpoint = ? WHERE ingress = ? AND endpoint = ?");
  }

  /** `minute`: counted since 1970. */
  add({ ingress, endpoint }: CheckedEndpoint, minute: number): void {
    this.#add.run(ingress, endpoint, Math.floor(minute / 60), minute % 60);
  }

  /**
   * When the periods of so many minutes began in which something was proven, each once, in order, from `start` until
   * before `end`. All of it in minutes since 1970. Of long ago only the hour is known: no period of a minute is told of
   * it.
   */
  starts({ ingress, endpoint }: CheckedEndpoint, { period, start, end }: Periods): readonly number[] {
    const rows = this.#find.all(ingress, endpoint, Math.floor(start / 60), Math.ceil(end / 60)) as unknown[];
    const found = (rows as readonly (readonly unknown[])[])
      .toReversed()
      .map(([hour, firstHalf, secondHalf]) => [Number(hour) * 60, Number(firstHalf), Number(secondHalf)] as const)
      .flatMap(([minute, firstHalf, secondHalf]) =>
        period === 1
          ? [...minutesIn(minute, firstHalf), ...minutesIn(minute + 30, secondHalf)]
          : [Math.floor(minute / period) * period],
      );
    return [...new Set(found.filter((minute) => minute >= start && minute < end))];
  }

  dropBefore(minute: number): void {
    this.#drop.run(Math.floor(minute / 60));
  }
}

export interface Periods {
  readonly period: number;
  readonly start: number;
  readonly end: number;
}

/** The minutes from `start` on whose bits are set, the lowest for `start` itself. */
function minutesIn(start: number, bits: number): readonly number[] {
  return Array.from({ length: 30 }, (_, minute) => minute)
    .filter((minute) => (bits >> minute) & 1)
    .map((minute) => start + minute);
}
